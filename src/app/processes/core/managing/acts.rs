//! The acts themselves: settings, baits, bundles.

use std::fs;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::app::commands::export as bundles;
use crate::app::exit::Exit;
use crate::app::launch::Launch;
use crate::app::lures;
use crate::app::managed::Managed;
use crate::app::wishes::{self, Hands, Problems};
use crate::app::{Layout, find, installation};
use crate::event::SystemEvent;
use crate::event::wish::Wish;
use crate::export::{self, Custody, Places};

/// A bundle waits so long to be taken: it is large, and it can be made again.
const BUNDLE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Does what it is told to.
pub(super) struct Acts {
    launch: Launch,
    pub(super) layout: Layout,
}

impl Acts {
    pub(super) fn new(launch: Launch, layout: Layout) -> Self {
        Acts { launch, layout }
    }

    /// Whether the config wants a second person whatever accounts there are.
    pub(super) fn always_two(&self) -> bool {
        self.launch.config.console.four_eyes == Some(true)
    }

    /// Does it, once; gives what is to be told of it.
    pub(super) fn perform(&self, id: &str, wish: &Wish, hands: &Hands) -> Vec<SystemEvent> {
        let (mut told, done) = match self.act(id, wish, hands) {
            Ok((told, version)) => (told, (true, String::new(), version)),
            Err(reason) => (Vec::new(), (false, reason, 0)),
        };
        let (done, reason, version) = done;
        told.push(SystemEvent::Done { id: id.to_owned(), done, reason, version });
        told
    }

    /// What is to be told beside, and the version of the settings that it led to.
    fn act(&self, id: &str, wish: &Wish, hands: &Hands) -> Result<(Vec<SystemEvent>, u64), String> {
        match wish {
            Wish::LureMinted { .. } => self.mint(wish).map(|()| (Vec::new(), 0)),
            Wish::LureRevoked { lure } => {
                lures::revoke(&self.layout, lure, hands.at)?;
                Ok((Vec::new(), 0))
            }
            Wish::Export { subject, reason } => {
                let event = self.export(id, subject, reason, hands)?;
                Ok((vec![event], 0))
            }
            Wish::Destination { .. }
            | Wish::DestinationRemoved { .. }
            | Wish::Allowance { .. }
            | Wish::AllowanceEnded { .. }
            | Wish::Retention { .. }
            | Wish::Restored { .. } => self.change(id, wish, hands).map(|version| (Vec::new(), version)),
        }
    }

    fn change(&self, id: &str, wish: &Wish, hands: &Hands) -> Result<u64, String> {
        let present = Managed::load(&self.layout).map_err(|e| e.to_string())?;
        if present.request == id {
            // Done before a kill that came before it was told.
            return Ok(present.version);
        }
        let changed = wishes::changed(wish, &self.launch.config, &self.layout, hands).map_err(said)?;
        let mut changed = changed.ok_or("this wish changes no settings")?;
        changed.request = id.to_owned();
        changed.save(&self.layout).map_err(|e| e.to_string())?;
        Ok(changed.version)
    }

    fn mint(&self, wish: &Wish) -> Result<(), String> {
        let Wish::LureMinted { kind, endpoint, path, host, note } = wish else { return Ok(()) };
        let decoys = installation::decoys(&self.layout).map_err(|e| e.to_string())?;
        let pack = self.launch.config.load_pack(decoys).map_err(|e| e.to_string())?;
        let host = Some(host.as_str()).filter(|host| !host.is_empty());
        let wanted = lures::Wanted { kind, endpoint, path, host, note };
        let (lure, file) = lures::mint(&self.layout, &pack, &wanted, Timestamp::now())?;
        let folder = self.layout.lure_files().join(&lure.id);
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        fs::write(folder.join(&file.name), &file.bytes).map_err(|e| e.to_string())
    }

    fn export(&self, id: &str, subject: &str, reason: &str, hands: &Hands) -> Result<SystemEvent, String> {
        let folder = self.layout.bundles();
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let to = folder.join(format!("{id}.zip"));
        // What is there is of a run that was killed before it could tell: it is made again.
        let _ = fs::remove_file(&to);
        let reader = find::store(&self.layout).map_err(Exit::reason)?;
        let case = bundles::case(&reader, subject).map_err(Exit::reason)?;
        let places = Places {
            sessions: self.layout.sessions(),
            artefacts: self.layout.artefacts(),
            packets: self.layout.packets(),
            carrier: find::carrier,
        };
        let witness = if hands.approver == hands.by { String::new() } else { hands.approver.clone() };
        let custody = Custody {
            by: hands.by.clone(),
            witness,
            reason: reason.to_owned(),
            organisation: String::new(),
            at: Timestamp::now(),
            machine: bundles::machine(),
        };
        let signer = installation::signer(&self.layout).map_err(|e| e.to_string())?;
        let made =
            export::export(&reader, &case, &places, &custody, &signer, &to).map_err(|e| e.to_string())?;
        let (by, subject) = (custody.by, case.subject);
        Ok(SystemEvent::Exported { by, reason: custody.reason, subject, digest: made.digest })
    }

    /// Removes bundles that nobody took.
    pub(super) fn sweep(&self, now: Timestamp) {
        let now = SystemTime::from(now);
        for entry in fs::read_dir(self.layout.bundles()).into_iter().flatten().flatten() {
            let age = entry.metadata().and_then(|data| data.modified()).ok();
            if age.and_then(|made| now.duration_since(made).ok()).is_some_and(|age| age > BUNDLE) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn said(problems: Problems) -> String {
    problems.into_iter().map(|(_, problem)| problem).collect::<Vec<_>>().join("; ")
}
