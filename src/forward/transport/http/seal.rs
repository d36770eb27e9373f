//! Signatures of what is posted: each interface has its own.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use super::line::invalid;
use crate::forward::Api;

/// What is posted, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub body: Vec<u8>,
    /// What the path's query gets at its end.
    pub query: String,
    /// Our own signature, in a header.
    pub signature: Option<String>,
}

/// Signs a body with the destination's secret, if it has one.
pub(super) fn seal(api: Api, body: &[u8], secret: Option<&str>, now: Timestamp) -> io::Result<Sealed> {
    let plain = Sealed { body: body.to_vec(), query: String::new(), signature: None };
    let Some(secret) = secret else { return Ok(plain) };
    match api {
        Api::Json => {
            let at = now.as_second();
            let text = [at.to_string().as_bytes(), b".", body].concat();
            let signature = format!("t={at},v1={}", hex::encode(sign(secret, &text)?));
            Ok(Sealed { signature: Some(signature), ..plain })
        }
        Api::Dingtalk => {
            let at = now.as_millisecond();
            let sign = STANDARD.encode(sign(secret, format!("{at}\n{secret}").as_bytes())?);
            Ok(Sealed { query: format!("&timestamp={at}&sign={}", in_query(&sign)), ..plain })
        }
        Api::Feishu => Ok(Sealed { body: feishu(body, secret, now)?, ..plain }),
        Api::Splunk | Api::Elastic | Api::Wecom | Api::Taxii | Api::Misp => Ok(plain),
    }
}

/// Feishu has the key and the message the other way round: the key signs nothing.
fn feishu(body: &[u8], secret: &str, now: Timestamp) -> io::Result<Vec<u8>> {
    let at = now.as_second();
    let sign = STANDARD.encode(sign(&format!("{at}\n{secret}"), b"")?);
    let mut object: Value = serde_json::from_slice(body)?;
    if let Some(object) = object.as_object_mut() {
        object.insert("timestamp".into(), json!(at.to_string()));
        object.insert("sign".into(), json!(sign));
    }
    Ok(object.to_string().into_bytes())
}

fn sign(key: &str, text: &[u8]) -> io::Result<Vec<u8>> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|error| invalid(error.to_string()))?;
    mac.update(text);
    Ok(mac.finalize().into_bytes().to_vec())
}

/// Base64 in a query.
fn in_query(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_123).unwrap()
    }

    // The expected values were computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn each_interface_has_its_own_signature() {
        let json = seal(Api::Json, b"{}", Some("s3cret"), at()).unwrap();
        assert_eq!(json.signature.as_deref(), Some(JSON));
        let dingtalk = seal(Api::Dingtalk, b"{}", Some("s3cret"), at()).unwrap();
        assert_eq!((dingtalk.query.as_str(), dingtalk.body.as_slice()), (DINGTALK, b"{}".as_slice()));
        let feishu = seal(Api::Feishu, b"{\"a\":1}", Some("s3cret"), at()).unwrap();
        let feishu: Value = serde_json::from_slice(&feishu.body).unwrap();
        assert_eq!(feishu, json!({ "a": 1, "timestamp": "1700000000", "sign": FEISHU }));
        assert_eq!(seal(Api::Json, b"{}", None, at()).unwrap().signature, None);
    }

    const JSON: &str = "t=1700000000,v1=97926816e98fbb41ccb1673225ff29a2f35369099990e1b1561651e7bd097ebf";
    const DINGTALK: &str =
        "&timestamp=1700000000123&sign=Q%2FGu1K6gif%2F%2FXkCNhmmMXCz3dFOshDi118WieTgZpto%3D";
    const FEISHU: &str = "IX3eHI0/v/Td7jqJ0ynSEK3Dq5JY3HUZeoeMgVZeZGo=";
}
