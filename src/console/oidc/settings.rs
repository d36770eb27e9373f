//! `[console.oidc]` of the config.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use hyper::Uri;
use serde::{Deserialize, Serialize};

use crate::console::accounts::Role;

/// The hospital's own login, and who may do what by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The provider's issuer, exactly as its discovery document says it.
    pub issuer: String,
    /// The console's id there.
    pub client_id: String,
    /// File of the client's secret; a public client has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// PEM file of the authorities that may sign the provider's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Where browsers reach the console: the provider sends them back to `/oidc/callback` below it.
    pub console: String,
    /// Claim that names a user in the audit log.
    #[serde(default = "account_claim")]
    pub account_claim: String,
    /// Claim whose values give a role: a text or a list of texts.
    #[serde(default = "role_claim")]
    pub role_claim: String,
    /// Scopes beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// Role by value of that claim. Who has none of them is refused.
    pub roles: BTreeMap<String, String>,
}

fn account_claim() -> String {
    "preferred_username".into()
}

fn role_claim() -> String {
    "groups".into()
}

fn scopes() -> Vec<String> {
    vec!["profile".into()]
}

impl Oidc {
    /// What is wrong with it, by key; empty when nothing is.
    pub(in crate::console) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !is_safe(&self.issuer) {
            faults.push(("issuer", "expected https://… (http only on this machine itself)"));
        }
        if self.issuer.starts_with("https://") && self.ca.is_none() {
            faults.push(("issuer", "expected ca, a PEM file of authorities, beside an https issuer"));
        }
        if !self.console.starts_with("https://") || self.console.ends_with('/') {
            faults.push(("console = ", "expected https://host[:port] without a slash at its end"));
        }
        if self.client_id.is_empty() {
            faults.push(("client_id", "expected the console's id at the provider"));
        }
        if self.roles.is_empty() || self.roles.values().any(|role| Role::named(role).is_none()) {
            faults.push((
                "roles",
                "expected values of the claim, each with viewer, analyst, responder, administrator or auditor",
            ));
        }
        faults
    }

    /// Where the provider sends browsers back to.
    pub(super) fn callback(&self) -> String {
        format!("{}/oidc/callback", self.console)
    }

    /// What a user may do who has these values of the claim: the most that one of them gives. Who would be
    /// auditor and something else is nothing: the auditor is nobody else.
    pub(super) fn role<'v>(&self, values: impl Iterator<Item = &'v str>) -> Option<Role> {
        let mut given: Vec<Role> = values.filter_map(|value| Role::named(self.roles.get(value)?)).collect();
        given.sort_by_key(|role| role.rank());
        given.dedup();
        let is_torn = given.len() > 1 && given.contains(&Role::Auditor);
        given.pop().filter(|_| !is_torn)
    }

    /// Whether somebody may come who approves what others ask for.
    pub(in crate::console) fn has_approvers(&self) -> bool {
        self.roles.values().filter_map(|role| Role::named(role)).any(Role::approves)
    }
}

/// Whether nobody on the way can read or change what goes there.
pub(super) fn is_safe(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        _ => false,
    }
}
