//! What the server does now: sessions and statistics.

use rusqlite::types::Value as Cell;

use super::catalogue::{SUPERUSER, entries, roles};
use crate::database::facts::Facts;

fn t(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn n(number: i64) -> Cell {
    Cell::Integer(number)
}

/// Views whose names begin with `pg_stat`.
pub(super) fn add(name: &str, facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    match name {
        "pg_stat_activity" => sessions(facts, put),
        "pg_stat_user_tables" | "pg_stat_all_tables" | "pg_statio_user_tables" | "pg_statio_all_tables" => {
            tables(facts, put);
        }
        "pg_stat_user_indexes" | "pg_stat_all_indexes" => indexes(facts, put),
        "pg_stat_database" => databases(facts, put),
        "pg_stat_ssl" => put(vec![("pid", n(i64::from(facts.session))), ("ssl", n(0))]),
        _ => {}
    }
}

fn sessions(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let now = facts.now().strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
    let started = facts.started().strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
    for (pid, kind) in [
        (1_084, "checkpointer"),
        (1_085, "background writer"),
        (1_087, "walwriter"),
        (1_088, "autovacuum launcher"),
        (1_089, "logical replication launcher"),
    ] {
        put(vec![("pid", n(pid)), ("backend_start", t(started.as_str())), ("backend_type", t(kind))]);
    }
    let role = roles(facts).into_iter().find(|(_, name, _)| *name == facts.login);
    let database = facts.databases().into_iter().find(|(name, _)| *name == facts.database());
    put(vec![
        ("datid", n(database.map_or(5, |(_, id)| 16_384 + i64::from(id)))),
        ("datname", t(facts.database())),
        ("pid", n(i64::from(facts.session))),
        ("usesysid", n(role.map_or(SUPERUSER, |(oid, ..)| oid))),
        ("usename", t(facts.login.as_str())),
        ("application_name", t(facts.client.1.as_str())),
        ("client_addr", t(facts.client.0.as_str())),
        ("backend_start", t(now.as_str())),
        ("xact_start", t(now.as_str())),
        ("query_start", t(now.as_str())),
        ("state_change", t(now.as_str())),
        ("state", t("active")),
        ("query", t(facts.state().source.clone())),
        ("backend_type", t("client backend")),
    ]);
}

fn tables(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    for entry in entries(facts) {
        let Some(table) = entry.table() else { continue };
        let rows = facts.estimate(table);
        put(vec![
            ("relid", n(entry.oid)),
            ("schemaname", t(&entry.object.schema)),
            ("relname", t(&entry.object.name)),
            ("seq_scan", n(rows % 97)),
            ("seq_tup_read", n(rows.saturating_mul(rows % 97))),
            ("idx_scan", n(rows.saturating_mul(3))),
            ("idx_tup_fetch", n(rows.saturating_mul(3))),
            ("n_tup_ins", n(rows)),
            ("n_tup_upd", n(rows / 7)),
            ("n_tup_del", n(0)),
            ("n_tup_hot_upd", n(rows / 11)),
            ("n_live_tup", n(rows)),
            ("n_dead_tup", n(rows / 400)),
            ("n_mod_since_analyze", n(rows / 90)),
            ("heap_blks_read", n(rows / 40)),
            ("heap_blks_hit", n(rows.saturating_mul(2))),
        ]);
    }
}

fn indexes(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    for entry in entries(facts) {
        for index in &entry.indexes {
            put(vec![
                ("relid", n(entry.oid)),
                ("indexrelid", n(index.oid)),
                ("schemaname", t(&entry.object.schema)),
                ("relname", t(&entry.object.name)),
                ("indexrelname", t(&index.name)),
                ("idx_scan", n(entry.oid % 4_093)),
                ("idx_tup_read", n(entry.oid % 8_191)),
                ("idx_tup_fetch", n(entry.oid % 2_039)),
            ]);
        }
    }
}

fn databases(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    for (name, id) in facts.databases() {
        put(vec![
            ("datid", n(16_384 + i64::from(id))),
            ("datname", t(name.as_str())),
            ("numbackends", n(i64::from(name == facts.database()))),
        ]);
    }
}
