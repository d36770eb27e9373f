//! `honeyward check`: config and personas, down to every behaviour file.

use std::path::Path;
use std::sync::Arc;

use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::network;
use crate::app::output::say;
use crate::console;
use crate::decoys::{self, Making};
use crate::imaging::Imaging;
use crate::persona::{Fault, Installation, Pack};
use crate::world::World;

/// Checks and says what would run.
pub(crate) fn run(config: Option<&Path>) -> Exit {
    let config = match Config::load(config) {
        Ok(config) => config,
        Err(faults) => return Exit::Usage(faults.to_string()),
    };
    if let Err(fault) = console::check(&config.console).and_then(|()| config.store.check_files()) {
        return Exit::Usage(fault);
    }
    // Any secret will do: only the shape is checked, and nothing is made on disk.
    match load_pack(&config, Installation::new([0; 32])) {
        Ok(pack) => {
            let services: usize = pack.hosts.iter().map(|h| h.services.len()).sum();
            say(&format!(
                "{}: {} hosts, {services} services, no fault",
                pack.hospital.name,
                pack.hosts.len()
            ));
            Exit::Done
        }
        Err(exit) => exit,
    }
}

/// Loads a pack and makes every decoy once, so that no fault is left for later.
pub(crate) fn load_pack(config: &Config, installation: Installation) -> Result<Arc<Pack>, Exit> {
    let pack = config.load_pack(installation).map_err(|faults| Exit::Usage(faults.to_string()))?;
    let pack = Arc::new(pack);
    let world = Arc::new(World::new(Arc::clone(&pack.hospital), &pack.installation));
    let imaging = Arc::<Imaging>::default();
    let mut faults = Vec::new();
    for host in &pack.hosts {
        let making = Making {
            pack: Arc::clone(&pack),
            host: Arc::clone(host),
            world: Arc::clone(&world),
            imaging: Arc::clone(&imaging),
        };
        faults.extend(host.services.iter().filter_map(|s| decoys::build(&making, s).err()));
    }
    faults.dedup();
    if config.network.is_used()
        && let Err(problems) = network::plan(config, &pack)
    {
        faults.extend(problems.into_iter().map(|problem| Fault::of_file("config", problem)));
    }
    if faults.is_empty() {
        return Ok(pack);
    }
    let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
    Err(Exit::Usage(lines.join("\n")))
}
