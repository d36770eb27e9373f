use super::*;
use crate::event::Alert;
use crate::store::Store;

fn alert(number: u64) -> Alert {
    let at = Timestamp::now();
    serde_json::from_value(serde_json::json!({
        "id": format!("alert {number}"), "revision": 1, "at": at, "first_seen": at, "last_seen": at,
        "source": "10.0.0.9", "source_port": 4000, "target": "127.0.10.11", "target_port": 22, "host": "his",
        "service": "ssh", "severity": "high", "confidence": 97, "rule": "HW-X", "title": "x", "title_zh": "试",
        "reasons": [], "techniques": [], "accounts": [], "sessions": [], "hosts": [], "chain_head": "",
        "chain_sequence": 0,
    }))
    .unwrap()
}

fn destination(more: &str) -> Destination {
    let text = format!(
        "name = \"siem\"\naddress = \"10.0.0.1:514\"\nformat = \"cef\"\ntransport = \"udp\"\nhealth = true\n{more}"
    );
    toml::from_str(&text).unwrap()
}

/// Heartbeats, of which some are old, steps of the clock, and alerts between them.
fn filled(layout: &Layout) -> (usize, usize) {
    std::fs::create_dir_all(layout.database().parent().unwrap()).unwrap();
    let mut store = Store::open(&layout.database()).unwrap();
    let mut transaction = store.begin().unwrap();
    let now = Timestamp::now();
    let mut told = (0, 0);
    for number in 0..60 {
        let old = number < 30_u64;
        let at = if old { now - HEARTBEATS - SignedDuration::from_secs(60) } else { now };
        let event = match number % 5 {
            0 => SystemEvent::ClockStepped { by_ms: 900 },
            _ => SystemEvent::Heartbeat {
                uptime_s: number,
                every_s: 60,
                decoys: 1,
                services: 1,
                synchronised: None,
                failing: Vec::new(),
            },
        };
        told.0 += usize::from(number.is_multiple_of(5) || !old);
        let record = Event::System(SystemRecord { process: "core".into(), at, event });
        transaction.append(now, "core", &record).unwrap();
        if number.is_multiple_of(7) {
            transaction.alert(now, "core", alert(number)).unwrap();
            told.1 += 1;
        }
    }
    transaction.commit().unwrap();
    told
}

#[test]
fn pages_of_alerts_and_health_leave_nothing_out() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    let (healths, alerts) = filled(&layout);
    let source = Alerts::open(&layout).unwrap();
    for limit in [1, 2, 3, 7, 200] {
        let (mut next, mut found) = (0, (0, 0));
        loop {
            let page = source.notices_after(next, &destination(""), limit).unwrap();
            assert!(page.len() <= limit && page.iter().all(|(seq, _)| *seq > next));
            assert!(page.is_sorted_by_key(|(seq, _)| *seq));
            let Some((last, _)) = page.last() else { break };
            next = *last;
            for (_, notice) in page {
                match notice {
                    Notice::Health(_) => found.0 += 1,
                    Notice::Alert(_) => found.1 += 1,
                }
            }
        }
        assert_eq!(found, (healths, alerts), "pages of {limit}");
    }
    let quiet = Destination { health: false, ..destination("") };
    assert_eq!(source.notices_after(0, &quiet, 200).unwrap().len(), alerts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_first_is_kept_first() {
    let (batches, mut taken) = mpsc::channel(1);
    let voice = Voice::new(&batches);
    for by_ms in 0..200 {
        voice.say(SystemEvent::ClockStepped { by_ms });
    }
    for wanted in 0..200_u64 {
        let batch = taken.recv().await.unwrap();
        let item = &batch.items[0];
        let Event::System(system) = &item.event else { panic!("not ours") };
        let by_ms = i64::try_from(wanted).unwrap();
        assert_eq!((item.position, &system.event), (wanted, &SystemEvent::ClockStepped { by_ms }));
    }
}
