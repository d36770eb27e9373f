//! What a user reads over the API: the server, himself, the channels and what went through them.

use super::api::wants_json;
use super::{Channel, Mirth};
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::xml::escaped;

/// Answers a path below `/api/` for a user who is logged in; `None` for one that is not there.
pub(super) fn answer(app: &Mirth, ask: &Ask<'_>, path: &str, user: &str) -> Option<Reply> {
    if ask.head.method() != b"GET" {
        return None;
    }
    let channels = &app.behaviour.channel;
    Some(match path {
        "server/id" => plain(&id(app, "server")),
        "server/status" => number(ask, "int", 0),
        "server/jvm" => plain(&app.behaviour.java),
        "server/timezone" => plain("China Standard Time (GMT +8)"),
        "server/time" => time(ask),
        "users/current" => one(ask, "user", &user_fields(app, user)),
        "users" => list(ask, "user", &[user_fields(app, user)]),
        "channels" => list(ask, "channel", &channels.iter().map(|one| channel(app, one)).collect::<Vec<_>>()),
        "channels/idsAndNames" => names(app, ask),
        "channels/statuses" => {
            let all: Vec<_> = channels.iter().map(|one| status(app, ask, one)).collect();
            list(ask, "dashboardStatus", &all)
        }
        _ => return None,
    })
}

type Fields = Vec<(&'static str, String)>;

fn id(app: &Mirth, of: &str) -> String {
    let digest = app.installation.derive(&format!("mirth/{of}"));
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn user_fields(app: &Mirth, user: &str) -> Fields {
    let number = app.installation.number("mirth/user", 6) + 2;
    vec![("id", number.to_string()), ("username", user.to_owned()), ("organization", String::new())]
}

fn channel(app: &Mirth, one: &Channel) -> Fields {
    vec![
        ("id", id(app, &one.name)),
        ("nextMetaDataId", "2".to_owned()),
        ("name", one.name.clone()),
        ("description", format!("{} {}", one.transport, one.port)),
        ("revision", one.revision.to_string()),
    ]
}

/// Messages so far rise with the time since the installation.
fn status(app: &Mirth, ask: &Ask<'_>, one: &Channel) -> Fields {
    let seconds = ask.now.as_second().saturating_sub(app.behaviour.installed.as_second());
    let received = u64::try_from(seconds).unwrap_or(0).saturating_mul(one.daily) / 86_400;
    vec![
        ("channelId", id(app, &one.name)),
        ("name", one.name.clone()),
        ("state", "STARTED".to_owned()),
        ("deployedRevisionDelta", "0".to_owned()),
        ("received", received.to_string()),
        ("error", (received / 41_000).to_string()),
    ]
}

fn names(app: &Mirth, ask: &Ask<'_>) -> Reply {
    let pairs = app.behaviour.channel.iter().map(|one| (id(app, &one.name), one.name.clone()));
    if wants_json(ask) {
        let entries: Vec<String> =
            pairs.map(|(id, name)| format!("{{\"string\":[{},{}]}}", quoted(&id), quoted(&name))).collect();
        return json(format!("{{\"map\":{{\"entry\":[{}]}}}}", entries.join(",")));
    }
    let entries: String = pairs
        .map(|(id, name)| {
            format!(
                "  <entry>\n    <string>{id}</string>\n    <string>{}</string>\n  </entry>\n",
                escaped(&name)
            )
        })
        .collect();
    xml(format!("<map>\n{entries}</map>"))
}

fn time(ask: &Ask<'_>) -> Reply {
    let millis = ask.now.as_millisecond();
    let fields = vec![("time", millis.to_string()), ("timezone", "Asia/Shanghai".to_owned())];
    one(ask, "calendar", &fields)
}

fn number(ask: &Ask<'_>, kind: &'static str, value: i64) -> Reply {
    if wants_json(ask) {
        json(format!("{{\"{kind}\":{value}}}"))
    } else {
        xml(format!("<{kind}>{value}</{kind}>"))
    }
}

fn one(ask: &Ask<'_>, name: &'static str, fields: &Fields) -> Reply {
    if wants_json(ask) {
        json(format!("{{\"{name}\":{}}}", json_fields(fields)))
    } else {
        xml(xml_fields(name, fields, ""))
    }
}

fn list(ask: &Ask<'_>, name: &'static str, all: &[Fields]) -> Reply {
    if wants_json(ask) {
        let shown: Vec<String> = all.iter().map(json_fields).collect();
        let shown = match shown.as_slice() {
            [only] => only.clone(),
            many => format!("[{}]", many.join(",")),
        };
        return json(format!("{{\"list\":{{\"{name}\":{shown}}}}}"));
    }
    let shown: String = all.iter().map(|fields| format!("{}\n", xml_fields(name, fields, "  "))).collect();
    xml(format!("<list>\n{shown}</list>"))
}

fn json_fields(fields: &Fields) -> String {
    let shown: Vec<String> =
        fields.iter().map(|(name, value)| format!("\"{name}\":{}", quoted(value))).collect();
    format!("{{{}}}", shown.join(","))
}

fn xml_fields(name: &str, fields: &Fields, indent: &str) -> String {
    let shown: String = fields
        .iter()
        .map(|(field, value)| format!("{indent}  <{field}>{}</{field}>\n", escaped(value)))
        .collect();
    format!("{indent}<{name}>\n{shown}{indent}</{name}>")
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn plain(text: &str) -> Reply {
    Reply::new(200).typed("text/plain").with_body(text.to_owned())
}

fn json(body: String) -> Reply {
    Reply::new(200).typed("application/json").with_body(body)
}

fn xml(body: String) -> Reply {
    Reply::new(200).typed("application/xml").with_body(body)
}
