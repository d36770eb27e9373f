//! The hospital's database behind one login.

use std::sync::Arc;

use jiff::Timestamp;

use super::engine::{Ask, Engine};
use super::established::Refusal;
use super::login::Admitted;
use super::server::Server;
use crate::database::{ClientLogin, Connection, Pulled, Request, Seen};
use crate::session::Session;

/// Opens it.
///
/// # Errors
/// The message with which the server refuses the database that was asked for.
pub(super) fn open(
    server: &Arc<Server>,
    session: &Session,
    admitted: &Admitted,
    spid: u16,
    now: Timestamp,
) -> Result<Box<dyn Engine>, Refusal> {
    let client = &admitted.login;
    let login = ClientLogin {
        name: admitted.account.name.clone(),
        database: Some(client.database.clone()),
        language: Some(admitted.language.name().to_owned()),
        host: client.host.clone(),
        program: client.program.clone(),
        address: Some(session.source()),
        session: u32::from(spid),
        server: session.host().name.clone(),
    };
    let (world, overlay) = (Arc::clone(session.world()), Arc::clone(session.overlay()));
    let opened = Connection::open(Arc::clone(&server.catalog), world, overlay, login, now);
    match opened {
        Ok(mut connection) => {
            let peer = session.clone();
            connection.stop_when(Arc::new(move || peer.is_gone()));
            Ok(Box::new(connection))
        }
        Err(message) => Err(Refusal { number: message.number, word: client.database.clone() }),
    }
}

impl Engine for Connection {
    fn begin(&mut self, ask: Ask, now: Timestamp) {
        let request = match ask {
            Ask::Batch(text) => Request::batch(text),
            Ask::Prepared(text, parameters) => Request::Batch { text, parameters },
            Ask::Call(procedure, parameters) => Request::Call { procedure, parameters },
        };
        Connection::begin(self, request, now);
    }

    fn pull(&mut self, rows: usize) -> Pulled {
        Connection::pull(self, rows)
    }

    fn cancel(&mut self) -> Option<Box<Seen>> {
        Connection::cancel(self)
    }

    fn reset(&mut self) -> Option<Box<Seen>> {
        Connection::reset(self)
    }

    fn is_ended(&self) -> bool {
        Connection::is_ended(self)
    }

    fn database(&self) -> String {
        Connection::database(self)
    }
}
