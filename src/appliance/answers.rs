//! `first-boot.toml`: what the appliance asks, as a file. Its `[appliance]` tables are read here; all other
//! tables are those of `honeynet.toml` and go there as they are. Lines keep their numbers in both, so a
//! fault has its line whoever finds it.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::persona::{Fault, Faults};

/// Shortest secret of the first administrator.
pub const SECRET_MIN: usize = 12;

/// A file that is longer was not written by hand.
pub const FILE_MAX: u64 = 1 << 20;

/// `[appliance]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Of the text screen.
    #[serde(default)]
    pub language: Language,
    /// How the appliance is named on the management network.
    #[serde(default = "default_name")]
    pub name: String,
    /// The management address.
    pub management: Management,
    /// Where the time comes from.
    #[serde(default)]
    pub time: Time,
    /// Who may set up the console.
    #[serde(default, skip_serializing)]
    pub administrator: Administrator,
    /// Where the decoys stand.
    #[serde(default)]
    pub decoys: Decoys,
}

/// Language of the text screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Chinese; a screen without its letters shows English.
    Zh,
    /// English.
    #[default]
    En,
}

/// `[appliance.management]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Management {
    /// Name or MAC address of the network card; `auto` takes the first.
    #[serde(default = "auto")]
    pub interface: String,
    /// The address with the length of its network's prefix.
    pub address: Network,
    /// Where what is not on this network goes.
    #[serde(default)]
    pub gateway: Option<Ipv4Addr>,
    /// Name servers.
    #[serde(default)]
    pub name_servers: Vec<Ipv4Addr>,
    /// Port of the console.
    #[serde(default = "console_port")]
    pub port: u16,
}

/// `[appliance.time]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Time servers (NTP); the machine's own clock without one.
    #[serde(default)]
    pub servers: Vec<String>,
}

/// `[appliance.administrator]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Administrator {
    /// The one-time secret for the console's first administrator; made and shown when left out.
    #[serde(default)]
    pub secret: Option<String>,
}

/// `[appliance.decoys]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoys {
    /// Name or MAC address of the network card; `auto` takes the first that is not management's. Segments
    /// know it as `decoys`.
    #[serde(default = "auto")]
    pub interface: String,
}

impl Default for Decoys {
    fn default() -> Self {
        Decoys { interface: auto() }
    }
}

fn auto() -> String {
    "auto".into()
}

fn default_name() -> String {
    "appliance".into()
}

fn console_port() -> u16 {
    8443
}

/// `A.B.C.D/N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The address.
    pub address: Ipv4Addr,
    /// Length of the prefix, 1 to 32.
    pub prefix: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?}: expected an address with its prefix, such as 10.20.0.5/24");
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let (address, prefix) = address.parse().ok().zip(prefix.parse().ok()).ok_or_else(wrong)?;
        if !(1..=32).contains(&prefix) {
            return Err(wrong());
        }
        Ok(Network { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The two halves of a `first-boot.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halves {
    /// What the appliance itself needs.
    pub answers: Answers,
    /// The text of `honeynet.toml`.
    pub honeynet: String,
}

#[derive(Deserialize)]
struct File {
    appliance: Answers,
}

/// Reads a `first-boot.toml`; `file` is its name for messages.
///
/// # Errors
/// Located faults of its `[appliance]` half.
pub fn read(file: &str, text: &str) -> Result<Halves, Faults> {
    let (own, honeynet) = halves(text);
    let File { appliance: answers } = toml::from_str(&own).map_err(|e| Fault::of_toml(file, &own, &e))?;
    let faults: Vec<Fault> = answers
        .faults()
        .into_iter()
        .map(|(key, problem)| Fault::at(file, &own, place(&own, key), format!("{key}: {problem}")))
        .collect();
    if faults.is_empty() { Ok(Halves { answers, honeynet }) } else { Err(Faults(faults)) }
}

/// Where a key's line begins.
fn place(text: &str, key: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with(key) {
            return at;
        }
        at += line.len();
    }
    0
}

/// The lines of `[appliance…]` tables, and all others; each half has empty lines for the other.
fn halves(text: &str) -> (String, String) {
    let (mut own, mut other, mut is_own) = (String::new(), String::new(), false);
    for line in text.lines() {
        let header = line.trim_start();
        if header.starts_with('[') {
            let name = header.trim_start_matches(['[', ' ']).split([']', '.', ' ']).next();
            is_own = name == Some("appliance");
        }
        let (to, without) = if is_own { (&mut own, &mut other) } else { (&mut other, &mut own) };
        to.push_str(line);
        to.push('\n');
        without.push('\n');
    }
    (own, other)
}

impl Answers {
    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.name.is_empty() || self.name.len() > 63 || !self.name.chars().all(letters) {
            faults.push(("name", "expected 1 to 63 letters, digits and hyphens".to_owned()));
        }
        if let Some(gateway) = self.management.gateway
            && !self.management.address.holds(gateway)
        {
            let problem = format!("{gateway} is not on the network {}", self.management.address);
            faults.push(("gateway", problem));
        }
        if let Some(secret) = &self.administrator.secret
            && secret.chars().count() < SECRET_MIN
        {
            faults.push(("secret", format!("expected at least {SECRET_MIN} characters")));
        }
        if self.management.port == 0 {
            faults.push(("port", "expected 1 to 65535".to_owned()));
        }
        faults
    }
}

impl Network {
    /// Whether an address is on it.
    #[must_use]
    pub fn holds(&self, other: Ipv4Addr) -> bool {
        let mask = u32::MAX << (32 - u32::from(self.prefix.clamp(1, 32)));
        other.to_bits() & mask == self.address.to_bits() & mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "\
[appliance]
language = \"zh\"

[appliance.management]
address = \"10.0.2.15/24\"
gateway = \"10.0.2.2\"

[honeynet]
personas = \"chenglan\"

[host.pacs]
address = \"10.20.9.12\"

[appliance.administrator]
secret = \"a long enough secret\"
";

    #[test]
    fn each_half_gets_its_tables_and_keeps_its_lines() {
        let halves = read("first-boot.toml", WHOLE).unwrap();
        assert_eq!(halves.answers.language, Language::Zh);
        assert_eq!(halves.answers.management.address.to_string(), "10.0.2.15/24");
        assert_eq!(halves.answers.administrator.secret.as_deref(), Some("a long enough secret"));
        assert_eq!(halves.honeynet.lines().nth(10), Some("[host.pacs]"));
        assert!(!halves.honeynet.contains("secret") && !halves.honeynet.contains("appliance"));
    }

    #[test]
    fn faults_have_their_lines() {
        let fault = |from: &str, to: &str| {
            let Faults(faults) = read("f", &WHOLE.replace(from, to)).unwrap_err();
            (faults[0].line.unwrap(), faults[0].problem.clone())
        };
        let (line, problem) = fault("10.0.2.15/24", "10.0.2.15");
        assert_eq!(line, 5);
        assert!(problem.contains("such as"), "{problem}");
        assert_eq!(fault("gateway = \"10.0.2.2\"", "gateway = \"10.9.2.2\"").0, 6);
        assert_eq!(fault("a long enough secret", "short").0, 15);
        assert_eq!(fault("language", "langauge").0, 2);
    }

    #[test]
    fn the_secret_is_not_kept_with_the_settings() {
        let halves = read("f", WHOLE).unwrap();
        let kept = toml::to_string(&halves.answers).unwrap();
        assert!(!kept.contains("enough"), "{kept}");
        let again: Answers = toml::from_str(&kept).unwrap();
        assert_eq!(again.management, halves.answers.management);
    }
}
