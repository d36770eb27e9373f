//! The databases: SQL Server behind the fat client, MySQL behind the web product.

use super::facts::{
    ANALYSED, CHARGED, COLLECTED, ENDED, Face, Facts, Kind, ORDERED, STARTED, VERIFIED, WRITTEN, date, flag,
    number, sex,
};
use super::people::Person;
use super::stage::Stage;

pub(super) const SQL_SERVER: &str = "SQL Server";
pub(super) const MYSQL: &str = "MySQL";

/// Rows of columns from a table for these people.
fn rows(
    stage: &Stage,
    of: (&str, &str),
    columns: &str,
    table: &str,
    by: &str,
    keys: &[String],
) -> Vec<Vec<String>> {
    let (host, account) = of;
    let keys = keys.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(",");
    stage.sql(host, account, &format!("select {columns} from {table} where {by} in ({keys})"))
}

/// Tells all that SQL Server holds of them.
pub(super) fn sql_server(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let numbers: Vec<String> = people.iter().map(|person| person.mrn.clone()).collect();
    let places: Vec<String> = people.iter().map(|person| person.place.to_string()).collect();
    let ask = |columns: &str, table: &str| rows(stage, ("hisdb", "winhis"), columns, table, "blh", &numbers);
    let mut face = facts.face(SQL_SERVER);
    for row in ask("blh, hzxm, sex, birth, sfzh, lxdh, lxdz, mzdm, ybdm, lrrq", "THIS4.dbo.SF_BRXXK (nolock)")
    {
        patient(&mut face, &row);
        face.tell(Kind::Patient, &row[0], "insurance", &row[8]);
        face.time(Kind::Patient, &row[0], WRITTEN, &row[9]);
    }
    for row in ask("ghxh, blh, ksdm, ysdm, ghrq, zddm, zdmc, ksmc, ysmc", "THIS4.dbo.SF_GHZDK (nolock)") {
        visit(&mut face, &row);
        face.texts(Kind::Visit, &row[0], &[("department's name", &row[7]), ("physician's name", &row[8])]);
    }
    for row in ask("JZLSH, BLH, KSDM, YSDM, KSRQ, ZDDM, ZDMC, JSRQ", "CISDB.dbo.OUTP_JZJLK") {
        visit(&mut face, &row);
        face.time(Kind::Visit, &row[0], ENDED, &row[7]);
    }
    for row in ask("jzh, blh, ksdm, ysdm, jzrq, zddm, zdmc, lkrq", "THIS4.dbo.MZ_JZJLK") {
        visit(&mut face, &row);
        face.time(Kind::Visit, &row[0], ENDED, &row[7]);
    }
    for row in
        ask("zyh, blh, ksdm, ysdm, ryrq, ryzddm, ryzdmc, cyrq, bqdm, cwdm", "THIS4.dbo.ZY_BRSYK (nolock)")
    {
        visit(&mut face, &row);
        face.time(Kind::Visit, &row[0], ENDED, &row[7]);
        face.tell(Kind::Visit, &row[0], "bed", format!("{}-{}", row[8], row[9]));
    }
    for row in ask("sqdxh, blh, jzh, ris_no, sqks, sqys, sqrq, xmdm, xmmc, jch", "THIS4.dbo.YJ_JCSQK") {
        let order = order(&mut face, &row);
        face.texts(Kind::Order, &order, &[("code", &row[7]), ("name", &row[8]), ("accession", &row[9])]);
    }
    for row in
        ask("sqdxh, blh, jzh, lis_no, sqks, sqys, sqrq, zhdm, zhmc, tmh, bblx, cyrq", "THIS4.dbo.YJ_JYSQK")
    {
        let order = order(&mut face, &row);
        face.texts(Kind::Order, &order, &[("code", &row[7]), ("name", &row[8]), ("specimen", &row[9])]);
        // Without a barcode nothing was taken yet.
        if row[9].is_empty() {
            continue;
        }
        face.texts(Kind::Specimen, &row[9], &[("order", &order), ("kind", &row[10]), ("patient", &row[1])]);
        face.time(Kind::Specimen, &row[9], COLLECTED, &row[11]);
    }
    for row in ask("tmh, blh, sqdxh, xmdm, xmmc, jg, dw, ckfw, gdbz, jyrq, shrq, shys", "THIS4.dbo.LIS_JGK") {
        face.texts(Kind::Specimen, &row[0], &[("order", padded(&row[2])), ("patient", row[1].clone())]);
        face.time(Kind::Specimen, &row[0], ANALYSED, &row[9]);
        face.time(Kind::Specimen, &row[0], VERIFIED, &row[10]);
        face.tell(Kind::Specimen, &row[0], "verifier's name", &row[11]);
        result(&mut face, &row[0], &row[3..9]);
    }
    let report = "JCH, BLH, STUDYUID, SBLB, JCMC, JCRQ, JCSJ, ZDYJ, BGYS, SHYS";
    for row in ask(report, "CISDB.dbo.PACS_BGK") {
        study(&mut face, &row);
        face.texts(
            Kind::Study,
            &row[0],
            &[("findings", &row[6]), ("impression", &row[7]), ("author's name", &row[8])],
        );
    }
    let studies = "JCH, PATID, STUDYUID, SBLB, JCMC, JCRQ, SQDXH";
    for mut row in rows(stage, ("hisdb", "winhis"), studies, "CISDB.dbo.PACS_JCK", "PATID", &places) {
        let of = people.iter().find(|person| person.place.to_string() == row[1]).unwrap();
        row[1].clone_from(&of.mrn);
        study(&mut face, &row);
        face.tell(Kind::Study, &row[0], "order", padded(&row[6]));
    }
    let outpatients = "xh, blh, xmdm, xmmc, xmdj, xmsl, zje, lrrq, jsxh, dxmmc";
    let stays = "xh, blh, ypdm, ypmc, ypdj, ypsl, zje, zxrq, jsxh, dxmmc";
    for (columns, table) in [(outpatients, "THIS4.dbo.SF_BRFYMXK"), (stays, "THIS4.dbo.ZY_BRFYMXK")] {
        for row in ask(columns, table) {
            charge(&mut face, &row[0], &[&row[2], &row[3], &row[4], &row[5], &row[6], &row[8], &row[9]]);
            face.time(Kind::Charge, &row[0], CHARGED, &row[7]);
        }
    }
}

/// Tells all that MySQL holds of them.
pub(super) fn mysql(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let places: Vec<String> = people.iter().map(|person| person.place.to_string()).collect();
    let account = &stage.pack.host("phis").unwrap().accounts;
    let account = account.iter().find(|a| a.services.contains(&honeyward::persona::Protocol::Mysql)).unwrap();
    let ask =
        |columns: &str, table: &str| rows(stage, ("phis", &account.name), columns, table, "BRID", &places);
    let mrn = |place: &str| &people.iter().find(|person| person.place.to_string() == place).unwrap().mrn;
    let mut face = facts.face(MYSQL);
    for row in ask("MZHM, BRXM, BRXB, CSNY, SFZH, JTDH, LXDZ, MZDM, JDSJ, BRXZ", "ms_brda") {
        patient(&mut face, &row);
        let insurance = match row[9].as_str() {
            "1000" => "07",
            "2000" => "01",
            "3000" => "02",
            "4000" => "04",
            "6000" => "03",
            other => panic!("an insurance: {other}"),
        };
        face.tell(Kind::Patient, &row[0], "insurance", insurance);
        face.time(Kind::Patient, &row[0], WRITTEN, &row[8]);
    }
    for mut row in ask("JZHM, BRID, KSDM, YSDM, GHSJ, ZDDM, ZDMC, JSSJ", "ms_mzxx") {
        row[1] = mrn(&row[1]).clone();
        visit(&mut face, &row);
        face.time(Kind::Visit, &row[0], ENDED, &row[7]);
    }
    for mut row in ask("ZYHM, BRID, BRKS, ZYYS, RYRQ, ZDDM, ZDMC, CYRQ, BRBQ, BRCH", "zy_brry") {
        row[1] = mrn(&row[1]).clone();
        visit(&mut face, &row);
        face.time(Kind::Visit, &row[0], ENDED, &row[7]);
        face.tell(Kind::Visit, &row[0], "bed", format!("{}-{}", row[8], row[9]));
    }
    for row in ask("SQDH, BRID, KSDM, YSDM, KDRQ, JCHM, TMHM", "ms_yj01") {
        let fields = [("patient", mrn(&row[1])), ("department", &row[2]), ("physician", &row[3])];
        face.texts(Kind::Order, &row[0], &fields);
        face.time(Kind::Order, &row[0], ORDERED, &row[4]);
        let number = if row[5].is_empty() { ("specimen", &row[6]) } else { ("accession", &row[5]) };
        face.texts(Kind::Order, &row[0], &[number]);
    }
    for row in ask("TMHM, BRID, SQDH, XMDM, XMMC, JG, DW, CKFW, TS, SHSJ", "l_lis_jg") {
        face.texts(Kind::Specimen, &row[0], &[("order", &row[2]), ("patient", mrn(&row[1]))]);
        face.time(Kind::Specimen, &row[0], VERIFIED, &row[9]);
        result(&mut face, &row[0], &row[3..9]);
    }
    for mut row in ask("JCHM, BRID, JCLX, JCLX, JCMC, JCSJ, JCSJMS, JCZD, BGYS", "yj_bg01") {
        row[1] = mrn(&row[1]).clone();
        face.texts(Kind::Study, &row[0], &[("patient", &row[1]), ("modality", &row[3]), ("name", &row[4])]);
        face.time(Kind::Study, &row[0], STARTED, &row[5]);
        face.texts(
            Kind::Study,
            &row[0],
            &[("findings", &row[6]), ("impression", &row[7]), ("author's name", &row[8])],
        );
    }
}

/// Number, name, sex, birth date, resident id, phone, address, ethnicity.
fn patient(face: &mut Face<'_>, row: &[String]) {
    let fields = [
        ("name", &row[1]),
        ("resident id", &row[4]),
        ("phone", &row[5]),
        ("address", &row[6]),
        ("ethnicity", &row[7]),
    ];
    face.texts(Kind::Patient, &row[0], &fields);
    face.tell(Kind::Patient, &row[0], "sex", sex(&row[2]));
    face.tell(Kind::Patient, &row[0], "born", date(&row[3]));
}

/// Number, patient, department, physician, beginning, ICD-10, diagnosis.
fn visit(face: &mut Face<'_>, row: &[String]) {
    let fields = [
        ("patient", &row[1]),
        ("department", &row[2]),
        ("physician", &row[3]),
        ("ICD-10", &row[5]),
        ("diagnosis", &row[6]),
    ];
    face.texts(Kind::Visit, &row[0], &fields);
    face.time(Kind::Visit, &row[0], STARTED, &row[4]);
}

/// Number, patient, visit, filler number, department, physician, time; gives the placer number.
fn order(face: &mut Face<'_>, row: &[String]) -> String {
    let order = padded(&row[0]);
    let fields = [
        ("patient", &row[1]),
        ("visit", &row[2]),
        ("filler", &row[3]),
        ("department", &row[4]),
        ("physician", &row[5]),
    ];
    face.texts(Kind::Order, &order, &fields);
    face.time(Kind::Order, &order, ORDERED, &row[6]);
    order
}

/// Code, name, value, unit, range, flag.
fn result(face: &mut Face<'_>, specimen: &str, row: &[String]) {
    let id = format!("{specimen} {}", row[0]);
    let fields = [("name", &row[1]), ("value", &row[2]), ("unit", &row[3]), ("range", &row[4])];
    face.texts(Kind::Result, &id, &fields);
    face.tell(Kind::Result, &id, "flag", flag(&row[5]));
}

/// Number, patient, UID, modality, name, time.
fn study(face: &mut Face<'_>, row: &[String]) {
    let fields = [("patient", &row[1]), ("UID", &row[2]), ("modality", &row[3]), ("name", &row[4])];
    face.texts(Kind::Study, &row[0], &fields);
    face.time(Kind::Study, &row[0], STARTED, &row[5]);
}

/// Code, name, price, quantity, amount, bill, category.
pub(super) fn charge(face: &mut Face<'_>, id: &str, row: &[&str; 7]) {
    face.texts(
        Kind::Charge,
        id,
        &[("code", row[0]), ("name", row[1]), ("bill", row[5]), ("category", row[6])],
    );
    for (field, value) in [("price", row[2]), ("quantity", row[3]), ("amount", row[4])] {
        face.tell(Kind::Charge, id, field, number(value));
    }
}

/// A number that lost its leading zeros.
fn padded(number: &str) -> String {
    format!("{number:0>13}")
}
