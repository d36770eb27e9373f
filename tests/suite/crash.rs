//! Any process killed at any moment of an attack: nothing acknowledged is lost.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::honeynet::{Honeynet, signal, text, within};

const KILLS: usize = 20;

/// Between two messages of an attacker: an attack, not a load test.
const PAUSE: Duration = Duration::from_millis(10);

/// Sends one MLLP message after another; gives the control ids that were acknowledged.
fn attack(attacker: usize, address: SocketAddr, stop: &AtomicBool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let Ok(stream) = TcpStream::connect(address) else { continue };
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        while !stop.load(Ordering::Relaxed) {
            number += 1;
            let id = format!("CRASH{attacker}{number:06}");
            let message = format!(
                "\x0bMSH|^~\\&|ADT|CLZX|LIS|CLZX|20260301081500||ADT^A08|{id}|P|2.4\rEVN|A08|20260301081500\r\
                 PID|1||0000000001^^^HIS^MR||TEST\rPV1|1|O\r\x1c\r"
            );
            let mut answer = Vec::new();
            let sent = stream.write_all(message.as_bytes()).is_ok();
            if !sent || answers.read_until(0x1c, &mut answer).is_err() || answer.last() != Some(&0x1c) {
                break;
            }
            let _ = answers.read_exact(&mut [0]);
            assert!(String::from_utf8_lossy(&answer).contains(&id), "the answer echoes the control id");
            acknowledged.push(id);
            thread::sleep(PAUSE);
        }
    }
    acknowledged
}

/// Ends the attack when dropped, so that a failed test ends too.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn child(net: &Honeynet, name: &str) -> Option<u32> {
    let status = net.json(&["status", "--json"]);
    let processes = status[0]["processes"].as_array()?;
    let supervisor = processes.iter().find(|p| p["process"] == "supervisor")?;
    let children = supervisor["detail"].as_array()?;
    let pid = children.iter().find(|c| c["process"] == name)?["pid"].as_u64()?;
    u32::try_from(pid).ok()
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let hello = b"\x0bMSH|^~\\&|A|B|C|D|20260301081500||ADT^A08|ALIVE|P|2.4\rPID|1||1\r\x1c\r";
    stream.write_all(hello).is_ok() && stream.read(&mut [0; 64]).is_ok_and(|n| n > 0)
}

#[test]
fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let net = Honeynet::start();
    let address = net.address("lis", "mllp");
    let stop = AtomicBool::new(false);
    let acknowledged = thread::scope(|scope| {
        let attackers: Vec<_> = (0..2)
            .map(|i| {
                scope.spawn({
                    let stop = &stop;
                    move || attack(i, address, stop)
                })
            })
            .collect();
        let attack_ends = Ends(&stop);
        for kill in 0..KILLS {
            let victim = ["sensor", "core", "capd"][kill % 3];
            // A different moment of the attack each time.
            thread::sleep(Duration::from_millis(40 + (kill as u64 * 37) % 160));
            let pid = within(Duration::from_secs(5), "the child runs", || child(&net, victim));
            signal(pid, "KILL");
            let killed = Instant::now();
            within(Duration::from_secs(5), "the service is back", || answers(address).then_some(()));
            assert!(killed.elapsed() < Duration::from_secs(2), "{victim}: back after {:?}", killed.elapsed());
            within(Duration::from_secs(8), "the child is back", || child(&net, victim).filter(|p| *p != pid));
        }
        drop(attack_ends);
        attackers.into_iter().flat_map(|a| a.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(acknowledged.len() > KILLS, "the attack went on: {}", acknowledged.len());
    let sessions = net.sessions(1, |s| s["service"] == "mllp");
    let mut kept = HashSet::new();
    within(Duration::from_secs(20), "all events are in the store", || {
        kept.clear();
        for session in net.json(&["sessions", "--json", "--limit", "100000"]) {
            let id = session["id"].as_str().unwrap().to_owned();
            kept.extend(control_ids(&text(&net.honeyward(&["show", &id, "--json"]))));
        }
        acknowledged.iter().all(|id| kept.contains(id)).then_some(())
    });
    assert!(!sessions.is_empty());
    let verify = net.honeyward(&["verify", "--json"]);
    assert_eq!(verify.status.code(), Some(0), "{}", text(&verify));
    let deaths = kept_deaths(&net);
    assert!(deaths >= KILLS, "every death is told: {deaths}");
}

/// Control ids of the messages that a session's records tell of.
fn control_ids(records: &str) -> impl Iterator<Item = String> + '_ {
    let values = records.split("\"control_id\":\"").skip(1);
    values.filter_map(|rest| rest.split('"').next()).map(str::to_owned)
}

/// Deaths that the supervisor counted.
fn kept_deaths(net: &Honeynet) -> usize {
    let status: Vec<Value> = net.json(&["status", "--json"]);
    let processes = status[0]["processes"].as_array().unwrap();
    let supervisor = processes.iter().find(|p| p["process"] == "supervisor").unwrap();
    let restarts = |c: &Value| usize::try_from(c["restarts"].as_u64().unwrap()).unwrap();
    supervisor["detail"].as_array().unwrap().iter().map(restarts).sum()
}
