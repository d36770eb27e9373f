//! The children of `honeyward run`: each role's own main.

mod capd;
mod console;
mod core;
mod netd;
mod probe;
mod sandbox;
mod sensor;

use std::io::{BufRead, Read};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::Layout;
use super::cli::Role;
use super::exit::Exit;
use super::launch::Launch;
use crate::runtime::{Shutdown, Trigger, shutdown};

/// How long a child waits for core to have all its events before it ends.
pub(crate) const DRAIN: Duration = Duration::from_secs(3);

/// Longest launch order: a config and a few hundred services are far below.
const MAX_LAUNCH: u64 = 4 << 20;

/// Runs one role to its end.
pub(crate) fn run(role: Role) -> Exit {
    log_to_stderr();
    if role == Role::NetdBuild {
        return netd::build();
    }
    let launch: Launch = match read_order() {
        Ok(launch) => launch,
        Err(error) => return Exit::Usage(format!("launch order: {error}")),
    };
    crate::sys::raise_open_files();
    if role == Role::Probe {
        return probe::run(&launch);
    }
    if role == Role::Sensor
        && let Err(error) = sensor::confine(&launch, &Layout::new(launch.data.clone()))
    {
        return Exit::Could(error);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Could(error.to_string()),
    };
    let result = runtime.block_on(async {
        let (trigger, ear) = shutdown();
        stop_with_parent(trigger)?;
        let layout = Layout::new(launch.data.clone());
        match role {
            Role::Sensor => sensor::run(launch, layout, ear).await,
            Role::Capd => capd::run(launch, layout, ear).await,
            Role::Console => console::run(launch, layout, ear).await,
            Role::Core => core::run(launch, layout, ear).await,
            Role::Netd | Role::NetdBuild | Role::Probe => netd::run(launch, layout, ear).await,
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    match result {
        Ok(()) => Exit::Done,
        Err(reason) => Exit::Could(reason),
    }
}

/// Our own diagnostics go to standard error; `HONEYWARD_LOG` sets how much.
pub(crate) fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("HONEYWARD_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

fn read_order<T: DeserializeOwned>() -> Result<T, String> {
    let mut line = String::new();
    std::io::stdin().lock().take(MAX_LAUNCH).read_line(&mut line).map_err(|e| e.to_string())?;
    serde_json::from_str(&line).map_err(|e| e.to_string())
}

/// Fires when standard input ends (the supervisor is gone or closed it) or at SIGTERM.
fn stop_with_parent(trigger: Trigger) -> Result<(), String> {
    let (ended, input_ended) = tokio::sync::oneshot::channel::<()>();
    std::thread::Builder::new()
        .name("parent".into())
        .spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            drop(ended);
        })
        .map_err(|e| e.to_string())?;
    let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = input_ended => {}
            _ = term.recv() => {}
        }
        trigger.fire();
    });
    Ok(())
}

/// Writes a process's status twice a second until told to stop.
pub(crate) async fn keep_status(
    layout: Layout,
    process: &'static str,
    state: impl Fn() -> serde_json::Value + Send + 'static,
    mut ear: Shutdown,
) {
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        if let Err(error) = super::status::write(&layout, process, state()) {
            tracing::warn!(%error, "the status file can't be written");
        }
        tokio::select! {
            _ = tick.tick() => {}
            () = ear.requested() => return,
        }
    }
}
