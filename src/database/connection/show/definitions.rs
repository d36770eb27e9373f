//! Objects of MySQL as the statements that make them.

use super::quoted;
use crate::database::catalog::Table;
use crate::database::connection::Connection;
use crate::database::facts::Object;
use crate::database::problem::Problem;
use crate::database::system::{column_type, visible};

impl Connection {
    /// `SHOW CREATE TABLE`, and of a view.
    pub(super) fn create_table(&self, database: &str, name: &str) -> Result<String, Problem> {
        let object = self.seen(database, name)?;
        let Some(table) = &object.table else {
            let query = object.text.split_once(" AS\r\n").map_or("", |(_, query)| query);
            let text = format!(
                "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW `{}` AS {query}",
                object.name
            );
            return Ok(format!(
                "select {} as `View`, {} as `Create View`, 'utf8mb4' as character_set_client, \
                 'utf8mb4_general_ci' as collation_connection",
                quoted(&object.name),
                quoted(&text)
            ));
        };
        let text = definition(table);
        Ok(format!("select {} as `Table`, {} as `Create Table`", quoted(&table.name), quoted(&text)))
    }

    /// `SHOW CREATE DATABASE`.
    pub(super) fn create_database(&self, name: &str) -> Result<String, Problem> {
        let known = visible(&self.facts).into_iter().find(|known| known.eq_ignore_ascii_case(name));
        let name = known.ok_or_else(|| Problem::NoDatabase(name.to_owned()))?;
        let text = format!("CREATE DATABASE `{name}` /*!40100 DEFAULT CHARACTER SET utf8 */");
        Ok(format!("select {} as `Database`, {} as `Create Database`", quoted(&name), quoted(&text)))
    }

    /// A table or view that the account sees.
    pub(super) fn seen(&self, database: &str, name: &str) -> Result<Object, Problem> {
        if !visible(&self.facts).iter().any(|seen| seen.eq_ignore_ascii_case(database)) {
            return Err(Problem::NoDatabase(database.to_owned()));
        }
        let found = self
            .facts
            .object(database, |object| object.kind != 'P' && object.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| Problem::NoObject(format!("{database}.{name}")))
    }
}

fn definition(table: &Table) -> String {
    let mut lines: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "DEFAULT NULL" } else { "NOT NULL" };
            let comment =
                if column.title.is_empty() { String::new() } else { format!(" COMMENT '{}'", column.title) };
            format!("  `{}` {} {null}{comment}", column.name, column_type(column))
        })
        .collect();
    let named = |columns: Vec<&str>| {
        columns.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(",")
    };
    let keys: Vec<&str> =
        table.columns.iter().filter(|column| column.key).map(|column| column.name.as_str()).collect();
    if !keys.is_empty() {
        lines.push(format!("  PRIMARY KEY ({})", named(keys)));
    }
    lines.extend(table.indexes.iter().map(|(name, columns)| {
        format!("  KEY `{name}` ({})", named(columns.iter().map(String::as_str).collect()))
    }));
    let comment = if table.title.is_empty() { String::new() } else { format!(" COMMENT='{}'", table.title) };
    let (name, lines) = (&table.name, lines.join(",\n"));
    format!("CREATE TABLE `{name}` (\n{lines}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8{comment}")
}
