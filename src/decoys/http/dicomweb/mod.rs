//! DICOMweb (PS3.18) over the archive that the host's DICOM service speaks for: queries, objects,
//! pictures and what is told of them. How a product words its URLs, errors and heads is its own.

pub(crate) mod attributes;
pub(crate) mod jsoncpp;
pub mod multipart;
pub(crate) mod native;
pub(crate) mod objects;
pub mod qido;
pub mod store;
pub(crate) mod tell;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use crate::archive::{Archive, Duplicates, Hit, Holdings, Sending, SendingTable};
use crate::decoys::Making;
use crate::imaging::Imaging;
use crate::persona::{Fault, Protocol};
use crate::session::Session;
use crate::wire::dicom::dataset::{Charset, tags};
use crate::world::Modality;
use crate::world::overlay::Overlay;

/// Most pixel matrices remembered: some 1 MB.
const MAX_MATRICES: usize = 8192;

/// The host's archive as its web face uses it.
pub(crate) struct Shelf {
    archive: Arc<Archive>,
    imaging: Arc<Imaging>,
    /// Character set of what it keeps.
    pub(crate) charset: Charset,
    /// AE title of the host's DICOM service.
    pub(crate) ae_title: String,
    /// Port of the host's DICOM service.
    pub(crate) dicom_port: u16,
    /// Implementation Class UID that files are written with.
    pub(crate) implementation: String,
    /// Implementation Version Name that files are written with.
    pub(crate) version: String,
    /// How it keeps and sends objects.
    pub(crate) sending: Sending,
    /// What becomes of an object that is there already.
    duplicates: Duplicates,
    matrices: Mutex<BTreeMap<String, Matrix>>,
}

/// What one peer sees, with the session that can read back what he stored.
#[derive(Clone)]
pub(crate) struct Seen {
    holdings: Holdings,
    session: Session,
}

impl Seen {
    /// The peer's session.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

impl std::ops::Deref for Seen {
    type Target = Holdings;

    fn deref(&self) -> &Holdings {
        &self.holdings
    }
}

/// How an instance's pixels are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matrix {
    /// Rows.
    pub(crate) rows: u16,
    /// Columns.
    pub(crate) columns: u16,
    /// Bits allocated.
    pub(crate) bits: u16,
}

/// The parts of the DICOM service's table that its web face shares.
#[derive(Deserialize)]
struct Table {
    ae_title: String,
    implementation: Implementation,
    query: Query,
    #[serde(default)]
    retrieve: Retrieve,
    #[serde(default)]
    store: Store,
}

#[derive(Deserialize, Default)]
struct Retrieve {
    #[serde(default)]
    sending: SendingTable,
}

#[derive(Deserialize, Default)]
struct Store {
    #[serde(default)]
    duplicates: Duplicates,
}

#[derive(Deserialize)]
struct Implementation {
    uid: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Query {
    charset: String,
    online_days: u32,
    #[serde(default)]
    one_in: u32,
}

impl Shelf {
    /// The archive of the host that is being made.
    ///
    /// # Errors
    /// A located [`Fault`] when the host has no DICOM service with an archive.
    pub(crate) fn new(making: &Making) -> Result<Self, Fault> {
        let host = &making.host;
        let file = making.pack.files.display(&format!("{}/persona.toml", host.folder));
        let missing =
            || Fault::of_file(file.clone(), "expected a dicom service with [query] beside the web face");
        let service = host.services.iter().find(|s| s.protocol == Protocol::Dicom).ok_or_else(missing)?;
        let table: Table = toml::from_str(&service.behaviour.text).map_err(|_| missing())?;
        Ok(Shelf {
            archive: Arc::new(Archive::new(&host.name, table.query.online_days).sampled(table.query.one_in)),
            imaging: Arc::clone(&making.imaging),
            charset: Charset::from_term(&table.query.charset).unwrap_or_default(),
            ae_title: table.ae_title,
            dicom_port: service.port,
            implementation: table.implementation.uid,
            version: table.implementation.version,
            sending: Sending::read(&table.retrieve.sending).map_err(|_| missing())?,
            duplicates: table.store.duplicates,
            matrices: Mutex::default(),
        })
    }

    /// What the peer of a session sees now.
    pub(crate) fn seen(&self, session: &Session) -> Seen {
        let holdings = self.archive.seen(session.world().at(session.now()), session.overlay());
        Seen { holdings, session: session.clone() }
    }

    /// What every peer sees: nobody's own objects.
    pub(crate) fn common(&self, session: &Session) -> Holdings {
        self.archive.seen(session.world().at(session.now()), &Overlay::default())
    }

    /// How the pixels of a match lie: the same in all instances of a series, but for radiographs.
    pub(crate) fn matrix(&self, seen: &Seen, hit: &Hit) -> Option<Matrix> {
        let own = hit.instance.as_ref().is_some_and(|instance| instance.own().is_some());
        let each = own || hit.entry.world().is_none_or(|(study, _)| study.modality == Modality::DX);
        let (series, instance) = (hit.series.as_ref()?.uid(), hit.instance.as_ref()?.uid());
        let key = if each { instance } else { series };
        let held = || self.matrices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = held().get(key).filter(|_| !own) {
            return Some(*known);
        }
        let set = match (hit.entry.world(), hit.series.as_ref()?.world(), hit.instance.as_ref()?.world()) {
            (Some((study, _)), Some(series), Some(instance)) => {
                self.imaging.header(seen.view(), study, series, instance)
            }
            _ => self.data_set(seen, hit)?,
        };
        let matrix = Matrix {
            rows: set.u16(tags::ROWS)?,
            columns: set.u16(tags::COLUMNS)?,
            bits: set.u16(tags::BITS_ALLOCATED)?,
        };
        let mut held = held();
        if held.len() >= MAX_MATRICES {
            held.clear();
        }
        held.insert(key.to_owned(), matrix);
        Some(matrix)
    }
}
