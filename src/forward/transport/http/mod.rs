//! Alerts by HTTP/1.1 (RFC 9112): posted alone or several at once, settled by the receiver's own
//! answer.

mod acknowledgement;
mod answer;
mod ask;
mod line;
mod misp;
mod seal;

use std::io;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use self::answer::Answer;
pub use self::ask::{Asking, ask, fetch};
use self::line::{Way, broken, dial, invalid};
use self::seal::Sealed;
use super::{Duplex, Fate, WRITE, secret, tls, within};
use crate::forward::{Api, Destination};

/// Says who posts.
const AGENT: &str = concat!("honeyward/", env!("CARGO_PKG_VERSION"));

/// Alerts of one POST where the receiver takes several: an indexer's usual batch.
const BATCH: usize = 128;

/// Most bytes of one such POST, unless a single alert is longer: collectors refuse above a megabyte.
const BATCH_BYTES: usize = 768 << 10;

/// The media type of TAXII 2.1, section 1.6.8.
const TAXII: &str = "application/taxii+json;version=2.1";

/// An alert ready to be posted.
pub(in crate::forward) struct Parcel {
    /// The same whenever the same revision is posted again.
    pub key: String,
    /// In the envelope of the receiver's interface.
    pub body: Vec<u8>,
}

/// A receiver that is posted to, over one connection as long as it keeps it.
pub(in crate::forward) struct Poster {
    destination: Destination,
    target: Uri,
    token: Option<HeaderValue>,
    secret: Option<String>,
    /// Names this connection to Splunk, which keeps its acknowledgements by it.
    channel: String,
    line: SendRequest<Full<Bytes>>,
    used: bool,
    /// When a chat robot may be told again.
    next: Instant,
}

impl Poster {
    /// Connects. Token and secret are read each time, so that new ones need no restart.
    pub(super) async fn open(destination: &Destination) -> io::Result<Self> {
        let url = destination.url.as_deref().unwrap_or_default();
        let target: Uri = url.parse().map_err(|e| invalid(format!("{url}: {e}")))?;
        let token = destination.token_file.as_deref().map(|file| token(destination.api, file)).transpose()?;
        let secret = destination.secret_file.as_deref().map(secret).transpose()?;
        let channel = Uuid::now_v7().to_string();
        let line = dial(&Way::from(destination), &target).await?;
        let destination = destination.clone();
        Ok(Poster { destination, target, token, secret, channel, line, used: false, next: Instant::now() })
    }

    /// How many of these alerts one POST may carry, at least one.
    pub(super) fn batch(&self, parcels: &[Parcel]) -> usize {
        match self.destination.api {
            Api::Json | Api::Wecom | Api::Dingtalk | Api::Feishu | Api::Taxii | Api::Misp => 1,
            Api::Splunk | Api::Elastic => {
                let ends = parcels.iter().scan(0, |sum, parcel| {
                    *sum += parcel.body.len();
                    Some(*sum)
                });
                ends.take(BATCH).take_while(|end| *end <= BATCH_BYTES).count().max(1)
            }
        }
    }

    /// Posts alerts, as many as [`Self::batch`] allows; tells of each what became of it.
    pub(super) async fn post(&mut self, parcels: &[Parcel]) -> io::Result<Vec<Fate>> {
        self.wait_for_the_robot().await;
        let key = parcels.first().map_or("", |parcel| parcel.key.as_str());
        let body: Vec<u8> = parcels.iter().flat_map(|parcel| parcel.body.iter().copied()).collect();
        let sealed = seal::seal(self.destination.api, &body, self.secret.as_deref(), Timestamp::now())?;
        let answer = self.post_again_if_stale(None, key, sealed).await?;
        if self.destination.api == Api::Misp && misp::is_known(&answer) {
            return self.edit(parcels).await;
        }
        if self.destination.acknowledge && answer.is_success() {
            let fate = self.acknowledged(&answer).await?;
            return Ok(parcels.iter().map(|_| fate.clone()).collect());
        }
        Ok(answer.fates(self.destination.api, parcels.len()))
    }

    /// `path` is another one than the destination's own.
    async fn post_again_if_stale(
        &mut self,
        path: Option<&str>,
        key: &str,
        sealed: Sealed,
    ) -> io::Result<Answer> {
        let first = self.exchange(self.request(path, key, sealed.clone())?).await;
        let answer = match first {
            // A receiver may close an idle connection at any time: that is no trouble yet.
            Err(_) if self.used => {
                self.line =
                    within(dial(&Way::from(&self.destination), &self.target), WRITE, "gave no answer")
                        .await?;
                self.exchange(self.request(path, key, sealed)?).await?
            }
            other => other?,
        };
        self.used = true;
        Ok(answer)
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> io::Result<Answer> {
        let exchange = async {
            self.line.ready().await.map_err(broken)?;
            let answer = self.line.send_request(request).await.map_err(broken)?;
            Ok(Answer::read(answer).await)
        };
        within(exchange, WRITE, "gave no answer").await
    }

    fn request(&self, path: Option<&str>, key: &str, sealed: Sealed) -> io::Result<Request<Full<Bytes>>> {
        let own = || self.target.path_and_query().map_or("/", |p| p.as_str());
        let path = path.unwrap_or_else(own);
        let mut request = self.to(&format!("{path}{}", sealed.query)).header("Idempotency-Key", key);
        if let Some(signature) = sealed.signature {
            request = request.header("X-Honeyward-Signature", signature);
        }
        let kind = match self.destination.api {
            Api::Elastic => "application/x-ndjson",
            Api::Taxii => TAXII,
            Api::Json | Api::Splunk | Api::Wecom | Api::Dingtalk | Api::Feishu | Api::Misp => {
                "application/json"
            }
        };
        if self.destination.api.shares() {
            request = request.header(ACCEPT, kind);
        }
        request
            .header(CONTENT_TYPE, kind)
            .body(Full::new(sealed.body.into()))
            .map_err(|e| invalid(e.to_string()))
    }

    /// The head of a POST to a path of the receiver.
    fn to(&self, path: &str) -> hyper::http::request::Builder {
        let host = self.target.authority().map_or("", |a| a.as_str());
        let mut request = Request::post(path).header(HOST, host).header(USER_AGENT, AGENT);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        if self.destination.api == Api::Splunk {
            request = request.header("X-Splunk-Request-Channel", &self.channel);
        }
        request
    }

    /// Robots that are told too much fall silent for minutes.
    async fn wait_for_the_robot(&mut self) {
        let gap = match self.destination.api {
            Api::Json | Api::Splunk | Api::Elastic | Api::Taxii | Api::Misp => return,
            // 20 a minute.
            Api::Wecom | Api::Dingtalk => Duration::from_secs(3),
            // 100 a minute.
            Api::Feishu => Duration::from_millis(600),
        };
        sleep_until(self.next).await;
        self.next = Instant::now() + gap;
    }
}

/// The value of `Authorization`, in the scheme of the interface.
fn token(api: Api, file: &Path) -> io::Result<HeaderValue> {
    let token = secret(file)?;
    let text = match (api, token.contains(':')) {
        (Api::Splunk, _) => format!("Splunk {token}"),
        // An account and its password (RFC 7617).
        (Api::Elastic | Api::Taxii, true) => format!("Basic {}", STANDARD.encode(token)),
        (Api::Elastic, false) => format!("ApiKey {token}"),
        (Api::Misp, _) => token,
        (Api::Taxii, false) | (Api::Json | Api::Wecom | Api::Dingtalk | Api::Feishu, _) => {
            format!("Bearer {token}")
        }
    };
    let mut value = HeaderValue::from_str(&text).map_err(|e| invalid(e.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}
