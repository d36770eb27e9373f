//! Logins to the API.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use rand::RngExt;

use crate::decoys::http::cookie;
use crate::decoys::http::engine::Ask;

/// Most logins that are kept; the oldest give way.
const MAX_SESSIONS: usize = 512;
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Who is logged in: cookie, peer and user.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<String, (u64, IpAddr, String)>>);

impl Sessions {
    /// A new session's cookie, in the shape of Jetty's.
    pub(super) fn begin(&self, ask: &Ask<'_>, user: Option<&str>) -> String {
        let mut rng = ask.session.rng(&format!("mirth/session/{}", ask.turn));
        let letter = |_| LETTERS.get(rng.random_range(0..LETTERS.len())).map_or('0', |b| char::from(*b));
        let name: String = (0..23).map(letter).collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = all.values().map(|(number, ..)| number + 1).max().unwrap_or(0);
        let id = format!("node0{name}{number}.node0");
        if let Some(user) = user {
            while all.len() >= MAX_SESSIONS {
                let oldest = all.iter().min_by_key(|(_, (number, ..))| *number).map(|(id, _)| id.clone());
                let Some(oldest) = oldest else { break };
                all.remove(&oldest);
            }
            all.insert(id.clone(), (number, ask.session.source(), user.to_owned()));
        }
        id
    }

    /// The user of a request's cookie.
    pub(super) fn user(&self, ask: &Ask<'_>) -> Option<String> {
        let id = cookie::find(ask.head.header("Cookie")?, "JSESSIONID")?;
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, peer, user) = all.get(id)?;
        (*peer == ask.session.source()).then(|| user.clone())
    }

    /// Ends the request's session.
    pub(super) fn end(&self, ask: &Ask<'_>) {
        let id = ask.head.header("Cookie").and_then(|value| cookie::find(value, "JSESSIONID"));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = id {
            all.remove(id);
        }
    }
}
