//! SET, RESET and SHOW.

use super::backend::{Backend, Transaction};
use super::failure::{Failure, Place};
use super::portal::Portal;
use super::simple::Answer;
use super::statement::Statement;
use super::talk::Talk;
use super::text::{self, Kind, Piece};
use crate::database::Refusal;

const NOT_FOUND: Place = ("guc.c", 5766, "find_option");

impl Talk {
    /// Answers SET, RESET or SHOW.
    ///
    /// # Errors
    /// As the server refuses it.
    pub(super) fn setting(
        &mut self,
        statement: &Statement,
        pieces: &[Piece<'_>],
        out: &mut Backend,
    ) -> Result<Answer, Failure> {
        match statement.word(0) {
            "SET" => self.set(pieces, out).map(|()| Answer::Done(0)),
            "RESET" => self.reset(pieces).map(|()| Answer::Done(0)),
            _ => self.show(statement, pieces),
        }
    }

    /// `SET [SESSION | LOCAL] name { = | TO } value`, `SET TIME ZONE value`, `SET NAMES value`.
    fn set(&mut self, pieces: &[Piece<'_>], out: &mut Backend) -> Result<(), Failure> {
        let scope = pieces.get(1).filter(|piece| piece.is("session") || piece.is("local"));
        let local = scope.is_some_and(|piece| piece.is("local"));
        let rest = pieces.get(if scope.is_some() { 2 } else { 1 }..).unwrap_or_default();
        let word = |at: usize| rest.get(at).map(Piece::value).unwrap_or_default();
        if local && self.transaction == Transaction::Idle {
            let place = ("xact.c", 3590, "CheckTransactionBlock");
            Failure::warning("25P01", "SET LOCAL can only be used in transaction blocks", place).put(out);
            return Ok(());
        }
        let (name, values) = match word(0).as_str() {
            "transaction" | "characteristics" => return self.set_transaction(rest, local),
            "constraints" => return Ok(()),
            "role" => return self.set_role(&word(if word(1) == "to" || word(1) == "=" { 2 } else { 1 })),
            "authorization" => return self.set_role(&word(1)),
            "time" => ("TimeZone".to_owned(), rest.get(2..)),
            "names" => ("client_encoding".to_owned(), rest.get(1..)),
            name => {
                let dotted = rest.get(1).is_some_and(|piece| piece.text == ".");
                let name = if dotted { format!("{name}.{}", word(2)) } else { name.to_owned() };
                let at = if dotted { 3 } else { 1 };
                let joins = word(at) == "=" || word(at) == "to";
                if !joins {
                    return Err(unexpected(rest.get(at)));
                }
                (name, rest.get(at + 1..))
            }
        };
        let Some(values) = values.filter(|values| !values.is_empty()) else { return Err(Failure::ended()) };
        if values.iter().any(|piece| piece.is("default")) {
            self.known(&name)?;
            self.connection.with_settings(|settings| settings.reset(Some(&name)));
            return Ok(());
        }
        let value = written(&name, values);
        self.change(&name, &value, local)
    }

    fn change(&mut self, name: &str, value: &str, local: bool) -> Result<(), Failure> {
        let administrator = self.connection.is_administrator();
        let checked = self.connection.with_settings(|settings| settings.check(name, value, administrator));
        let value = checked.map_err(|refusal| failure(name, refusal))?;
        self.connection.with_settings(|settings| settings.put(name, value, local));
        Ok(())
    }

    /// `SET TRANSACTION ISOLATION LEVEL …`, `SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY`.
    fn set_transaction(&mut self, pieces: &[Piece<'_>], _: bool) -> Result<(), Failure> {
        let session = pieces.first().is_some_and(|piece| piece.is("characteristics"));
        let words: Vec<String> = pieces.iter().map(Piece::value).collect();
        let text = words.join(" ");
        let prefix = if session { "default_" } else { "" };
        let levels = ["serializable", "repeatable read", "read committed", "read uncommitted"];
        if let Some(level) = levels.iter().find(|level| text.contains(*level)) {
            self.change(&format!("{prefix}transaction_isolation"), level, !session)?;
        }
        if text.contains("read only") || text.contains("read write") {
            let on = if text.contains("read only") { "on" } else { "off" };
            self.change(&format!("{prefix}transaction_read_only"), on, !session)?;
        }
        Ok(())
    }

    fn set_role(&mut self, role: &str) -> Result<(), Failure> {
        let place = ("guc.c", 12_085, "call_string_check_hook");
        if matches!(role, "none" | "default") || role == self.user {
            return Ok(());
        }
        if !self.connection.has_role(role) {
            return Err(Failure::error("22023", format!("role \"{role}\" does not exist"), place));
        }
        if self.connection.is_administrator() {
            return Ok(());
        }
        Err(Failure::error("42501", format!("permission denied to set role \"{role}\""), place))
    }

    fn known(&self, name: &str) -> Result<(), Failure> {
        let found =
            name.contains('.') || self.connection.with_settings(|settings| settings.raw(name).is_some());
        let message = format!("unrecognized configuration parameter \"{name}\"");
        if found { Ok(()) } else { Err(Failure::error("42704", message, NOT_FOUND)) }
    }

    fn reset(&mut self, pieces: &[Piece<'_>]) -> Result<(), Failure> {
        let words: Vec<String> = pieces.iter().skip(1).map(Piece::value).collect();
        let name = canonical(&words);
        match name.as_str() {
            "" => return Err(Failure::ended()),
            "all" => self.connection.with_settings(|settings| settings.reset(None)),
            name => {
                self.known(name)?;
                self.connection.with_settings(|settings| settings.reset(Some(name)));
            }
        }
        Ok(())
    }

    fn show(&self, statement: &Statement, pieces: &[Piece<'_>]) -> Result<Answer, Failure> {
        let words: Vec<String> = pieces.iter().skip(1).map(Piece::value).collect();
        let name = canonical(&words);
        if name.is_empty() {
            return Err(Failure::ended());
        }
        if name == "all" {
            let all = self.connection.with_settings(|settings| settings.all());
            let rows = all.into_iter().map(|(name, value)| vec![name, value, String::new()]).collect();
            let names = ["name", "setting", "description"];
            return Ok(Answer::Table(Box::new(Portal::table(statement.clone(), &names, rows))));
        }
        self.known(&name)?;
        let shown = self.connection.with_settings(|settings| settings.show(&name));
        let message = format!("unrecognized configuration parameter \"{name}\"");
        let (name, value) = shown.ok_or_else(|| Failure::error("42704", message, NOT_FOUND))?;
        let table = Portal::table(statement.clone(), &[name.as_str()], vec![vec![value]]);
        Ok(Answer::Table(Box::new(table)))
    }
}

/// The setting that words name: `time zone`, `transaction isolation level`, `a.b`.
fn canonical(words: &[String]) -> String {
    match words.join(" ").as_str() {
        "transaction isolation level" => "transaction_isolation".to_owned(),
        "time zone" => "TimeZone".to_owned(),
        "session authorization" => "session_authorization".to_owned(),
        name => name.replace(" . ", "."),
    }
}

/// Values as the server keeps them: names of a list keep or get their quotes.
fn written(name: &str, values: &[Piece<'_>]) -> String {
    let list = matches!(name.to_lowercase().as_str(), "search_path" | "temp_tablespaces");
    let one = |piece: &Piece<'_>| {
        let value = piece.value();
        if list && matches!(piece.kind, Kind::Text | Kind::Quoted) && !text::is_plain(&value) {
            format!("\"{value}\"")
        } else {
            value
        }
    };
    let mut made = String::new();
    for piece in values {
        match piece.text {
            "," => made.push_str(", "),
            "-" | "." | "+" | "/" => made.push_str(piece.text),
            _ => {
                let joined = made.is_empty() || made.ends_with([' ', '-', '.', '+', '/']);
                if !joined && !made.ends_with(|c: char| c.is_ascii_digit()) {
                    made.push(' ');
                }
                made.push_str(&one(piece));
            }
        }
    }
    made
}

fn unexpected(piece: Option<&Piece<'_>>) -> Failure {
    let Some(piece) = piece else { return Failure::ended() };
    Failure::syntax(piece.text).at(u32::try_from(piece.start + 1).unwrap_or(0))
}

fn failure(name: &str, refusal: Refusal) -> Failure {
    let place = match refusal.code {
        "42704" => NOT_FOUND,
        "55P02" if refusal.message.ends_with("cannot be changed") => ("guc.c", 7728, "set_config_option_ext"),
        "55P02" => ("guc.c", 7751, "set_config_option_ext"),
        "42501" => ("guc.c", 7824, "set_config_option_ext"),
        _ if refusal.message.contains("Boolean") => ("guc.c", 7434, "parse_and_validate_value"),
        _ if ["timezone", "datestyle", "client_encoding"].contains(&name.to_lowercase().as_str()) => {
            ("guc.c", 12_085, "call_string_check_hook")
        }
        _ => ("guc.c", 7454, "parse_and_validate_value"),
    };
    Failure::error(refusal.code, refusal.message, place).with_detail(refusal.detail).with_hint(refusal.hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_as_the_server_keeps_them() {
        let of = |sql: &str| {
            let pieces = text::words(sql);
            written("search_path", &pieces)
        };
        assert_eq!(of("public, \"A b\", 'c'"), "public, \"A b\", c");
        assert_eq!(of("''"), "\"\"");
        let plain = |sql: &str| written("x", &text::words(sql));
        assert_eq!(plain("'ISO, MDY'"), "ISO, MDY");
        assert_eq!(plain("-1.5"), "-1.5");
        assert_eq!(plain("iso, ymd"), "iso, ymd");
    }
}
