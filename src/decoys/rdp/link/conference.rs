//! The conference of one connection: what both sides say of themselves, its channels and its users.

use super::{Link, Phase, Turn};
use crate::decoys::rdp::gcc::{self, ClientData, ServerData};
use crate::decoys::rdp::mcs::{self, FIRST_USER, IO};
use crate::decoys::rdp::negotiation::RDP;
use crate::decoys::rdp::{security, tpkt};

/// Most users of one connection: a client has one, a check for an old weakness two.
const MAX_USERS: u16 = 8;
/// The channel by which a known weakness is reached.
const T120: &[u8] = b"MS_T120";

impl Link {
    pub(super) fn initial(&mut self, message: &[u8], out: &mut Vec<Vec<u8>>) -> Turn {
        let unpatched = self.server.behaviour.is_open_to("CVE-2012-0002");
        self.phase = Phase::Domain;
        let client = (message.len() <= gcc::MAX_INITIAL).then(|| ClientData::parse(message)).flatten();
        let Some(client) = client else {
            self.teller.malformed("MCS Connect-Initial", message);
            // Old builds go on without a conference and say nothing.
            return if unpatched { Turn::Wait } else { Turn::Close };
        };
        self.teller.client(&client);
        if client.channels.iter().any(|name| name.eq_ignore_ascii_case(T120)) {
            self.teller.exploit("CVE-2019-0708", "virtual channel MS_T120 asked for");
        }
        self.client = client;
        let Some(answer) = self.conference() else { return Turn::Close };
        out.push(tpkt::data(&answer));
        Turn::Wait
    }

    /// The server's half of the conference.
    fn conference(&mut self) -> Option<Vec<u8>> {
        let core = &self.server.behaviour.core;
        let standard = self.arrival.selected == RDP;
        let key = if standard { Some(self.server.host_key()?) } else { None };
        self.method = if standard { security::choose(self.client.encryption) } else { 0 };
        let level = if standard { core.level } else { 0 };
        let data = ServerData {
            version: core.version,
            requested: core.repeats.then(|| self.arrival.requested.unwrap_or(RDP)),
            early: core.early.filter(|_| core.repeats),
            io: IO,
            channels: &self.channels(),
            messages: self.messages(),
            encryption: (self.method, level),
            keys: key.as_ref().map(|key| (&self.random, key.certificate.as_slice())),
        };
        Some(data.write())
    }

    /// The client's channels follow that of input and output.
    fn channels(&self) -> Vec<u16> {
        (IO + 1..).take(self.client.channels.len()).collect()
    }

    fn messages(&self) -> Option<u16> {
        let modern = self.server.behaviour.core.early.is_some();
        let next = self.channels().last().map_or(IO, |last| *last) + 1;
        (modern && self.client.messages).then_some(next)
    }

    /// The first user's channel: behind all others.
    pub(super) fn first_user(&self) -> u16 {
        let last = self.messages().or(self.channels().last().copied()).unwrap_or(IO);
        last + 1
    }

    pub(super) fn attach(&mut self, out: &mut Vec<Vec<u8>>) -> Turn {
        if self.users >= MAX_USERS {
            return Turn::Close;
        }
        out.push(mcs::attached(self.first_user() + self.users));
        self.users += 1;
        Turn::Wait
    }

    pub(super) fn join(&mut self, user: u16, channel: u16, out: &mut Vec<Vec<u8>>) -> Turn {
        let first = self.first_user();
        let users = first..first + self.users;
        let mut joins = channel == user || (IO..first).contains(&channel);
        if users.contains(&channel) && channel != user {
            // Another user's channel: what was once not refused.
            self.teller.exploit("CVE-2012-0002", "joined the channel of another user");
            joins = self.server.behaviour.is_open_to("CVE-2012-0002");
            if !joins {
                return Turn::Close;
            }
        }
        out.push(mcs::joined(user.max(FIRST_USER), channel, joins));
        Turn::Wait
    }

    /// Data on a virtual channel: nobody is there to answer.
    pub(super) fn channel(&mut self, channel: u16, data: &[u8], out: &mut Vec<Vec<u8>>) -> Turn {
        let payload = match &self.ciphers {
            None => data.to_vec(),
            // Whatever it is, the cipher goes on.
            Some(_) => match self.open(data) {
                Some((_, plain)) => plain,
                None => return self.broken("security header", data),
            },
        };
        let at = channel.checked_sub(IO + 1).map(usize::from);
        let name = at.and_then(|at| self.client.channels.get(at));
        if !name.is_some_and(|name| name.eq_ignore_ascii_case(T120)) {
            return Turn::Wait;
        }
        self.teller.exploit("CVE-2019-0708", &format!("data on MS_T120: {}", hex::encode(payload)));
        if self.server.behaviour.is_open_to("CVE-2019-0708") {
            out.push(mcs::disconnect(true));
        }
        Turn::Wait
    }
}
