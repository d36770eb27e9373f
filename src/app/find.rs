//! What commands look up in the store.

use super::Layout;
use super::exit::Exit;
use crate::persona::{Protocol, Transport};
use crate::store::{Reader, SessionRow, StoreError};

/// Sessions named when the start of an id fits several.
const CANDIDATES: usize = 5;

/// The store, for reading.
///
/// # Errors
/// Why it can't be had, as a command's end.
pub(crate) fn store(layout: &Layout) -> Result<Reader, Exit> {
    Ok(Reader::open(&layout.store()?)?)
}

/// The session whose id starts so.
///
/// # Errors
/// None does, or several do; as a command's end.
pub(crate) fn session(reader: &Reader, start: &str) -> Result<SessionRow, Exit> {
    let mut found = reader.sessions_starting(start.trim(), CANDIDATES + 1)?;
    match found.len() {
        0 => Err(Exit::Usage(format!("no session starts with {start:?}; `honeyward sessions` lists them"))),
        1 => Ok(found.remove(0)),
        more => {
            let listed: Vec<_> = found.iter().take(CANDIDATES).map(|row| format!("  {}", row.id)).collect();
            let rest = if more > CANDIDATES { "\n  and more" } else { "" };
            Err(Exit::Usage(format!("{start} fits several sessions:\n{}{rest}", listed.join("\n"))))
        }
    }
}

/// What carries the sessions of a service, by its name in events.
pub(crate) fn carrier(service: &str) -> Transport {
    let protocol = serde_json::from_value::<Protocol>(service.into());
    protocol.map_or(Transport::Tcp, Protocol::transport)
}

impl From<StoreError> for Exit {
    fn from(error: StoreError) -> Self {
        Exit::Could(error.to_string())
    }
}
