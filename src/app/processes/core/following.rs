//! Follows the allowances that users of the console make while core runs.

use std::time::{Duration, Instant, SystemTime};

use crate::app::Layout;
use crate::app::config::Config;
use crate::app::managed::{Managed, written};
use crate::detect::{self, Allowance};

/// How often the file is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// The file as it was seen last.
pub(super) struct Following {
    layout: Layout,
    /// What the config file allows: it goes first.
    own: Vec<Allowance>,
    looked: Option<Instant>,
    written: Option<SystemTime>,
}

impl Following {
    pub(super) fn new(layout: &Layout, own: Vec<Allowance>) -> Self {
        Following { layout: layout.clone(), own, looked: None, written: None }
    }

    /// All that is allowed, when that changed.
    pub(super) fn news(&mut self) -> Option<Vec<Allowance>> {
        if self.looked.is_some_and(|looked| looked.elapsed() < PERIOD) {
            return None;
        }
        self.looked = Some(Instant::now());
        let written = written(&self.layout);
        if written == self.written {
            return None;
        }
        match self.all() {
            Ok(all) => {
                self.written = written;
                Some(all)
            }
            Err(error) => {
                tracing::warn!(%error, "what the console allows can't be read: the last known stays");
                None
            }
        }
    }

    /// All that is allowed now.
    pub(super) fn all(&self) -> std::io::Result<Vec<Allowance>> {
        let detection = detect::Settings { allowance: self.own.clone(), ..detect::Settings::default() };
        let mut config = Config { detection, ..Config::default() };
        Managed::load(&self.layout)?.add_to(&mut config);
        Ok(config.detection.allowance)
    }
}
