//! Loads and checks a pack: whole or not at all.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;

use super::model::{Account, Behaviour, Hospital, Host, OperatingSystem, Pack, Protocol, Service};
use super::{Fault, Faults, Installation, PackFiles};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostFile {
    title: String,
    address: IpAddr,
    hostname: String,
    /// The maker's block, and a pattern for the rest.
    #[serde(default = "virtual_machine")]
    mac: String,
    os: OperatingSystem,
    service: Vec<toml::Spanned<ServiceEntry>>,
    #[serde(default)]
    account: Vec<AccountEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceEntry {
    protocol: Protocol,
    port: u16,
    #[serde(default)]
    tls: bool,
    #[serde(default)]
    client_certificate: bool,
    behaviour: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountEntry {
    name: String,
    password: String,
    services: Vec<Protocol>,
    full_name: String,
    place: String,
}

/// Loads a pack. Behaviour files are found here and read by the decoys.
///
/// # Errors
/// Every fault that was found, each with its file and line.
pub fn load(name: &str, files: PackFiles, installation: Installation) -> Result<Pack, Faults> {
    let mut faults = Vec::new();
    let hospital = keep(load_hospital(&files), &mut faults);
    let mut hosts = Vec::new();
    for folder in host_folders(&files) {
        match load_host(&files, &folder, &installation) {
            Ok(host) => hosts.push(Arc::new(host)),
            Err(Faults(more)) => faults.extend(more),
        }
    }
    if hosts.is_empty() && faults.is_empty() {
        faults.push(Fault::of_file(files.display(""), "expected at least one <host>/persona.toml"));
    }
    check_addresses(&files, &hosts, &mut faults);
    match hospital {
        Some(hospital) if faults.is_empty() => Ok(Pack {
            name: name.to_owned(),
            hospital: Arc::new(hospital),
            hosts,
            absent: Vec::new(),
            files,
            installation,
        }),
        _ => Err(Faults(faults)),
    }
}

fn keep<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

fn host_folders(files: &PackFiles) -> Vec<String> {
    files.below("").filter_map(|path| path.strip_suffix("/persona.toml")).map(str::to_owned).collect()
}

fn load_hospital(files: &PackFiles) -> Result<Hospital, Fault> {
    let path = "hospital.toml";
    let text = files.text(path)?;
    let hospital: Hospital =
        toml::from_str(text).map_err(|e| Fault::of_toml(&files.display(path), text, &e))?;
    let at = |key: &str, problem: String| {
        Fault::at(files.display(path), text, text.find(key).unwrap_or(0), problem)
    };
    for code in &hospital.area_codes {
        if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) || !code.ends_with("99") {
            return Err(at(
                "area_codes",
                format!("area code \"{code}\": expected six digits ending in 99, which no county has"),
            ));
        }
    }
    if hospital.area_codes.is_empty() {
        return Err(at("area_codes", "expected at least one area code".into()));
    }
    if !(1_000..=2_000_000).contains(&hospital.patients) {
        return Err(at("patients", format!("patients = {}: expected 1000 to 2000000", hospital.patients)));
    }
    if !(-14 * 60..=14 * 60).contains(&hospital.utc_offset_minutes) {
        return Err(at("utc_offset_minutes", "expected -840 to 840".into()));
    }
    Ok(hospital)
}

fn load_host(files: &PackFiles, folder: &str, installation: &Installation) -> Result<Host, Faults> {
    let path = format!("{folder}/persona.toml");
    let shown = files.display(&path);
    let text = files.text(&path)?;
    let file: HostFile = toml::from_str(text).map_err(|e| Fault::of_toml(&shown, text, &e))?;
    let mut faults = Vec::new();
    let mut services = Vec::new();
    let mut ports = BTreeSet::new();
    for entry in &file.service {
        let (place, entry) = (entry.span().start, entry.get_ref());
        if entry.port == 0 || !ports.insert((entry.protocol.transport(), entry.port)) {
            faults.push(Fault::at(
                &shown,
                text,
                place,
                format!("port {}: expected a port that no other service of the host has", entry.port),
            ));
        }
        if entry.tls && entry.protocol != Protocol::Dicom {
            let problem = "tls: expected with protocol \"dicom\" only (https has it always)";
            faults.push(Fault::at(&shown, text, place, problem));
        }
        if entry.client_certificate && !entry.tls {
            let problem = "client_certificate: expected with tls = true only";
            faults.push(Fault::at(&shown, text, place, problem));
        }
        let behaviour = format!("{folder}/{}", entry.behaviour);
        match files.text(&behaviour) {
            Ok(body) => services.push(Service {
                protocol: entry.protocol,
                port: entry.port,
                tls: entry.tls || entry.protocol == Protocol::Https,
                client_certificate: entry.client_certificate,
                behaviour: Behaviour { file: files.display(&behaviour), text: body.into() },
            }),
            Err(fault) => {
                let problem = format!("behaviour = \"{}\": {}", entry.behaviour, fault.problem);
                faults.push(Fault::at(&shown, text, place, problem));
            }
        }
    }
    let mac = hardware_address(installation, folder, &file.mac);
    if mac.is_none() {
        let place = text.find("mac").unwrap_or(0);
        let problem =
            format!("mac = \"{}\": expected six bytes such as \"00:50:56:{{2x}}:{{2x}}:{{2x}}\"", file.mac);
        faults.push(Fault::at(&shown, text, place, problem));
    }
    let accounts = file.account.into_iter().map(|a| account(folder, a, installation)).collect();
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    Ok(Host {
        name: folder.to_owned(),
        folder: folder.to_owned(),
        mac: mac.unwrap_or_default(),
        mac_pattern: file.mac,
        title: file.title,
        address: file.address,
        hostname: file.hostname,
        os: file.os,
        services,
        accounts,
    })
}

/// What most servers of a hospital are.
fn virtual_machine() -> String {
    "00:50:56:8{1x}:{2x}:{2x}".to_owned()
}

/// A host's hardware address by its persona's pattern.
pub(super) fn hardware_address(installation: &Installation, host: &str, pattern: &str) -> Option<[u8; 6]> {
    let filled = installation.fill(&format!("mac/{host}"), pattern);
    let bytes =
        filled.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect::<Option<Vec<u8>>>()?;
    // A group address is no host's.
    <[u8; 6]>::try_from(bytes).ok().filter(|mac| mac.first().is_some_and(|first| first & 1 == 0))
}

fn account(folder: &str, entry: AccountEntry, installation: &Installation) -> Account {
    let lure = format!("{folder}/{}", entry.name);
    Account {
        password: installation.fill(&format!("account/{lure}"), &entry.password),
        lure,
        name: entry.name,
        services: entry.services,
        full_name: entry.full_name,
        place: entry.place,
    }
}

fn check_addresses(files: &PackFiles, hosts: &[Arc<Host>], faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for host in hosts {
        if !seen.insert(host.address) {
            let file = files.display(&format!("{}/persona.toml", host.folder));
            faults.push(Fault::of_file(file, format!("address {} is another host's too", host.address)));
        }
    }
}
