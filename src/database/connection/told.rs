//! How a statement ended, and what is told of it.

use super::Connection;
use super::query::Open;
use crate::database::problem::Problem;
use crate::database::records::Tally;
use crate::database::{Deed, Done, Item, MAX_OBJECTS, MAX_TOLD, Product, Seen, Verb};

impl Connection {
    /// A statement has ended well.
    pub(super) fn done(&mut self, verb: Verb, rows: Option<u64>, seen: Seen) {
        self.wait();
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

    /// What functions have done takes its time before anything more is said.
    pub(super) fn wait(&mut self) {
        self.out.extend(self.facts.take_wait().map(Item::Wait));
    }

    /// A statement has failed.
    pub(super) fn failed(&mut self, problem: &Problem, line: u32, mut seen: Seen, verb: Verb) {
        self.wait();
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

    /// What is told of a query that has ended, or of what of it went out.
    pub(super) fn seen_of(&self, text: &str, open: &mut Open) -> Seen {
        let mut seen = self.seen_text(text, Verb::Select);
        let relation =
            |name: &str| name.split('\u{1f}').find(|part| !part.is_empty()).unwrap_or_default().to_owned();
        seen.objects = open.reads.iter().map(|read| relation(&read.relation)).take(MAX_OBJECTS).collect();
        seen.rows = open.rows;
        seen.catalogue = open.reads.iter().all(|read| read.relation.starts_with('\u{1f}'));
        seen.reads = self.records(open);
        seen.unbounded = open.reads.iter().any(|read| read.kind.is_some()) && !open.has_where;
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

    /// What an error shows of the records that were read before it.
    pub(super) fn seen_in(&self, problem: &Problem, text: &str, verb: Verb) -> Seen {
        let mut seen = self.seen_text(text, verb);
        if let (true, Some(tables)) = (problem.quotes_a_value(), &self.engine) {
            seen.reads = tables.unmarked(&[], 1);
        }
        seen
    }

    /// Tells what conditions and values of variables read.
    pub(super) fn tell_glimpsed(&mut self, text: &str, verb: Verb) {
        let mut tally = Tally::default();
        tally.add(std::mem::take(&mut self.glimpsed));
        let reads = tally.take();
        if !reads.is_empty() {
            let seen = Seen { reads, rows: 1, ..self.seen_text(text, verb) };
            self.out.push_back(Item::Seen(Box::new(seen)));
        }
    }
}
