//! The connection sequence behind negotiation and authentication: conference, channels, keys, logon,
//! licence, capabilities (MS-RDPBCGR 1.3.1.1).

mod conference;

use std::sync::Arc;

use rand::RngExt;

use super::capabilities::{self, Client, Screen};
use super::gcc::{self, ClientData};
use super::info::Info;
use super::input;
use super::mcs::{self, Domain, IO};
use super::negotiation::RDP;
use super::security::{Ciphers, MAC, RANDOM, method};
use super::server::Server;
use super::session::{Session, Turn};
use super::share::{self, Pdu, control, data};
use super::told::Teller;
use super::tpkt::{self, Packet};
use crate::persona::Account;

/// Flags of the security header, 2.2.8.1.1.2.1.
mod flag {
    pub(super) const EXCHANGE: u16 = 0x0001;
    pub(super) const ENCRYPTED: u16 = 0x0008;
    pub(super) const INFO: u16 = 0x0040;
    pub(super) const LICENCE: u16 = 0x0080;
    pub(super) const LICENCE_ENCRYPTED: u16 = 0x0200;
    pub(super) const SALTED: u16 = 0x0800;
}

/// How a connection came here.
pub(super) struct Arrival {
    /// The protocols that were asked for, if any word was said of them.
    pub(super) requested: Option<u32>,
    /// The one that was agreed on.
    pub(super) selected: u32,
    /// The account that was proved already.
    pub(super) account: Option<Account>,
}

/// One connection.
pub(super) struct Link {
    server: Arc<Server>,
    teller: Teller,
    arrival: Arrival,
    phase: Phase,
    client: ClientData,
    /// How many users were attached.
    users: u16,
    random: [u8; RANDOM],
    method: u32,
    ciphers: Option<Ciphers>,
    info: Info,
}

enum Phase {
    /// Connect-Initial is due.
    Initial,
    /// Channels, keys, and the client's info.
    Domain,
    /// The licence was given, and the host makes a session.
    Licensed,
    /// Confirm Active is due.
    Active,
    /// The client's fonts are due.
    Finishing(Client),
    /// Who proved himself is about to be told that he may not.
    Denied,
    /// It stands.
    Up(Box<Session>),
}

impl Link {
    pub(super) fn new(server: Arc<Server>, teller: Teller, arrival: Arrival) -> Self {
        let random = teller.session.rng("rdp/random").random();
        Link {
            server,
            teller,
            arrival,
            phase: Phase::Initial,
            client: ClientData::default(),
            users: 0,
            random,
            method: 0,
            ciphers: None,
            info: Info::default(),
        }
    }

    /// Whether fast-path packets may come.
    pub(super) fn is_fast(&self) -> bool {
        matches!(self.phase, Phase::Up(_) | Phase::Finishing(_))
    }

    /// Whether a session stands.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up(_))
    }

    /// Takes one packet; what goes out is put into `out`.
    pub(super) fn packet(&mut self, packet: Packet, out: &mut Vec<Vec<u8>>) -> Turn {
        let tpdu = match packet {
            Packet::Fast(first, body) => return self.fast(first, &body, out),
            Packet::Slow(tpdu) => tpdu,
        };
        let Some(message) = tpkt::payload(&tpdu) else { return self.broken("X.224 data", &tpdu) };
        if matches!(self.phase, Phase::Initial) && gcc::is_initial(message) {
            return self.initial(message, out);
        }
        match Domain::parse(message) {
            Some(Domain::Erect) => Turn::Wait,
            Some(Domain::Attach) => self.attach(out),
            Some(Domain::Join(user, channel)) => self.join(user, channel, out),
            Some(Domain::Send(_, IO, data)) => self.data(data, out),
            Some(Domain::Send(_, channel, data)) => self.channel(channel, data, out),
            Some(Domain::Disconnect) => Turn::Close,
            None => self.broken("MCS domain PDU", message),
        }
    }

    /// The product's time is over.
    pub(super) fn thought(&mut self, out: &mut Vec<Vec<u8>>) -> Turn {
        match self.phase {
            Phase::Licensed => self.demand(out),
            Phase::Denied => {
                self.leave(share::reason::NO_RIGHT, out);
                Turn::Close
            }
            Phase::Initial | Phase::Domain | Phase::Active | Phase::Finishing(_) | Phase::Up(_) => {
                self.with_session(out, Session::thought)
            }
        }
    }

    /// Nobody did anything for long.
    pub(super) fn idle(&mut self, out: &mut Vec<Vec<u8>>) {
        self.leave(share::reason::IDLE, out);
    }

    fn broken(&self, rule: &str, sample: &[u8]) -> Turn {
        self.teller.malformed(rule, sample);
        Turn::Close
    }

    /// Data on the channel of input and output.
    fn data(&mut self, message: &[u8], out: &mut Vec<Vec<u8>>) -> Turn {
        let standard = self.arrival.selected == RDP;
        if !standard && !matches!(self.phase, Phase::Domain) {
            return self.pdu(message, out);
        }
        let Some((flags, plain)) = self.open(message) else {
            return self.broken("security header", message);
        };
        match self.phase {
            Phase::Domain if flags & flag::EXCHANGE != 0 => self.exchange(&plain),
            Phase::Domain if flags & flag::INFO != 0 => self.log_on(&plain, out),
            Phase::Domain | Phase::Initial => self.broken("PDU before the client's info", &plain),
            Phase::Licensed | Phase::Active | Phase::Finishing(_) | Phase::Denied | Phase::Up(_) => {
                self.pdu(&plain, out)
            }
        }
    }

    /// Takes a security header off; gives its flags and what follows in clear.
    fn open(&mut self, message: &[u8]) -> Option<(u16, Vec<u8>)> {
        let (head, rest) = message.split_first_chunk::<4>()?;
        let [low, high, ..] = *head;
        let flags = u16::from_le_bytes([low, high]);
        if flags & flag::ENCRYPTED == 0 {
            return Some((flags, rest.to_vec()));
        }
        let (mac, sealed) = rest.split_at_checked(MAC)?;
        let mut plain = sealed.to_vec();
        let right = self.ciphers.as_mut()?.open(&mut plain, mac, flags & flag::SALTED != 0);
        right.then_some((flags, plain))
    }

    fn exchange(&mut self, body: &[u8]) -> Turn {
        let encrypted = body.get(4..).unwrap_or_default();
        let key = self.server.host_key();
        let random = key.and_then(|key| key.random(encrypted));
        let Some(random) = random.filter(|_| self.method != method::FIPS) else {
            return self.broken("security exchange", body);
        };
        self.ciphers = Some(Ciphers::server(&random, &self.random, self.method));
        Turn::Wait
    }

    fn log_on(&mut self, body: &[u8], out: &mut Vec<Vec<u8>>) -> Turn {
        /// A licence that is valid already (2.2.1.12.1): an error that is none.
        const LICENCE: [u8; 16] = [0xff, 3, 16, 0, 7, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0];
        let Some(info) = Info::parse(body) else { return self.broken("client info", body) };
        self.info = info;
        let known = self.server.account(&self.info.user);
        let accepted = known.is_some_and(|account| account.password == self.info.password);
        self.teller.info(&self.info, accepted);
        let mut licence = LICENCE;
        let header = match &mut self.ciphers {
            Some(ciphers) => {
                let flags = flag::LICENCE | flag::LICENCE_ENCRYPTED | flag::ENCRYPTED;
                let mac = ciphers.seal(&mut licence);
                [&flags.to_le_bytes()[..], &[0, 0], &mac].concat()
            }
            None => [flag::LICENCE.to_le_bytes(), [0, 0]].concat(),
        };
        out.push(mcs::indicate(IO, &[&header[..], &licence].concat()));
        self.phase = Phase::Licensed;
        Turn::Think(self.teller.takes(self.server.behaviour.time.session_ms))
    }

    /// The session is made: what it can do is said.
    fn demand(&mut self, out: &mut Vec<Vec<u8>>) -> Turn {
        let demand = capabilities::demand(self.screen(), self.server.behaviour.core.modern);
        self.say(demand, out);
        self.phase = Phase::Active;
        Turn::Wait
    }

    /// The screen as the client wants it and the host allows it.
    fn screen(&self) -> Screen {
        const SMALLEST: u16 = 200;
        let [widest, highest] = self.server.behaviour.screen.largest;
        let [width, height] = self.client.size;
        let depth = self.client.depth.min(self.server.behaviour.screen.depth);
        Screen {
            width: width.clamp(SMALLEST, widest) / 4 * 4,
            height: height.clamp(SMALLEST, highest),
            depth: if matches!(depth, 8 | 15 | 16 | 24) { depth } else { 16 },
        }
    }

    /// Sends a PDU on the channel of input and output.
    fn say(&mut self, mut pdu: Vec<u8>, out: &mut Vec<Vec<u8>>) {
        if let Some(ciphers) = &mut self.ciphers {
            let mac = ciphers.seal(&mut pdu);
            pdu = [&flag::ENCRYPTED.to_le_bytes()[..], &[0, 0], &mac, &pdu].concat();
        }
        out.push(mcs::indicate(IO, &pdu));
    }

    /// Sends the body of a fast-path packet.
    fn say_fast(&mut self, mut body: Vec<u8>, out: &mut Vec<Vec<u8>>) {
        const ENCRYPTED: u8 = 0x80;
        let mut first = 0;
        if let Some(ciphers) = &mut self.ciphers {
            let mac = ciphers.seal(&mut body);
            body = [&mac[..], &body].concat();
            first = ENCRYPTED;
        }
        let length = super::cursor::short(body.len() + 3) | 0x8000;
        out.push([&[first][..], &length.to_be_bytes(), &body].concat());
    }

    fn pdu(&mut self, message: &[u8], out: &mut Vec<Vec<u8>>) -> Turn {
        let Some(pdu) = Pdu::parse(message) else { return self.broken("share control header", message) };
        match (&self.phase, pdu.control, pdu.data) {
            (Phase::Active, control::CONFIRM, _) => match Client::parse(pdu.body) {
                Some(client) => {
                    self.phase = Phase::Finishing(client);
                    Turn::Wait
                }
                None => self.broken("Confirm Active", pdu.body),
            },
            (Phase::Finishing(client), control::DATA, kind) => {
                let client = *client;
                if let Some(answer) = share::finish(&pdu, self.first_user()) {
                    self.say(answer, out);
                }
                if kind == data::FONTS { self.begin(client, out) } else { Turn::Wait }
            }
            (Phase::Up(_), control::DATA, kind) => self.session_pdu(kind, pdu.body, out),
            // Whatever else comes on the way.
            (
                Phase::Initial
                | Phase::Domain
                | Phase::Licensed
                | Phase::Active
                | Phase::Finishing(_)
                | Phase::Denied
                | Phase::Up(_),
                _,
                _,
            ) => Turn::Wait,
        }
    }

    /// The connection stands: who proved himself is told that he may not, others see the screen.
    fn begin(&mut self, client: Client, out: &mut Vec<Vec<u8>>) -> Turn {
        let words = self.server.behaviour.logon.as_ref().filter(|_| self.arrival.account.is_none());
        let Some(words) = words else {
            self.phase = Phase::Denied;
            return Turn::Think(self.teller.takes(self.server.behaviour.time.logon_ms));
        };
        let (server, teller) = (Arc::clone(&self.server), self.teller.clone());
        let session = Session::new(server, teller, words, self.screen(), client, &self.info);
        self.phase = Phase::Up(Box::new(session));
        self.with_session(out, Session::begin)
    }

    fn session_pdu(&mut self, kind: u8, body: &[u8], out: &mut Vec<Vec<u8>>) -> Turn {
        match kind {
            data::INPUT => match input::slow(body) {
                Some(events) => self.with_session(out, |session, updates| session.input(&events, updates)),
                None => self.broken("input PDU", body),
            },
            data::REFRESH => self.with_session(out, Session::refresh),
            data::SUPPRESS if body.first() == Some(&1) => self.with_session(out, Session::refresh),
            // Nobody is logged on, so nothing has to be asked.
            data::SHUTDOWN => {
                out.push(mcs::disconnect(true));
                Turn::Close
            }
            _ => Turn::Wait,
        }
    }

    fn fast(&mut self, first: u8, body: &[u8], out: &mut Vec<Vec<u8>>) -> Turn {
        let (sealed, salted) = input::is_sealed(first);
        let mut plain = body.to_vec();
        if sealed {
            let opened = self.ciphers.as_mut().and_then(|ciphers| {
                let (mac, sealed) = body.split_at_checked(MAC)?;
                let mut plain = sealed.to_vec();
                ciphers.open(&mut plain, mac, salted).then_some(plain)
            });
            let Some(opened) = opened else { return self.broken("fast-path checksum", body) };
            plain = opened;
        }
        match input::fast(first, &plain) {
            Some(events) => self.with_session(out, |session, updates| session.input(&events, updates)),
            None => self.broken("fast-path input", &plain),
        }
    }

    /// Lets the session go on, and sends what it shows.
    fn with_session(
        &mut self,
        out: &mut Vec<Vec<u8>>,
        go_on: impl FnOnce(&mut Session, &mut Vec<super::bitmap::Update>) -> Turn,
    ) -> Turn {
        let Phase::Up(session) = &mut self.phase else { return Turn::Wait };
        let mut updates = Vec::new();
        let turn = go_on(session, &mut updates);
        for update in updates {
            match update {
                super::bitmap::Update::Slow(pdu) => self.say(pdu, out),
                super::bitmap::Update::Fast(body) => self.say_fast(body, out),
            }
        }
        if turn == Turn::Close {
            out.push(mcs::disconnect(true));
        }
        turn
    }

    /// Says why the connection ends, to a client that wants to know, and ends it.
    fn leave(&mut self, reason: u32, out: &mut Vec<Vec<u8>>) {
        const WANTS_ERRORS: u16 = 0x0001;
        if matches!(self.phase, Phase::Denied | Phase::Up(_)) && self.client.early & WANTS_ERRORS != 0 {
            self.say(share::error(reason), out);
        }
        out.push(mcs::disconnect(false));
    }
}
