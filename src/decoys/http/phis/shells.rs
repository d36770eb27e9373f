//! FCKeditor's connector for Java, and what was uploaded through it. A file is kept as an artefact; a
//! page asked for again answers like one that has nothing to say.

use super::Call;
use crate::decoys::http::attacks;
use crate::decoys::http::engine::Reply;
use crate::decoys::http::form::{self, Fields};
use crate::event::observation::RecordKind;
use crate::event::{Observation, Tainted};

/// Most files of one intruder.
const MOST: usize = 64;
/// Longest name of a file.
const MAX_NAME: usize = 96;
/// Largest file that is read back.
const MAX_FILE: usize = 2 << 20;
/// Longest part of a shell's request in an event.
const MAX_SAMPLE: usize = 512;

/// The connector: lists of a folder, and uploads.
pub(super) fn connector(call: &Call<'_>) -> Reply {
    let command = call.query.text("Command");
    let kind = match call.query.text("Type") {
        kind @ ("Image" | "Flash" | "Media") => kind,
        _ => "File",
    };
    match command {
        "FileUpload" | "QuickUpload" if call.ask.head.method() == b"POST" => upload(call, kind),
        "" => script(1, "", "Invalid command"),
        _ => listing(call, command, kind),
    }
}

fn listing(call: &Call<'_>, command: &str, kind: &str) -> Reply {
    let shown: String = command.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let folder = kind.to_ascii_lowercase();
    let keys = call.ask.session.overlay().keys(&key(&format!("{folder}/")));
    let files: String = keys
        .iter()
        .filter_map(|key| key.rsplit('/').next())
        .map(|name| format!("<File name=\"{}\" size=\"1\"/>", name.replace(['"', '<', '&'], "_")))
        .collect();
    let path = format!("{}/userfiles/{folder}/", call.app.behaviour.context);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?><Connector command=\"{shown}\" resourceType=\"{kind}\"><CurrentFolder path=\"/\" url=\"{path}\" /><Folders></Folders><Files>{files}</Files></Connector>"
    );
    Reply::new(200).with("Cache-Control", "no-cache").typed("application/xml;charset=UTF-8").with_body(body)
}

fn upload(call: &Call<'_>, kind: &str) -> Reply {
    let head = call.ask.head.header("Content-Type").and_then(form::boundary);
    let parts = head.map(|boundary| form::parts(call.ask.body, boundary)).unwrap_or_default();
    let part =
        parts.iter().find_map(|part| Some((part.file.as_deref().filter(|n| !n.is_empty())?, part.body)));
    let Some((sent, body)) = part else { return script(202, "", "") };
    let session = call.ask.session;
    if attacks::is_web_shell(sent) {
        session.emit(Observation::ExploitAttempt {
            weakness: "webshell-upload".to_owned(),
            payload: Tainted::new(sent),
        });
    }
    let kept = session.keep(Tainted::new(sent), body);
    let name: String = sent.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(MAX_NAME).collect();
    let place = format!("{}/{name}", kind.to_ascii_lowercase());
    let room = session.overlay().keys(&key("")).len() < MOST;
    if !room || !session.overlay().put(key(&place), kept.sha256.into_bytes()) {
        return script(1, "", "No space left on device");
    }
    session.emit(Observation::RecordWrite {
        subject: RecordKind::File,
        count: 1,
        ids: vec![Tainted::new(place.clone())],
    });
    script(0, &format!("{}/userfiles/{place}", call.app.behaviour.context), &name)
}

fn script(code: u16, url: &str, name: &str) -> Reply {
    let quoted = |text: &str| text.replace(['\'', '\\', '<'], "_");
    let body = format!(
        "<script type=\"text/javascript\">window.parent.OnUploadCompleted({code},'{}','{}','');</script>",
        quoted(url),
        quoted(name)
    );
    Reply::new(200).with("Cache-Control", "no-cache").typed("text/html;charset=UTF-8").with_body(body)
}

/// What was uploaded, to the one who did.
pub(super) fn uploaded(call: &Call<'_>, name: &str) -> Option<Reply> {
    let session = call.ask.session;
    let sha256 = String::from_utf8(session.overlay().get(&key(name))?).ok()?;
    if !attacks::is_web_shell(name) {
        let body = session.read_artefact(&sha256, MAX_FILE)?;
        return Some(
            Reply::new(200).with("Accept-Ranges", "bytes").typed("application/octet-stream").with_body(body),
        );
    }
    let body = call.ask.body;
    let sample =
        [call.ask.head.target(), b" ", body.get(..MAX_SAMPLE.min(body.len())).unwrap_or_default()].concat();
    session.emit(Observation::ExploitAttempt {
        weakness: "webshell-use".to_owned(),
        payload: Tainted::from_bytes(&sample),
    });
    if !body.is_empty() {
        session.keep(Tainted::new(name), body);
    }
    Some(call.with_session(Reply::new(200).typed("text/html;charset=UTF-8").with_body(said(call))))
}

/// What the page says: who runs it, to the first question of all. To all else it is silent, as a
/// shell whose process was ended.
fn said(call: &Call<'_>) -> &'static str {
    let form = Fields::parse(call.ask.body);
    let asked = ["cmd", "c", "command", "exec"].iter().find_map(|name| {
        [call.query.text(name), form.text(name)].into_iter().find(|text| !text.is_empty()).map(str::to_owned)
    });
    match asked.as_deref() {
        Some("whoami") => "tomcat\n",
        Some("id") => "uid=1001(tomcat) gid=1001(tomcat) groups=1001(tomcat)\n",
        Some(_) | None => "",
    }
}

fn key(place: &str) -> String {
    format!("http:phis:userfiles/{place}")
}
