//! One observation as one line of plain words.

use serde::Serialize;

use super::observation::Direction;
use super::{Detail, Observation, Tainted};

/// The line. Text of the peer is escaped.
pub fn of(observation: &Observation) -> String {
    match observation {
        Observation::Opened { tls } => if *tls { "connected, TLS" } else { "connected" }.to_owned(),
        Observation::Closed { reason, bytes_in, bytes_out, .. } => {
            format!("closed by {} ({bytes_in} bytes in, {bytes_out} out)", word(reason))
        }
        Observation::Fingerprint { mark, value } => format!("{}: {}", word(mark), value.for_terminal()),
        Observation::AuthAttempt { method, account, secret, accepted } => {
            let outcome = if *accepted { "got in" } else { "was refused" };
            let secret = secret.as_ref().map(|secret| format!(" with {}", quoted(secret)));
            format!("{outcome} as {}{} ({})", quoted(account), secret.unwrap_or_default(), word(method))
        }
        Observation::Request { verb, target, status, detail } => {
            let (verb, target) = (verb.for_terminal(), target.for_terminal());
            format!("{verb} {target} -> {status}{}", about(detail.as_ref()))
        }
        Observation::Command { line, exit } => {
            let exit = exit.map(|exit| format!(" -> {exit}")).unwrap_or_default();
            format!("$ {}{exit}", line.for_terminal())
        }
        Observation::Query { subject, filter, answers, unbounded, detail } => {
            let all = if *unbounded { ", matches everything" } else { "" };
            let (subject, filter) = (word(subject), filter.for_terminal());
            format!("searched {subject} by {filter}: {answers} answers{all}{}", about(detail.as_ref()))
        }
        Observation::RecordRead { subject, count, ids } => {
            format!("was given {count} {}{}", word(subject), few(ids.iter().cloned()))
        }
        Observation::RecordWrite { subject, count, ids } => {
            format!("wrote {count} {}{}", word(subject), few(ids.iter().map(Tainted::for_terminal)))
        }
        Observation::Message { message_type, control_id, answer, detail } => {
            let (kind, id) = (message_type.for_terminal(), control_id.for_terminal());
            format!("message {kind} id {id} -> {answer}{}", about(detail.as_ref()))
        }
        Observation::Transfer { direction, name, size, sha256 } => {
            let way = if *direction == Direction::Upload { "uploaded" } else { "downloaded" };
            format!("{way} {} ({size} bytes, sha256 {sha256})", name.for_terminal())
        }
        Observation::Tunnel { means, target, relayed } => {
            let outcome = if *relayed { "relayed inside the honeynet" } else { "not relayed" };
            format!("asked for {} by {means}: {outcome}", target.for_terminal())
        }
        Observation::Malformed { rule, sample, length } => {
            format!("malformed: {rule}; {length} bytes {}", sample.get(..64).unwrap_or(sample))
        }
        Observation::ExploitAttempt { weakness, payload } => {
            format!("tried to exploit {weakness}: {}", payload.for_terminal())
        }
        Observation::Content { sha256, media, found } => {
            let found = if found.is_empty() { String::new() } else { format!(" with {}", found.join(", ")) };
            format!("the file {sha256} is {media}{found}")
        }
        Observation::Tampering { subject, id, changes } => {
            let changes = changes.iter().map(|c| format!("{} \"{}\" -> {}", c.field, c.from, quoted(&c.to)));
            format!("tried to overwrite {} {id}{}", word(subject), few(changes))
        }
        Observation::RealData { signs, handling, .. } => {
            format!("real data by mistake, {}: {}", word(handling), signs.join(", "))
        }
        Observation::LureTouched { lure, how } => format!("used the bait {lure}: {how}"),
        Observation::Probe { means } => format!("probed: {means}"),
    }
}

/// The kind's own name, as the field `what` has it.
pub fn what(observation: &Observation) -> &'static str {
    match observation {
        Observation::Opened { .. } => "opened",
        Observation::Closed { .. } => "closed",
        Observation::Fingerprint { .. } => "fingerprint",
        Observation::AuthAttempt { .. } => "auth_attempt",
        Observation::Request { .. } => "request",
        Observation::Command { .. } => "command",
        Observation::Query { .. } => "query",
        Observation::RecordRead { .. } => "record_read",
        Observation::RecordWrite { .. } => "record_write",
        Observation::Message { .. } => "message",
        Observation::Transfer { .. } => "transfer",
        Observation::Tunnel { .. } => "tunnel",
        Observation::Malformed { .. } => "malformed",
        Observation::ExploitAttempt { .. } => "exploit_attempt",
        Observation::Content { .. } => "content",
        Observation::Tampering { .. } => "tampering",
        Observation::RealData { .. } => "real_data",
        Observation::LureTouched { .. } => "lure_touched",
        Observation::Probe { .. } => "probe",
    }
}

/// A word of our vocabulary as people read it: `peer_reset` is `peer reset`.
pub fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}

fn quoted(text: &Tainted) -> String {
    format!("\"{}\"", text.for_terminal())
}

fn few(ids: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 3;
    let mut ids: Vec<_> = ids.take(SHOWN + 1).collect();
    let more = if ids.len() > SHOWN { " …" } else { "" };
    ids.truncate(SHOWN);
    if ids.is_empty() { String::new() } else { format!(": {}{more}", ids.join(", ")) }
}

/// What only the protocol knows, where it tells a reader more.
fn about(detail: Option<&Detail>) -> String {
    let fact =
        |name: &str, value: &Tainted| (!value.is_empty()).then(|| format!("{name} {}", value.for_terminal()));
    let facts = match detail {
        None | Some(Detail::Http(_)) => return String::new(),
        Some(Detail::DicomAssociation(association)) => [
            fact("from", &association.calling_ae),
            fact("to", &association.called_ae),
            fact("software", &association.implementation_version),
        ],
        Some(Detail::Dimse(dimse)) => [
            fact("level", &dimse.level),
            fact("class", &dimse.sop_class),
            fact("destination", &dimse.destination),
        ],
        Some(Detail::Hl7(message)) => [
            fact("from", &message.sending_application),
            fact("of", &message.sending_facility),
            fact("version", &message.version),
        ],
        Some(Detail::Tds(login)) => [
            fact("program", &login.program),
            fact("library", &login.library),
            fact("from", &login.client_host),
        ],
        Some(Detail::Rpc(call)) => [
            fact("interface", &Tainted::new(call.interface.as_str())),
            fact("over", &Tainted::new(call.over.as_str())),
            fact("as", &call.account),
        ],
        Some(Detail::RdpNegotiation(request)) => {
            [fact("cookie", &request.cookie), fact("token", &request.token), None]
        }
        Some(Detail::RdpClient(client)) => {
            [fact("from", &client.name), fact("product", &client.product), None]
        }
        Some(Detail::Smb(smb)) => [
            fact("share", &smb.share),
            fact("as", &smb.account),
            fact("dialect", &Tainted::new(smb.dialect.as_str())),
        ],
        Some(Detail::SmbFile(file)) => {
            [fact("share", &file.share), fact("as", &file.account), fact("to", &file.renamed_to)]
        }
        Some(Detail::Astm(message)) => {
            [fact("from", &message.sender), fact("records", &message.records), None]
        }
    };
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_sends_can_not_move_the_cursor() {
        let line = of(&Observation::Command { line: "ls\u{1b}[2J\n张".into(), exit: Some(1) });
        assert_eq!(line, "$ ls\\u{1b}[2J\\u{a}张 -> 1");
    }

    #[test]
    fn a_kind_has_the_name_that_records_give_it() {
        for observation in [
            Observation::Opened { tls: false },
            Observation::Command { line: "id".into(), exit: None },
            Observation::LureTouched { lure: "a".into(), how: "b".into() },
            Observation::Probe { means: "c".into() },
        ] {
            assert_eq!(serde_json::to_value(&observation).unwrap()["what"], what(&observation));
        }
    }

    #[test]
    fn long_lists_are_cut() {
        let ids = ["a", "b", "c", "d"].map(str::to_owned);
        assert_eq!(few(ids.into_iter()), ": a, b, c …");
    }
}
