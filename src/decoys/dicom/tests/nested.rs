//! Sequences, moments and attributes of pixels in queries, as each product answers them.

use std::sync::Arc;

use super::support::{Peer, STUDY_FIND, message, proposal_of, request};
use crate::session::bench::{Bench, NOW};
use crate::wire::dicom::command::field;
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax, Vr, tags};
use crate::wire::dicom::pdu::{Associate, Extended};
use crate::world::{Content, Modality, Study, StudyFilter, View};

const SYNTAX: TransferSyntax = TransferSyntax::ImplicitLittle;

fn hospital() -> (Arc<Bench>, View) {
    let bench = Arc::new(Bench::new());
    let view = bench.world.at(NOW.parse().unwrap());
    (bench, view)
}

/// A finished study of images that the sample holds too.
fn study(view: &View, modality: Modality) -> Study {
    let filter = StudyFilter { limit: Some(2000), ..StudyFilter::default() };
    let old = |study: &Study| view.now().duration_since(study.started).as_hours() > 12;
    let mut studies = view.studies(&filter).into_iter();
    studies.find(|s| s.modality == modality && s.seed.is_multiple_of(40) && old(s)).unwrap()
}

fn titles(host: &str) -> [&str; 2] {
    let titles = [("pacs", "CLZXPACS"), ("research", "CLZXRES"), ("vna", "DCM4CHEE"), ("ris", "CLZXRIS")];
    let (_, title) = titles.into_iter().find(|(name, _)| *name == host).unwrap();
    [if host == "pacs" { "HISIMG" } else { "CLZXPACS" }, title]
}

fn ask(bench: &Arc<Bench>, host: &str, identifier: &DataSet) -> Vec<DataSet> {
    answered(bench, host, &proposal_of(titles(host), &[STUDY_FIND], SYNTAX, 16384, &[]), identifier)
}

fn answered(bench: &Arc<Bench>, host: &str, proposal: &[u8], identifier: &DataSet) -> Vec<DataSet> {
    let mut peer = Peer::connect(bench, host);
    peer.send(proposal);
    assert_eq!(peer.take()[0], 2, "{host}");
    peer.send(&message(1, &request(field::C_FIND, STUDY_FIND), Some(identifier), SYNTAX));
    let mut found = peer.messages();
    assert_eq!(found.pop().unwrap().0.status, Some(0), "{host}");
    found.into_iter().map(|(_, data)| DataSet::decode(&data.unwrap(), SYNTAX).unwrap()).collect()
}

fn keys(level: &str, keys: &[(Tag, &str)]) -> DataSet {
    let mut set = DataSet::new();
    set.put_str(tags::QUERY_RETRIEVE_LEVEL, level);
    keys.iter().for_each(|(tag, value)| set.put_str(*tag, value));
    set
}

fn with_item(mut set: DataSet, sequence: Tag, item: &[(Tag, &str)]) -> DataSet {
    let mut inner = DataSet::new();
    item.iter().for_each(|(tag, value)| inner.put_str(*tag, value));
    set.put_items(sequence, vec![inner]);
    set
}

#[test]
fn request_attributes_are_compared_and_answered_as_the_product_does() {
    let (bench, view) = hospital();
    let study = study(&view, Modality::CT);
    let order = view.order(&study.order).unwrap();
    let series = view.series(&study);
    let images = series.iter().filter(|series| series.content == Content::Image).count();
    let all = |step: &str| {
        let set = keys("SERIES", &[(tags::STUDY_INSTANCE_UID, &study.uid), (tags::SERIES_INSTANCE_UID, "")]);
        let item = [(tags::SCHEDULED_PROCEDURE_STEP_ID, step), (tags::REQUESTED_PROCEDURE_DESCRIPTION, "")];
        with_item(set, tags::REQUEST_ATTRIBUTES_SEQUENCE, &item)
    };
    let rows = |host, step: &str| ask(&bench, host, &all(step)).len();
    for (host, none, right) in [("vna", 0, images), ("research", series.len(), series.len())] {
        assert_eq!((rows(host, "NONE"), rows(host, &order.filler)), (none, right), "{host}");
    }
    let item = |host| {
        let answer = ask(&bench, host, &all("")).remove(0);
        let charset = if host == "vna" { Charset::Gb18030 } else { Charset::Latin1 };
        let items = answer.items(tags::REQUEST_ATTRIBUTES_SEQUENCE).to_vec();
        items.first().map(|item| {
            let text = |tag| item.text_in(tag, charset);
            (text(tags::REQUESTED_PROCEDURE_DESCRIPTION), text(tags::ACCESSION_NUMBER))
        })
    };
    assert_eq!(item("vna"), Some((Some(order.name.clone()), None)), "what was asked for");
    let latin: String = order.name.chars().filter(char::is_ascii).collect();
    assert_eq!(item("research"), Some((Some(latin), Some(study.accession.clone()))), "all, in Latin-1");
    assert!(!ask(&bench, "ris", &all(""))[0].contains(tags::REQUEST_ATTRIBUTES_SEQUENCE));
    assert!(!ask(&bench, "pacs", &all(""))[0].contains(tags::REQUEST_ATTRIBUTES_SEQUENCE));
}

#[test]
fn procedure_codes_find_studies() {
    let (bench, view) = hospital();
    let study = study(&view, Modality::CT);
    let order = view.order(&study.order).unwrap();
    let rows = |code: &str| {
        let set = keys("STUDY", &[(tags::STUDY_INSTANCE_UID, &study.uid)]);
        ask(&bench, "vna", &with_item(set, tags::PROCEDURE_CODE_SEQUENCE, &[(tags::CODE_VALUE, code)])).len()
    };
    assert_eq!((rows(&order.code), rows("NONE"), rows("")), (1, 0, 1));
}

#[test]
fn attributes_of_pixels_are_answered_where_the_product_indexes_them() {
    let (bench, view) = hospital();
    for modality in [Modality::CT, Modality::DX, Modality::US] {
        let study = study(&view, modality);
        let series = view.series(&study).remove(0);
        let set = |rows: &[u8]| {
            let of = [(tags::STUDY_INSTANCE_UID, &*study.uid), (tags::SERIES_INSTANCE_UID, &*series.uid)];
            let mut set = keys("IMAGE", &of);
            set.put_bytes(tags::ROWS, Vr::US, bytes::Bytes::copy_from_slice(rows));
            set.put_empty(tags::BITS_ALLOCATED);
            set.put_empty(tags::SLICE_THICKNESS);
            set
        };
        let instance = view.instances(&study, &series).remove(0);
        let imaging = crate::imaging::Imaging::default();
        let drawn = imaging.object(&view, &study, &series, &instance, SYNTAX, Charset::Utf8);
        let drawn = DataSet::decode(&drawn.bytes, SYNTAX).unwrap();
        for host in ["vna", "research"] {
            let answer = ask(&bench, host, &set(&[])).remove(0);
            assert_eq!(answer.u16(tags::ROWS), drawn.u16(tags::ROWS), "{host} {modality:?}");
            assert_eq!(answer.u16(tags::BITS_ALLOCATED), drawn.u16(tags::BITS_ALLOCATED), "{host}");
        }
        let thick = ask(&bench, "research", &set(&[])).remove(0);
        let drawn = drawn.text(tags::SLICE_THICKNESS).unwrap_or_default();
        assert_eq!(thick.text(tags::SLICE_THICKNESS), Some(drawn));
        assert!(ask(&bench, "research", &set(&[1, 0])).is_empty(), "it compares them");
        assert_eq!(ask(&bench, "vna", &set(&[1, 0])).len(), series.instances as usize, "it does not");
    }
}

#[test]
fn dates_and_times_are_one_range_when_that_was_agreed() {
    let (bench, view) = hospital();
    let study = study(&view, Modality::CT);
    let at = view.local(study.started);
    let day = |days: i64| {
        let date = at.date().checked_add(jiff::Span::new().days(days)).unwrap();
        date.strftime("%Y%m%d").to_string()
    };
    // From the day before, later than the study's time, to the day after, earlier than it.
    let dates = format!("{}-{}", day(-1), day(1));
    let time = at.time().strftime("%H%M%S").to_string();
    let later = format!("{}5959-{}0000", &time[..2], &time[..2]);
    let of = [
        (tags::STUDY_INSTANCE_UID, study.uid.as_str()),
        (tags::STUDY_DATE, &dates),
        (tags::STUDY_TIME, &later),
    ];
    let asked = keys("STUDY", &of);
    let extended = |information: &'static [u8]| {
        let plain = proposal_of(titles("vna"), &[STUDY_FIND], SYNTAX, 16384, &[]);
        let mut proposed = Associate::read(&plain.slice(6..)).unwrap();
        let sop_class = bytes::Bytes::from_static(STUDY_FIND.as_bytes());
        proposed.extended = vec![Extended { sop_class, information: bytes::Bytes::from_static(information) }];
        proposed.request()
    };
    let rows = |information| answered(&bench, "vna", &extended(information), &asked).len();
    assert_eq!((rows(&[1, 1, 0]), rows(&[1, 0, 0])), (1, 0));
}

#[test]
fn a_relational_query_needs_no_keys_above_its_level() {
    let (bench, view) = hospital();
    let study = study(&view, Modality::CT);
    let series = view.series(&study).remove(0);
    let asked = keys("SERIES", &[(tags::SERIES_INSTANCE_UID, &series.uid)]);
    let plain = proposal_of(titles("vna"), &[STUDY_FIND], SYNTAX, 16384, &[]);
    let mut proposed = Associate::read(&plain.slice(6..)).unwrap();
    let sop_class = bytes::Bytes::from_static(STUDY_FIND.as_bytes());
    proposed.extended = vec![Extended { sop_class, information: bytes::Bytes::from_static(&[1]) }];
    assert_eq!(answered(&bench, "vna", &proposed.request(), &asked).len(), 1);
}
