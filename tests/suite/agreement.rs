//! One hospital: a patient, an order, a study, a result are the same over every protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use honeyward::world::{Content, LabOrder, Modality, Patient, Sex, Study, View};

use crate::browser::Browser;
use crate::databases;
use crate::dcmtk::{dump, find, get, value};
use crate::honeynet::{Honeynet, client, text};
use crate::senders::{astm, mllp, query, segments};
use crate::sql_server;
use crate::truth::{self, dicom_patient, letter};

/// Studies and laboratory orders compared.
const MANY: usize = 12;

/// Days between two of them: they lie in all months that are online.
const STRIDE: i64 = 13;

#[test]
fn studies_agree_over_dicom_hl7_and_the_portal() {
    let net = Honeynet::start();
    let view = truth::view(&net);
    let browser = Browser::new(&net, "http");
    browser.login(&net);
    let engine = net.address("his", "mllp");
    let studies = choose_studies(&net, &view);
    let modalities: BTreeSet<Modality> = studies.iter().map(|study| study.modality).collect();
    assert_eq!((studies.len(), modalities.len()), (MANY, 4));
    for study in &studies {
        let patient = view.patient(study.patient).unwrap();
        found_by_dicom(&net, &view, study, &patient);
        header_of_an_image(&net, &view, study, &patient);
        told_by_hl7(engine, &view, study, &patient);
        shown_by_the_portal(&browser, &view, study, &patient);
    }
}

#[test]
fn a_study_got_whole_has_as_many_images_as_it_says() {
    let net = Honeynet::start();
    let view = truth::view(&net);
    let rows = truth::listed(&net, "studies", 1);
    let studies = rows.iter().filter_map(|row| view.study(row["uid"].as_str().unwrap()));
    let study = studies
        .filter(|study| study.modality == Modality::DX)
        .find(|study| truth::images(&view, study).len() == 2)
        .expect("a study of two views");
    let uid = format!("StudyInstanceUID={}", study.uid);
    let files = get(&net, &net.scratch("whole"), &["QueryRetrieveLevel=STUDY", &uid]);
    let got: BTreeSet<String> = files.iter().map(|file| value(&dump(file), "0008,0018").to_owned()).collect();
    let held = truth::images(&view, &study).into_iter().map(|(_, image)| image.uid).collect();
    assert_eq!(got, held);
}

/// One study of each modality in turn, a new day and patient each.
fn choose_studies(net: &Honeynet, view: &View) -> Vec<Study> {
    let modalities = [Modality::CT, Modality::MR, Modality::US, Modality::DX];
    let mut patients = BTreeSet::new();
    let turns = modalities.iter().cycle().zip((2..).step_by(usize::try_from(STRIDE).unwrap()));
    turns
        .take(MANY)
        .map(|(modality, days_ago)| {
            let rows = truth::listed(net, "studies", days_ago);
            let row = rows
                .iter()
                .find(|row| row["modality"] == modality.as_str() && patients.insert(row["mrn"].to_string()))
                .unwrap_or_else(|| panic!("no {modality:?} {days_ago} days ago"));
            let study = view.study(row["uid"].as_str().unwrap()).expect("found again by its UID");
            let patient = view.patient(study.patient).unwrap();
            assert_eq!(row["accession"], study.accession);
            assert_eq!(
                (&row["mrn"], &row["patient_name"]),
                (&patient.mrn.as_str().into(), &patient.name.chinese().into())
            );
            study
        })
        .collect()
}

fn folder(net: &Honeynet, what: &str, of: &str) -> PathBuf {
    net.scratch(&format!("{what}-{of}"))
}

fn found_by_dicom(net: &Honeynet, view: &View, study: &Study, patient: &Patient) {
    let accession = format!("AccessionNumber={}", study.accession);
    let keys = [
        "QueryRetrieveLevel=STUDY",
        &accession,
        "PatientID",
        "PatientName",
        "PatientSex",
        "PatientBirthDate",
        "StudyInstanceUID",
        "StudyDescription",
        "StudyID",
        "StudyDate",
    ];
    let answers = find(net, &folder(net, "study", &study.accession), &keys);
    assert_eq!(answers.len(), 1, "{}", study.accession);
    assert_header(&dump(&answers[0]), view, study, patient);
    for series in view.series(study) {
        let (uid, of) =
            (format!("StudyInstanceUID={}", study.uid), format!("SeriesInstanceUID={}", series.uid));
        let keys = ["QueryRetrieveLevel=IMAGE", &uid, &of, "SOPInstanceUID"];
        let answers = find(net, &folder(net, "images", &series.uid), &keys);
        let told: BTreeSet<String> =
            answers.iter().map(|answer| value(&dump(answer), "0008,0018").to_owned()).collect();
        let held: BTreeSet<String> =
            view.instances(study, &series).into_iter().map(|instance| instance.uid).collect();
        assert_eq!(told, held, "{} series {}", study.accession, series.number);
    }
}

/// What a C-FIND answer and an image's header have in common.
fn assert_header(dump: &str, view: &View, study: &Study, patient: &Patient) {
    let local = view.local(study.started).strftime("%Y%m%d").to_string();
    let told = dicom_patient(patient).into_iter().chain([
        ("0008,0050", study.accession.clone()),
        ("0008,1030", study.description.clone()),
        ("0008,0020", local),
        ("0020,000d", study.uid.clone()),
        ("0020,0010", study.id.clone()),
    ]);
    for (tag, held) in told {
        assert_eq!(value(dump, tag), held, "({tag}) of {}", study.accession);
    }
}

fn header_of_an_image(net: &Honeynet, view: &View, study: &Study, patient: &Patient) {
    let mut images = truth::images(view, study);
    images.retain(|(_, object)| object.content == Content::Image);
    let (series, image) = &images[images.len() / 2];
    let keys = [
        "QueryRetrieveLevel=IMAGE".to_owned(),
        format!("StudyInstanceUID={}", study.uid),
        format!("SeriesInstanceUID={}", series.uid),
        format!("SOPInstanceUID={}", image.uid),
    ];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let files = get(net, &folder(net, "image", &study.accession), &keys);
    assert_eq!(files.len(), 1, "{}", study.accession);
    let dump = dump(&files[0]);
    assert_header(&dump, view, study, patient);
    assert_eq!(value(&dump, "0008,0060"), study.modality.as_str());
    assert_eq!(value(&dump, "0008,0018"), image.uid);
    assert_eq!(value(&dump, "0020,000e"), series.uid);
    assert_eq!(value(&dump, "0020,0013"), image.number.to_string());
    fs::remove_file(&files[0]).unwrap();
}

fn told_by_hl7(engine: SocketAddr, view: &View, study: &Study, patient: &Patient) {
    assert_pid(&mllp(engine, &query("A19", &patient.mrn, "DEM")), patient);
    let answer = mllp(engine, &query("R02", &study.accession, "RES"));
    assert_pid(&answer, patient);
    let report = view.report(study).expect("reported after two days");
    assert!(report.verified.is_some(), "{}", study.accession);
    let obr = &segments(&answer, "OBR")[0];
    assert_eq!(obr[2], study.order, "{answer}");
    assert!(obr[4].split('^').any(|part| part == study.description), "{answer}");
    assert!(obr.contains(&study.accession.as_str()), "{answer}");
    let obx = segments(&answer, "OBX");
    let texts: Vec<String> = obx.iter().map(|obx| obx[5].replace("\\X0A\\", "\n")).collect();
    assert_eq!(texts, [report.findings, report.impression], "{answer}");
}

/// PID-3, 5, 7 and 8.
fn assert_pid(answer: &str, patient: &Patient) {
    assert!(answer.contains("\rMSA|AA|"), "{answer}");
    let pids = segments(answer, "PID");
    assert_eq!(pids.len(), 1, "{answer}");
    let pid = &pids[0];
    assert_eq!(pid[3].split('^').next(), Some(patient.mrn.as_str()));
    assert_eq!(pid[5].split('^').next(), Some(patient.name.chinese().as_str()));
    assert_eq!(pid[7], patient.born.strftime("%Y%m%d").to_string());
    assert_eq!(pid[8], letter(patient.sex));
}

fn shown_by_the_portal(browser: &Browser, view: &View, study: &Study, patient: &Patient) {
    let page = browser.get(&format!("/study/{}", study.accession));
    assert_card(&page, patient);
    let report = view.report(study).unwrap();
    for told in [&study.accession, &study.uid, &study.description, &report.findings, &report.impression] {
        assert!(page.contains(told.as_str()), "{told}: {page}");
    }
    for series in view.series(study) {
        assert!(page.contains(&series.description), "{}: {page}", series.description);
        assert!(page.contains(&format!("共 {} 幅", series.instances)), "{}: {page}", study.accession);
    }
    let record = browser.get(&format!("/patient/{}", patient.mrn));
    assert_card(&record, patient);
    if view.orders_of(study.patient, 365).iter().any(|order| order.placer == study.order) {
        assert!(record.contains(&study.order), "{} is not among the orders: {record}", study.order);
    }
}

/// The head of each page of a patient.
fn assert_card(page: &str, patient: &Patient) {
    let sex = match patient.sex {
        Sex::M => "男",
        Sex::F => "女",
    };
    let head = format!("<h3>{}　{sex}　", patient.name.chinese());
    let born = format!("<dt>出生日期</dt><dd>{}</dd>", patient.born);
    for told in [head, born, format!("病历号 {}", patient.mrn)] {
        assert!(page.contains(&told), "{told}: {page}");
    }
}

#[test]
fn laboratory_orders_agree_over_astm_hl7_the_portal_and_the_laboratorys_pages() {
    let net = Honeynet::start();
    let view = truth::view(&net);
    let browser = Browser::new(&net, "http");
    browser.login(&net);
    let pages = LaboratoryPages::enter(&net);
    let analyser = net.address("lis", "astm");
    let orders = choose_lab_orders(&net, &view);
    let panels: BTreeSet<&str> = orders.iter().map(|lab| lab.panel.as_str()).collect();
    assert!(orders.len() == MANY && panels.len() >= MANY / 2, "{panels:?}");
    for lab in &orders {
        let patient = view.patient(lab.patient).unwrap();
        told_to_an_analyser(analyser, lab, &patient);
        results_by_astm(analyser, lab);
        pages.show(lab, &patient);
        for host in ["his", "lis"] {
            let engine = net.address(host, "mllp");
            assert_pid(&mllp(engine, &query("A19", &patient.mrn, "DEM")), &patient);
            results_by_hl7(&mllp(engine, &query("R02", &lab.specimen, "RES")), lab, &patient);
        }
        results_on_the_portal(&browser.get(&format!("/lab/{}", lab.order)), lab, &patient);
    }
}

/// Another day and, as far as the day has one, another panel each.
fn choose_lab_orders(net: &Honeynet, view: &View) -> Vec<LabOrder> {
    let mut panels: BTreeMap<String, usize> = BTreeMap::new();
    let days = (2..).step_by(usize::try_from(STRIDE).unwrap());
    days.take(MANY)
        .map(|days_ago| {
            let rows = truth::listed(net, "results", days_ago);
            let panel = |row: &serde_json::Value| row["panel"].as_str().unwrap().to_owned();
            let row = rows.iter().min_by_key(|row| panels.get(&panel(row)).copied()).expect("results");
            *panels.entry(panel(row)).or_default() += 1;
            let lab = view.lab_order(row["order"].as_str().unwrap()).expect("found again by its number");
            assert_eq!(
                (&row["specimen"], &row["filler"]),
                (&lab.specimen.as_str().into(), &lab.filler.as_str().into())
            );
            assert!(lab.verified.is_some(), "verified after two days");
            lab
        })
        .collect()
}

fn told_to_an_analyser(analyser: SocketAddr, lab: &LabOrder, patient: &Patient) {
    let records = [
        "H|\\^&|||XN-550^1|||||||P|E1394-97".to_owned(),
        format!("Q|1|{}||ALL||||||||O", lab.specimen),
        "L|1|N".to_owned(),
    ];
    let answer = astm(analyser, &records, true);
    let p = &segments(&answer, "P")[0];
    assert_eq!(p[4], patient.mrn, "{answer}");
    assert_eq!(p[5].trim_matches('^'), patient.name.chinese(), "{answer}");
    assert_eq!(p[7], patient.born.strftime("%Y%m%d").to_string(), "{answer}");
    assert_eq!(p[8], letter(patient.sex), "{answer}");
    let o = &segments(&answer, "O")[0];
    assert_eq!(o[2], lab.specimen, "{answer}");
    let tests: Vec<&str> = o[4].split('\\').map(|test| test.trim_start_matches('^')).collect();
    let items: Vec<&str> = lab.items.iter().map(|item| item.code).collect();
    assert_eq!(tests, items, "{answer}");
}

/// A visitor of the laboratory's pages.
struct LaboratoryPages {
    address: SocketAddr,
    jar: PathBuf,
}

impl LaboratoryPages {
    fn enter(net: &Honeynet) -> Self {
        let (name, password) = net.lure("lis", "http");
        let pages = LaboratoryPages { address: net.address("lis", "http"), jar: net.scratch("lis.cookies") };
        let (name, password) = (format!("txtUser={name}"), format!("txtPwd={password}"));
        pages.curl(&["--data-urlencode", &name, "--data-urlencode", &password], "/Login.aspx");
        pages
    }

    fn curl(&self, options: &[&str], path: &str) -> String {
        let (jar, url) = (self.jar.to_str().unwrap(), format!("http://{}{path}", self.address));
        let options = [&["-sS", "-b", jar, "-c", jar], options, &[url.as_str()]].concat();
        String::from_utf8(client("curl", "curl", &options).stdout).unwrap()
    }

    /// A specimen's page shows the patient and every result.
    fn show(&self, lab: &LabOrder, patient: &Patient) {
        let page = self.curl(&[], &format!("/Analysis/Result.aspx?bc={}", lab.specimen));
        for told in [&lab.specimen, &lab.order, &lab.panel_name, &patient.mrn, &patient.name.chinese()] {
            assert!(page.contains(told.as_str()), "{told}: {page}");
        }
        for (at, held) in lab.results.iter().enumerate() {
            let field = format!("name=\"r{at}\" value=\"{}\"", held.value);
            let row = page.lines().find(|line| line.contains(&field));
            let row = row.unwrap_or_else(|| panic!("no {field}: {page}"));
            let range = held.range.replace('<', "&lt;");
            for told in [held.item.code, held.item.name, held.item.unit, &range] {
                assert!(row.contains(&format!("<td>{told}</td>")), "{told}: {row}");
            }
        }
    }
}

fn results_by_astm(analyser: SocketAddr, lab: &LabOrder) {
    let records = [
        "H|\\^&|||XN-550^1|||||||P|E1394-97".to_owned(),
        format!("Q|1|{}||ALL||||||||F", lab.specimen),
        "L|1|N".to_owned(),
    ];
    let answer = astm(analyser, &records, true);
    let told = segments(&answer, "R");
    assert_eq!(told.len(), lab.results.len(), "{answer}");
    for (told, held) in told.iter().zip(&lab.results) {
        assert_eq!(told[2].trim_start_matches('^'), held.item.code, "{told:?}");
        assert_eq!(told[3], held.value, "{told:?}");
        assert_eq!(told[4].replace("&S&", "^"), held.item.unit, "{told:?}");
        assert_eq!(told[5], held.range, "{told:?}");
    }
}

fn results_by_hl7(answer: &str, lab: &LabOrder, patient: &Patient) {
    assert_pid(answer, patient);
    let obr = &segments(answer, "OBR")[0];
    assert_eq!((obr[2], obr[3]), (lab.order.as_str(), lab.filler.as_str()), "{answer}");
    assert!(obr.contains(&lab.specimen.as_str()), "{answer}");
    let obx = segments(answer, "OBX");
    assert_eq!(obx.len(), lab.results.len(), "{answer}");
    for (told, held) in obx.iter().zip(&lab.results) {
        let codes: Vec<&str> = told[3].split('^').collect();
        assert!(codes.contains(&held.item.code) && codes.contains(&held.item.loinc), "{told:?}");
        assert_eq!(told[5], held.value, "{told:?}");
        assert_eq!(told[6].replace("\\S\\", "^"), held.item.unit, "{told:?}");
        assert_eq!(told[7], held.range, "{told:?}");
    }
}

fn results_on_the_portal(page: &str, lab: &LabOrder, patient: &Patient) {
    assert_card(page, patient);
    for told in [&lab.order, &lab.specimen, &lab.panel_name, &lab.specimen_type] {
        assert!(page.contains(told.as_str()), "{told}: {page}");
    }
    for result in &lab.results {
        let row = page.lines().find(|line| line.contains(&format!("<td>{}</td>", result.item.code)));
        let row = row.unwrap_or_else(|| panic!("no {}: {page}", result.item.code));
        for told in [result.item.name, &result.value, result.item.unit, &result.range] {
            assert!(row.contains(&format!(">{told}</td>")), "{told}: {row}");
        }
    }
}

/// Hosts whose databases and services show the laboratory's results.
const SYSTEMS: [(&str, u8); 4] = [("hisdb", 18), ("phis", 20), ("cdr", 25), ("esb", 26)];

#[test]
fn results_agree_over_both_databases_fhir_and_soap() {
    let net = Honeynet::of(&SYSTEMS, "");
    let view = truth::view(&net);
    for days_ago in [2, 9, 16, 23] {
        let rows = truth::listed(&net, "results", days_ago);
        let lab = view.lab_order(rows[rows.len() / 2]["order"].as_str().unwrap()).unwrap();
        let patient = view.patient(lab.patient).unwrap();
        let columns = "tmh, xmdm, xmmc, jg, dw, ckfw";
        let wanted = format!("select {columns} from LIS_JGK (nolock) where tmh = '{}'", lab.specimen);
        results_as_rows(&sql_server::select(&net, "winhis", &wanted), &lab);
        let (user, password) = net.lure("phis", "mysql");
        let wanted =
            format!("select TMHM, XMDM, XMMC, JG, DW, CKFW from l_lis_jg where TMHM = '{}'", lab.specimen);
        let address = net.address("phis", "mysql");
        results_as_rows(&databases::mysql(address, &user, &password, &wanted, &["-N", "phis"]), &lab);
        results_as_resources(&net, &lab);
        results_by_soap(&net, &lab, &patient);
    }
}

/// Barcode, code, name, value, unit and range, set apart by tabs.
fn results_as_rows(said: &str, lab: &LabOrder) {
    for held in &lab.results {
        let item = held.item;
        let row = [&lab.specimen, item.code, item.name, &held.value, item.unit, &held.range].join("\t");
        assert!(said.lines().any(|line| line.ends_with(&row)), "{row}: {said}");
    }
}

fn results_as_resources(net: &Honeynet, lab: &LabOrder) {
    let url =
        format!("http://{}/fhir/Observation?based-on={}&_count=200", net.address("cdr", "http"), lab.order);
    let said = text(&client("curl", "curl", &["-sS", &url]));
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    let entries = found["entry"].as_array().unwrap();
    assert_eq!(entries.len(), lab.results.len(), "{url}");
    for held in &lab.results {
        let told = entries
            .iter()
            .map(|entry| &entry["resource"])
            .find(|one| one["code"]["coding"][1]["code"] == held.item.code)
            .unwrap_or_else(|| panic!("no {}: {said}", held.item.code));
        let number = told["valueQuantity"]["value"].as_f64();
        let same = match number {
            Some(number) => held.value.parse() == Ok(number),
            None => told["valueString"] == held.value.as_str(),
        };
        assert!(same, "{}: {told}", held.value);
        assert_eq!(told["referenceRange"][0]["text"].as_str().unwrap_or_default(), held.range, "{told}");
        assert_eq!(told["specimen"]["identifier"]["value"], lab.specimen.as_str(), "{told}");
    }
}

fn results_by_soap(net: &Honeynet, lab: &LabOrder, patient: &Patient) {
    let request =
        format!("&lt;Request&gt;&lt;PatientID&gt;{}&lt;/PatientID&gt;&lt;/Request&gt;", patient.mrn);
    let body = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:g=\"http://goodwillcis.com\"><e:Body><g:HIPMessageServer><action>LabResultQuery</action><message>{request}</message></g:HIPMessageServer></e:Body></e:Envelope>"
    );
    let listener = net.addresses("esb", "http").pop().unwrap();
    let url = format!("http://{listener}/services/HIPMessageServer");
    let said = text(&client("curl", "curl", &["-sS", "-H", "Content-Type: text/xml", "-d", &body, &url]));
    let said = said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    for held in &lab.results {
        let (item, range) = (held.item, held.range.replace('<', "&lt;"));
        let row = format!(
            "<Barcode>{}</Barcode><OrderNo>{}</OrderNo><ItemCode>{}</ItemCode><ItemName>{}</ItemName><Result>{}</Result><Unit>{}</Unit><RefRange>{range}</RefRange>",
            lab.specimen, lab.order, item.code, item.name, held.value, item.unit
        );
        assert!(said.contains(&row), "{row}: {said}");
    }
}
