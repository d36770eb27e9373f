//! The hospital's database behind one login.

use std::sync::Arc;

use jiff::Timestamp;

use super::behaviour::number;
use super::engine::Engine;
use super::established::Refusal;
use super::login::Admitted;
use super::server::Server;
use crate::session::Session;

pub(super) fn open(
    _server: &Arc<Server>,
    _session: &Session,
    admitted: &Admitted,
    _spid: u16,
    _now: Timestamp,
) -> Result<Box<dyn Engine>, Refusal> {
    Err(Refusal { number: number::NO_DATABASE, word: admitted.login.database.clone() })
}
