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
    /// Shortest and longest time from a statement to its answer, milliseconds.
    pub statement_ms: [u64; 2],
    /// Rows that the server makes and sends in a millisecond.
    pub rows_per_ms: u32,
    /// Processes that the host's system starts in a minute: those of connections are numbered among
    /// them.
    pub processes_per_minute: u32,
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
        for (name, [shortest, longest]) in [("login_ms", self.login_ms), ("statement_ms", self.statement_ms)]
        {
            if shortest > longest {
                return Err(format!("{name} = [{shortest}, {longest}]: expected the shorter time first"));
            }
        }
        if self.rows_per_ms == 0 || self.processes_per_minute == 0 {
            return Err("rows_per_ms and processes_per_minute: expected at least 1".to_owned());
        }
        Ok(())
    }
}
