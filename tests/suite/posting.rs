//! Alerts by HTTP against a receiver that accepts, is busy, refuses, or wants to know who we are.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use honeyward::event::SystemEvent;
use honeyward::forward::{Courier, Destination, send_tests};
use honeyward::runtime::{Trigger, shutdown};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::delivery::{Store, alerts};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n";
const BAD: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nno mapper";

/// One POST as it came.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) head: String,
    pub(crate) text: String,
    /// Null where it is not one JSON value.
    pub(crate) body: Value,
    at: Instant,
}

impl Post {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

async fn read_post(stream: &mut (impl AsyncRead + Unpin)) -> Option<Post> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes).unwrap();
    let mut post = Post { head, text: String::new(), body: Value::Null, at: Instant::now() };
    let length = post.header("Content-Length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    post.text = String::from_utf8(body).unwrap();
    post.body = serde_json::from_str(&post.text).unwrap_or_default();
    Some(post)
}

/// A whole answer with a JSON body.
pub(crate) fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Gives each POST its answer.
type Mind = Box<dyn FnMut(&Post) -> String + Send>;

/// Answers what its mind says; keeps what came.
#[derive(Clone)]
pub(crate) struct Receiver {
    posts: Arc<Mutex<Vec<Post>>>,
    mind: Arc<Mutex<Mind>>,
}

impl Default for Receiver {
    /// Takes everything.
    fn default() -> Self {
        Receiver::with(&[])
    }
}

impl Receiver {
    /// Answers with the script, then with 200.
    fn with(script: &'static [&'static str]) -> Self {
        let mut script = script.iter().copied();
        Receiver::minded(move |_| script.next().unwrap_or(OK).to_owned())
    }

    pub(crate) fn minded(mind: impl FnMut(&Post) -> String + Send + 'static) -> Self {
        Receiver { posts: Arc::default(), mind: Arc::new(Mutex::new(Box::new(mind))) }
    }

    async fn answer(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        while let Some(post) = read_post(&mut stream).await {
            let answer = (self.mind.lock().unwrap())(&post);
            self.posts.lock().unwrap().push(post);
            if stream.write_all(answer.as_bytes()).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    }

    pub(crate) async fn serve(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                receiver.answer(stream).await;
            }
        });
        port
    }

    pub(crate) async fn posts(&self, count: usize) -> Vec<Post> {
        let begun = Instant::now();
        loop {
            let posts = self.posts.lock().unwrap().clone();
            if posts.len() >= count {
                return posts;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{} of {count} posts came", posts.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn destination(port: u16, more: &str) -> Destination {
    let text = format!(
        "name = \"siem\"\nurl = \"http://127.0.0.1:{port}/in?x=1\"\nformat = \"ecs\"\ntransport = \"http\"\n{more}"
    );
    let destination: Destination = toml::from_str(&text).unwrap();
    assert!(destination.faults().is_empty(), "{:?}", destination.faults());
    destination
}

/// A courier at work, with what it told.
pub(crate) struct Work {
    told: Arc<Mutex<Vec<String>>>,
    running: JoinHandle<()>,
    stop: Trigger,
    _news: watch::Sender<u64>,
}

pub(crate) fn work(destination: Destination, count: usize, folder: &Path) -> Work {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let ledger = Arc::clone(&told);
    let tell = move |event| {
        if let SystemEvent::Destination { state, reason, .. } = event {
            ledger.lock().unwrap().push(format!("{state} {reason}"));
        }
    };
    let store = Arc::new(Store(Mutex::new(alerts(count))));
    let courier = Courier::new(destination, store, folder, Box::new(tell)).unwrap();
    let (news, heard) = watch::channel(0);
    let (stop, ear) = shutdown();
    Work { told, running: tokio::spawn(courier.run(heard, ear)), stop, _news: news }
}

impl Work {
    pub(crate) async fn end(self) -> Vec<String> {
        self.stop.fire();
        self.running.await.unwrap();
        self.told.lock().unwrap().clone()
    }
}

pub(crate) async fn settled(folder: &Path, sequence: u64) {
    let begun = Instant::now();
    while fs::read_to_string(folder.join("siem.cursor")).unwrap_or_default() != sequence.to_string() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the cursor never came to {sequence}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_accepted_alert_is_settled_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    fs::write(&token, "s3cret\n").unwrap();
    let receiver = Receiver::default();
    let port = receiver.serve().await;
    let to = destination(port, &format!("token_file = \"{}\"\n", token.display()));
    let work = work(to, 3, dir.path());
    let posts = receiver.posts(3).await;
    settled(dir.path(), 3).await;
    assert_eq!(work.end().await, ["up "]);
    let ids: Vec<_> = posts.iter().map(|p| p.body["event"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["alert-00000", "alert-00001", "alert-00002"]);
    assert!(posts[0].head.starts_with("POST /in?x=1 HTTP/1.1\r\n"), "{}", posts[0].head);
    assert_eq!(posts[0].header("Host"), Some(format!("127.0.0.1:{port}").as_str()));
    assert_eq!(posts[0].header("Content-Type"), Some("application/json"));
    assert_eq!(posts[0].header("Idempotency-Key"), Some("alert-00000:2"));
    assert_eq!(posts[0].header("Authorization"), Some("Bearer s3cret"));
}

#[tokio::test]
async fn a_busy_receiver_is_left_alone_as_long_as_it_asks() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::with(&[OK, BUSY]);
    let work = work(destination(receiver.serve().await, ""), 2, dir.path());
    let posts = receiver.posts(3).await;
    settled(dir.path(), 2).await;
    let told = work.end().await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("down the receiver answered 503"), "{told:?}");
    assert_eq!(told[1], "up ");
    let keys: Vec<_> = posts.iter().map(|p| p.header("Idempotency-Key").unwrap()).collect();
    assert_eq!(keys, ["alert-00000:2", "alert-00001:2", "alert-00001:2"]);
    assert!(posts[2].at - posts[1].at >= Duration::from_secs(2));
}

#[tokio::test]
async fn an_alert_that_is_refused_thrice_is_set_aside_and_the_next_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::with(&[BAD, BAD, BAD]);
    let work = work(destination(receiver.serve().await, ""), 2, dir.path());
    let posts = receiver.posts(4).await;
    settled(dir.path(), 2).await;
    let told = work.end().await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("poison the receiver answered 400 Bad Request: no mapper;"), "{told:?}");
    assert_eq!(told[1], "up ");
    let kept = fs::read(dir.path().join("siem.poison/alert-00000-2")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), posts[0].body);
    assert_eq!(posts[3].body["event"]["id"], "alert-00001");
}

#[tokio::test]
async fn a_connection_that_ends_between_alerts_is_no_trouble() {
    const LAST: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::with(&[LAST, LAST]);
    let work = work(destination(receiver.serve().await, ""), 3, dir.path());
    receiver.posts(3).await;
    settled(dir.path(), 3).await;
    assert_eq!(work.end().await, ["up "]);
}

#[tokio::test]
async fn over_tls_both_sides_prove_who_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path();
    crate::siem::make_certificates(here);
    let (port, posts) = over_tls(here).await;
    let plain = format!(
        "name = \"siem\"\nurl = \"https://127.0.0.1:{port}/\"\nformat = \"ecs\"\ntransport = \"https\"\n\
         server_name = \"siem.test\"\nca = \"{}\"\n",
        here.join("ca.pem").display()
    );
    let ours = format!(
        "{plain}certificate = \"{}\"\nkey = \"{}\"\n",
        here.join("client.pem").display(),
        here.join("client.key").display()
    );
    let stranger: Destination = toml::from_str(&plain).unwrap();
    send_tests(&stranger, &alerts(1)).await.unwrap_err();
    assert!(posts.lock().unwrap().is_empty());
    let known: Destination = toml::from_str(&ours).unwrap();
    assert!(known.faults().is_empty(), "{:?}", known.faults());
    send_tests(&known, &alerts(1)).await.unwrap();
    assert_eq!(posts.lock().unwrap()[0].body["event"]["id"], "alert-00000");
}

/// A receiver over TLS with the certificates of a folder; what came.
pub(crate) async fn over_tls(here: &Path) -> (u16, Arc<Mutex<Vec<Post>>>) {
    let acceptor = acceptor(here);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let receiver = Receiver::default();
    let posts = Arc::clone(&receiver.posts);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                receiver.answer(stream).await;
            }
        }
    });
    (port, posts)
}

/// TLS that asks for a certificate of the test's own authority.
fn acceptor(here: &Path) -> TlsAcceptor {
    use rustls::server::WebPkiClientVerifier;
    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer};
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(here.join("ca.pem")).unwrap()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(here.join("server.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(here.join("server.key")).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[test]
fn what_does_not_fit_together_is_said() {
    let faults = |text: &str| {
        let destination: Destination = toml::from_str(&format!("name = \"a\"\n{text}")).unwrap();
        destination.faults().into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    let http = "format = \"ecs\"\ntransport = \"http\"\n";
    assert_eq!(faults(http), ["url"]);
    assert_eq!(faults(&format!("{http}url = \"http://x/\"\naddress = \"x:1\"\n")), ["address"]);
    assert_eq!(faults(&format!("{http}url = \"https://x/\"\n")), ["url"]);
    assert_eq!(faults(&format!("{http}url = \"http://me:pass@x/\"\n")), ["url"]);
    assert_eq!(faults(&format!("{http}url = \"http://x/\"\ntoken_file = \"t\"\n")), ["token_file"]);
    assert_eq!(faults(&format!("{http}url = \"http://[::1]:9/\"\ntoken_file = \"t\"\n")), [""; 0]);
    let https = "transport = \"https\"\nurl = \"https://x/\"\n";
    assert_eq!(faults(&format!("{https}format = \"ecs\"\n")), ["transport"]);
    assert_eq!(faults(&format!("{https}ca = \"c\"\nformat = \"cef\"\n")), ["format"]);
    let tcp = "format = \"cef\"\ntransport = \"tcp\"\naddress = \"x:1\"\n";
    assert_eq!(faults(&format!("{https}ca = \"c\"\nformat = \"ecs\"\napi = \"splunk\"\n")), ["api"]);
    assert_eq!(faults(&format!("{https}ca = \"c\"\nformat = \"ecs\"\napi = \"wecom\"\n")), ["format"]);
    assert_eq!(
        faults(&format!("{https}ca = \"c\"\nformat = \"ecs\"\nacknowledge = true\n")),
        ["acknowledge"]
    );
    assert_eq!(faults(&format!("{https}ca = \"c\"\nformat = \"ecs\"\nproxy = \"x\"\n")), ["proxy"]);
    let relp = "format = \"leef\"\ntransport = \"relp\"\naddress = \"x:1\"\n";
    assert_eq!(faults(&format!("{relp}header = \"rfc3164\"\nencoding = \"gb18030\"\n")), [""; 0]);
    assert_eq!(faults(&format!("{relp}timezone = \"Mars/Base\"\nbom = true\n")), ["timezone"]);
    assert_eq!(faults("format = \"brief\"\ntransport = \"udp\"\naddress = \"x:1\"\n"), ["format"]);
    assert_eq!(faults(&format!("{tcp}url = \"http://x/\"\ntoken_file = \"t\"\n")), ["url", "token_file"]);
}
