//! Baits differ by place and installation, are known by what they show, and their files are what they
//! claim to be.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::*;
use crate::persona::{DEFAULT_PACK, Pack, PackFiles, load};

fn pack() -> Arc<Pack> {
    let files = PackFiles::embedded(DEFAULT_PACK).unwrap();
    Arc::new(load(DEFAULT_PACK, files, Installation::new([7; 32])).unwrap())
}

fn host_for(pack: &Pack, kind: Kind) -> &Host {
    let has =
        |host: &&Arc<Host>| host.services.iter().any(|one| kind.services().contains(&one.protocol.as_str()));
    pack.hosts.iter().find(has).unwrap()
}

fn mint(key: u8, serial: u32, kind: Kind, path: &str) -> (Lure, File) {
    let (pack, key) = (pack(), Installation::new([key; 32]));
    let host = host_for(&pack, kind);
    let order = Order { kind, endpoint: "PC-0231".into(), path: path.into(), note: String::new() };
    let lure = Lure::mint(&key, serial, order, host, "2026-03-02T02:00:00Z".parse().unwrap());
    let file = lure.file(&key, host);
    (lure, file)
}

#[test]
fn no_two_places_and_no_two_installations_share_a_token() {
    let mut seen = BTreeSet::new();
    for kind in Kind::ALL {
        for (key, serial, path) in [(1, 1, "D:\\a"), (1, 2, "D:\\a"), (1, 1, "D:\\b"), (2, 1, "D:\\a")] {
            let (lure, _) = mint(key, serial, kind, path);
            assert!(!lure.tokens.is_empty());
            for token in lure.tokens {
                assert!(token.len() >= 8 && token.bytes().all(|b| b.is_ascii_alphanumeric()), "{token}");
                assert!(seen.insert(token.clone()), "{kind:?} {path}: {token}");
            }
        }
    }
}

#[test]
fn a_file_shows_a_token_and_is_the_same_again() {
    for kind in [
        Kind::Database,
        Kind::Rdp,
        Kind::Script,
        Kind::Browser,
        Kind::Row,
        Kind::Study,
        Kind::Patient,
        Kind::Account,
        Kind::Url,
        Kind::Kubeconfig,
    ] {
        let (lure, file) = mint(1, 9, kind, "D:\\x");
        assert_eq!(mint(1, 9, kind, "D:\\x").1, file);
        let text = String::from_utf8_lossy(&file.bytes).to_lowercase();
        for token in &lure.tokens {
            assert!(text.contains(token.as_str()), "{kind:?}: {token} in {text}");
        }
    }
}

fn said_by(program: &str, arguments: &[&str], file: &std::path::Path) -> String {
    let output = Command::new(program).args(arguments).arg(file).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}; see .ci/setup"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn on_disk(file: &File) -> tempfile::NamedTempFile {
    let mut kept = tempfile::NamedTempFile::new().unwrap();
    kept.write_all(&file.bytes).unwrap();
    kept
}

#[test]
fn ssh_keygen_reads_the_key_and_its_fingerprint_holds_the_token() {
    let (lure, file) = mint(1, 3, Kind::SshKey, "/home/backup/.ssh/id_ed25519");
    let kept = on_disk(&file);
    let said = said_by("ssh-keygen", &["-l", "-f"], kept.path()).to_lowercase();
    assert!(lure.tokens.iter().all(|token| said.contains(token.as_str())), "{:?} in {said}", lure.tokens);
    said_by("ssh-keygen", &["-y", "-P", "", "-f"], kept.path());
}

#[test]
fn dcmtk_and_poppler_read_the_image_and_the_document() {
    let (lure, file) = mint(1, 4, Kind::Study, "D:\\export");
    let said = said_by("dcmdump", &["+L"], on_disk(&file).path()).to_lowercase();
    assert!(lure.tokens.iter().all(|token| said.contains(token.as_str())), "{said}");
    let (lure, file) = mint(1, 5, Kind::Pdf, "D:\\doc");
    let kept = on_disk(&file);
    let output = Command::new("pdftotext").arg(kept.path()).arg("-").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).to_lowercase();
    assert!(lure.tokens.iter().all(|token| said.contains(token.as_str())), "{said}");
}

#[test]
fn python_unpacks_the_office_files() {
    for (kind, part) in [(Kind::Docx, "word/document.xml"), (Kind::Xlsx, "xl/worksheets/sheet1.xml")] {
        let (lure, file) = mint(1, 6, kind, "D:\\doc");
        let kept = on_disk(&file);
        let script = "import sys,zipfile,xml.dom.minidom as m\nz=zipfile.ZipFile(sys.argv[2])\n\
                      assert z.testzip() is None\n[m.parseString(z.read(n)) for n in z.namelist()]\n\
                      sys.stdout.buffer.write(z.read(sys.argv[1]))";
        let mut python = Command::new("python3");
        let output = python.args(["-c", script, part]).arg(kept.path()).stderr(Stdio::inherit()).output();
        let said = String::from_utf8_lossy(&output.unwrap().stdout).to_lowercase();
        assert!(lure.tokens.iter().all(|token| said.contains(token.as_str())), "{said}");
    }
}
