//! Plays scenarios to a detector.

use std::net::SocketAddr;

use honeyward::detect::{Detector, Settings};
use honeyward::event::observation::CloseReason;
use honeyward::event::{
    Alert, Event, Observation, Origin, SessionEvent, SessionId, Severity, SystemEvent, SystemRecord,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::script::{Line, Scenario, Visit};
use super::{bytes, machines, steps};

/// What became of a scenario.
pub(super) struct Outcome {
    pub(super) alerts: Vec<Alert>,
    pub(super) events: u64,
    /// Events of sessions in which the decoys themselves were driven.
    pub(super) driven: u64,
}

impl Outcome {
    pub(super) fn high(&self) -> Vec<&Alert> {
        self.alerts.iter().filter(|alert| alert.severity == Severity::High).collect()
    }
}

/// What the hospital of the corpora told about itself: `tests/corpora/hospital.toml`.
pub(super) fn settings() -> Settings {
    toml::from_str(include_str!("../../corpora/hospital.toml")).unwrap()
}

struct Stage {
    detector: Detector,
    now: Timestamp,
    source: String,
    seq: u64,
    sessions: u128,
    outcome: Outcome,
}

/// Plays one scenario from its begin, on a Monday at ten in China.
pub(super) fn play(settings: &Settings, scenario: &Scenario) -> Outcome {
    let mut stage = Stage {
        detector: Detector::new(settings.clone()),
        now: "2026-03-02T02:00:00Z".parse().unwrap(),
        source: "10.20.0.66".into(),
        seq: 0,
        sessions: 0x0196_b000_0000_7000_8000_0000_0000_0000,
        outcome: Outcome { alerts: Vec::new(), events: 0, driven: 0 },
    };
    for line in &scenario.lines {
        match line {
            Line::From(address) => stage.source.clone_from(address),
            Line::Card(card) => stage.card(card),
            Line::Wait(seconds) => stage.wait(*seconds),
            Line::At(hours, minutes) => {
                let day = stage.now.to_zoned(jiff::tz::TimeZone::UTC).start_of_day().unwrap().timestamp();
                stage.now = day + SignedDuration::from_mins(hours * 60 + minutes);
            }
            Line::Visit(visit) => stage.visits(visit),
        }
    }
    stage.outcome
}

impl Stage {
    fn card(&mut self, card: &str) {
        self.seq += 1;
        let neighbour = SystemEvent::Neighbour { address: self.source.parse().unwrap(), card: card.into() };
        let record = SystemRecord { process: "netd".into(), at: self.now, event: neighbour };
        self.detector.observe(self.seq, &Event::System(record));
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    fn visits(&mut self, visit: &Visit) {
        for _ in 0..visit.times {
            for (host, service) in &visit.places {
                self.visit(host, service, &visit.steps);
            }
            self.wait(visit.every);
        }
    }

    fn visit(&mut self, host: &str, service: &str, steps: &[String]) {
        self.sessions += 1;
        let origin = Origin {
            session: SessionId(Uuid::from_u128(self.sessions)),
            source: SocketAddr::new(self.source.parse().unwrap(), 40_000),
            target: machines::port(host, service),
            host: host.into(),
            service: service.into(),
            transport: honeyward::event::Transport::Tcp,
            own: false,
            led: None,
        };
        let mut told = vec![Observation::Opened { tls: service == "https" }];
        let sent: Vec<_> = steps.iter().filter_map(|step| bytes::pieces(host, step)).flatten().collect();
        if sent.is_empty() {
            let typed = |step: &String| steps::step(host, step).unwrap_or_else(|| panic!("{step}: no step"));
            told.extend(steps.iter().flat_map(typed));
        } else {
            assert!(
                steps.iter().all(|step| bytes::pieces(host, step).is_some()),
                "{steps:?}: bytes or facts"
            );
            told.extend(machines::play(&origin, &sent));
            self.outcome.driven += u64::try_from(told.len()).unwrap();
        }
        told.push(Observation::Closed {
            reason: CloseReason::Peer,
            bytes_in: 0,
            bytes_out: 0,
            duration_ms: 20,
            transcript: None,
        });
        for (index, observation) in (0..).zip(told) {
            self.see(&origin, index, observation);
        }
    }

    fn see(&mut self, origin: &Origin, index: u32, observation: Observation) {
        self.seq += 1;
        self.outcome.events += 1;
        self.now += SignedDuration::from_millis(20);
        let event = SessionEvent { origin: origin.clone(), index, at: self.now, observation };
        let verdict = self.detector.observe(self.seq, &Event::Session(event));
        let told = [verdict.joined, verdict.alert].into_iter().flatten();
        self.outcome.alerts.extend(told.map(|alert| *alert));
    }
}
