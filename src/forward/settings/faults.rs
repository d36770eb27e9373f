//! What can be wrong with a destination.

mod http;

use hyper::Uri;
use hyper::http::uri::Authority;
use jiff::tz::TimeZone;

use super::{Api, Carriage, Destination, Encoding, Format, Header, Transport};

/// A key of the destination and what is wrong with it.
type Found = Vec<(&'static str, &'static str)>;

impl Destination {
    /// What is wrong with it, by key; empty when nothing is.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut found = self.own_faults();
        found.extend(self.misplaced());
        found.extend(match self.transport.carriage() {
            Carriage::Syslog => self.syslog_faults(),
            Carriage::Post => self.post_faults(),
            Carriage::Mail => self.mail_faults(),
            Carriage::Record => self.record_faults(),
        });
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
        if self.account.is_some() != self.password_file.is_some() {
            found.push(("account", "account and password_file go together"));
        }
        if self.proxy.is_some() && self.transport != Transport::Https {
            found.push(("proxy", "only https goes through a proxy"));
        }
        if self.proxy.as_deref().is_some_and(|proxy| authority(proxy, "http").is_none()) {
            found.push(("proxy", "expected http://HOST:PORT"));
        }
        found
    }

    /// Keys of other transports than its own.
    fn misplaced(&self) -> Found {
        let carriage = self.transport.carriage();
        let of_posts = carriage == Carriage::Post;
        let of_mail = carriage == Carriage::Mail;
        let of_records = carriage == Carriage::Record;
        const POSTED: &str = "only the transports http and https have one";
        const MAILED: &str = "only the transports smtp, smtp_starttls and smtp_tls have one";
        const LOGIN: &str = "only mail and kafka have one; what is posted has token_file";
        const KAFKA: &str = "only the transports kafka and kafka_tls have one";
        let misplaced = [
            ("url", self.url.is_some() && !of_posts, POSTED),
            ("api", self.api != Api::Json && !of_posts, POSTED),
            ("token_file", self.token_file.is_some() && !of_posts, POSTED),
            ("secret_file", self.secret_file.is_some() && !of_posts, POSTED),
            ("index", self.index.is_some() && !of_posts, POSTED),
            ("acknowledge", self.acknowledge && !of_posts, POSTED),
            ("console", self.console.is_some() && !of_posts && !of_mail, "only robots and mail have a link"),
            ("from", self.from.is_some() && !of_mail, MAILED),
            ("to", self.to.is_some() && !of_mail, MAILED),
            ("account", self.account.is_some() && !of_mail && !of_records, LOGIN),
            ("topic", self.topic.is_some() && !of_records, KAFKA),
        ];
        misplaced.into_iter().filter(|(_, is, _)| *is).map(|(key, _, problem)| (key, problem)).collect()
    }

    fn syslog_faults(&self) -> Found {
        let mut found = Found::new();
        if !is_place(&self.address) {
            found.push(("address", "expected HOST:PORT"));
        }
        found.extend(self.for_people_or_sharing());
        if self.bom && self.encoding == Encoding::Gb18030 {
            found.push(("bom", "a byte order mark of UTF-8 does not go with gb18030"));
        }
        found
    }

    fn mail_faults(&self) -> Found {
        let mut found = Found::new();
        if !is_place(&self.address) {
            found.push(("address", "expected HOST:PORT"));
        }
        if !matches!(self.format, Format::Brief | Format::Full) {
            found.push(("format", "mail takes brief or full"));
        }
        if !self.from.as_deref().is_some_and(is_mailbox) {
            found.push(("from", "expected from = \"NAME@HOST\""));
        }
        if self.recipients().next().is_none() || !self.recipients().all(is_mailbox) {
            found.push(("to", "expected to = \"NAME@HOST, NAME@HOST\""));
        }
        if self.account.is_some() && !self.transport.is_proven() && !is_near(&self.address) {
            found.push(("password_file", "a password travels over TLS, or stays on this machine"));
        }
        found.extend(self.headless("mail has no header, encoding or bom: it is UTF-8"));
        found
    }

    fn record_faults(&self) -> Found {
        let mut found = Found::new();
        if self.address.is_empty() || !self.brokers().all(is_place) {
            found.push(("address", "expected HOST:PORT, several with commas"));
        }
        found.extend(self.for_people_or_sharing());
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        // Kafka's own rule for topics.
        if !self.topic.as_deref().is_some_and(|t| (1..=249).contains(&t.len()) && t.chars().all(plain)) {
            found.push(("topic", "expected topic = \"NAME\": letters, digits, '-', '_' or '.'"));
        }
        if self.account.is_some() && !self.transport.is_proven() && !self.brokers().all(is_near) {
            found.push(("password_file", "a password travels over TLS, or stays on this machine"));
        }
        if self.server_name.is_some() {
            found.push(("server_name", "a broker's certificate has the name by which the cluster names it"));
        }
        found.extend(self.headless("kafka has no header, encoding or bom: a record is UTF-8"));
        found
    }

    /// Formats that only people or exchanges of indicators take.
    fn for_people_or_sharing(&self) -> Option<(&'static str, &'static str)> {
        match self.format {
            Format::Brief | Format::Full => {
                Some(("format", "brief and full are for people: robots and mail"))
            }
            Format::Stix | Format::Misp => {
                Some(("format", "stix is for api = \"taxii\", misp for api = \"misp\""))
            }
            Format::Ecs | Format::Cef | Format::Leef | Format::Ocsf | Format::Flat => None,
        }
    }

    fn headless(&self, problem: &'static str) -> Option<(&'static str, &'static str)> {
        let plain = self.header == Header::Rfc5424 && self.encoding == Encoding::Utf8 && !self.bom;
        (!plain).then_some(("transport", problem))
    }
}

/// Host and port of a URL of this scheme, without an account.
fn authority(url: &str, scheme: &str) -> Option<Authority> {
    let url: Uri = url.parse().ok()?;
    let authority = url.authority().filter(|authority| !authority.as_str().contains('@')).cloned();
    authority.filter(|_| url.scheme_str() == Some(scheme))
}

fn is_place(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// Whether `HOST:PORT` or a URL's authority is this machine itself.
fn is_near(address: &str) -> bool {
    let host = address.parse::<Authority>().map(|a| a.host().trim_matches(['[', ']']).to_owned());
    host.is_ok_and(|host| {
        host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    })
}

/// The plain form of RFC 5321 4.1.2: what could end a command or a header can't stand in it.
fn is_mailbox(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"".contains(c);
    text.len() <= 254
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@') && text.chars().all(plain)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<&'static str> {
        let to: Destination = toml::from_str(&format!("name = \"x\"\n{text}")).unwrap();
        to.faults().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn mail_needs_people_and_keeps_its_password() {
        let mail = "address = \"mail.example:25\"\nformat = \"brief\"\ntransport = \"smtp\"\n";
        assert_eq!(faults(mail), ["from", "to"]);
        let people = "from = \"hw@example\"\nto = \"a@example, b@example\"\n";
        assert_eq!(faults(&format!("{mail}{people}")), [""; 0]);
        assert_eq!(faults(&format!("{mail}{}", people.replace("b@", "b\\r\\nDATA@"))), ["to"]);
        let login = "account = \"hw\"\npassword_file = \"p\"\n";
        assert_eq!(faults(&format!("{mail}{people}{login}")), ["password_file"]);
        let safe = mail.replace("\"smtp\"", "\"smtp_starttls\"");
        assert_eq!(faults(&format!("{safe}{people}{login}ca = \"ca.pem\"\n")), [""; 0]);
        assert_eq!(faults(&format!("{}{people}", mail.replace("brief", "ecs"))), ["format"]);
    }

    #[test]
    fn a_topic_and_its_brokers_are_looked_at() {
        let kafka = "address = \"a:9092, b:9092\"\nformat = \"ecs\"\ntransport = \"kafka\"\n";
        assert_eq!(faults(kafka), ["topic"]);
        assert_eq!(faults(&format!("{kafka}topic = \"alerts\"\n")), [""; 0]);
        assert_eq!(
            faults(&format!("{}topic = \"a/b\"\n", kafka.replace("b:9092", "b"))),
            ["address", "topic"]
        );
    }

    #[test]
    fn an_exchange_has_its_format_and_path() {
        let taxii = "url = \"https://t.example/r/collections/1/objects/\"\ntransport = \"https\"\nca = \"x\"\n\
                     api = \"taxii\"\nformat = \"stix\"\n";
        assert_eq!(faults(taxii), [""; 0]);
        assert_eq!(faults(&taxii.replace("/objects/", "/")), ["url"]);
        assert_eq!(faults(&format!("{taxii}health = true\n")), ["health"]);
        let misp = "url = \"https://m.example/events/add\"\ntransport = \"https\"\nca = \"x\"\napi = \"misp\"\n\
                    format = \"misp\"\n";
        assert_eq!(faults(misp), ["api"]);
        assert_eq!(faults(&format!("{misp}token_file = \"k\"\n")), [""; 0]);
        assert_eq!(faults("address = \"a:1\"\nformat = \"stix\"\ntransport = \"tcp\"\n"), ["format"]);
    }
}
