//! Splunk's acknowledgement of the indexer: an answer to a POST only says that it was taken in.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::line::invalid;
use super::{Answer, Poster};
use crate::forward::transport::Fate;

/// How often it is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// After this the alerts are sent again: Splunk's own advice.
const LIMIT: Duration = Duration::from_secs(300);

impl Poster {
    /// Waits until what was posted is indexed.
    pub(super) async fn acknowledged(&mut self, posted: &Answer) -> io::Result<Fate> {
        let Some(ticket) = posted.json().and_then(|body| body.get("ackId").and_then(Value::as_u64)) else {
            let reason = "the receiver gives no ackId: its token has no indexer acknowledgement".to_owned();
            return Ok(Fate::Later { reason, after: Duration::ZERO });
        };
        let began = Instant::now();
        loop {
            let answer = self.ask(ticket).await?;
            // It is told once only: whoever asks again is told false.
            let told = answer.json().and_then(|body| body.pointer(&format!("/acks/{ticket}"))?.as_bool());
            match told {
                Some(true) => return Ok(Fate::Settled),
                Some(false) if began.elapsed() < LIMIT => sleep(PERIOD).await,
                Some(false) => {
                    let reason = format!("the receiver did not index for {} s", LIMIT.as_secs());
                    return Ok(Fate::Later { reason, after: Duration::ZERO });
                }
                None => return Ok(Fate::Later { reason: answer.reason(), after: answer.after() }),
            }
        }
    }

    async fn ask(&mut self, ticket: u64) -> io::Result<Answer> {
        let body = json!({ "acks": [ticket] }).to_string();
        let request = self
            .to(&format!("/services/collector/ack?channel={}", self.channel))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| invalid(e.to_string()))?;
        self.exchange(request).await
    }
}
