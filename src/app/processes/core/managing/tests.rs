use super::*;
use crate::app::config::Config;
use crate::app::managed::Managed;
use crate::event::SystemRecord;
use crate::store::Store;

struct Bench {
    dir: tempfile::TempDir,
    store: Store,
    desk: Desk,
}

fn launch(dir: &std::path::Path, four_eyes: Option<bool>) -> Launch {
    let mut config = Config::default();
    config.console.four_eyes = four_eyes;
    let launch = serde_json::json!({
        "data": dir, "config": config, "services": [], "console": null, "decoys": [], "network": null,
        "decoy_secret": null, "evidence_seed": null,
    });
    serde_json::from_value(launch).unwrap()
}

impl Bench {
    fn new(four_eyes: Option<bool>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        std::fs::create_dir_all(layout.database().parent().unwrap()).unwrap();
        let store = Store::open(&layout.database()).unwrap();
        let desk = Desk::open(launch(dir.path(), four_eyes), layout).unwrap();
        Bench { dir, store, desk }
    }

    fn layout(&self) -> Layout {
        Layout::new(self.dir.path())
    }

    fn keep(&mut self, process: &str, event: SystemEvent) {
        let now = Timestamp::now();
        let record = Event::System(SystemRecord { process: process.into(), at: now, event });
        let mut transaction = self.store.begin().unwrap();
        transaction.append(now, process, &record).unwrap();
        transaction.commit().unwrap();
    }

    fn ask(&mut self, id: &str, wish: Wish, second: bool, ends: Timestamp) {
        let from = "10.0.0.1".parse().unwrap();
        let (id, account) = (id.to_owned(), "zhang".to_owned());
        self.keep("console", SystemEvent::Asked { id, account, from, wish, second, ends });
    }

    fn decide(&mut self, process: &str, id: &str, account: &str, decision: Decision) {
        let (id, account, reason) = (id.to_owned(), account.to_owned(), String::new());
        self.keep(process, SystemEvent::Decided { id, account, from: None, decision, reason });
    }

    /// What is told, kept at once as core does.
    fn work(&mut self) -> Vec<SystemEvent> {
        let told = self.desk.work(Timestamp::now()).unwrap();
        told.iter().for_each(|event| self.keep("core", event.clone()));
        told
    }
}

fn later() -> Timestamp {
    Timestamp::now() + jiff::SignedDuration::from_hours(1)
}

fn scanner() -> Wish {
    let expires = Timestamp::now().to_zoned(jiff::tz::TimeZone::system()).date();
    let settings = format!(
        r#"{{"name":"scan","source":"10.1.1.1","covers":"E3","owner":"li","reason":"weekly","expires":"{expires}"}}"#
    );
    Wish::Allowance { name: "scan".into(), settings }
}

fn was_done(told: &[SystemEvent]) -> bool {
    matches!(told, [SystemEvent::Done { done: true, .. }])
}

#[test]
fn what_needs_a_second_person_waits_for_one() {
    let mut bench = Bench::new(None);
    bench.ask("a", scanner(), true, later());
    assert_eq!(bench.work(), []);
    bench.decide("console", "a", "zhang", Decision::Approved);
    assert_eq!(bench.work(), [], "nobody approves his own");
    bench.decide("sensor", "a", "wang", Decision::Approved);
    assert_eq!(bench.work(), [], "only the console speaks for users");
    bench.decide("console", "a", "wang", Decision::Approved);
    assert!(was_done(&bench.work()));
    let managed = Managed::load(&bench.layout()).unwrap();
    assert_eq!((managed.allowance[0].approver.as_str(), managed.by.as_str()), ("wang", "zhang"));
    assert_eq!(bench.work(), [], "once");
}

#[test]
fn refusal_withdrawal_and_time_end_a_wish() {
    let mut bench = Bench::new(None);
    for (id, decision) in [("a", Decision::Refused), ("b", Decision::Withdrawn)] {
        bench.ask(id, scanner(), true, later());
        bench.decide("console", id, "wang", decision);
        bench.decide("console", id, "wang", Decision::Approved);
    }
    assert_eq!(bench.work(), []);
    bench.ask("c", scanner(), true, Timestamp::now());
    let told = bench.work();
    assert!(matches!(&told[..], [SystemEvent::Decided { decision: Decision::Expired, .. }]), "{told:?}");
    bench.decide("console", "c", "wang", Decision::Approved);
    assert_eq!(bench.work(), []);
    assert_eq!(Managed::load(&bench.layout()).unwrap(), Managed::default());
}

#[test]
fn the_config_may_insist_whatever_the_console_says() {
    let mut bench = Bench::new(Some(true));
    bench.ask("a", scanner(), false, later());
    assert_eq!(bench.work(), []);
    let mut trusting = Bench::new(None);
    trusting.ask("a", scanner(), false, later());
    assert!(was_done(&trusting.work()));
}

#[test]
fn a_kill_between_doing_and_telling_does_nothing_twice() {
    let mut bench = Bench::new(None);
    bench.ask("a", scanner(), false, later());
    // Done, and killed before it could tell.
    assert!(was_done(&bench.desk.work(Timestamp::now()).unwrap()));
    bench.desk = Desk::open(launch(bench.dir.path(), None), bench.layout()).unwrap();
    assert!(was_done(&bench.work()));
    assert_eq!(Managed::load(&bench.layout()).unwrap().version, 1);
    bench.desk = Desk::open(launch(bench.dir.path(), None), bench.layout()).unwrap();
    assert_eq!(bench.work(), []);
    let wrong = Wish::Destination { name: "x".into(), settings: "{}".into() };
    bench.ask("b", wrong, false, later());
    let told = bench.work();
    assert!(matches!(&told[..], [SystemEvent::Done { done: false, reason, .. }] if !reason.is_empty()));
}
