//! Objects of the renderer, judged by the validators that hospitals' integrators use.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use honeyward::imaging::codec::LOSSLESS;
use honeyward::imaging::{Form, Imaging};
use honeyward::persona::{DEFAULT_PACK, Hospital, Installation, PackFiles};
use honeyward::wire::dicom::dataset::{
    Charset, Coding, DataSet, FileMeta, TransferSyntax, part10, tags, uids,
};
use honeyward::world::{
    Content, Device, Finding, Instance, Modality, PatientNo, Region, Series, Study, StudyFilter, View, World,
};
use jiff::Timestamp;

const SYNTAXES: [TransferSyntax; 2] = [TransferSyntax::ImplicitLittle, TransferSyntax::ExplicitLittle];

#[test]
fn ct_objects_pass_the_validators() {
    check(&sample(Modality::CT, Region::Chest, "胸部CT平扫", "Thorax 5.0 B31f"));
    check(&sample(Modality::CT, Region::Head, "头颅CT平扫", "Head 5.0 H31s"));
}

#[test]
fn dx_objects_pass_the_validators() {
    check(&sample(Modality::DX, Region::Limb, "左手正位DR", "Hand PA"));
}

#[test]
fn mr_objects_pass_the_validators() {
    check(&sample(Modality::MR, Region::LumbarSpine, "腰椎MR平扫", "t2_tse_sag"));
    check(&sample(Modality::MR, Region::Head, "头颅MR平扫", "t2_tirm_tra_dark-fluid"));
}

#[test]
fn us_objects_pass_the_validators() {
    check(&sample(Modality::US, Region::Abdomen, "肝胆胰脾彩超", "Abdomen"));
}

/// In every syntax that is written, and in those that an archive decodes what it kept to.
#[test]
fn coded_objects_pass_the_validators() {
    let grey = sample(Modality::MR, Region::Head, "头颅MR平扫", "t1_se_tra");
    let colour = sample(Modality::US, Region::Abdomen, "肝胆胰脾彩超", "Abdomen");
    let lossless = LOSSLESS.map(TransferSyntax::Encapsulated).into_iter().chain([TransferSyntax::Deflated]);
    let same = lossless.map(|ts| Form { kept: ts, sent: ts });
    let baseline = TransferSyntax::Encapsulated(Coding::JpegBaseline);
    let lossy = [baseline, TransferSyntax::ExplicitLittle, TransferSyntax::ImplicitLittle];
    let lossy = lossy.map(|sent| Form { kept: baseline, sent });
    for (sample, forms) in [(grey, same.clone().collect::<Vec<_>>()), (colour, same.chain(lossy).collect())] {
        let (folder, imaging, instance) =
            (tempfile::tempdir().unwrap(), Imaging::default(), sample.instance(1));
        let plain = TransferSyntax::ExplicitLittle;
        imaging.object(&sample.view, &sample.study, &sample.series, &instance, plain, Charset::Gb18030);
        for form in forms {
            let coded = |charset| {
                imaging.coded(&sample.view, &sample.study, &sample.series, &instance, form, charset)
            };
            let object = coded(Charset::Gb18030).unwrap_or_else(|| panic!("{form:?}"));
            let file = save(folder.path(), "coded", &instance, form.sent, &object.bytes);
            if form.sent == TransferSyntax::Deflated {
                // dciodvfy can't inflate.
                let plain = folder.path().join("inflated.dcm");
                assert!(run("dcmconv", "dcmtk", &[Path::new("+te"), &file, &plain]).status.success());
                valid(&plain);
            } else {
                valid(&file);
            }
            let again = coded(Charset::Gb18030).unwrap();
            assert!(Arc::ptr_eq(&object, &again), "kept, not coded again");
        }
    }
}

/// Each series of a study of each modality, as the world has them.
#[test]
fn the_world_s_studies_pass_the_validators_and_agree_with_it() {
    let view = hospital();
    for modality in Modality::ALL {
        let filter = StudyFilter { modalities: vec![modality], limit: Some(40), ..StudyFilter::default() };
        let studies = view.studies(&filter);
        // A study with a contrast medium where there is one: it has most kinds of series; and one whose
        // report is verified, which has the document too.
        let verified = |s: &&Study| view.report(s).is_some_and(|report| report.verified.is_some());
        let mut whole = studies.iter().filter(verified);
        let study = whole.clone().find(|s| s.description.contains("增强")).or(whole.next()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let series = view.series(study);
        judge(&series.iter().map(|series| agreeing(&view, study, series, folder.path())).collect::<Vec<_>>());
    }
}

/// The middle object of a series, after its header was held against the world.
fn agreeing(view: &View, study: &Study, series: &Series, folder: &Path) -> PathBuf {
    let ts = TransferSyntax::ExplicitLittle;
    let instances = view.instances(study, series);
    let instance = instances[instances.len() / 2].clone();
    let object = Imaging::new(0).object(view, study, series, &instance, ts, Charset::Gb18030);
    let set = DataSet::decode(&object.bytes, ts).unwrap();
    let patient = view.patient(study.patient).unwrap();
    let name = set.text(tags::PATIENT_NAME).unwrap();
    assert!(name.contains(&format!("={}^{}", patient.name.family, patient.name.given)), "{name}");
    for (tag, expected) in [
        (tags::PATIENT_ID, &patient.mrn),
        (tags::ACCESSION_NUMBER, &study.accession),
        (tags::STUDY_INSTANCE_UID, &study.uid),
        (tags::SERIES_INSTANCE_UID, &series.uid),
        (tags::SOP_INSTANCE_UID, &instance.uid),
        (tags::STUDY_DESCRIPTION, &study.description),
    ] {
        assert_eq!(set.text(tag).as_ref(), Some(expected), "{tag}");
    }
    // The information system, not the device, makes the document.
    if series.content != Content::Document {
        assert_eq!(set.text(tags::MANUFACTURER).as_ref(), Some(&study.device.manufacturer));
        assert_eq!(set.text(tags::STATION_NAME).as_ref(), Some(&study.device.station));
    }
    assert_eq!(set.text(tags::MODALITY).as_deref(), Some(series.modality));
    save(folder, &series.number.to_string(), &instance, ts, &object.bytes)
}

/// A study of a modality whose report is verified.
fn reported(view: &View, modality: Modality, says: &str) -> Study {
    let filter = StudyFilter { modalities: vec![modality], limit: Some(900), ..StudyFilter::default() };
    let fits = |study: &Study| {
        view.report(study).is_some_and(|report| report.verified.is_some() && report.findings.contains(says))
    };
    view.studies(&filter).into_iter().find(fits).unwrap()
}

/// The data sets of a study's instances with this content, of each series the first ones.
fn objects(view: &View, study: &Study, content: Content) -> Vec<DataSet> {
    let (imaging, ts) = (Imaging::new(0), TransferSyntax::ExplicitLittle);
    let series = view.series(study).into_iter();
    series
        .flat_map(|series| {
            let instances = view.instances(study, &series).into_iter();
            let instances = instances.filter(|i| i.content == content).take(2);
            let drawn = |i: Instance| imaging.object(view, study, &series, &i, ts, Charset::Utf8);
            instances.map(drawn).map(|o| DataSet::decode(&o.bytes, ts).unwrap()).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_document_says_in_chinese_what_the_report_says() {
    let view = hospital();
    for modality in Modality::ALL {
        let study = reported(&view, modality, "");
        let (report, patient) = (view.report(&study).unwrap(), view.patient(study.patient).unwrap());
        let document = objects(&view, &study, Content::Document).remove(0);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.pdf");
        std::fs::write(&file, document.bytes(tags::ENCAPSULATED_DOCUMENT).unwrap()).unwrap();
        let read = run("pdftotext", "poppler-utils", &[file.as_path(), Path::new("-")]);
        assert!(read.stderr.is_empty(), "{}", text(&read));
        let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let sheet = squeezed(&text(&read));
        let name = patient.name.chinese();
        for said in [&report.findings, &report.impression, &name, &patient.mrn, &study.accession] {
            assert!(sheet.contains(&squeezed(said)), "{said} is not in {sheet}");
        }
    }
}

#[test]
fn dose_report_and_dose_page_state_one_dose() {
    let view = hospital();
    let study = reported(&view, Modality::CT, "肺");
    let report = objects(&view, &study, Content::DoseReport).remove(0);
    let index =
        |set: &DataSet| set.bytes(tags::CTD_IVOL).map(|b| f64::from_le_bytes(b[..8].try_into().unwrap()));
    let slices = objects(&view, &study, Content::Image);
    let stated: Vec<f64> = slices.iter().filter_map(index).collect();
    assert!(stated.len() > 3 && stated.windows(2).all(|pair| pair[0] == pair[1]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dose.dcm");
    let meta = FileMeta {
        sop_class: &report.text(tags::SOP_CLASS_UID).unwrap(),
        sop_instance: &report.text(tags::SOP_INSTANCE_UID).unwrap(),
        transfer_syntax: TransferSyntax::ExplicitLittle.uid(),
        implementation: "1.2.276.0.7230010.3.0.3.6.7",
        version: "",
        source: "",
    };
    std::fs::write(&file, part10(&meta, &report.encode(TransferSyntax::ExplicitLittle))).unwrap();
    let page = run("dsr2html", "dcmtk", &[&file]);
    let html = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(page.status.success() && html.contains("Mean CTDIvol"), "{}", text(&page));
    assert!(html.contains(&stated[0].to_string()), "{} is not in {html}", stated[0]);
}

#[test]
fn slices_of_a_series_lie_in_one_frame_at_even_steps() {
    let view = hospital();
    for modality in [Modality::CT, Modality::MR] {
        let study = reported(&view, modality, "");
        let series = view.series(&study).into_iter().find(|s| s.instances > 5).unwrap();
        let frames = view.instances(&study, &series);
        let (imaging, ts) = (Imaging::new(0), TransferSyntax::ImplicitLittle);
        let sets = frames.iter().map(|i| {
            let object = imaging.object(&view, &study, &series, i, ts, Charset::Gb18030);
            DataSet::decode(&object.bytes, ts).unwrap()
        });
        let sets: Vec<DataSet> = sets.take(8).collect();
        let numbers = |set: &DataSet, tag| -> Vec<f64> {
            set.texts(tag).iter().map(|text| text.trim().parse().unwrap()).collect()
        };
        let away: Vec<f64> = sets.iter().map(|set| numbers(set, tags::SLICE_LOCATION)[0]).collect();
        let steps: Vec<f64> = away.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|s| s.abs() > 0.2 && (s - steps[0]).abs() < 0.01), "{away:?}");
        for pair in sets.windows(2) {
            let [a, b] = [&pair[0], &pair[1]].map(|set| numbers(set, tags::IMAGE_POSITION_PATIENT));
            let moved = (0..3).map(|i| (b[i] - a[i]).powi(2)).sum::<f64>().sqrt();
            assert!((moved - steps[0].abs()).abs() < 0.01, "{a:?} {b:?}");
            for tag in [tags::FRAME_OF_REFERENCE_UID, tags::IMAGE_ORIENTATION_PATIENT, tags::PIXEL_SPACING] {
                assert_eq!(pair[0].text(tag), pair[1].text(tag));
            }
        }
    }
}

#[test]
fn an_electrocardiogram_beats_as_often_as_its_report_says() {
    let view = hospital();
    let study = reported(&view, Modality::ECG, "窦性心律，心率");
    let findings = view.report(&study).unwrap().findings;
    let rate = findings.split("心率").nth(1).unwrap().split('次').next().unwrap();
    let rate: f64 = rate.parse().unwrap();
    let set = objects(&view, &study, Content::Waveform).remove(0);
    let wave = &set.items(tags::WAVEFORM_SEQUENCE)[0];
    let bytes = wave.bytes(tags::WAVEFORM_DATA).unwrap();
    let lead = |n: usize| -> Vec<i16> {
        bytes.chunks_exact(24).map(|s| i16::from_le_bytes([s[2 * n], s[2 * n + 1]])).collect()
    };
    let [one, two, three, chest] = [0, 1, 2, 9].map(lead);
    assert_eq!(two.len(), 5_000);
    assert!((0..5_000).all(|i| (two[i] - one[i] - three[i]).abs() <= 2), "Einthoven's law, but for rounding");
    let top = *chest.iter().max().unwrap();
    let above: Vec<usize> = (1..5_000).filter(|i| chest[*i] > top / 2 && chest[i - 1] <= top / 2).collect();
    let (first, last) = (above[0], above[above.len() - 1]);
    let seen = (above.len() - 1) as f64 * 60.0 * 500.0 / (last - first) as f64;
    assert!((seen - rate).abs() < 3.0, "{seen} of {rate}");
}

#[test]
fn a_mammogram_has_four_views_that_hang_back_to_back() {
    let view = hospital();
    let study = reported(&view, Modality::MG, "肿块影");
    let views = objects(&view, &study, Content::Image);
    let said = |set: &DataSet, tag| set.text(tag).unwrap();
    let all: Vec<(String, String)> =
        views.iter().map(|set| (said(set, tags::IMAGE_LATERALITY), said(set, tags::VIEW_POSITION))).collect();
    assert_eq!(
        all,
        [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")].map(|(a, b)| (a.into(), b.into()))
    );
    for set in &views {
        let pixels = set.bytes(tags::PIXEL_DATA).unwrap();
        let width = usize::from(set.u16(tags::COLUMNS).unwrap()) * 2;
        let row = &pixels[pixels.len() / 2 / width * width..][..width];
        let (left, right) = (row[..200].iter().any(|b| *b != 0), row[width - 200..].iter().any(|b| *b != 0));
        let is_left = said(set, tags::IMAGE_LATERALITY) == "L";
        assert_eq!((left, right), (is_left, !is_left), "the chest wall is at the inner edge");
    }
}

#[test]
fn equal_questions_give_equal_bytes_and_another_seed_another_picture() {
    let mut one = sample(Modality::CT, Region::Chest, "胸部CT平扫", "Thorax 5.0 B31f");
    let pixels = |s: &Sample| {
        let bytes = s.object(2, TransferSyntax::ImplicitLittle).1;
        DataSet::decode(&bytes, TransferSyntax::ImplicitLittle)
            .unwrap()
            .bytes(tags::PIXEL_DATA)
            .unwrap()
            .clone()
    };
    let first = pixels(&one);
    assert_eq!(first, pixels(&one), "another cache, the same bytes");
    one.study.seed += 1;
    assert_ne!(first, pixels(&one));
    assert!(first.iter().any(|byte| *byte != 0));
}

#[test]
fn previews_keep_within_the_side_asked_for() {
    let s = sample(Modality::MR, Region::Head, "头颅MR平扫", "t1_se_tra");
    let image = Imaging::default().preview(&s.view, &s.study, &s.series, &s.instance(1), 100);
    assert_eq!((image.width, image.height, image.pixels.len()), (100, 100, 10_000));
    let bright = image.pixels.iter().filter(|v| **v > 60).count();
    assert!((1_000..9_000).contains(&bright), "a head on a dark ground: {bright}");
}

struct Sample {
    view: View,
    study: Study,
    series: Series,
    sop_class: &'static str,
}

impl Sample {
    fn instance(&self, number: u32) -> Instance {
        Instance {
            uid: format!("{}.{number}", self.series.uid),
            sop_class: self.sop_class.to_owned(),
            number,
            content: Content::Image,
        }
    }

    fn object(&self, number: u32, ts: TransferSyntax) -> (Instance, bytes::Bytes) {
        let instance = self.instance(number);
        let object =
            Imaging::new(0).object(&self.view, &self.study, &self.series, &instance, ts, Charset::Gb18030);
        assert_eq!(object.sop_instance, instance.uid);
        (instance, object.bytes.clone())
    }
}

fn hospital() -> View {
    let installation = Installation::new([7; 32]);
    let files = PackFiles::embedded(DEFAULT_PACK).unwrap();
    let hospital: Hospital = toml::from_str(files.text("hospital.toml").unwrap()).unwrap();
    let now: Timestamp = "2026-03-02T06:00:00Z".parse().unwrap();
    Arc::new(World::new(Arc::new(hospital), &installation)).at(now)
}

fn sample(modality: Modality, region: Region, description: &str, protocol: &str) -> Sample {
    let view = hospital();
    let started: Timestamp = "2026-03-02T01:12:30Z".parse().unwrap();
    let (instances, sop_class) = match modality {
        Modality::CT => (40, uids::CT_IMAGE_STORAGE),
        Modality::DX => (1, uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION),
        Modality::MR => (11, uids::MR_IMAGE_STORAGE),
        Modality::US => (4, uids::ULTRASOUND_IMAGE_STORAGE),
        Modality::MG => (1, uids::DIGITAL_MAMMOGRAPHY_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION),
        Modality::CR => (1, uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE),
        Modality::ECG => (1, uids::TWELVE_LEAD_ECG_WAVEFORM_STORAGE),
    };
    let device = Device {
        ae_title: "DEV01".into(),
        station: "DEV01".into(),
        manufacturer: "SIEMENS".into(),
        model: "SOMATOM".into(),
        serial: "70123".into(),
        software: "syngo CT 2012B".into(),
        modality,
    };
    let study = Study {
        uid: "1.3.12.2.1107.5.1.7.70123.1".into(),
        id: "26030201".into(),
        accession: "CT2603020012".into(),
        order: "P1".into(),
        patient: PatientNo(12),
        modality,
        region,
        description: description.into(),
        started,
        device,
        referring: "1001".into(),
        operator: "2001".into(),
        finding: Finding::Normal,
        seed: 20_260_302,
    };
    let series = Series {
        uid: format!("{}.9", study.uid),
        number: 2,
        description: protocol.into(),
        protocol: protocol.into(),
        started,
        instances,
        content: Content::Image,
        modality: modality.as_str(),
        frame_of_reference: format!("{}.8", study.uid),
    };
    Sample { view, study, series, sop_class }
}

/// Writes some instances in each syntax and has every tool look at them.
fn check(sample: &Sample) {
    for ts in SYNTAXES {
        let folder = tempfile::tempdir().unwrap();
        let last = sample.series.instances;
        let numbers = if last == 1 { vec![1] } else { vec![1, last / 2, last] };
        let files: Vec<_> = numbers.iter().map(|n| write(folder.path(), sample, *n, ts)).collect();
        judge(&files);
    }
}

/// Files of one study: no errors in any, no contradiction between them, and all can be drawn.
fn judge(files: &[PathBuf]) {
    for file in files {
        let dump = text(&valid(file));
        if dump_says_pixels(&dump) {
            // A page of text has a few shades; a slice shown over all its twelve bits has some dozens.
            picture(file, if dump.contains("DERIVED\\SECONDARY") { 3 } else { 20 });
        }
    }
    let said = text(&run("dcentvfy", "dicom3tools", files));
    // The tool itself files the accession number under the study for images and under the series for
    // documents, and then finds fault with that.
    let faults = said.lines().filter(|line| !line.contains("Different information entities for attribute"));
    let faults: Vec<_> = faults.filter(|l| l.starts_with("Error") || l.starts_with("Warning")).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// No errors, and its dump.
fn valid(file: &PathBuf) -> Output {
    let said = text(&run("dciodvfy", "dicom3tools", &[file]));
    let errors: Vec<_> = said.lines().filter(|line| line.starts_with("Error")).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{said}");
    let dump = run("dcmdump", "dcmtk", &[file]);
    assert!(dump.status.success() && dump.stderr.is_empty(), "{}", text(&dump));
    dump
}

fn dump_says_pixels(dump: &str) -> bool {
    dump.lines().any(|line| line.starts_with("(7fe0,0010)"))
}

fn write(folder: &Path, sample: &Sample, number: u32, ts: TransferSyntax) -> PathBuf {
    let (instance, bytes) = sample.object(number, ts);
    save(folder, &number.to_string(), &instance, ts, &bytes)
}

fn save(folder: &Path, name: &str, instance: &Instance, ts: TransferSyntax, bytes: &[u8]) -> PathBuf {
    let meta = FileMeta {
        sop_class: &instance.sop_class,
        sop_instance: &instance.uid,
        transfer_syntax: ts.uid(),
        implementation: "1.2.276.0.7230010.3.0.3.6.7",
        version: "",
        source: "",
    };
    let path = folder.join(format!("{name}.dcm"));
    std::fs::write(&path, part10(&meta, bytes)).unwrap();
    path
}

/// DCMTK draws it, and it is neither black nor white nor flat: it has so many shades.
fn picture(file: &Path, least: usize) {
    let out = file.with_extension("pgm");
    let drawn = run("dcm2pnm", "dcmtk", &[file, &out]);
    assert!(drawn.status.success(), "{}", text(&drawn));
    let image = std::fs::read(out).unwrap();
    let pixels = &image[image.len() / 10..];
    let shades: std::collections::BTreeSet<_> = pixels.iter().collect();
    assert!(shades.len() >= least, "only {} shades in {}", shades.len(), file.display());
}

fn run<P: AsRef<Path>>(tool: &str, package: &str, files: &[P]) -> Output {
    Command::new(tool)
        .args(files.iter().map(AsRef::as_ref))
        .output()
        .unwrap_or_else(|e| panic!("{tool} did not start ({e}): install the Debian package {package}"))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
