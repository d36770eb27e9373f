//! `honeyward init`: the first process of the appliance's image.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use super::check;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::{Layout, processes, status};
use crate::appliance::boot::{self, Parts};
use crate::appliance::first_boot::Program;
use crate::console::SETUP;
use crate::persona::Installation;

/// The processes without which a version is not healthy.
const NEEDED: [&str; 4] = ["sensor", "core", "capd", "console"];

/// Runs the machine.
pub(crate) fn run() -> Exit {
    processes::log_to_stderr();
    let program = Program { check: faults_of, hosts, secret };
    match boot::run(Parts { program, decoys, healthy }) {
        Ok(()) => Exit::Done,
        Err(fault) => Exit::Usage(fault),
    }
}

/// Finds every fault of a config and of the packs that it names.
fn faults_of(file: &Path) -> Result<(), String> {
    let config = Config::load(Some(file)).map_err(|faults| faults.to_string())?;
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

/// Addresses that no loopback has; none where each host has a network of its own.
fn decoys(file: &Path) -> Result<Vec<Ipv4Addr>, String> {
    let config = Config::load(Some(file)).map_err(|faults| faults.to_string())?;
    // Hosts with a network of their own have their addresses there.
    if config.network.is_used() {
        return Ok(Vec::new());
    }
    if config.network.is_used() {
        return Ok(Vec::new());
    }
    let pack = config.load_pack(Installation::new([0; 32])).map_err(|faults| faults.to_string())?;
    let on_card = |address: IpAddr| match address {
        IpAddr::V4(address) if !address.is_loopback() => Some(address),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    };
    Ok(pack.hosts.iter().filter_map(|host| on_card(host.address)).collect())
}

fn healthy(data: &Path) -> bool {
    let layout = Layout::new(data);
    NEEDED.iter().all(|name| status::read(&layout, name).is_some_and(|status| status::lives(&status)))
}
