//! Handlers that such products leave open without a login, and what is tried on them. They are
//! answered as the product does; nothing is run, fetched or read from a disk.

use super::{Behaviour, not_found};
use crate::decoys::Making;
use crate::decoys::http::aspnet::{aspx, escaped};
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::form::{self, Fields};
use crate::event::{Observation, Tainted};

/// The editor that products of this kind bring along, with its handler open to everybody.
const EDITOR: &str = "/ueditor/net/controller.ashx";

/// The handler that hands out files by a path relative to its folder.
const DOWNLOAD: &str = "/report/downfile.ashx";

/// Longest payload in an event, characters.
const MAX_PAYLOAD: usize = 512;

/// What the head of a BinaryFormatter stream is in base64 ([MS-NRBF] 2.6.1).
const SERIALISED: &str = "AAEAAAD/////";

/// Whether a path, in lower case, is one of these handlers.
pub(super) fn serves(path: &str) -> bool {
    matches!(path, EDITOR | DOWNLOAD | "/web.config")
}

/// Answers one of them.
pub(super) fn answer(app: &super::Lis, ask: &Ask<'_>, path: &str, query: &Fields) -> Reply {
    match path {
        EDITOR => editor(ask, query),
        DOWNLOAD => download(app, ask, query.text("path")),
        // The server never hands it out by its own name.
        _ => not_found(),
    }
}

/// A file by its path. The product takes out nothing, so a path that climbs reaches its settings.
fn download(app: &super::Lis, ask: &Ask<'_>, path: &str) -> Reply {
    let plain = path.replace('\\', "/").to_ascii_lowercase();
    if plain.contains("../") {
        attempt(ask, "lis-file-read", path);
    }
    let climbs = plain.trim_start_matches('/').strip_prefix("../");
    if climbs.is_some_and(|rest| rest.trim_start_matches("../") == "web.config") {
        return file("web.config", app.configuration.clone().into_bytes());
    }
    let name = escaped(path.rsplit(['/', '\\']).next().unwrap_or_default());
    let body = format!("<script>alert('文件 {name} 不存在！');history.back();</script>");
    aspx(200).with_body(body)
}

fn file(name: &str, body: Vec<u8>) -> Reply {
    Reply::new(200)
        .with("Cache-Control", "private")
        .typed("application/octet-stream")
        .with("Content-Disposition", format!("attachment; filename={name}"))
        .with("X-AspNet-Version", "4.0.30319")
        .with_body(body)
}

/// The upload handler of the editor.
fn editor(ask: &Ask<'_>, query: &Fields) -> Reply {
    let action = query.text("action");
    let body = match action {
        "config" => r#"{"imageActionName":"uploadimage","imageFieldName":"upfile","imageMaxSize":2048000,"imageAllowFiles":[".png",".jpg",".jpeg",".gif",".bmp"],"catcherActionName":"catchimage","catcherFieldName":"source","fileActionName":"uploadfile","fileFieldName":"upfile"}"#.to_owned(),
        "catchimage" => {
            let form = Fields::parse(ask.body);
            let source = ["source[]", "source"].iter().map(|name| form.text(name)).find(|s| !s.is_empty());
            let source = source.unwrap_or_default();
            attempt(ask, "ueditor-net-catchimage", source);
            format!(r#"{{"state":"SUCCESS","list":[{{"state":"抓取错误：无法连接到远程服务器","source":{},"url":null}}]}}"#, json(source))
        }
        "uploadimage" | "uploadfile" | "uploadvideo" => upload(ask),
        _ => r#"{"state":"action 参数为空或者 action 不被支持。"}"#.to_owned(),
    };
    Reply::new(200)
        .with("Cache-Control", "private")
        .typed("text/plain; charset=utf-8")
        .with("X-AspNet-Version", "4.0.30319")
        .with_body(body)
}

/// Files of a form are kept as evidence; the editor refuses what its settings don't allow.
fn upload(ask: &Ask<'_>) -> String {
    let boundary = ask.head.header("Content-Type").and_then(form::boundary);
    let parts = boundary.map(|boundary| form::parts(ask.body, boundary)).unwrap_or_default();
    for part in parts {
        if let Some(name) = part.file.as_deref().filter(|name| !name.is_empty()) {
            attempt(ask, "ueditor-net-upload", name);
            ask.session.keep(Tainted::new(name), part.body);
        }
    }
    r#"{"state":"不允许的文件格式","url":null,"title":null,"original":null,"error":null}"#.to_owned()
}

/// Tells when the state of a form carries a serialised object instead of what the page put there.
pub(super) fn look_at_state(ask: &Ask<'_>, form: &Fields) {
    let state = form.raw("__VIEWSTATE");
    if state.contains(SERIALISED) {
        attempt(ask, "CVE-2020-0688", state);
    }
}

fn attempt(ask: &Ask<'_>, weakness: &str, payload: &str) {
    let payload: String = payload.chars().take(MAX_PAYLOAD).collect();
    ask.session.emit(Observation::ExploitAttempt { weakness: weakness.to_owned(), payload: payload.into() });
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| "null".to_owned())
}

/// The application's `web.config`: its database and, where the pack has an account for it, how it
/// logs in there.
pub(super) fn configuration(making: &Making, behaviour: &Behaviour) -> String {
    let host = making.pack.known(&behaviour.database);
    let server = host.map_or_else(|| behaviour.database.clone(), |host| host.address.to_string());
    let account = host.and_then(|host| host.accounts.first());
    let login = account.map_or_else(
        || "Integrated Security=SSPI".to_owned(),
        |account| format!("User ID={};Password={}", account.name, account.password),
    );
    let login = escaped(&login);
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<configuration>\r\n  <connectionStrings>\r\n    <add name=\"LisDb\" connectionString=\"Data Source={server};Initial Catalog={};{login};Max Pool Size=512\" providerName=\"System.Data.SqlClient\" />\r\n  </connectionStrings>\r\n  <appSettings>\r\n    <add key=\"HospitalName\" value=\"{}\" />\r\n    <add key=\"AstmPort\" value=\"4010\" />\r\n    <add key=\"Hl7Port\" value=\"2575\" />\r\n  </appSettings>\r\n  <system.web>\r\n    <compilation debug=\"true\" targetFramework=\"4.0\" />\r\n    <customErrors mode=\"RemoteOnly\" />\r\n    <pages enableViewStateMac=\"false\" validateRequest=\"false\" />\r\n    <httpRuntime maxRequestLength=\"4096\" requestValidationMode=\"2.0\" />\r\n  </system.web>\r\n</configuration>\r\n",
        escaped(&behaviour.catalog),
        escaped(&making.pack.hospital.name)
    )
}
