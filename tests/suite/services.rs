//! Two services of one protocol on one host: each has its own port, behaviour and place in a relay.

use std::fs;
use std::path::Path;

use crate::honeynet::{Honeynet, client, text};
use crate::truth;

/// The shipped pack with a second archive beside the first, on another port of the same host.
fn pack_with_second_archive(folder: &Path) {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("personas/chenglan"), folder);
    let pacs = folder.join("pacs");
    let table = fs::read_to_string(pacs.join("dicom.toml")).unwrap();
    let second = table.replace("ae_title = \"CLZXPACS\"", "ae_title = \"CLZXBAK\"");
    fs::write(pacs.join("second.toml"), second).unwrap();
    let peer = "[[retrieve.peer]]\nae_title = \"CLZXBAK\"\nhost = \"pacs\"\nport = 11112\n\n[store]";
    fs::write(pacs.join("dicom.toml"), table.replacen("[store]", peer, 1)).unwrap();
    let persona = fs::read_to_string(pacs.join("persona.toml")).unwrap();
    let service =
        "[[service]]\nprotocol = \"dicom\"\nport = 11112\nbehaviour = \"second.toml\"\n\n[[account]]";
    fs::write(pacs.join("persona.toml"), persona.replacen("[[account]]", service, 1)).unwrap();
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn ask(program: &str, net: &Honeynet, service: usize, called: &str, more: &[&str]) -> (bool, String) {
    let address = net.addresses("pacs", "dicom")[service];
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let output = client(program, "dcmtk", &[&["-v", "-aec", called][..], more, &[&ip, &port]].concat());
    (output.status.success(), text(&output))
}

#[test]
fn two_archives_on_one_host_answer_apart_and_reach_each_other() {
    let folder = tempfile::TempDir::new().unwrap();
    pack_with_second_archive(folder.path());
    let net = Honeynet::with(&format!("[honeynet]\npersonas = \"{}\"\n", folder.path().display()));
    for (service, own, other) in [(0, "CLZXPACS", "CLZXBAK"), (1, "CLZXBAK", "CLZXPACS")] {
        assert!(ask("echoscu", &net, service, own, &[]).0, "{own}");
        let (accepted, said) = ask("echoscu", &net, service, other, &[]);
        assert!(!accepted && said.contains("Called AE Title Not Recognized"), "{said}");
    }
    let rows = truth::listed(&net, "studies", 2);
    let study = rows.iter().find(|row| row["modality"] == "DX").expect("a radiograph in two days");
    let key = format!("StudyInstanceUID={}", study["uid"].as_str().unwrap());
    let keys = ["-S", "-aem", "CLZXBAK", "-k", "QueryRetrieveLevel=STUDY", "-k", &key];
    let (moved, said) = ask("movescu", &net, 0, "CLZXPACS", &keys);
    assert!(moved && !said.contains("Refused"), "{said}");
    let stored = net.sessions(1, |session| {
        session["host"] == "pacs"
            && session["target_port"] == net.addresses("pacs", "dicom")[1].port()
            && session["counts"]["uploads"].as_u64() > Some(0)
    });
    assert!(stored[0]["software"].as_array().unwrap().iter().any(|name| name == "CLZXPACS"), "{stored:?}");
}
