//! Addresses and routes of the appliance's own interfaces (netdevice(7)), IPv4.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;

/// Brings an interface up.
///
/// # Errors
/// When there is none of this name, or it may not.
pub fn bring_up(name: &str) -> io::Result<()> {
    let mut request = named(name)?;
    ask(libc::SIOCGIFFLAGS, &mut request)?;
    // SAFETY: the kernel has just filled in the flags.
    let flags = unsafe { request.ifr_ifru.ifru_flags };
    request.ifr_ifru.ifru_flags = flags | libc::IFF_UP as libc::c_short;
    ask(libc::SIOCSIFFLAGS, &mut request)
}

/// Gives an interface that is down another name.
///
/// # Errors
/// When there is none of this name, another has the new one, it is up, or it may not.
pub fn rename(name: &str, new: &str) -> io::Result<()> {
    let mut request = named(name)?;
    request.ifr_ifru.ifru_newname = named(new)?.ifr_name;
    ask(libc::SIOCSIFNAME, &mut request)
}

/// Gives an interface an address in place of the one it has.
///
/// # Errors
/// As [`bring_up`], or a prefix that is none.
pub fn set_address(name: &str, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
    let mask = u32::MAX.checked_shl(32u32.saturating_sub(prefix.into())).unwrap_or(0);
    let mut request = named(name)?;
    request.ifr_ifru.ifru_addr = socket_address(address);
    ask(libc::SIOCSIFADDR, &mut request)?;
    request.ifr_ifru.ifru_netmask = socket_address(Ipv4Addr::from_bits(mask));
    ask(libc::SIOCSIFNETMASK, &mut request)
}

/// Sends what has no nearer way to this gateway. One that is there already is no error.
///
/// # Errors
/// When the gateway is on no network of this machine, or it may not.
pub fn set_gateway(gateway: Ipv4Addr) -> io::Result<()> {
    // SAFETY: a route of all zeros is valid; the pointers in it may be null.
    let mut route: libc::rtentry = unsafe { std::mem::zeroed() };
    route.rt_dst = socket_address(Ipv4Addr::UNSPECIFIED);
    route.rt_genmask = socket_address(Ipv4Addr::UNSPECIFIED);
    route.rt_gateway = socket_address(gateway);
    route.rt_flags = libc::RTF_UP | libc::RTF_GATEWAY;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: the pointer is to a live local of the type that this request reads.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCADDRT as _, &raw const route) };
    match done(result) {
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(()),
        other => other,
    }
}

fn named(name: &str) -> io::Result<libc::ifreq> {
    if name.is_empty() || name.len() >= libc::IFNAMSIZ {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no name of an interface"));
    }
    // SAFETY: a request of all zeros is valid: numbers and a name of no length.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *place = byte as libc::c_char;
    }
    Ok(request)
}

fn ask(order: libc::c_ulong, request: &mut libc::ifreq) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: the pointer is to a live local of the type that these requests read and write.
    done(unsafe { libc::ioctl(socket.as_raw_fd(), order as _, &raw mut *request) })
}

fn socket_address(address: Ipv4Addr) -> libc::sockaddr {
    let mut plain = libc::sockaddr { sa_family: libc::AF_INET as libc::sa_family_t, sa_data: [0; 14] };
    // Port, then the address in network order (ip(7)).
    for (place, byte) in plain.sa_data.iter_mut().skip(2).zip(address.octets()) {
        *place = byte as libc::c_char;
    }
    plain
}

fn done(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
