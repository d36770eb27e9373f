//! Outages of receivers: whatever happens to one, every alert arrives, and no other waits for it.
//!
//! Real rsyslog behind TCP, TLS and RELP; for posts a stand-in that answers as told. The share of
//! repeats is printed: `cargo test --test suite outages -- --nocapture`.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use honeyward::forward::{Courier, Destination};
use honeyward::runtime::{Trigger, shutdown};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::delivery::{Store, alerts};
use crate::honeynet::signal;
use crate::siem::make_certificates;

/// Alerts of one outage.
const TOTAL: usize = 1200;

/// Received before the outage begins: it hits a stream that flows.
const FLOWING: usize = 150;

/// Longest time until all have arrived: pauses between attempts are a second and double.
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Carrier {
    Tcp,
    Tls,
    Relp,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Outage {
    /// Nobody listens at first.
    Refuse,
    /// The receiver is killed while the stream flows, and started again.
    Kill,
    /// It stops reading, then dies with what it had not read.
    Freeze,
    /// Packets go nowhere for a while, then the line is cut.
    Blackhole,
    /// It shows another authority's certificate at first.
    Certificate,
}

/// A real receiver with its files.
struct Rsyslog {
    dir: PathBuf,
    port: u16,
    carrier: Carrier,
    process: Option<Child>,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Rsyslog {
    fn new(dir: &Path, carrier: Carrier) -> Self {
        Rsyslog { dir: dir.to_owned(), port: free_port(), carrier, process: None }
    }

    fn start(&mut self, authority: &str) {
        let (here, port) = (self.dir.display(), self.port);
        let input = match self.carrier {
            Carrier::Tcp => format!(
                "module(load=\"imtcp\")\ninput(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\" ruleset=\"all\")\n"
            ),
            Carrier::Tls => format!(
                "global(DefaultNetstreamDriver=\"gtls\" DefaultNetstreamDriverCAFile=\"{here}/{authority}/ca.pem\" \
                 DefaultNetstreamDriverCertFile=\"{here}/{authority}/server.pem\" \
                 DefaultNetstreamDriverKeyFile=\"{here}/{authority}/server.key\")\n\
                 module(load=\"imtcp\" StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" \
                 StreamDriver.AuthMode=\"anon\")\n\
                 input(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\" ruleset=\"all\")\n"
            ),
            Carrier::Relp => format!(
                "module(load=\"imrelp\")\ninput(type=\"imrelp\" port=\"{port}\" address=\"127.0.0.1\" ruleset=\"all\")\n"
            ),
        };
        let config = format!(
            "global(workDirectory=\"{here}\" maxMessageSize=\"64k\")\n{input}\
             template(name=\"whole\" type=\"string\" string=\"%rawmsg%\\n\")\n\
             ruleset(name=\"all\") {{ action(type=\"omfile\" file=\"{here}/received\" template=\"whole\" \
             fileCreateMode=\"0600\" asyncWriting=\"off\" ioBufferSize=\"1\") }}\n"
        );
        fs::write(self.dir.join("rsyslog.conf"), config).unwrap();
        let _ = fs::remove_file(self.dir.join("pid"));
        let started = Command::new("rsyslogd")
            .args(["-n", "-f"])
            .arg(self.dir.join("rsyslog.conf"))
            .arg("-i")
            .arg(self.dir.join("pid"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(started.unwrap_or_else(|e| panic!("rsyslogd: {e}; see .ci/setup")));
    }

    fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How often each alert was received.
fn received(dir: &Path) -> BTreeMap<String, usize> {
    let text = fs::read(dir.join("received")).unwrap_or_default();
    let mut counts = BTreeMap::new();
    for line in String::from_utf8_lossy(&text).lines() {
        let rest = line.split_once("externalId=").map_or("", |(_, rest)| rest);
        if let Some(id) = rest.split(' ').next().filter(|id| id.len() == "alert-00000".len()) {
            *counts.entry(id.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// A line between courier and receiver that can be cut.
async fn line_to(port: u16) -> (SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, cut) = (listener.local_addr().unwrap(), Arc::<AtomicBool>::default());
    let is_cut = Arc::clone(&cut);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
            tokio::spawn(carry(near, far, Arc::clone(&is_cut)));
        }
    });
    (address, cut)
}

/// Carries both ways; cut, it carries nothing for two seconds and then ends both sides.
async fn carry(near: TcpStream, far: TcpStream, cut: Arc<AtomicBool>) {
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (near.into_split(), far.into_split());
    let (mut out, mut back) = (vec![0; 4096], vec![0; 4096]);
    loop {
        if cut.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_secs(2)).await;
            return;
        }
        let carried = tokio::select! {
            read = from_near.read(&mut out) => match read {
                Ok(count @ 1..) => to_far.write_all(&out[..count]).await,
                Ok(0) | Err(_) => return,
            },
            read = from_far.read(&mut back) => match read {
                Ok(count @ 1..) => to_near.write_all(&back[..count]).await,
                Ok(0) | Err(_) => return,
            },
            () = tokio::time::sleep(Duration::from_millis(50)) => Ok(()),
        };
        if carried.is_err() {
            return;
        }
    }
}

struct Work {
    running: JoinHandle<()>,
    stop: Trigger,
    _news: watch::Sender<u64>,
}

fn work(destination: Destination, folder: &Path) -> Work {
    assert!(destination.faults().is_empty(), "{:?}", destination.faults());
    let store = Arc::new(Store(Mutex::new(alerts(TOTAL))));
    let courier = Courier::new(destination, store, folder, Box::new(|_| {})).unwrap();
    let (news, heard) = watch::channel(0);
    let (stop, ear) = shutdown();
    Work { running: tokio::spawn(courier.run(heard, ear)), stop, _news: news }
}

async fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn destination(carrier: Carrier, address: SocketAddr, dir: &Path) -> Destination {
    let (transport, more) = match carrier {
        Carrier::Tcp => ("tcp", String::new()),
        Carrier::Relp => ("relp", String::new()),
        Carrier::Tls => {
            let ca = dir.join("right/ca.pem");
            ("tls", format!("server_name = \"siem.test\"\nca = \"{}\"\n", ca.display()))
        }
    };
    let text = format!(
        "name = \"siem\"\naddress = \"{address}\"\nformat = \"cef\"\ntransport = \"{transport}\"\n{more}"
    );
    toml::from_str(&text).unwrap()
}

/// Plays one outage; tells how many repeats there were.
async fn survive(carrier: Carrier, outage: Outage) -> usize {
    let dir = tempfile::tempdir().unwrap();
    if carrier == Carrier::Tls {
        for authority in ["right", "wrong"] {
            fs::create_dir(dir.path().join(authority)).unwrap();
            make_certificates(&dir.path().join(authority));
        }
    }
    let mut rsyslog = Rsyslog::new(dir.path(), carrier);
    if outage != Outage::Refuse {
        rsyslog.start(if outage == Outage::Certificate { "wrong" } else { "right" });
        until("rsyslog listens", || std::net::TcpStream::connect(("127.0.0.1", rsyslog.port)).is_ok()).await;
    }
    let (address, cut) = line_to(rsyslog.port).await;
    let work = work(destination(carrier, address, dir.path()), dir.path());
    let flowing = || received(dir.path()).len() >= FLOWING;
    let what = format!("{carrier:?} {outage:?}");
    match outage {
        Outage::Refuse => {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            rsyslog.start("right");
        }
        Outage::Kill => {
            until(&what, flowing).await;
            rsyslog.kill();
            tokio::time::sleep(Duration::from_millis(500)).await;
            rsyslog.start("right");
        }
        Outage::Freeze => {
            until(&what, flowing).await;
            signal(rsyslog.pid(), "STOP");
            tokio::time::sleep(Duration::from_secs(2)).await;
            rsyslog.kill();
            rsyslog.start("right");
        }
        Outage::Blackhole => {
            until(&what, flowing).await;
            cut.store(true, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(3)).await;
            cut.store(false, Ordering::Relaxed);
        }
        Outage::Certificate => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert!(received(dir.path()).is_empty(), "nothing is given to whom nobody vouches for");
            rsyslog.kill();
            rsyslog.start("right");
        }
    }
    until(&what, || received(dir.path()).len() == TOTAL).await;
    work.stop.fire();
    work.running.await.unwrap();
    received(dir.path()).values().sum::<usize>() - TOTAL
}

#[expect(clippy::print_stdout, reason = "the share of repeats is a result")]
async fn survive_all(carrier: Carrier, outages: &[Outage]) {
    let played: Vec<_> =
        outages.iter().map(|outage| (*outage, tokio::spawn(survive(carrier, *outage)))).collect();
    for (outage, played) in played {
        let repeats = played.await.unwrap();
        let share = 100.0 * repeats as f64 / TOTAL as f64;
        println!("{carrier:?} {outage:?}: {TOTAL} of {TOTAL} alerts, {repeats} repeats ({share:.1} %)");
    }
}

const EVERY: [Outage; 4] = [Outage::Refuse, Outage::Kill, Outage::Freeze, Outage::Blackhole];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_over_plain_tcp() {
    survive_all(Carrier::Tcp, &EVERY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_over_tls() {
    survive_all(Carrier::Tls, &[EVERY.as_slice(), &[Outage::Certificate]].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_over_relp() {
    survive_all(Carrier::Relp, &EVERY).await;
}

/// What a receiver of posts does at first.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// A status, with or without a time to wait.
    Status(&'static str),
    /// It takes the post and dies before it answers.
    Dies,
    /// It takes the post and never answers.
    Hangs,
}

/// A receiver that answers so to some of its posts.
async fn posts_arrive_despite(answer: Answer) -> usize {
    // Who never answers is left alone after ten seconds: once is enough.
    let trouble = if matches!(answer, Answer::Hangs) { 100..101 } else { 100..104 };
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::<Mutex<BTreeMap<String, usize>>>::default();
    let (ledger, posts) = (Arc::clone(&taken), Arc::<Mutex<usize>>::default());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_posts(
                stream,
                answer,
                trouble.clone(),
                Arc::clone(&posts),
                Arc::clone(&ledger),
            ));
        }
    });
    let text = format!(
        "name = \"siem\"\nurl = \"http://127.0.0.1:{port}/in\"\nformat = \"ecs\"\ntransport = \"http\"\n"
    );
    let work = work(toml::from_str(&text).unwrap(), dir.path());
    until(&format!("{answer:?}"), || taken.lock().unwrap().len() == TOTAL).await;
    work.stop.fire();
    work.running.await.unwrap();
    let all: usize = taken.lock().unwrap().values().sum();
    all - TOTAL
}

async fn answer_posts(
    mut stream: TcpStream,
    answer: Answer,
    trouble: std::ops::Range<usize>,
    posts: Arc<Mutex<usize>>,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
) {
    let mut input = Vec::new();
    loop {
        let Some(body) = next_post(&mut stream, &mut input).await else { return };
        let number = {
            let mut posts = posts.lock().unwrap();
            *posts += 1;
            *posts
        };
        let take = || {
            let post: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let id = post["event"]["id"].as_str().unwrap().to_owned();
            *taken.lock().unwrap().entry(id).or_default() += 1;
        };
        let status = match answer {
            _ if !trouble.contains(&number) => {
                take();
                "200 OK"
            }
            Answer::Status(status) => status,
            Answer::Dies => {
                take();
                return;
            }
            Answer::Hangs => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                return;
            }
        };
        let said = format!("HTTP/1.1 {status}\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
        if stream.write_all(said.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The body of the next post, if there is one.
async fn next_post(stream: &mut TcpStream, input: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&input[..end]).to_lowercase();
            let length: usize = head.split_once("content-length: ")?.1.lines().next()?.parse().ok()?;
            if input.len() >= end + 4 + length {
                let body = input[end + 4..end + 4 + length].to_vec();
                input.drain(..end + 4 + length);
                return Some(body);
            }
        }
        let mut more = [0; 8192];
        match stream.read(&mut more).await {
            Ok(count @ 1..) => input.extend_from_slice(&more[..count]),
            Ok(0) | Err(_) => return None,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "the share of repeats is a result")]
async fn nothing_is_lost_in_posts() {
    let answers = [
        Answer::Status("503 Service Unavailable"),
        Answer::Status("429 Too Many Requests"),
        Answer::Status("507 Insufficient Storage"),
        Answer::Dies,
        Answer::Hangs,
    ];
    let played: Vec<_> =
        answers.into_iter().map(|answer| (answer, tokio::spawn(posts_arrive_despite(answer)))).collect();
    for (answer, played) in played {
        println!("post {answer:?}: {TOTAL} of {TOTAL} alerts, {} repeats", played.await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_destination_delays_no_other() {
    let dir = tempfile::tempdir().unwrap();
    // It takes connections and reads nothing.
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = tempfile::tempdir().unwrap();
    let waiting = work(destination(Carrier::Tcp, dead.local_addr().unwrap(), nowhere.path()), nowhere.path());
    let mut rsyslog = Rsyslog::new(dir.path(), Carrier::Tcp);
    rsyslog.start("right");
    until("rsyslog listens", || std::net::TcpStream::connect(("127.0.0.1", rsyslog.port)).is_ok()).await;
    let begun = Instant::now();
    let address = SocketAddr::from(([127, 0, 0, 1], rsyslog.port));
    let other = work(destination(Carrier::Tcp, address, dir.path()), dir.path());
    until("the living one has all", || received(dir.path()).len() == TOTAL).await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    for work in [waiting, other] {
        work.stop.fire();
        work.running.await.unwrap();
    }
}
