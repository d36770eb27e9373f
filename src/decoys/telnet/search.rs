//! The search by which the maker's tools find such devices: datagrams on UDP 4800. As read from
//! recordings: a head of eight bytes (request, status, length, a number of the sender's), for all but
//! the search itself the device's id, then what is asked for.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::Device;
use crate::event::{Observation, Tainted};
use crate::session::{Datagrams, Session};

const HEAD: usize = 8;
/// Application, hardware, MAC address.
const ID: usize = 12;
/// Marks an answer.
const ANSWER: u8 = 0x80;
/// The device knows no such request.
const UNKNOWN: u8 = 0x04;
/// A name is filled up to this.
const NAME: usize = 40;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Search,
    Name,
    /// Serial number, and whether a password is set.
    Serial,
    Address,
    Mask,
    Gateway,
}

impl Asked {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            0x01 => Asked::Search,
            0x10 => Asked::Name,
            0x16 => Asked::Serial,
            0x21 => Asked::Address,
            0x22 => Asked::Mask,
            0x23 => Asked::Gateway,
            _ => return None,
        })
    }

    fn verb(self) -> &'static str {
        match self {
            Asked::Search => "search",
            Asked::Name => "device name",
            Asked::Serial => "serial number",
            Asked::Address => "IP address",
            Asked::Mask => "netmask",
            Asked::Gateway => "gateway",
        }
    }
}

/// One peer's requests.
pub(super) struct Desk {
    device: Arc<Device>,
    session: Session,
}

impl Desk {
    pub(super) fn new(device: Arc<Device>, session: Session) -> Self {
        Desk { device, session }
    }

    fn answer(&self, datagram: &[u8]) -> Option<Bytes> {
        let (head, rest) = datagram.split_first_chunk::<HEAD>()?;
        let [code, _, high, low, number @ ..] = *head;
        if usize::from(u16::from_be_bytes([high, low])) != datagram.len() || code & ANSWER != 0 {
            return None;
        }
        let Some(asked) = Asked::of(code) else {
            self.tell(&format!("request {code:#04x}"), UNKNOWN.into());
            return Some(reply(code, UNKNOWN, number, &[]));
        };
        let id = self.id();
        // Whom another device's id names is silent.
        if asked != Asked::Search && rest.get(..ID) != Some(&id[..]) {
            return None;
        }
        self.tell(asked.verb(), 0);
        let body = [&id[..], &self.value(asked)].concat();
        Some(reply(code, 0, number, &body))
    }

    fn tell(&self, verb: &str, status: u32) {
        self.session.emit(Observation::Request {
            verb: Tainted::new(verb),
            target: Tainted::default(),
            status,
            detail: None,
        });
    }

    fn id(&self) -> Vec<u8> {
        let behaviour = &self.device.behaviour.search;
        let mac = self.device.mac.split(':').filter_map(|part| u8::from_str_radix(part, 16).ok());
        let numbers = [&behaviour.application.to_le_bytes()[..], &behaviour.hardware.to_le_bytes()].concat();
        numbers.into_iter().chain(mac).collect()
    }

    fn value(&self, asked: Asked) -> Vec<u8> {
        match asked {
            Asked::Search | Asked::Address => match self.device.address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(_) => vec![0; 4],
            },
            Asked::Name => {
                let mut name = self.device.name.clone().into_bytes();
                name.resize(NAME, 0);
                name
            }
            Asked::Serial => {
                let serial = self.device.serial.parse::<u16>().unwrap_or(0).to_le_bytes();
                [&[0; 8][..], &serial, &[0, 0, 1, 0, 0, 0]].concat()
            }
            Asked::Mask => vec![255, 255, 255, 0],
            Asked::Gateway => vec![0; 4],
        }
    }
}

fn reply(code: u8, status: u8, number: [u8; 4], body: &[u8]) -> Bytes {
    let length = u16::try_from(HEAD + body.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[code | ANSWER, status], &length[..], &number, body].concat().into()
}

impl Datagrams for Desk {
    fn receive(&mut self, _: Timestamp, datagram: &[u8]) -> Vec<Bytes> {
        let answer = self.answer(datagram);
        if answer.is_none() {
            self.session.malformed("device search", datagram);
        }
        answer.into_iter().collect()
    }
}
