//! What can go wrong with a statement, whatever the product says of it.

/// What a table says when a statement has done too much work for one row.
pub(super) const TOO_MUCH_WORK: &str = "@work";

/// A statement that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// The text can't be parsed; near this word.
    Syntax(String),
    /// It ends too early or has a quote that is not closed.
    Unclosed(String),
    /// It is nested too deeply or too long.
    TooDeep,
    /// No such table or view.
    NoObject(String),
    /// No such column.
    NoColumn(String),
    /// A column that several tables have.
    Ambiguous(String),
    /// No such function.
    NoFunction(String),
    /// A function has another number of arguments.
    Arguments(String),
    /// No such procedure.
    NoProcedure(String),
    /// No such database.
    NoDatabase(String),
    /// A database that is off line.
    Offline(String),
    /// Another connection ended the statement.
    Interrupted,
    /// Another connection ended this one.
    Killed,
    /// A variable that was not declared.
    NoVariable(String),
    /// A procedure wants a parameter that was not given.
    NoParameter(String, String),
    /// The object is there already.
    Exists(String),
    /// An object can't be dropped: not there or not allowed.
    NotDropped(String),
    /// Division by zero.
    Zero,
    /// A text is no number, date or the like: value and type.
    Conversion(String, String),
    /// A text is no point in time.
    NoDate,
    /// A number has no room in its type.
    Overflow(String),
    /// A subquery gave more than one row.
    ManyRows,
    /// A select list of a union or an insert has another number of columns.
    Columns,
    /// A column that may not be NULL: column and table.
    NotNull(String, String),
    /// A second row with the same key: index and table.
    Duplicate(String, String),
    /// Not allowed: what, on which object, and to whom.
    Denied { right: String, object: String, account: String },
    /// Not allowed to make an object: what (`CREATE TABLE`), in which database, its name, and to whom.
    NotMade { what: &'static str, database: String, object: String, account: String },
    /// Only an administrator may.
    NoRight(String),
    /// The server gives no more memory or room to one statement.
    Resources,
    /// No more room for changes.
    Full(String),
    /// A component that is switched off (`xp_cmdshell`).
    Disabled(String),
    /// The configuration option does not exist, or is an advanced one.
    NoOption(String),
    /// A login that does not exist.
    NoLogin(String),
    /// A server that is not linked.
    NoServer(String),
    /// The linked or remote server can't be reached: provider and server.
    Unreachable(String),
    /// A file can't be opened.
    NoFile(String),
    /// Understood by the product, not by this server: a short name of it.
    Unsupported(String),
    /// A column outside of an aggregate that is not grouped.
    NotGrouped(String),
    /// COMMIT or ROLLBACK without BEGIN.
    NoTransaction(&'static str),
    /// A definition that is not the first statement of its batch: what is defined.
    NotFirst(&'static str),
    /// A MERGE without its semicolon.
    Unterminated,
    /// An error that ends the batch: number, class, state, text.
    Thrown(Box<(u32, u8, u8, String)>),
    /// An error that the batch raised itself: number, class, state, text.
    Raised(u32, u8, u8, String),
    /// An error in PostgreSQL's own words.
    Said(Box<Said>),
}

/// An error in PostgreSQL's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// SQLSTATE.
    pub code: &'static str,
    /// What is wrong.
    pub text: String,
    /// More of it.
    pub detail: String,
    /// What would be right.
    pub hint: String,
    /// The character of the statement, from 1; 0 for none.
    pub position: u32,
}

impl Said {
    /// An error of a state that functions name.
    fn of(code: &str, text: String) -> Problem {
        let known = ["42501", "42704", "22023", "55P02", "58P01", "2201B"];
        let code = known.into_iter().find(|known| *known == code).unwrap_or("22023");
        Problem::Said(Box::new(Said { code, text, ..Said::default() }))
    }
}

impl Problem {
    /// Whether its message shows a value that the statement read.
    pub(super) fn quotes_a_value(&self) -> bool {
        matches!(self, Problem::Conversion(..) | Problem::Overflow(_) | Problem::Duplicate(..))
    }

    /// From what the engine said.
    pub(super) fn of_engine(code: i32, text: &str) -> Problem {
        let after =
            |prefix: &str| text.strip_prefix(prefix).map(|rest| rest.trim().trim_matches('"').to_owned());
        if let Some(problem) = Problem::of_mark(text) {
            return problem;
        }
        if let Some(name) = after("no such table: ") {
            return Problem::NoObject(name.strip_prefix("main.").unwrap_or(&name).to_owned());
        }
        if let Some(name) = after("no such column: ") {
            let name = name.split("\" - should").next().unwrap_or_default().replace('"', "");
            return Problem::NoColumn(name);
        }
        if let Some(name) = after("ambiguous column name: ") {
            return Problem::Ambiguous(name);
        }
        if let Some(name) = after("no such function: ") {
            return Problem::NoFunction(name);
        }
        if let Some(name) = after("wrong number of arguments to function ") {
            return Problem::Arguments(name.trim_end_matches("()").to_owned());
        }
        if let Some(rest) = text.strip_prefix("near \"") {
            return Problem::Syntax(rest.split('"').next().unwrap_or_default().to_owned());
        }
        if let Some(rest) = after("NOT NULL constraint failed: ") {
            let (table, column) = rest.rsplit_once('.').unwrap_or(("", &rest));
            return Problem::NotNull(column.to_owned(), table.to_owned());
        }
        if let Some(rest) = after("UNIQUE constraint failed: ") {
            let table = rest.rsplit_once('.').map_or("", |(table, _)| table);
            return Problem::Duplicate("PRIMARY KEY".to_owned(), table.to_owned());
        }
        if text.ends_with("already exists") {
            return Problem::Exists(text.split('"').nth(1).unwrap_or_default().to_owned());
        }
        if text.contains("values for") || text.contains("same number of result columns") {
            return Problem::Columns;
        }
        if text.starts_with("misuse of aggregate") {
            return Problem::NotGrouped(text.rsplit(' ').next().unwrap_or_default().to_owned());
        }
        match code {
            rusqlite::ffi::SQLITE_FULL => Problem::Full("tempdb".to_owned()),
            rusqlite::ffi::SQLITE_INTERRUPT | rusqlite::ffi::SQLITE_NOMEM | rusqlite::ffi::SQLITE_TOOBIG => {
                Problem::Resources
            }
            _ => Problem::Unsupported(text.chars().take(80).collect()),
        }
    }

    /// A mark by which functions and tables tell what went wrong: `@zero`, `@cast|abc|int`.
    fn of_mark(text: &str) -> Option<Problem> {
        let at = text.find('@')?;
        let mut parts = text.get(at..)?.split('\u{1f}');
        let (mark, first) = (parts.next()?, parts.next().unwrap_or_default().to_owned());
        let second = parts.next().unwrap_or_default().to_owned();
        match mark {
            TOO_MUCH_WORK => Some(Problem::Resources),
            "@zero" => Some(Problem::Zero),
            "@cast" => Some(Problem::Conversion(first, second)),
            "@date" => Some(Problem::NoDate),
            "@overflow" => Some(Problem::Overflow(first)),
            "@rows" => Some(Problem::ManyRows),
            "@said" => Some(Said::of(&first, second)),
            "@setting" => {
                Some(Said::of("42704", format!("unrecognized configuration parameter \"{first}\"")))
            }
            "@regex" => Some(Said::of("2201B", format!("invalid regular expression: \"{first}\""))),
            "@file" => Some(Said::of(
                "58P01",
                format!("could not open file \"{first}\" for reading: No such file or directory"),
            )),
            "@arguments" => Some(Problem::Arguments(first)),
            _ => None,
        }
    }
}

/// A mark for an error inside of a function.
pub(super) fn mark(mark: &str, parts: &[&str]) -> rusqlite::Error {
    let mut text = mark.to_owned();
    for part in parts {
        text.push('\u{1f}');
        text.extend(part.chars().take(200));
    }
    rusqlite::Error::UserFunctionError(text.into())
}
