//! What a receiver's answer means for what was posted.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::RETRY_AFTER;
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use crate::event::Tainted;
use crate::forward::Api;
use crate::forward::transport::Fate;

/// Most that is read of an answer: a bulk answer has some 300 bytes for each of 128 alerts.
const ANSWER: usize = 256 << 10;

/// Most of an answer's text in a reason.
const WORDS: usize = 200;

/// A robot that was told too much is left alone this long.
const ROBOT_PAUSE: Duration = Duration::from_secs(60);

/// An answer, read whole.
pub(super) struct Answer {
    status: StatusCode,
    after: Duration,
    body: Bytes,
}

impl Answer {
    /// Reads it. Redirects are not followed: alerts go where the owner said.
    pub(super) async fn read(answer: Response<Incoming>) -> Self {
        let status = answer.status();
        let after = answer.headers().get(RETRY_AFTER).and_then(|v| retry_after(v.to_str().ok()?));
        let body = Limited::new(answer.into_body(), ANSWER).collect().await;
        let body = body.map(|whole| whole.to_bytes()).unwrap_or_default();
        Answer { status, after: after.unwrap_or_default(), body }
    }

    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// How long the receiver asked to be left alone.
    pub(super) fn after(&self) -> Duration {
        self.after
    }

    /// Its body, where that is JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What became of each of `count` alerts.
    pub(super) fn fates(&self, api: Api, count: usize) -> Vec<Fate> {
        match api {
            Api::Elastic if self.is_success() => self.of_items(count),
            Api::Json | Api::Elastic => vec![self.by_status(); count],
            Api::Taxii => vec![self.of_taxii(); count],
            Api::Misp => vec![self.of_misp(); count],
            Api::Splunk => vec![self.of_splunk(); count],
            Api::Wecom => vec![self.of_robot("errcode", &[45009]); count],
            Api::Dingtalk => vec![self.of_robot("errcode", &[130_101, 660_026]); count],
            Api::Feishu => vec![self.of_robot("code", &[9499, 11232]); count],
        }
    }

    fn by_status(&self) -> Fate {
        if self.is_success() {
            Fate::Settled
        } else if blames_alert(self.status) {
            Fate::Refused(self.reason())
        } else {
            self.later()
        }
    }

    /// TAXII 2.1, 4.1: the status names the objects that are not taken.
    fn of_taxii(&self) -> Fate {
        let failed = self.json().and_then(|status| status.get("failure_count").and_then(Value::as_u64));
        match failed {
            Some(count) if self.is_success() && count > 0 => Fate::Refused(self.reason()),
            Some(_) | None => self.by_status(),
        }
    }

    /// A key that may not do this, and an address where no MISP is, say so of everything.
    fn of_misp(&self) -> Fate {
        if self.is_success() && self.json().is_none_or(|body| body.get("Event").is_none()) {
            return self.later();
        }
        self.by_status()
    }

    /// The collector's own codes: 5, 6, 12, 13 and 15 speak of the events, the others of token, index
    /// or load.
    fn of_splunk(&self) -> Fate {
        const OF_THE_EVENT: [u64; 5] = [5, 6, 12, 13, 15];
        match self.json().and_then(|body| body.get("code").and_then(Value::as_u64)) {
            Some(0) if self.is_success() => Fate::Settled,
            Some(code) if OF_THE_EVENT.contains(&code) => Fate::Refused(self.reason()),
            Some(_) => self.later(),
            None => self.by_status(),
        }
    }

    /// Each item has a status of its own. A conflict says that it is there already.
    fn of_items(&self, count: usize) -> Vec<Fate> {
        let body = self.json();
        let items = body.as_ref().and_then(|body| body.get("items")?.as_array());
        let of_item = |at: usize| {
            let item = items?.get(at)?.as_object()?.values().next()?;
            let status = StatusCode::from_u16(u16::try_from(item.get("status")?.as_u64()?).ok()?).ok()?;
            if status.is_success() || status == StatusCode::CONFLICT {
                return Some(Fate::Settled);
            }
            let error = item.get("error").map(Value::to_string).unwrap_or_default();
            let reason = reason(status, error.as_bytes());
            Some(if blames_alert(status) {
                Fate::Refused(reason)
            } else {
                Fate::Later { reason, after: Duration::ZERO }
            })
        };
        (0..count).map(|at| of_item(at).unwrap_or_else(|| self.later())).collect()
    }

    /// A robot says 200 to everything; its own code is what counts. What it refuses is its setting
    /// (keyword, signature, address), never this alert.
    fn of_robot(&self, key: &str, too_much: &[i64]) -> Fate {
        let code = self.json().and_then(|body| body.get(key).and_then(Value::as_i64));
        match code {
            Some(0) if self.is_success() => Fate::Settled,
            Some(code) if too_much.contains(&code) => {
                Fate::Later { reason: self.reason(), after: self.after.max(ROBOT_PAUSE) }
            }
            Some(_) | None => self.later(),
        }
    }

    fn later(&self) -> Fate {
        Fate::Later { reason: self.reason(), after: self.after }
    }

    /// In words.
    pub(super) fn reason(&self) -> String {
        reason(self.status, &self.body)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let body = Bytes::copy_from_slice(body.as_bytes());
        Answer { status: StatusCode::from_u16(status).unwrap(), after: Duration::ZERO, body }
    }

    /// `s` settled, `r` refused, `l` later.
    fn shape(fates: &[Fate]) -> String {
        let letter = |fate: &Fate| match fate {
            Fate::Sent => '?',
            Fate::Settled => 's',
            Fate::Refused(_) => 'r',
            Fate::Later { .. } => 'l',
        };
        fates.iter().map(letter).collect()
    }

    fn one(api: Api, status: u16, body: &str) -> String {
        shape(&answer(status, body).fates(api, 1))
    }

    #[test]
    fn a_wrong_token_or_path_sets_no_alert_aside() {
        let refused = |code| one(Api::Json, code, "") == "r";
        assert!([400, 409, 413, 415, 422].into_iter().all(refused));
        assert!(![301, 401, 403, 404, 429, 500, 503].into_iter().any(refused));
    }

    #[test]
    fn a_bulk_answer_speaks_of_each_item() {
        let body = r#"{"took":3,"errors":true,"items":[{"create":{"status":201}},
            {"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},
            {"create":{"status":400,"error":{"type":"document_parsing_exception"}}},
            {"create":{"status":429,"error":{"type":"es_rejected_execution_exception"}}}]}"#;
        assert_eq!(shape(&answer(200, body).fates(Api::Elastic, 5)), "ssrll");
        assert_eq!(one(Api::Elastic, 413, ""), "r");
        assert_eq!(one(Api::Elastic, 200, "not json"), "l");
    }

    #[test]
    fn splunk_is_believed_by_its_code() {
        assert_eq!(one(Api::Splunk, 200, r#"{"text":"Success","code":0}"#), "s");
        assert_eq!(one(Api::Splunk, 400, r#"{"text":"No data","code":5}"#), "r");
        assert_eq!(one(Api::Splunk, 400, r#"{"text":"Incorrect index","code":7}"#), "l");
        assert_eq!(one(Api::Splunk, 403, r#"{"text":"Invalid token","code":4}"#), "l");
        assert_eq!(one(Api::Splunk, 503, r#"{"text":"Server is busy","code":9}"#), "l");
    }

    #[test]
    fn a_robots_200_is_no_success_by_itself() {
        assert_eq!(one(Api::Wecom, 200, r#"{"errcode":0,"errmsg":"ok"}"#), "s");
        assert_eq!(one(Api::Dingtalk, 200, r#"{"errcode":310000,"errmsg":"sign not match"}"#), "l");
        assert_eq!(one(Api::Feishu, 200, r#"{"code":0,"msg":"success"}"#), "s");
        let busy = answer(200, r#"{"code":11232,"msg":"frequency limited"}"#).fates(Api::Feishu, 1);
        assert!(matches!(busy[..], [Fate::Later { after: ROBOT_PAUSE, .. }]));
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
