//! The listener: what it says to a connect descriptor.

use super::behaviour::Behaviour;
use super::descriptor::Descriptor;

/// What a connect request leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A database session: service or SID as the client gave it.
    Session(String),
    /// A text in reply to a command: the connection's data, and the text that follows it.
    Text(String, String),
    /// A refusal: its text, and the error's number (0 for an answer that is none).
    Refused(String, u32),
}

/// What was asked for, for events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A database by its SID.
    Sid(String),
    /// A database by its service name.
    Service(String),
    /// A command to the listener.
    Command(String),
    /// Nothing that can be read.
    Nothing,
}

/// Judges a connect descriptor.
pub fn judge(behaviour: &Behaviour, text: &str) -> (Asked, Answer) {
    let Some(descriptor) = Descriptor::parse(text) else {
        return (Asked::Nothing, garbled(behaviour, text));
    };
    if let Some(command) = descriptor.get("COMMAND") {
        let asked = Asked::Command(command.to_owned());
        return (asked, self::command(behaviour, command));
    }
    let is = |known: &[String], name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    if let Some(sid) = descriptor.get("SID") {
        let asked = Asked::Sid(sid.to_owned());
        let known = is(&behaviour.sids, sid);
        return (asked, if known { Answer::Session(sid.to_owned()) } else { error(behaviour, 12505) });
    }
    if let Some(service) = descriptor.get("SERVICE_NAME") {
        let asked = Asked::Service(service.to_owned());
        let known = is(&behaviour.services, service);
        return (asked, if known { Answer::Session(service.to_owned()) } else { error(behaviour, 12514) });
    }
    (Asked::Nothing, error(behaviour, 12504))
}

fn command(behaviour: &Behaviour, command: &str) -> Answer {
    let number = behaviour.number();
    match command.to_ascii_lowercase().as_str() {
        "version" => {
            Answer::Text(format!("(DESCRIPTION=(TMP=)(VSNNUM={number})(ERR=0))"), version_text(behaviour))
        }
        "ping" => Answer::Refused(format!("(DESCRIPTION=(TMP=)(VSNNUM={number})(ERR=0)(ALIAS=LISTENER))"), 0),
        // Registration from elsewhere needs the secure transport that its administrator set.
        register if register.starts_with("service_register") => error(behaviour, 1194),
        // All else is for the user who started it, on its own host.
        _ => error(behaviour, 1189),
    }
}

/// What `lsnrctl version` shows.
fn version_text(behaviour: &Behaviour) -> String {
    let Behaviour { platform, version, .. } = behaviour;
    let line = |name: &str| format!("\n\t{name} for {platform}: Version {version} - Production");
    let adaptors = [
        ("TNS"),
        ("Unix Domain Socket IPC NT Protocol Adaptor"),
        ("Oracle Bequeath NT Protocol Adapter"),
        ("TCP/IP NT Protocol Adapter"),
    ];
    let lines: String = adaptors.into_iter().map(line).collect();
    format!("TNSLSNR for {platform}: Version {version} - Production{lines},,")
}

fn error(behaviour: &Behaviour, code: u32) -> Answer {
    let number = behaviour.number();
    let text = format!(
        "(DESCRIPTION=(TMP=)(VSNNUM={number})(ERR={code})(ERROR_STACK=(ERROR=(CODE={code})(EMFI=4))))"
    );
    Answer::Refused(text, code)
}

/// Longest part of what it could not read that it repeats.
const MAX_REPEATED: usize = 256;

fn garbled(behaviour: &Behaviour, text: &str) -> Answer {
    let number = behaviour.number();
    let mut end = MAX_REPEATED.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown = text.get(..end).unwrap_or_default();
    let text = format!(
        "(DESCRIPTION=(ERR=1153)(VSNNUM={number})(ERROR_STACK=(ERROR=(CODE=1153)(EMFI=4)(ARGS='{shown}'))\
         (ERROR=(CODE=303)(EMFI=1))))"
    );
    Answer::Refused(text, 1153)
}
