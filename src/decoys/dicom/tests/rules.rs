//! Queries as each product of the pack answers them.

use std::sync::Arc;

use super::support::{Peer, STUDY_FIND, message, proposal_of, request};
use crate::archive::Archive;
use crate::session::bench::{Bench, NOW};
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax, tags};
use crate::world::overlay::Overlay;
use crate::world::{Patient, Study, StudyFilter, View};

const SYNTAX: TransferSyntax = TransferSyntax::ImplicitLittle;

fn hospital() -> (Arc<Bench>, View) {
    let bench = Arc::new(Bench::new());
    let view = bench.world.at(NOW.parse().unwrap());
    (bench, view)
}

/// The last study that every archive holds, the one that samples too, and its patient.
fn study(view: &View) -> (Study, Patient) {
    let sample = Arc::new(Archive::new("research", 60).sampled(40));
    let holdings = sample.seen(view.clone(), &Overlay::default());
    let mut studies = view.studies(&StudyFilter { limit: Some(1000), ..StudyFilter::default() }).into_iter();
    let study = studies.find(|study| holdings.study(&study.uid).is_some()).unwrap();
    let patient = view.patient(study.patient).unwrap();
    (study, patient)
}

fn ask(bench: &Arc<Bench>, host: &str, identifier: &DataSet) -> (Vec<DataSet>, Command) {
    let mut peer = Peer::connect(bench, host);
    let titles = [("pacs", "CLZXPACS"), ("research", "CLZXRES"), ("vna", "DCM4CHEE"), ("ris", "CLZXRIS")];
    let (_, title) = titles.into_iter().find(|(name, _)| *name == host).unwrap();
    let from = if host == "pacs" { "HISIMG" } else { "CLZXPACS" };
    peer.send(&proposal_of([from, title], &[STUDY_FIND], SYNTAX, 16384, &[]));
    assert_eq!(peer.take()[0], 2, "{host}");
    peer.send(&message(1, &request(field::C_FIND, STUDY_FIND), Some(identifier), SYNTAX));
    let mut found = peer.messages();
    let (last, _) = found.pop().unwrap();
    let sets = found.into_iter().map(|(_, data)| DataSet::decode(&data.unwrap(), SYNTAX).unwrap());
    (sets.collect(), last)
}

fn keys(level: &str, keys: &[(Tag, &str)]) -> DataSet {
    let mut set = DataSet::new();
    if !level.is_empty() {
        set.put_str(tags::QUERY_RETRIEVE_LEVEL, level);
    }
    for (tag, value) in keys {
        set.put_str(*tag, value);
    }
    set
}

fn rows(bench: &Arc<Bench>, host: &str, identifier: &DataSet) -> usize {
    let (sets, last) = ask(bench, host, identifier);
    assert_eq!(last.status, Some(0), "{host}");
    sets.len()
}

#[test]
fn case_of_names_counts_where_the_product_says_so() {
    let (bench, view) = hospital();
    let (study, patient) = study(&view);
    let uid = (tags::STUDY_INSTANCE_UID, study.uid.as_str());
    let latin = format!("{}^{}", patient.name.family_pinyin, patient.name.given_pinyin);
    let (upper, lower) = (latin.to_uppercase(), latin.to_lowercase());
    let expected =
        [("pacs", [1, 0, 0, 0]), ("research", [1, 1, 1, 0]), ("vna", [1, 1, 0, 1]), ("ris", [1, 1, 1, 0])];
    for (host, expected) in expected {
        let asked = [format!("{latin}*"), format!("{upper}*"), format!("{lower}*"), latin.clone()];
        let found = asked.map(|name| rows(&bench, host, &keys("STUDY", &[uid, (tags::PATIENT_NAME, &name)])));
        assert_eq!(found, expected, "{host}");
    }
}

#[test]
fn chinese_names_match_in_every_character_set() {
    let (bench, view) = hospital();
    let (study, patient) = study(&view);
    let name = format!("*{}*", patient.name.family);
    for host in ["pacs", "research", "vna", "ris"] {
        for charset in [Charset::Gb18030, Charset::Gbk, Charset::Utf8] {
            let mut identifier = keys("STUDY", &[(tags::STUDY_INSTANCE_UID, &study.uid)]);
            identifier.put_charset(charset);
            identifier.put_text(tags::PATIENT_NAME, &name, charset);
            assert_eq!(rows(&bench, host, &identifier), 1, "{host} {charset:?}");
        }
    }
    // Bytes of GBK under no character set: what the vendor's own stations send.
    let mut identifier = keys("STUDY", &[(tags::STUDY_INSTANCE_UID, &study.uid)]);
    identifier.put_text(tags::PATIENT_NAME, &name, Charset::Gbk);
    assert_eq!(rows(&bench, "ris", &identifier), 1);
    assert_eq!(rows(&bench, "research", &identifier), 0);
}

#[test]
fn text_is_written_as_the_product_does() {
    let (bench, view) = hospital();
    let (study, patient) = study(&view);
    let identifier = keys("STUDY", &[(tags::STUDY_INSTANCE_UID, &study.uid), (tags::PATIENT_NAME, "")]);
    let answer = |host| ask(&bench, host, &identifier).0.remove(0);
    let latin = format!("{}^{}", patient.name.family_pinyin, patient.name.given_pinyin);
    let whole = format!("{latin}={}^{}", patient.name.family, patient.name.given);
    assert_eq!(answer("vna").charset(), Charset::Gb18030);
    assert_eq!(answer("vna").text(tags::PATIENT_NAME), Some(whole.clone()));
    assert_eq!(answer("research").charset(), Charset::Latin1);
    assert_eq!(answer("research").text(tags::PATIENT_NAME), Some(format!("{latin}=^")));
    let ris = answer("ris");
    assert_eq!(ris.charset(), Charset::Latin1, "a character set that is not true");
    assert_eq!(ris.text_in(tags::PATIENT_NAME, Charset::Gbk), Some(whole));
}

#[test]
fn unknown_keys_and_counts_are_answered_as_the_product_does() {
    let (bench, view) = hospital();
    let (study, _) = study(&view);
    let series = view.series(&study);
    let asked = [
        (tags::STUDY_INSTANCE_UID, study.uid.as_str()),
        (tags::NUMBER_OF_STUDY_RELATED_SERIES, ""),
        (tags::MODALITIES_IN_STUDY, ""),
        (tags::PATIENT_INSURANCE_PLAN_CODE_SEQUENCE, ""),
        (tags::PATIENT_ADDRESS, ""),
        (tags::MODALITY, ""),
    ];
    let answer = |host| ask(&bench, host, &keys("STUDY", &asked)).0.remove(0);
    let count = Some(series.len().to_string());
    for (host, count, sequence, address, modality) in [
        ("pacs", None, false, None, Some(study.modality.as_str())),
        ("research", count.clone(), false, Some(""), Some(study.modality.as_str())),
        ("vna", count.clone(), true, Some(""), Some("")),
        ("ris", count, false, None, Some("")),
    ] {
        let set = answer(host);
        assert_eq!(set.text(tags::NUMBER_OF_STUDY_RELATED_SERIES), count, "{host}");
        assert_eq!(set.contains(tags::PATIENT_INSURANCE_PLAN_CODE_SEQUENCE), sequence, "{host}");
        assert_eq!(set.text(tags::PATIENT_ADDRESS).as_deref(), address, "{host}");
        assert_eq!(set.text(tags::MODALITY).as_deref(), modality, "{host}");
    }
    assert_eq!(answer("vna").text(tags::INSTANCE_AVAILABILITY).as_deref(), Some("ONLINE"));
    assert!(!answer("pacs").contains(tags::INSTANCE_AVAILABILITY));
}

#[test]
fn missing_and_wrong_levels_have_the_product_s_status() {
    let (bench, _) = hospital();
    let status = |host, level| ask(&bench, host, &keys(level, &[(tags::PATIENT_ID, "none")])).1;
    for (host, none, wrong, missing) in
        [("pacs", 0xA900, 0xC000, 0xC000), ("research", 0xC000, 0xC000, 0), ("vna", 0xA900, 0xA900, 0xA900)]
    {
        let statuses = ["", "FOO", "SERIES"].map(|level| status(host, level).status.unwrap());
        assert_eq!(statuses, [none, wrong, missing], "{host}");
    }
    let refused = status("vna", "SERIES");
    assert_eq!(refused.offending, Some(tags::STUDY_INSTANCE_UID));
    assert_eq!(refused.comment.as_deref(), Some(&b"Missing StudyInstanceUID (0020,000D)"[..]));
    assert_eq!(refused.sop_class, None);
}

#[test]
fn lenient_products_find_a_series_by_its_own_uid() {
    let (bench, view) = hospital();
    let (study, _) = study(&view);
    let series = view.series(&study).remove(0);
    let identifier = keys("SERIES", &[(tags::SERIES_INSTANCE_UID, &series.uid), (tags::PATIENT_ID, "")]);
    for host in ["research", "ris"] {
        assert_eq!(rows(&bench, host, &identifier), 1, "{host}");
    }
    assert_eq!(
        rows(&bench, "research", &keys("IMAGE", &[(tags::SERIES_INSTANCE_UID, &series.uid)])),
        usize::try_from(series.instances).unwrap()
    );
    let other = if study.modality.as_str() == "CT" { "MR" } else { "CT" };
    let first = keys("STUDY", &[(tags::STUDY_INSTANCE_UID, &study.uid), (tags::MODALITY, other)]);
    assert_eq!((rows(&bench, "research", &first), rows(&bench, "pacs", &first)), (0, 1));
}
