//! How a statement ended, and what is told of it.

use super::Connection;
use super::query::Open;
use crate::database::problem::Problem;
use crate::database::{Deed, Done, Item, MAX_OBJECTS, MAX_TOLD, Product, Records, Seen, Verb};

impl Connection {
    /// A statement has ended well.
    pub(super) fn done(&mut self, verb: Verb, rows: Option<u64>, seen: Seen) {
        {
            let mut state = self.facts.state();
            state.row_count = rows.and_then(|rows| i64::try_from(rows).ok()).unwrap_or(0);
            state.last_error = (0, String::new());
        }
        let rows =
            if self.options.no_count && self.facts.product() == Product::SqlServer { None } else { rows };
        let done = Done { verb, rows, failed: false, nested: false, in_transaction: self.transaction > 0 };
        self.out.push_back(Item::Done(done));
        self.out.push_back(Item::Seen(Box::new(seen)));
    }

    /// A statement has failed.
    pub(super) fn failed(&mut self, problem: &Problem, line: u32, mut seen: Seen, verb: Verb) {
        self.fail(problem, line);
        let number = self.facts.state().last_error.0;
        seen.error = number.max(1);
        let done =
            Done { verb, rows: None, failed: true, nested: false, in_transaction: self.transaction > 0 };
        self.out.push_back(Item::Done(done));
        self.out.push_back(Item::Seen(Box::new(seen)));
    }

    /// What is told of a statement before anything is known of it.
    pub(super) fn seen_text(&self, text: &str, verb: Verb) -> Seen {
        let mut end = text.len().min(MAX_TOLD);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = text.get(..end).unwrap_or_default().to_owned();
        Seen {
            text,
            verb,
            objects: Vec::new(),
            reads: Vec::new(),
            writes: Vec::new(),
            rows: 0,
            unbounded: false,
            catalogue: false,
            deeds: Vec::new(),
            error: 0,
        }
    }

    pub(super) fn seen_of(&self, text: &str, open: &mut Open) -> Seen {
        let mut seen = self.seen_text(text, Verb::Select);
        let relation = |name: &str| name.replace('\u{1f}', "");
        seen.objects = open.reads.iter().map(|read| relation(&read.relation)).take(MAX_OBJECTS).collect();
        seen.rows = open.rows;
        seen.catalogue = open.reads.iter().all(|read| read.relation.starts_with('\u{1f}'));
        seen.reads = open.records();
        let of_world = open.reads.iter().any(|read| read.with_ids);
        seen.unbounded = of_world && !open.has_where;
        if seen.reads.is_empty() && of_world && open.rows > 0 && open.columns.len() > 1 {
            // Rows that name no record: grouped, joined or through a view.
            seen.reads = self
                .kinds_read(&open.reads)
                .into_iter()
                .map(|kind| Records { kind, count: open.rows, ids: Vec::new() })
                .collect();
        }
        let secret = open.reads.iter().find(|read| {
            ["sys.sql_logins", "mysql.user", "pg_catalog.pg_shadow", "dba_users"]
                .iter()
                .any(|name| read.relation.ends_with(name))
        });
        let staff = open.columns.iter().find(|column| {
            let name = column.name.to_lowercase();
            ["password", "passwd", "mima", "pwd", "kl"].contains(&name.as_str())
        });
        if let Some(object) = secret.map(|read| relation(&read.relation)).or_else(|| {
            staff.and_then(|c| c.origin.clone()).map(|(_, table, column)| format!("{table}.{column}"))
        }) {
            seen.deeds.push(Deed::Secrets { object });
        }
        seen
    }

    pub(super) fn kinds_read(
        &self,
        reads: &[crate::database::rewrite::Read],
    ) -> Vec<crate::event::observation::RecordKind> {
        let mut kinds: Vec<_> = reads
            .iter()
            .filter_map(|read| {
                let table = self
                    .facts
                    .catalog
                    .tables
                    .values()
                    .find(|table| read.relation.starts_with(&table.place().relation()))?;
                match &table.source {
                    crate::database::Source::World { rows, .. } => rows.kind(),
                    crate::database::Source::Given(_) => None,
                }
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}
