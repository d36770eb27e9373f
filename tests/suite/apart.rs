//! Two installations share nothing by which who knows one would know the other: both are asked the
//! same questions.

use std::collections::BTreeSet;
use std::fmt::Debug;

use honeyward::world::Modality;

use crate::archives::{Archive, archives, net, small_study_of};
use crate::browser::Browser;
use crate::dcmtk::value;
use crate::honeynet::{Honeynet, client, text};
use crate::truth;

/// Place among the archives.
const PACS: usize = 0;

/// What an outsider learns of an installation.
struct Told {
    studies: BTreeSet<String>,
    /// Name and birth date; record numbers count up in every hospital.
    people: BTreeSet<String>,
    /// Of the objects of some studies: UIDs, serial numbers of the devices, pixels.
    uids: BTreeSet<String>,
    serials: BTreeSet<String>,
    pixels: BTreeSet<String>,
    /// Certificates, their keys and serial numbers; host keys of SSH.
    secrets: BTreeSet<String>,
    /// Headings of the portal's pages of patients.
    cards: BTreeSet<String>,
}

/// The answer to the same questions.
fn told(net: &Honeynet) -> Told {
    let view = truth::view(net);
    let archives = archives(net);
    let day = view.local(view.now()).date().yesterday().unwrap().strftime("%Y%m%d").to_string();
    let (date, hour) = (format!("StudyDate={day}"), "StudyTime=080000-085959");
    let keys = ["QueryRetrieveLevel=STUDY", &date, hour, "PatientID", "PatientName", "PatientBirthDate"];
    let answers = archives[PACS].find("-S", &[&keys[..], &["StudyInstanceUID"]].concat());
    assert!(answers.len() > 20, "{} studies in an hour", answers.len());
    let person = |dump: &String| format!("{} {}", value(dump, "0010,0010"), value(dump, "0010,0030"));
    let objects: Vec<String> = [Modality::DX, Modality::US]
        .into_iter()
        .flat_map(|modality| objects(&archives[PACS], modality))
        .collect();
    let uids = ["0008,0018", "0020,000d", "0020,000e", "0020,0052"];
    let record = value(&answers[0], "0010,0020");
    Told {
        studies: answers.iter().map(|dump| value(dump, "0020,000d").to_owned()).collect(),
        people: answers.iter().map(person).collect(),
        uids: uids.iter().flat_map(|tag| objects.iter().filter_map(|dump| line(dump, tag))).collect(),
        serials: objects.iter().filter_map(|dump| line(dump, "0018,1000")).collect(),
        pixels: objects.iter().filter_map(|dump| line(dump, "7fe0,0010")).collect(),
        secrets: certificates(net).into_iter().chain(host_keys(net)).collect(),
        cards: card(net, record).into_iter().collect(),
    }
}

fn objects(pacs: &Archive, modality: Modality) -> Vec<String> {
    let view = truth::view(pacs.net);
    let study = small_study_of(pacs, &view, |study| study.modality == modality);
    let of = format!("StudyInstanceUID={}", study.uid);
    pacs.get(&["QueryRetrieveLevel=STUDY", &of]).unwrap()
}

/// An element of a dump, where it is there and has a value.
fn line(dump: &str, tag: &str) -> Option<String> {
    let line = dump.lines().find(|line| line.starts_with(&format!("({tag})")))?;
    (!line.contains("(no value available)")).then(|| line.to_owned())
}

fn certificates(net: &Honeynet) -> Vec<String> {
    let services = [net.address("his", "https"), net.address("vna", "https")];
    let of_service = |address: &std::net::SocketAddr| {
        let said = client("openssl", "openssl", &["s_client", "-connect", &address.to_string()]);
        let file = net.scratch(&format!("{}.pem", address.ip()));
        std::fs::write(&file, said.stdout).unwrap();
        let shown = ["x509", "-noout", "-in", file.to_str().unwrap(), "-serial", "-fingerprint", "-pubkey"];
        let said = text(&client("openssl", "openssl", &shown));
        let (key, rest): (Vec<&str>, Vec<&str>) =
            said.lines().partition(|line| !line.starts_with("serial=") && !line.contains("Fingerprint="));
        assert!(key.len() > 3 && rest.len() == 2, "{said}");
        // Between the lines that begin and end a key.
        [key[1..key.len() - 1].concat(), rest[0].to_owned(), rest[1].to_owned()]
    };
    services.iter().flat_map(of_service).collect()
}

fn host_keys(net: &Honeynet) -> Vec<String> {
    let ip = net.address("his", "ssh").ip().to_string();
    let said = client("ssh-keyscan", "openssh-client", &["-T", "20", &ip]);
    let said = String::from_utf8(said.stdout).unwrap();
    let keys: Vec<String> =
        said.lines().filter_map(|line| line.split(' ').nth(2)).map(str::to_owned).collect();
    assert!(keys.len() > 1, "{said}");
    keys
}

/// The heading of a patient's page: name, sex, age.
fn card(net: &Honeynet, record: &str) -> Option<String> {
    let browser = Browser::new(net, "http");
    browser.login(net);
    let page = browser.get(&format!("/patient/{record}"));
    let born = page.split("<dt>出生日期</dt><dd>").nth(1)?.split('<').next()?.to_owned();
    let heading = page.split("<h3>").nth(1)?.split("</h3>").next()?;
    Some(format!("{heading} {born}"))
}

fn assert_apart<T: Ord + Debug>(what: &str, one: &BTreeSet<T>, other: &BTreeSet<T>) {
    assert!(!one.is_empty() && !other.is_empty(), "{what}: nothing to compare");
    let common: Vec<&T> = one.intersection(other).take(3).collect();
    assert!(common.is_empty(), "{what}: {common:?}");
}

#[test]
fn two_installations_share_nothing() {
    let (one, other) = (net(), net());
    let (one, other) = (told(&one), told(&other));
    assert_apart("studies", &one.studies, &other.studies);
    assert_apart("people", &one.people, &other.people);
    assert_apart("UIDs", &one.uids, &other.uids);
    assert_apart("serial numbers", &one.serials, &other.serials);
    assert_apart("pixels", &one.pixels, &other.pixels);
    assert_apart("keys and certificates", &one.secrets, &other.secrets);
    assert_apart("pages", &one.cards, &other.cards);
}
