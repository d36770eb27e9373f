//! Which addresses belong to one source, and which incident an address leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;

use super::identity::{Identity, Trait};
use super::incident::Incident;
use super::{REMEMBERED, WINDOW};
use crate::event::{Alert, SessionEvent, Severity};

/// A trait by which more intruders than this are known tells none of them from the others.
const MOST_OWNERS: usize = 8;

/// A network card that stands for more addresses than this is a router's or a proxy's.
const MOST_ADDRESSES: usize = 4;

/// Machines on the decoys' segments whose cards are remembered; past it the table begins anew.
const MAX_CARDS: usize = 16_384;

/// What is known of addresses.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// Address to the one under which its incident is kept.
    homes: BTreeMap<IpAddr, IpAddr>,
    /// Proven traits, by digest, to the addresses of the incidents that they are known of.
    owners: BTreeMap<u64, BTreeSet<IpAddr>>,
    cards: BTreeMap<IpAddr, String>,
    addresses: BTreeMap<String, BTreeSet<IpAddr>>,
}

impl Moves {
    /// The address under which the incident of a source is kept. An address that the source has not used
    /// for a day leads there no more: somebody else may have got it.
    pub(super) fn home(
        &mut self,
        source: IpAddr,
        now: Timestamp,
        incidents: &BTreeMap<IpAddr, Incident>,
    ) -> IpAddr {
        let Some(home) = self.homes.get(&source).copied() else {
            return source;
        };
        let others = incidents.get(&home).into_iter().flat_map(Incident::others);
        let last = others.filter(|(other, _)| *other == source).map(|(_, last)| last).max();
        if last.is_some_and(|last| now.duration_since(last) <= WINDOW) {
            return home;
        }
        self.homes.remove(&source);
        source
    }

    /// Where the incident of an address is kept, if not under itself.
    pub(super) fn leads_to(&self, source: IpAddr) -> Option<IpAddr> {
        self.homes.get(&source).copied()
    }

    /// Learns whose card speaks for an address of a decoy's segment.
    pub(super) fn card(&mut self, address: IpAddr, card: &str) {
        if self.cards.len() >= MAX_CARDS {
            self.cards.clear();
            self.addresses.clear();
        }
        if let Some(before) = self.cards.insert(address, card.to_owned())
            && let Some(addresses) = self.addresses.get_mut(&before)
        {
            addresses.remove(&address);
        }
        self.addresses.entry(card.to_owned()).or_default().insert(address);
    }

    /// What an event shows of who its source is, by what is known of its address too.
    pub(super) fn card_of(&self, source: IpAddr) -> Option<Trait> {
        let card = self.cards.get(&source)?;
        let addresses = self.addresses.get(card).map_or(0, BTreeSet::len);
        (addresses <= MOST_ADDRESSES).then(|| Trait::card(card))
    }

    /// Knows an incident by its proven traits and its addresses from now on.
    pub(super) fn learn(&mut self, incident: &Incident) {
        for shown in incident.identity().proven() {
            let owners = self.owners.entry(shown.digest()).or_default();
            if owners.len() <= MOST_OWNERS {
                owners.insert(incident.source());
            }
        }
        self.homes.extend(incident.others().map(|(other, _)| (other, incident.source())));
    }

    /// Knows only these incidents from now on.
    pub(super) fn learn_anew(&mut self, incidents: &BTreeMap<IpAddr, Incident>) {
        self.homes.clear();
        self.owners.clear();
        incidents.values().for_each(|incident| self.learn(incident));
    }

    /// Gives what was done under this address to the intruder who it turns out to be; tells the end of what
    /// was told of it before. Only a source that is High takes others in: nobody else is joined with anybody.
    pub(super) fn join(
        &mut self,
        source: IpAddr,
        seq: u64,
        event: &SessionEvent,
        incidents: &mut BTreeMap<IpAddr, Incident>,
    ) -> Option<(IpAddr, Option<Box<Alert>>)> {
        let younger = incidents.get(&source)?;
        let (home, common) = self.known(younger.identity()).into_iter().find_map(|home| {
            let known = incidents.get(&home).filter(|known| home != source && is_about(known, event.at))?;
            Some((home, younger.is_of(known)?))
        })?;
        let younger = incidents.remove(&source)?;
        let elder = incidents.get_mut(&home)?;
        let end = younger.clone().ends_in(elder.id(), event);
        elder.take_in(younger, &common, seq, event);
        self.learn(elder);
        Some((home, end))
    }

    /// Intruders who are known by something of this.
    fn known(&self, identity: &Identity) -> BTreeSet<IpAddr> {
        let owners = identity.all().filter_map(|shown| self.owners.get(&shown.digest()));
        owners.filter(|owners| owners.len() <= MOST_OWNERS).flatten().copied().collect()
    }
}

/// Whether a source was proven to be an intruder, and is one who may still be about.
fn is_about(known: &Incident, now: Timestamp) -> bool {
    known.told() == Some(Severity::High) && now.duration_since(known.last_seen()) <= REMEMBERED
}
