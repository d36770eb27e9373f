//! What can be wrong with a destination.

use std::net::IpAddr;

use hyper::Uri;
use hyper::http::uri::Authority;
use jiff::tz::TimeZone;

use super::{Api, Destination, Encoding, Format, Header, Transport};

/// A key of the destination and what is wrong with it.
type Found = Vec<(&'static str, &'static str)>;

impl Destination {
    /// What is wrong with it, by key; empty when nothing is.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut found = self.own_faults();
        found.extend(if self.transport.posts() { self.post_faults() } else { self.syslog_faults() });
        found.into_iter().map(|(key, problem)| (key, format!("{}: {problem}", self.name))).collect()
    }

    /// Of what every destination has.
    fn own_faults(&self) -> Found {
        let mut found = Found::new();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || !self.name.chars().all(plain) {
            found.push(("name", "expected letters, digits, '-', '_' or '.'"));
        }
        if self.facility > 23 {
            found.push(("facility", "expected 0 to 23"));
        }
        if self.hostname.is_empty() || !self.hostname.chars().all(|c| c.is_ascii_graphic()) {
            found.push(("hostname", "expected printable ASCII without spaces"));
        }
        if TimeZone::get(&self.timezone).is_err() {
            found.push(("timezone", "expected a name such as \"Asia/Shanghai\""));
        }
        if self.transport.is_proven() && self.ca.is_none() {
            found.push(("transport", "it needs ca = \"FILE\": the authorities that may sign the receiver"));
        }
        if self.certificate.is_some() != self.key.is_some() {
            found.push(("certificate", "certificate and key go together"));
        }
        if self.proxy.is_some() && self.transport != Transport::Https {
            found.push(("proxy", "only https goes through a proxy"));
        }
        if self.proxy.as_deref().is_some_and(|proxy| authority(proxy, "http").is_none()) {
            found.push(("proxy", "expected http://HOST:PORT"));
        }
        found
    }

    fn syslog_faults(&self) -> Found {
        let mut found = Found::new();
        if self.address.rsplit_once(':').is_none_or(|(h, p)| h.is_empty() || p.parse::<u16>().is_err()) {
            found.push(("address", "expected HOST:PORT"));
        }
        if self.format == Format::Brief {
            found.push(("format", "brief is for chat robots"));
        }
        if self.bom && self.encoding == Encoding::Gb18030 {
            found.push(("bom", "a byte order mark of UTF-8 does not go with gb18030"));
        }
        let posted_only = [
            ("url", self.url.is_some()),
            ("api", self.api != Api::Json),
            ("token_file", self.token_file.is_some()),
            ("secret_file", self.secret_file.is_some()),
            ("index", self.index.is_some()),
            ("acknowledge", self.acknowledge),
            ("console", self.console.is_some()),
        ];
        let given = posted_only.into_iter().filter(|(_, given)| *given);
        found.extend(given.map(|(key, _)| (key, "only the transports http and https have one")));
        found
    }

    fn post_faults(&self) -> Found {
        let mut found = Found::new();
        let (scheme, expected) = if self.transport.is_proven() {
            ("https", "expected https://HOST[:PORT]/PATH")
        } else {
            ("http", "expected http://HOST[:PORT]/PATH")
        };
        let host = self.url.as_deref().and_then(|url| authority(url, scheme));
        if host.is_none() {
            found.push(("url", expected));
        }
        if !self.address.is_empty() {
            found.push(("address", "http and https have url = \"…\" in its place"));
        }
        let is_near = host.as_ref().is_some_and(is_loopback);
        if self.token_file.is_some() && !self.transport.is_proven() && !is_near {
            found.push(("token_file", "a token travels over https, or stays on this machine"));
        }
        if self.header != Header::Rfc5424 || self.encoding != Encoding::Utf8 || self.bom {
            found.push((
                "transport",
                "http and https have no header, encoding or bom: what is posted is UTF-8",
            ));
        }
        found.extend(self.api_faults());
        found
    }

    /// Of what an interface takes and needs.
    fn api_faults(&self) -> Found {
        let mut found = Found::new();
        let (fits, expected) = match self.api {
            Api::Json => (
                matches!(self.format, Format::Ecs | Format::Ocsf | Format::Flat),
                "json takes ecs, ocsf or flat; cef and leef are made for syslog",
            ),
            Api::Elastic => (self.format == Format::Ecs, "elastic takes ecs"),
            Api::Splunk => (self.format != Format::Brief, "splunk takes any but brief"),
            Api::Wecom | Api::Dingtalk | Api::Feishu => {
                (self.format == Format::Brief, "a chat robot takes brief")
            }
        };
        if !fits {
            found.push(("format", expected));
        }
        if self.api == Api::Splunk && self.token_file.is_none() {
            found.push(("api", "splunk needs token_file = \"FILE\""));
        }
        if self.api == Api::Wecom && self.secret_file.is_some() {
            found.push(("secret_file", "wecom signs nothing: its key is in the url"));
        }
        if matches!(self.api, Api::Splunk | Api::Elastic) && self.secret_file.is_some() {
            found.push(("secret_file", "splunk and elastic know tokens, no signatures"));
        }
        if self.index.is_some() && !matches!(self.api, Api::Splunk | Api::Elastic) {
            found.push(("index", "only splunk and elastic have one"));
        }
        if self.acknowledge && self.api != Api::Splunk {
            found.push(("acknowledge", "only splunk confirms what it was sent"));
        }
        if self.console.is_some() && !self.api.is_robot() {
            found.push(("console", "only chat robots are given a link"));
        }
        found
    }
}

/// Host and port of a URL of this scheme, without an account.
fn authority(url: &str, scheme: &str) -> Option<Authority> {
    let url: Uri = url.parse().ok()?;
    let authority = url.authority().filter(|authority| !authority.as_str().contains('@')).cloned();
    authority.filter(|_| url.scheme_str() == Some(scheme))
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
