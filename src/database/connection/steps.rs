//! Steps that are no queries.

use rusqlite::types::Value as Cell;
use sqlparser::ast::Expr;

use super::run::Enclosing;
use super::{Connection, texts};
use crate::database::problem::Problem;
use crate::database::script::{self, Call, Placed, Step};
use crate::database::{Done, Item, Language, Parameter, Product, Seen, Verb, cell, procedures};

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
        if class > 10 {
            return Err(Problem::Raised(50_000, class, state, text));
        }
        self.notice(50_000, class, text, 1);
        Ok(())
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

    /// `EXEC ('…')`: the text is a batch of its own.
    fn dynamic(&mut self, value: &Expr) -> Result<(), Problem> {
        let text = cell::text(&self.evaluate(value)?).unwrap_or_default();
        self.enter_text(&text)
    }

    /// Puts the steps of a text in front.
    pub(super) fn enter_text(&mut self, text: &str) -> Result<(), Problem> {
        let steps = script::read(text, self.facts.product()).map_err(|(problem, _)| problem)?;
        self.enter(steps, Enclosing::Procedure);
        Ok(())
    }

    fn call(&mut self, call: &Call, placed: &Placed) -> Result<(), (Problem, Seen)> {
        let mut seen = self.seen_text(&placed.text, Verb::Execute);
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            let value = self.evaluate(&argument.value).map_err(|problem| (problem, seen.clone()))?;
            arguments.push((argument.name.clone(), value));
        }
        if let Some(server) = &call.at {
            let known =
                self.facts.catalog.linked.iter().any(|linked| linked.name.eq_ignore_ascii_case(server));
            seen.deeds.push(crate::database::Deed::Reach { means: "linked server", target: server.clone() });
            let problem =
                if known { Problem::Unreachable(server.clone()) } else { Problem::NoServer(server.clone()) };
            return Err((problem, seen));
        }
        let result = self.run_procedure(&call.name, arguments, &mut seen);
        match result {
            Ok(outputs) => {
                let mut wanted = call.arguments.iter().filter_map(|argument| argument.output.clone());
                for (name, value) in outputs {
                    let by_name = call
                        .arguments
                        .iter()
                        .find(|argument| argument.name.eq_ignore_ascii_case(&name))
                        .and_then(|a| a.output.clone());
                    if let Some(variable) = by_name.or_else(|| wanted.next()) {
                        self.set(&variable.to_lowercase(), value);
                    }
                }
                if let Some(result) = &call.result {
                    self.set(&result.to_lowercase(), Cell::Integer(0));
                }
                self.out.push_back(Item::Seen(Box::new(seen)));
                Ok(())
            }
            Err(problem) => Err((problem, seen)),
        }
    }

    /// A procedure of the product, of the schema, or none.
    fn run_procedure(
        &mut self,
        name: &[String],
        arguments: Vec<(String, Cell)>,
        seen: &mut Seen,
    ) -> Result<Vec<(String, Cell)>, Problem> {
        let written = name.iter().map(String::as_str).collect::<Vec<_>>().join(".");
        let last = name.last().map(|name| name.to_lowercase()).unwrap_or_default();
        seen.objects.push(written.clone());
        let arguments = procedures::Arguments::new(arguments);
        match last.as_str() {
            "sp_executesql" => return self.execute_sql(&arguments).map(|()| Vec::new()),
            "sp_prepare" => {
                let handle = i64::try_from(self.prepared.len()).unwrap_or(0) + 1;
                self.prepare(handle, &arguments);
                return Ok(vec![("@handle".to_owned(), Cell::Integer(handle))]);
            }
            "sp_prepexec" => {
                let handle = i64::try_from(self.prepared.len()).unwrap_or(0) + 1;
                self.prepare(handle, &arguments);
                self.execute_prepared(handle, &arguments.rest(3))?;
                return Ok(vec![("@handle".to_owned(), Cell::Integer(handle))]);
            }
            "sp_execute" => {
                let handle = arguments.whole(0, "@handle").unwrap_or(0);
                return self.execute_prepared(handle, &arguments.rest(1)).map(|()| Vec::new());
            }
            "sp_unprepare" => {
                self.prepared.remove(&arguments.whole(0, "@handle").unwrap_or(0));
                return Ok(Vec::new());
            }
            "sp_reset_connection" => return Ok(Vec::new()),
            _ => {}
        }
        if let Some(answer) = procedures::run(&last, &arguments, &self.facts, seen) {
            for piece in answer? {
                match piece {
                    procedures::Piece::Query(sql) => self.enter_text(&sql)?,
                    procedures::Piece::Notice(number, class, text) => self.notice(number, class, text, 1),
                    procedures::Piece::Set(columns, rows) => self.give(columns, rows),
                }
            }
            return Ok(Vec::new());
        }
        let Some(procedure) = self.find_procedure(name) else { return Err(Problem::NoProcedure(written)) };
        for ((parameter, ty), at) in procedure.parameters.iter().zip(0..) {
            let Some(value) = arguments.get(at, parameter) else {
                return Err(Problem::NoParameter(procedure.name.clone(), parameter.clone()));
            };
            self.variables.insert(parameter.to_lowercase(), (value, Some(ty.clone())));
        }
        self.enter_text(&procedure.sql)?;
        Ok(Vec::new())
    }

    fn find_procedure(&self, name: &[String]) -> Option<std::sync::Arc<crate::database::Procedure>> {
        let last = name.last()?;
        let database = if name.len() > 2 { name.get(name.len() - 3)?.clone() } else { self.facts.database() };
        let mut all = self.facts.catalog.procedures.values();
        all.find(|made| made.name.eq_ignore_ascii_case(last) && made.database.eq_ignore_ascii_case(&database))
            .cloned()
    }

    fn execute_sql(&mut self, arguments: &procedures::Arguments) -> Result<(), Problem> {
        let text = arguments.text(0, "@stmt").unwrap_or_default();
        let names = parameter_names(&arguments.text(1, "@params").unwrap_or_default());
        self.bind_named(&names, &arguments.rest(2));
        self.enter_text(&text)
    }

    fn prepare(&mut self, handle: i64, arguments: &procedures::Arguments) {
        let names = parameter_names(&arguments.text(1, "@params").unwrap_or_default());
        let text = arguments.text(2, "@stmt").unwrap_or_default();
        self.prepared.insert(handle, (text, names));
    }

    fn execute_prepared(&mut self, handle: i64, values: &[(String, Cell)]) -> Result<(), Problem> {
        let known = self.prepared.get(&handle).cloned();
        let Some((text, names)) = known else {
            let text = format!("找不到句柄为 {handle} 的预定义语句。");
            return Err(Problem::Raised(8179, 16, 2, text));
        };
        self.bind_named(&names, values);
        self.enter_text(&text)
    }

    fn bind_named(&mut self, names: &[String], values: &[(String, Cell)]) {
        for ((name, value), at) in values.iter().zip(0..) {
            let name = if name.is_empty() { names.get(at).cloned() } else { Some(name.to_lowercase()) };
            if let Some(name) = name {
                self.variables.insert(name, (value.clone(), None));
            }
        }
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

    /// A call that came as such, not in a text.
    pub(super) fn call_from_outside(&mut self, procedure: &str, parameters: Vec<Parameter>) {
        let name: Vec<String> =
            procedure.split('.').map(|part| part.trim_matches(['[', ']']).to_owned()).collect();
        let mut shown = format!("exec {procedure}");
        let values: Vec<(String, Cell)> = parameters
            .iter()
            .zip(0..)
            .map(|(parameter, at)| {
                let value = cell::of(&parameter.value, &parameter.ty);
                shown.push_str(if at == 0 { " " } else { ", " });
                if !parameter.name.is_empty() {
                    shown.push_str(&format!("{}=", parameter.name));
                }
                shown.push_str(&cell::literal(&value));
                (parameter.name.clone(), value)
            })
            .collect();
        let mut seen = self.seen_text(&shown, Verb::Execute);
        match self.run_procedure(&name, values, &mut seen) {
            Ok(outputs) => {
                let mut wanted = parameters.into_iter().filter(|parameter| parameter.output);
                for (_, value) in outputs {
                    if let Some(parameter) = wanted.next() {
                        let value = cell::value(value, &parameter.ty);
                        self.out.push_back(Item::Output(Parameter { value, ..parameter }));
                    }
                }
                self.out.push_back(Item::Seen(Box::new(seen)));
            }
            Err(problem) => {
                self.failed(&problem, 1, seen, Verb::Execute);
            }
        }
    }
}

/// Names of `@a int, @b varchar(10)`.
fn parameter_names(text: &str) -> Vec<String> {
    let mut depth = 0;
    let parts = text.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    parts.filter_map(|part| part.split_whitespace().next()).map(str::to_lowercase).collect()
}
