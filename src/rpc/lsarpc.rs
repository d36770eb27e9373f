//! The local security authority (MS-LSAD 3.1.4, MS-LSAT 3.1.4): what the policy says of names and SIDs.

use super::call::{Answer, Call, close, code, end, not_opened, nothing, only};
use super::handles::Object;
use super::interface::Entry;
use super::lookup;
use super::ndr::Writer;
use super::setting::Setting;
use super::sid::Sid;
use super::uuid::Uuid;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "CloseLsarHandle", run: close },
    Entry { opnum: 6, name: "LsarOpenPolicy", run: open },
    Entry { opnum: 7, name: "LsarQueryInformationPolicy", run: query },
    Entry { opnum: 11, name: "LsarEnumerateAccounts", run: accounts },
    Entry { opnum: 13, name: "LsarEnumerateTrustedDomains", run: trusted },
    Entry { opnum: 14, name: "LsarLookupNames", run: lookup::names },
    Entry { opnum: 15, name: "LsarLookupSids", run: lookup::sids },
    Entry { opnum: 44, name: "LsarOpenPolicy2", run: open },
    Entry { opnum: 45, name: "LsarGetUserName", run: user_name },
    Entry { opnum: 46, name: "LsarQueryInformationPolicy2", run: query },
    Entry { opnum: 57, name: "LsarLookupSids2", run: lookup::sids },
    Entry { opnum: 58, name: "LsarLookupNames2", run: lookup::names },
    Entry { opnum: 68, name: "LsarLookupNames3", run: lookup::names },
];

/// LsarOpenPolicy2, MS-LSAD 3.1.4.4.1: what is asked for is granted when it is used.
fn open(call: &mut Call<'_>) -> Answer {
    call.opened(Object::Policy, code::NT_ACCESS_DENIED)
}

/// LsarQueryInformationPolicy, MS-LSAD 3.1.4.4.4.
fn query(call: &mut Call<'_>) -> Answer {
    const PRIMARY_DOMAIN: u16 = 3;
    const ACCOUNT_DOMAIN: u16 = 5;
    const SERVER_ROLE: u16 = 6;
    const DNS_DOMAIN: u16 = 12;
    call.handle()?;
    let class = call.stub.u16()?;
    call.of(&format!("class {class}"));
    let setting = call.setting;
    let mut writer = Writer::new();
    writer.pointer();
    writer.u16(class);
    match class {
        PRIMARY_DOMAIN => domain(&mut writer, &setting.group(), setting.domain.as_ref()),
        ACCOUNT_DOMAIN => domain(&mut writer, &setting.names.netbios_computer, Some(&setting.machine)),
        SERVER_ROLE => writer.u16(3),
        DNS_DOMAIN => dns_domain(&mut writer, setting),
        _ if call.is_administrator() => return nothing(code::NT_INVALID_CLASS),
        _ => return nothing(code::NT_ACCESS_DENIED),
    }
    end(writer, code::SUCCESS)
}

/// LSAPR_POLICY_PRIMARY_DOM_INFO, 2.2.4.5.
fn domain(writer: &mut Writer, name: &str, sid: Option<&Sid>) {
    writer.unicode_header_roomy(name);
    writer.pointer_to(sid.is_some());
    writer.unicode_body_roomy(name);
    if let Some(sid) = sid {
        sid.write(writer);
    }
}

/// LSAPR_POLICY_DNS_DOMAIN_INFO, 2.2.4.14.
fn dns_domain(writer: &mut Writer, setting: &Setting) {
    let (name, tree) = (setting.group(), setting.names.dns_tree.clone().unwrap_or_default());
    writer.unicode_header_roomy(&name);
    writer.unicode_header_roomy(&tree);
    writer.unicode_header_roomy(&tree);
    let domain = setting.domain.as_ref();
    let guid = domain.map(|_| setting.installation.derive("rpc/domain guid"));
    let guid = guid.and_then(|bytes| bytes.first_chunk().copied()).map(Uuid::random);
    writer.uuid(guid.unwrap_or_default());
    writer.pointer_to(domain.is_some());
    for text in [&name, &tree, &tree] {
        writer.unicode_body_roomy(text);
    }
    if let Some(sid) = domain {
        sid.write(writer);
    }
}

/// LsarEnumerateAccounts, 3.1.4.5.2: SIDs with privileges, for administrators.
fn accounts(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    let context = call.stub.u32()?;
    let mut writer = Writer::new();
    if !call.is_administrator() || context > 0 {
        writer.u32(context);
        writer.u32(0);
        writer.null();
        let status = if context > 0 { code::NT_NO_MORE_ENTRIES } else { code::NT_ACCESS_DENIED };
        return end(writer, status);
    }
    let sids = [&[6][..], &[11], &[19], &[20], &[32, 544], &[32, 545], &[32, 551], &[32, 559]].map(Sid::nt);
    writer.u32(1);
    writer.count(sids.len());
    writer.pointer();
    writer.count(sids.len());
    sids.iter().for_each(|_| writer.pointer());
    sids.iter().for_each(|sid| sid.write(&mut writer));
    end(writer, code::SUCCESS)
}

/// LsarEnumerateTrustedDomains, 3.1.4.7.8: members trust none of their own.
fn trusted(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    let mut writer = Writer::new();
    writer.u32(0);
    writer.u32(0);
    writer.null();
    end(writer, code::NT_NO_MORE_ENTRIES)
}

/// LsarGetUserName, MS-LSAT 3.1.4.4.
fn user_name(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    if call.stub.pointer()? {
        // What stands there is only room for the answer.
        call.stub.unicode()?;
    }
    let wants_domain = call.stub.pointer()?;
    let account = &call.setting.caller.account;
    let mut writer = Writer::new();
    writer.pointer();
    writer.unicode_header(account);
    writer.unicode_body(account);
    writer.pointer_to(wants_domain);
    if wants_domain {
        let domain = &call.setting.names.netbios_computer;
        writer.pointer();
        writer.unicode_header(domain);
        writer.unicode_body(domain);
    }
    end(writer, code::SUCCESS)
}

/// DsRolerGetPrimaryDomainInformation, MS-DSSP 3.2.5.1: which role the host has in which domain.
pub(super) const SETUP_OPERATIONS: &[Entry] =
    &[Entry { opnum: 0, name: "DsRolerGetPrimaryDomainInformation", run: role }];

fn role(call: &mut Call<'_>) -> Answer {
    const BASIC: u16 = 1;
    const STANDALONE_WORKSTATION: u16 = 0;
    const MEMBER_WORKSTATION: u16 = 1;
    const STANDALONE_SERVER: u16 = 2;
    const MEMBER_SERVER: u16 = 3;
    let level = call.stub.u16()?;
    if level != BASIC {
        return nothing(code::INVALID_PARAMETER);
    }
    let setting = call.setting;
    let is_member = setting.domain.is_some();
    let mut writer = Writer::new();
    writer.pointer();
    writer.u16(level);
    writer.align(4);
    writer.u16(match (setting.windows.is_server, is_member) {
        (false, false) => STANDALONE_WORKSTATION,
        (false, true) => MEMBER_WORKSTATION,
        (true, false) => STANDALONE_SERVER,
        (true, true) => MEMBER_SERVER,
    });
    writer.u32(0);
    writer.pointer();
    writer.pointer_to(is_member);
    writer.pointer_to(is_member);
    writer.uuid(Uuid::default());
    writer.wide(&setting.group());
    if let Some(tree) = &setting.names.dns_tree {
        writer.wide(tree);
        writer.wide(tree);
    }
    end(writer, code::SUCCESS)
}

/// EfsRpc…, MS-EFSR 3.1.4.2: used to make a host log on to somebody's server.
pub(super) const EFS_OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "EfsRpcOpenFileRaw", run: open_raw },
    Entry { opnum: 4, name: "EfsRpcEncryptFileSrv", run: on_file },
    Entry { opnum: 5, name: "EfsRpcDecryptFileSrv", run: on_file },
    Entry { opnum: 6, name: "EfsRpcQueryUsersOnFile", run: users_on_file },
    Entry { opnum: 7, name: "EfsRpcQueryRecoveryAgents", run: users_on_file },
    Entry { opnum: 8, name: "EfsRpcRemoveUsersFromFile", run: on_file },
    Entry { opnum: 9, name: "EfsRpcAddUsersToFile", run: on_file },
    Entry { opnum: 12, name: "EfsRpcFileKeyInfo", run: users_on_file },
    Entry { opnum: 13, name: "EfsRpcDuplicateEncryptionInfoFile", run: on_file },
];

/// Takes the path; tells of one that leads elsewhere.
fn path(call: &mut Call<'_>) -> Result<(), super::call::Fault> {
    let path = call.stub.wide()?;
    call.of(&path);
    if path.starts_with("\\\\") {
        call.attack("PetitPotam (coerced logon over MS-EFSR)", &path);
    }
    Ok(())
}

fn open_raw(call: &mut Call<'_>) -> Answer {
    path(call)?;
    not_opened(code::BAD_NETPATH)
}

fn on_file(call: &mut Call<'_>) -> Answer {
    path(call)?;
    only(code::BAD_NETPATH)
}

fn users_on_file(call: &mut Call<'_>) -> Answer {
    path(call)?;
    nothing(code::BAD_NETPATH)
}
