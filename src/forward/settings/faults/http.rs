//! What can be wrong with what is posted.

use super::{Found, authority, is_near};
use crate::forward::settings::{Api, Destination, Format};

impl Destination {
    pub(super) fn post_faults(&self) -> Found {
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
        let near = host.is_some_and(|host| is_near(host.as_str()));
        if self.token_file.is_some() && !self.transport.is_proven() && !near {
            found.push(("token_file", "a token travels over https, or stays on this machine"));
        }
        found
            .extend(self.headless("http and https have no header, encoding or bom: what is posted is UTF-8"));
        found.extend(self.format_fault());
        found.extend(self.api_faults());
        found
    }

    /// Of what an interface takes.
    fn format_fault(&self) -> Option<(&'static str, &'static str)> {
        let (fits, expected) = match self.api {
            Api::Json => (
                matches!(self.format, Format::Ecs | Format::Ocsf | Format::Flat),
                "json takes ecs, ocsf or flat; cef and leef are made for syslog",
            ),
            Api::Elastic => (self.format == Format::Ecs, "elastic takes ecs"),
            Api::Splunk => (
                matches!(self.format, Format::Ecs | Format::Cef | Format::Leef | Format::Ocsf | Format::Flat),
                "splunk takes ecs, cef, leef, ocsf or flat",
            ),
            Api::Wecom | Api::Dingtalk | Api::Feishu => {
                (self.format == Format::Brief, "a chat robot takes brief")
            }
            Api::Taxii => (self.format == Format::Stix, "taxii takes stix"),
            Api::Misp => (self.format == Format::Misp, "misp takes misp"),
        };
        (!fits).then_some(("format", expected))
    }

    /// Of what an interface needs.
    fn api_faults(&self) -> Found {
        let mut found = Found::new();
        let path_ends = |end: &str| {
            let path = self.url.as_deref().map(|url| url.split('?').next().unwrap_or(url));
            path.is_some_and(|path| path.ends_with(end))
        };
        if self.api == Api::Splunk && self.token_file.is_none() {
            found.push(("api", "splunk needs token_file = \"FILE\""));
        }
        if self.api == Api::Misp && self.token_file.is_none() {
            found.push(("api", "misp needs token_file = \"FILE\" with an authentication key"));
        }
        if self.api == Api::Taxii && !path_ends("/objects/") {
            found.push(("url", "expected the objects of a collection: …/collections/ID/objects/"));
        }
        if self.api == Api::Misp && !path_ends("/events/add") {
            found.push(("url", "expected https://HOST/events/add"));
        }
        if self.api.shares() && self.health {
            found.push(("health", "taxii and misp are told of intruders only"));
        }
        if self.api == Api::Wecom && self.secret_file.is_some() {
            found.push(("secret_file", "wecom signs nothing: its key is in the url"));
        }
        let signs_nothing = matches!(self.api, Api::Splunk | Api::Elastic) || self.api.shares();
        if signs_nothing && self.secret_file.is_some() {
            found.push(("secret_file", "splunk, elastic, taxii and misp know tokens, no signatures"));
        }
        if self.index.is_some() && !matches!(self.api, Api::Splunk | Api::Elastic) {
            found.push(("index", "only splunk and elastic have one"));
        }
        if self.acknowledge && self.api != Api::Splunk {
            found.push(("acknowledge", "only splunk confirms what it was sent"));
        }
        if self.console.is_some() && !self.api.is_robot() {
            found.push(("console", "only chat robots and mail are given a link"));
        }
        found
    }
}
