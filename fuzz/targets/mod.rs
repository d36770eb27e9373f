//! What hostile bytes are given to: one function per parser or decoy, shared by the fuzzer and by
//! `tests/suite/regressions.rs`. Each must return on any input, and holds what must be true of it.

mod databases;
mod parsers;
mod stage;
mod web;
mod windows;

/// A target by its name: that of its fuzz target and of its folder in `tests/regressions`.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Takes one input; panics when something that must hold does not.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 54] = [
    Target { name: "frame", run: parsers::frame },
    Target { name: "dicom_pdu", run: parsers::dicom_pdu },
    Target { name: "dicom_dataset", run: parsers::dicom_dataset },
    Target { name: "pixels", run: parsers::pixels },
    Target { name: "content", run: parsers::content },
    Target { name: "dicom_machine", run: dicom_machine },
    Target { name: "hl7", run: parsers::hl7 },
    Target { name: "mllp", run: parsers::mllp },
    Target { name: "mllp_machine", run: |input| stage::play("his", "mllp", input) },
    Target { name: "astm", run: parsers::astm },
    Target { name: "astm_machine", run: |input| stage::play("lis", "astm", input) },
    Target { name: "poct1a", run: parsers::poct1a },
    Target { name: "poct1a_machine", run: |input| stage::play("lis", "poct1a", input) },
    Target { name: "telnet_machine", run: |input| stage::play("nport01", "telnet", input) },
    Target { name: "nport_machine", run: |input| stage::play("nport01", "http", input) },
    Target { name: "winrm", run: web::winrm },
    Target { name: "winrm_machine", run: |input| stage::play("hisdb", "winrm", input) },
    Target { name: "pjl", run: parsers::pjl },
    Target { name: "pjl_machine", run: |input| stage::play("prn01", "pjl", input) },
    Target { name: "http_head", run: parsers::http_head },
    Target { name: "http_machine", run: |input| stage::play("his", "http", input) },
    Target { name: "web_head", run: web::head },
    Target { name: "web_multipart", run: web::multipart },
    Target { name: "web_store", run: web::store },
    Target { name: "web_query", run: web::query },
    Target { name: "web_machine", run: web_machine },
    Target { name: "ssh_shell", run: parsers::ssh_shell },
    Target { name: "pcapng", run: parsers::pcapng },
    Target { name: "transcript", run: parsers::transcript },
    Target { name: "mysql", run: databases::mysql },
    Target { name: "mysql_machine", run: |input| stage::play("phis", "mysql", input) },
    Target { name: "postgres", run: databases::postgres },
    Target { name: "postgres_machine", run: |input| stage::play("cdr", "postgres", input) },
    Target { name: "tds", run: databases::tds },
    Target { name: "tds_machine", run: |input| stage::play("hisdb", "tds", input) },
    Target { name: "sql", run: databases::sql },
    Target { name: "tns", run: databases::tns },
    Target { name: "tns_machine", run: |input| stage::play("hisora", "tns", input) },
    Target { name: "rdp", run: parsers::rdp },
    Target { name: "rdp_machine", run: rdp_machine },
    Target { name: "soap_envelope", run: parsers::soap_envelope },
    Target { name: "fhir_machine", run: |input| stage::play("cdr", "http", input) },
    Target { name: "smb", run: parsers::smb },
    Target { name: "smb_machine", run: smb_machine },
    Target { name: "rpc", run: windows::rpc },
    Target { name: "rpc_machine", run: |input| stage::play("hisdb", "rpc", input) },
    Target { name: "rpc_pipe", run: stage::pipe },
    Target { name: "netbios_ns", run: windows::netbios_ns },
    Target { name: "snmp", run: windows::snmp },
    Target { name: "ftp", run: parsers::ftp },
    Target { name: "ftp_machine", run: |input| stage::play("research", "ftp", input) },
    Target { name: "vnc_machine", run: |input| stage::play("us01", "vnc", input) },
    Target { name: "redis", run: databases::redis },
    Target { name: "redis_machine", run: |input| stage::play("phis", "redis", input) },
];

/// The lowest bit of the first byte chooses the archive.
fn dicom_machine(input: &[u8]) {
    let second = input.first().is_some_and(|byte| byte & 1 == 1);
    stage::play(if second { "pacs" } else { "his" }, "dicom", input);
}

/// The lowest bits of the first byte choose the product.
fn web_machine(input: &[u8]) {
    let hosts = ["research", "vna", "ris", "lis"];
    let choice = input.first().map_or(0, |byte| usize::from(*byte));
    stage::play(hosts[choice % hosts.len()], "http", input);
}

/// The lowest bits of the first byte choose the Windows.
fn rdp_machine(input: &[u8]) {
    let hosts = ["hisdb", "heme01", "mr01"];
    let choice = input.first().map_or(0, |byte| usize::from(*byte));
    stage::play(hosts[choice % hosts.len()], "rdp", input.get(1..).unwrap_or_default());
}

/// Runs the target of this name.
///
/// # Panics
/// When there is none, or when something that must hold does not.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|t| t.name == name).expect("a target of this name");
    (target.run)(input);
}

/// Whether the length is odd chooses the host: one with SMB1, or one that lets guests in.
fn smb_machine(input: &[u8]) {
    stage::play(if input.len() % 2 == 1 { "heme01" } else { "ct01" }, "smb", input);
}
