//! What names in a statement stand for on this connection.

use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{ObjectName, ObjectNamePart, Query, Statement, VisitMut, VisitorMut};

use super::Connection;
use super::engine::Tables;
use crate::database::catalog::{Place, Product, Table, View};
use crate::database::facts::{DefinedAs, Facts, Gone};
use crate::database::problem::Problem;
use crate::database::rewrite::{Named, Names, parse_name};
use crate::database::script::{self, Step};
use crate::database::{functions, system};

/// What a table's name stands for, before it is shown to the engine.
pub(super) enum Found {
    Table(Arc<Table>),
    View(Arc<View>),
    /// Of the catalogue, asked about a database.
    System(&'static (&'static system::System, Vec<crate::database::ColumnSpec>), String),
    /// A temporary table.
    Temporary(String),
}

impl Connection {
    pub(super) fn tables(&mut self) -> Result<&mut Tables, Problem> {
        if self.engine.is_none() {
            let tables = Tables::new(&self.facts).map_err(|_| Problem::Resources)?;
            tables.refresh(&self.facts);
            if let Some(gone) = &self.gone {
                tables.stop_when(Arc::clone(gone));
            }
            self.engine = Some(tables);
        }
        self.engine.as_mut().ok_or(Problem::Resources)
    }

    /// Finds a table by the parts of its name.
    pub(super) fn find(&self, parts: &[String]) -> Result<Found, Problem> {
        find(&self.facts, parts)
    }
}

fn find(facts: &Facts, parts: &[String]) -> Result<Found, Problem> {
    let product = facts.product();
    let written = || parts.iter().map(String::as_str).collect::<Vec<_>>().join(".");
    let Some((name, before)) = parts.split_last() else { return Err(Problem::Syntax(String::new())) };
    if name.starts_with(['#', '@']) {
        return Ok(Found::Temporary(name.to_lowercase()));
    }
    if product == Product::SqlServer && parts.len() > 3 {
        let server = parts.first().map(String::as_str).unwrap_or_default();
        let known = facts.catalog.linked.iter().any(|linked| linked.name.eq_ignore_ascii_case(server));
        return Err(if known {
            Problem::Unreachable(server.to_owned())
        } else {
            Problem::NoServer(server.to_owned())
        });
    }
    let (database, schema) = match (product, before) {
        (Product::MySql, [.., database]) => (database.clone(), String::new()),
        (Product::MySql, []) => (facts.database(), String::new()),
        (_, [.., database, schema]) => (database.clone(), schema.clone()),
        (_, [schema]) => (facts.database(), schema.clone()),
        (_, []) => (facts.database(), String::new()),
    };
    let schema_or_default = if schema.is_empty() {
        facts.catalog.default_schema(&facts.login).into_owned()
    } else {
        schema.clone()
    };
    // Tablespaces are for the PROCESS privilege, the accounts themselves for the administrators.
    if product == Product::MySql
        && database.eq_ignore_ascii_case("information_schema")
        && name.eq_ignore_ascii_case("files")
        && !facts.administrator
    {
        return Err(Problem::NoRight("PROCESS".to_owned()));
    }
    // Since 5.7 these are asked of performance_schema.
    if product == Product::MySql
        && database.eq_ignore_ascii_case("information_schema")
        && ["global_status", "session_status", "global_variables", "session_variables"]
            .iter()
            .any(|moved| name.eq_ignore_ascii_case(moved))
    {
        let name = name.to_uppercase();
        let text = format!(
            "The 'INFORMATION_SCHEMA.{name}' feature is disabled; see the documentation for 'show_compatibility_56'"
        );
        return Err(Problem::Raised(3_167, 16, 1, text));
    }
    if product == Product::MySql && database.eq_ignore_ascii_case("mysql") && !facts.administrator {
        return Err(facts.denied("SELECT", format!("{database}.{name}")));
    }
    if let Some(found) = find_system(facts, &database, &schema, name) {
        return Ok(found);
    }
    if !facts.databases().iter().any(|(known, _)| known.eq_ignore_ascii_case(&database)) {
        return Err(Problem::NoObject(written()));
    }
    facts.readable(&database)?;
    if !facts.may_enter(&database) {
        return Err(facts.denied("SELECT", format!("{database}.{schema_or_default}.{name}")));
    }
    let place = Place::new(&database, &schema_or_default, name);
    let state = facts.state();
    if state.gone.get(&place) == Some(&Gone::Dropped) && !state.made.contains_key(&place) {
        return Err(Problem::NoObject(written()));
    }
    if let Some(table) = state.made.get(&place).or_else(|| facts.catalog.tables.get(&place)) {
        return Ok(Found::Table(Arc::clone(table)));
    }
    if let Some(defined) = state.defined.get(&place) {
        return match defined.as_ref().map(|defined| &defined.what) {
            Some(DefinedAs::View(view)) => Ok(Found::View(Arc::clone(view))),
            Some(DefinedAs::Procedure(_) | DefinedAs::Text) | None => Err(Problem::NoObject(written())),
        };
    }
    // Oracle finds a table of another schema by its public synonym.
    if product == Product::Oracle
        && schema.is_empty()
        && let Some(table) = facts.catalog.tables.values().find(|table| table.name.eq_ignore_ascii_case(name))
    {
        return Ok(Found::Table(Arc::clone(table)));
    }
    match facts.catalog.views.get(&place) {
        Some(view) => Ok(Found::View(Arc::clone(view))),
        None if product == Product::MySql => Err(Problem::NoObject(format!("{database}.{name}"))),
        None => Err(Problem::NoObject(written())),
    }
}

fn find_system(facts: &Facts, database: &str, schema: &str, name: &str) -> Option<Found> {
    let product = facts.product();
    let (schema, name) = (schema.to_lowercase(), name.to_lowercase());
    let candidates = match product {
        Product::SqlServer
            if database.eq_ignore_ascii_case("msdb")
                && (schema.is_empty() || schema == "dbo")
                && system::find(product, &format!("msdb.{name}")).is_some() =>
        {
            vec![format!("msdb.{name}")]
        }
        Product::SqlServer if schema.is_empty() || schema == "dbo" => vec![format!("sys.{name}")],
        Product::SqlServer => vec![format!("{schema}.{name}")],
        Product::Postgres => Vec::new(),
        Product::MySql => vec![format!("{}.{name}", database.to_lowercase())],
        Product::Oracle => vec![name.clone(), name.replace("v_$", "v$")],
    };
    // Without a schema only the tables of old times are found: sysobjects, not objects.
    let of_agent = candidates.iter().any(|name| name.starts_with("msdb."));
    if product == Product::SqlServer
        && (schema.is_empty() || schema == "dbo")
        && !name.starts_with("sys")
        && name != "fn_my_permissions"
        && !of_agent
    {
        return None;
    }
    let found = candidates.iter().find_map(|name| system::find(product, name))?;
    Some(Found::System(found, database.to_owned()))
}

/// Names for one rewriting.
pub(super) struct Lookup<'a> {
    pub connection: &'a mut Connection,
}

impl Names for Lookup<'_> {
    fn table(&mut self, parts: &[String]) -> Result<Named, Problem> {
        if self.product() == Product::Postgres {
            return self.connection.postgres_table(parts);
        }
        let found = self.connection.find(parts)?;
        let facts = Arc::clone(&self.connection.facts);
        let failed = |_| Problem::Resources;
        match found {
            Found::Temporary(name)
                if name.starts_with('@') && !self.connection.table_variables.contains(&name) =>
            {
                Err(self.connection.no_table_variable(&name))
            }
            Found::Temporary(name) => Ok(Named::Relation { name, kind: None, of_database: None }),
            Found::View(view) => Ok(Named::View(Box::new(view_query(&view, facts.product())?))),
            Found::System(table, database) => {
                let name = self.connection.tables()?.system(table, &facts).map_err(failed)?;
                let database = if facts.product() == Product::MySql { facts.database() } else { database };
                Ok(Named::Relation { name, kind: None, of_database: Some(database) })
            }
            Found::Table(table) => {
                let name = self.connection.tables()?.table(&table, &facts).map_err(failed)?;
                Ok(Named::Relation { name, kind: table.kind(), of_database: None })
            }
        }
    }

    fn variable(&mut self, name: &str) -> Result<Cell, Problem> {
        let lower = name.to_lowercase();
        if let Some(server) = lower.strip_prefix("@@") {
            return self
                .connection
                .server_variable(server)
                .ok_or_else(|| Problem::NoVariable(name.to_owned()));
        }
        match self.connection.variables.get(&lower) {
            Some((value, _)) => Ok(value.clone()),
            None if self.product() == Product::MySql => Ok(Cell::Null),
            None => Err(Problem::NoVariable(name.to_owned())),
        }
    }

    fn product(&self) -> Product {
        self.connection.facts.product()
    }

    fn now(&self) -> String {
        self.connection.facts.now().strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()
    }

    fn has_function(&self, name: &str) -> bool {
        functions::known(self.product(), name)
    }

    fn columns(&mut self, relation: &str) -> Option<Vec<String>> {
        let tables = self.connection.engine.as_ref()?;
        if !tables.changed.values().any(|changed| changed == relation) {
            return None;
        }
        Some(tables.columns_of(relation)?.iter().map(|column| column.name.clone()).collect())
    }

    fn constant(&mut self, name: &str) -> Option<Cell> {
        let facts = &self.connection.facts;
        let text = |text: &str| Some(Cell::Text(text.to_owned()));
        let server = &facts.catalog.server;
        match (facts.product(), name.to_lowercase().as_str()) {
            (Product::SqlServer, "getdate" | "sysdatetime" | "current_timestamp") => {
                Some(Cell::Text(self.now()))
            }
            (Product::SqlServer, "getutcdate" | "sysutcdatetime") => {
                let utc = facts.now().checked_sub(jiff::Span::new().minutes(facts.offset_minutes)).ok()?;
                Some(Cell::Text(utc.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()))
            }
            (Product::SqlServer, "system_user") => text(&facts.login),
            (Product::SqlServer, "current_user" | "session_user" | "user") => {
                text(if facts.administrator { "dbo" } else { &facts.login })
            }
            (Product::MySql, "now" | "sysdate" | "current_timestamp" | "localtime" | "localtimestamp") => {
                text(&facts.now().strftime("%Y-%m-%d %H:%M:%S").to_string())
            }
            (Product::MySql, "curdate" | "current_date") => text(&facts.now().date().to_string()),
            (Product::MySql, "curtime" | "current_time") => {
                text(&facts.now().strftime("%H:%M:%S").to_string())
            }
            (Product::MySql, "version") => text(&server.version),
            (Product::MySql, "database" | "schema") => text(&facts.database()),
            (Product::MySql, "user" | "current_user" | "session_user" | "system_user") => text(&format!(
                "{}@{}",
                facts.login,
                if facts.client.0.is_empty() { "%" } else { &facts.client.0 }
            )),
            (Product::MySql, "connection_id") => Some(Cell::Integer(i64::from(facts.session))),
            (Product::Oracle, "sysdate" | "systimestamp" | "current_date" | "current_timestamp") => {
                Some(Cell::Text(self.now()))
            }
            (Product::Oracle, "user") => text(&facts.login.to_uppercase()),
            (Product::Oracle, "uid") => Some(Cell::Integer(84)),
            _ => None,
        }
    }
}

/// A view's query with all names in it written out in full.
fn view_query(view: &View, product: Product) -> Result<Query, Problem> {
    struct Full<'a>(&'a View, Product);
    impl VisitorMut for Full<'_> {
        type Break = ();
        fn post_visit_relation(&mut self, name: &mut ObjectName) -> std::ops::ControlFlow<()> {
            let mut parts = parse_name(name);
            if self.1 == Product::MySql {
                if parts.len() == 1 {
                    parts.insert(0, self.0.database.clone());
                }
            } else {
                if parts.len() == 1 {
                    parts.insert(0, self.0.schema.clone());
                }
                if parts.len() == 2 {
                    parts.insert(0, self.0.database.clone());
                }
            }
            let part = |part: String| ObjectNamePart::Identifier(sqlparser::ast::Ident::new(part));
            *name = ObjectName(parts.into_iter().map(part).collect());
            std::ops::ControlFlow::Continue(())
        }
    }
    let steps = script::read(&view.sql, product).map_err(|(problem, _)| problem)?;
    match steps.into_iter().next().map(|placed| placed.step) {
        Some(Step::Statement(statement)) => match *statement {
            Statement::Query(mut query) => {
                let _ = query.visit(&mut Full(view, product));
                Ok(*query)
            }
            _ => Err(Problem::NoObject(view.name.clone())),
        },
        _ => Err(Problem::NoObject(view.name.clone())),
    }
}

impl Connection {
    /// `@@x` of SQL Server and MySQL.
    fn server_variable(&self, name: &str) -> Option<Cell> {
        let facts = &self.facts;
        let server = &facts.catalog.server;
        let text = |text: &str| Some(Cell::Text(text.to_owned()));
        if facts.product() == Product::MySql {
            let name = name.trim_start_matches("global.").trim_start_matches("session.");
            return match name {
                "version" => text(&server.version),
                "hostname" => text(&server.name.to_lowercase()),
                "datadir" => text(&server.data_folder),
                _ => text(server.settings.get(name)?),
            };
        }
        let state = facts.state();
        let number = |number: i64| Some(Cell::Integer(number));
        match name {
            "version" => text(&server.banner),
            "servername" => text(&server.name),
            "servicename" => text("MSSQLSERVER"),
            "spid" => number(i64::from(facts.session)),
            "language" => text(state.language.name()),
            "langid" => number(if state.language == crate::database::Language::Chinese { 30 } else { 0 }),
            "rowcount" => number(state.row_count),
            "error" => number(i64::from(state.last_error.0)),
            "trancount" => number(i64::from(self.transaction)),
            "fetch_status" => number(self.fetch_status),
            "cursor_rows" => number(self.cursor_rows),
            "identity" => Some(state.identity.map_or(Cell::Null, Cell::Integer)),
            "max_connections" => number(32_767),
            "max_precision" => number(38),
            "microsoftversion" => number(0x0b00_1b59),
            "options" => number(5_496),
            "datefirst" => number(7),
            "dbts" => Some(Cell::Blob(vec![0, 0, 0, 0, 0, 0, 7, 208])),
            "lock_timeout" => number(-1),
            "nestlevel" => number(i64::try_from(self.within.len()).unwrap_or(0)),
            "procid" => number(0),
            "textsize" => number(2_147_483_647),
            "cpu_busy" => number(41_180),
            "connections" => number(18_412),
            "remserver" => Some(Cell::Null),
            _ => None,
        }
    }
}
