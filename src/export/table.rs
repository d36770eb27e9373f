//! Tables as CSV (RFC 4180), safe to open in a spreadsheet.

/// One row. A cell that a spreadsheet would take for a formula gets an apostrophe: attackers know that
/// their words end up in tables.
pub(super) fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// What makes Chinese text readable where a spreadsheet would guess another encoding.
pub(super) const MARK: &str = "\u{feff}";

fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !cell.contains([',', '"', '\r', '\n']) {
        return cell.to_owned();
    }
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_no_quote_ends_one() {
        assert_eq!(row(&["a", "b c", "张"]), "a,b c,张\r\n");
        assert_eq!(
            row(&["=cmd|' /c calc'!A0", "a\"b", "c,d"]),
            "\"'=cmd|' /c calc'!A0\",\"a\"\"b\",\"c,d\"\r\n"
        );
        assert_eq!(row(&["@SUM(1)", "-1"]), "\"'@SUM(1)\",\"'-1\"\r\n");
    }
}
