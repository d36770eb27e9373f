//! Services called by name: `POST …/*.jsonRequest` with a service, a method and a body in JSON.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{Call, Weakness, logon, weak};
use crate::decoys::http::business::{self, Format, Found, Lookup, MOST_PAGE, MOST_ROWS, Sheet};
use crate::decoys::http::engine::Reply;
use crate::decoys::http::tomcat::TomcatError;
use crate::event::observation::Direction;
use crate::event::{Observation, Tainted};

/// Rows of a page when the call does not say.
const PAGE: usize = 25;
/// Longest text that a search takes.
const MAX_TEXT: usize = 256;

/// Where a servlet fails on what is no call, as its page prints it.
const SERVLET: &str = "phis.source.rpc.JsonRequestServlet.doPost(JsonRequestServlet.java:86)";

/// The short name of a sheet's module (`cic`).
pub(super) fn module(sheet: &Sheet) -> &'static str {
    match sheet.path.split('/').next() {
        Some("outp") => "cic",
        Some("inp") => "war",
        Some("pharm") => "pha",
        Some("fee") => "ivc",
        Some("report") => "med",
        _ => "sta",
    }
}

/// The name of the service that fills a sheet.
pub(in crate::decoys::http) fn service(sheet: &Sheet) -> &'static str {
    match module(sheet) {
        "cic" => "phis.clinicManageService",
        "war" => "phis.wardManageService",
        "pha" => "phis.pharmacyManageService",
        "ivc" => "phis.chargesManageService",
        "med" => "phis.medTechService",
        _ => "phis.statisticsService",
    }
}

/// A call's answer.
pub(super) fn answered(body: Value, total: Option<usize>) -> Reply {
    let mut answer = Map::new();
    answer.insert("code".to_owned(), 200.into());
    answer.insert("msg".to_owned(), "Success".into());
    answer.insert("body".to_owned(), body);
    if let Some(total) = total {
        answer.insert("totalCount".to_owned(), total.into());
    }
    json_of(&Value::Object(answer))
}

/// A call's failure; the answer itself is fine.
pub(super) fn failed(code: u16, message: &str) -> Reply {
    json_of(&json!({ "code": code, "msg": message }))
}

fn json_of(value: &Value) -> Reply {
    Reply::new(200).typed("text/html;charset=UTF-8").with_body(value.to_string())
}

/// Answers one call.
pub(super) fn answer(call: &Call<'_>) -> Reply {
    if call.ask.head.method() != b"POST" {
        let message = "HTTP method GET is not supported by this URL";
        return call.error(TomcatError::MethodNotAllowed, Some(message));
    }
    if let Some(reply) = weak::typed(call) {
        return reply;
    }
    let Ok(request) = serde_json::from_slice::<Value>(call.ask.body) else {
        return call.error(TomcatError::Internal, Some(&format!("syntax error, expect {{, at {SERVLET}")));
    };
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let (service_id, method) = (text("serviceId"), text("method"));
    let body = request.get("body").cloned().unwrap_or_default();
    match (service_id, method) {
        ("phis.logonService", "logon") => logon::attempt(call, &body),
        ("phis.logonService", "logout") => {
            answered(Value::Null, None).with("Set-Cookie", call.new_session(0))
        }
        _ if call.user().is_none() => failed(403, "用户未登录或登录已超时,请重新登录!"),
        ("phis.logonService", "currentUser") => {
            let user = call.user().map(|u| json!({ "userId": u.name, "userName": u.full_name }));
            answered(user.unwrap_or_default(), None)
        }
        _ => match business::sheets().find(|s| service(s) == service_id && s.method == method) {
            Some(sheet) => list(call, sheet, &body),
            None => {
                failed(505, &format!("service[{}] method[{}] not found", shown(service_id), shown(method)))
            }
        },
    }
}

/// A part of what was sent, as short as the product shows it.
fn shown(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic()).take(64).collect()
}

fn list(call: &Call<'_>, sheet: &Sheet, body: &Value) -> Reply {
    let asked = Asked::of(body);
    if call.is_weak(Weakness::SqlInjection)
        && let Some(reply) = weak::injected(call, sheet, &asked)
    {
        return reply;
    }
    let found = find(call, sheet, &asked);
    let rows: Vec<Value> = found.rows.iter().map(|row| object(sheet, row)).collect();
    call.paced(answered(Value::Array(rows), Some(found.total)))
}

/// What a call asks of a sheet.
pub(super) struct Asked {
    /// The day; empty for today.
    date: String,
    department: String,
    /// Search words.
    pub(super) word: String,
    visit: String,
    from: usize,
    most: usize,
    sort: String,
    backwards: bool,
}

impl Asked {
    /// The same with its words cut off where they leave the statement; without any when all are asked for.
    pub(super) fn everything(asked: &Asked, all: bool) -> Asked {
        let kept = asked.word.split('\'').next().unwrap_or_default();
        Asked {
            word: if all { String::new() } else { kept.to_owned() },
            date: asked.date.clone(),
            department: asked.department.clone(),
            visit: asked.visit.clone(),
            sort: asked.sort.clone(),
            ..*asked
        }
    }

    fn of(body: &Value) -> Asked {
        let text = |name: &str| match body.get(name) {
            Some(Value::String(text)) => text.chars().take(MAX_TEXT).collect(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let number = |name: &str, usual| text(name).parse::<usize>().unwrap_or(usual);
        let most = number("pageSize", PAGE).clamp(1, MOST_PAGE);
        Asked {
            date: text("date"),
            department: text("KSDM"),
            word: text("keyword"),
            visit: text("visitNo"),
            from: number("pageNo", 1).clamp(1, MOST_ROWS).saturating_sub(1) * most,
            most,
            sort: text("sortField"),
            backwards: text("sortOrder") == "desc",
        }
    }
}

pub(super) fn find(call: &Call<'_>, sheet: &Sheet, asked: &Asked) -> Found {
    let view = call.ask.session.world().at(call.ask.now);
    let today = view.local(view.now()).date();
    let lookup = Lookup {
        session: call.ask.session,
        view: &view,
        date: asked.date.parse::<Date>().unwrap_or(today),
        department: &asked.department,
        word: &asked.word,
        visit: &asked.visit,
        from: asked.from,
        most: asked.most,
        sort: sheet.place(&asked.sort).map(|place| (place, asked.backwards)),
    };
    sheet.find(&lookup)
}

/// A row under the names of the product's tables; numbers are numbers.
pub(super) fn object(sheet: &Sheet, row: &[String]) -> Value {
    let cells = row.iter().zip(sheet.columns).map(|(cell, column)| {
        let number =
            cell.parse::<f64>().ok().filter(|_| column.number).and_then(serde_json::Number::from_f64);
        (column.field.to_owned(), number.map_or_else(|| Value::from(cell.as_str()), Value::Number))
    });
    Value::Object(cells.collect::<Map<_, _>>())
}

/// A sheet as a workbook: `exportExcel.do?service=…&method=…`.
pub(super) fn export(call: &Call<'_>) -> Reply {
    if call.user().is_none() {
        return Reply::new(302).with("Location", format!("{}/", call.app.behaviour.context));
    }
    let method = call.query.text("method");
    let Some(sheet) = business::sheets().find(|sheet| sheet.method == method) else {
        return call.error(TomcatError::Internal, Some("java.lang.NullPointerException"));
    };
    let body = ["date", "KSDM", "keyword", "visitNo"]
        .map(|name| (name.to_owned(), Value::from(call.query.text(name))));
    let mut asked = Asked::of(&Value::Object(body.into_iter().collect()));
    (asked.from, asked.most) = (0, MOST_ROWS);
    let found = find(call, sheet, &asked);
    let file = call.ask.session.heavy(|| business::file(sheet, &found, Format::Xlsx));
    let name = format!("{}.xlsx", sheet.method);
    call.ask.session.emit(Observation::Transfer {
        direction: Direction::Download,
        name: Tainted::new(name.clone()),
        size: u64::try_from(file.len()).unwrap_or(u64::MAX),
        sha256: hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&file)),
    });
    call.paced(
        Reply::new(200)
            .typed(Format::Xlsx.media())
            .with("Content-Disposition", format!("attachment;filename={name}"))
            .with_body(file),
    )
}
