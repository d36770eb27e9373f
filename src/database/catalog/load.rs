//! Reads and checks a schema file: whole or not at all.

use std::sync::Arc;

use jiff::civil::DateTime;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::file::{
    DatabaseEntry, File, LinkedEntry, Part, ProcedureEntry, ServerEntry, TableEntry, ViewEntry,
};
use super::*;
use crate::database::records::Rows;
use crate::database::{Decimal, SqlType};
use crate::persona::{Fault, Host, Pack};

/// Days that a table of dated records reaches back when its entry gives none.
const DEFAULT_DAYS: u32 = 180;

/// Most days that a table may reach back: a sweep of a table reads each of them.
const MAX_DAYS: u32 = 400;

/// Why a schema file is refused.
pub type LoadError = Fault;

/// What is at hand while a file is read.
struct Reading<'a> {
    pack: &'a Pack,
    host: &'a Host,
    path: String,
    text: &'a str,
}

impl Catalog {
    /// Reads the schema file at `path` of the pack for a host.
    ///
    /// # Errors
    /// The first [`Fault`] with its file, line and what was expected.
    pub fn load(pack: &Pack, host: &Host, path: &str) -> Result<Catalog, Fault> {
        let reading = Reading::new(pack, host, path)?;
        let file: File = reading.parse()?;
        let product = reading.product(&file.server.product)?;
        let mut catalog = Catalog {
            product,
            server: reading.server(&file.server)?,
            databases: reading.databases(&file.database)?,
            logins: Vec::new(),
            linked: file.linked.iter().map(|entry| reading.linked(entry)).collect::<Result<_, _>>()?,
            days: Arc::default(),
            presence: crate::database::presence::Presence::default(),
            machine: Machine::of(pack, host),
            tables: BTreeMap::new(),
            views: BTreeMap::new(),
            procedures: BTreeMap::new(),
        };
        for login in &file.login {
            catalog.logins.push(Login {
                name: reading.fill_text(&login.name, 0)?,
                administrator: login.administrator,
                databases: login.databases.clone(),
                default: catalog.known_database(&reading, &login.default)?,
            });
        }
        catalog.known_database(&reading, &file.server.database)?;
        catalog.add(&reading, &file.table, &file.view, &file.procedure)?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for include in &file.include {
            let reading = Reading::new(pack, host, &format!("{folder}/{}", include.get_ref()))?;
            let part: Part = reading.parse()?;
            catalog.add(&reading, &part.table, &part.view, &part.procedure)?;
        }
        Ok(catalog)
    }

    fn known_database(&self, reading: &Reading<'_>, name: &Spanned<String>) -> Result<String, Fault> {
        match self.database(name.get_ref()) {
            Some(database) => Ok(database.name.clone()),
            None => Err(reading.fault(name.span().start, format!("`{}`: no such database", name.get_ref()))),
        }
    }

    fn add(
        &mut self,
        reading: &Reading<'_>,
        tables: &[TableEntry],
        views: &[ViewEntry],
        procedures: &[ProcedureEntry],
    ) -> Result<(), Fault> {
        for entry in tables {
            let table = reading.table(entry, self)?;
            let place = table.place();
            if self.tables.insert(place, Arc::new(table)).is_some() {
                return Err(reading.fault(entry.name.span().start, "a second table of this name"));
            }
        }
        for entry in views {
            let (database, schema, name) = reading.place(&entry.name, self)?;
            let (id, created) = (object_id(&name), reading.created(entry.created.as_ref(), self)?);
            let place = Place::new(&database, &schema, &name);
            let view = View { database, schema, name, id, created, sql: entry.sql.clone() };
            self.views.insert(place, Arc::new(view));
        }
        for entry in procedures {
            let (database, schema, name) = reading.place(&entry.name, self)?;
            let (id, created) = (object_id(&name), reading.created(entry.created.as_ref(), self)?);
            let place = Place::new(&database, &schema, &name);
            let parameters =
                entry.parameters.iter().map(|p| reading.parameter(p)).collect::<Result<_, _>>()?;
            let sql = entry.sql.clone();
            let defaults = BTreeMap::new();
            let procedure = Procedure { database, schema, name, id, created, parameters, defaults, sql };
            self.procedures.insert(place, Arc::new(procedure));
        }
        Ok(())
    }
}

impl<'a> Reading<'a> {
    fn new(pack: &'a Pack, host: &'a Host, path: &str) -> Result<Self, Fault> {
        Ok(Reading { pack, host, path: pack.files.display(path), text: pack.files.text(path)? })
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        toml::from_str(self.text).map_err(|e| Fault::of_toml(&self.path, self.text, &e))
    }

    fn fault(&self, at: usize, problem: impl Into<String>) -> Fault {
        Fault::at(&self.path, self.text, at, problem)
    }

    fn fill(&self, text: &Spanned<String>) -> Result<String, Fault> {
        self.fill_text(text.get_ref(), text.span().start)
    }

    fn fill_text(&self, text: &str, at: usize) -> Result<String, Fault> {
        words::fill(text, self.pack, self.host).map_err(|problem| self.fault(at, problem))
    }

    fn product(&self, name: &Spanned<String>) -> Result<Product, Fault> {
        match name.get_ref().as_str() {
            "sqlserver" => Ok(Product::SqlServer),
            "oracle" => Ok(Product::Oracle),
            "mysql" => Ok(Product::MySql),
            "postgres" => Ok(Product::Postgres),
            _ => Err(self.fault(name.span().start, "expected sqlserver, oracle, mysql or postgres")),
        }
    }

    fn server(&self, entry: &ServerEntry) -> Result<Server, Fault> {
        let language = Language::by_name(entry.language.get_ref())
            .ok_or_else(|| self.fault(entry.language.span().start, "expected zh-CN or en"))?;
        Ok(Server {
            version: entry.version.clone(),
            banner: entry.banner.clone(),
            name: self.fill(&entry.name)?,
            domain: match self.host.os.domain.as_str() {
                "" => String::new(),
                _ => self.pack.hospital.domain.clone(),
            },
            edition: entry.edition.clone(),
            collation: entry.collation.clone(),
            language,
            database: entry.database.get_ref().clone(),
            installed: self.date(&entry.installed)?,
            restart_days: entry.restart_days.max(1),
            data_folder: entry.data_folder.clone(),
            settings: entry.settings.clone(),
        })
    }

    fn databases(&self, entries: &[DatabaseEntry]) -> Result<Vec<Database>, Fault> {
        let made = entries.iter().zip(1..).map(|(entry, id)| {
            Ok(Database {
                name: self.fill(&entry.name)?,
                id,
                created: self.date(&entry.created)?,
                size_mb: entry.size_mb,
                log_mb: entry.log_mb,
                recovery: entry.recovery.clone(),
                system: entry.system,
                offline: entry.offline,
            })
        });
        made.collect()
    }

    fn linked(&self, entry: &LinkedEntry) -> Result<LinkedServer, Fault> {
        Ok(LinkedServer {
            name: self.fill(&entry.name)?,
            product: entry.product.clone(),
            provider: entry.provider.clone(),
            source: self.fill(&entry.source)?,
            login: entry.login.as_ref().map_or(Ok(String::new()), |login| self.fill(login))?,
        })
    }

    fn date(&self, text: &Spanned<String>) -> Result<DateTime, Fault> {
        let parsed = text.get_ref().replace(' ', "T").parse();
        parsed.map_err(|_| self.fault(text.span().start, "expected a local time as `2014-06-12 09:30:11`"))
    }

    fn created(&self, text: Option<&Spanned<String>>, catalog: &Catalog) -> Result<DateTime, Fault> {
        text.map_or(Ok(catalog.server.installed), |text| self.date(text))
    }

    /// Database, schema and name: missing first parts are those of the server's default.
    fn place(&self, name: &Spanned<String>, catalog: &Catalog) -> Result<(String, String, String), Fault> {
        let parts: Vec<&str> = name.get_ref().split('.').collect();
        let default = catalog.server.database.as_str();
        let (database, schema, table) = match (parts.as_slice(), catalog.product) {
            ([database, table], Product::MySql) => (*database, "", *table),
            ([table], Product::MySql) => (default, "", *table),
            ([database, schema, table], _) => (*database, *schema, *table),
            ([schema, table], _) => (default, *schema, *table),
            ([table], Product::SqlServer) => (default, "dbo", *table),
            ([table], Product::Postgres) => (default, "public", *table),
            _ => return Err(self.fault(name.span().start, "expected `database.schema.name`")),
        };
        let database = catalog
            .database(database)
            .ok_or_else(|| self.fault(name.span().start, format!("`{database}`: no such database")))?;
        Ok((database.name.clone(), schema.to_owned(), table.to_owned()))
    }

    fn table(&self, entry: &TableEntry, catalog: &Catalog) -> Result<Table, Fault> {
        let (database, schema, name) = self.place(&entry.name, catalog)?;
        let columns: Vec<ColumnSpec> =
            entry.columns.iter().map(|c| self.column(c)).collect::<Result<_, _>>()?;
        let source = match (&entry.rows, &entry.values) {
            (Some(rows), None) => self.world_rows(entry, rows, &columns)?,
            (None, Some(values)) => self.given_rows(values, &columns)?,
            _ => return Err(self.fault(entry.name.span().start, "expected either `rows` or `values`")),
        };
        let created = self.created(entry.created.as_ref(), catalog)?;
        let indexes = entry.indexes.iter().map(|i| self.index(i, &columns)).collect::<Result<_, _>>()?;
        let id = object_id(&name);
        Ok(Table {
            database,
            schema,
            name,
            title: entry.title.clone(),
            id,
            created,
            source,
            columns,
            indexes,
        })
    }

    fn column(&self, line: &Spanned<String>) -> Result<ColumnSpec, Fault> {
        let filled = self.fill(line)?;
        ColumnSpec::parse(&filled).map_err(|problem| self.fault(line.span().start, problem))
    }

    fn world_rows(
        &self,
        entry: &TableEntry,
        rows: &Spanned<String>,
        columns: &[ColumnSpec],
    ) -> Result<Source, Fault> {
        let found = Rows::by_name(rows.get_ref()).ok_or_else(|| {
            self.fault(rows.span().start, format!("there are no rows `{}`", rows.get_ref()))
        })?;
        for (column, line) in columns.iter().zip(&entry.columns) {
            let problem = match &column.binding {
                None => Some("what fills it? expected ` = field`".to_owned()),
                Some(Binding::Field { field, .. }) if !found.has(*field) => {
                    Some(format!("rows `{}` have no `{}`", rows.get_ref(), field.name()))
                }
                Some(Binding::Field { .. } | Binding::Fixed(_)) => None,
            };
            if let Some(problem) = problem {
                return Err(self.fault(line.span().start, problem));
            }
        }
        let days = entry.days.unwrap_or(DEFAULT_DAYS);
        if days == 0 || days > MAX_DAYS {
            return Err(self.fault(entry.name.span().start, format!("days: expected 1 to {MAX_DAYS}")));
        }
        Ok(Source::World { rows: found, days })
    }

    fn given_rows(
        &self,
        values: &[Spanned<Vec<toml::Value>>],
        columns: &[ColumnSpec],
    ) -> Result<Source, Fault> {
        let rows = values.iter().map(|row| {
            let at = row.span().start;
            if row.get_ref().len() != columns.len() {
                return Err(self.fault(at, format!("expected {} values", columns.len())));
            }
            row.get_ref().iter().map(|value| self.given(value, at)).collect::<Result<Vec<Value>, Fault>>()
        });
        Ok(Source::Given(rows.collect::<Result<Vec<_>, _>>()?.into()))
    }

    fn given(&self, value: &toml::Value, at: usize) -> Result<Value, Fault> {
        match value {
            toml::Value::String(text) if text == "null" => Ok(Value::Null),
            toml::Value::String(text) => Ok(Value::Text(self.fill_text(text, at)?)),
            toml::Value::Integer(number) => Ok(Value::Int(*number)),
            toml::Value::Float(number) => Decimal::parse(&number.to_string())
                .map(Value::Decimal)
                .ok_or_else(|| self.fault(at, "expected a plain number")),
            toml::Value::Boolean(on) => Ok(Value::Int(i64::from(*on))),
            toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                Err(self.fault(at, "expected text or a number"))
            }
        }
    }

    fn index(&self, line: &Spanned<String>, columns: &[ColumnSpec]) -> Result<(String, Vec<String>), Fault> {
        let wrong =
            || self.fault(line.span().start, "expected `name(column, column)` of this table's columns");
        let (name, rest) = line.get_ref().split_once('(').ok_or_else(wrong)?;
        let names = rest.strip_suffix(')').ok_or_else(wrong)?.split(',').map(str::trim);
        let known = |name: &&str| columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        let names: Vec<&str> = names.collect();
        if !names.iter().all(known) {
            return Err(wrong());
        }
        Ok((name.trim().to_owned(), names.into_iter().map(str::to_owned).collect()))
    }

    fn parameter(&self, line: &Spanned<String>) -> Result<(String, SqlType), Fault> {
        let wrong = || self.fault(line.span().start, "expected `@name type`");
        let (name, ty) = line.get_ref().split_once(' ').ok_or_else(wrong)?;
        Ok((name.to_owned(), SqlType::parse(ty).ok_or_else(wrong)?))
    }
}

/// An id as a catalogue gives it: the same for a name in every installation of the product.
pub(in crate::database) fn object_id(name: &str) -> i32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    });
    // Ids of user objects are spread over all positive numbers; the first million is the product's.
    i32::try_from(hash % 2_046_000_000).unwrap_or(0).saturating_add(1_100_000)
}
