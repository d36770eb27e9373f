//! Programs that connect. Inside the honeynet the decoys themselves answer; nothing else is reached:
//! a neighbour that is not there does not answer ARP, and all other networks are beyond a gateway that
//! drops what comes.

mod certificate;
mod curl;
mod fetch;
mod files;
mod login;
mod meter;
mod nc;
mod secure;
mod wget;

use std::time::Duration;

use crate::decoys::ssh::shell::run::{Io, Run};
use crate::event::Observation;
use crate::persona::Transport;
use crate::session::{BoxStream, Destination};

use super::commands::tunnel;
use super::site::Site;

/// Time the kernel waits for ARP.
pub(in crate::decoys::ssh::shell) const ARP: Duration = Duration::from_millis(3_060);

/// Time until a connection attempt is given up: six retransmissions of a SYN.
const CONNECT: Duration = Duration::from_millis(130_900);

/// Time until a name is given up: two servers that do not answer.
pub(in crate::decoys::ssh::shell) const RESOLVE: Duration = Duration::from_secs(10);

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::decoys::ssh::shell) enum Place {
    /// A host of the honeynet, by its name in the pack, and its address.
    Host(String, String),
    /// An address of this network where nobody is.
    Nobody(String),
    /// An address behind the gateway.
    Beyond(String),
}

impl Place {
    /// The address.
    pub(in crate::decoys::ssh::shell) fn address(&self) -> &str {
        match self {
            Place::Host(_, address) | Place::Nobody(address) | Place::Beyond(address) => address,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decoys::ssh::shell) enum Failure {
    /// RST.
    Refused,
    /// No ARP reply.
    NoRoute,
    /// Nothing came back in the kernel's time.
    TimedOut,
    /// Nothing came back in the time that the program was given.
    GivenUp,
}

impl Failure {
    /// What the C library says of it.
    pub(in crate::decoys::ssh::shell) fn text(self) -> &'static str {
        match self {
            Failure::Refused => "Connection refused",
            Failure::NoRoute => "No route to host",
            Failure::TimedOut | Failure::GivenUp => "Connection timed out",
        }
    }
}

/// Looks a name up, as /etc/hosts has it.
pub(in crate::decoys::ssh::shell) fn resolve(site: &Site, name: &str) -> Option<Place> {
    let hospital = &site.pack.hospital;
    let own = |address: &str| Place::Host(site.host.name.clone(), address.to_owned());
    if name == "localhost" {
        return Some(own("127.0.0.1"));
    }
    let Ok(address) = name.parse::<std::net::Ipv4Addr>() else {
        let known = |host: &&std::sync::Arc<crate::persona::Host>| {
            host.hostname.eq_ignore_ascii_case(name) || host.fqdn(hospital).eq_ignore_ascii_case(name)
        };
        let host = site.pack.hosts.iter().find(known)?;
        return Some(Place::Host(host.name.clone(), host.address.to_string()));
    };
    if let Some(host) = site.pack.hosts.iter().find(|host| host.address == std::net::IpAddr::V4(address)) {
        return Some(Place::Host(host.name.clone(), address.to_string()));
    }
    let text = address.to_string();
    let network = site.neighbour(0);
    Some(if text == "127.0.0.1" {
        own(&text)
    } else if text.starts_with(network.trim_end_matches('0')) && text != site.gateway() {
        Place::Nobody(text)
    } else {
        Place::Beyond(text)
    })
}

impl Run<'_> {
    /// Runs a program that connects; `None` for all others.
    pub(in crate::decoys::ssh::shell) async fn reach(
        &mut self,
        name: &str,
        arguments: &[String],
        io: &Io,
    ) -> Option<i32> {
        let rest = arguments.get(1..).unwrap_or_default();
        Some(match name {
            "curl" => Box::pin(self.curl(rest, io)).await,
            "wget" => Box::pin(self.wget(rest, io)).await,
            "nc" | "ncat" | "netcat" | "nc.openbsd" => Box::pin(self.nc(rest, io)).await,
            "telnet" | "inetutils-telnet" => Box::pin(self.telnet(rest, io)).await,
            "ssh" => Box::pin(self.ssh(rest, io)).await,
            "scp" | "sftp" => Box::pin(self.scp(name, rest, io)).await,
            _ => return None,
        })
    }

    /// Looks a name up; `None`, told, after the time that takes without an answer.
    pub(in crate::decoys::ssh::shell) async fn resolved(
        &mut self,
        means: &str,
        target: &str,
        name: &str,
    ) -> Option<Place> {
        let place = resolve(&self.shell.site, name);
        if place.is_none() {
            tunnel(self.shell, means, target);
            let wait = self.shell.session.pace(RESOLVE);
            self.pause(wait).await;
        }
        place
    }

    /// Connects, and tells of it. `limit` is the time that the program gives it.
    pub(in crate::decoys::ssh::shell) async fn dial(
        &mut self,
        means: &str,
        target: &str,
        (place, port): (&Place, u16),
        limit: Option<Duration>,
    ) -> Result<BoxStream, Failure> {
        let led = match place {
            Place::Host(host, _) => self.led(host, port),
            Place::Nobody(_) | Place::Beyond(_) => None,
        };
        self.shell.session.emit(Observation::Tunnel {
            means: means.to_owned(),
            target: target.into(),
            relayed: led.is_some(),
        });
        if let Some(stream) = led {
            return Ok(stream);
        }
        let (wait, failure) = match place {
            Place::Host(..) => (Duration::ZERO, Failure::Refused),
            Place::Nobody(_) => (ARP, Failure::NoRoute),
            Place::Beyond(_) => (CONNECT, Failure::TimedOut),
        };
        let given_up = limit.filter(|limit| *limit < wait);
        let wait = self.shell.session.pace(given_up.unwrap_or(wait));
        self.pause(wait).await;
        Err(given_up.map_or(failure, |_| Failure::GivenUp))
    }

    fn led(&self, host: &str, port: u16) -> Option<BoxStream> {
        let services = &self.shell.site.pack.host(host)?.services;
        let listens =
            |s: &&crate::persona::Service| s.port == port && s.protocol.transport() == Transport::Tcp;
        services.iter().find(listens)?;
        self.shell.session.lead(&Destination { host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests;
