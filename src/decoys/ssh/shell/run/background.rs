//! What runs beside the line that is typed: jobs, and commands with a limit.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::outcome::{Hurry, Limited};
use super::{Flow, Io, MAX_DEPTH, Run, Source};
use crate::decoys::ssh::shell::ast::Item;
use crate::decoys::ssh::shell::state::Job;

/// Most jobs one shell keeps.
const MAX_JOBS: usize = 64;

impl Run<'_> {
    /// A background list: its effects are there at once, and it counts as running for as long as it
    /// would have waited.
    pub(super) async fn background(&mut self, item: &Item, line: &str, io: &Io) -> i32 {
        let pid = self.shell.spawn();
        self.shell.background = Some(pid);
        let number = self.shell.jobs.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        if self.shell.screen.is_some() {
            self.error(io, &format!("[{number}] {pid}\n")).await;
        }
        let quiet = Io { input: Source::Null, ..io.clone() };
        let front = Item { background: None, ..item.clone() };
        let before = self.flow;
        let mut saved = self.shell.clone();
        let mut port = Hurry { port: self.port, waited: Duration::ZERO };
        let mut run = Run {
            shell: &mut saved,
            port: &mut port,
            buffers: std::mem::take(&mut self.buffers),
            inputs: Vec::new(),
            connections: Vec::new(),
            opened: Vec::new(),
            kept: Vec::new(),
            fuel: self.fuel / 2,
            depth: self.depth + 1,
            tested: 0,
            flow: Flow::Next,
        };
        let mut status = 0;
        if run.depth < MAX_DEPTH {
            (status, _) = Box::pin(run.item(&front, &quiet)).await;
        }
        self.fuel = self.fuel.min(run.fuel * 2);
        self.buffers = run.buffers;
        self.flow = before;
        let waited = SignedDuration::try_from(port.waited).unwrap_or(SignedDuration::MAX);
        let until = self.shell.session.now().checked_add(waited).unwrap_or(Timestamp::MAX);
        if self.shell.jobs.len() < MAX_JOBS {
            self.shell.jobs.push(Job { number, pid, line: line.to_owned(), until, status });
        }
        0
    }

    /// `jobs`: what runs; what has ended is told once.
    pub(in crate::decoys::ssh::shell) async fn jobs(&mut self, io: &Io) -> i32 {
        let now = self.shell.session.now();
        let last = self.shell.jobs.len();
        let mut text = String::new();
        for (n, job) in self.shell.jobs.iter().enumerate() {
            let mark = match last - n {
                1 => '+',
                2 => '-',
                _ => ' ',
            };
            let runs = job.until > now;
            let state = match (runs, job.status) {
                (true, _) => "Running".to_owned(),
                (false, 0) => "Done".to_owned(),
                (false, status) => format!("Exit {status}"),
            };
            let tail = if runs { " &" } else { "" };
            text.push_str(&format!("[{}]{mark}  {state:<23} {}{tail}\n", job.number, job.line));
        }
        self.shell.jobs.retain(|job| job.until > now);
        self.out(io, &text).await;
        0
    }

    /// `wait`: until one job or all have ended.
    pub(in crate::decoys::ssh::shell) async fn wait(&mut self, rest: &[String], io: &Io) -> i32 {
        let mut status = 0;
        let wanted: Vec<Job> = if rest.is_empty() {
            self.shell.jobs.clone()
        } else {
            let mut found = Vec::new();
            for word in rest.iter().filter(|w| !w.starts_with('-')) {
                match self.job(word) {
                    Some(job) => {
                        status = job.status;
                        found.push(job);
                    }
                    None => {
                        let line =
                            format!("{}wait: pid {word} is not a child of this shell\n", self.shell.prefix());
                        self.error(io, &line).await;
                        status = 127;
                    }
                }
            }
            found
        };
        for job in &wanted {
            self.until(job).await;
        }
        self.shell.jobs.retain(|job| !wanted.contains(job));
        status
    }

    /// `fg`: the job's command is shown and waited for.
    pub(in crate::decoys::ssh::shell) async fn foreground(&mut self, rest: &[String], io: &Io) -> i32 {
        let named = rest.first().map_or("%%", String::as_str).to_owned();
        let Some(job) = self.job(&named) else {
            let shown = rest.first().map_or("current", String::as_str);
            let line = format!("{}fg: {shown}: no such job\n", self.shell.prefix());
            self.error(io, &line).await;
            return 1;
        };
        self.out(io, &format!("{}\n", job.line)).await;
        self.until(&job).await;
        self.shell.jobs.retain(|other| *other != job);
        job.status
    }

    async fn until(&mut self, job: &Job) {
        let left = job.until.duration_since(self.shell.session.now());
        self.pause(Duration::try_from(left).unwrap_or(Duration::ZERO)).await;
    }

    /// The job of a process id, of `%number`, or of `%%`.
    pub(in crate::decoys::ssh::shell) fn job(&self, word: &str) -> Option<Job> {
        let jobs = &self.shell.jobs;
        let found = match word.strip_prefix('%') {
            Some("" | "%" | "+") => jobs.last(),
            Some("-") => jobs.iter().rev().nth(1),
            Some(number) => jobs.iter().find(|job| job.number.to_string() == number),
            None => jobs.iter().find(|job| job.pid.to_string() == word),
        };
        found.cloned()
    }

    /// `timeout`: what the command would do after its limit does not happen.
    pub(in crate::decoys::ssh::shell) async fn timeout(&mut self, rest: &[String], io: &Io) -> i32 {
        let mut words = rest.iter().peekable();
        while let Some(option) = words.next_if(|word| word.starts_with('-')) {
            // The signal, and the time until the second one, are words of their own.
            if matches!(option.as_str(), "-s" | "-k") {
                words.next();
            }
        }
        let Some(limit) = words.next() else {
            self.error(io, "timeout: missing operand\nTry 'timeout --help' for more information.\n").await;
            return 125;
        };
        let Some(limit) = duration(limit) else {
            self.error(
                io,
                &format!(
                    "timeout: invalid time interval ‘{limit}’\nTry 'timeout --help' for more information.\n"
                ),
            )
            .await;
            return 125;
        };
        let command: Vec<String> = words.cloned().collect();
        let mut port = Limited { port: self.port, left: limit, over: false };
        let mut run = Run {
            shell: self.shell,
            port: &mut port,
            buffers: std::mem::take(&mut self.buffers),
            inputs: std::mem::take(&mut self.inputs),
            connections: std::mem::take(&mut self.connections),
            opened: std::mem::take(&mut self.opened),
            kept: Vec::new(),
            fuel: self.fuel,
            depth: self.depth,
            tested: self.tested,
            flow: self.flow,
        };
        let status = within(limit, Box::pin(run.inner(&command, io))).await;
        (self.buffers, self.inputs, self.fuel, self.flow) = (run.buffers, run.inputs, run.fuel, run.flow);
        self.connections = run.connections;
        self.opened = run.opened;
        status.filter(|_| !port.over).unwrap_or(124)
    }

    /// What `time` prints.
    pub(super) async fn tell_time(&mut self, began: Timestamp, io: &Io) {
        let real = self.shell.session.now().duration_since(began);
        let shown =
            |seconds: i64, milliseconds: i32| format!("{}m{}.{milliseconds:03}s", seconds / 60, seconds % 60);
        let work = i32::try_from(real.as_millis().clamp(0, 9)).unwrap_or(0) / 3;
        let text = format!(
            "\nreal\t{}\nuser\t{}\nsys\t{}\n",
            shown(real.as_secs(), real.subsec_millis()),
            shown(0, work),
            shown(0, work / 2)
        );
        self.error(io, &text).await;
    }
}

/// `0.5`, `10s`, `2m`, `1h`, `1d`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = match text.chars().last()? {
        's' => (text.strip_suffix('s')?, 1.0),
        'm' => (text.strip_suffix('m')?, 60.0),
        'h' => (text.strip_suffix('h')?, 3_600.0),
        'd' => (text.strip_suffix('d')?, 86_400.0),
        _ => (text, 1.0),
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}

/// Work that is cut off after a time, as what talks to another host needs it; only where time passes.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => tokio::time::timeout(limit, work).await.ok(),
        Err(_) => Some(work.await),
    }
}
