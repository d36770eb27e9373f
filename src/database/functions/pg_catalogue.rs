//! Functions of PostgreSQL that ask about the catalogue, and those of arrays.

use rusqlite::types::Value as Cell;

use super::pg_sizes::{bytes_of, pretty};
use super::{
    Answer, Function, cell, function, mark, maybe_text, maybe_whole, number_of, text, text_of, whole,
    whole_of,
};
use crate::database::facts::Facts;
use crate::database::postgres::{
    PgType, array_elements, array_text, catalogue, definitions, format_type, ident,
};

pub(super) static FUNCTIONS: &[Function] = &[
    function("pg_object_name", "p", (2, 2), object_name),
    function("pg_array", "p", (1, 127), |_, a| {
        let kind = text_of(a, 0).unwrap_or_default();
        let each = (1..a.len()).map(|at| a.get(at).and_then(|value| element_text(value, &kind)));
        text(array_text(&each.collect::<Vec<_>>()))
    }),
    function("pg_element", "p", (3, 3), |_, a| {
        let (Some(list), Some(at), Some(first)) = (text_of(a, 0), whole_of(a, 1), whole_of(a, 2)) else {
            return Ok(Cell::Null);
        };
        let at = usize::try_from(at - first).ok();
        maybe_text(at.and_then(|at| array_elements(&list).into_iter().nth(at).flatten()))
    }),
    function("pg_number", "p", (1, 1), |_, a| match text_of(a, 0).as_deref() {
        Some("t") => whole(1),
        Some("f") => whole(0),
        Some(words) => {
            Ok(words.parse().map_or_else(|_| words.parse().map_or(Cell::Null, Cell::Real), Cell::Integer))
        }
        None => Ok(Cell::Null),
    }),
    function("pg_slice", "p", (3, 3), |_, a| {
        let Some(list) = text_of(a, 0) else { return Ok(Cell::Null) };
        let low = usize::try_from(whole_of(a, 1).unwrap_or(1).max(1) - 1).unwrap_or(0);
        let high = whole_of(a, 2).map_or(usize::MAX, |high| usize::try_from(high).unwrap_or(0));
        let all = array_elements(&list);
        let part: Vec<_> = all.into_iter().take(high).skip(low).collect();
        text(array_text(&part))
    }),
    function("pg_many", "p", (5, 5), many),
    function("pg_array_cat", "p", (2, 2), |_, a| {
        let part = |at: usize| match a.get(at) {
            Some(Cell::Text(text)) if text.starts_with('{') => array_elements(text),
            Some(Cell::Null) | None => Vec::new(),
            Some(other) => vec![cell::text(other)],
        };
        text(array_text(&[part(0), part(1)].concat()))
    }),
    function("pg_array_compare", "p", (3, 3), |_, a| {
        let (Some(one), Some(other)) = (text_of(a, 0), text_of(a, 1)) else { return Ok(Cell::Null) };
        let (one, other) = (array_elements(&one), array_elements(&other));
        let within =
            |inner: &[Option<String>], outer: &[Option<String>]| inner.iter().all(|x| outer.contains(x));
        whole(i64::from(match text_of(a, 2).as_deref() {
            Some("@>") => within(&other, &one),
            Some("<@") => within(&one, &other),
            _ => one.iter().any(|x| other.contains(x)),
        }))
    }),
    function("pg_array_to_string", "p", (2, 3), |_, a| match (text_of(a, 0), text_of(a, 1)) {
        (Some(list), Some(between)) => {
            let null = text_of(a, 2);
            let each = array_elements(&list).into_iter().filter_map(|x| x.or_else(|| null.clone()));
            text(each.collect::<Vec<_>>().join(&between))
        }
        _ => Ok(Cell::Null),
    }),
    function("pg_string_to_array", "p", (2, 3), |_, a| match (text_of(a, 0), text_of(a, 1)) {
        (Some(words), Some(between)) if !between.is_empty() => {
            text(array_text(&words.split(&between).map(|part| Some(part.to_owned())).collect::<Vec<_>>()))
        }
        (Some(words), _) => text(array_text(&[Some(words)])),
        _ => Ok(Cell::Null),
    }),
    function("pg_array_length", "p", (2, 2), |_, a| length(a)),
    function("pg_array_upper", "p", (2, 2), |_, a| length(a)),
    function("pg_cardinality", "p", (1, 1), |_, a| length(a)),
    function("pg_array_lower", "p", (2, 2), |_, a| {
        Ok(if length(a)? == Cell::Null { Cell::Null } else { Cell::Integer(1) })
    }),
    function("pg_array_position", "p", (2, 2), |_, a| {
        let list = text_of(a, 0).unwrap_or_default();
        let at = array_elements(&list).iter().position(|x| *x == text_of(a, 1));
        maybe_whole(at.and_then(|at| i64::try_from(at + 1).ok()))
    }),
    function("pg_array_append", "p", (2, 2), |_, a| {
        let mut all = array_elements(&text_of(a, 0).unwrap_or_default());
        all.push(text_of(a, 1));
        text(array_text(&all))
    }),
    function("pg_array_remove", "p", (2, 2), |_, a| {
        let Some(list) = text_of(a, 0) else { return Ok(Cell::Null) };
        let gone = text_of(a, 1);
        let rest: Vec<_> = array_elements(&list).into_iter().filter(|x| *x != gone).collect();
        text(array_text(&rest))
    }),
    function("pg_rows_pg_options_to_table", "p", (1, 1), |_, a| {
        let all = array_elements(&text_of(a, 0).unwrap_or_default()).into_iter().flatten();
        let pairs = all.filter_map(|option| {
            let (name, value) = option.split_once('=')?;
            Some((name.to_owned(), serde_json::Value::from(value)))
        });
        text(serde_json::Value::from(pairs.collect::<serde_json::Map<_, _>>()).to_string())
    }),
    function("pg_rows_unnest", "p", (1, 1), |_, a| match text_of(a, 0) {
        Some(list) => rows(array_elements(&list)),
        None => text("[]"),
    }),
    function("pg_rows__pg_expandarray", "p", (1, 1), |_, a| match text_of(a, 0) {
        Some(list) if list.starts_with('{') => rows(array_elements(&list)),
        Some(vector) => rows(vector.split_whitespace().map(|part| Some(part.to_owned())).collect()),
        None => text("[]"),
    }),
    function("pg_rows_generate_series", "p", (2, 3), series),
    function("pg_rows_generate_subscripts", "p", (2, 3), |_, a| {
        let count = array_elements(&text_of(a, 0).unwrap_or_default()).len();
        rows((1..=count).map(|at| Some(at.to_string())).collect())
    }),
    function("pg_rows_string_to_table", "p", (2, 3), |_, a| {
        let (words, between) = (text_of(a, 0).unwrap_or_default(), text_of(a, 1).unwrap_or_default());
        rows(words.split(&between).map(|part| Some(part.to_owned())).collect())
    }),
    function("pg_rows_regexp_split_to_table", "p", (2, 3), |_, a| {
        let (words, between) = (text_of(a, 0).unwrap_or_default(), text_of(a, 1).unwrap_or_default());
        let between = between.replace("\\s+", " ").replace('\\', "");
        rows(words.split(&between).map(|part| Some(part.to_owned())).collect())
    }),
    function("pg_rows_pg_ls_dir", "p", (1, 3), |_, a| {
        let path = text_of(a, 0).unwrap_or_default();
        let base = [
            "base",
            "global",
            "pg_wal",
            "pg_xact",
            "pg_stat",
            "pg_tblspc",
            "PG_VERSION",
            "postmaster.opts",
            "postmaster.pid",
        ];
        match path.trim_end_matches('/') {
            "." | "" | "/var/lib/postgresql/15/main" => {
                rows(base.iter().map(|name| Some((*name).to_owned())).collect())
            }
            "pg_tblspc" | "pg_stat" => text("[]"),
            _ => Err(mark("@file", &[&path])),
        }
    }),
    function("pg_pg_get_userbyid", "p", (1, 1), |facts, a| {
        let wanted = whole_of(a, 0);
        let found = catalogue::roles(facts).into_iter().find(|(oid, ..)| Some(*oid) == wanted);
        match (found, wanted) {
            (Some((_, name, _)), _) => text(name),
            (None, Some(6171)) => text("pg_database_owner"),
            (None, Some(oid)) => text(format!("unknown (OID={oid})")),
            (None, None) => Ok(Cell::Null),
        }
    }),
    function("pg_pg_get_indexdef", "p", (1, 3), index_definition),
    function("pg_pg_get_constraintdef", "p", (1, 2), |facts, a| {
        let wanted = whole_of(a, 0);
        let found = catalogue::entries(facts).into_iter().find(|entry| Some(entry.key()) == wanted);
        maybe_text(found.and_then(|entry| definitions::key(&entry)))
    }),
    function("pg_pg_get_viewdef", "p", (1, 2), |facts, a| {
        let wanted = whole_of(a, 0).or_else(|| catalogue::relation_id(facts, &text_of(a, 0)?));
        let found = catalogue::entries(facts).into_iter().find(|entry| Some(entry.oid) == wanted);
        maybe_text(found.map(|entry| definitions::view(&entry)))
    }),
    function("pg_pg_get_function_identity_arguments", "p", (1, 1), |_, _| text("")),
    function("pg_pg_get_function_arguments", "p", (1, 1), |_, _| text("")),
    function("pg_pg_get_function_result", "p", (1, 1), |_, _| Ok(Cell::Null)),
    function("pg_pg_get_partkeydef", "p", (1, 1), |_, _| Ok(Cell::Null)),
    function("pg_pg_get_serial_sequence", "p", (2, 2), |_, _| Ok(Cell::Null)),
    function("pg_pg_get_triggerdef", "p", (1, 2), |_, _| Ok(Cell::Null)),
    function("pg_pg_get_ruledef", "p", (1, 2), |_, _| Ok(Cell::Null)),
    function("pg_pg_get_statisticsobjdef_columns", "p", (1, 1), |_, _| Ok(Cell::Null)),
    function("pg_pg_relation_is_publishable", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_function_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_type_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_operator_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_opclass_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_opfamily_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_collation_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_conversion_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_ts_config_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_statistics_obj_is_visible", "p", (1, 1), |_, _| whole(1)),
    function("pg_pg_table_is_visible", "p", (1, 1), |facts, a| {
        let Some(wanted) = whole_of(a, 0) else { return Ok(Cell::Null) };
        let Some((schema, _)) = catalogue::relation_name(facts, wanted) else { return Ok(Cell::Null) };
        let path = facts.state().settings.path(&facts.login);
        whole(i64::from(schema == "pg_catalog" || path.contains(&schema)))
    }),
    function("pg_pg_is_other_temp_schema", "p", (1, 1), |_, _| whole(0)),
    function("pg_pg_my_temp_schema", "p", (0, 0), |_, _| whole(0)),
    function("pg_pg_is_in_recovery", "p", (0, 0), |_, _| whole(0)),
    function("pg_pg_export_snapshot", "p", (0, 0), |_, _| text("00000003-0000001B-1")),
    function("pg_txid_current", "p", (0, 0), |facts, _| whole(transaction(facts))),
    function("pg_pg_current_xact_id", "p", (0, 0), |facts, _| text(transaction(facts).to_string())),
    function("pg_pg_current_wal_lsn", "p", (0, 0), |facts, _| {
        text(format!("{:X}/{:08X}", 14, transaction(facts).wrapping_mul(8191) & 0xffff_ffff))
    }),
    function("pg_inet_server_addr", "p", (0, 0), |facts, _| text(facts.catalog.server.name.clone())),
    function("pg_inet_server_port", "p", (0, 0), |_, _| whole(5432)),
    function("pg_inet_client_port", "p", (0, 0), |facts, _| {
        whole(40_000 + i64::from(facts.session % 20_000))
    }),
    function("pg_current_schemas", "p", (1, 1), |facts, a| {
        let mut all = facts.state().settings.path(&facts.login);
        all.retain(|name| name == "public");
        if whole_of(a, 0) == Some(1) {
            all.insert(0, "pg_catalog".to_owned());
        }
        text(array_text(&all.into_iter().map(Some).collect::<Vec<_>>()))
    }),
    function("pg_current_setting", "p", (1, 2), |facts, a| {
        let name = text_of(a, 0).unwrap_or_default();
        let shown = facts.state().settings.show(&name);
        match shown {
            Some((_, value)) => text(value),
            None if whole_of(a, 1) == Some(1) => Ok(Cell::Null),
            None => Err(mark("@setting", &[&name])),
        }
    }),
    function("pg_set_config", "p", (3, 3), |facts, a| {
        let (Some(name), Some(value)) = (text_of(a, 0), text_of(a, 1)) else { return Ok(Cell::Null) };
        let checked = facts.state().settings.check(&name, &value, facts.administrator);
        let value = checked.map_err(|refusal| mark("@said", &[refusal.code, &refusal.message]))?;
        facts.state().settings.put(&name, value.clone(), whole_of(a, 2) == Some(1));
        text(value)
    }),
    function("pg_pg_size_pretty", "p", (1, 1), |_, a| maybe_text(number_of(a, 0).map(pretty))),
    function("pg_pg_relation_size", "p", (1, 2), |facts, a| maybe_whole(bytes_of(facts, a, false))),
    function("pg_pg_table_size", "p", (1, 1), |facts, a| maybe_whole(bytes_of(facts, a, false))),
    function("pg_pg_indexes_size", "p", (1, 1), |facts, a| maybe_whole(bytes_of(facts, a, true))),
    function("pg_pg_total_relation_size", "p", (1, 1), |facts, a| {
        let both = bytes_of(facts, a, false).zip(bytes_of(facts, a, true));
        maybe_whole(both.map(|(one, other)| one + other))
    }),
    function("pg_pg_database_size", "p", (1, 1), |facts, a| {
        let named = text_of(a, 0).unwrap_or_default();
        let found = facts.catalog.databases.iter().find(|database| {
            database.name == named
                || whole_of(a, 0) == Some(16_384 + i64::from(database.id))
                || (database.system && whole_of(a, 0).is_some_and(|oid| oid < 16_384))
        });
        maybe_whole(found.map(|database| i64::from(database.size_mb) * 1_048_576 + 611_311))
    }),
    function("pg_pg_tablespace_location", "p", (1, 1), |_, _| text("")),
    function("pg_pg_tablespace_size", "p", (1, 1), |_, _| whole(61_203_117_311)),
    function("pg_obj_description", "p", (1, 2), |facts, a| Ok(description(facts, whole_of(a, 0), 0))),
    function("pg_col_description", "p", (2, 2), |facts, a| {
        Ok(description(facts, whole_of(a, 0), whole_of(a, 1).unwrap_or(0)))
    }),
    function("pg_shobj_description", "p", (2, 2), |_, a| match whole_of(a, 0) {
        Some(1) => text("default template for new databases"),
        Some(4) => text("unmodifiable empty database"),
        Some(5) => text("default administrative connection database"),
        _ => Ok(Cell::Null),
    }),
    function("pg_has_table_privilege", "p", (2, 3), |facts, _| {
        whole(i64::from(facts.may_change(&facts.database())))
    }),
    function("pg_has_schema_privilege", "p", (2, 3), |_, _| whole(1)),
    function("pg_has_database_privilege", "p", (2, 3), |_, _| whole(1)),
    function("pg_has_column_privilege", "p", (3, 4), |_, _| whole(1)),
    function("pg_has_function_privilege", "p", (2, 3), |_, _| whole(1)),
    function("pg_pg_has_role", "p", (2, 3), |facts, _| whole(i64::from(facts.administrator))),
    function("pg_acldefault", "p", (2, 2), |_, _| Ok(Cell::Null)),
    function("pg_pg_cancel_backend", "p", (1, 1), |_, _| whole(0)),
    function("pg_pg_terminate_backend", "p", (1, 2), |_, _| whole(0)),
    function("pg_pg_read_file", "p", (1, 4), |facts, a| {
        let path = text_of(a, 0).unwrap_or_default();
        let found = crate::database::postgres::server_file(&facts.catalog.server, &path);
        found.map_or_else(|| Err(mark("@file", &[&path])), text)
    }),
    function("pg_lo_import", "p", (1, 2), |facts, a| {
        let path = text_of(a, 0).unwrap_or_default();
        match crate::database::postgres::server_file(&facts.catalog.server, &path) {
            Some(_) => whole(24_577),
            None => Err(mark("@file", &[&path])),
        }
    }),
    function("pg_pg_reload_conf", "p", (0, 0), |_, _| whole(1)),
    function("pg_pg_stat_get_numscans", "p", (1, 1), |_, _| whole(0)),
];

fn transaction(facts: &Facts) -> i64 {
    let state = facts.state();
    40_000 + (state.view.now().as_second() / 7) % 2_000_000_000
}

pub(super) fn element_text(value: &Cell, kind: &str) -> Option<String> {
    match (kind, value) {
        ("bool", Cell::Integer(on)) => Some(if *on == 0 { "f" } else { "t" }.to_owned()),
        _ => cell::text(value),
    }
}

fn length(a: &[Cell]) -> Answer {
    let Some(list) = text_of(a, 0) else { return Ok(Cell::Null) };
    let count = array_elements(&list).len();
    if count == 0 && a.len() > 1 { Ok(Cell::Null) } else { super::size(count) }
}

/// Elements as a list of the engine, numbers as such.
fn rows(all: Vec<Option<String>>) -> Answer {
    let value = |element: Option<String>| match element {
        None => serde_json::Value::Null,
        Some(words) => match words.parse::<i64>() {
            Ok(number) if number.to_string() == words => number.into(),
            _ => words.into(),
        },
    };
    text(serde_json::Value::from(all.into_iter().map(value).collect::<Vec<_>>()).to_string())
}

/// Most rows of `generate_series`.
const MAX_SERIES: usize = 200_000;

fn series(facts: &Facts, a: &[Cell]) -> Answer {
    use crate::database::postgres::moments::{self, Interval};
    let (first, last) = (a.first().unwrap_or(&Cell::Null), a.get(1).unwrap_or(&Cell::Null));
    if let (Cell::Text(from), Cell::Text(to)) = (first, last)
        && let Some(step) = text_of(a, 2).and_then(|step| Interval::read(&step, ""))
    {
        let read = |text: &str| moments::read(text, facts.offset_minutes);
        let (Some(mut at), Some(end)) = (read(from), read(to)) else { return text("[]") };
        let mut all = Vec::new();
        while at <= end && all.len() < MAX_SERIES {
            all.push(Some(moments::written(at)));
            let Some(next) = step.after(at).filter(|next| *next > at) else { break };
            at = next;
        }
        return rows(all);
    }
    let (Some(mut at), Some(end)) = (whole_of(a, 0), whole_of(a, 1)) else { return text("[]") };
    let step = whole_of(a, 2).unwrap_or(1);
    if step == 0 {
        return Err(mark("@said", &["22023", "step size cannot equal zero"]));
    }
    let mut all = Vec::new();
    while (step > 0 && at <= end || step < 0 && at >= end) && all.len() < MAX_SERIES {
        all.push(Some(at.to_string()));
        at = at.saturating_add(step);
    }
    rows(all)
}

fn object_name(facts: &Facts, a: &[Cell]) -> Answer {
    let kind = text_of(a, 0).unwrap_or_default();
    let Some(wanted) = whole_of(a, 1) else { return Ok(Cell::Null) };
    if wanted == 0 {
        return text("-");
    }
    let found = match kind.as_str() {
        "regclass" => catalogue::relation_name(facts, wanted).map(|(schema, name)| {
            let path = facts.state().settings.path(&facts.login);
            let visible = schema == "pg_catalog" || path.contains(&schema);
            if visible { ident(&name) } else { format!("{}.{}", ident(&schema), ident(&name)) }
        }),
        "regtype" => {
            u32::try_from(wanted).ok().map(PgType::of).filter(|ty| ty.known().is_some()).map(format_type)
        }
        "regnamespace" => match wanted {
            11 => Some("pg_catalog".to_owned()),
            catalogue::PUBLIC => Some("public".to_owned()),
            other => {
                (other == catalogue::namespace("information_schema")).then(|| "information_schema".to_owned())
            }
        },
        "regrole" => {
            catalogue::roles(facts).into_iter().find(|(oid, ..)| *oid == wanted).map(|(_, name, _)| name)
        }
        _ => None,
    };
    text(found.unwrap_or_else(|| wanted.to_string()))
}

fn many(_: &Facts, a: &[Cell]) -> Answer {
    let (Some(left), Some(list)) = (text_of(a, 0), text_of(a, 1)) else { return Ok(Cell::Null) };
    let (op, all) = (text_of(a, 2).unwrap_or_default(), whole_of(a, 3) == Some(1));
    let kind = text_of(a, 4).unwrap_or_default();
    let number = PgType::named(&kind).is_some_and(PgType::is_number);
    let left = if kind == "bool" { if left == "1" { "t".to_owned() } else { "f".to_owned() } } else { left };
    let fits = |element: &Option<String>| {
        let Some(right) = element else { return false };
        let order = if number {
            match (left.parse::<f64>(), right.parse::<f64>()) {
                (Ok(one), Ok(other)) => one.total_cmp(&other),
                _ => left.as_str().cmp(right),
            }
        } else {
            left.as_str().cmp(right)
        };
        match op.as_str() {
            "=" => order.is_eq(),
            "<>" | "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            _ => false,
        }
    };
    let elements = array_elements(&list);
    whole(i64::from(if all { elements.iter().all(fits) } else { elements.iter().any(fits) }))
}

fn index_definition(facts: &Facts, a: &[Cell]) -> Answer {
    let Some(wanted) = whole_of(a, 0) else { return Ok(Cell::Null) };
    let column = whole_of(a, 1).and_then(|at| usize::try_from(at).ok()).filter(|at| *at > 0);
    for entry in catalogue::entries(facts) {
        let Some(index) = entry.indexes.iter().find(|index| index.oid == wanted) else { continue };
        return match column {
            None => text(definitions::index(&entry, index)),
            Some(at) => {
                let number = index.columns.get(at - 1).and_then(|number| entry.columns().get(number - 1));
                maybe_text(number.map(|column| ident(&column.name)))
            }
        };
    }
    Ok(Cell::Null)
}

fn description(facts: &Facts, wanted: Option<i64>, column: i64) -> Cell {
    let Some(wanted) = wanted else { return Cell::Null };
    let shown = |text: &str| if text.is_empty() { Cell::Null } else { Cell::Text(text.to_owned()) };
    if wanted == catalogue::PUBLIC && column == 0 {
        return shown("standard public schema");
    }
    for entry in catalogue::entries(facts) {
        if entry.oid == wanted {
            let at = usize::try_from(column - 1).ok();
            return match at {
                None => shown(&entry.object.title),
                Some(at) => entry.columns().get(at).map_or(Cell::Null, |column| shown(&column.title)),
            };
        }
    }
    Cell::Null
}
