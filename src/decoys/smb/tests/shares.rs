//! What lies on the shares.

use super::client::{Client, machine};
use super::{READ, inside};
use crate::decoys::smb::dialect::Dialect;
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::session::bench::Bench;

/// A guest on a share of a host.
fn guest(bench: &Bench, host: &str, share: &str) -> Client {
    let mut client = Client::new(machine(bench, host));
    assert_eq!(client.negotiate(Dialect::Smb311).status(), 0);
    let came = client.logon("anybody", "anything");
    assert_eq!((came.status(), came.body[2]), (0, 1));
    assert_eq!(client.connect(share).status(), 0);
    client
}

/// All of a file.
fn whole(client: &mut Client, name: &str) -> Vec<u8> {
    let file = client.open(name, READ, 1, 0x40);
    let mut bytes = Vec::new();
    loop {
        let came = client.read(file, u64::try_from(bytes.len()).unwrap(), 1 << 20);
        if came.status() != 0 {
            assert_eq!(came.status(), 0xc000_0011);
            break;
        }
        bytes.extend(came.body);
    }
    client.close(file);
    bytes
}

#[test]
fn images_are_as_long_as_they_are_said_to_be() {
    let bench = Bench::new();
    let mut client = guest(&bench, "ct01", "DicomExport");
    let day = client.list("", "2*").pop().unwrap().0;
    let study = client.list(&day, "*").pop().unwrap().0;
    let folder = format!("{day}\\{study}");
    let images = client.list(&folder, "*.dcm");
    assert!(images.len() > 20, "{}", images.len());
    bench.told();
    for (name, size) in [images.first().unwrap(), images.last().unwrap()] {
        let bytes = whole(&mut client, &format!("{folder}\\{name}"));
        assert_eq!(u64::try_from(bytes.len()).unwrap(), *size, "{name}");
        assert_eq!(&bytes[128..132], b"DICM");
    }
    let told = bench.told();
    let reads = told.iter().filter(|told| {
        matches!(told, Observation::RecordRead { subject: RecordKind::Instance, count: 1, .. })
    });
    assert_eq!(reads.count(), 2);
}

#[test]
fn reports_are_files_of_their_days() {
    let bench = Bench::new();
    let mut client = Client::new(machine(&bench, "ris"));
    client.negotiate(Dialect::Smb311);
    let password = super::password(&bench, "ris/risfile");
    assert_eq!(client.logon("risfile", &password).status(), 0);
    assert_eq!(client.connect("Report").status(), 0);
    let reports = client.list(r"202602\27", "*.pdf");
    assert!(reports.len() > 50, "{}", reports.len());
    let (name, size) = reports.first().unwrap();
    let bytes = whole(&mut client, &format!(r"202602\27\{name}"));
    assert_eq!(u64::try_from(bytes.len()).unwrap(), *size);
    assert!(bytes.starts_with(b"%PDF-"));
    assert_eq!(client.create(r"202602\30", READ, 1, 1).status(), 0xc000_0034);
}

#[test]
fn backups_are_long_and_begin_as_such() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISBAK");
    let backups = client.list("THIS4", "*.bak");
    assert_eq!(backups.len(), 14);
    assert!(backups.iter().all(|(_, size)| *size > 20 << 30));
    let file = client.open(&format!("THIS4\\{}", backups[3].0), READ, 1, 0x40);
    assert!(client.read(file, 0, 4096).body.starts_with(b"TAPE"));
    let at = backups[3].1 - 10;
    assert_eq!(client.read(file, at, 4096).body.len(), 10);
    assert_eq!(client.read(file, backups[3].1, 1).status(), 0xc000_0011);
}

#[test]
fn bait_leads_to_a_lure_account() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISUpdate");
    let text = whole(&mut client, r"HIS\HisClient.ini");
    let password = super::password(&bench, "hisdb/winhis");
    assert!(String::from_utf8_lossy(&text).contains(&password));
}
