//! The list of known hosts, hashed as Debian's configuration has it, and the question about new ones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngExt;
use russh::keys::{HashAlg, PublicKey};
use sha1::Sha1;

use super::Wish;
use crate::decoys::ssh::shell::run::{Io, Run, Source};

/// Questions until ssh gives up on an answer.
const QUESTIONS: usize = 5;

impl Run<'_> {
    /// Whether the key of a host is taken: known, or agreed to.
    pub(super) async fn trusts(&mut self, wish: &Wish, address: &str, key: &PublicKey, io: &Io) -> bool {
        let label =
            if wish.port == 22 { wish.host.clone() } else { format!("[{}]:{}", wish.host, wish.port) };
        let Ok(line) = key.to_openssh() else { return false };
        let shown = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let path = format!("{}/.ssh/known_hosts", self.shell.account.home);
        let file = self.shell.fs.read(&path).unwrap_or_default();
        let file = String::from_utf8_lossy(&file).into_owned();
        if file.lines().any(|entry| is_of(entry, &label) && entry.ends_with(&shown)) {
            return true;
        }
        let kind = kind(key);
        if !wish.trusting && !self.agrees(wish, &label, address, (kind, key), io).await {
            self.error(io, "Host key verification failed.\n").await;
            return false;
        }
        let salt: [u8; 20] = self.shell.session.rng(&format!("ssh-known/{label}/{}", file.len())).random();
        let folder = format!("{}/.ssh", self.shell.account.home);
        if self.shell.fs.stat(&folder).is_err() {
            let _ = self.shell.fs.make_directory(&folder);
            let _ = self.shell.fs.change(&folder, |node| node.mode = 0o700);
        }
        let new = file.is_empty();
        let entry = format!("|1|{}|{} {shown}\n", STANDARD.encode(salt), hashed(&salt, &label));
        if self.shell.fs.write(&path, entry.as_bytes(), true).is_ok() && new {
            let _ = self.shell.fs.change(&path, |node| node.mode = 0o600);
        }
        let text = format!("Warning: Permanently added '{label}' ({kind}) to the list of known hosts.\n");
        self.error(io, &text).await;
        true
    }

    async fn agrees(
        &mut self,
        wish: &Wish,
        label: &str,
        address: &str,
        (kind, key): (&str, &PublicKey),
        io: &Io,
    ) -> bool {
        if self.shell.screen.is_none() || wish.batch {
            return false;
        }
        let print = key.fingerprint(HashAlg::Sha256).to_string();
        let named = if wish.port == 22 {
            format!("{label} ({address})")
        } else {
            format!("{label} ([{address}]:{})", wish.port)
        };
        self.error(io, &format!("The authenticity of host '{named}' can't be established.\n{kind} key fingerprint is {print}.\nThis key is not known by any other names.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? ")).await;
        let terminal = Io { input: Source::Port, ..io.clone() };
        for _ in 0..QUESTIONS {
            let Some(answer) = self.read_line(&terminal).await else { return false };
            match answer.trim() {
                "yes" => return true,
                "no" => return false,
                text if text == print => return true,
                _ => self.error(io, "Please type 'yes', 'no' or the fingerprint: ").await,
            }
        }
        false
    }
}

fn kind(key: &PublicKey) -> &'static str {
    let name = key.algorithm().to_string();
    if name.contains("ed25519") {
        "ED25519"
    } else if name.contains("ecdsa") {
        "ECDSA"
    } else {
        "RSA"
    }
}

/// HMAC-SHA1 of a host under a salt, base64.
fn hashed(salt: &[u8], label: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(salt) else { return String::new() };
    mac.update(label.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether a line of the file speaks of a host.
fn is_of(entry: &str, label: &str) -> bool {
    let names = entry.split(' ').next().unwrap_or_default();
    match names.strip_prefix("|1|").and_then(|rest| rest.split_once('|')) {
        Some((salt, hash)) => STANDARD.decode(salt).is_ok_and(|salt| hashed(&salt, label) == hash),
        None => names.split(',').any(|name| name == label),
    }
}
