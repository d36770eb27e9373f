//! Views, procedures and table variables that a script makes, and rows that a call gives into a table.

use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sqlparser::ast::ColumnDef;

use super::Connection;
use super::run::Enclosing;
use crate::database::catalog::{Place, Procedure, View, object_id};
use crate::database::facts::{Defined, DefinedAs, Object};
use crate::database::problem::Problem;
use crate::database::script::{self, DefinedKind, Definition, Placed, Step};
use crate::database::{Column, Deed, Product, Seen, Value, Verb, cell};

/// Longest definition that is kept.
const MAX_DEFINITION: usize = 256 << 10;

/// Most rows that a call gives into a table.
const MAX_CAPTURED: usize = 20_000;

/// An `INSERT … EXEC` that runs.
#[derive(Debug)]
pub(super) struct Capture {
    table: Vec<String>,
    names: Vec<String>,
    pub columns: Option<Arc<[Column]>>,
    pub rows: Vec<Vec<Value>>,
    text: String,
}

impl Connection {
    /// Makes a view, a procedure and the like, or makes it anew.
    pub(super) fn define(&mut self, definition: &Definition, seen: &mut Seen) -> Result<(), Problem> {
        let word = definition.kind.word();
        let name = definition.name.last().cloned().unwrap_or_default();
        seen.objects.push(definition.name.join("."));
        seen.deeds.push(Deed::Configure { option: word.to_lowercase(), value: name.clone() });
        if definition.name.len() > 2 {
            return Err(self.say(
                166,
                15,
                1,
                &format!("'CREATE/ALTER {word}' 不允许在对象名前面指定数据库名称前缀。"),
                &format!("'CREATE/ALTER {word}' does not allow specifying the database name as a prefix to the object name."),
            ));
        }
        let database = self.facts.database();
        if !self.facts.may_change(&database) {
            return Err(self.say(
                262,
                14,
                if definition.kind == DefinedKind::View { 1 } else { 18 },
                &format!("在数据库 '{database}' 中拒绝了 CREATE {word} 权限。"),
                &format!("CREATE {word} permission denied in database '{database}'."),
            ));
        }
        if let Some(assembly) = &definition.assembly {
            return Err(self.say(
                6528,
                16,
                1,
                &format!("在数据库 '{database}' 的 SQL 目录中找不到程序集 '{assembly}'。"),
                &format!("Assembly '{assembly}' was not found in the SQL catalog of database '{database}'."),
            ));
        }
        if definition.text.len() > MAX_DEFINITION {
            return Err(Problem::TooDeep);
        }
        let schema = self.schema_of(&definition.name);
        let there = self.facts.object(&database, |object| {
            object.name.eq_ignore_ascii_case(&name) && object.schema.eq_ignore_ascii_case(&schema)
        });
        match (definition.alters, there.map(|object| object.kind)) {
            (false, Some(_)) => return Err(Problem::Exists(name)),
            (true, kind) if kind != Some(letter(definition.kind)) => {
                return Err(Problem::NoObject(definition.name.join(".")));
            }
            _ => {}
        }
        self.keep_definition((database, schema, name), Some(created(&definition.text)))
    }

    fn schema_of(&self, name: &[String]) -> String {
        let given = name.len().checked_sub(2).and_then(|at| name.get(at)).filter(|schema| !schema.is_empty());
        given.cloned().unwrap_or_else(|| self.facts.catalog.default_schema(&self.facts.login).into_owned())
    }

    /// A definition, as it is kept, is there from now on; `None` takes it away.
    pub(super) fn play_definition(
        &mut self,
        (database, schema, name): &(String, String, String),
        text: Option<&str>,
    ) {
        let place = Place::new(database, schema, name);
        let Some(text) = text else {
            self.facts.state().defined.insert(place, None);
            return;
        };
        let read = script::read(text, Product::SqlServer).ok();
        let Some(Step::Define(definition)) =
            read.and_then(|steps| steps.into_iter().next()).map(|placed| placed.step)
        else {
            return;
        };
        let (database, schema, name) = (database.clone(), schema.clone(), name.clone());
        let (id, now) = (object_id(&name), self.facts.now());
        let what = match definition.kind {
            DefinedKind::View => DefinedAs::View(Arc::new(View {
                database: database.clone(),
                schema: schema.clone(),
                name: name.clone(),
                id,
                created: now,
                sql: definition.body.clone(),
            })),
            DefinedKind::Procedure => DefinedAs::Procedure(Arc::new(Procedure {
                database: database.clone(),
                schema: schema.clone(),
                name: name.clone(),
                id,
                created: now,
                parameters: definition.parameters.iter().map(|p| (p.name.clone(), p.ty.clone())).collect(),
                defaults: definition
                    .parameters
                    .iter()
                    .filter_map(|parameter| Some((parameter.name.clone(), parameter.default.clone()?)))
                    .collect(),
                sql: definition.body.clone(),
            })),
            DefinedKind::Function | DefinedKind::Trigger => DefinedAs::Text,
        };
        let object = Object {
            id,
            schema,
            name,
            created: now,
            kind: letter(definition.kind),
            title: String::new(),
            table: None,
            text: definition.text.clone(),
        };
        self.facts.state().defined.insert(place, Some(Arc::new(Defined { object, database, what })));
    }

    /// `DROP VIEW a, b` and the like, from the word behind it on.
    pub(super) fn drop_defined(
        &mut self,
        kind: &str,
        words: &[String],
        seen: &mut Seen,
    ) -> Result<(), Problem> {
        let wanted = match kind {
            "view" => DefinedKind::View,
            "function" => DefinedKind::Function,
            "trigger" => DefinedKind::Trigger,
            _ => DefinedKind::Procedure,
        };
        for name in words.join("").split(',') {
            let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
            let (last, schema) = (parts.last().cloned().unwrap_or_default(), self.schema_of(&parts));
            let database = match parts.len() {
                3 => parts.first().cloned().unwrap_or_default(),
                _ => self.facts.database(),
            };
            seen.objects.push(name.to_owned());
            let there = self.facts.object(&database, |object| {
                object.kind == letter(wanted)
                    && object.name.eq_ignore_ascii_case(&last)
                    && object.schema.eq_ignore_ascii_case(&schema)
            });
            let (Some(object), true) = (there, self.facts.may_change(&database)) else {
                return Err(self.not_dropped(wanted, name));
            };
            seen.deeds.push(Deed::Destroy { object: format!("{database}.{schema}.{last}"), rows: 0 });
            self.keep_definition((database, schema, object.name), None)?;
        }
        Ok(())
    }

    fn not_dropped(&self, kind: DefinedKind, name: &str) -> Problem {
        let (chinese, english) = match kind {
            DefinedKind::View => ("视图", "view"),
            DefinedKind::Procedure => ("过程", "procedure"),
            DefinedKind::Function => ("函数", "function"),
            DefinedKind::Trigger => ("触发器", "trigger"),
        };
        self.say(
            3701,
            11,
            5,
            &format!("无法对 {chinese} '{name}' 执行 删除，因为它不存在，或者您没有所需的权限。"),
            &format!(
                "Cannot drop the {english} '{name}', because it does not exist or you do not have permission."
            ),
        )
    }

    /// `DECLARE @t TABLE (…)`: again in a loop it is the one that is there.
    pub(super) fn declare_table(&mut self, name: &str, columns: &[ColumnDef]) -> Result<(), Problem> {
        let relation = name.to_lowercase();
        if self.table_variables.contains(&relation) {
            return Ok(());
        }
        let mut seen = self.seen_text("", Verb::Set);
        self.make_defined(std::slice::from_ref(&relation), columns, &mut seen)?;
        self.table_variables.push(relation);
        Ok(())
    }

    pub(super) fn no_table_variable(&self, name: &str) -> Problem {
        self.say(
            1087,
            15,
            2,
            &format!("必须声明表变量 \"{name}\"。"),
            &format!("Must declare the table variable \"{name}\"."),
        )
    }

    /// `INSERT t EXEC …`: what the call gives goes into the table when it is over.
    pub(super) fn insert_called(&mut self, table: &[String], names: &[String], call: &Step, placed: &Placed) {
        let (table, names) = (table.to_vec(), names.to_vec());
        let text = placed.text.clone();
        self.captures.push(Capture { table, names, columns: None, rows: Vec::new(), text: text.clone() });
        let call = Placed { step: call.clone(), line: placed.line, text };
        self.enter(vec![call], Enclosing::Capture);
    }

    /// The call of an `INSERT … EXEC` is over.
    pub(super) fn keep_captured(&mut self) -> Result<(), Problem> {
        let Some(capture) = self.captures.pop() else { return Ok(()) };
        let Some(columns) = capture.columns else { return Ok(()) };
        if capture.rows.len() > MAX_CAPTURED {
            return Err(Problem::Full("tempdb".to_owned()));
        }
        let row = |row: Vec<Value>| -> Vec<Cell> {
            row.iter().zip(columns.iter()).map(|(value, column)| cell::of(value, &column.ty)).collect()
        };
        let rows: Vec<Vec<Cell>> = capture.rows.into_iter().map(row).collect();
        let mut seen = self.seen_text(&capture.text, Verb::Insert);
        let target = self.target(&capture.table, "INSERT", &mut seen)?;
        let count = self.put_rows(&target, &capture.names, rows, &mut seen)?;
        self.done(Verb::Insert, Some(count), seen);
        Ok(())
    }
}

fn letter(kind: DefinedKind) -> char {
    match kind {
        DefinedKind::View => 'V',
        DefinedKind::Procedure => 'P',
        DefinedKind::Function => 'F',
        DefinedKind::Trigger => 'T',
    }
}

/// The catalogue shows each definition as the one that created it.
fn created(text: &str) -> String {
    match text.get(..5) {
        Some(word) if word.eq_ignore_ascii_case("alter") => {
            format!("CREATE{}", text.get(5..).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}
