//! A laser printer's port 9100: jobs, and the printer job language (PJL) that asks the device what it is,
//! what it is set to, and for its files.
//!
//! Nothing is printed. A job is kept as it came; what is written is read back to who wrote it alone.

mod answers;
pub mod command;
mod files;
mod machine;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Deserialize;

use super::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Session};

/// `pjl.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    /// The model as `INFO ID` says it.
    model: String,
    /// What the display shows when nothing is to be done.
    ready: String,
    /// Seconds without a byte after which it ends.
    idle_seconds: u64,
    /// What `INFO CONFIG` says, without the first line.
    config: String,
    /// What `INFO MEMORY` says: all and the largest free part, bytes.
    memory: [u64; 2],
    /// Size of the file system, bytes.
    volume: u64,
    /// Its folders, from the root.
    folders: Vec<String>,
    /// What can be set.
    #[serde(rename = "variable")]
    variables: Vec<Variable>,
}

/// A variable of the environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    /// Its name.
    name: String,
    /// Its value as delivered or as set.
    value: String,
    /// What it may be.
    choices: Vec<String>,
    /// Whether the choices are the ends of a range.
    #[serde(default)]
    range: bool,
}

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(_: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    Ok(Arc::new(Printer(Arc::new(behaviour))))
}

struct Printer(Arc<Behaviour>);

impl Decoy for Printer {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(machine::Port::new(Arc::clone(&self.0), session)))
    }
}
