//! What a procedure or a dynamic text sees of its own, and what it gives back to its caller.

use std::collections::BTreeMap;

use rusqlite::types::Value as Cell;

use super::Connection;
use super::run::Enclosing;
use crate::database::problem::Problem;
use crate::database::script;
use crate::database::{Item, Language, Parameter, SqlType, cell};

/// Deepest calls of procedures and dynamic texts: the product's own limit.
const MAX_NESTING: usize = 32;

/// Variables with their values and types.
pub(super) type Variables = BTreeMap<String, (Cell, Option<SqlType>)>;

/// What a procedure hides of its caller, and where its outputs go.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// The caller's.
    pub variables: Variables,
    /// The database that the caller was in, where the text may leave it.
    pub database: Option<String>,
    /// Parameters with the caller's variables that take their values at the end.
    pub outputs: Vec<(String, String)>,
    /// Parameters that a client wants back.
    pub outward: Vec<(String, Parameter)>,
    /// The caller's variable that takes what is returned.
    pub result: Option<String>,
}

impl Connection {
    /// Puts the steps of a text in front, with variables of their own; `name` is a procedure's.
    pub(super) fn enter_scope(
        &mut self,
        text: &str,
        name: &str,
        variables: Variables,
        scope: Scope,
    ) -> Result<(), Problem> {
        if self.within.len() >= MAX_NESTING {
            let text = match self.facts.language() {
                Language::Chinese => "超出了最大存储过程、函数、触发器或视图嵌套层数(最大层数为 32)。",
                Language::English => {
                    "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32)."
                }
            };
            return Err(Problem::Raised(217, 16, 1, text.to_owned()));
        }
        let steps = script::read(text, self.facts.product()).map_err(|(problem, _)| problem)?;
        let caller = std::mem::replace(&mut self.variables, variables);
        let database = name.is_empty().then(|| self.facts.database());
        self.within.push(name.to_owned());
        self.returned = 0;
        let scope = Scope { variables: caller, database, ..scope };
        self.enter(steps, Enclosing::Procedure(Box::new(scope)));
        Ok(())
    }

    /// A procedure has ended.
    pub(super) fn leave_scope(&mut self, scope: &Scope) {
        self.within.pop();
        let own = std::mem::replace(&mut self.variables, scope.variables.clone());
        for (parameter, variable) in &scope.outputs {
            if let Some((value, _)) = own.get(parameter) {
                self.set(variable, value.clone());
            }
        }
        for (parameter, wanted) in &scope.outward {
            if let Some((value, _)) = own.get(parameter) {
                let value = cell::value(value.clone(), &wanted.ty);
                self.out.push_back(Item::Output(Parameter { value, ..wanted.clone() }));
            }
        }
        if let Some(result) = &scope.result {
            self.set(result, Cell::Integer(i64::from(self.returned)));
        }
        if let Some(to) = scope.database.clone().filter(|to| *to != self.facts.database()) {
            let from = std::mem::replace(&mut self.facts.state().database, to.clone());
            self.out.push_back(Item::Database { from, to });
        }
        let level = self.within.len();
        self.cursors.retain(|_, cursor| cursor.level.is_none_or(|made| made <= level));
    }

    /// A batch begins: nothing of the one before is left but what belongs to the connection.
    pub(super) fn leave_batch(&mut self) {
        self.within.clear();
        self.captures.clear();
        self.returned = 0;
        self.facts.state().caught.clear();
        self.cursors.retain(|_, cursor| cursor.level.is_none());
        for relation in std::mem::take(&mut self.table_variables) {
            self.drop_own(&relation);
        }
    }
}
