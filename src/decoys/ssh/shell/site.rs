//! One machine: its tree of files, its hardware, its programs. Made once per host, shared by all
//! sessions; what moves with time is computed from the time asked for.

mod kernel;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use sha2::{Digest, Sha256};

use crate::decoys::ssh::behaviour::{Forwarding, SshBehaviour};
use crate::persona::{Host, Pack};

use super::node::{Body, Node};
use super::{base, proc};

/// One machine.
pub struct Site {
    /// The pack.
    pub pack: Arc<Pack>,
    /// The host.
    pub host: Arc<Host>,
    /// How it behaves.
    pub behaviour: SshBehaviour,
    /// Address of its network interface.
    pub mac: String,
    tree: BTreeMap<String, Node>,
    seed: [u8; 32],
}

/// An account of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

impl Site {
    /// Builds the machine.
    pub fn new(pack: Arc<Pack>, host: Arc<Host>, behaviour: SshBehaviour) -> Self {
        let label = |what: &str| format!("ssh/{}/{what}", host.name);
        let mac = host.mac.map(|byte| format!("{byte:02x}")).join(":");
        let seed = pack.installation.derive(&label("machine"));
        let mut site = Site { pack, host, behaviour, mac, tree: BTreeMap::new(), seed };
        site.plant_base();
        site.plant_homes();
        site.plant_pack();
        site
    }

    fn installed(&self) -> i64 {
        self.behaviour.machine.installed.as_second()
    }

    fn plant(&mut self, path: &str, body: Body, mode: u32, uid: u32, mtime: i64) {
        self.tree.insert(path.to_owned(), Node { body, mode, uid, gid: uid, mtime });
    }

    fn plant_base(&mut self) {
        let installed = self.installed();
        for line in base::DIRECTORIES.lines() {
            if let Some((mode, path)) = line.split_once(' ') {
                // Packages come and go for the first year and a half.
                let later = i64::try_from(self.trait_number(path, 47_000_000)).unwrap_or(0);
                self.plant(path, Body::Directory, octal(mode), 0, installed + later);
            }
        }
        for line in base::LINKS.lines() {
            if let Some((path, target)) = line.split_once(' ') {
                let target = target.replace("{kernel}", &self.host.os.kernel);
                self.plant(path, Body::Link(target), 0o777, 0, installed);
            }
        }
        for line in base::PROGRAMS.lines() {
            match line.split_ascii_whitespace().collect::<Vec<_>>().as_slice() {
                ["f", mode, size, time, path] => {
                    let size = size.parse().unwrap_or(0);
                    self.plant(path, Body::Program(size), octal(mode), 0, time.parse().unwrap_or(installed));
                }
                ["l", time, path, target] => {
                    self.plant(
                        path,
                        Body::Link((*target).to_owned()),
                        0o777,
                        0,
                        time.parse().unwrap_or(installed),
                    );
                }
                _ => {}
            }
        }
        for line in base::FILES.lines() {
            if let [mode, _, path, source] = line.split_ascii_whitespace().collect::<Vec<_>>().as_slice() {
                let text = self.fill(base::file(source));
                self.plant(path, Body::File(text.into_bytes().into()), octal(mode), 0, installed + 5400);
            }
        }
        self.plant_kernel();
        self.plant_boot();
        self.plant_devices();
    }

    fn plant_boot(&mut self) {
        let (kernel, time) = (self.host.os.kernel.clone(), self.installed());
        for (name, size, mode) in [
            ("vmlinuz", 8_245_184, 0o644),
            ("initrd.img", 38_714_503, 0o644),
            ("System.map", 83, 0o600),
            ("config", 259_432, 0o644),
        ] {
            self.plant(&format!("/boot/{name}-{kernel}"), Body::Program(size), mode, 0, time);
        }
    }

    fn plant_devices(&mut self) {
        let time = self.installed();
        for (name, mode, block, major, minor) in [
            ("null", 0o666, false, 1, 3),
            ("zero", 0o666, false, 1, 5),
            ("full", 0o666, false, 1, 7),
            ("random", 0o666, false, 1, 8),
            ("urandom", 0o666, false, 1, 9),
            ("tty", 0o666, false, 5, 0),
            ("console", 0o600, false, 5, 1),
            ("sda", 0o660, true, 8, 0),
            ("sda1", 0o660, true, 8, 1),
            ("sda2", 0o660, true, 8, 2),
            ("sda5", 0o660, true, 8, 5),
        ] {
            self.plant(&format!("/dev/{name}"), Body::Device(block, major, minor), mode, 0, time);
        }
    }

    fn plant_homes(&mut self) {
        for user in self.behaviour.user.clone() {
            if !user.home.starts_with("/home/") {
                continue;
            }
            let time = self.installed() + 7200;
            self.plant(&user.home, Body::Directory, 0o700, user.uid, time);
            for (name, source) in [(".bashrc", "bashrc"), (".profile", "user_profile")] {
                let body = Body::File(base::file(source).as_bytes().into());
                self.plant(&format!("{}/{name}", user.home), body, 0o644, user.uid, time);
            }
        }
    }

    /// Files of the pack below `<host>/files/`, and what `ssh.toml` says of them.
    fn plant_pack(&mut self) {
        let pack = Arc::clone(&self.pack);
        let folder = format!("{}/files", self.host.folder);
        let time = self.installed() + 86_400;
        for source in pack.files.below(&format!("{folder}/")) {
            let path = source.strip_prefix(&folder).unwrap_or(source);
            let bytes = pack.files.get(source).unwrap_or_default();
            let body = match std::str::from_utf8(bytes) {
                Ok(text) => self.fill(text).into_bytes(),
                Err(_) => bytes.to_vec(),
            };
            self.plant_above(path, time);
            self.plant(path, Body::File(body.into()), 0o644, 0, time);
        }
        for entry in self.behaviour.file.clone() {
            let uid = self.account(&entry.owner).map_or(0, |a| a.uid);
            self.plant_above(&entry.path, time);
            let new = Node { body: Body::Directory, mode: 0, uid, gid: uid, mtime: time };
            let node = self.tree.entry(entry.path).or_insert(new);
            node.mode = octal(&entry.mode);
            node.uid = uid;
            node.gid = uid;
            node.mtime = entry.modified.map_or(time, Timestamp::as_second);
        }
    }

    fn plant_above(&mut self, path: &str, time: i64) {
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/').filter(|(p, _)| !p.is_empty()) {
            if !self.tree.contains_key(parent) {
                let (uid, mode) =
                    match self.behaviour.user.iter().find(|u| parent.starts_with(&format!("{}/", u.home))) {
                        Some(user) => (user.uid, 0o700),
                        None => (0, 0o755),
                    };
                self.plant(parent, Body::Directory, mode, uid, time);
            }
            above = parent;
        }
    }

    /// The node at a path at a moment: the tree, or what /proc shows then.
    pub fn node(&self, path: &str, now: Timestamp) -> Option<Node> {
        let mut node = proc::node(self, path, now).or_else(|| self.tree.get(path).cloned())?;
        if ["/proc", "/sys", "/dev", "/run", "/tmp"].iter().any(|p| path.starts_with(p))
            && matches!(node.body, Body::Directory | Body::Device(..))
        {
            node.mtime = self.boot(now);
        }
        Some(node)
    }

    /// Entries of a directory at a moment.
    pub fn children(&self, path: &str, now: Timestamp) -> Vec<(String, Node)> {
        let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let planted = self
            .tree
            .range(prefix.clone()..)
            .take_while(|(key, _)| key.starts_with(&prefix))
            .filter_map(|(key, node)| Some((key.strip_prefix(&prefix)?, node)))
            .filter(|(name, _)| !name.is_empty() && !name.contains('/'))
            .filter_map(|(name, _)| Some((name.to_owned(), self.node(&format!("{prefix}{name}"), now)?)));
        planted.chain(proc::children(self, path, now)).collect()
    }

    /// The bytes of a program: an ELF header, then bytes of the seed.
    pub fn program(&self, path: &str, size: u64) -> Vec<u8> {
        const HEADER: [u8; 20] = [0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x3e, 0];
        let size = usize::try_from(size).unwrap_or(0).min(super::fs::MAX_FILE);
        let mut out = HEADER.to_vec();
        let mut block = Sha256::new()
            .chain_update(path.as_bytes())
            .chain_update(self.host.os.kernel.as_bytes())
            .finalize();
        while out.len() < size {
            out.extend_from_slice(&block);
            block = Sha256::digest(block);
        }
        out.truncate(size);
        out
    }

    /// Accounts of the system by /etc/passwd.
    pub fn account(&self, name: &str) -> Option<Account> {
        let Some(Node { body: Body::File(text), .. }) = self.tree.get("/etc/passwd") else { return None };
        String::from_utf8_lossy(text).lines().find_map(|line| {
            match line.split(':').collect::<Vec<_>>().as_slice() {
                [user, _, uid, gid, _, home, shell] if *user == name => Some(Account {
                    name: name.to_owned(),
                    uid: uid.parse().ok()?,
                    gid: gid.parse().ok()?,
                    home: (*home).to_owned(),
                    shell: (*shell).to_owned(),
                }),
                _ => None,
            }
        })
    }

    fn name_in(&self, file: &str, id: u32) -> String {
        let text = match self.tree.get(file) {
            Some(Node { body: Body::File(text), .. }) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        };
        let id = id.to_string();
        let found = text.lines().find(|l| l.split(':').nth(2) == Some(&id)).and_then(|l| l.split(':').next());
        found.map_or(id.clone(), str::to_owned)
    }

    /// A user's name by id, or the id.
    pub fn user_name(&self, uid: u32) -> String {
        self.name_in("/etc/passwd", uid)
    }

    /// A group's name by id, or the id.
    pub fn group_name(&self, gid: u32) -> String {
        self.name_in("/etc/group", gid)
    }

    /// When the machine was started, seconds since 1970: at night, every so many days.
    pub fn boot(&self, now: Timestamp) -> i64 {
        let period = self.behaviour.machine.restart_days.max(1) * 86_400;
        let offset = i64::from(u16::from_le_bytes([self.seed[0], self.seed[1]])) % (period / 86_400) * 86_400;
        // Restarts fall at 03:1x local time.
        let night = 3 * 3600 + i64::from(self.seed[2] % 60) * 10 + i64::from(self.seed[3] % 60)
            - self.offset_seconds();
        let phase = offset + night;
        let boot = (now.as_second() - 86_400 - phase).div_euclid(period) * period + phase;
        boot.max(self.installed())
    }

    fn offset_seconds(&self) -> i64 {
        i64::from(self.pack.hospital.utc_offset_minutes) * 60
    }

    /// Local time zone: the hospital's.
    pub fn zone(&self) -> TimeZone {
        let seconds = self.pack.hospital.utc_offset_minutes * 60;
        TimeZone::fixed(Offset::from_seconds(seconds).unwrap_or(Offset::UTC))
    }

    /// Root file system in 1K blocks: size, used, available. It fills slowly.
    pub fn disk(&self, now: Timestamp) -> [u64; 3] {
        let machine = &self.behaviour.machine;
        let hours = u64::try_from((now.as_second() - self.installed()) / 3600).unwrap_or(0);
        let size = machine.disk_kb / 100 * 98;
        let used = (machine.disk_used_kb + hours * 1_310).min(size / 100 * 90);
        [size, used, size - used - size / 20]
    }

    /// A small number that is the machine's own.
    pub fn trait_number(&self, purpose: &str, bound: u64) -> u64 {
        let hash = Sha256::new().chain_update(self.seed).chain_update(purpose.as_bytes()).finalize();
        let mut wide = [0; 8];
        for (slot, byte) in wide.iter_mut().zip(hash) {
            *slot = byte;
        }
        u64::from_le_bytes(wide) % bound.max(1)
    }

    /// Hex digits that are the machine's own.
    fn hex(&self, purpose: &str, digits: usize) -> String {
        let hash = Sha256::new().chain_update(self.seed).chain_update(purpose.as_bytes()).finalize();
        hex::encode(hash).get(..digits).unwrap_or_default().to_owned()
    }

    fn uuid(&self, purpose: &str) -> String {
        let h = self.hex(purpose, 32);
        let cut = |a: usize, b: usize| h.get(a..b).unwrap_or_default();
        format!("{}-{}-4{}-a{}-{}", cut(0, 8), cut(8, 12), cut(13, 16), cut(17, 20), cut(20, 32))
    }

    /// The gateway: the first address of the host's network.
    pub fn gateway(&self) -> String {
        self.neighbour(1)
    }

    /// An address in the host's network by its last number.
    pub fn neighbour(&self, last: u8) -> String {
        let text = self.host.address.to_string();
        match text.rsplit_once('.') {
            Some((net, _)) => format!("{net}.{last}"),
            None => text,
        }
    }

    /// Fills `{name}` in a text of the pack or the base.
    fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            match after.split_once('}').and_then(|(name, tail)| Some((self.value(name)?, tail))) {
                Some((value, tail)) => {
                    out.push_str(&value);
                    rest = tail;
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn value(&self, name: &str) -> Option<String> {
        let b = &self.behaviour;
        let of_host = |name: &str| self.pack.known(name);
        if let Some((what, whose)) = name.split_once(':') {
            return match what {
                "address" => of_host(whose).map(|h| h.address.to_string()),
                "hostname" => of_host(whose).map(|h| h.hostname.clone()),
                "fqdn" => of_host(whose).map(|h| h.fqdn(&self.pack.hospital)),
                "password" => {
                    let (host, account) = whose.split_once('/')?;
                    of_host(host)?.accounts.iter().find(|a| a.name == account).map(|a| a.password.clone())
                }
                "derived" => {
                    let pattern = whose.split_once('=')?.1.replace('<', "{").replace('>', "}");
                    Some(self.pack.installation.fill(&format!("ssh/{}/{whose}", self.host.name), &pattern))
                }
                _ => None,
            };
        }
        Some(match name {
            "hostname" => self.host.hostname.clone(),
            "address" => self.host.address.to_string(),
            "domain" => self.pack.hospital.domain.clone(),
            "hospital" => self.pack.hospital.name.clone(),
            "code" => self.pack.hospital.code.clone(),
            "interface" => b.machine.interface.clone(),
            "prefix" => b.machine.prefix.to_string(),
            "gateway" => self.gateway(),
            "dns" => self.neighbour(2),
            "machine_id" => self.hex("machine-id", 32),
            "uuid_root" => self.uuid("root"),
            "uuid_swap" => self.uuid("swap"),
            "uuid_product" => self.uuid("product"),
            "vmware_serial" => self.vmware_serial(),
            "sectors" => ((b.machine.disk_kb + 1_048_576) * 2).to_string(),
            "last_cpu" => b.machine.cpus.saturating_sub(1).to_string(),
            "login_grace" => b.login_grace_seconds.to_string(),
            "max_auth_tries" => b.max_auth_tries.to_string(),
            "max_sessions" => b.max_sessions.to_string(),
            "client_alive" => b.client_alive_seconds.to_string(),
            "forwarding" => if b.tcp_forwarding == Forwarding::Prohibited { "no" } else { "yes" }.into(),
            "kex" => b.kex.join(","),
            "ciphers" => b.ciphers.join(","),
            "macs" => b.macs.join(","),
            "host_keys" => b.host_keys.join(","),
            "hosts" => self.hosts(),
            "users" => self.users(|u| {
                format!("{}:x:{}:{}:{}:{}:{}", u.name, u.uid, u.uid, u.full_name, u.home, u.shell)
            }),
            "groups" => self.users(|u| format!("{}:x:{}:", u.name, u.uid)),
            _ => return None,
        })
    }

    fn hosts(&self) -> String {
        let hospital = &self.pack.hospital;
        let lines: Vec<String> = self
            .pack
            .hosts
            .iter()
            .map(|h| format!("{}\t{}\t{}", h.address, h.fqdn(hospital), h.hostname))
            .collect();
        lines.join("\n")
    }

    fn users(&self, line: impl Fn(&crate::decoys::ssh::behaviour::User) -> String) -> String {
        self.behaviour.user.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn octal(mode: &str) -> u32 {
    u32::from_str_radix(mode, 8).unwrap_or(0o644)
}
