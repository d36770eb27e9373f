//! What a statement did, as events: the same for every face.

use super::answer::{Deed, Records, Seen, Verb};
use crate::event::observation::RecordKind;
use crate::event::{Observation, Tainted};

impl Seen {
    /// The observations, most special last. `face` names the protocol's product in weaknesses
    /// (`SQL Server`).
    pub fn observations(&self, face: &str) -> Vec<Observation> {
        let mut told = vec![self.statement()];
        told.extend(self.reads.iter().filter(|records| records.count > 0).map(|records| {
            Observation::RecordRead {
                subject: records.kind,
                count: count(records.count),
                ids: records.ids.clone(),
            }
        }));
        told.extend(self.writes.iter().filter(|records| records.count > 0).map(write));
        told.extend(self.deeds.iter().map(|deed| of_deed(deed, face)));
        told
    }

    /// The statement itself: a search where it asked for records, else a request.
    fn statement(&self) -> Observation {
        match self.subject() {
            Some(subject) if self.error == 0 => Observation::Query {
                subject,
                filter: Tainted::new(self.text.as_str()),
                answers: count(self.rows),
                unbounded: self.unbounded,
                detail: None,
            },
            _ => Observation::Request {
                verb: verb(self.verb).into(),
                target: Tainted::new(self.text.as_str()),
                status: self.error,
                detail: None,
            },
        }
    }

    /// The kind of record that a query gave most of.
    fn subject(&self) -> Option<RecordKind> {
        let most = self.reads.iter().max_by_key(|records| records.count)?;
        (self.verb == Verb::Select || self.verb == Verb::Execute).then_some(most.kind)
    }
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn write(records: &Records) -> Observation {
    Observation::RecordWrite {
        subject: records.kind,
        count: count(records.count),
        ids: records.ids.iter().map(|id| Tainted::new(id.as_str())).collect(),
    }
}

fn of_deed(deed: &Deed, face: &str) -> Observation {
    let exploit = |what: &str, payload: String| Observation::ExploitAttempt {
        weakness: format!("{face}: {what}"),
        payload: payload.into(),
    };
    match deed {
        Deed::Command { command, .. } => {
            Observation::Command { line: Tainted::new(command.as_str()), exit: None }
        }
        Deed::Files { means, path } => exploit(&format!("files by {means}"), path.clone()),
        Deed::Fetch { means, source } => exploit(&format!("file fetched by {means}"), source.clone()),
        Deed::Reach { means, target } => Observation::Tunnel {
            means: (*means).to_owned(),
            target: Tainted::new(target.as_str()),
            relayed: false,
        },
        Deed::Configure { option, value } => exploit("settings changed", format!("{option} = {value}")),
        Deed::Account { login, action, secret } => {
            let secret = secret.as_ref().map(|secret| format!(" with {secret}")).unwrap_or_default();
            exploit("accounts changed", format!("{login}: {action}{secret}"))
        }
        Deed::Destroy { object, rows } => exploit("data destroyed", format!("{object}, {rows} rows")),
        Deed::Backup { database, target } => {
            exploit("database copied away", format!("{database} to {target}"))
        }
        Deed::Impersonate { login } => exploit("another login's rights", login.clone()),
        Deed::Secrets { object } => exploit("stored passwords read", object.clone()),
    }
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Select => "SELECT",
        Verb::Insert => "INSERT",
        Verb::Update => "UPDATE",
        Verb::Delete => "DELETE",
        Verb::Truncate => "TRUNCATE",
        Verb::Create => "CREATE",
        Verb::Alter => "ALTER",
        Verb::Drop => "DROP",
        Verb::Backup => "BACKUP",
        Verb::Grant => "GRANT",
        Verb::Execute => "EXECUTE",
        Verb::Set => "SET",
        Verb::Use => "USE",
        Verb::Transaction => "TRANSACTION",
        Verb::Show => "SHOW",
        Verb::Other => "SQL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        Seen {
            text: "select * from ZY_BRSYK".into(),
            verb: Verb::Select,
            objects: Vec::new(),
            reads: vec![
                Records { kind: RecordKind::Patient, count: 40, ids: vec!["p1".into()] },
                Records { kind: RecordKind::Encounter, count: 50, ids: Vec::new() },
            ],
            writes: Vec::new(),
            rows: 50,
            unbounded: true,
            catalogue: false,
            deeds: Vec::new(),
            error: 0,
        }
    }

    #[test]
    fn a_query_is_a_search_and_what_it_gave() {
        let told = seen().observations("SQL Server");
        assert!(matches!(
            &told[..],
            [
                Observation::Query { subject: RecordKind::Encounter, answers: 50, unbounded: true, .. },
                Observation::RecordRead { subject: RecordKind::Patient, count: 40, .. },
                Observation::RecordRead { count: 50, .. }
            ]
        ));
    }

    #[test]
    fn what_names_no_records_is_a_request_with_its_error() {
        let told = Seen { reads: Vec::new(), error: 208, ..seen() }.observations("SQL Server");
        assert!(matches!(&told[..], [Observation::Request { status: 208, .. }]));
    }

    #[test]
    fn deeds_are_told_by_what_they_are() {
        let command = Deed::Command { means: "xp_cmdshell", command: "whoami".into() };
        let destroy = Deed::Destroy { object: "THIS4".into(), rows: 9 };
        let told = Seen { deeds: vec![command, destroy], ..seen() }.observations("SQL Server");
        assert!(
            told.iter()
                .any(|o| matches!(o, Observation::Command { line, .. } if line.as_untrusted() == "whoami"))
        );
        assert!(told.iter().any(|o| matches!(o, Observation::ExploitAttempt { weakness, .. }
            if weakness == "SQL Server: data destroyed")));
    }
}
