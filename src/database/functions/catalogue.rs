//! Functions that ask about the server, its databases and the connection.

use rusqlite::types::Value as Cell;

use super::{Answer, Function, function, maybe_text, maybe_whole, number_of, text, text_of, whole, whole_of};
use crate::database::facts::{Facts, Object};
use crate::database::postgres::{PgType, format_type};

pub(super) static FUNCTIONS: &[Function] = &[
    function("db_name", "s", (0, 1), |facts, a| match whole_of(a, 0) {
        None if a.is_empty() => text(facts.database()),
        id => maybe_text(
            facts.databases().into_iter().find(|(_, db)| Some(i64::from(*db)) == id).map(|(name, _)| name),
        ),
    }),
    function("db_id", "s", (0, 1), |facts, a| {
        let name = text_of(a, 0).unwrap_or_else(|| facts.database());
        let found = facts.databases().into_iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
        maybe_whole(found.map(|(_, id)| i64::from(id)))
    }),
    function("object_id", "s", (1, 2), |facts, a| {
        maybe_whole(object_named(facts, a).map(|o| i64::from(o.id)))
    }),
    function("object_name", "s", (1, 2), |facts, a| maybe_text(object_of(facts, a).map(|o| o.name))),
    function("object_schema_name", "s", (1, 2), |facts, a| maybe_text(object_of(facts, a).map(|o| o.schema))),
    function("object_definition", "s", (1, 1), |facts, a| {
        maybe_text(object_of(facts, a).map(|o| o.text).filter(|text| !text.is_empty()))
    }),
    function("objectproperty", "s", (2, 2), |facts, a| {
        let asked = text_of(a, 1).unwrap_or_default().to_lowercase();
        maybe_whole(object_of(facts, a).and_then(|object| match asked.as_str() {
            "istable" | "isusertable" => Some(i64::from(object.kind == 'U')),
            "isview" => Some(i64::from(object.kind == 'V')),
            "isprocedure" => Some(i64::from(object.kind == 'P')),
            "ismsshipped" | "issystemtable" => Some(0),
            "ownerid" => Some(1),
            _ => None,
        }))
    }),
    function("objectpropertyex", "s", (2, 2), |_, _| Ok(Cell::Null)),
    function("columnproperty", "s", (3, 3), |_, _| whole(0)),
    function("indexproperty", "s", (3, 3), |_, _| whole(0)),
    function("col_length", "s", (2, 2), |facts, a| {
        let table = object_named(facts, a).and_then(|object| object.table);
        let length = table.and_then(|table| {
            let at = table.column(&text_of(a, 1)?)?;
            Some(i64::from(super::super::system::byte_length(&table.columns.get(at)?.ty)))
        });
        maybe_whole(length)
    }),
    function("col_name", "s", (2, 2), |facts, a| {
        let table = object_of(facts, a).and_then(|object| object.table);
        let at = whole_of(a, 1).and_then(|at| usize::try_from(at - 1).ok());
        maybe_text(table.zip(at).and_then(|(table, at)| Some(table.columns.get(at)?.name.clone())))
    }),
    function("schema_name", "s", (0, 1), |_, a| match whole_of(a, 0) {
        None | Some(1) => text("dbo"),
        Some(3) => text("INFORMATION_SCHEMA"),
        Some(4) => text("sys"),
        Some(_) => Ok(Cell::Null),
    }),
    function("schema_id", "s", (0, 1), |_, a| {
        match text_of(a, 0).map(|name| name.to_lowercase()).as_deref() {
            None | Some("dbo") => whole(1),
            Some("sys") => whole(4),
            Some("information_schema") => whole(3),
            Some(_) => Ok(Cell::Null),
        }
    }),
    function("type_name", "s", (1, 1), |_, a| {
        maybe_text(whole_of(a, 0).and_then(super::super::system::type_name))
    }),
    function("user_name", "s", (0, 1), |facts, _| text(user(facts))),
    function("user_id", "s", (0, 1), |_, _| whole(1)),
    function("suser_name", "s", (0, 1), |facts, _| text(&facts.login)),
    function("suser_sname", "s", (0, 1), |facts, a| match a.first() {
        None => text(&facts.login),
        Some(Cell::Blob(sid)) if sid == &[1] => text("sa"),
        Some(_) => text(&facts.login),
    }),
    function("suser_id", "s", (0, 1), |facts, _| {
        whole(if facts.login.eq_ignore_ascii_case("sa") { 1 } else { 267 })
    }),
    function("suser_sid", "s", (0, 1), |_, _| Ok(Cell::Blob(vec![1]))),
    function("original_login", "s", (0, 0), |facts, _| text(&facts.login)),
    function("host_name", "s", (0, 0), |facts, _| text(&facts.client.0)),
    function("host_id", "s", (0, 0), |_, _| text("7332")),
    function("app_name", "s", (0, 0), |facts, _| text(&facts.client.1)),
    function("is_srvrolemember", "s", (1, 2), |facts, a| {
        let role = text_of(a, 0).unwrap_or_default().to_lowercase();
        let known = [
            "sysadmin",
            "serveradmin",
            "securityadmin",
            "setupadmin",
            "processadmin",
            "diskadmin",
            "dbcreator",
            "bulkadmin",
            "public",
        ];
        match (known.contains(&role.as_str()), text_of(a, 1)) {
            (false, _) => Ok(Cell::Null),
            (true, _) if role == "public" => whole(1),
            (true, Some(other)) => {
                let login = facts.catalog.login(&other);
                maybe_whole(login.map(|login| i64::from(login.administrator)))
            }
            (true, None) => whole(i64::from(facts.administrator)),
        }
    }),
    function("is_member", "s", (1, 1), member),
    function("is_rolemember", "s", (1, 2), member),
    function("has_dbaccess", "s", (1, 1), |facts, a| {
        let name = text_of(a, 0).unwrap_or_default();
        let there = facts.databases().iter().any(|(known, _)| known.eq_ignore_ascii_case(&name));
        maybe_whole(there.then(|| i64::from(facts.may_enter(&name))))
    }),
    function("has_perms_by_name", "s", (3, 5), |facts, _| whole(i64::from(facts.administrator))),
    function("permissions", "s", (0, 2), |facts, _| {
        whole(if facts.administrator { 1_881_108_543 } else { 4096 })
    }),
    function("serverproperty", "s", (1, 1), |facts, a| {
        super::super::system::server_property(facts, &text_of(a, 0).unwrap_or_default())
    }),
    function("databasepropertyex", "s", (2, 2), database_property),
    function("databaseproperty", "s", (2, 2), |_, _| whole(0)),
    function("connectionproperty", "s", (1, 1), |_, a| {
        match text_of(a, 0).unwrap_or_default().to_lowercase().as_str() {
            "net_transport" => text("TCP"),
            "protocol_type" => text("TSQL"),
            "auth_scheme" => text("SQL"),
            "local_tcp_port" => whole(1433),
            _ => Ok(Cell::Null),
        }
    }),
    function("sessionproperty", "s", (1, 1), |_, _| whole(1)),
    function("fulltextserviceproperty", "s", (1, 1), |_, _| whole(0)),
    function("collationproperty", "s", (2, 2), |_, a| {
        match text_of(a, 1).unwrap_or_default().to_lowercase().as_str() {
            "codepage" => whole(936),
            "lcid" => whole(2052),
            _ => Ok(Cell::Null),
        }
    }),
    function("scope_identity", "s", (0, 0), |facts, _| maybe_whole(facts.state().identity)),
    function("ident_current", "s", (1, 1), |_, _| Ok(Cell::Null)),
    function("error_number", "s", (0, 0), |facts, _| {
        maybe_whole(caught(facts, |message| i64::from(message.number)))
    }),
    function("error_message", "s", (0, 0), |facts, _| maybe_text(caught(facts, |m| m.text.clone()))),
    function("error_severity", "s", (0, 0), |facts, _| maybe_whole(caught(facts, |m| i64::from(m.class)))),
    function("error_state", "s", (0, 0), |facts, _| maybe_whole(caught(facts, |m| i64::from(m.state)))),
    function("error_line", "s", (0, 0), |facts, _| maybe_whole(caught(facts, |m| i64::from(m.line)))),
    function("error_procedure", "s", (0, 0), |facts, _| {
        let name = caught(facts, |message| message.procedure.clone());
        maybe_text(name.filter(|name| !name.is_empty()))
    }),
    // Where the cursor is a script's, and what it is called.
    function("cursor_status", "s", (2, 2), |facts, a| {
        let name = text_of(a, 1).unwrap_or_default().to_lowercase();
        let found = facts.state().cursors.iter().find(|(known, _)| *known == name).map(|(_, status)| *status);
        whole(found.unwrap_or(-3))
    }),
    function("rowcount_big", "s", (0, 0), |facts, _| whole(facts.state().row_count)),
    function("load_file", "m", (1, 1), |_, _| Ok(Cell::Null)),
    function("sleep", "m", (1, 1), |facts, a| {
        facts.wait(number_of(a, 0).unwrap_or(0.0));
        whole(0)
    }),
    function("pg_sleep", "p", (1, 1), |facts, a| {
        facts.wait(number_of(a, 0).unwrap_or(0.0));
        text("")
    }),
    // How often, the expression, and how long it takes once in nanoseconds.
    function("benchmark", "m", (3, 3), |facts, a| {
        let (times, once) = (number_of(a, 0).unwrap_or(0.0), number_of(a, 2).unwrap_or(0.0));
        facts.wait(times * once / 1e9);
        whole(0)
    }),
    function("pg_encoding_to_char", "p", (1, 1), |_, _| text("UTF8")),
    function("pg_get_expr", "p", (2, 3), |_, _| Ok(Cell::Null)),
    function("format_type", "p", (2, 2), |_, a| {
        let oid = whole_of(a, 0).and_then(|oid| u32::try_from(oid).ok());
        let modifier = whole_of(a, 1).and_then(|modifier| i32::try_from(modifier).ok()).unwrap_or(-1);
        maybe_text(oid.map(|oid| format_type(PgType { oid, modifier })))
    }),
    function("sys_context", "o", (2, 2), |facts, a| {
        match text_of(a, 1).unwrap_or_default().to_lowercase().as_str() {
            "session_user" | "current_user" | "current_schema" => text(facts.login.to_uppercase()),
            "db_name" | "instance_name" | "service_name" => text(facts.database()),
            "server_host" | "host" => text(facts.catalog.server.name.to_lowercase()),
            "isdba" => text(if facts.administrator { "TRUE" } else { "FALSE" }),
            "sid" => whole(i64::from(facts.session)),
            _ => Ok(Cell::Null),
        }
    }),
];

/// Something of the error whose handler runs.
fn caught<T>(facts: &Facts, what: impl FnOnce(&crate::database::Message) -> T) -> Option<T> {
    facts.state().caught.last().map(what)
}

fn user(facts: &Facts) -> String {
    if facts.administrator { "dbo".to_owned() } else { facts.login.clone() }
}

fn member(facts: &Facts, arguments: &[Cell]) -> Answer {
    let role = text_of(arguments, 0).unwrap_or_default().to_lowercase();
    match role.as_str() {
        "public" => whole(1),
        "db_owner" | "db_datareader" | "db_datawriter" | "db_ddladmin" | "db_securityadmin"
        | "db_accessadmin" | "db_backupoperator" => {
            whole(i64::from(facts.administrator || role == "db_datareader"))
        }
        _ => Ok(Cell::Null),
    }
}

/// The object that the first argument names, in its database or the current one.
fn object_named(facts: &Facts, arguments: &[Cell]) -> Option<Object> {
    let name = text_of(arguments, 0)?.replace(['[', ']', '"'], "");
    let kind = text_of(arguments, 1).filter(|kind| kind.len() <= 2);
    let mut parts: Vec<&str> = name.split('.').collect();
    let name = parts.pop()?;
    let schema = parts.pop().filter(|schema| !schema.is_empty());
    let database = parts.pop().map_or_else(|| facts.database(), str::to_owned);
    facts.object(&database, |object| {
        let kind =
            kind.as_ref().is_none_or(|kind| kind.trim().eq_ignore_ascii_case(&object.kind.to_string()));
        let schema = schema.is_none_or(|schema| schema.eq_ignore_ascii_case(&object.schema));
        kind && schema && object.name.eq_ignore_ascii_case(name)
    })
}

fn object_of(facts: &Facts, arguments: &[Cell]) -> Option<Object> {
    let id = whole_of(arguments, 0)?;
    let database = whole_of(arguments, 1).and_then(|db| {
        facts.databases().into_iter().find(|(_, known)| i64::from(*known) == db).map(|(name, _)| name)
    });
    let database = database.unwrap_or_else(|| facts.database());
    facts.object(&database, |object| i64::from(object.id) == id)
}

fn database_property(facts: &Facts, arguments: &[Cell]) -> Answer {
    let name = text_of(arguments, 0).unwrap_or_default();
    let Some(database) = facts.catalog.database(&name) else { return Ok(Cell::Null) };
    match text_of(arguments, 1).unwrap_or_default().to_lowercase().as_str() {
        "status" => text("ONLINE"),
        "recovery" => text(&database.recovery),
        "collation" => text(&facts.catalog.server.collation),
        "updateability" => text("READ_WRITE"),
        "useraccess" => text("MULTI_USER"),
        "version" => whole(706),
        _ => Ok(Cell::Null),
    }
}
