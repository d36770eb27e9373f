//! What is said of evidence: how it is signed and stamped, how long it is kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Days that the law asks for: six months (Cybersecurity Law of China, article 23(3), before 2026 21(3)).
const LAWFUL_DAYS: u32 = 184;

/// `[retention]`: what is older is removed; without a number nothing is for its age. Records of the chain are
/// never removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retention {
    /// Packets.
    pub(crate) packets_days: Option<u32>,
    /// Transcripts, terminals and secrets of TLS.
    pub(crate) sessions_days: Option<u32>,
    /// Files that peers handed over.
    pub(crate) artefacts_days: Option<u32>,
    /// Who decided to keep less than the law asks, when and why.
    pub(crate) below_the_law: Option<String>,
}

/// Shortest reason: a name, a day and a few words.
const REASON: usize = 20;

impl Retention {
    pub(super) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let excused = self.below_the_law.as_deref().is_some_and(|why| why.trim().chars().count() >= REASON);
        let all = [
            ("packets_days", self.packets_days),
            ("sessions_days", self.sessions_days),
            ("artefacts_days", self.artefacts_days),
        ];
        let wrong = |days: u32| match days {
            0 | 36_501.. => Some("expected 1 to 36500 days"),
            days if days < LAWFUL_DAYS && !excused => Some(
                "the law asks for six months of logs (184 days): for less, write who decided so, when and why into \
                 below_the_law = \"…\", at least 20 characters",
            ),
            _ => None,
        };
        all.into_iter().filter_map(|(key, days)| Some((key, wrong(days?)?))).collect()
    }
}

/// `[evidence]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Evidence {
    /// Minutes after which what the chain holds is signed.
    pub(crate) root_minutes: u64,
    /// Whether roots have an SM3 value beside that of SHA-256.
    pub(crate) sm3: bool,
    /// Who stamps the roots with a time of his own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timestamp: Option<Timestamp>,
}

/// `[evidence.timestamp]`: an authority of RFC 3161.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timestamp {
    /// Where it is asked, `http://tsa.example/tsr`.
    pub(crate) url: String,
    /// PEM file of the authorities that must stand behind its signature.
    pub(crate) ca: PathBuf,
    /// PEM file of the authorities that may sign the server's certificate (HTTPS).
    #[serde(default)]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Proxy, `http://proxy.example:3128`.
    #[serde(default)]
    pub(crate) proxy: Option<String>,
}

impl Timestamp {
    /// What is wrong with it, by key.
    pub(super) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let secure = self.url.starts_with("https://");
        if !secure && !self.url.starts_with("http://") {
            return Some(("url", "expected http://HOST/PATH or https://HOST/PATH"));
        }
        if secure && self.tls_ca.is_none() {
            return Some(("url", "https needs tls_ca = \"FILE\": the authorities that may sign the server"));
        }
        let proxied = self.proxy.as_deref().is_none_or(|proxy| proxy.starts_with("http://"));
        (!proxied).then_some(("proxy", "expected http://HOST:PORT"))
    }
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence { root_minutes: 60, sm3: false, timestamp: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_the_law_asks_needs_a_reason_in_writing() {
        let faults = |text: &str| {
            let retention: Retention = toml::from_str(text).unwrap();
            retention.faults().into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        let short = "packets_days = 400\nsessions_days = 90\n";
        assert_eq!(faults(short), ["sessions_days"]);
        assert_eq!(faults(&format!("{short}below_the_law = \"ok\"\n")), ["sessions_days"]);
        let reason = "below_the_law = \"Li, CISO, 2026-11-01: laboratory, no logs of the hospital\"\n";
        assert_eq!(faults(&format!("{short}{reason}")), [""; 0]);
        assert_eq!(faults("artefacts_days = 0\n"), ["artefacts_days"]);
    }
}
