//! What a shell line means, after POSIX XCU 2.9 and the parts of bash 5.2 that intruders use.

use std::sync::Arc;

/// Commands in order.
pub type Script = Vec<Item>;

/// One and-or list of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// First pipeline.
    pub first: Pipeline,
    /// The rest, each behind `&&` or `||`.
    pub rest: Vec<(Junction, Pipeline)>,
    /// What was typed, when it ended in `&`: it runs in the background.
    pub background: Option<String>,
}

/// How two pipelines are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Junction {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Whether it began with `!`.
    pub negated: bool,
    /// Whether it began with `time`.
    pub timed: bool,
    /// At least one.
    pub commands: Vec<Command>,
}

/// One command with its redirections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it is.
    pub kind: Kind,
    /// Its redirections, left to right.
    pub redirects: Vec<Redirect>,
}

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assign {
    /// The variable.
    pub name: String,
    /// What stands between brackets.
    pub key: Option<Word>,
    /// Whether it is `+=`.
    pub append: bool,
    /// What is assigned.
    pub value: Value,
}

/// What is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Word),
    /// The elements of an array, with their keys where they are given.
    List(Vec<(Option<Word>, Word)>),
}

/// Which elements of an array are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// `[@]`
    Each,
    /// `[*]`
    Joined,
    /// `[key]`
    At(Word),
}

/// The kinds of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Assignments and words.
    Simple {
        /// `NAME=value` before the first word.
        assigns: Vec<Assign>,
        /// The command's name and arguments.
        words: Vec<Word>,
        /// `NAME=(…)` behind `declare` and its kin.
        lists: Vec<Assign>,
    },
    /// `{ …; }`
    Group(Script),
    /// `( … )`
    Subshell(Script),
    /// `if … then … [elif …] [else …] fi`
    If {
        /// Condition and body, in order.
        arms: Vec<(Script, Script)>,
        /// The `else` body.
        otherwise: Option<Script>,
    },
    /// `while … do … done`, or `until`.
    While {
        /// Whether it runs until the condition holds.
        until: bool,
        /// The condition.
        condition: Script,
        /// The body.
        body: Script,
    },
    /// `for NAME in words; do … done`
    For {
        /// The variable.
        name: String,
        /// Words to walk; absent for `"$@"`.
        words: Option<Vec<Word>>,
        /// The body.
        body: Script,
    },
    /// `for ((a; b; c)); do … done`
    Count {
        /// The three expressions.
        parts: [Word; 3],
        /// The body.
        body: Script,
    },
    /// `case word in pattern) … ;; esac`
    Case {
        /// What is looked at.
        subject: Word,
        /// Patterns and their bodies.
        arms: Vec<(Vec<Word>, Script)>,
    },
    /// `name() command`
    Function {
        /// Its name.
        name: String,
        /// Its body.
        body: Arc<Command>,
    },
    /// `(( expression ))`
    Arithmetic(Word),
    /// `[[ expression ]]`: its words.
    Test(Vec<Word>),
}

/// One redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The descriptor: 0, 1 or 2; [`BOTH`] for `&>`.
    pub fd: u8,
    /// What is done to it.
    pub to: Target,
}

/// Stands for standard output and error together.
pub const BOTH: u8 = 255;

/// Where a redirection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `< file`
    Read(Word),
    /// `> file`
    Write(Word),
    /// `>> file`
    Append(Word),
    /// `<> file`
    Both(Word),
    /// `>& fd`, `<& fd`; `-` closes.
    Duplicate(Word),
    /// `<< word` or `<<< word`: the text itself.
    Here(Word),
}

/// A word: parts that are joined after expansion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word(pub Vec<Part>);

/// One part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Plain text; quoted text is never split or globbed.
    Text {
        /// The text.
        text: String,
        /// Whether it was quoted.
        quoted: bool,
    },
    /// `$name`, `${name…}`
    Parameter {
        /// Its name (`HOME`, `1`, `@`).
        name: String,
        /// Which elements, of an array.
        index: Option<Index>,
        /// What is done to its value.
        change: Change,
        /// Whether inside double quotes.
        quoted: bool,
    },
    /// `$(…)` or backticks.
    Substitution {
        /// The script inside.
        script: Script,
        /// Whether inside double quotes.
        quoted: bool,
    },
    /// `<(…)`: the name of a pipe that holds what the script prints.
    Process(Script),
    /// `$((…))`
    Arithmetic {
        /// The expression.
        expression: Word,
        /// Whether inside double quotes.
        quoted: bool,
    },
}

/// What `${name…}` does to the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// `${!name[@]}`: the keys.
    Keys,
    /// `${!name}`: the value of the variable that it names.
    Indirect,
    /// `${#name}`
    Length,
    /// `-`, `=`, `+`, `?`; with a colon the empty value counts as unset.
    Default {
        /// Which of the four.
        operator: char,
        /// Whether `:` stood before it.
        colon: bool,
        /// The word behind it.
        word: Word,
    },
    /// `#`, `##`, `%`, `%%`: removes a prefix or suffix.
    Trim {
        /// From the end.
        suffix: bool,
        /// The longest match.
        longest: bool,
        /// The pattern.
        pattern: Word,
    },
    /// `/pattern/text` and `//pattern/text`
    Replace {
        /// Every match.
        all: bool,
        /// The pattern.
        pattern: Word,
        /// What takes its place.
        with: Word,
    },
    /// `:offset[:length]`
    Slice {
        /// Offset, an expression.
        offset: Word,
        /// Length, an expression.
        length: Option<Word>,
    },
    /// `^`, `^^`, `,`, `,,`
    Case {
        /// To upper case.
        upper: bool,
        /// Every letter.
        all: bool,
    },
}

impl Word {
    /// A word of plain, unquoted text.
    pub fn plain(text: impl Into<String>) -> Self {
        Word(vec![Part::Text { text: text.into(), quoted: false }])
    }

    /// Its text when it is only unquoted text.
    pub fn bare(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text { text, quoted: false }] => Some(text),
            _ => None,
        }
    }
}
