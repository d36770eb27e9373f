//! `honeyward lure list`: the persona's own lure accounts, so that an operator can try them; then the
//! baits that were made for the hospital's own machines.

use serde::Serialize;

use crate::app::cli::LureListArgs;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::app::{Layout, installation};

/// One lure as `--json` gives it.
#[derive(Serialize)]
struct Lure<'a> {
    /// The lure's id, as alerts name it.
    id: &'a str,
    /// Deception host.
    host: &'a str,
    /// Services it opens.
    services: Vec<&'a str>,
    /// Login name.
    account: &'a str,
    /// Password of this installation.
    password: &'a str,
    /// Where it was put.
    place: &'a str,
}

/// Lists.
pub(crate) fn list(args: &LureListArgs, layout: &Layout) -> Exit {
    let config = match Config::load(args.config.config.as_deref()) {
        Ok(config) => config,
        Err(faults) => return Exit::Usage(faults.to_string()),
    };
    let installation = match installation::decoys(layout) {
        Ok(installation) => installation,
        Err(error) => return Exit::Could(format!("{}: {error}", layout.secret().display())),
    };
    let pack = match config.load_pack(installation) {
        Ok(pack) => pack,
        Err(faults) => return Exit::Usage(faults.to_string()),
    };
    for host in &pack.hosts {
        for account in &host.accounts {
            let lure = Lure {
                id: &account.lure,
                host: &host.name,
                services: account.services.iter().map(|s| s.as_str()).collect(),
                account: &account.name,
                password: &account.password,
                place: &account.place,
            };
            if args.json.json {
                say_json(&lure);
            } else {
                say(&format!(
                    "{:<16} {:<12} {:<16} {:<11} {}",
                    lure.id,
                    lure.account,
                    lure.password,
                    lure.services.join(","),
                    lure.place
                ));
            }
        }
    }
    super::baits::list(args, layout)
}
