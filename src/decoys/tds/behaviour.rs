//! The persona's table: which SQL Server this is.

use serde::Deserialize;

use crate::persona::{Fault, Service};

/// `tds.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product that the table was taken from, for people.
    pub product: String,
    /// The build: major, minor, build, revision.
    pub version: [u16; 4],
    /// The instance's name; `MSSQLSERVER` is the default one.
    pub instance: String,
    /// The browser service.
    pub browser: Browsing,
}

/// `[browser]`: what the browser service tells.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browsing {
    /// Whether the instance is on a failover cluster.
    pub clustered: bool,
    /// The port of the dedicated administrator connection, where it is open to the network.
    #[serde(default)]
    pub admin_port: Option<u16>,
}

impl Behaviour {
    /// Reads and checks a service's file.
    ///
    /// # Errors
    /// A located [`Fault`].
    pub(super) fn read(service: &Service) -> Result<Self, Fault> {
        let behaviour: Behaviour = service.behaviour.parse()?;
        behaviour.check().map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
        Ok(behaviour)
    }

    /// The build as texts show it: `11.0.7001.0`.
    pub(super) fn build(&self) -> String {
        self.version.map(|part| part.to_string()).join(".")
    }

    /// Checks what types can't say.
    fn check(&self) -> Result<(), String> {
        let [major, minor, ..] = self.version;
        if major > 255 || minor > 255 {
            return Err(format!("version = {:?}: expected major and minor below 256", self.version));
        }
        // MC-SQLR 2.2.5 and the product's own rule for names.
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '#');
        if self.instance.is_empty() || self.instance.len() > 16 || !self.instance.chars().all(name) {
            return Err(format!("instance = \"{}\": expected 1 to 16 letters and digits", self.instance));
        }
        Ok(())
    }
}
