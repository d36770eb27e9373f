//! The account database (MS-SAMR 3.1.5): domains, users, groups of the host, as its restrictions let
//! them be seen.

use super::call::{Answer, Call, Fault, close, code, end, not_opened, nothing};
use super::groups::{ADMINISTRATORS, ALIASES, GUESTS, NONE, USERS};
use super::handles::{Object, SamDomain};
use super::interface::Entry;
use super::lookup::Use;
use super::ndr::Writer;
use super::samr_info;
use super::setting::{AccountInfo, Setting};
use super::sid::Sid;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "SamrConnect", run: connect },
    Entry { opnum: 1, name: "CloseSamrHandle", run: close },
    Entry { opnum: 5, name: "SamrLookupDomainInSamServer", run: lookup_domain },
    Entry { opnum: 6, name: "SamrEnumerateDomainsInSamServer", run: domains },
    Entry { opnum: 7, name: "SamrOpenDomain", run: open_domain },
    Entry { opnum: 8, name: "SamrQueryInformationDomain", run: samr_info::domain },
    Entry { opnum: 11, name: "SamrEnumerateGroupsInDomain", run: groups },
    Entry { opnum: 13, name: "SamrEnumerateUsersInDomain", run: users },
    Entry { opnum: 15, name: "SamrEnumerateAliasesInDomain", run: aliases },
    Entry { opnum: 16, name: "SamrGetAliasMembership", run: membership },
    Entry { opnum: 17, name: "SamrLookupNamesInDomain", run: lookup_names },
    Entry { opnum: 18, name: "SamrLookupIdsInDomain", run: lookup_ids },
    Entry { opnum: 19, name: "SamrOpenGroup", run: open_group },
    Entry { opnum: 20, name: "SamrQueryInformationGroup", run: samr_info::group },
    Entry { opnum: 25, name: "SamrGetMembersInGroup", run: group_members },
    Entry { opnum: 27, name: "SamrOpenAlias", run: open_alias },
    Entry { opnum: 28, name: "SamrQueryInformationAlias", run: samr_info::alias },
    Entry { opnum: 33, name: "SamrGetMembersInAlias", run: alias_members },
    Entry { opnum: 34, name: "SamrOpenUser", run: open_user },
    Entry { opnum: 36, name: "SamrQueryInformationUser", run: samr_info::user },
    Entry { opnum: 39, name: "SamrGetGroupsForUser", run: groups_of_user },
    Entry { opnum: 40, name: "SamrQueryDisplayInformation", run: samr_info::display },
    Entry { opnum: 46, name: "SamrQueryInformationDomain2", run: samr_info::domain },
    Entry { opnum: 47, name: "SamrQueryInformationUser2", run: samr_info::user },
    Entry { opnum: 48, name: "SamrQueryDisplayInformation2", run: samr_info::display },
    Entry { opnum: 50, name: "SamrCreateUser2InDomain", run: create_user },
    Entry { opnum: 51, name: "SamrQueryDisplayInformation3", run: samr_info::display },
    Entry { opnum: 56, name: "SamrGetDomainPasswordInformation", run: samr_info::password },
    Entry { opnum: 57, name: "SamrConnect2", run: connect },
    Entry { opnum: 62, name: "SamrConnect4", run: connect },
    Entry { opnum: 64, name: "SamrConnect5", run: connect5 },
];

/// Most names or numbers of one call, 3.1.5.11.
const MAX_ASKED: usize = 1000;

/// Whether the caller may ask at all: since Windows 10 1607 and Server 2016 only administrators may,
/// from afar (RestrictRemoteSAM).
fn may_connect(call: &Call<'_>) -> bool {
    call.is_administrator() || !call.setting.windows.since(14_393)
}

/// SamrConnect and its kin, 3.1.5.1.
fn connect(call: &mut Call<'_>) -> Answer {
    if may_connect(call) {
        call.opened(Object::SamServer, code::NT_ACCESS_DENIED)
    } else {
        not_opened(code::NT_ACCESS_DENIED)
    }
}

/// SamrConnect5, 3.1.5.1.1.
fn connect5(call: &mut Call<'_>) -> Answer {
    let mut writer = Writer::new();
    // Version 1: revision 3, no features.
    for value in [1, 1, 3, 0] {
        writer.u32(value);
    }
    if !may_connect(call) {
        writer.handle(None);
        return end(writer, code::NT_ACCESS_DENIED);
    }
    let handle = call.handles.open(call.session, Object::SamServer);
    writer.handle(handle);
    end(writer, if handle.is_some() { code::SUCCESS } else { code::NT_ACCESS_DENIED })
}

/// SAMPR_ENUMERATION_BUFFER and what follows it, 2.2.7.
fn enumeration(entries: &[(u32, String)]) -> Answer {
    let mut writer = Writer::new();
    writer.count(entries.len());
    writer.pointer();
    writer.count(entries.len());
    writer.pointer_to(!entries.is_empty());
    if !entries.is_empty() {
        writer.count(entries.len());
    }
    for (rid, name) in entries {
        writer.u32(*rid);
        writer.unicode_header(name);
    }
    entries.iter().for_each(|(_, name)| writer.unicode_body(name));
    writer.count(entries.len());
    end(writer, code::SUCCESS)
}

/// What is left behind the entries that a caller has.
fn after(call: &mut Call<'_>, all: &[(u32, String)]) -> Answer {
    let from = usize::try_from(call.stub.u32()?).unwrap_or(usize::MAX);
    enumeration(all.get(from..).unwrap_or_default())
}

/// SamrEnumerateDomainsInSamServer, 3.1.5.2.1.
fn domains(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    let own = call.setting.names.netbios_computer.clone();
    after(call, &[(0, own), (0, "Builtin".to_owned())])
}

/// SamrLookupDomainInSamServer, 3.1.5.11.1.
fn lookup_domain(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    let name = call.stub.unicode()?;
    call.of(&name);
    let sid = match name {
        name if name.eq_ignore_ascii_case("Builtin") => Sid::builtin(),
        name if name.eq_ignore_ascii_case(&call.setting.names.netbios_computer) => {
            call.setting.machine.clone()
        }
        _ => return nothing(code::NT_NO_SUCH_DOMAIN),
    };
    let mut writer = Writer::new();
    writer.pointer();
    sid.write(&mut writer);
    end(writer, code::SUCCESS)
}

/// SamrOpenDomain, 3.1.5.1.5.
fn open_domain(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    call.stub.u32()?;
    let sid = Sid::read(&mut call.stub)?;
    call.of(&sid.to_string());
    match sid {
        sid if sid == Sid::builtin() => {
            call.opened(Object::SamDomain(SamDomain::Builtin), code::NT_ACCESS_DENIED)
        }
        sid if sid == call.setting.machine => {
            call.opened(Object::SamDomain(SamDomain::Own), code::NT_ACCESS_DENIED)
        }
        _ => not_opened(code::NT_NO_SUCH_DOMAIN),
    }
}

/// The domain whose handle comes next.
pub(super) fn domain(call: &mut Call<'_>) -> Result<SamDomain, Fault> {
    let Object::SamDomain(domain) = call.handle()? else { return Err(Fault::ContextMismatch) };
    Ok(domain)
}

/// Users of a domain.
pub(super) fn users_of(setting: &Setting, domain: SamDomain) -> &[AccountInfo] {
    match domain {
        SamDomain::Own => &setting.accounts,
        SamDomain::Builtin => &[],
    }
}

/// Local groups of a domain, with their descriptions.
pub(super) fn aliases_of(setting: &Setting, domain: SamDomain) -> Vec<(u32, String, String)> {
    match domain {
        SamDomain::Builtin => {
            ALIASES.iter().map(|(rid, name, about)| (*rid, (*name).to_owned(), (*about).to_owned())).collect()
        }
        SamDomain::Own if setting.has_sql_server => {
            let name = format!("SQLServer2005SQLBrowserUser${}", setting.names.netbios_computer);
            vec![(1000, name, "成员具有运行 SQL Server Browser 所需的访问权限和特权。".to_owned())]
        }
        SamDomain::Own => Vec::new(),
    }
}

/// SamrEnumerateUsersInDomain, 3.1.5.2.5.
fn users(call: &mut Call<'_>) -> Answer {
    let domain = domain(call)?;
    let all: Vec<_> =
        users_of(call.setting, domain).iter().map(|user| (user.rid, user.name.clone())).collect();
    after(call, &all)
}

/// SamrEnumerateGroupsInDomain, 3.1.5.2.2.
fn groups(call: &mut Call<'_>) -> Answer {
    let all = match domain(call)? {
        SamDomain::Own => vec![(NONE.0, NONE.1.to_owned())],
        SamDomain::Builtin => Vec::new(),
    };
    after(call, &all)
}

/// SamrEnumerateAliasesInDomain, 3.1.5.2.4.
fn aliases(call: &mut Call<'_>) -> Answer {
    let domain = domain(call)?;
    let all: Vec<_> =
        aliases_of(call.setting, domain).into_iter().map(|(rid, name, _)| (rid, name)).collect();
    after(call, &all)
}

/// What a number or a name of a domain is.
fn members_of_domain(setting: &Setting, domain: SamDomain) -> Vec<(u32, String, Use)> {
    let users = users_of(setting, domain).iter().map(|user| (user.rid, user.name.clone(), Use::User));
    let aliases = aliases_of(setting, domain).into_iter().map(|(rid, name, _)| (rid, name, Use::Alias));
    let none = (domain == SamDomain::Own).then(|| (NONE.0, NONE.1.to_owned(), Use::Group));
    users.chain(aliases).chain(none).collect()
}

fn numbers(writer: &mut Writer, values: &[u32]) {
    writer.count(values.len());
    writer.pointer_to(!values.is_empty());
    if !values.is_empty() {
        writer.count(values.len());
    }
    values.iter().for_each(|value| writer.u32(*value));
}

fn mapped(asked: usize, found: usize) -> u32 {
    match found {
        0 => code::NT_NONE_MAPPED,
        all if all == asked => code::SUCCESS,
        _ => code::NT_SOME_NOT_MAPPED,
    }
}

/// SamrLookupNamesInDomain, 3.1.5.11.2.
fn lookup_names(call: &mut Call<'_>) -> Answer {
    let domain = domain(call)?;
    call.stub.u32()?;
    let count = call.stub.varying(MAX_ASKED)?;
    let there = (0..count).map(|_| call.stub.unicode_header()).collect::<Result<Vec<_>, _>>()?;
    let mut asked = Vec::new();
    for there in there {
        asked.push(if there { call.stub.unicode_body()? } else { String::new() });
    }
    call.of(&asked.join(", "));
    let known = members_of_domain(call.setting, domain);
    let find = |name: &String| known.iter().find(|(_, own, _)| own.eq_ignore_ascii_case(name));
    let found: Vec<_> = asked.iter().map(find).collect();
    let count = found.iter().flatten().count();
    let rids: Vec<u32> = found.iter().map(|found| found.map_or(0, |(rid, ..)| *rid)).collect();
    let uses: Vec<u32> =
        found.iter().map(|found| found.map_or(8, |(.., kind)| u32::from(kind.number()))).collect();
    let mut writer = Writer::new();
    let some = count > 0;
    numbers(&mut writer, if some { &rids } else { &[] });
    numbers(&mut writer, if some { &uses } else { &[] });
    end(writer, mapped(asked.len(), count))
}

/// SamrLookupIdsInDomain, 3.1.5.11.3.
fn lookup_ids(call: &mut Call<'_>) -> Answer {
    let domain = domain(call)?;
    call.stub.u32()?;
    let count = call.stub.varying(MAX_ASKED)?;
    let asked = (0..count).map(|_| call.stub.u32()).collect::<Result<Vec<_>, _>>()?;
    let known = members_of_domain(call.setting, domain);
    let found: Vec<_> = asked.iter().map(|rid| known.iter().find(|(own, ..)| own == rid)).collect();
    let count = found.iter().flatten().count();
    let mut writer = Writer::new();
    if count == 0 {
        numbers(&mut writer, &[]);
        numbers(&mut writer, &[]);
        return end(writer, code::NT_NONE_MAPPED);
    }
    writer.count(found.len());
    writer.pointer();
    writer.count(found.len());
    let name =
        |found: &Option<&(u32, String, Use)>| found.map_or_else(String::new, |(_, name, _)| name.clone());
    found.iter().for_each(|found| writer.unicode_header(&name(found)));
    found.iter().for_each(|found| writer.unicode_body(&name(found)));
    let uses: Vec<u32> =
        found.iter().map(|found| found.map_or(8, |(.., kind)| u32::from(kind.number()))).collect();
    numbers(&mut writer, &uses);
    end(writer, mapped(asked.len(), count))
}

/// SamrOpenUser, 3.1.5.1.9.
fn open_user(call: &mut Call<'_>) -> Answer {
    let (domain, _, rid) = (domain(call)?, call.stub.u32()?, call.stub.u32()?);
    call.of(&rid.to_string());
    if users_of(call.setting, domain).iter().any(|user| user.rid == rid) {
        call.opened(Object::SamUser(rid), code::NT_ACCESS_DENIED)
    } else {
        not_opened(code::NT_NO_SUCH_USER)
    }
}

/// SamrOpenGroup, 3.1.5.1.7.
fn open_group(call: &mut Call<'_>) -> Answer {
    let (domain, _, rid) = (domain(call)?, call.stub.u32()?, call.stub.u32()?);
    if domain == SamDomain::Own && rid == NONE.0 {
        call.opened(Object::SamGroup, code::NT_ACCESS_DENIED)
    } else {
        not_opened(code::NT_NO_SUCH_GROUP)
    }
}

/// SamrOpenAlias, 3.1.5.1.8.
fn open_alias(call: &mut Call<'_>) -> Answer {
    let (domain, _, rid) = (domain(call)?, call.stub.u32()?, call.stub.u32()?);
    if aliases_of(call.setting, domain).iter().any(|(own, ..)| *own == rid) {
        call.opened(Object::SamAlias(domain, rid), code::NT_ACCESS_DENIED)
    } else {
        not_opened(code::NT_NO_SUCH_ALIAS)
    }
}

/// Who is in a local group.
fn in_alias(setting: &Setting, domain: SamDomain, rid: u32) -> Vec<Sid> {
    let own = |is: fn(&AccountInfo) -> bool| {
        setting
            .accounts
            .iter()
            .filter(move |account| is(account))
            .map(|account| setting.machine.with(account.rid))
    };
    match (domain, rid) {
        (SamDomain::Builtin, ADMINISTRATORS) => {
            let admins = setting.domain.as_ref().map(|domain| domain.with(512));
            own(|account| account.is_administrator).chain(admins).collect()
        }
        (SamDomain::Builtin, USERS) => {
            let all = setting.domain.as_ref().map(|domain| domain.with(513));
            let people = own(|account| account.rid >= 1000);
            [Sid::nt(&[4]), Sid::nt(&[11])].into_iter().chain(all).chain(people).collect()
        }
        (SamDomain::Builtin, GUESTS) => own(|account| account.rid == 501).collect(),
        (SamDomain::Builtin | SamDomain::Own, _) => Vec::new(),
    }
}

/// SamrGetMembersInAlias, 3.1.5.8.3.
fn alias_members(call: &mut Call<'_>) -> Answer {
    let Object::SamAlias(domain, rid) = call.handle()? else { return Err(Fault::ContextMismatch) };
    let sids = in_alias(call.setting, domain, rid);
    let mut writer = Writer::new();
    writer.count(sids.len());
    writer.pointer_to(!sids.is_empty());
    if !sids.is_empty() {
        writer.count(sids.len());
    }
    sids.iter().for_each(|_| writer.pointer());
    sids.iter().for_each(|sid| sid.write(&mut writer));
    end(writer, code::SUCCESS)
}

/// SamrGetMembersInGroup, 3.1.5.8.3: all users of the host.
fn group_members(call: &mut Call<'_>) -> Answer {
    let Object::SamGroup = call.handle()? else { return Err(Fault::ContextMismatch) };
    let rids: Vec<u32> = call.setting.accounts.iter().map(|account| account.rid).collect();
    let mut writer = Writer::new();
    writer.pointer();
    writer.count(rids.len());
    writer.pointer();
    writer.pointer();
    writer.count(rids.len());
    rids.iter().for_each(|rid| writer.u32(*rid));
    writer.count(rids.len());
    rids.iter().for_each(|_| writer.u32(7));
    end(writer, code::SUCCESS)
}

/// SamrGetGroupsForUser, 3.1.5.9.1.
fn groups_of_user(call: &mut Call<'_>) -> Answer {
    let Object::SamUser(_) = call.handle()? else { return Err(Fault::ContextMismatch) };
    let mut writer = Writer::new();
    writer.pointer();
    writer.u32(1);
    writer.pointer();
    writer.u32(1);
    writer.u32(NONE.0);
    writer.u32(7);
    end(writer, code::SUCCESS)
}

/// SamrGetAliasMembership, 3.1.5.9.2.
fn membership(call: &mut Call<'_>) -> Answer {
    let domain = domain(call)?;
    call.stub.u32()?;
    let mut asked = Vec::new();
    if call.stub.pointer()? {
        let count = call.stub.count(MAX_ASKED)?;
        let there = (0..count).map(|_| call.stub.pointer()).collect::<Result<Vec<_>, _>>()?;
        for _ in there.into_iter().filter(|there| *there) {
            asked.push(Sid::read(&mut call.stub)?);
        }
    }
    let has = |rid: u32| in_alias(call.setting, domain, rid).iter().any(|sid| asked.contains(sid));
    let all = aliases_of(call.setting, domain).into_iter().map(|(rid, ..)| rid);
    let rids: Vec<u32> = all.filter(|rid| has(*rid)).collect();
    let mut writer = Writer::new();
    numbers(&mut writer, &rids);
    end(writer, code::SUCCESS)
}

/// SamrCreateUser2InDomain, 3.1.5.4.4: policy keeps accounts as they are.
fn create_user(call: &mut Call<'_>) -> Answer {
    domain(call)?;
    let name = call.stub.unicode()?;
    call.of(&name);
    call.attack("new account over MS-SAMR", &name);
    let mut writer = Writer::new();
    writer.handle(None);
    writer.u32(0);
    writer.u32(0);
    end(writer, code::NT_ACCESS_DENIED)
}
