//! `KILL`: one connection ends another, or its statement.

use super::Connection;
use crate::database::presence::Kill;
use crate::database::problem::Problem;
use crate::database::{Language, Product};

/// The lowest number of a connection that is a user's: lower ones are the server's own.
const FIRST_USER: u32 = 51;

impl Connection {
    /// `KILL 57`, `KILL QUERY 12`.
    pub(super) fn kill(&mut self, words: &[&str]) -> Result<(), Problem> {
        let given = words.iter().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let number = given.and_then(|word| word.parse::<u32>().ok());
        let number = number.ok_or_else(|| {
            Problem::Syntax(words.first().map_or_else(|| "kill".to_owned(), |word| (*word).to_owned()))
        })?;
        let what = if words.contains(&"query") { Kill::Statement } else { Kill::Connection };
        match self.facts.product() {
            Product::SqlServer => self.kill_session(number),
            Product::MySql => self.kill_thread(number, what),
            Product::Oracle | Product::Postgres => Err(Problem::Syntax("KILL".to_owned())),
        }
    }

    fn kill_session(&mut self, number: u32) -> Result<(), Problem> {
        let chinese = self.facts.language() == Language::Chinese;
        let said = |number, class, zh: String, en: String| {
            Err(Problem::Raised(number, class, 1, if chinese { zh } else { en }))
        };
        if !self.facts.administrator {
            return said(
                6102,
                14,
                "用户没有使用 KILL 语句的权限。".to_owned(),
                "User does not have permission to use the KILL statement.".to_owned(),
            );
        }
        if number == self.facts.session {
            return said(
                6104,
                16,
                "不能使用 KILL 来终止您自己的进程。".to_owned(),
                "Cannot use KILL to kill your own process.".to_owned(),
            );
        }
        if number < FIRST_USER {
            return said(
                6107,
                14,
                "只能终止用户进程。".to_owned(),
                "Only user processes can be killed.".to_owned(),
            );
        }
        // A workstation that is ended is back with its next request, under the same number.
        let listed = crate::database::system::is_session(&self.facts, number);
        if self.facts.catalog.presence.kill(number, Kill::Connection) || listed {
            return Ok(());
        }
        said(
            6106,
            16,
            format!("进程 ID {number} 不是活动进程 ID。"),
            format!("Process ID {number} is not an active process ID."),
        )
    }

    fn kill_thread(&mut self, number: u32, what: Kill) -> Result<(), Problem> {
        let all = self.facts.catalog.presence.all();
        match all.iter().find(|(known, _)| *known == number) {
            None => Err(Problem::Raised(1094, 16, 1, format!("Unknown thread id: {number}"))),
            Some((_, present)) if present.login != self.facts.login && !self.facts.administrator => {
                Err(Problem::Raised(1095, 16, 1, format!("You are not owner of thread {number}")))
            }
            Some(_) => {
                self.facts.catalog.presence.kill(number, what);
                Ok(())
            }
        }
    }
}
