//! `SHOW`, `DESCRIBE` and settings of MySQL and PostgreSQL, as queries of the catalogue.

use super::Connection;
use crate::database::Product;
use crate::database::problem::Problem;
use crate::database::system::column_type;

impl Connection {
    /// Answers `SHOW …` and the like.
    pub(super) fn show(&mut self, words: &[String]) -> Result<(), Problem> {
        let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let parts: Vec<&str> = lower
            .iter()
            .map(String::as_str)
            .filter(|word| !matches!(*word, "full" | "extended" | "global" | "session"))
            .collect();
        if self.facts.product() == Product::Postgres {
            return self.show_setting(parts.get(1..).unwrap_or_default());
        }
        let sql = self
            .mysql(&parts, words)
            .ok_or_else(|| Problem::Syntax(words.get(1).cloned().unwrap_or_default()))?;
        self.enter_text(&sql)
    }

    fn show_setting(&mut self, name: &[&str]) -> Result<(), Problem> {
        let name = name
            .join("_")
            .replace("transaction_isolation_level", "transaction_isolation")
            .replace("time_zone", "timezone");
        match self.facts.catalog.server.settings.get(&name).cloned() {
            Some(value) => self.enter_text(&format!("select '{}' as {name}", value.replace('\'', "''"))),
            None => Err(Problem::NoOption(name)),
        }
    }

    fn mysql(&self, parts: &[&str], words: &[String]) -> Option<String> {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let pattern = |column: &str| {
            let at = parts.iter().position(|word| *word == "like")?;
            Some(format!(
                " and `{column}` like {}",
                quoted(words.iter().rev().nth(parts.len().checked_sub(at + 2)?)?)
            ))
        };
        let from =
            parts.iter().rposition(|word| matches!(*word, "from" | "in")).and_then(|at| parts.get(at + 1));
        let database = from.map_or_else(|| self.facts.database(), |name| (*name).to_owned());
        Some(match parts {
            ["show", "databases" | "schemas", ..] => {
                format!("select SCHEMA_NAME as `Database` from information_schema.schemata where 1=1{}", pattern("SCHEMA_NAME").unwrap_or_default())
            }
            ["show", "tables", ..] => {
                let kind = if words.iter().any(|word| word.eq_ignore_ascii_case("full")) { ", TABLE_TYPE as Table_type" } else { "" };
                format!("select TABLE_NAME as `Tables_in_{database}`{kind} from information_schema.tables where TABLE_SCHEMA = {}{} order by 1", quoted(&database), pattern("TABLE_NAME").unwrap_or_default())
            }
            ["show", "table", "status", ..] => format!(
                "select TABLE_NAME as Name, ENGINE as Engine, VERSION as Version, ROW_FORMAT as Row_format, TABLE_ROWS as `Rows`, AVG_ROW_LENGTH as Avg_row_length, CREATE_TIME as Create_time, TABLE_COLLATION as Collation, TABLE_COMMENT as Comment from information_schema.tables where TABLE_SCHEMA = {}", quoted(&database)),
            ["show", "columns" | "fields", "from" | "in", table, ..] => self.columns_of(table, if parts.len() > 4 { Some(&database) } else { None }),
            ["describe" | "desc" | "explain", table] => self.columns_of(table, None),
            ["describe" | "desc" | "explain", database, ".", table] => self.columns_of(table, Some(database)),
            ["show", "create", "table", table, ..] => self.create_table(words.last().map_or(table, |last| last))?,
            ["show", "variables", ..] => self.settings(pattern("Variable_name").unwrap_or_default()),
            ["show", "status", ..] => "select 'Uptime' as Variable_name, '8123456' as Value union all select 'Threads_connected', '17'".to_owned(),
            ["show", "processlist", ..] => "select ID as Id, USER as User, HOST as Host, DB as db, COMMAND as Command, TIME as Time, STATE as State, INFO as Info from information_schema.processlist".to_owned(),
            ["show", "grants", ..] => {
                let login = &self.facts.login;
                let grant = |what: &str| format!("select 'GRANT {what} TO ''{login}''@''%''' as `Grants for {login}@%`");
                if self.facts.administrator {
                    grant("ALL PRIVILEGES ON *.*")
                } else {
                    let own = self.facts.database();
                    format!("{} union all {}", grant("USAGE ON *.*"), grant(&format!("ALL PRIVILEGES ON `{own}`.*")))
                }
            }
            ["show", "engines", ..] => "select 'InnoDB' as Engine, 'DEFAULT' as Support, 'Supports transactions, row-level locking, and foreign keys' as Comment, 'YES' as Transactions, 'YES' as XA, 'YES' as Savepoints".to_owned(),
            ["show", "collation", ..] => "select 'utf8_general_ci' as Collation, 'utf8' as Charset, 33 as Id, 'Yes' as `Default`, 'Yes' as Compiled, 1 as Sortlen".to_owned(),
            ["show", "character", "set", ..] | ["show", "charset", ..] => "select 'utf8' as Charset, 'UTF-8 Unicode' as Description, 'utf8_general_ci' as `Default collation`, 3 as Maxlen".to_owned(),
            ["show", "warnings" | "errors", ..] => "select 'Note' as Level, 0 as Code, '' as Message from information_schema.schemata where 1=0".to_owned(),
            ["show", "index" | "indexes" | "keys", "from" | "in", table, ..] => format!(
                "select TABLE_NAME as `Table`, 0 as Non_unique, 'PRIMARY' as Key_name, 1 as Seq_in_index, COLUMN_NAME as Column_name from information_schema.columns where TABLE_SCHEMA = {} and TABLE_NAME = {} and COLUMN_KEY = 'PRI'",
                quoted(&self.facts.database()), quoted(table)),
            _ => return None,
        })
    }

    fn columns_of(&self, table: &str, database: Option<&str>) -> String {
        let database = database.map_or_else(|| self.facts.database(), str::to_owned);
        format!(
            "select COLUMN_NAME as Field, COLUMN_TYPE as Type, IS_NULLABLE as `Null`, COLUMN_KEY as `Key`, COLUMN_DEFAULT as `Default`, EXTRA as Extra from information_schema.columns where TABLE_SCHEMA = '{database}' and TABLE_NAME = '{}' order by ORDINAL_POSITION",
            table.replace(['\'', '`'], "")
        )
    }

    fn create_table(&self, name: &str) -> Option<String> {
        let object = self.facts.object(&self.facts.database(), |object| {
            object.name.eq_ignore_ascii_case(name.trim_matches('`'))
        })?;
        let table = object.table?;
        let mut lines: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let null = if column.nullable { "DEFAULT NULL" } else { "NOT NULL" };
                let comment = if column.title.is_empty() {
                    String::new()
                } else {
                    format!(" COMMENT '{}'", column.title)
                };
                format!("  `{}` {} {null}{comment}", column.name, column_type(column))
            })
            .collect();
        let keys: Vec<String> = table
            .columns
            .iter()
            .filter(|column| column.key)
            .map(|column| format!("`{}`", column.name))
            .collect();
        if !keys.is_empty() {
            lines.push(format!("  PRIMARY KEY ({})", keys.join(",")));
        }
        let text = format!(
            "CREATE TABLE `{}` (\n{}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8 COMMENT='{}'",
            table.name,
            lines.join(",\n"),
            table.title
        );
        Some(format!("select '{}' as `Table`, '{}' as `Create Table`", table.name, text.replace('\'', "''")))
    }

    fn settings(&self, filter: String) -> String {
        let row = |(name, value): (&String, &String)| {
            format!("select '{name}' as Variable_name, '{}' as Value", value.replace('\'', "''"))
        };
        let mut rows: Vec<String> = self.facts.catalog.server.settings.iter().take(400).map(row).collect();
        rows.push(format!(
            "select 'version' as Variable_name, '{}' as Value",
            self.facts.catalog.server.version
        ));
        format!("select Variable_name, Value from ({}) v where 1=1{filter}", rows.join(" union all "))
    }
}
