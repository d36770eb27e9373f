//! The persona's table: what one PostgreSQL server is.

use serde::Deserialize;

/// `postgres.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product that the table was taken from, for people.
    pub product: String,
    /// How passwords are asked for.
    pub authentication: Authentication,
    /// Whether TLS is offered.
    pub tls: bool,
    /// Shortest and longest time from a login's last message to the answer, milliseconds.
    pub login_ms: [u64; 2],
}

/// How passwords are asked for (`pg_hba.conf`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Authentication {
    /// SCRAM-SHA-256, the default since version 14.
    #[serde(rename = "scram-sha-256")]
    Scram,
    /// MD5, the default before.
    #[serde(rename = "md5")]
    Md5,
}

impl Behaviour {
    /// Checks what types can't say.
    ///
    /// # Errors
    /// What is wrong and what was expected.
    pub fn check(&self) -> Result<(), String> {
        let [shortest, longest] = self.login_ms;
        if shortest > longest {
            return Err(format!("login_ms = [{shortest}, {longest}]: expected the shorter time first"));
        }
        Ok(())
    }
}
