//! A column as one line of the schema file: `syxh numeric(12,0) not null pk = encounter.serial -- 首页序号`.

use super::binding::Binding;
use crate::database::SqlType;

/// A column of a table.
#[derive(Debug, Clone)]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: SqlType,
    /// Whether values may be missing.
    pub nullable: bool,
    /// Whether it belongs to the primary key.
    pub key: bool,
    /// Whether the server counts it up itself.
    pub identity: bool,
    /// What fills it; `None` in a table whose rows are given.
    pub binding: Option<Binding>,
    /// What it means, in Chinese; may be empty.
    pub title: String,
}

impl ColumnSpec {
    /// Reads one line.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(line: &str) -> Result<ColumnSpec, String> {
        let (rest, title) = line.split_once(" -- ").unwrap_or((line, ""));
        let (rest, binding) = match rest.split_once(" = ") {
            Some((rest, binding)) => (rest, Some(Binding::parse(binding.trim())?)),
            None => (rest, None),
        };
        let (name, rest) = rest.trim().split_once(' ').ok_or("expected `name type`")?;
        let mut ty = rest.trim();
        let mut key = false;
        let mut nullable = true;
        loop {
            if let Some(shorter) = ty.strip_suffix(" pk") {
                (ty, key, nullable) = (shorter.trim_end(), true, false);
            } else if let Some(shorter) = ty.strip_suffix(" not null") {
                (ty, nullable) = (shorter.trim_end(), false);
            } else if let Some(shorter) = ty.strip_suffix(" null") {
                ty = shorter.trim_end();
            } else {
                break;
            }
        }
        let ty = SqlType::parse(ty).ok_or_else(|| format!("`{ty}` is no type of any product"))?;
        let title = title.trim().to_owned();
        Ok(ColumnSpec { name: name.to_owned(), ty, nullable, key, identity: false, binding, title })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_all_of_a_column() {
        let column =
            ColumnSpec::parse("syxh numeric(12,0) not null pk = encounter.serial -- 首页序号").unwrap();
        assert_eq!((column.name.as_str(), column.ty.display()), ("syxh", "numeric(12,0)".to_owned()));
        assert!(column.key && !column.nullable && column.binding.is_some());
        assert_eq!(column.title, "首页序号");
        assert!(ColumnSpec::parse("memo varchar(60)").unwrap().binding.is_none());
        assert!(ColumnSpec::parse("memo").is_err());
        assert!(ColumnSpec::parse("memo strange = null").is_err());
        assert!(ColumnSpec::parse("memo int = patient.shoesize").unwrap_err().contains("patient.shoesize"));
    }
}
