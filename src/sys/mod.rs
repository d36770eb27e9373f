//! The only room with `unsafe`: what the kernel offers and no safe library gives us. Each function
//! is safe to call and says why its inside is sound.
#![allow(unsafe_code, reason = "this is the room for it; everywhere else it is denied")]

pub mod attempts;
pub mod boot;
pub mod clock;
pub mod disk;
pub mod interfaces;
pub mod machine;
pub mod network;
pub mod sqlite;

use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// Lets a child inherit these descriptors under their own numbers; all others stay closed on exec.
pub fn inherit(command: &mut Command, descriptors: Vec<RawFd>) {
    // SAFETY: between fork and exec the closure only calls fcntl, which is async-signal-safe, and
    // reads a vector that was allocated before the fork.
    unsafe {
        command.pre_exec(move || {
            for fd in &descriptors {
                if libc::fcntl(*fd, libc::F_SETFD, 0) < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(())
        });
    }
}

/// Takes over a listening socket that the parent handed down by [`inherit`].
///
/// # Errors
/// When the descriptor is not a listening TCP socket.
pub fn inherited_listener(fd: RawFd) -> io::Result<TcpListener> {
    let listening = socket_option(fd, libc::SO_ACCEPTCONN)?;
    if listening == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a listening socket"));
    }
    // SAFETY: the descriptor is an open listening socket (just asked), and it was handed to this
    // process for this purpose, so nothing else owns it.
    let listener = unsafe { TcpListener::from_raw_fd(fd) };
    // SAFETY: fcntl on a descriptor that is open.
    unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    Ok(listener)
}

/// Takes over a datagram socket that the parent handed down by [`inherit`].
///
/// # Errors
/// When the descriptor is not a datagram socket.
pub fn inherited_datagrams(fd: RawFd) -> io::Result<UdpSocket> {
    let kind = socket_option(fd, libc::SO_TYPE)?;
    if kind != libc::SOCK_DGRAM {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a datagram socket"));
    }
    // SAFETY: the descriptor is an open datagram socket (just asked), and it was handed to this
    // process for this purpose, so nothing else owns it.
    let socket = unsafe { UdpSocket::from_raw_fd(fd) };
    // SAFETY: fcntl on a descriptor that is open.
    unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    Ok(socket)
}

fn socket_option(fd: RawFd, option: libc::c_int) -> io::Result<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut size = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: both pointers are to live locals of the size that is passed along.
    let result =
        unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, option, (&raw mut value).cast(), &raw mut size) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(value) }
}

/// Lets a listener keep the first packet of each connection from now on (`TCP_SAVE_SYN`).
///
/// # Errors
/// When the descriptor is no TCP listener, or the kernel can't.
pub fn keep_first_packets(fd: BorrowedFd<'_>) -> io::Result<()> {
    /// `linux/tcp.h`.
    const TCP_SAVE_SYN: libc::c_int = 27;
    let on: libc::c_int = 1;
    let size = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the pointer is to a live local of the size that is passed along; the borrow keeps the
    // descriptor open.
    let result = unsafe {
        libc::setsockopt(fd.as_raw_fd(), libc::IPPROTO_TCP, TCP_SAVE_SYN, (&raw const on).cast(), size)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Takes the headers of the first packet (IP and TCP) of a connection whose listener kept it; empty when
/// they were taken already or not kept.
///
/// # Errors
/// When the descriptor is no TCP connection.
pub fn first_packet(fd: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    /// `linux/tcp.h`.
    const TCP_SAVED_SYN: libc::c_int = 28;
    // The longest headers: 60 bytes of IP with options, or 40 and some extensions, and 60 of TCP.
    let mut headers = vec![0u8; 512];
    let mut size = headers.len() as libc::socklen_t;
    // SAFETY: the pointer is to a live buffer of the size that is passed along, which the kernel does
    // not exceed; the borrow keeps the descriptor open.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::IPPROTO_TCP,
            TCP_SAVED_SYN,
            headers.as_mut_ptr().cast(),
            &raw mut size,
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    headers.truncate(size as usize);
    Ok(headers)
}

/// Raises the limit of open files to what the system allows; tells the limit.
pub fn raise_open_files() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live local of the right type.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } < 0 {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: as above; the call only reads.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    limit.rlim_cur
}

/// Waits until a descriptor can be read, or has failed, at most `limit` (to the millisecond); tells
/// whether it can.
///
/// # Errors
/// Those of poll(2), except an interruption, which counts as the limit.
pub fn wait_readable(fd: BorrowedFd<'_>, limit: Duration) -> io::Result<bool> {
    let mut wanted = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let millis = libc::c_int::try_from(limit.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: the pointer is to one live pollfd, as the count says; the borrow keeps it open.
    match unsafe { libc::poll(&raw mut wanted, 1, millis) } {
        0 => Ok(false),
        ready if ready > 0 => Ok(true),
        _ => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            error => Err(error),
        },
    }
}

/// Bytes written to a TCP socket that the peer's kernel has not acknowledged yet (`SIOCOUTQ`).
///
/// # Errors
/// When the descriptor is not a socket that can tell.
pub fn unacknowledged(fd: RawFd) -> io::Result<u64> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the pointer is to a live local of the type that this request writes.
    if unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &raw mut bytes) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(u64::try_from(bytes).unwrap_or(0))
}
