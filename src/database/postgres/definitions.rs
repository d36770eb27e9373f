//! Definitions of objects as the server writes them out.

use super::catalogue::{Entry, Index};

/// A name, in quotes where it needs them.
pub(in crate::database) fn ident(name: &str) -> String {
    let plain = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let reserved = ["user", "order", "group", "table", "select", "from", "where", "check", "default", "end"];
    if plain && !reserved.contains(&name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

fn columns(entry: &Entry, index: &Index) -> String {
    let all = entry.columns();
    let names =
        index.columns.iter().filter_map(|number| all.get(number - 1)).map(|column| ident(&column.name));
    names.collect::<Vec<_>>().join(", ")
}

/// `CREATE INDEX …`.
pub(in crate::database) fn index(entry: &Entry, index: &Index) -> String {
    format!(
        "CREATE {}INDEX {} ON {}.{} USING btree ({})",
        if index.primary { "UNIQUE " } else { "" },
        ident(&index.name),
        ident(&entry.object.schema),
        ident(&entry.object.name),
        columns(entry, index)
    )
}

/// `PRIMARY KEY (…)`.
pub(in crate::database) fn key(entry: &Entry) -> Option<String> {
    let primary = entry.indexes.iter().find(|index| index.primary)?;
    Some(format!("PRIMARY KEY ({})", columns(entry, primary)))
}

/// A view's query.
pub(in crate::database) fn view(entry: &Entry) -> String {
    let text = entry.object.text.split_once("AS\r\n").map_or(entry.object.text.as_str(), |(_, text)| text);
    format!(" {};", text.trim().trim_end_matches(';'))
}
