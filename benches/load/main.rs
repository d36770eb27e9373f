//! A load driver for decoys and peers alike: says how many operations a second a server answers.
//!
//! `load KIND ADDRESS CLIENTS SECONDS …` prints one line: operations a second, the median and the
//! 99th percentile of their time. It knows nothing of the product under test but its protocol.
#![allow(clippy::print_stdout, reason = "a benchmark's figures")]

mod dicom;
mod mllp;
mod mysql;
mod ssh;
mod tds;
mod web;

use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use mysql::Who;

/// What all kinds share.
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) clients: usize,
    pub(crate) duration: Duration,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [kind, address, clients, seconds, rest @ ..] = words.as_slice() else {
        println!(
            "usage: load echo|first|find|get|move|hold|mllp|web|tds|tds-rows|mysql|mysql-rows|ssh|shells ADDRESS CLIENTS SECONDS …"
        );
        return;
    };
    let load = Load {
        address: address.parse().expect("ADDRESS is IP:PORT"),
        clients: clients.parse().expect("CLIENTS is a number"),
        duration: Duration::from_secs_f64(seconds.parse().expect("SECONDS is a number")),
    };
    match (*kind, rest) {
        ("echo", [called]) => dicom::echo(&load, called),
        ("first", [called]) => dicom::first(&load, called),
        ("find", [called, keys @ ..]) => dicom::find(&load, called, keys),
        ("get", [called, study]) => dicom::get(&load, called, study),
        ("move", [called, destination, study, bytes]) => {
            let bytes = bytes.parse().expect("BYTES is a number");
            dicom::relocate(&load, called, destination, study, bytes);
        }
        ("hold", [called]) => dicom::hold(&load, called),
        ("mllp", []) => mllp::messages(&load),
        ("web", [paths, headers @ ..]) => web::pages(&load, paths, headers),
        ("tds", [user, password]) => tds::logins(&load, user, password),
        ("tds-rows", [user, password, statement]) => tds::rows(&load, user, password, statement),
        ("mysql", [user, password, database]) => mysql::logins(&load, &Who { user, password, database }),
        ("mysql-rows", [user, password, database, statement]) => {
            mysql::rows(&load, &Who { user, password, database }, statement);
        }
        ("ssh", [user, password]) => ssh::logins(&load, user, password),
        ("shells", [user, password]) => ssh::hold(&load, user, password),
        _ => println!("unknown kind or missing arguments: {words:?}"),
    }
}

/// Runs `operation` on every client until the time is over. It gives the units it did (answers,
/// bytes, messages), or `None` when it failed. Prints the line.
pub(crate) fn measure<C>(
    load: &Load,
    unit: &str,
    connect: impl Fn(usize) -> C + Sync,
    operation: impl Fn(&mut C) -> Option<u64> + Sync,
) {
    let times = Mutex::new(Vec::new());
    let totals = Mutex::new((0u64, 0u64));
    let start = Instant::now();
    thread::scope(|scope| {
        for client in 0..load.clients {
            let (times, totals, connect, operation) = (&times, &totals, &connect, &operation);
            scope.spawn(move || {
                let mut connection = connect(client);
                let (mut own, mut units, mut failed) = (Vec::new(), 0, 0);
                while start.elapsed() < load.duration {
                    let began = Instant::now();
                    match operation(&mut connection) {
                        Some(done) => {
                            units += done;
                            own.push(began.elapsed());
                        }
                        None => failed += 1,
                    }
                }
                times.lock().unwrap().extend(own);
                let mut totals = totals.lock().unwrap();
                totals.0 += units;
                totals.1 += failed;
            });
        }
    });
    report(start.elapsed(), unit, times.into_inner().unwrap(), totals.into_inner().unwrap());
}

fn report(elapsed: Duration, unit: &str, mut times: Vec<Duration>, (units, failed): (u64, u64)) {
    times.sort_unstable();
    let at = |share: f64| {
        let place = (times.len() as f64 * share) as usize;
        times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default().as_secs_f64()
            * 1000.0
    };
    let rate = |count: f64| count / elapsed.as_secs_f64();
    println!(
        "ops_per_s={:.1} {unit}_per_s={:.1} p50_ms={:.2} p99_ms={:.2} ops={} failed={failed}",
        rate(times.len() as f64),
        rate(units as f64),
        at(0.5),
        at(0.99),
        times.len(),
    );
}
