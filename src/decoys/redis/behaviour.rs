//! `redis.toml` of a host.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How the server is built, configured and filled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Version of the product.
    pub version: String,
    /// Version of the compiler that built it.
    pub gcc: String,
    /// Library of its memory.
    pub allocator: String,
    /// Program file.
    pub executable: String,
    /// Configuration file.
    pub config_file: String,
    /// Memory of the machine, bytes.
    pub memory: u64,
    /// Days from one start of the server to the next.
    pub restart_days: i64,
    /// Folders that the server can write to.
    pub folders: Vec<String>,
    /// Folders that are there and that it can't write to.
    pub locked: Vec<String>,
    /// Beginning of the application's keys.
    pub prefix: String,
    /// Commands of the product that its configuration takes away.
    #[serde(default)]
    pub disabled: Vec<String>,
    /// Texts of the application, by key.
    pub text: BTreeMap<String, String>,
    /// Parameters that differ from the product's own, by name.
    pub config: BTreeMap<String, String>,
}

impl Behaviour {
    /// Checks what the parts say together.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.restart_days < 1 {
            return Err("restart_days: expected at least 1".into());
        }
        if !self.prefix.ends_with(':') {
            return Err("prefix: expected a colon at its end".into());
        }
        let unknown = self.config.keys().find(|name| !super::config::is_known(name));
        unknown.map_or(Ok(()), |name| Err(format!("config: {name} is no parameter of the product")))
    }
}
