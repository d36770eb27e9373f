//! Tomcat 8.5 as it stands by itself: the connector of `coyote`, the timeouts of its server file, and
//! error pages that name it.

use std::time::Duration;

use jiff::Timestamp;

use super::answer::http_date;
use super::coyote;
use super::engine::{BadBody, Form, Product, Reading, Refused, Reply};
use super::head::Head;
use super::tomcat::{self, TomcatError};

/// What its pages say that it is.
pub(crate) const VERSION: &str = "Apache Tomcat/8.5.57";
/// `connectionTimeout` of the server file that it comes with, which is its `keepAliveTimeout` too.
const SECONDS: u64 = 20;

/// The product.
pub static CATALINA: Product = Product {
    read,
    head,
    keeps: coyote::keeps,
    head_wait: Duration::from_secs(SECONDS),
    idle_wait: Duration::from_secs(SECONDS),
    body_wait: Duration::from_secs(SECONDS),
    chunks: true,
    continues: true,
    bad_body: |fault| match fault {
        BadBody::Chunk => page(TomcatError::BadRequest, None, false),
        BadBody::TooLarge => Reply::new(413).closing(),
    },
};

fn read(input: &[u8], now: Timestamp) -> Reading {
    coyote::read_with(input, now, refused)
}

fn refused(rule: &'static str, code: u16, now: Timestamp) -> Reading {
    let body = match code {
        400 => tomcat::report(TomcatError::BadRequest, None, VERSION, false).body,
        501 => tomcat::report(TomcatError::NotImplemented, None, VERSION, false).body,
        // The connector ends these before there is anything that writes pages.
        _ => bytes::Bytes::new(),
    };
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: text/html;charset=utf-8\r\nContent-Language: en\r\n"
    };
    let head = format!(
        "HTTP/1.1 {code} \r\n{kind}Content-Length: {}\r\nDate: {}\r\nConnection: close\r\n\r\n",
        body.len(),
        http_date(now)
    );
    Reading::Refused(Refused { rule, answer: [head.as_bytes(), &body].concat().into(), reset: false })
}

fn head(reply: &Reply, form: &Form<'_>) -> String {
    coyote::head_with(reply, form, SECONDS)
}

/// Its page for an error.
pub(crate) fn page(error: TomcatError, message: Option<&str>, chinese: bool) -> Reply {
    let answer = tomcat::report(error, message, VERSION, chinese);
    let language = if chinese { "zh-CN" } else { "en" };
    Reply::new(answer.status.code)
        .typed("text/html;charset=utf-8")
        .with("Content-Language", language)
        .with_body(answer.body)
}

/// Whether a client asks for Chinese first.
pub(crate) fn chinese(head: &Head) -> bool {
    head.header("Accept-Language").is_some_and(|v| v.get(..2).is_some_and(|l| l.eq_ignore_ascii_case(b"zh")))
}
