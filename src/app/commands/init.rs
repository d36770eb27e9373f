//! `honeyward init`: the first process of the appliance's image.

use std::path::{Path, PathBuf};

use super::check;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::{Layout, processes, status};
use crate::appliance::boot::{self, Parts};
use crate::appliance::first_boot::Program;
use crate::appliance::network::{self, DECOYS};
use crate::console::SETUP;
use crate::persona::Installation;

/// The processes without which a version is not healthy.
const NEEDED: [&str; 5] = ["netd", "sensor", "core", "capd", "console"];

/// Runs the machine.
pub(crate) fn run() -> Exit {
    processes::log_to_stderr();
    let program = Program { check: faults_of, hosts, secret };
    match boot::run(Parts { program, healthy }) {
        Ok(()) => Exit::Done,
        Err(fault) => Exit::Usage(fault),
    }
}

/// Finds every fault of a config and of the packs that it names. On the appliance decoys stand on segments:
/// nothing of theirs is the machine's own.
fn faults_of(file: &Path) -> Result<(), String> {
    let config = Config::load(Some(file)).map_err(|faults| faults.to_string())?;
    if !config.network.is_used() {
        return Err(format!(
            "{}: expected [[network.segment]] with parent = \"{DECOYS}\": where the decoys stand",
            file.display()
        ));
    }
    let cards = network::cards();
    let known = |parent: &str| parent == DECOYS || cards.iter().any(|card| card.name == parent);
    if let Some(segment) = config.network.segment.iter().find(|segment| !known(&segment.parent)) {
        return Err(format!(
            "{}: segment {}: parent \"{}\": expected \"{DECOYS}\", or a network card of this machine",
            file.display(),
            segment.name,
            segment.parent
        ));
    }
    match check::load_pack(&config, Installation::new([0; 32])) {
        Ok(_) => Ok(()),
        Err(Exit::Usage(faults) | Exit::Could(faults)) => Err(faults),
        Err(Exit::Done | Exit::Finding) => Err("the pack can't be loaded".into()),
    }
}

fn hosts() -> Vec<String> {
    let pack = Config::default().load_pack(Installation::new([0; 32]));
    pack.map(|pack| pack.hosts.iter().map(|host| host.name.clone()).collect()).unwrap_or_default()
}

fn secret(data: &Path) -> PathBuf {
    Layout::new(data).console().join(SETUP)
}

fn healthy(data: &Path) -> bool {
    let layout = Layout::new(data);
    NEEDED.iter().all(|name| status::read(&layout, name).is_some_and(|status| status::lives(&status)))
}
