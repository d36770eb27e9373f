//! Located errors: file, line, what was expected.

use std::fmt;

/// One fault in a file of our user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as the user would name it.
    pub file: String,
    /// Line, from 1, where known.
    pub line: Option<usize>,
    /// What is wrong and what was expected.
    pub problem: String,
}

impl Fault {
    /// A fault of a whole file.
    pub fn of_file(file: impl Into<String>, problem: impl Into<String>) -> Self {
        Fault { file: file.into(), line: None, problem: problem.into() }
    }

    /// A fault at a byte offset of the file's text.
    pub fn at(file: impl Into<String>, text: &str, offset: usize, problem: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        Fault { file: file.into(), line: Some(line), problem: problem.into() }
    }

    /// A TOML error with its place.
    pub fn of_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let problem = error.message().to_owned();
        match error.span() {
            Some(span) => Fault::at(file, text, span.start, problem),
            None => Fault::of_file(file, problem),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

/// All faults found in one load: never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Faults(vec![fault])
    }
}
