//! What scenarios are played on.

use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::detect::{Detector, Device, Settings};
use crate::event::detail::{DicomAssociation, Dimse};
use crate::event::observation::{AuthMethod, CloseReason, Direction, RecordKind};
use crate::event::{Alert, Detail, Event, Observation, Origin, SessionEvent, SessionId, Severity, Tainted};

pub(super) const INTRUDER: &str = "10.9.8.7";
pub(super) const MODALITY: &str = "10.1.1.20";

/// A detector with a hand on the clock and on record numbers.
pub(super) struct Stage {
    pub(super) detector: Detector,
    pub(super) now: Timestamp,
    pub(super) seq: u64,
    pub(super) sessions: u128,
    pub(super) alerts: Vec<Alert>,
}

/// What an intruder does from an address.
pub(super) type Attack = fn(&mut Stage, &str);

/// One connection of a scenario.
pub(super) struct Visit {
    pub(super) origin: Origin,
    pub(super) index: u32,
}

impl Stage {
    pub(super) fn new() -> Self {
        let device =
            Device { source: MODALITY.parse().unwrap(), name: "CT01".into(), note: "CT, hall 2".into() };
        let own = ["127.0.10.12".parse().unwrap()].into();
        Stage {
            detector: Detector::new(Settings { device: vec![device], own, ..Settings::default() }),
            now: "2026-05-09T08:00:00Z".parse().unwrap(),
            seq: 0,
            sessions: 0x0196_b000_0000_7000_8000_0000_0000_0000,
            alerts: Vec::new(),
        }
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub(super) fn visit(&mut self, source: &str, host: &str, service: &str) -> Visit {
        self.sessions += 1;
        let (target, port) = match (host, service) {
            ("his", "ssh") => ("127.0.10.11", 22),
            ("his", "http") => ("127.0.10.11", 80),
            ("his", "mllp") => ("127.0.10.11", 2575),
            ("his", _) => ("127.0.10.11", 104),
            ("pacs", "ssh") => ("127.0.10.12", 22),
            ("pacs", _) => ("127.0.10.12", 104),
            _ => ("127.0.10.13", 2575),
        };
        let origin = Origin {
            session: SessionId(Uuid::from_u128(self.sessions)),
            source: SocketAddr::new(source.parse().unwrap(), 40_000),
            target: SocketAddr::new(target.parse().unwrap(), port),
            host: host.into(),
            service: service.into(),
            transport: crate::event::Transport::Tcp,
            own: false,
            led: None,
        };
        let mut visit = Visit { origin, index: 0 };
        self.see(&mut visit, Observation::Opened { tls: false });
        visit
    }

    pub(super) fn see(&mut self, visit: &mut Visit, observation: Observation) {
        self.seq += 1;
        let event =
            SessionEvent { origin: visit.origin.clone(), index: visit.index, at: self.now, observation };
        visit.index += 1;
        let verdict = self.detector.observe(self.seq, &Event::Session(event));
        self.alerts.extend(verdict.alert.into_iter().chain(verdict.storm).map(|alert| *alert));
    }

    pub(super) fn close(&mut self, mut visit: Visit) {
        let reason = CloseReason::Peer;
        self.see(
            &mut visit,
            Observation::Closed { reason, bytes_in: 0, bytes_out: 0, duration_ms: 1, transcript: None },
        );
    }

    /// Rules of the High alerts so far.
    pub(super) fn high(&self) -> Vec<&str> {
        let high = self.alerts.iter().filter(|alert| alert.severity == Severity::High);
        high.map(|alert| alert.rule.as_str()).collect()
    }

    pub(super) fn last(&self) -> &Alert {
        self.alerts.last().unwrap()
    }
}

pub(super) fn login(account: &str, secret: &str, accepted: bool) -> Observation {
    let method = AuthMethod::Password;
    Observation::AuthAttempt { method, account: account.into(), secret: Some(secret.into()), accepted }
}

pub(super) fn request(verb: &str, target: &str) -> Observation {
    Observation::Request { verb: verb.into(), target: target.into(), status: 0, detail: None }
}

pub(super) fn associate(calling: &str) -> Observation {
    let detail = DicomAssociation {
        calling_ae: calling.into(),
        called_ae: "PACS".into(),
        implementation_uid: Tainted::default(),
        implementation_version: Tainted::default(),
        max_pdu: 16_384,
        abstract_syntaxes: Vec::new(),
    };
    let detail = Some(Detail::DicomAssociation(detail));
    Observation::Request { verb: "A-ASSOCIATE".into(), target: "PACS".into(), status: 0, detail }
}

pub(super) fn store_request(sop_class: &str) -> Observation {
    let detail = Dimse {
        operation: "C-STORE".into(),
        sop_class: sop_class.into(),
        level: Tainted::default(),
        destination: Tainted::default(),
    };
    let detail = Some(Detail::Dimse(detail));
    Observation::Request { verb: "C-STORE".into(), target: "1.2.3".into(), status: 0, detail }
}

pub(super) fn query(subject: RecordKind, answers: u32, unbounded: bool) -> Observation {
    Observation::Query { subject, filter: "*".into(), answers, unbounded, detail: None }
}

pub(super) fn upload() -> Observation {
    let sha256 = "0".repeat(64);
    Observation::Transfer { direction: Direction::Upload, name: "x".into(), size: 9, sha256 }
}

pub(super) fn command(line: &str) -> Observation {
    Observation::Command { line: line.into(), exit: Some(0) }
}

pub(super) fn guess_passwords(stage: &mut Stage, source: &str) {
    for n in 0..9 {
        let mut visit = stage.visit(source, "his", "ssh");
        stage.see(&mut visit, login("root", &format!("guess{n}"), false));
        stage.close(visit);
        stage.wait(2);
    }
}

pub(super) fn use_lure(stage: &mut Stage, source: &str) -> Visit {
    let mut visit = stage.visit(source, "his", "http");
    stage.see(&mut visit, login("hisadmin", "Clzx@1234", true));
    visit
}

pub(super) fn search_patients(stage: &mut Stage, source: &str) {
    let mut visit = use_lure(stage, source);
    stage.see(&mut visit, request("GET", "/portal/patients?name=张"));
    stage.see(&mut visit, query(RecordKind::Patient, 12, false));
    let ids = vec!["P1".into()];
    stage.see(&mut visit, Observation::RecordRead { subject: RecordKind::Patient, count: 1, ids });
}

pub(super) fn find_and_retrieve(stage: &mut Stage, source: &str) {
    let mut visit = stage.visit(source, "pacs", "dicom");
    stage.see(&mut visit, associate("FINDSCU"));
    stage.see(&mut visit, query(RecordKind::Study, 200, true));
    stage.close(visit);
    let mut visit = stage.visit(source, "pacs", "dicom");
    stage.see(&mut visit, associate("GETSCU"));
    stage.see(&mut visit, Observation::RecordRead { subject: RecordKind::Instance, count: 80, ids: vec![] });
    stage.close(visit);
}

pub(super) fn run_command(stage: &mut Stage, source: &str) {
    let mut visit = stage.visit(source, "pacs", "ssh");
    stage.see(&mut visit, login("pacsop", "Pacs@1234ab", true));
    stage.see(&mut visit, command("id"));
    stage.see(&mut visit, command("cat /etc/passwd"));
}

pub(super) fn store_object(stage: &mut Stage, source: &str) {
    let mut visit = stage.visit(source, "pacs", "dicom");
    stage.see(&mut visit, associate("STORESCU"));
    stage.see(&mut visit, upload());
    stage.see(&mut visit, store_request("1.2.840.10008.5.1.4.1.1.2"));
    let ids = vec!["1.2.3".into()];
    stage.see(&mut visit, Observation::RecordWrite { subject: RecordKind::Instance, count: 1, ids });
}
