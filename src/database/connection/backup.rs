//! `BACKUP DATABASE` and `RESTORE`: nothing is copied, but it takes its time.

use std::time::Duration;

use super::Connection;
use crate::database::catalog::Database;
use crate::database::problem::Problem;
use crate::database::system::logical_file;
use crate::database::{Item, Language};

/// Pages of 8 KiB in a MiB.
const PAGES_A_MB: u64 = 128;

impl Connection {
    /// `BACKUP DATABASE|LOG name TO …`, told in steps where `STATS` asks for them.
    pub(super) fn backup(&mut self, words: &[String], line: u32) -> Result<(), Problem> {
        let word = |at: usize| words.get(at).map(|word| word.to_lowercase()).unwrap_or_default();
        let name = words.get(2).cloned().unwrap_or_default();
        let known = self.facts.catalog.database(&name).cloned();
        let Some(database) = known else { return Err(Problem::NoDatabase(name)) };
        self.facts.readable(&database.name)?;
        let log = word(1) == "log";
        if log && database.recovery == "SIMPLE" {
            return Err(self.no_log());
        }
        if database.name == "tempdb" {
            return Err(self.not_backed_up(&database.name));
        }
        let megabytes = if log { u64::from(database.log_mb / 40) } else { self.facts.used_mb(&database) };
        let compressed = (0..words.len()).any(|at| word(at) == "compression");
        let rate = self.facts.backup_rate(compressed);
        let (data, tail) = (megabytes * PAGES_A_MB, if log { 0 } else { 2 + megabytes % 5 });
        #[expect(clippy::as_conversions, reason = "pages are far below 2^52")]
        let seconds = (data + tail) as f64 / PAGES_A_MB as f64 / rate;
        self.progress(stats(words), seconds, line);
        let file = |log: bool| logical_file(&database.name, log);
        let mut said = vec![(4035, self.processed(&database, data, &file(log)))];
        if !log {
            said.push((4035, self.processed(&database, tail, &file(true))));
        }
        said.push((3014, self.finished(log, data + tail, seconds, rate)));
        for (number, text) in said {
            self.notice(number, 0, text, line);
        }
        Ok(())
    }

    /// Waits, and says each so many percent how far it is.
    fn progress(&mut self, step: Option<u64>, seconds: f64, line: u32) {
        let all = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let Some(step) = step else {
            self.out.push_back(Item::Wait(all));
            return;
        };
        let mut before = 0;
        while before < 100 {
            let percent = (before + step).min(100);
            self.out.push_back(Item::Wait(all.mul_f64(share(percent - before))));
            before = percent;
            let text = match self.facts.language() {
                Language::Chinese => format!("已处理百分之 {percent}。"),
                Language::English => format!("{percent} percent processed."),
            };
            self.notice(3211, 0, text, line);
        }
    }

    fn processed(&self, database: &Database, pages: u64, file: &str) -> String {
        let name = &database.name;
        match self.facts.language() {
            Language::Chinese => {
                format!("已为数据库 '{name}'，文件 '{file}' (位于文件 1 上)处理了 {pages} 页。")
            }
            Language::English => {
                format!("Processed {pages} pages for database '{name}', file '{file}' on file 1.")
            }
        }
    }

    fn finished(&self, log: bool, pages: u64, seconds: f64, rate: f64) -> String {
        let what = if log { "BACKUP LOG" } else { "BACKUP DATABASE" };
        match self.facts.language() {
            Language::Chinese => {
                format!("{what} 成功处理了 {pages} 页，花费 {seconds:.3} 秒({rate:.3} MB/秒)。")
            }
            Language::English => {
                format!(
                    "{what} successfully processed {pages} pages in {seconds:.3} seconds ({rate:.3} MB/sec)."
                )
            }
        }
    }

    fn no_log(&self) -> Problem {
        Problem::Raised(4208, 16, 1, match self.facts.language() {
            Language::Chinese => "当恢复模式为 SIMPLE 时，不允许使用语句 BACKUP LOG。请使用 BACKUP DATABASE 或用 ALTER DATABASE 更改恢复模式。".to_owned(),
            Language::English => "The statement BACKUP LOG is not allowed while the recovery model is SIMPLE. Use BACKUP DATABASE or change the recovery model using ALTER DATABASE.".to_owned(),
        })
    }

    fn not_backed_up(&self, name: &str) -> Problem {
        Problem::Raised(
            3147,
            16,
            3,
            match self.facts.language() {
                Language::Chinese => format!("不允许对数据库 {name} 执行备份和还原操作。"),
                Language::English => {
                    format!("Backup and restore operations are not allowed on database {name}.")
                }
            },
        )
    }

    /// `RESTORE …` finds no file to read.
    pub(super) fn no_device(&self, target: &str) -> Problem {
        Problem::Raised(
            3201,
            16,
            2,
            match self.facts.language() {
                Language::Chinese => {
                    format!("无法打开备份设备 '{target}'。出现操作系统错误 2(系统找不到指定的文件。)。")
                }
                Language::English => format!(
                    "Cannot open backup device '{target}'. Operating system error 2(The system cannot find the file specified.)."
                ),
            },
        )
    }
}

#[expect(clippy::as_conversions, reason = "at most 100")]
fn share(percent: u64) -> f64 {
    percent as f64 / 100.0
}

/// The `n` of `STATS [= n]`: ten where none is given, nothing where it is not asked for.
fn stats(words: &[String]) -> Option<u64> {
    let at = words.iter().position(|word| word.eq_ignore_ascii_case("stats"))?;
    let given = words.iter().skip(at + 1).find(|word| *word != "=").and_then(|word| word.parse::<u64>().ok());
    Some(given.unwrap_or(10).clamp(1, 100))
}
