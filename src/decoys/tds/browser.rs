//! The browser service: which instances a host has and where, MC-SQLR.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::Behaviour;
use crate::event::{Observation, Tainted};
use crate::session::{Datagrams, Session};

/// Messages, MC-SQLR 2.2.
const CLNT_BCAST_EX: u8 = 0x02;
const CLNT_UCAST_EX: u8 = 0x03;
const CLNT_UCAST_INST: u8 = 0x04;
const CLNT_UCAST_DAC: u8 = 0x0f;
const SVR_RESP: u8 = 0x05;
/// Version of the DAC messages, 2.2.4 and 2.2.6.
const DAC_VERSION: u8 = 0x01;
/// Longest instance name in a request, 2.2.3; its NUL is not counted.
const MAX_NAME: usize = 32;
/// Status told for a request that is not answered, as for an instance that is not there.
const NO_ANSWER: u32 = 1;

/// What the service knows.
pub(super) struct Directory {
    instance: String,
    /// The whole answer about it.
    listed: Bytes,
    admin: Option<Bytes>,
}

impl Directory {
    /// The one instance of a host; `port` is where it takes connections.
    pub(super) fn new(behaviour: &Behaviour, server: &str, port: Option<u16>) -> Self {
        let clustered = if behaviour.browser.clustered { "Yes" } else { "No" };
        let mut text = format!(
            "ServerName;{server};InstanceName;{};IsClustered;{clustered};Version;{};",
            behaviour.instance,
            behaviour.build()
        );
        if let Some(port) = port {
            text.push_str(&format!("tcp;{port};"));
        }
        text.push(';');
        Directory {
            instance: behaviour.instance.clone(),
            listed: response(text.as_bytes()),
            admin: behaviour.browser.admin_port.map(|port| {
                let [low, high] = port.to_le_bytes();
                Bytes::from(vec![SVR_RESP, 6, 0, DAC_VERSION, low, high])
            }),
        }
    }

    fn answer(&self, request: &Request<'_>) -> Option<Bytes> {
        match request {
            Request::All { .. } => Some(self.listed.clone()),
            Request::Instance(name) => self.is_own(name).then(|| self.listed.clone()),
            Request::Admin(name) => self.admin.clone().filter(|_| self.is_own(name)),
        }
    }

    fn is_own(&self, name: &[u8]) -> bool {
        self.instance.as_bytes().eq_ignore_ascii_case(name)
    }
}

/// SVR_RESP, 2.2.5: its kind, the length of the text, the text.
fn response(text: &[u8]) -> Bytes {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [&[SVR_RESP], &length.to_le_bytes()[..], text].concat().into()
}

/// What a client asks.
enum Request<'a> {
    /// For all instances, by broadcast or not.
    All { broadcast: bool },
    /// For one.
    Instance(&'a [u8]),
    /// For the administrator's port of one.
    Admin(&'a [u8]),
}

impl<'a> Request<'a> {
    fn parse(datagram: &'a [u8]) -> Option<Self> {
        match datagram {
            [CLNT_BCAST_EX, ..] => Some(Request::All { broadcast: true }),
            [CLNT_UCAST_EX, ..] => Some(Request::All { broadcast: false }),
            [CLNT_UCAST_INST, name @ ..] => instance_name(name).map(Request::Instance),
            [CLNT_UCAST_DAC, DAC_VERSION, name @ ..] => instance_name(name).map(Request::Admin),
            _ => None,
        }
    }

    fn verb(&self) -> &'static str {
        match self {
            Request::All { broadcast: true } => "CLNT_BCAST_EX",
            Request::All { broadcast: false } => "CLNT_UCAST_EX",
            Request::Instance(_) => "CLNT_UCAST_INST",
            Request::Admin(_) => "CLNT_UCAST_DAC",
        }
    }

    fn target(&self) -> Tainted {
        match self {
            Request::All { .. } => Tainted::default(),
            Request::Instance(name) | Request::Admin(name) => Tainted::from_bytes(name),
        }
    }
}

fn instance_name(bytes: &[u8]) -> Option<&[u8]> {
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    (1..=MAX_NAME).contains(&name.len()).then_some(name)
}

/// One peer's requests.
pub(super) struct Desk {
    directory: Arc<Directory>,
    session: Session,
}

impl Desk {
    pub(super) fn new(directory: Arc<Directory>, session: Session) -> Self {
        Desk { directory, session }
    }
}

impl Datagrams for Desk {
    fn receive(&mut self, _now: Timestamp, datagram: &[u8]) -> Vec<Bytes> {
        let Some(request) = Request::parse(datagram) else {
            self.session.malformed("no request of the browser service", datagram);
            return Vec::new();
        };
        let answer = self.directory.answer(&request);
        self.session.emit(Observation::Request {
            verb: request.verb().into(),
            target: request.target(),
            status: if answer.is_some() { 0 } else { NO_ANSWER },
            detail: None,
        });
        answer.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::bench::{Bench, NOW};

    fn ask(datagram: &[u8]) -> (Vec<Bytes>, Vec<Observation>) {
        let bench = Bench::new();
        let behaviour: Behaviour = toml::from_str(bench.pack.files.text("hisdb/tds.toml").unwrap()).unwrap();
        let directory = Arc::new(Directory::new(&behaviour, "CLZX-HISDB01", Some(1433)));
        let mut desk = Desk::new(directory, bench.session("hisdb", "sql_browser"));
        (desk.receive(NOW.parse().unwrap(), datagram), bench.told())
    }

    #[test]
    fn an_instance_is_told_as_the_service_writes_it() {
        let text =
            "ServerName;CLZX-HISDB01;InstanceName;MSSQLSERVER;IsClustered;No;Version;11.0.7001.0;tcp;1433;;";
        let length = u8::try_from(text.len()).unwrap();
        let whole = [&[5, length, 0][..], text.as_bytes()].concat();
        for request in [&b"\x02"[..], b"\x03", b"\x04mssqlserver\0", b"\x04MSSQLSERVER"] {
            let (answers, told) = ask(request);
            assert_eq!(answers[0], whole, "{request:?}");
            assert!(matches!(&told[..], [Observation::Request { status: 0, .. }]), "{told:?}");
        }
    }

    #[test]
    fn what_is_not_there_gets_no_answer() {
        for request in [&b"\x04SQLEXPRESS\0"[..], b"\x0f\x01MSSQLSERVER\0"] {
            let (answers, told) = ask(request);
            assert!(answers.is_empty());
            assert!(matches!(&told[..], [Observation::Request { status: 1, .. }]), "{told:?}");
        }
        for noise in [&b""[..], b"\x04", b"\x0f\x02x\0", b"\x09", &[4; 80]] {
            let (answers, told) = ask(noise);
            assert!(answers.is_empty());
            assert!(matches!(&told[..], [Observation::Malformed { .. }]), "{told:?}");
        }
    }
}
