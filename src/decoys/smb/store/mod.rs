//! What lies on a host's drives: folders of the pack, and of the world's images, reports and backups.
//! All of it follows from the path and the moment; what an intruder changed is laid over it
//! ([`own`]).

mod backups;
mod disk;
mod draft;
mod files;
mod images;
mod laboratory;
mod listing;
mod node;
mod own;
mod papers;
mod reading;
mod reports;

pub(super) use disk::Disk;
pub(super) use disk::Eyes;
pub(super) use draft::{Draft, Drafts, Written};
pub(super) use node::{Body, Node, Times, attribute, filetime};
pub(super) use own::{MoveError, Own};
pub(super) use papers::Paper;
pub(super) use reading::MAX_HELD;

use serde::Deserialize;

use crate::world::Modality;

/// What is in a place, by its kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// Files of the pack, below this folder of the host's; words in braces are filled in.
    Files {
        /// The folder.
        from: String,
        /// When they were written: each within this many days before the host was set up last year.
        #[serde(default = "within")]
        within_days: u32,
    },
    /// DICOM files, a folder per day and study.
    Images {
        /// Of which modalities.
        modalities: Vec<String>,
        /// How many days are kept.
        days: u32,
    },
    /// Reports of imaging as PDF, a folder per month and day.
    Reports {
        /// How many days are kept.
        days: u32,
    },
    /// Reports of the laboratory as PDF, a folder per month and day.
    Laboratory {
        /// How many days are kept.
        days: u32,
    },
    /// Backups of a database of SQL Server.
    Backups {
        /// Its name.
        database: String,
        /// The size of a whole one, MiB.
        megabytes: u32,
        /// How many days are kept.
        days: u32,
    },
    /// Names, sizes and dates of a list of the pack: what a system is made of, which is not given out.
    Listing {
        /// The file, below the pack.
        from: String,
    },
}

fn within() -> u32 {
    700
}

/// The modality of a name.
fn modality(name: &str) -> Option<Modality> {
    Modality::ALL.into_iter().find(|modality| modality.as_str() == name)
}
