//! `snmp.toml` of a host.

use serde::Deserialize;

use super::value::Value;

/// What a persona's agent says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Communities that may read.
    pub(crate) read: Vec<String>,
    /// Communities that may write; what they write is told and refused.
    #[serde(default)]
    pub(crate) write: Vec<String>,
    /// sysDescr.
    pub(crate) description: String,
    /// sysObjectID, with dots.
    pub(crate) object: String,
    /// sysContact.
    #[serde(default)]
    pub(crate) contact: String,
    /// sysLocation.
    #[serde(default)]
    pub(crate) location: String,
    /// sysServices: layers of the protocol stack, RFC 3418.
    pub(crate) layers: u32,
    /// Enterprise number of the engine's id (version 3); 0: the agent speaks no version 3.
    #[serde(default)]
    pub(crate) enterprise: u32,
    /// Network interfaces.
    #[serde(rename = "interface", default)]
    pub(crate) interfaces: Vec<Interface>,
    /// Whether the agent has the host resources MIB.
    #[serde(default)]
    pub(crate) host_resources: bool,
    /// Memory in kilobytes.
    #[serde(default)]
    pub(crate) memory_kilobytes: u32,
    /// Disks.
    #[serde(rename = "disk", default)]
    pub(crate) disks: Vec<Disk>,
    /// Programs that run.
    #[serde(rename = "program", default)]
    pub(crate) programs: Vec<Program>,
    /// Variables of the product's own.
    #[serde(rename = "value", default)]
    pub(crate) values: Vec<Extra>,
}

/// A network interface.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Interface {
    /// ifDescr.
    pub(crate) name: String,
    /// ifType: 6 Ethernet, 24 loopback.
    pub(crate) kind: u32,
    /// Bits a second.
    pub(crate) speed: u32,
    /// Bytes a second that come in, on average.
    #[serde(default)]
    pub(crate) bytes_in: u64,
    /// Bytes a second that go out.
    #[serde(default)]
    pub(crate) bytes_out: u64,
}

/// A disk, in units of 4,096 bytes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Disk {
    /// hrStorageDescr.
    pub(crate) name: String,
    /// Its size.
    pub(crate) units: u32,
    /// What is used.
    pub(crate) used: u32,
}

/// A program that runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    /// Its process id.
    pub(crate) id: u32,
    /// Its name.
    pub(crate) name: String,
    /// Its folder.
    #[serde(default)]
    pub(crate) path: String,
    /// Its parameters.
    #[serde(default)]
    pub(crate) parameters: String,
}

/// What a printer's agent counts or is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact {
    /// Its serial number.
    Serial,
    /// Pages printed since it was put up.
    Pages,
    /// Pages that its cartridge still has.
    Toner,
}

/// A variable of the product's own: a text, a number, or what changes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extra {
    /// Its name, with dots.
    oid: String,
    /// Its text.
    text: Option<String>,
    /// Its number.
    number: Option<i32>,
    /// What it is of this host.
    pub(super) fact: Option<Fact>,
}

impl Extra {
    pub(super) fn name(&self) -> Vec<u32> {
        parts(&self.oid)
    }

    pub(super) fn value(&self) -> Value {
        match (&self.text, self.number) {
            (Some(text), _) => Value::text(text),
            (None, number) => Value::Number(number.unwrap_or(0).into()),
        }
    }
}

/// The parts of a name with dots.
pub(super) fn parts(dotted: &str) -> Vec<u32> {
    dotted.split('.').filter_map(|part| part.parse().ok()).collect()
}
