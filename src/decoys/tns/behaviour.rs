//! The persona's table: what one Oracle listener and the database behind it are.

use serde::Deserialize;

/// `tns.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product that the table was taken from, for people.
    pub product: String,
    /// Version in five parts (`11.2.0.4.0`).
    pub version: String,
    /// Operating system as the listener's texts name it (`Linux`, `64-bit Windows`).
    pub platform: String,
    /// Port string of the server's protocol negotiation (`x86_64/Linux 2.4.xx`).
    pub port_string: String,
    /// SIDs that the listener knows.
    pub sids: Vec<String>,
    /// Service names that it knows.
    pub services: Vec<String>,
    /// Number of the database's character set (873 AL32UTF8, 852 ZHS16GBK).
    pub charset: u16,
    /// Largest session data unit, bytes.
    pub sdu: u16,
    /// Shortest and longest time from a connect packet to the server process's answer, milliseconds.
    pub spawn_ms: [u64; 2],
    /// Shortest and longest time from a request to its answer, milliseconds.
    pub call_ms: [u64; 2],
    /// Accounts that are locked, as the product's own ones are after its installation.
    pub locked: Vec<String>,
}

impl Behaviour {
    /// Checks what types can't say.
    ///
    /// # Errors
    /// What is wrong and what was expected.
    pub fn check(&self) -> Result<(), String> {
        if self.parts().is_none() {
            return Err(format!("version = \"{}\": expected five numbers", self.version));
        }
        for (name, [shortest, longest]) in [("spawn_ms", self.spawn_ms), ("call_ms", self.call_ms)] {
            if shortest > longest {
                return Err(format!("{name} = [{shortest}, {longest}]: expected the shorter time first"));
            }
        }
        if !(512..=32_767).contains(&self.sdu) {
            return Err(format!("sdu = {}: expected 512 to 32767", self.sdu));
        }
        Ok(())
    }

    fn parts(&self) -> Option<[u32; 5]> {
        let parts: Vec<u32> = self.version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        parts.try_into().ok()
    }

    /// `VSNNUM`: eight bits, four, eight, four, eight.
    pub fn number(&self) -> u32 {
        let [a, b, c, d, e] = self.parts().unwrap_or_default();
        (a & 0xff) << 24 | (b & 0xf) << 20 | (c & 0xff) << 12 | (d & 0xf) << 8 | e & 0xff
    }

    /// Version of TNS that the product speaks: 314 up to 11g, 315 from 12.1 on.
    pub fn tns_version(&self) -> u16 {
        if self.parts().is_some_and(|[major, ..]| major >= 12) { 315 } else { 314 }
    }
}
