//! Studies and images, for who is logged in.

use jiff::civil::Date;

use super::NetPacs;
use super::pages::page;
use crate::archive::{Case, Hit, Level, Manner, Record};
use crate::decoys::http::aspnet::{escaped, not_found, redirect};
use crate::decoys::http::dicomweb::objects::instances;
use crate::decoys::http::dicomweb::{qido, tell};
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::form::Fields;
use crate::imaging::has_pixels;
use crate::wire::dicom::dataset::{Tag, tags};

/// Rows of a page.
const ROWS: u64 = 20;
/// Last page that the pager reaches.
const MAX_PAGE: u64 = 500;
/// Images on the viewer's page.
const SHOWN: usize = 24;
/// Quality of its pictures.
const QUALITY: u16 = 80;

/// The list of studies: today's, or those of a day, a name, an id or an accession number.
pub(super) fn list(app: &NetPacs, ask: &Ask<'_>, query: &Fields) -> Reply {
    let seen = app.shelf.seen(ask.session);
    let today = seen.view().local(ask.now).date();
    let day = query.text("date").parse::<Date>().unwrap_or(today);
    let (name, id, accession) = (query.text("name"), query.text("id"), query.text("acc"));
    let mut keys: Vec<(Tag, String)> = vec![
        (tags::PATIENT_NAME, if name.is_empty() { String::new() } else { format!("*{name}*") }),
        (tags::PATIENT_ID, id.to_owned()),
        (tags::ACCESSION_NUMBER, accession.to_owned()),
    ];
    if id.is_empty() && accession.is_empty() {
        keys.push((tags::STUDY_DATE, day.strftime("%Y%m%d").to_string()));
    }
    let manner = |_| Manner { case: Case::Folded, groups: false, each: true };
    let asked = qido::query(Level::Study, keys, manner);
    let at = query.text("page").parse::<u64>().unwrap_or(1).clamp(1, MAX_PAGE);
    let hits = ask.session.heavy(|| qido::walk(&seen, &asked, (at - 1) * ROWS, ROWS));
    let count = u64::try_from(hits.len()).unwrap_or(0);
    tell::query(
        ask.session,
        &asked,
        &format!("date={day}&name={name}&id={id}&acc={accession}"),
        count,
        &hits,
    );
    let mut rows = String::new();
    for hit in &hits {
        let record = Record::of(&seen, hit);
        let text = |tag| escaped(&record.text(tag));
        let name = record.text(tags::PATIENT_NAME);
        let chinese = name.split('=').nth(1).unwrap_or(&name).replace('^', "");
        rows.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><a href=\"Viewer.aspx?uid={}\">浏览影像</a></td></tr>\r\n",
            text(tags::ACCESSION_NUMBER),
            text(tags::PATIENT_ID),
            escaped(&chinese),
            text(tags::PATIENT_SEX),
            text(tags::MODALITIES_IN_STUDY),
            text(tags::STUDY_DESCRIPTION),
            text(tags::STUDY_DATE),
            text(tags::NUMBER_OF_STUDY_RELATED_INSTANCES),
            escaped(hit.entry.uid()),
        ));
    }
    let user = app.user(ask).map(|user| escaped(&user.full_name)).unwrap_or_default();
    let more = |at: u64| format!("ClinicList.aspx?date={day}&amp;name={}&amp;page={at}", escaped(name));
    page(
        app,
        &format!(
            "<div class=\"top\">{title}<a href=\"Logout.aspx\">{user} 退出</a></div>\r\n<form method=\"get\" action=\"ClinicList.aspx\">检查日期 <input name=\"date\" value=\"{day}\" /> 姓名 <input name=\"name\" value=\"{name}\" /> 病历号 <input name=\"id\" value=\"{id}\" /> 检查号 <input name=\"acc\" value=\"{accession}\" /> <input type=\"submit\" value=\"查 询\" /></form>\r\n<table id=\"GridView1\"><tr><th>检查号</th><th>病历号</th><th>姓名</th><th>性别</th><th>设备</th><th>检查项目</th><th>检查日期</th><th>图像数</th><th>操作</th></tr>\r\n{rows}</table>\r\n<p><a href=\"{previous}\">上一页</a> 第{at}页 <a href=\"{next}\">下一页</a></p>",
            title = escaped(&app.behaviour.title),
            name = escaped(name),
            id = escaped(id),
            accession = escaped(accession),
            previous = more(at.saturating_sub(1).max(1)),
            next = more(at + 1),
        ),
    )
}

/// The viewer: images of a study, evenly chosen; reports and waveforms are none.
pub(super) fn viewer(app: &NetPacs, ask: &Ask<'_>, query: &Fields) -> Reply {
    let seen = app.shelf.seen(ask.session);
    let hits = instances(&seen, query.text("uid"), None, None);
    let Some(first) = hits.first() else { return redirect("/ClinicList.aspx") };
    tell::read(ask.session, Level::Study.subject(), 1, vec![tell::id(first, Level::Study)]);
    let is_picture =
        |hit: &&Hit| hit.instance.as_ref().is_some_and(|instance| has_pixels(instance.sop_class()));
    let pictures: Vec<&Hit> = hits.iter().filter(is_picture).collect();
    let images: String = pictures
        .iter()
        .step_by(pictures.len().div_ceil(SHOWN).max(1))
        .map(|hit| {
            format!("<img src=\"Image.ashx?uid={}\" alt=\"\" />", escaped(&tell::id(hit, Level::Image)))
        })
        .collect();
    let record = Record::of(&seen, first);
    let title = format!(
        "{} {} {}",
        escaped(&record.text(tags::PATIENT_NAME)),
        escaped(&record.text(tags::STUDY_DESCRIPTION)),
        escaped(&record.text(tags::STUDY_DATE))
    );
    page(
        app,
        &format!(
            "<div class=\"top\">{title}<a href=\"ClinicList.aspx\">返回</a></div>\r\n<div class=\"view\">{images}</div>"
        ),
    )
}

/// One image.
pub(super) fn image(app: &NetPacs, ask: &Ask<'_>, query: &Fields) -> Reply {
    let seen = app.shelf.seen(ask.session);
    let found: Option<Hit> = seen.find_instance(query.text("uid"));
    let picture = found
        .as_ref()
        .and_then(|hit| ask.session.heavy(|| Some(app.shelf.picture(&seen, hit, 0)?.jpeg(QUALITY))));
    match (found, picture) {
        (Some(hit), Some(picture)) => {
            let uid = tell::id(&hit, Level::Image);
            tell::instances(ask.session, std::slice::from_ref(&hit));
            Reply::new(200)
                .with("Cache-Control", "private")
                .typed("image/jpeg")
                .with("X-AspNet-Version", "4.0.30319")
                .with_bulk(picture, format!("picture of {uid}"))
        }
        _ => not_found(),
    }
}
