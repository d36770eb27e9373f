//! Clients of the field's standards that were not written here: a SOAP client that reads the WSDL, an
//! HL7 library as sender and parser, and FHIR's links followed as any client does.

use std::fs;

use serde_json::Value;

use crate::honeynet::{Honeynet, client, text};
use crate::truth;

const HOSTS: [(&str, u8); 4] = [("his", 11), ("lis", 13), ("cdr", 25), ("esb", 26)];

/// Runs a script of Debian's Python with arguments; it must succeed. Gives its output.
fn python(net: &Honeynet, package: &str, script: &str, arguments: &[&str]) -> String {
    let file = net.scratch("script.py");
    fs::write(&file, script).unwrap();
    let output = client("/usr/bin/python3", package, &[&[file.to_str().unwrap()], arguments].concat());
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

const ZEEP: &str = "
import sys
import zeep
url, number = sys.argv[1:]
client = zeep.Client(url, settings=zeep.Settings(strict=True))
message = '<Request><PatientID>%s</PatientID></Request>' % number
print(client.service.HIPMessageServer(action='PatientQuery', message=message))
";

#[test]
fn a_soap_client_reads_the_description_and_finds_the_patient() {
    let net = Honeynet::of(&HOSTS, "");
    let row = truth::listed(&net, "patients", 0).remove(0);
    // The platform's listener stands beside the engine's pages.
    let listener = net.addresses("esb", "http").pop().unwrap();
    let url = format!("http://{listener}/services/HIPMessageServer?wsdl");
    let said = python(&net, "python3-zeep", ZEEP, &[&url, row["mrn"].as_str().unwrap()]);
    let name = truth::view(&net).patient_by_mrn(row["mrn"].as_str().unwrap()).unwrap().name.chinese();
    assert!(said.contains(&format!("<Name>{name}</Name>")), "{said}");
}

const HL7: &str = r"
import sys
import hl7
from hl7.client import MLLPClient
host, port, number = sys.argv[1], int(sys.argv[2]), sys.argv[3]
msh = 'MSH|^~\\&|INTEG|CLZX|HIS|CLZX|20260301080000||%s|%s|P|2.4||||||UNICODE UTF-8\r'
query = msh % ('QRY^A19', 'Q1') + 'QRD|20260301080000|R|I|Q1|||1^RD|%s|DEM\r' % number
admit = msh % ('ADT^A08', 'A1') + 'EVN|A08|20260301080000\rPID|1||EXT%s^^^HIS^MR||TEST^LOAD||19700101|M\rPV1|1|O\r' % number
wrong = msh % ('ZZZ^Z99', 'W1') + 'PID|1\r'
with MLLPClient(host, port) as engine:
    for asked, codes in ((query, 'AA'), (admit, 'AA'), (wrong, 'AA AE AR')):
        answer = hl7.parse(engine.send_message(asked).strip(b'\x0b\x1c\r').decode())
        control = hl7.parse(asked).segment('MSH')[10][0]
        msa = answer.segment('MSA')
        assert msa[1][0] in codes.split(), (asked, str(answer))
        assert msa[2][0] == control, str(answer)
        assert answer.segment('MSH')[3][0] != 'INTEG', 'swapped'
        if asked is query:
            print(answer.extract_field('PID', 1, 5, 1, 1))
";

#[test]
fn an_hl7_library_talks_to_both_engines() {
    let net = Honeynet::of(&HOSTS, "");
    let row = truth::listed(&net, "patients", 0).remove(0);
    let number = row["mrn"].as_str().unwrap();
    let name = truth::view(&net).patient_by_mrn(number).unwrap().name.chinese();
    for host in ["his", "lis"] {
        let address = net.address(host, "mllp");
        let (ip, port) = (address.ip().to_string(), address.port().to_string());
        let said = python(&net, "python3-hl7", HL7, &[&ip, &port, number]);
        assert_eq!(said.trim(), name, "{host}");
    }
}

fn fetch(url: &str) -> Value {
    let output =
        client("curl", "curl", &["-sS", "--max-time", "20", "-H", "Accept: application/fhir+json", url]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{url}: {e}: {}", text(&output)))
}

#[test]
fn every_reference_of_a_fhir_search_leads_somewhere() {
    let net = Honeynet::of(&HOSTS, "");
    let row = truth::listed(&net, "results", 2).remove(0);
    let base = format!("http://{}/fhir", net.address("cdr", "http"));
    let says = fetch(&format!("{base}/metadata"));
    assert_eq!(
        (&says["resourceType"], &says["fhirVersion"]),
        (&"CapabilityStatement".into(), &"4.0.1".into())
    );
    let mrn = row["mrn"].as_str().unwrap();
    let mut url = format!("{base}/Observation?patient=pat-{mrn}&_count=7&_include=Observation:patient");
    let (mut ids, mut total) = (Vec::new(), 0);
    loop {
        let page = fetch(&url);
        total = page["total"].as_u64().unwrap_or(total);
        for entry in page["entry"].as_array().unwrap() {
            let one = &entry["resource"];
            assert_eq!(fetch(entry["fullUrl"].as_str().unwrap()), *one, "{}", entry["fullUrl"]);
            if entry["search"]["mode"] == "match" {
                ids.push(one["id"].to_string());
                let order = one["basedOn"][0]["reference"].as_str().unwrap();
                assert_eq!(fetch(&format!("{base}/{order}"))["resourceType"], "ServiceRequest", "{order}");
            }
        }
        let next = page["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next");
        let Some(next) = next.filter(|_| ids.len() < 30) else { break };
        url = next["url"].as_str().unwrap().to_owned();
    }
    assert!(ids.len() as u64 == total || ids.len() >= 30, "{} of {total}", ids.len());
    ids.sort();
    ids.dedup();
    assert!(ids.len() as u64 == total || ids.len() >= 30, "each once");
    let nothing = fetch(&format!("{base}/Patient/nobody"));
    assert_eq!(nothing["resourceType"], "OperationOutcome");
}
