//! The persona's table: what one MySQL server is.

use serde::Deserialize;

/// `mysql.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product that the table was taken from, for people.
    pub product: String,
    /// `version` as the greeting has it.
    pub version: String,
    /// Number of the server's default collation.
    pub collation: u8,
    /// Whether TLS is offered.
    pub tls: bool,
    /// Connections that the applications of the hospital open in an hour: thread ids grow by them.
    pub connections_per_hour: u32,
    /// `max_connect_errors`.
    pub max_connect_errors: u32,
    /// `max_allowed_packet`, bytes.
    pub max_allowed_packet: usize,
    /// Shortest and longest time from a login to its answer, milliseconds.
    pub login_ms: [u64; 2],
    /// Shortest and longest time from a statement to its answer, milliseconds.
    pub statement_ms: [u64; 2],
    /// Rows that the server makes and sends in a millisecond.
    pub rows_per_ms: u32,
}

/// Most bytes of a packet that a persona may take: a connection holds one at a time.
const MOST_PACKET: usize = 16 << 20;

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
        if !(1024..=MOST_PACKET).contains(&self.max_allowed_packet) {
            let value = self.max_allowed_packet;
            return Err(format!("max_allowed_packet = {value}: expected 1024 to {MOST_PACKET}"));
        }
        if self.rows_per_ms == 0 || self.connections_per_hour == 0 {
            return Err("rows_per_ms and connections_per_hour: expected at least 1".to_owned());
        }
        Ok(())
    }
}
