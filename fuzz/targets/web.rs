//! What the archives' web faces read: heads, multipart bodies, files and query parameters.

use bytes::Bytes;
use honeyward::archive::{Level, Manner};
use honeyward::decoys::http::civetweb::CIVETWEB;
use honeyward::decoys::http::coyote::SPRING_BOOT;
use honeyward::decoys::http::dicomweb::{multipart as related, qido, store as stow};
use honeyward::decoys::http::engine::Reading;
use honeyward::decoys::http::iis::IIS;
use honeyward::decoys::http::jdk::JDK;
use honeyward::decoys::http::jetty::JETTY;
use honeyward::decoys::http::undertow::UNDERTOW;
use honeyward::decoys::http::winrm::sealed::Sealed;
use jiff::Timestamp;

/// Longest head that is read at every length.
const MAX_HEAD: usize = 1024;

/// The first byte chooses the server. What a server makes of a head does not depend on how much of
/// the stream is there already.
pub(super) fn head(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let products = [&CIVETWEB, &UNDERTOW, &IIS, &SPRING_BOOT, &JETTY, &JDK];
    let product = products[usize::from(*choice) % products.len()];
    let read = |input: &[u8]| match product.read_head(input, Timestamp::UNIX_EPOCH) {
        Reading::More => None,
        Reading::Head(head, taken) => {
            assert!(taken <= input.len());
            Some(format!("{:?} {:?} {taken}", head.method(), head.target()))
        }
        Reading::Refused(refused) => Some(refused.rule.to_owned()),
    };
    let whole = read(rest);
    let cut = &rest[..rest.len().min(MAX_HEAD)];
    let first = (0..cut.len()).find_map(|end| read(&cut[..end]));
    if let Some(first) = first {
        assert_eq!(Some(first), whole, "a decision stands");
    }
}

/// The first line is the content type.
pub(super) fn multipart(input: &[u8]) {
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    let (kind, body) = input.split_at(end);
    let _ = (related::parameter(kind, "type"), related::last_parameter(kind, "transfer-syntax"));
    let Some(boundary) = related::boundary(kind) else { return };
    let parts = related::parts(body, boundary);
    let size: usize = parts.iter().map(|part| part.head.len() + part.body.len()).sum();
    assert!(size <= body.len(), "no byte stands in two parts");
}

pub(super) fn store(input: &[u8]) {
    let file = Bytes::copy_from_slice(input);
    let Some(read) = stow::read(&file) else { return };
    assert!(read.start <= file.len() && read.head.len() <= stow::MAX_HEAD);
    for uid in [&read.ids.study, &read.ids.series, &read.ids.instance, &read.ids.class] {
        assert!((1..=64).contains(&uid.len()));
    }
}

/// A query string, asked at every level.
pub(super) fn query(input: &[u8]) {
    let parameters = qido::Parameters::read(input);
    assert!(parameters.0.len() <= qido::MAX_PARAMETERS);
    let _ = (parameters.get("limit"), parameters.list("includefield").count());
    for level in Level::ALL {
        let keys = parameters.keys().into_iter().map(|(tag, value)| (tag, value.to_owned()));
        let query = qido::query(level, keys, |_| Manner::default());
        let _ = query.unbounded();
    }
}

/// An encrypted body of WS-Management is written again as it was read.
pub(super) fn winrm(input: &[u8]) {
    if let Some(sealed) = Sealed::parse(input) {
        let written = sealed.write("application/HTTP-SPNEGO-session-encrypted");
        assert_eq!(Sealed::parse(&written), Some(sealed));
    }
}
