//! The one session that a person means.

use crate::app::Layout;
use crate::app::exit::Exit;
use crate::store::{Reader, SessionRow, StoreError};

/// Finds the session by its id or the first characters of one.
///
/// # Errors
/// None or several begin so, or the store can't be read.
pub(crate) fn session(layout: &Layout, start: &str) -> Result<SessionRow, Exit> {
    let reader = Reader::open(&layout.database()).map_err(could)?;
    let mut rows = reader.sessions_starting(start, 2).map_err(could)?;
    match (rows.pop(), rows.is_empty()) {
        (Some(row), true) => Ok(row),
        (Some(_), false) => Err(Exit::Usage(format!("several sessions begin with {start}; give more of it"))),
        (None, _) => Err(Exit::Usage(format!("no session begins with {start} (see `honeyward sessions`)"))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn could(error: StoreError) -> Exit {
    Exit::Could(error.to_string())
}
