//! Steps that are no queries.

use rusqlite::types::Value as Cell;
use sqlparser::ast::Expr;

use super::{Connection, texts};
use crate::database::problem::Problem;
use crate::database::script::{Placed, Step};
use crate::database::{Done, Item, Language, Product, Seen, Verb, cell};

/// Options of `SET` that change what is answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    /// `NOCOUNT`.
    pub no_count: bool,
    /// `ROWCOUNT`.
    pub row_count: Option<u64>,
}

impl Connection {
    pub(super) fn plain_step(&mut self, step: &Step, placed: &Placed) -> Result<(), (Problem, Seen)> {
        let verb = super::run::verb_of(step);
        let seen = self.seen_text(&placed.text, verb);
        let result = match step {
            Step::Declare(made) => self.declare(made),
            Step::Assign(name, value) => self.assign(name, value),
            Step::Option(words) => self.option(words),
            Step::Print(value) => self.print(value, placed.line),
            Step::Raise(arguments) => self.raise(arguments),
            Step::Throw(arguments) => self.throw(arguments),
            Step::TableVariable(name, columns) => self.declare_table(name, columns),
            Step::Cursor(step) => {
                let mut seen = seen;
                let result = self.cursor(step, &mut seen);
                let statuses = self.cursor_statuses();
                self.facts.state().cursors = statuses;
                return match result {
                    Ok(()) => {
                        self.out.push_back(Item::Seen(Box::new(seen)));
                        Ok(())
                    }
                    Err(problem) => Err((problem, seen)),
                };
            }
            Step::Define(definition) => {
                let mut seen = seen;
                return match self.define(definition, &mut seen) {
                    Ok(()) => {
                        self.done(verb, None, seen);
                        Ok(())
                    }
                    Err(problem) => Err((problem, seen)),
                };
            }
            Step::InsertCalled(table, columns, call) => {
                self.insert_called(table, columns, call, placed);
                Ok(())
            }
            Step::Use(name) => self.use_database(name),
            Step::Text(value) => self.dynamic(value),
            Step::Call(call) => return self.call(call, placed),
            Step::Words(verb, words) => return self.words(*verb, words, placed),
            _ => Ok(()),
        };
        result.map_err(|problem| (problem, seen))
    }

    fn declare(
        &mut self,
        made: &[(String, Option<crate::database::SqlType>, Option<Expr>)],
    ) -> Result<(), Problem> {
        for (name, ty, value) in made {
            let value = match value {
                Some(value) => self.evaluate(value)?,
                None => Cell::Null,
            };
            self.variables.insert(name.to_lowercase(), (value, ty.clone()));
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, value: &Expr) -> Result<(), Problem> {
        if !self.variables.contains_key(name) {
            return Err(Problem::NoVariable(name.to_owned()));
        }
        let value = self.evaluate(value)?;
        let ty = self.variables.get(name).and_then(|(_, ty)| ty.clone());
        let value = match &ty {
            Some(ty) => crate::database::functions::convert_to(value, ty, 0)
                .map_err(|error| Problem::of_engine(1, &error.to_string()))?,
            None => value,
        };
        self.variables.insert(name.to_owned(), (value, ty));
        Ok(())
    }

    fn option(&mut self, words: &[String]) -> Result<(), Problem> {
        let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["set", "nocount", on] => self.options.no_count = *on == "on",
            ["set", "rowcount", count] => {
                self.options.row_count = count.parse().ok().filter(|count| *count > 0);
            }
            ["set", "language", name, ..] => {
                let from = self.facts.language();
                if let Some(to) = Language::by_name(name) {
                    self.facts.state().language = to;
                    self.out
                        .push_back(Item::Language { from: from.name().to_owned(), to: to.name().to_owned() });
                    self.notice(5703, 10, texts::changed_language(to.name(), to), 1);
                }
            }
            _ => {}
        }
        if self.facts.product() != Product::SqlServer {
            let done = Done {
                verb: Verb::Set,
                rows: Some(0),
                failed: false,
                nested: false,
                in_transaction: self.transaction > 0,
            };
            self.out.push_back(Item::Done(done));
        }
        Ok(())
    }

    fn print(&mut self, value: &Expr, line: u32) -> Result<(), Problem> {
        let text = cell::text(&self.evaluate(value)?).unwrap_or_else(|| " ".to_owned());
        self.notice(0, 0, text, line);
        Ok(())
    }

    fn raise(&mut self, arguments: &[Expr]) -> Result<(), Problem> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.evaluate(argument)?);
        }
        let mut values = values.into_iter();
        let (first, class, state) = (values.next(), values.next(), values.next());
        let small = |value: Option<Cell>| {
            value.and_then(|v| cell::number(&v)).and_then(|n| u8::try_from(cell::truncated(n)).ok())
        };
        let (class, state) = (small(class).unwrap_or(16), small(state).unwrap_or(1));
        let mut text = first.as_ref().and_then(cell::text).unwrap_or_default();
        for value in values {
            let shown = cell::text(&value).unwrap_or_default();
            for mark in ["%s", "%d", "%i"] {
                if text.contains(mark) {
                    text = text.replacen(mark, &shown, 1);
                    break;
                }
            }
        }
        if class > 18 && !self.facts.administrator {
            return Err(self.say(
                2754,
                16,
                1,
                "只有 sysadmin 角色的成员才能使用 WITH LOG 选项指定大于 18 的错误严重级别。",
                "Error severity levels greater than 18 can only be specified by members of the sysadmin role, using the WITH LOG option.",
            ));
        }
        if class > 10 {
            return Err(Problem::Raised(50_000, class, state, text));
        }
        self.notice(if class == 0 { 0 } else { 50_000 }, class, text, 1);
        Ok(())
    }

    /// `THROW`: an error that ends the batch.
    fn throw(&mut self, arguments: &[Expr]) -> Result<(), Problem> {
        let [number, text, state] = arguments else {
            let caught = self.facts.state().caught.last().cloned();
            return Err(match caught {
                Some(message) => Problem::Thrown(Box::new((
                    message.number,
                    message.class,
                    message.state,
                    message.text,
                ))),
                None => self.say(
                    10_704,
                    15,
                    1,
                    "若要再次引发错误，必须在 CATCH 块内使用 THROW 语句。在 THROW 语句中指定参数，以便在 CATCH 块外使用它。",
                    "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement inside a CATCH block, or add error parameters to the THROW statement.",
                ),
            });
        };
        let (number, state) = (self.evaluate(number)?, self.evaluate(state)?);
        let text = cell::text(&self.evaluate(text)?).unwrap_or_default();
        let number = cell::number(&number).map_or(0, cell::truncated);
        let Some(number) = u32::try_from(number).ok().filter(|number| *number >= 50_000) else {
            return Err(self.say(
                35_100,
                16,
                10,
                &format!("THROW 语句中的错误号 {number} 超出了有效范围。请指定介于 50000 到 2147483647 有效范围内的错误号。"),
                &format!("Error number {number} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647."),
            ));
        };
        let state = cell::number(&state).and_then(|n| u8::try_from(cell::truncated(n)).ok()).unwrap_or(1);
        Err(Problem::Thrown(Box::new((number, 16, state, text))))
    }

    /// A message of the product in the connection's language.
    pub(super) fn say(&self, number: u32, class: u8, state: u8, chinese: &str, english: &str) -> Problem {
        let text = match self.facts.language() {
            Language::Chinese => chinese,
            Language::English => english,
        };
        Problem::Raised(number, class, state, text.to_owned())
    }

    pub(super) fn use_database(&mut self, name: &str) -> Result<(), Problem> {
        let known = self
            .facts
            .databases()
            .into_iter()
            .map(|(known, _)| known)
            .find(|known| known.eq_ignore_ascii_case(name));
        let Some(to) = known else { return Err(Problem::NoDatabase(name.to_owned())) };
        self.facts.readable(&to)?;
        if !self.facts.may_enter(&to) {
            let login = self.facts.login.clone();
            let text = match self.facts.language() {
                Language::Chinese => {
                    format!("服务器主体 \"{login}\" 无法在当前安全上下文下访问数据库 \"{to}\"。")
                }
                Language::English => format!(
                    "The server principal \"{login}\" is not able to access the database \"{to}\" under the current security context."
                ),
            };
            return Err(Problem::Raised(916, 14, 1, text));
        }
        let from = std::mem::replace(&mut self.facts.state().database, to.clone());
        self.facts.present.does(|doing| doing.database.clone_from(&to));
        self.out.push_back(Item::Database { from, to: to.clone() });
        if self.facts.product() == Product::SqlServer {
            self.notice(5701, 10, texts::changed_database(&to, self.facts.language()), 1);
        } else {
            let done = Done {
                verb: Verb::Use,
                rows: Some(0),
                failed: false,
                nested: false,
                in_transaction: self.transaction > 0,
            };
            self.out.push_back(Item::Done(done));
        }
        Ok(())
    }

    /// A result set that is at hand.
    pub(super) fn give(&mut self, columns: Vec<crate::database::Column>, rows: Vec<Vec<Cell>>) {
        let count = u64::try_from(rows.len()).unwrap_or(0);
        let columns: std::sync::Arc<[crate::database::Column]> = columns.into();
        self.out.push_back(Item::Columns(std::sync::Arc::clone(&columns)));
        for row in rows {
            let values =
                row.into_iter().zip(columns.iter()).map(|(value, column)| cell::value(value, &column.ty));
            self.out.push_back(Item::Row(values.collect()));
        }
        let done = Done {
            verb: Verb::Select,
            rows: Some(count),
            failed: false,
            nested: true,
            in_transaction: self.transaction > 0,
        };
        self.out.push_back(Item::Done(done));
    }
}
