//! Calls of procedures: the product's own, those of the schema, and texts that are run.

use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sqlparser::ast::Expr;

use super::Connection;
use super::scopes::{Scope, Variables};
use crate::database::facts::DefinedAs;
use crate::database::functions::convert_to;
use crate::database::problem::Problem;
use crate::database::script::{Call, Placed};
use crate::database::{
    Deed, Item, Parameter, Procedure, Seen, SqlType, Verb, catalog::Place, cell, procedures,
};

/// Who wants what of a call.
#[derive(Default)]
struct Wanted {
    /// The variable behind each argument that is an output.
    outputs: Vec<(String, Option<String>)>,
    /// The parameter behind each argument that a client wants back.
    outward: Vec<Option<Parameter>>,
    /// The variable that takes what is returned.
    result: Option<String>,
}

impl Wanted {
    /// What a text or procedure with these parameters gives back; arguments before the first don't count.
    fn scope(&self, names: &[String], before: usize) -> Scope {
        let name_of = |given: &str, at: usize| match given.is_empty() {
            true => names.get(at).cloned(),
            false => Some(given.to_lowercase()),
        };
        let outputs = self.outputs.iter().skip(before).zip(0..).filter_map(|((given, variable), at)| {
            Some((name_of(given, at)?, variable.as_ref()?.to_lowercase()))
        });
        let outward = self.outward.iter().skip(before).zip(0..).filter_map(|(wanted, at)| {
            let wanted = wanted.as_ref()?;
            Some((name_of(&wanted.name, at)?, wanted.clone()))
        });
        Scope {
            outputs: outputs.collect(),
            outward: outward.collect(),
            result: self.result.as_ref().map(|result| result.to_lowercase()),
            ..Scope::default()
        }
    }
}

impl Connection {
    /// `EXEC ('…')`: the text is a batch of its own.
    pub(super) fn dynamic(&mut self, value: &Expr) -> Result<(), Problem> {
        let text = cell::text(&self.evaluate(value)?).unwrap_or_default();
        self.enter_text(&text)
    }

    /// Puts the steps of a text in front.
    pub(super) fn enter_text(&mut self, text: &str) -> Result<(), Problem> {
        self.enter_scope(text, "", Variables::new(), Scope::default())
    }

    pub(super) fn call(&mut self, call: &Call, placed: &Placed) -> Result<(), (Problem, Seen)> {
        let mut seen = self.seen_text(&placed.text, Verb::Execute);
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            let value = self.evaluate(&argument.value).map_err(|problem| (problem, seen.clone()))?;
            arguments.push((argument.name.clone(), value));
        }
        if let Some(server) = &call.at {
            let known =
                self.facts.catalog.linked.iter().any(|linked| linked.name.eq_ignore_ascii_case(server));
            seen.deeds.push(Deed::Reach { means: "linked server", target: server.clone() });
            let problem =
                if known { Problem::Unreachable(server.clone()) } else { Problem::NoServer(server.clone()) };
            return Err((problem, seen));
        }
        let given = call.arguments.iter().map(|given| (given.name.clone(), given.output.clone()));
        let wanted = Wanted { outputs: given.collect(), result: call.result.clone(), ..Wanted::default() };
        match self.run_procedure(&call.name, arguments, &wanted, &mut seen) {
            Ok(outputs) => {
                let mut by_place = wanted.outputs.iter().filter_map(|(_, variable)| variable.clone());
                for (name, value) in outputs {
                    let by_name = wanted
                        .outputs
                        .iter()
                        .find(|(given, _)| given.eq_ignore_ascii_case(&name))
                        .and_then(|(_, variable)| variable.clone());
                    if let Some(variable) = by_name.or_else(|| by_place.next()) {
                        self.set(&variable.to_lowercase(), value);
                    }
                }
                self.out.push_back(Item::Seen(Box::new(seen)));
                Ok(())
            }
            Err(problem) => Err((problem, seen)),
        }
    }

    /// A procedure of the product, of the schema, or none. Outputs of those that are over at once.
    fn run_procedure(
        &mut self,
        name: &[String],
        arguments: Vec<(String, Cell)>,
        wanted: &Wanted,
        seen: &mut Seen,
    ) -> Result<Vec<(String, Cell)>, Problem> {
        let written = name.iter().map(String::as_str).collect::<Vec<_>>().join(".");
        let last = name.last().map(|name| name.to_lowercase()).unwrap_or_default();
        seen.objects.push(written.clone());
        let arguments = procedures::Arguments::new(arguments);
        match last.as_str() {
            "sp_executesql" => return self.execute_sql(&arguments, wanted).map(|()| Vec::new()),
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
            if let Some(result) = &wanted.result {
                self.set(&result.to_lowercase(), Cell::Integer(i64::from(answer.is_err())));
            }
            let pieces = answer.inspect_err(|_| self.blamed = Some(last))?;
            return self.give_pieces(pieces);
        }
        let Some(procedure) = self.find_procedure(name) else { return Err(Problem::NoProcedure(written)) };
        self.enter_procedure(&procedure, &arguments, wanted)?;
        Ok(Vec::new())
    }

    fn give_pieces(&mut self, pieces: Vec<procedures::Piece>) -> Result<Vec<(String, Cell)>, Problem> {
        let mut outputs = Vec::new();
        for piece in pieces {
            match piece {
                procedures::Piece::Query(sql) => self.enter_text(&sql)?,
                procedures::Piece::Notice(number, class, text) => self.notice(number, class, text, 1),
                procedures::Piece::Set(columns, rows) => self.give(columns, rows),
                procedures::Piece::Output(name, value) => outputs.push((name, value)),
            }
        }
        Ok(outputs)
    }

    /// A procedure of the schema: its parameters are variables of its own.
    fn enter_procedure(
        &mut self,
        procedure: &Procedure,
        arguments: &procedures::Arguments,
        wanted: &Wanted,
    ) -> Result<(), Problem> {
        let given = arguments.rest(0);
        let is_formal =
            |name: &str| procedure.parameters.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if given.len() > procedure.parameters.len() {
            let (name, state) = (&procedure.name, 2);
            return Err(self.say(
                8144,
                16,
                state,
                &format!("为过程或函数 {name} 指定了过多的参数。"),
                &format!("Procedure or function {name} has too many arguments specified."),
            ));
        }
        if let Some((name, _)) = given.iter().find(|(name, _)| !name.is_empty() && !is_formal(name)) {
            let procedure = &procedure.name;
            return Err(self.say(
                8145,
                16,
                2,
                &format!("{name} 不是过程 {procedure} 的参数。"),
                &format!("{name} is not a parameter for procedure {procedure}."),
            ));
        }
        let mut variables = Variables::new();
        for ((parameter, ty), at) in procedure.parameters.iter().zip(0..) {
            let value =
                match (arguments.get(at, parameter), procedure.defaults.get(&parameter.to_lowercase())) {
                    (Some(value), _) => value,
                    (None, Some(default)) => self.evaluate(&default.clone())?,
                    (None, None) => {
                        return Err(Problem::NoParameter(procedure.name.clone(), parameter.clone()));
                    }
                };
            let value =
                convert_to(value, ty, 0).map_err(|error| Problem::of_engine(1, &error.to_string()))?;
            variables.insert(parameter.to_lowercase(), (value, Some(ty.clone())));
        }
        let names: Vec<String> = procedure.parameters.iter().map(|(name, _)| name.to_lowercase()).collect();
        self.enter_scope(&procedure.sql, &procedure.name, variables, wanted.scope(&names, 0))
    }

    fn find_procedure(&self, name: &[String]) -> Option<Arc<Procedure>> {
        let last = name.last()?;
        let database = if name.len() > 2 { name.get(name.len() - 3)?.clone() } else { self.facts.database() };
        let schema = name.len().checked_sub(2).and_then(|at| name.get(at)).filter(|part| !part.is_empty());
        let schema = schema.map_or("dbo", String::as_str);
        let defined = self.facts.state().defined.get(&Place::new(&database, schema, last)).cloned();
        if let Some(defined) = defined {
            return match &defined?.what {
                DefinedAs::Procedure(procedure) => Some(Arc::clone(procedure)),
                DefinedAs::View(_) | DefinedAs::Text => None,
            };
        }
        let mut all = self.facts.catalog.procedures.values();
        all.find(|made| made.name.eq_ignore_ascii_case(last) && made.database.eq_ignore_ascii_case(&database))
            .cloned()
    }

    fn execute_sql(&mut self, arguments: &procedures::Arguments, wanted: &Wanted) -> Result<(), Problem> {
        let text = arguments.text(0, "@stmt").unwrap_or_default();
        let formals = formals(&arguments.text(1, "@params").unwrap_or_default());
        let names: Vec<String> = formals.iter().map(|(name, _)| name.clone()).collect();
        let scope = wanted.scope(&names, 2);
        let variables = bound(&formals, &arguments.rest(2));
        self.enter_scope(&text, "", variables, scope)
    }

    fn prepare(&mut self, handle: i64, arguments: &procedures::Arguments) {
        let formals = arguments.text(1, "@params").unwrap_or_default();
        let text = arguments.text(2, "@stmt").unwrap_or_default();
        self.prepared.insert(handle, (text, formals));
    }

    fn execute_prepared(&mut self, handle: i64, values: &[(String, Cell)]) -> Result<(), Problem> {
        let known = self.prepared.get(&handle).cloned();
        let Some((text, params)) = known else {
            return Err(self.say(
                8179,
                16,
                2,
                &format!("找不到句柄为 {handle} 的预定义语句。"),
                &format!("Could not find prepared statement with handle {handle}."),
            ));
        };
        self.enter_scope(&text, "", bound(&formals(&params), values), Scope::default())
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
        let outward = parameters.iter().map(|parameter| parameter.output.then(|| parameter.clone()));
        let wanted = Wanted { outward: outward.collect(), ..Wanted::default() };
        match self.run_procedure(&name, values, &wanted, &mut seen) {
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

/// Names and types of `@a int, @b varchar(10) = 'x' output`.
fn formals(text: &str) -> Vec<(String, Option<SqlType>)> {
    let mut depth = 0;
    let parts = text.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    let formal = |part: &str| {
        let (name, rest) = part.trim().split_once(char::is_whitespace).unwrap_or((part.trim(), ""));
        let rest = rest.split('=').next().unwrap_or_default().trim().to_lowercase();
        let ty = rest.trim_end_matches(" output").trim_end_matches(" out").trim_start_matches("as ").trim();
        (!name.is_empty()).then(|| (name.to_lowercase(), SqlType::parse(ty)))
    };
    parts.filter_map(formal).collect()
}

/// Values under the names of a text's parameters.
fn bound(formals: &[(String, Option<SqlType>)], values: &[(String, Cell)]) -> Variables {
    let mut variables = Variables::new();
    for (name, ty) in formals {
        variables.insert(name.clone(), (Cell::Null, ty.clone()));
    }
    for ((name, value), at) in values.iter().zip(0..) {
        let formal = match name.is_empty() {
            true => formals.get(at).cloned(),
            false => Some((name.to_lowercase(), None)),
        };
        let Some((name, _)) = formal else { continue };
        let ty = variables.get(&name).and_then(|(_, ty)| ty.clone());
        let converted = ty.as_ref().and_then(|ty| convert_to(value.clone(), ty, 0).ok());
        variables.insert(name, (converted.unwrap_or_else(|| value.clone()), ty));
    }
    variables
}
