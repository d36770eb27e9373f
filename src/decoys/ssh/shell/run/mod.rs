//! Runs a parsed line.

mod assign;
mod background;
mod descriptors;
mod invoke;
mod outcome;
mod redirect;
mod streams;

pub use descriptors::{Connection, Open};
pub use outcome::explain;

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::decoys::ssh::shell::ast::{Command, Item, Junction, Kind, Pipeline, Script};
use crate::decoys::ssh::shell::parser::{self, SyntaxError};
use crate::decoys::ssh::shell::port::Port;
use crate::decoys::ssh::shell::state::Shell;
use crate::decoys::ssh::shell::text::matches;

/// Commands one line may run before it hangs as an endless loop would.
const FUEL: u32 = 20_000;

/// Deepest nesting of functions, subshells and scripts at run time.
const MAX_DEPTH: usize = 40;

/// Most bytes a pipe or substitution may hold.
pub const MAX_BUFFER: usize = 4 << 20;

/// Ends the current command with this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop(pub i32);

/// Where output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// The channel's output.
    Out,
    /// The channel's error output.
    Error,
    /// A buffer of a pipe or substitution.
    Buffer(usize),
    /// A file.
    File(String),
    /// A connection to another host.
    Connection(usize),
    /// Nowhere.
    Null,
}

/// Where input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The channel.
    Port,
    /// Bytes at hand, shared by all who read them.
    Bytes(usize),
    /// A connection to another host.
    Connection(usize),
    /// Nowhere.
    Null,
}

/// The three streams of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Io {
    /// Standard input.
    pub input: Source,
    /// Standard output.
    pub out: Sink,
    /// Standard error.
    pub error: Sink,
}

/// What a loop, function or shell is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Next,
    /// Leave so many loops.
    Break(u32),
    /// Begin the next round of the so-manieth loop.
    Continue(u32),
    /// Leave the function.
    Return(i32),
    /// Leave the shell.
    Exit(i32),
}

/// One run of a line.
pub struct Run<'a> {
    /// The shell.
    pub shell: &'a mut Shell,
    port: &'a mut dyn Port,
    buffers: Vec<Vec<u8>>,
    inputs: Vec<(Vec<u8>, usize)>,
    /// What `/dev/tcp` opened, for as long as the line runs.
    connections: Vec<Connection>,
    /// Descriptors that `exec` has opened to read, with the input that stands for each in this run.
    opened: Vec<(u8, usize)>,
    /// What the redirections of the last command meant: `exec` keeps them.
    kept: Vec<(u8, descriptors::Handle)>,
    fuel: u32,
    depth: usize,
    /// How many conditions enclose the current command: `set -e` does not count in them.
    tested: u32,
    /// What is to happen after the current command.
    pub flow: Flow,
}

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status.
    pub status: i32,
    /// Whether the shell is to end.
    pub exit: bool,
}

/// Runs a source text in a shell.
///
/// # Errors
/// [`SyntaxError`] when it can't be parsed: nothing has run then.
pub async fn run(shell: &mut Shell, port: &mut dyn Port, source: &str) -> Result<Ended, SyntaxError> {
    let script = parser::parse(source)?;
    let mut run = Run {
        shell,
        port,
        buffers: Vec::new(),
        inputs: Vec::new(),
        connections: Vec::new(),
        opened: Vec::new(),
        kept: Vec::new(),
        fuel: FUEL,
        depth: 0,
        tested: 0,
        flow: Flow::Next,
    };
    let io = run.standing();
    let status = run.script(&script, &io).await;
    run.leave_trap(&io).await;
    run.keep_places();
    run.shell.fs.close_pipes();
    let flow = run.flow;
    if let Flow::Exit(status) = flow
        && let Some(farewell) = shell.leave()
    {
        port.write(false, farewell.into_bytes()).await;
        return Ok(Ended { status, exit: false });
    }
    Ok(match flow {
        Flow::Exit(status) => Ended { status, exit: true },
        Flow::Next | Flow::Break(_) | Flow::Continue(_) | Flow::Return(_) => Ended { status, exit: false },
    })
}

impl Run<'_> {
    /// Runs commands in order; the last status.
    pub(in crate::decoys::ssh::shell) fn script<'b>(
        &'b mut self,
        script: &'b Script,
        io: &'b Io,
    ) -> BoxFuture<'b, i32> {
        Box::pin(async move {
            for item in script {
                if self.flow != Flow::Next {
                    break;
                }
                let (status, counts) = self.item(item, io).await;
                self.shell.status = status;
                if status != 0 && counts && self.tested == 0 && self.shell.options.contains(&'e') {
                    self.flow = if self.flow == Flow::Next { Flow::Exit(status) } else { self.flow };
                }
            }
            self.shell.status
        })
    }

    /// An and-or list: its status, and whether a failure counts for `set -e`.
    async fn item(&mut self, item: &Item, io: &Io) -> (i32, bool) {
        if let Some(line) = &item.background {
            return (self.background(item, line, io).await, false);
        }
        let condition = u32::from(!item.rest.is_empty());
        self.tested += condition;
        let mut status = self.pipeline(&item.first, io).await;
        self.tested -= condition;
        let mut counts = item.rest.is_empty() && !item.first.negated;
        for (n, (junction, pipeline)) in item.rest.iter().enumerate() {
            if self.flow != Flow::Next {
                break;
            }
            self.shell.status = status;
            let wanted = match junction {
                Junction::And => status == 0,
                Junction::Or => status != 0,
            };
            if wanted {
                let last = n + 1 == item.rest.len();
                self.tested += u32::from(!last);
                status = self.pipeline(pipeline, io).await;
                self.tested -= u32::from(!last);
                counts = last && !pipeline.negated;
            }
        }
        (status, counts)
    }

    async fn pipeline(&mut self, pipeline: &Pipeline, io: &Io) -> i32 {
        let began = self.shell.session.now();
        let count = pipeline.commands.len();
        let mut input = io.input;
        let mut statuses = Vec::new();
        for (n, command) in pipeline.commands.iter().enumerate() {
            let last = n + 1 == count;
            let mark = self.buffers.len();
            let stage = Io {
                input,
                out: if last { io.out.clone() } else { Sink::Buffer(mark) },
                error: io.error.clone(),
            };
            if !last {
                self.buffers.push(Vec::new());
            }
            self.tested += u32::from(pipeline.negated);
            statuses.push(if count > 1 {
                self.apart(command, &stage).await
            } else {
                self.command(command, &stage).await
            });
            self.tested -= u32::from(pipeline.negated);
            if !last {
                let bytes = self.buffers.pop().unwrap_or_default();
                input = self.input(bytes);
            }
        }
        if pipeline.timed {
            self.tell_time(began, io).await;
        }
        let counts = |status: &&i32| !self.shell.options.contains(&'|') || **status != 0;
        let status = statuses.iter().rev().find(counts).copied().unwrap_or(0);
        self.shell.set_list("PIPESTATUS", statuses.iter().map(i32::to_string));
        if pipeline.negated { i32::from(status == 0) } else { status }
    }

    /// Runs a command in a copy of the shell.
    async fn apart(&mut self, command: &Command, io: &Io) -> i32 {
        let saved = self.shell.clone();
        let status = self.command(command, io).await;
        let hangs = matches!(self.flow, Flow::Exit(_)) && self.fuel == 0;
        if !hangs {
            self.flow = Flow::Next;
        }
        let history = std::mem::take(&mut self.shell.history);
        *self.shell = saved;
        self.shell.history = history;
        status
    }

    pub(in crate::decoys::ssh::shell) fn input(&mut self, bytes: Vec<u8>) -> Source {
        self.inputs.push((bytes, 0));
        Source::Bytes(self.inputs.len() - 1)
    }

    /// Runs one command.
    pub(in crate::decoys::ssh::shell) fn command<'b>(
        &'b mut self,
        command: &'b Command,
        io: &'b Io,
    ) -> BoxFuture<'b, i32> {
        Box::pin(async move {
            if self.burn().await {
                return 0;
            }
            self.depth += 1;
            let status = if self.depth > MAX_DEPTH {
                1
            } else {
                self.kind(command, io).await.unwrap_or_else(|Stop(s)| s)
            };
            self.depth -= 1;
            status
        })
    }

    /// Takes fuel; without any left the line hangs until it is interrupted, as an endless loop does.
    async fn burn(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        if self.fuel > 0 {
            return false;
        }
        for _ in 0..24 {
            self.port.pause(Duration::from_secs(3600)).await;
        }
        self.flow = Flow::Exit(137);
        true
    }

    async fn kind(&mut self, command: &Command, outer: &Io) -> Result<i32, Stop> {
        if let Kind::Simple { assigns, words, lists } = &command.kind {
            return self.simple((assigns, words, lists), &command.redirects, outer).await;
        }
        let io = &self.redirect(&command.redirects, outer).await?;
        Ok(match &command.kind {
            Kind::Simple { .. } => 0,
            Kind::Group(script) => self.script(script, io).await,
            Kind::Subshell(script) => self.subshell(script, io).await,
            Kind::If { arms, otherwise } => self.choose(arms, otherwise.as_ref(), io).await,
            Kind::While { until, condition, body } => self.repeat(*until, condition, body, io).await,
            Kind::For { name, words, body } => {
                let values = match words {
                    Some(words) => self.words(words, io).await?,
                    None => self.shell.arguments.clone(),
                };
                let mut status = 0;
                for value in values {
                    self.shell.set(name, value);
                    status = self.script(body, io).await;
                    if self.leaves_loop() || self.burn().await {
                        break;
                    }
                }
                status
            }
            Kind::Count { parts: [first, condition, step], body } => {
                let source = self.text(first, io).await?;
                self.arithmetic(&source, io).await?;
                let mut status = 0;
                loop {
                    let source = self.text(condition, io).await?;
                    if !source.trim().is_empty() && self.arithmetic(&source, io).await? == 0 {
                        break;
                    }
                    status = self.script(body, io).await;
                    if self.leaves_loop() || self.burn().await {
                        break;
                    }
                    let source = self.text(step, io).await?;
                    self.arithmetic(&source, io).await?;
                }
                status
            }
            Kind::Case { subject, arms } => {
                let subject: Vec<char> = self.text(subject, io).await?.chars().collect();
                for (patterns, body) in arms {
                    for pattern in patterns {
                        let pattern = self.pattern(pattern, io).await?;
                        if matches(&pattern, &subject) {
                            self.shell.status = 0;
                            return Ok(self.script(body, io).await);
                        }
                    }
                }
                0
            }
            Kind::Function { name, body } => {
                self.shell.define(name.clone(), body.clone());
                0
            }
            Kind::Arithmetic(expression) => {
                let source = self.text(expression, io).await?;
                i32::from(self.arithmetic(&source, io).await? == 0)
            }
            Kind::Test(words) => self.double_bracket(words, io).await?,
        })
    }

    async fn subshell(&mut self, script: &Script, io: &Io) -> i32 {
        let saved = self.shell.clone();
        let status = self.script(script, io).await;
        let status = if let Flow::Exit(status) = self.flow { status } else { status };
        if self.fuel > 0 {
            self.flow = Flow::Next;
        }
        *self.shell = saved;
        status
    }

    /// A script whose failure is an answer.
    async fn condition(&mut self, script: &Script, io: &Io) -> i32 {
        self.tested += 1;
        let status = self.script(script, io).await;
        self.tested -= 1;
        status
    }

    async fn choose(&mut self, arms: &[(Script, Script)], otherwise: Option<&Script>, io: &Io) -> i32 {
        for (condition, body) in arms {
            if self.condition(condition, io).await == 0 {
                self.shell.status = 0;
                return self.script(body, io).await;
            }
            if self.flow != Flow::Next {
                return self.shell.status;
            }
        }
        match otherwise {
            Some(body) => self.script(body, io).await,
            None => 0,
        }
    }

    async fn repeat(&mut self, until: bool, condition: &Script, body: &Script, io: &Io) -> i32 {
        let mut status = 0;
        loop {
            let holds = self.condition(condition, io).await == 0;
            if holds == until || self.flow != Flow::Next {
                return status;
            }
            status = self.script(body, io).await;
            if self.leaves_loop() || self.burn().await {
                return status;
            }
        }
    }

    /// After a loop's body: whether the loop ends.
    fn leaves_loop(&mut self) -> bool {
        match self.flow {
            Flow::Next => false,
            Flow::Break(1) => {
                self.flow = Flow::Next;
                true
            }
            Flow::Break(n) => {
                self.flow = Flow::Break(n - 1);
                true
            }
            Flow::Continue(1) => {
                self.flow = Flow::Next;
                false
            }
            Flow::Continue(n) => {
                self.flow = Flow::Continue(n - 1);
                true
            }
            Flow::Return(_) | Flow::Exit(_) => true,
        }
    }
}
