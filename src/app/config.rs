//! `honeynet.toml`: joins each room's own settings. Unknown keys are refused; every fault has its
//! line.

mod kept;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use self::kept::{Evidence, Retention, Timestamp};
use super::allowances;
use crate::forward::Destination;
use crate::persona::{self, DEFAULT_PACK, Fault, Faults, Installation, Pack, PackFiles};
use crate::privileged::{capd, netd};
use crate::{console, detect, sensor, store};

/// The whole config. Without a file: the demo hospital on loopback.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Which hospital is shown.
    pub(crate) honeynet: Honeynet,
    /// The deception hosts that run; all of the pack when none is named.
    pub(crate) host: BTreeMap<String, HostOverride>,
    /// The decoys' wire side.
    pub(crate) sensor: sensor::Settings,
    /// The decoys' own network.
    pub(crate) network: netd::Settings,
    /// Packets.
    pub(crate) capture: capd::Settings,
    /// What the hospital tells about itself, so that its own devices raise no alarm.
    pub(crate) detection: detect::Settings,
    /// Which database keeps the evidence.
    pub(crate) store: store::Settings,
    /// How long what is kept is kept.
    pub(crate) retention: Retention,
    /// How the chain is signed.
    pub(crate) evidence: Evidence,
    /// When the appliance says that it lives, and what it calls too little.
    pub(crate) health: Health,
    /// What becomes of real patients' data that comes by mistake.
    pub(crate) privacy: sensor::PrivacySettings,
    /// Where alerts go.
    pub(crate) destination: Vec<Destination>,
    /// The analysts' pages.
    pub(crate) console: console::Settings,
}

/// `[honeynet]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Honeynet {
    /// A pack that is part of the binary, by name; or a folder, relative to the config file.
    pub(crate) personas: String,
}

impl Default for Honeynet {
    fn default() -> Self {
        Honeynet { personas: DEFAULT_PACK.into() }
    }
}

/// `[health]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Health {
    /// Seconds between two heartbeats.
    pub(crate) heartbeat_seconds: u64,
    /// Percent of a disk below which it is nearly full.
    pub(crate) disk_free_percent: u8,
}

impl Default for Health {
    fn default() -> Self {
        Health { heartbeat_seconds: 60, disk_free_percent: 10 }
    }
}

/// `[host.NAME]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostOverride {
    /// Its address on this network; the pack's when it is left out.
    #[serde(default)]
    pub(crate) address: Option<IpAddr>,
    /// The host of the pack whose persona it has, where it is not itself one of the pack.
    #[serde(default)]
    pub(crate) like: Option<String>,
    /// Its host name; the persona's when it is left out.
    #[serde(default)]
    pub(crate) hostname: Option<String>,
    /// Its segment, where several segments have its address.
    #[serde(default)]
    pub(crate) segment: Option<String>,
    /// Its hardware address; one of the persona's maker when it is left out.
    #[serde(default)]
    pub(crate) mac: Option<String>,
}

impl Config {
    /// Reads the file, or the default without one.
    ///
    /// # Errors
    /// Located faults.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, Faults> {
        let Some(file) = file else { return Ok(Config::default()) };
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .map_err(|e| Fault::of_file(&shown, format!("can't be read: {e}")))?;
        let mut config: Config = toml::from_str(&text).map_err(|e| Fault::of_toml(&shown, &text, &e))?;
        config.check(&shown, &text)?;
        config.resolve_files(file);
        if let Some(folder) = config.pack_folder(file) {
            config.honeynet.personas = folder.display().to_string();
        }
        Ok(config)
    }

    fn check(&self, file: &str, text: &str) -> Result<(), Faults> {
        let at = |key: &str, problem: &str| {
            Fault::at(file, text, text.find(key).unwrap_or(0), format!("{key}: {problem}"))
        };
        let sensor = &self.sensor;
        let mut faults = Vec::new();
        if sensor.max_connections == 0 {
            faults.push(at("max_connections", "expected at least 1"));
        }
        if sensor.max_per_source == 0 {
            faults.push(at("max_per_source", "expected at least 1"));
        }
        if !(8..=1 << 20).contains(&sensor.spool_mib) {
            faults.push(at("spool_mib", "expected 8 to 1048576"));
        }
        if !(1..=1 << 20).contains(&sensor.transcript_mib) {
            faults.push(at("transcript_mib", "expected 1 to 1048576"));
        }
        if !(10..=86_400).contains(&sensor.traffic_interval) {
            faults.push(at("traffic_interval", "expected 10 to 86400"));
        }
        if let Some((key, problem)) = self.evidence.timestamp.as_ref().and_then(Timestamp::fault) {
            faults.push(at(key, problem));
        }
        faults.extend(self.retention.faults().into_iter().map(|(key, problem)| at(key, problem)));
        if let Some((key, problem)) = self.privacy.fault() {
            faults.push(at(key, problem));
        }
        faults.extend(self.console.faults().into_iter().map(|(key, problem)| at(key, problem)));
        faults.extend(self.store.faults().into_iter().map(|(key, problem)| {
            let table = text.find("[store]").unwrap_or(0);
            let place = text.get(table..).and_then(|t| t.find(key)).map_or(table, |place| table + place);
            Fault::at(file, text, place, problem)
        }));
        let capture = &self.capture;
        if !(1..=1024).contains(&capture.ring_mib) {
            faults.push(at("ring_mib", "expected 1 to 1024"));
        }
        if !(16..=1 << 24).contains(&capture.quota_mib) {
            faults.push(at("quota_mib", "expected 16 to 16777216"));
        }
        if !(1..=4096).contains(&capture.segment_mib) {
            faults.push(at("segment_mib", "expected 1 to 4096"));
        }
        if !(1..=1440).contains(&capture.segment_minutes) {
            faults.push(at("segment_minutes", "expected 1 to 1440"));
        }
        faults.extend(allowances::faults(&self.detection.allowance, file, text));
        for (i, key, problem) in self.network.faults() {
            let table = text.match_indices("[[network.segment]]").nth(i).map_or(0, |(place, _)| place);
            let place = text.get(table..).and_then(|t| t.find(key)).map_or(table, |p| table + p);
            faults.push(Fault::at(file, text, place, format!("{key}: {problem}")));
        }
        if !(1..=1440).contains(&self.evidence.root_minutes) {
            faults.push(at("root_minutes", "expected 1 to 1440"));
        }
        if !(5..=3600).contains(&self.health.heartbeat_seconds) {
            faults.push(at("heartbeat_seconds", "expected 5 to 3600"));
        }
        if !(1..=50).contains(&self.health.disk_free_percent) {
            faults.push(at("disk_free_percent", "expected 1 to 50"));
        }
        for (i, destination) in self.destination.iter().enumerate() {
            let table = text.match_indices("[[destination]]").nth(i).map_or(0, |(place, _)| place);
            for (key, problem) in destination.faults() {
                let place = text.get(table..).and_then(|t| t.find(key)).map_or(table, |p| table + p);
                faults.push(Fault::at(file, text, place, problem));
            }
            if self.destination.iter().take(i).any(|d| d.name == destination.name) {
                let problem = format!("{}: expected a name that no other destination has", destination.name);
                faults.push(Fault::at(file, text, table, problem));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
    }

    /// Paths in the config are relative to it.
    fn resolve_files(&mut self, config: &Path) {
        let beside = config.parent().unwrap_or(Path::new("."));
        for destination in &mut self.destination {
            let files = [
                &mut destination.ca,
                &mut destination.certificate,
                &mut destination.key,
                &mut destination.token_file,
                &mut destination.secret_file,
                &mut destination.password_file,
            ];
            for file in files.into_iter().flatten() {
                *file = beside.join(&file);
            }
        }
        if let Some(timestamp) = &mut self.evidence.timestamp {
            let files = [Some(&mut timestamp.ca), timestamp.tls_ca.as_mut()];
            for file in files.into_iter().flatten() {
                *file = beside.join(&file);
            }
        }
        let store = &mut self.store;
        let (console, password) = (&mut self.console, &mut store.password_file);
        let files = [&mut console.certificate, &mut console.key, password, &mut store.ca];
        let login = console.oidc.iter_mut().flat_map(|oidc| [&mut oidc.secret_file, &mut oidc.ca]);
        for file in files.into_iter().chain(login).flatten() {
            *file = beside.join(&file);
        }
    }

    /// A pack's folder, when the name is a path.
    fn pack_folder(&self, config: &Path) -> Option<PathBuf> {
        let name = &self.honeynet.personas;
        let beside = config.parent().unwrap_or(Path::new("."));
        (name.contains('/') || name.contains('.')).then(|| beside.join(name))
    }

    /// Loads the pack with this installation's values and this network's addresses.
    ///
    /// # Errors
    /// Located faults of the pack, or of an override that names no host.
    pub(crate) fn load_pack(&self, installation: Installation) -> Result<Pack, Faults> {
        let name = &self.honeynet.personas;
        let files =
            if name.contains('/') { PackFiles::folder(Path::new(name))? } else { PackFiles::embedded(name)? };
        let short = name.rsplit('/').next().unwrap_or(name);
        let mut pack = persona::load(short, files, installation)?;
        self.choose_hosts(&mut pack)?;
        Ok(pack)
    }

    /// Adds the hosts that have another's persona. One without a host name of its own gets the
    /// persona's with a number that no other has.
    fn add_hosts(&self, pack: &mut Pack) -> Result<(), Fault> {
        for (name, change) in &self.host {
            let (Some(like), None) = (&change.like, pack.host(name)) else { continue };
            let fault = |problem: &str| Fault::of_file("config", format!("[host.{name}]: {problem}"));
            let model = pack
                .host(like)
                .ok_or_else(|| fault(&format!("like = \"{like}\": expected a host of the pack")))?;
            let address = change.address.ok_or_else(|| fault("expected an address"))?;
            let stem = model.hostname.trim_end_matches(|c: char| c.is_ascii_digit());
            let free = |hostname: &String| pack.hosts.iter().all(|host| host.hostname != *hostname);
            let hostname = (2..).map(|n| format!("{stem}{n:02}")).find(free).unwrap_or_default();
            let another = model.another(name, hostname, address, &pack.installation);
            pack.hosts.push(Arc::new(another));
        }
        Ok(())
    }

    /// Leaves the hosts that the config names, at the addresses it gives; all when it names none.
    fn choose_hosts(&self, pack: &mut Pack) -> Result<(), Fault> {
        if self.host.is_empty() {
            return Ok(());
        }
        self.add_hosts(pack)?;
        if let Some(host) = self.host.keys().find(|host| pack.host(host).is_none()) {
            let names: Vec<&str> = pack.hosts.iter().map(|host| host.name.as_str()).collect();
            let problem = format!(
                "[host.{host}]: expected a host of the pack, or like = \"HOST\" and address: {}",
                names.join(", ")
            );
            return Err(Fault::of_file("config", problem));
        }
        let all = std::mem::take(&mut pack.hosts);
        (pack.hosts, pack.absent) = all.into_iter().partition(|host| self.host.contains_key(&host.name));
        for host in &mut pack.hosts {
            let Some(change) = self.host.get(&host.name) else { continue };
            let host = Arc::make_mut(host);
            host.address = change.address.unwrap_or(host.address);
            if let Some(mac) = &change.mac {
                host.mac = super::network::hardware_address(mac)
                    .ok_or_else(|| Fault::of_file("config", format!("[host.{}]: mac = \"{mac}\": expected a host's hardware address such as \"00:50:56:00:00:01\"", host.name)))?;
            }
            if let Some(hostname) = &change.hostname {
                host.hostname.clone_from(hostname);
            }
        }
        // Who reads of an absent host is led to one that stands, never to a machine of the hospital.
        if let Some(address) = pack.hosts.first().map(|host| host.address) {
            pack.absent.iter_mut().for_each(|host| Arc::make_mut(host).address = address);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, Faults> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("honeynet.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file))
    }

    #[test]
    fn a_typo_is_located() {
        let faults = load("[sensor]\npacing = true\nmax_conections = 3\n").unwrap_err();
        let fault = &faults.0[0];
        assert_eq!(fault.line, Some(3));
        assert!(fault.problem.contains("max_conections"), "{fault}");
    }

    #[test]
    fn an_allowance_without_end_or_with_one_too_far_is_located() {
        let head = "[sensor]\n[[detection.allowance]]\nname = \"a\"\nsource = \"10.1.1.1\"\ncovers = \"E3\"\n\
                    owner = \"li\"\nreason = \"scan\"\napprover = \"wang\"\napproved = \"2026-01-01\"\n";
        let faults = load(head).unwrap_err();
        assert!(faults.0[0].problem.contains("expires"), "{faults}");
        let faults = load(&format!("{head}expires = \"2026-04-02\"\n")).unwrap_err();
        assert_eq!((faults.0.len(), faults.0[0].line), (1, Some(10)), "{faults}");
        assert_eq!(load(&format!("{head}expires = \"2026-04-01\"\n")).unwrap().detection.allowance.len(), 1);
        let wide = format!("{head}expires = \"2026-04-01\"\n").replace("10.1.1.1", "10.0.0.0/8");
        assert_eq!(load(&wide).unwrap_err().0[0].line, Some(4));
    }

    #[test]
    fn a_value_out_of_range_is_located() {
        let faults = load("[sensor]\n\nspool_mib = 1\n").unwrap_err();
        assert_eq!(faults.0[0].line, Some(3));
    }

    #[test]
    fn the_default_pack_loads_and_addresses_can_be_changed() {
        let config = load("[host.pacs]\naddress = \"10.1.2.3\"\n").unwrap();
        let pack = config.load_pack(Installation::new([7; 32])).unwrap();
        assert_eq!(pack.host("pacs").unwrap().address.to_string(), "10.1.2.3");
        assert_eq!(pack.hosts.len(), 1, "a config that names hosts runs these");
        assert_eq!(pack.known("his").unwrap().address.to_string(), "10.1.2.3");
        let all = load("").unwrap().load_pack(Installation::new([7; 32])).unwrap();
        assert!(all.hosts.len() > 3 && all.absent.is_empty());
        let own = load("[host.lis]\n").unwrap().load_pack(Installation::new([7; 32])).unwrap();
        assert_eq!(own.hosts[0].address.to_string(), "127.0.10.13");
        assert!(
            load("[host.x]\naddress = \"10.1.2.3\"\n")
                .unwrap()
                .load_pack(Installation::new([7; 32]))
                .is_err()
        );
    }
}
