//! What the printer answers to the commands that ask (PJL Technical Reference Manual, chapters 4 to 9).

use super::command::Command;
use super::files::{Entry, Files, below};
use super::{Behaviour, Variable};
use crate::persona::device::Printer;
use crate::session::Session;

/// Status of a command of the file system (appendix D): the operation is none.
const FILE_NOT_FOUND: u32 = 3;
/// No name.
const BAD_NAME: u32 = 2;
/// There is such a file.
const EXISTS: u32 = 14;

/// Most entries of one listing.
const MAX_ENTRIES: usize = 512;

/// Longest text that the display keeps.
const MAX_DISPLAY: usize = 64;

/// The printer as one intruder sees it.
pub(super) struct Panel<'a> {
    pub(super) behaviour: &'a Behaviour,
    pub(super) session: &'a Session,
}

impl Panel<'_> {
    /// The answer with its end; `None` for commands that have none.
    pub(super) fn answer(&self, command: &Command) -> Option<Vec<u8>> {
        let text = match command.verb.as_str() {
            "INFO" => self.info(command)?,
            "ECHO" => String::new(),
            "INQUIRE" | "DINQUIRE" => format!("{}\r\n", self.inquired(&command.rest)),
            "FSQUERY" => self.query(command),
            "FSDIRLIST" => self.listing(command),
            "FSUPLOAD" => return Some(self.upload(command)),
            _ => return None,
        };
        Some(format!("{}\r\n{text}\x0c", command.again()).into_bytes())
    }

    /// Does what changes something; never answered.
    pub(super) fn change(&self, command: &Command) {
        let files = Files::of(self.behaviour, self.session);
        let path = command.option("NAME").and_then(below);
        match (command.verb.as_str(), path) {
            ("RDYMSG" | "OPMSG" | "STMSG", _) => {
                let text = command.option("DISPLAY").unwrap_or_default();
                let text: String = text.chars().take(MAX_DISPLAY).collect();
                self.put("display", &text);
            }
            ("SET" | "DEFAULT", _) => self.set(command),
            ("INITIALIZE" | "RESET", _) => self.session.overlay().remove(&self.key("display")),
            ("FSMKDIR", Some(path)) => {
                files.make(&path);
            }
            ("FSDELETE", Some(path)) => {
                files.remove(&path);
            }
            _ => {}
        }
    }

    fn key(&self, what: &str) -> String {
        format!("pjlset:{}:{what}", self.session.host().name)
    }

    fn put(&self, what: &str, value: &str) {
        self.session.overlay().put(self.key(what), value.as_bytes().to_vec());
    }

    fn kept(&self, what: &str) -> Option<String> {
        let bytes = self.session.overlay().get(&self.key(what))?;
        Some(String::from_utf8_lossy(&bytes).into_owned()).filter(|text| !text.is_empty())
    }

    fn value(&self, variable: &Variable) -> String {
        self.kept(&variable.name).unwrap_or_else(|| variable.value.clone())
    }

    /// A variable takes what it may be.
    fn set(&self, command: &Command) {
        for variable in &self.behaviour.variables {
            let Some(value) = command.option(&variable.name).map(str::to_ascii_uppercase) else { continue };
            let fits = match (variable.range, variable.choices.as_slice(), value.parse::<i64>()) {
                (true, [low, high], Ok(number)) => {
                    let end = |text: &String| text.parse::<i64>().ok();
                    end(low).is_some_and(|low| low <= number) && end(high).is_some_and(|high| number <= high)
                }
                (true, ..) => false,
                (false, choices, _) => choices.contains(&value),
            };
            if fits {
                self.put(&variable.name, &value);
            }
        }
    }

    fn inquired(&self, rest: &str) -> String {
        let name = rest.rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let known = self.behaviour.variables.iter().find(|variable| variable.name.eq_ignore_ascii_case(name));
        known.map_or_else(|| "\"?\"".to_owned(), |variable| self.value(variable))
    }

    fn info(&self, command: &Command) -> Option<String> {
        let behaviour = self.behaviour;
        Some(match command.rest.to_ascii_uppercase().as_str() {
            "ID" => format!("\"{}\"\r\n", behaviour.model),
            "STATUS" => {
                let shown = self.kept("display").unwrap_or_else(|| behaviour.ready.clone());
                format!("CODE=10001\r\nDISPLAY=\"{shown}\"\r\nONLINE=TRUE\r\n")
            }
            "CONFIG" => behaviour.config.replace('\n', "\r\n"),
            "VARIABLES" => behaviour.variables.iter().map(|variable| self.described(variable)).collect(),
            "MEMORY" => {
                let [total, largest] = behaviour.memory;
                format!("TOTAL={total}\r\nLARGEST={largest}\r\n")
            }
            "PAGECOUNT" => {
                let printer = Printer::of(self.session.pack(), self.session.host());
                format!("{}\r\n", printer.printed(self.session.now()))
            }
            "PRODINFO" => {
                let serial = Printer::of(self.session.pack(), self.session.host()).serial;
                format!("ProductName = \"{}\"\r\nFormatterNumber = \"{serial}\"\r\nSerialNumber = \"{serial}\"\r\n", behaviour.model)
            }
            "FILESYS" => format!(
                " [1 TABLE]\r\n\tVOLUME\tTOTAL SIZE\tFREE SPACE\tLOCATION\tLABEL\tSTATUS\r\n\t0:\t{0}\t{0}\tRAM\t?\tREAD-WRITE\r\n",
                behaviour.volume
            ),
            "USTATUS" => "DEVICE=OFF [3 ENUMERATED]\r\n\tOFF\r\n\tON\r\n\tVERBOSE\r\nJOB=OFF [2 ENUMERATED]\r\n\tOFF\r\n\tON\r\nPAGE=OFF [2 ENUMERATED]\r\n\tOFF\r\n\tON\r\nTIMED=0 [2 RANGE]\r\n\t5\r\n\t300\r\n".to_owned(),
            _ => return None,
        })
    }

    fn described(&self, variable: &Variable) -> String {
        let kind = if variable.range { "RANGE" } else { "ENUMERATED" };
        let choices: String = variable.choices.iter().map(|choice| format!("\t{choice}\r\n")).collect();
        format!("{}={} [{} {kind}]\r\n{choices}", variable.name, self.value(variable), variable.choices.len())
    }

    /// What a name is, or the number of the error.
    fn entry(&self, command: &Command) -> Result<(String, Entry), u32> {
        let path = command.option("NAME").ok_or(BAD_NAME)?;
        let path = below(path).ok_or(FILE_NOT_FOUND)?;
        let entry = Files::of(self.behaviour, self.session).find(&path).ok_or(FILE_NOT_FOUND)?;
        Ok((path, entry))
    }

    fn query(&self, command: &Command) -> String {
        match self.entry(command) {
            Ok((_, Entry::Folder)) => "TYPE=DIR\r\n".to_owned(),
            Ok((_, Entry::File(bytes))) => format!("TYPE=FILE SIZE={}\r\n", bytes.len()),
            Err(error) => format!("FILEERROR={error}\r\n"),
        }
    }

    fn listing(&self, command: &Command) -> String {
        let path = match self.entry(command) {
            Ok((path, Entry::Folder)) => path,
            Ok((_, Entry::File(_))) => return format!("FILEERROR={EXISTS}\r\n"),
            Err(error) => return format!("FILEERROR={error}\r\n"),
        };
        let first = command.number("ENTRY").unwrap_or(1).max(1) - 1;
        let count = command.number("COUNT").unwrap_or(MAX_ENTRIES).min(MAX_ENTRIES);
        let dots = [".", ".."].map(|name| (name.to_owned(), None));
        let all = dots.into_iter().chain(Files::of(self.behaviour, self.session).list(&path));
        let shown = all.skip(first).take(count).map(|(name, size)| match size {
            None => format!("{name} TYPE=DIR\r\n"),
            Some(size) => format!("{name} TYPE=FILE SIZE={size}\r\n"),
        });
        shown.collect()
    }

    fn upload(&self, command: &Command) -> Vec<u8> {
        let name = command.option("NAME").unwrap_or_default();
        let bytes = match self.entry(command) {
            Ok((_, Entry::File(bytes))) => bytes,
            Ok((_, Entry::Folder)) => {
                return format!("{}\r\nFILEERROR={FILE_NOT_FOUND}\r\n\x0c", command.again()).into_bytes();
            }
            Err(error) => return format!("{}\r\nFILEERROR={error}\r\n\x0c", command.again()).into_bytes(),
        };
        let offset = command.number("OFFSET").unwrap_or(0).min(bytes.len());
        let rest = bytes.get(offset..).unwrap_or_default();
        let part =
            rest.get(..command.number("SIZE").unwrap_or(rest.len()).min(rest.len())).unwrap_or_default();
        let head =
            format!("@PJL FSUPLOAD FORMAT:BINARY NAME=\"{name}\" OFFSET={offset} SIZE={}\r\n", part.len());
        [head.as_bytes(), part, b"\x0c"].concat()
    }
}
