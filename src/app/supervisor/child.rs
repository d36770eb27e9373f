//! One child that is kept alive.

use std::io;
use std::os::fd::RawFd;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child as Process, ChildStdin, Command};
use tokio::task::JoinHandle;

use crate::app::cli::Role;
use crate::event::SystemEvent;
use crate::link::Outlet;
use crate::runtime::Shutdown;
use crate::sys;

/// First pause before a restart; doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause before a restart: with the start itself, a decoy is back within two seconds however
/// often it dies, and a child that can't start costs next to nothing.
const LAST_PAUSE: Duration = Duration::from_millis(800);

/// A child that lived this long has recovered: the next pause is the first again.
const RECOVERED: Duration = Duration::from_secs(10);

/// A child that was told to stop is killed after this.
const STOP: Duration = Duration::from_secs(7);

/// How a child stands, for the status page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ChildState {
    /// Which.
    pub(crate) process: String,
    /// Its process id while it runs.
    pub(crate) pid: Option<u32>,
    /// Restarts since the start.
    pub(crate) restarts: u32,
    /// How it ended last.
    pub(crate) last_end: Option<String>,
}

/// A child and the task that keeps it alive.
pub(super) struct Child {
    task: JoinHandle<()>,
    state: Arc<Mutex<ChildState>>,
}

impl Child {
    /// Starts it and keeps it alive until `ear` hears the signal.
    pub(super) fn start(
        role: Role,
        launch: String,
        sockets: Vec<RawFd>,
        outlet: Outlet,
        ear: Shutdown,
    ) -> Self {
        let state = Arc::new(Mutex::new(ChildState { process: name(role).into(), ..ChildState::default() }));
        let keeper = Keeper { role, launch, sockets, outlet, state: Arc::clone(&state) };
        Child { task: tokio::spawn(keeper.keep(ear)), state }
    }

    /// How it stands.
    pub(super) fn state(&self) -> Arc<Mutex<ChildState>> {
        Arc::clone(&self.state)
    }

    /// Waits for its end after the signal.
    pub(super) async fn end(self) {
        let _ = self.task.await;
    }
}

pub(super) fn name(role: Role) -> &'static str {
    match role {
        Role::Sensor => "sensor",
        Role::Core => "core",
        Role::Capd => "capd",
        Role::Console => "console",
        Role::Netd => "netd",
        Role::NetdBuild => "netd-build",
        Role::Probe => "probe",
    }
}

struct Keeper {
    role: Role,
    launch: String,
    sockets: Vec<RawFd>,
    outlet: Outlet,
    state: Arc<Mutex<ChildState>>,
}

impl Keeper {
    async fn keep(self, mut ear: Shutdown) {
        let mut pause = FIRST_PAUSE;
        while !ear.is_requested() {
            let started = Instant::now();
            let ended = match self.spawn().await {
                Ok((mut process, input)) => {
                    let pid = process.id().unwrap_or(0);
                    self.note(|s| s.pid = Some(pid));
                    tokio::select! {
                        status = process.wait() => (pid, in_words(status)),
                        () = ear.requested() => return self.stop(process, input).await,
                    }
                }
                Err(error) => (0, format!("can't be started: {error}")),
            };
            if started.elapsed() >= RECOVERED {
                pause = FIRST_PAUSE;
            }
            self.died(ended.0, &ended.1, pause);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = ear.requested() => return,
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn spawn(&self) -> io::Result<(Process, ChildStdin)> {
        let mut command = std::process::Command::new(std::env::current_exe()?);
        command.args(["process", name(self.role)]).stdin(Stdio::piped()).stdout(Stdio::null());
        sys::inherit(&mut command, self.sockets.clone());
        let mut command = Command::from(command);
        // A group of its own: Ctrl-C reaches the supervisor only, which ends the others in order.
        command.process_group(0).kill_on_drop(true);
        let mut process = command.spawn()?;
        let mut input = process.stdin.take().ok_or_else(|| io::Error::other("no standard input"))?;
        input.write_all(self.launch.as_bytes()).await?;
        Ok((process, input))
    }

    async fn stop(&self, mut process: Process, input: ChildStdin) {
        drop(input);
        if tokio::time::timeout(STOP, process.wait()).await.is_err() {
            tracing::warn!(child = name(self.role), "did not end in time and is killed");
            let _ = process.kill().await;
        }
        self.note(|s| s.pid = None);
    }

    fn died(&self, pid: u32, cause: &str, pause: Duration) {
        tracing::warn!(child = name(self.role), pid, cause, "a process died and is started again");
        self.note(|s| {
            s.pid = None;
            s.restarts += 1;
            s.last_end = Some(cause.to_owned());
        });
        self.outlet.system(SystemEvent::Died {
            child: name(self.role).into(),
            pid,
            cause: cause.to_owned(),
            restart_in_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        });
    }

    fn note(&self, change: impl FnOnce(&mut ChildState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn in_words(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}
