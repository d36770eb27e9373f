//! Remote procedure calls, names and agents of a Windows host under clients that were not written here.

use crate::honeynet::{Honeynet, client, text};

const HISDB: [(&str, u8); 1] = [("hisdb", 18)];

/// The port of the service that a host has at this port of its persona: one not bound there is
/// offered elsewhere.
fn python(net: &Honeynet, script: &str, args: &[&str]) -> String {
    let (ip, port) = {
        let address = net.addresses("hisdb", "rpc")[0];
        (address.ip().to_string(), address.port().to_string())
    };
    let all: Vec<&str> = ["-c", script, &ip, &port].into_iter().chain(args.iter().copied()).collect();
    text(&client("python3", "python3-impacket", &all))
}

#[test]
fn impacket_dumps_the_endpoint_mapper() {
    let net = Honeynet::of(&HISDB, "");
    let said = python(
        &net,
        "import sys
from impacket.dcerpc.v5 import transport, epm
rpc = transport.DCERPCTransportFactory('ncacn_ip_tcp:%s[%s]' % (sys.argv[1], sys.argv[2]))
dce = rpc.get_dce_rpc(); dce.connect()
for entry in epm.hept_lookup(None, dce=dce):
    print(epm.PrintStringBinding(entry['tower']['Floors']))",
        &[],
    );
    assert!(said.contains("[49155]") && said.contains(r"ncacn_np:\\CLZX-HISDB01[\pipe\lsass]"), "{said}");
}

#[test]
fn impacket_reads_names_and_makes_no_object() {
    let net = Honeynet::of(&HISDB, "");
    let (user, password) = net.lure("hisdb", "smb");
    let said = python(
        &net,
        "import sys
from impacket.dcerpc.v5 import transport, dcomrt
from impacket.dcerpc.v5.rpcrt import RPC_C_AUTHN_LEVEL_PKT_PRIVACY
from impacket.uuid import string_to_bin
def dce(user='', password=''):
    rpc = transport.DCERPCTransportFactory('ncacn_ip_tcp:%s[%s]' % (sys.argv[1], sys.argv[2]))
    rpc.set_credentials(user, password)
    dce = rpc.get_dce_rpc()
    if user: dce.set_auth_level(RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
    dce.connect()
    return dce
exporter = dcomrt.IObjectExporter(dce())
for binding in exporter.ServerAlive2(): print(binding['aNetworkAddr'])
for password in (sys.argv[4], 'wrong'):
    try:
        activator = dcomrt.IActivation(dce(sys.argv[3], password))
        activator.RemoteActivation(string_to_bin('8BC3F05E-D86B-11D0-A075-00C04FB68820'), string_to_bin('F309AD18-D86A-11D0-A075-00C04FB68820'))
    except Exception as e: print('refused', e)",
        &[&user, &password],
    );
    assert!(said.contains("CLZX-HISDB01") && said.contains("refused"), "{said}");
    let sessions = net.sessions(3, |s| s["service"] == "rpc" && !s["closed"].is_null());
    let all: String =
        sessions.iter().map(|s| text(&net.honeyward(&["show", s["id"].as_str().unwrap()]))).collect();
    assert!(all.contains("remote execution over DCOM") && all.contains("WMI"), "{all}");
}

#[test]
fn impacket_reads_the_netbios_names() {
    let net = Honeynet::of(&HISDB, "");
    let port = net.address("hisdb", "netbios_ns").port().to_string();
    let said = python(
        &net,
        "import sys
from impacket import nmb
for entry in nmb.NetBIOS(int(sys.argv[3])).getnodestatus('*', sys.argv[1], timeout=10):
    print(entry['NAME'].decode().strip(), entry['TYPE'])",
        &[&port],
    );
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines, ["CLZX-HISDB01 0", "CLZXYY 0", "CLZX-HISDB01 32"], "{said}");
}

#[test]
fn net_snmp_walks_the_agent() {
    let net = Honeynet::of(&HISDB, "");
    let address = net.address("hisdb", "snmp").to_string();
    let output = client("snmpwalk", "snmp", &["-v2c", "-c", "public", "-On", &address, ".1"]);
    let said = text(&output);
    assert!(said.contains("Windows Version 6.3 (Build 9600"), "{said}");
    assert!(said.contains("STRING: \"SQL Server (MSSQLSERVER)\""), "{said}");
    let bulk = text(&client("snmpbulkwalk", "snmp", &["-v2c", "-c", "public", "-On", &address, ".1"]));
    let names = |said: &str| said.lines().filter(|line| line.starts_with(".1.")).count();
    assert_eq!(names(&bulk), names(&said));
}
