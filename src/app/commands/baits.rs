//! `honeyward lure mint|revoke|package`: baits for the hospital's own machines.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::cli::{LureListArgs, LureMintArgs, LurePackageArgs, LureRevokeArgs};
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::lures::{self, Registry};
use crate::app::output::{say, say_json};
use crate::app::{Layout, installation};
use crate::lure::{File, Lure};
use crate::persona::Pack;

/// One bait as `--json` gives it.
#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    kind: &'static str,
    endpoint: &'a str,
    path: &'a str,
    /// Deception host that it leads to.
    host: &'a str,
    /// Services that it opens: none.
    services: [&'static str; 0],
    place: String,
    state: &'static str,
    minted: Timestamp,
    revoked: Option<Timestamp>,
    note: &'a str,
}

impl<'a> Listed<'a> {
    fn of(lure: &'a Lure) -> Self {
        Listed {
            id: &lure.id,
            kind: lure.kind.as_str(),
            endpoint: &lure.endpoint,
            path: &lure.path,
            host: &lure.host,
            services: [],
            place: lure.place(),
            state: state(lure),
            minted: lure.minted,
            revoked: lure.revoked,
            note: &lure.note,
        }
    }
}

fn state(lure: &Lure) -> &'static str {
    if lure.revoked.is_some() { "revoked" } else { "out" }
}

/// Lists what was made.
pub(super) fn list(args: &LureListArgs, layout: &Layout) -> Exit {
    let registry = match Registry::load(layout) {
        Ok(registry) => registry,
        Err(error) => return could(&layout.lures(), &error),
    };
    for lure in &registry.lure {
        if args.json.json {
            say_json(&Listed::of(lure));
        } else {
            let (kind, state) = (lure.kind.as_str(), state(lure));
            say(&format!("{:<16} {kind:<12} {state:<16} {:<11} {}", lure.id, lure.host, lure.place()));
        }
    }
    Exit::Done
}

fn could(path: &Path, error: &io::Error) -> Exit {
    Exit::Could(format!("{}: {error}", path.display()))
}

/// Makes a bait.
pub(super) fn mint(args: &LureMintArgs, layout: &Layout) -> Exit {
    match try_mint(args, layout) {
        Ok(()) => Exit::Done,
        Err(exit) => exit,
    }
}

fn try_mint(args: &LureMintArgs, layout: &Layout) -> Result<(), Exit> {
    lures::checked(layout, &args.kind, &args.endpoint, &args.path).map_err(Exit::Usage)?;
    let pack = pack(args.config.config.as_deref(), layout)?;
    let wanted = lures::Wanted {
        kind: &args.kind,
        endpoint: &args.endpoint,
        path: &args.path,
        host: args.host.as_deref(),
        note: &args.note,
    };
    let (lure, file) = lures::mint(layout, &pack, &wanted, Timestamp::now()).map_err(Exit::Usage)?;
    if let Some(output) = &args.output {
        let to = if output.is_dir() { output.join(&file.name) } else { output.clone() };
        fs::write(&to, &file.bytes).map_err(|e| could(&to, &e))?;
    }
    if args.json.json {
        say_json(&Listed::of(&lure));
    } else {
        say(&format!("{} {} for {}", lure.id, lure.kind.as_str(), lure.place()));
    }
    Ok(())
}

fn pack(config: Option<&Path>, layout: &Layout) -> Result<Pack, Exit> {
    let config = Config::load(config).map_err(|faults| Exit::Usage(faults.to_string()))?;
    let installation = installation::decoys(layout).map_err(|e| could(&layout.secret(), &e))?;
    config.load_pack(installation).map_err(|faults| Exit::Usage(faults.to_string()))
}

/// Withdraws a bait.
pub(super) fn revoke(args: &LureRevokeArgs, layout: &Layout) -> Exit {
    match lures::revoke(layout, &args.lure, Timestamp::now()) {
        Ok(lure) => {
            say(&format!("{} is withdrawn; remove it from {}", lure.id, lure.place()));
            Exit::Done
        }
        Err(reason) => Exit::Usage(reason),
    }
}

/// `manifest.json` of a package.
#[derive(Serialize)]
struct Manifest<'a> {
    /// Version of this form.
    version: u32,
    endpoint: &'a str,
    made: Timestamp,
    /// What is to be put where.
    install: Vec<Item<'a>>,
    /// What is to be removed.
    withdraw: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    lure: &'a str,
    kind: &'static str,
    /// Where it is put on the machine.
    path: &'a str,
    /// The file in the package; none of what is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// SHA-256 of the file, lower-case hex: remove only what is still this file.
    sha256: String,
    size: usize,
}

/// Writes the baits of a machine.
pub(super) fn package(args: &LurePackageArgs, layout: &Layout) -> Exit {
    match try_package(args, layout) {
        Ok(manifest) => {
            say(&manifest.display().to_string());
            Exit::Done
        }
        Err(exit) => exit,
    }
}

fn try_package(args: &LurePackageArgs, layout: &Layout) -> Result<PathBuf, Exit> {
    let registry = Registry::load(layout).map_err(|e| could(&layout.lures(), &e))?;
    let own: Vec<&Lure> = registry.lure.iter().filter(|lure| lure.endpoint == args.endpoint).collect();
    if own.is_empty() {
        return Err(Exit::Usage(format!("{}: no bait was made for this machine", args.endpoint)));
    }
    let pack = pack(args.config.config.as_deref(), layout)?;
    let key = lures::key(layout).map_err(|e| could(&layout.secret(), &e))?;
    let files = args.output.join("files");
    fs::create_dir_all(&files).map_err(|e| could(&files, &e))?;
    let (mut install, mut withdraw) = (Vec::new(), Vec::new());
    for lure in own {
        let file = lure.file(&key, lures::host(&pack, lure.kind, Some(&lure.host)).map_err(Exit::Usage)?);
        let mut item = item(lure, &file);
        if lure.revoked.is_some() {
            withdraw.push(item);
            continue;
        }
        let name = format!("{}-{}", lure.id, file.name);
        let to = files.join(&name);
        fs::write(&to, &file.bytes).map_err(|e| could(&to, &e))?;
        item.file = Some(format!("files/{name}"));
        install.push(item);
    }
    let manifest =
        Manifest { version: 1, endpoint: &args.endpoint, made: Timestamp::now(), install, withdraw };
    let to = args.output.join("manifest.json");
    let text = serde_json::to_string_pretty(&manifest).map_err(|e| Exit::Could(e.to_string()))?;
    fs::write(&to, text + "\n").map_err(|e| could(&to, &e))?;
    Ok(to)
}

fn item<'a>(lure: &'a Lure, file: &File) -> Item<'a> {
    Item {
        lure: &lure.id,
        kind: lure.kind.as_str(),
        path: &lure.path,
        file: None,
        sha256: hex::encode(Sha256::digest(&file.bytes)),
        size: file.bytes.len(),
    }
}
