//! `honeyward store move`: the evidence goes to another engine, and its chain with it.

use super::verify::Meter;
use crate::app::cli::{StoreMoveArgs, StoreTarget};
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::output::say;
use crate::app::{Layout, storing, supervisor};
use crate::store::moving::{Stage, copy};
use crate::store::{Kind, Place, Settings};

/// Moves.
pub(crate) fn relocate(args: &StoreMoveArgs, layout: &Layout) -> Exit {
    match moved(args, layout) {
        Ok(()) => Exit::Done,
        Err(exit) => exit,
    }
}

fn moved(args: &StoreMoveArgs, layout: &Layout) -> Result<(), Exit> {
    let known = storing::recorded(layout)?;
    let wanted = wanted(args)?;
    if known.kind == wanted.kind && (known.kind == Kind::Embedded || known == wanted) {
        let place = Place::new(&known, &layout.database());
        return Err(Exit::Usage(format!("the store is at {} already", place.shown())));
    }
    if known.kind == Kind::Embedded && !layout.database().is_file() {
        return Err(Exit::Could(format!("no store at {}", layout.database().display())));
    }
    // Nobody runs on this data directory meanwhile.
    let _lock = supervisor::hold(layout)?;
    let from = Place::new(&known, &layout.database());
    let to = Place::new(&wanted, &layout.database());
    let mut meter: Option<(Stage, Meter)> = None;
    let verified = copy(&from, &to, |stage, done, all| {
        if meter.as_ref().is_none_or(|(shown, _)| *shown != stage) {
            meter = Some((stage, Meter::new(word(stage))));
        }
        if let Some((_, meter)) = &mut meter {
            meter.show(done, all);
        }
    });
    if let Some((_, meter)) = meter {
        meter.clear();
    }
    let verified = verified?;
    storing::record(layout, &wanted)
        .map_err(|error| Exit::Could(format!("{}: {error}", layout.server().display())))?;
    say(&format!(
        "Moved: {} records, {} sessions, {} alerts; both chains are good and end with {}.",
        verified.head.seq,
        verified.sessions,
        verified.alerts,
        hex::encode(verified.head.hash)
    ));
    say(&format!("The store is at {} now. The old one, at {}, is as it was.", to.shown(), from.shown()));
    say(match wanted.kind {
        Kind::Postgres => "`honeyward run` needs the config with that [store] from now on.",
        Kind::Embedded => "`honeyward run` needs a config without [store] from now on.",
    });
    Ok(())
}

fn wanted(args: &StoreMoveArgs) -> Result<Settings, Exit> {
    if args.to == StoreTarget::Embedded {
        return Ok(Settings::default());
    }
    let config = Config::load(args.config.config.as_deref()).map_err(|f| Exit::Usage(f.to_string()))?;
    if config.store.kind != Kind::Postgres {
        return Err(Exit::Usage(
            "--to postgres: expected --config FILE with [store] kind = \"postgres\"".into(),
        ));
    }
    config.store.check_files().map_err(Exit::Usage)?;
    Ok(config.store)
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::VerifyingOld => "records of the old store verified",
        Stage::Copying => "records copied",
        Stage::VerifyingNew => "records of the new store verified",
    }
}
