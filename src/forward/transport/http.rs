//! Alerts by HTTP/1.1 (RFC 9112): one POST each, settled by the receiver's own answer.

use std::fs;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tokio::net::TcpStream;

use super::{Duplex, Fate, tls};
use crate::event::Tainted;
use crate::forward::{Destination, Transport};

/// Most that is read of an answer: only its first words are shown, and the rest must be read to
/// use the connection again.
const ANSWER: usize = 64 << 10;

/// Most of an answer's text in a reason.
const WORDS: usize = 200;

/// Says who posts.
const AGENT: &str = concat!("honeyward/", env!("CARGO_PKG_VERSION"));

/// A receiver that is posted to, over one connection as long as it keeps it.
pub(in crate::forward) struct Poster {
    destination: Destination,
    target: Uri,
    token: Option<HeaderValue>,
    line: SendRequest<Full<Bytes>>,
    used: bool,
}

impl Poster {
    /// Connects. The token is read each time, so that a new one needs no restart.
    pub(super) async fn open(destination: &Destination) -> io::Result<Self> {
        let url = destination.url.as_deref().unwrap_or_default();
        let target: Uri = url.parse().map_err(|e| invalid(format!("{url}: {e}")))?;
        let token = token(destination)?;
        let line = dial(destination, &target).await?;
        Ok(Poster { destination: destination.clone(), target, token, line, used: false })
    }

    /// Posts one alert. `key` is the same whenever the same revision is posted again.
    pub(super) async fn post(&mut self, key: &str, body: &[u8]) -> io::Result<Fate> {
        let body = Bytes::copy_from_slice(body);
        let first = self.exchange(key, body.clone()).await;
        let answer = match first {
            // A receiver may close an idle connection at any time: that is no trouble yet.
            Err(_) if self.used => {
                self.line = dial(&self.destination, &self.target).await?;
                self.exchange(key, body).await?
            }
            other => other?,
        };
        self.used = true;
        Ok(answer)
    }

    async fn exchange(&mut self, key: &str, body: Bytes) -> io::Result<Fate> {
        self.line.ready().await.map_err(broken)?;
        let request = self.request(key, body)?;
        let answer = self.line.send_request(request).await.map_err(broken)?;
        Ok(fate(answer).await)
    }

    fn request(&self, key: &str, body: Bytes) -> io::Result<Request<Full<Bytes>>> {
        let path = self.target.path_and_query().map_or("/", |p| p.as_str());
        let host = self.target.authority().map_or("", |a| a.as_str());
        let mut request = Request::post(path)
            .header(HOST, host)
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", key);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        request.body(Full::new(body)).map_err(|e| invalid(e.to_string()))
    }
}

async fn dial(destination: &Destination, target: &Uri) -> io::Result<SendRequest<Full<Bytes>>> {
    let host = target.host().unwrap_or_default().trim_matches(['[', ']']);
    let secure = destination.transport == Transport::Https;
    let port = target.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    let stream: Box<dyn Duplex> = match secure {
        true => Box::new(tls::handshake(destination, host, stream).await?),
        false => Box::new(stream),
    };
    let (line, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // It ends with the line that uses it, and what breaks it breaks the request in hand.
    tokio::spawn(connection);
    Ok(line)
}

fn token(destination: &Destination) -> io::Result<Option<HeaderValue>> {
    let Some(file) = &destination.token_file else { return Ok(None) };
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|e| io::Error::new(e.kind(), format!("{shown}: {e}")))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(invalid(format!("{shown}: expected one token of printable ASCII")));
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|e| invalid(e.to_string()))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// What an answer means for the alert. Redirects are not followed: alerts go where the owner said.
async fn fate(answer: Response<Incoming>) -> Fate {
    let status = answer.status();
    let after = answer.headers().get(RETRY_AFTER).and_then(|v| retry_after(v.to_str().ok()?));
    let after = after.unwrap_or_default();
    let text = Limited::new(answer.into_body(), ANSWER).collect().await;
    let text = text.map(|t| t.to_bytes()).unwrap_or_default();
    if status.is_success() {
        return Fate::Settled;
    }
    let reason = reason(status, &text);
    if blames_alert(status) { Fate::Refused(reason) } else { Fate::Later { reason, after } }
}

/// Whether a status speaks of what was posted. Those that speak of who posts, where or when would
/// refuse every alert alike, so nothing may be set aside for them.
fn blames_alert(status: StatusCode) -> bool {
    const OF_THE_DESTINATION: [u16; 9] = [401, 403, 404, 405, 407, 408, 421, 425, 429];
    status.is_client_error() && !OF_THE_DESTINATION.contains(&status.as_u16())
}

fn reason(status: StatusCode, text: &[u8]) -> String {
    let words: String = Tainted::from_bytes(text).for_terminal().chars().take(WORDS).collect();
    let gap = if words.is_empty() { "" } else { ": " };
    format!("the receiver answered {status}{gap}{words}")
}

/// RFC 9110 10.2.3: seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(at.duration_since(Timestamp::now())).ok()
}

// The parameter is what map_err hands over.
#[allow(clippy::needless_pass_by_value)]
fn broken(error: hyper::Error) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, error.to_string())
}

fn invalid(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_token_or_path_sets_no_alert_aside() {
        let blamed = |code| blames_alert(StatusCode::from_u16(code).unwrap());
        assert!([400, 409, 413, 415, 422].into_iter().all(blamed));
        assert!(![301, 401, 403, 404, 429, 500, 503].into_iter().any(blamed));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert!(retry_after("Tue, 31 Dec 2199 23:59:59 GMT").unwrap() > Duration::from_secs(1 << 30));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), None);
        assert_eq!(retry_after("soon"), None);
    }

    #[test]
    fn a_receivers_text_is_cut_and_shown_harmless() {
        let text = [b"\x1b[2Jno ".as_slice(), &[b'x'; 1000]].concat();
        let reason = reason(StatusCode::BAD_REQUEST, &text);
        assert!(reason.starts_with("the receiver answered 400 Bad Request: \\u{1b}[2Jno x"), "{reason}");
        assert!(reason.len() < 300);
    }
}
