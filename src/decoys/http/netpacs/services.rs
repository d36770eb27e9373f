//! Services that are open without a login in products of this kind.

use base64::Engine;
use encoding_rs::GBK;

use super::NetPacs;
use crate::decoys::http::aspnet::{aspx, escaped, no_resource, not_found};
use crate::decoys::http::dicomweb::tell;
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::form::Fields;
use crate::event::Tainted;
use crate::event::observation::RecordKind;

/// Largest file in one upload.
const MAX_UPLOAD: usize = 3 << 20;

/// `/webservices/…`: user information, and uploads by SOAP. `path` is in lower case.
pub(super) fn answer(app: &NetPacs, ask: &Ask<'_>, path: &str, query: &Fields) -> Reply {
    match path {
        "/webservices/webuserlogin.asmx/getuserinfobyuserid" => user(ask, query),
        _ if path.ends_with(".asmx") && action(ask, b"http://tempuri.org/UploadData") => {
            upload(app, ask);
            done("UploadData", "http://tempuri.org/")
        }
        "/webservices/webjobupload.asmx" if ask.head.method() == b"POST" => {
            upload(app, ask);
            done("jobUpload", "http://rainier/")
        }
        "/webservices/webuserlogin.asmx" | "/webservices/webjobupload.asmx" => description(path),
        _ => no_resource(path),
    }
}

/// What the service tells of a user: the hash that it shows fits no password.
fn user(ask: &Ask<'_>, query: &Fields) -> Reply {
    let wanted = query.text("userID");
    let known = ask.session.host().accounts.iter().find(|account| account.name == wanted);
    let rows = known.map(|account| {
        let hash = ask.session.pack().installation.fill(&format!("netpacs/hash/{}", account.name), "{8x}{8x}{8x}{8x}");
        tell::read(ask.session, RecordKind::Staff, 1, vec![account.name.clone()]);
        format!(
            "  <UserID>{}</UserID>\r\n  <UserName>{}</UserName>\r\n  <Password>{hash}</Password>\r\n  <UserLevel>9</UserLevel>\r\n",
            escaped(&account.name),
            escaped(&account.full_name)
        )
    });
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<UserInfo xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"http://rainier/\">\r\n{}</UserInfo>",
        rows.unwrap_or_default()
    );
    xml(body)
}

/// Whether a request is a SOAP call of this action.
fn action(ask: &Ask<'_>, name: &[u8]) -> bool {
    let called = ask.head.header("SOAPAction").unwrap_or_default();
    ask.head.method() == b"POST"
        && called.trim_ascii().strip_prefix(b"\"").unwrap_or(called).starts_with(name)
}

/// An upload by SOAP: the file is kept as evidence and is nowhere on this server.
fn upload(app: &NetPacs, ask: &Ask<'_>) {
    let text = String::from_utf8_lossy(ask.body).into_owned();
    let name = element(&text, "fileName").unwrap_or_default();
    let data = ["bufValue", "data"].iter().find_map(|name| element(&text, name)).unwrap_or_default();
    let plain: String = data.chars().filter(|c| !c.is_whitespace()).take(MAX_UPLOAD * 4 / 3).collect();
    if let Ok(bytes) = base64::prelude::BASE64_STANDARD.decode(plain)
        && !bytes.is_empty()
    {
        ask.session.keep(Tainted::new(name), &bytes);
    }
    tracing::debug!(title = app.behaviour.title, "a file came in by SOAP");
}

/// The answer to a call that went well.
fn done(action: &str, namespace: &str) -> Reply {
    xml(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><soap:Body><{action}Response xmlns=\"{namespace}\"><{action}Result>true</{action}Result></{action}Response></soap:Body></soap:Envelope>"
    ))
}

/// The text of the first element of this name, whatever its prefix.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let start = text.find(&format!("{name}>"))? + name.len() + 1;
    let rest = text.get(start..)?;
    rest.get(..rest.find("</")?)
}

fn description(path: &str) -> Reply {
    let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".asmx");
    aspx(200).with_body(format!(
        "<html>\r\n    <head><title>\r\n\t{name} Web 服务\r\n</title></head>\r\n  <body>\r\n    <div id=\"content\">\r\n      <p class=\"heading1\">{name}</p><br>\r\n      <span><p class=\"intro\">支持下列操作。有关正式定义，请查看<a href=\"{path}?WSDL\">服务说明</a>。 </p></span>\r\n    </div>\r\n  </body>\r\n</html>\r\n"
    ))
}

fn xml(body: String) -> Reply {
    Reply::new(200)
        .with("Cache-Control", "private, max-age=0")
        .typed("text/xml; charset=utf-8")
        .with("X-AspNet-Version", "4.0.30319")
        .with_body(body)
}

/// The report of an archive number, which counts up: classic ASP in GBK.
pub(super) fn report(app: &NetPacs, ask: &Ask<'_>, path: &str, query: &Fields) -> Reply {
    if path != "/xtwebpacsasp/xtwebpacsgetjcbgbydabh.asp" {
        return not_found();
    }
    let seen = app.shelf.seen(ask.session);
    let (first, last) = seen.dates();
    let number = query.text("dabh").parse::<usize>().unwrap_or(0);
    let recent = last.yesterday().ok().filter(|day| *day >= first);
    let entry = recent.and_then(|day| seen.day(day).get(number.checked_sub(1)?).cloned());
    let told = entry.as_ref().and_then(|entry| {
        let (study, patient) = entry.world()?;
        Some((study.clone(), patient.clone(), seen.view().report(study)?))
    });
    let rows = told.map(|(study, patient, report)| {
        tell::read(ask.session, RecordKind::Report, 1, vec![study.accession.clone()]);
        format!(
            "<tr><td>姓名</td><td>{}</td><td>检查号</td><td>{}</td></tr><tr><td>检查项目</td><td colspan=3>{}</td></tr><tr><td>检查所见</td><td colspan=3>{}</td></tr><tr><td>诊断意见</td><td colspan=3>{}</td></tr>",
            escaped(&patient.name.chinese()),
            escaped(&study.accession),
            escaped(&study.description),
            escaped(&report.findings),
            escaped(&report.impression)
        )
    });
    let body = format!(
        "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\"><title>检查报告</title></head><body><table border=1>{}</table></body></html>",
        rows.unwrap_or_default()
    );
    Reply::new(200)
        .with("Cache-Control", "private")
        .typed("text/html")
        .with_body(GBK.encode(&body).0.into_owned())
}
