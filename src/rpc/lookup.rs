//! Names to SIDs and back (MS-LSAT 3.1.4.5 to 3.1.4.11), and the principals of a host.

use super::call::{Answer, Call, code, end};
use super::groups::{ALIASES, NONE};
use super::ndr::Writer;
use super::setting::Setting;
use super::sid::Sid;

/// Most SIDs or names of one call, MS-LSAT 2.2.17.
const MAX_ASKED: usize = 20_480;
/// Most names of one call.
const MAX_NAMES: usize = 1000;
/// No domain.
const NO_INDEX: u32 = u32::MAX;

/// SID_NAME_USE, MS-LSAT 2.2.13.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    User = 1,
    Group = 2,
    Domain = 3,
    Alias = 4,
    WellKnown = 5,
    Unknown = 8,
}

impl Use {
    pub(super) fn number(self) -> u16 {
        match self {
            Use::User => 1,
            Use::Group => 2,
            Use::Domain => 3,
            Use::Alias => 4,
            Use::WellKnown => 5,
            Use::Unknown => 8,
        }
    }
}

/// Somebody or something with a SID.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Principal {
    kind: Use,
    name: String,
    sid: Sid,
    /// The domain's name and SID.
    domain: (String, Sid),
}

/// Well-known SIDs of `NT AUTHORITY`.
const AUTHORITY: &[(u32, &str)] = &[
    (1, "DIALUP"),
    (2, "NETWORK"),
    (3, "BATCH"),
    (4, "INTERACTIVE"),
    (6, "SERVICE"),
    (7, "ANONYMOUS LOGON"),
    (9, "ENTERPRISE DOMAIN CONTROLLERS"),
    (10, "SELF"),
    (11, "Authenticated Users"),
    (14, "REMOTE INTERACTIVE LOGON"),
    (18, "SYSTEM"),
    (19, "LOCAL SERVICE"),
    (20, "NETWORK SERVICE"),
];

/// All that the host knows.
fn principals(setting: &Setting) -> Vec<Principal> {
    let own = (setting.names.netbios_computer.clone(), setting.machine.clone());
    let builtin = ("BUILTIN".to_owned(), Sid::builtin());
    let authority = ("NT AUTHORITY".to_owned(), Sid::nt(&[]));
    let make = |kind, name: &str, rid: u32, domain: &(String, Sid)| Principal {
        kind,
        name: name.to_owned(),
        sid: domain.1.with(rid),
        domain: domain.clone(),
    };
    let mut all: Vec<_> =
        setting.accounts.iter().map(|account| make(Use::User, &account.name, account.rid, &own)).collect();
    all.push(make(Use::Group, NONE.1, NONE.0, &own));
    all.extend(ALIASES.iter().map(|(rid, name, _)| make(Use::Alias, name, *rid, &builtin)));
    all.extend(AUTHORITY.iter().map(|(rid, name)| make(Use::WellKnown, name, *rid, &authority)));
    let everyone = (String::new(), Sid { authority: 1, parts: Vec::new() });
    all.push(make(Use::WellKnown, "Everyone", 0, &everyone));
    for domain in [own, builtin] {
        let (name, sid) = domain.clone();
        all.push(Principal { kind: Use::Domain, name, sid, domain });
    }
    if let Some(sid) = &setting.domain {
        let name = setting.names.netbios_domain.clone();
        all.push(Principal {
            kind: Use::Domain,
            name: name.clone(),
            sid: sid.clone(),
            domain: (name, sid.clone()),
        });
    }
    all
}

/// Domains that an answer refers to.
#[derive(Default)]
struct Referenced(Vec<(String, Sid)>);

impl Referenced {
    fn index(&mut self, domain: &(String, Sid)) -> u32 {
        let at = self.0.iter().position(|known| known == domain).unwrap_or_else(|| {
            self.0.push(domain.clone());
            self.0.len() - 1
        });
        u32::try_from(at).unwrap_or(NO_INDEX)
    }

    /// LSAPR_REFERENCED_DOMAIN_LIST behind its pointer, 2.2.12.
    fn write(&self, writer: &mut Writer) {
        writer.pointer();
        writer.count(self.0.len());
        writer.pointer_to(!self.0.is_empty());
        writer.u32(32);
        if self.0.is_empty() {
            return;
        }
        writer.count(self.0.len());
        for (name, _) in &self.0 {
            writer.unicode_header_roomy(name);
            writer.pointer();
        }
        for (name, sid) in &self.0 {
            writer.unicode_body_roomy(name);
            sid.write(writer);
        }
    }
}

fn status(asked: usize, mapped: usize) -> u32 {
    match mapped {
        0 => code::NT_NONE_MAPPED,
        all if all == asked => code::SUCCESS,
        _ => code::NT_SOME_NOT_MAPPED,
    }
}

/// A SID as it is answered.
struct Named {
    kind: Use,
    name: String,
    index: u32,
}

fn name_of(sid: &Sid, known: &[Principal], referenced: &mut Referenced) -> Named {
    if let Some(found) = known.iter().find(|principal| principal.sid == *sid) {
        let index = referenced.index(&found.domain);
        return Named { kind: found.kind, name: found.name.clone(), index };
    }
    let own = sid.split().and_then(|(owner, rid)| {
        let domain =
            known.iter().find(|principal| principal.kind == Use::Domain && principal.sid == owner)?;
        Some((domain, rid))
    });
    match own {
        Some((domain, rid)) => {
            Named { kind: Use::Unknown, name: format!("{rid:08X}"), index: referenced.index(&domain.domain) }
        }
        None => Named { kind: Use::Unknown, name: sid.to_string(), index: NO_INDEX },
    }
}

/// LsarLookupSids and LsarLookupSids2, 3.1.4.11 and 3.1.4.10.
pub(super) fn sids(call: &mut Call<'_>) -> Answer {
    const SIDS_2: u16 = 57;
    call.handle()?;
    call.stub.u32()?;
    let mut asked = Vec::new();
    if call.stub.pointer()? {
        let count = call.stub.count(MAX_ASKED)?;
        let there = (0..count).map(|_| call.stub.pointer()).collect::<Result<Vec<_>, _>>()?;
        for _ in there.into_iter().filter(|there| *there) {
            asked.push(Sid::read(&mut call.stub)?);
        }
    }
    call.of(&few(asked.iter().map(Sid::to_string)));
    let (known, mut referenced) = (principals(call.setting), Referenced::default());
    let names: Vec<_> = asked.iter().map(|sid| name_of(sid, &known, &mut referenced)).collect();
    let mapped = names.iter().filter(|name| name.kind != Use::Unknown).count();
    let mut writer = Writer::new();
    referenced.write(&mut writer);
    writer.count(names.len());
    writer.pointer_to(!names.is_empty());
    if !names.is_empty() {
        writer.count(names.len());
    }
    for named in &names {
        writer.align(4);
        writer.u16(named.kind.number());
        writer.unicode_header(&named.name);
        writer.u32(named.index);
        if call.opnum == SIDS_2 {
            writer.u32(0);
        }
    }
    names.iter().for_each(|named| writer.unicode_body(&named.name));
    writer.count(mapped);
    end(writer, status(asked.len(), mapped))
}

fn sid_of(asked: &str, known: &[Principal]) -> Option<Principal> {
    let (domain, name) = asked.rsplit_once('\\').unwrap_or(("", asked));
    let is = |principal: &&Principal| {
        principal.name.eq_ignore_ascii_case(name)
            && (domain.is_empty() || principal.domain.0.eq_ignore_ascii_case(domain))
    };
    known.iter().find(is).cloned()
}

/// LsarLookupNames, 2 and 3, 3.1.4.8 and before.
pub(super) fn names(call: &mut Call<'_>) -> Answer {
    const NAMES_2: u16 = 58;
    const NAMES_3: u16 = 68;
    call.handle()?;
    call.stub.u32()?;
    let count = call.stub.count(MAX_NAMES)?;
    let there = (0..count).map(|_| call.stub.unicode_header()).collect::<Result<Vec<_>, _>>()?;
    let mut asked = Vec::new();
    for there in there {
        asked.push(if there { call.stub.unicode_body()? } else { String::new() });
    }
    call.of(&few(asked.iter().cloned()));
    let (known, mut referenced) = (principals(call.setting), Referenced::default());
    let found: Vec<_> = asked.iter().map(|name| sid_of(name, &known)).collect();
    let indexes: Vec<_> =
        found.iter().map(|found| found.as_ref().map_or(NO_INDEX, |p| referenced.index(&p.domain))).collect();
    let mapped = found.iter().flatten().count();
    let mut writer = Writer::new();
    referenced.write(&mut writer);
    writer.count(found.len());
    writer.pointer_to(!found.is_empty());
    if !found.is_empty() {
        writer.count(found.len());
    }
    for (principal, index) in found.iter().zip(indexes) {
        let kind = principal.as_ref().map_or(Use::Unknown, |p| p.kind);
        writer.align(4);
        writer.u16(kind.number());
        if call.opnum == NAMES_3 {
            writer.pointer_to(principal.is_some());
        } else {
            let rid = principal.as_ref().filter(|p| p.kind != Use::Domain).and_then(|p| p.sid.split());
            writer.u32(rid.map_or(NO_INDEX, |(_, rid)| rid));
        }
        writer.u32(index);
        if matches!(call.opnum, NAMES_2 | NAMES_3) {
            writer.u32(0);
        }
    }
    if call.opnum == NAMES_3 {
        found.iter().flatten().for_each(|principal| principal.sid.write(&mut writer));
    }
    writer.count(mapped);
    end(writer, status(asked.len(), mapped))
}

/// The first ones, and how many there are.
fn few(all: impl ExactSizeIterator<Item = String>) -> String {
    let count = all.len();
    let first: Vec<_> = all.take(4).collect();
    if count > first.len() { format!("{} … ({count})", first.join(", ")) } else { first.join(", ") }
}
