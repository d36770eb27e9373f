//! Network namespaces, sockets in them, and descriptors handed from process to process.

use std::io;
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use socket2::{Domain, Protocol, Type};

/// Connections that wait for accept: what the claimed servers ask for (`somaxconn` caps it).
const BACKLOG: i32 = 511;

/// Descriptors in one message; the kernel takes 253 at most (`SCM_MAX_FD`).
pub const FDS_PER_MESSAGE: usize = 200;

/// A listening TCP socket, non-blocking. `free`: also where no interface has the address yet.
///
/// # Errors
/// What the kernel says.
pub fn listen(address: SocketAddr, free: bool) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.set_freebind_v4(free)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A UDP socket, non-blocking; `free` as for [`listen`].
///
/// # Errors
/// What the kernel says.
pub fn datagrams(address: SocketAddr, free: bool) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_freebind_v4(free)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Moves the calling thread, and what it starts from now on, into a network namespace.
///
/// # Errors
/// Without CAP_SYS_ADMIN, or when the descriptor is no such namespace.
pub fn enter_network(namespace: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: a call without pointers; the borrow keeps the descriptor open.
    if unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gives the calling thread a network namespace of its own and a descriptor that keeps it.
///
/// # Errors
/// Without CAP_SYS_ADMIN.
pub fn new_network() -> io::Result<OwnedFd> {
    // SAFETY: a call without pointers; it changes this thread only.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } < 0 {
        return Err(io::Error::last_os_error());
    }
    std::fs::File::open("/proc/thread-self/ns/net").map(OwnedFd::from)
}

/// Takes over a descriptor that the parent handed down by [`super::inherit`].
///
/// # Errors
/// When it is not open.
pub fn inherited_descriptor(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl on a number; an error says that it is not open.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open (just asked), and it was handed to this process for this purpose, so nothing
    // else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// One instruction of a classic packet filter (`linux/filter.h`): code, jump if true, jump if false,
/// operand.
pub type FilterStep = (u16, u8, u8, u32);

/// A socket that sends whole frames on an interface of this thread's namespace, and on which frames
/// of ARP arrive that a filter lets through.
///
/// # Errors
/// Without CAP_NET_RAW, or when there is no such interface.
pub fn arp_socket(interface: u32, filter: &[FilterStep]) -> io::Result<OwnedFd> {
    // No frame before the filter stands: protocol 0 receives nothing until bind.
    // SAFETY: a call without pointers.
    let fd = unsafe {
        libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0)
    };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened and nothing else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    set_filter(socket.as_fd(), filter)?;
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (libc::ETH_P_ARP as u16).to_be(),
        sll_ifindex: interface as i32,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    // SAFETY: the pointer is to a live local of the size that is passed along.
    let bound = unsafe {
        libc::bind(fd, (&raw const address).cast(), size_of::<libc::sockaddr_ll>() as libc::socklen_t)
    };
    if bound < 0 { Err(io::Error::last_os_error()) } else { Ok(socket) }
}

/// Replaces the filter of a socket.
///
/// # Errors
/// When the kernel refuses the program.
pub fn set_filter(socket: BorrowedFd<'_>, filter: &[FilterStep]) -> io::Result<()> {
    let steps: Vec<libc::sock_filter> =
        filter.iter().map(|&(code, jt, jf, k)| libc::sock_filter { code, jt, jf, k }).collect();
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_ptr().cast_mut() };
    // SAFETY: the program and its steps live until the call returns, which only reads them.
    let set = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            size_of::<libc::sock_fprog>() as libc::socklen_t,
        )
    };
    if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Throws away all that waits on a socket without reading it; tells how much it was.
pub fn discard(socket: BorrowedFd<'_>) -> usize {
    let mut count = 0;
    let mut nothing = [0u8; 1];
    // SAFETY: the buffer is live, and its length is 0: no byte is copied.
    while unsafe { libc::recv(socket.as_raw_fd(), nothing.as_mut_ptr().cast(), 0, libc::MSG_TRUNC) } >= 0 {
        count += 1;
    }
    count
}

/// Sends a whole frame.
///
/// # Errors
/// When the interface is down or its queue is full.
pub fn send_frame(socket: BorrowedFd<'_>, frame: &[u8]) -> io::Result<()> {
    // SAFETY: the pointer and the length are those of a live slice.
    let sent = unsafe { libc::send(socket.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Which of the descriptors can be read, after at most `millis`.
///
/// # Errors
/// Those of poll(2), except an interruption.
pub fn readable(descriptors: &[BorrowedFd<'_>], millis: i32) -> io::Result<Vec<usize>> {
    let mut wanted: Vec<_> = descriptors
        .iter()
        .map(|fd| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 })
        .collect();
    // SAFETY: the pointer is to as many live entries as the count says.
    let ready = unsafe { libc::poll(wanted.as_mut_ptr(), wanted.len() as libc::nfds_t, millis) };
    if ready < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted { Ok(Vec::new()) } else { Err(error) };
    }
    Ok(wanted.iter().enumerate().filter(|(_, w)| w.revents & libc::POLLIN != 0).map(|(i, _)| i).collect())
}

/// Hands descriptors to the process at the other end, at most [`FDS_PER_MESSAGE`].
///
/// # Errors
/// When the other end is gone.
pub fn send_descriptors(to: &UnixStream, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let raw: Vec<RawFd> = descriptors.iter().take(FDS_PER_MESSAGE).map(AsRawFd::as_raw_fd).collect();
    let bytes = size_of_val(raw.as_slice());
    let mut control = Control::new();
    let mut message = control.message();
    // SAFETY: the header lies in the control buffer, which has room for FDS_PER_MESSAGE descriptors;
    // what the message points to lives until the call returns.
    let sent = unsafe {
        message.0.msg_controllen = libc::CMSG_SPACE(bytes as u32) as usize;
        let header = libc::CMSG_FIRSTHDR(&raw const message.0);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(bytes as u32) as usize;
        std::ptr::copy_nonoverlapping(raw.as_ptr().cast::<u8>(), libc::CMSG_DATA(header), bytes);
        libc::sendmsg(to.as_raw_fd(), &raw const message.0, libc::MSG_NOSIGNAL)
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Takes the descriptors of one message of [`send_descriptors`], closed on exec; none once the other end
/// is gone.
///
/// # Errors
/// Those of recvmsg(2).
pub fn receive_descriptors(from: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut control = Control::new();
    let mut message = control.message();
    // SAFETY: the message points to live buffers with their sizes.
    let received = unsafe { libc::recvmsg(from.as_raw_fd(), &raw mut message.0, libc::MSG_CMSG_CLOEXEC) };
    if received < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel filled the control buffer and told its length; the descriptors in it are new
    // and belong to this process.
    unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message.0);
        if header.is_null() || (*header).cmsg_type != libc::SCM_RIGHTS {
            return Ok(Vec::new());
        }
        let count = ((*header).cmsg_len - libc::CMSG_LEN(0) as usize) / size_of::<RawFd>();
        let data = libc::CMSG_DATA(header).cast::<RawFd>();
        Ok((0..count).map(|i| OwnedFd::from_raw_fd(data.add(i).read_unaligned())).collect())
    }
}

/// Buffers of one message with descriptors.
struct Control {
    /// A word for alignment; room for the header and FDS_PER_MESSAGE descriptors.
    space: [u64; 128],
    payload: [u8; 1],
    vector: libc::iovec,
}

struct Message(libc::msghdr);

impl Control {
    fn new() -> Self {
        let vector = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        Control { space: [0; 128], payload: [0; 1], vector }
    }

    fn message(&mut self) -> Message {
        self.vector = libc::iovec { iov_base: self.payload.as_mut_ptr().cast(), iov_len: 1 };
        // SAFETY: all fields of a msghdr may be zero.
        let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
        message.msg_iov = &raw mut self.vector;
        message.msg_iovlen = 1;
        message.msg_control = self.space.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&self.space);
        Message(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_cross_a_socket() {
        let (left, right) = UnixStream::pair().unwrap();
        let files: Vec<_> = (0..FDS_PER_MESSAGE).map(|_| tempfile::tempfile().unwrap()).collect();
        let borrowed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        send_descriptors(&left, &borrowed).unwrap();
        let received = receive_descriptors(&right).unwrap();
        assert_eq!(received.len(), FDS_PER_MESSAGE);
        assert!(received.iter().all(|fd| fd.as_raw_fd() > 2));
    }

    #[test]
    fn a_socket_can_wait_for_an_address_that_is_not_there_yet() {
        let address = "192.0.2.77:4010".parse().unwrap();
        assert!(listen(address, false).is_err());
        listen(address, true).unwrap();
        datagrams(address, true).unwrap();
    }
}
