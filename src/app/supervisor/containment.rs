//! Tests the sensor's walls: at the start, and every hour.

use std::os::fd::RawFd;
use std::process::{Command as Plain, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::child;
use crate::app::cli::Role;
use crate::event::SystemEvent;
use crate::link::Outlet;
use crate::sys;

/// Between two tests.
const EVERY: Duration = Duration::from_secs(3600);

/// A test that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(60);

/// Tests for ever; each test is told.
pub(super) async fn test_hourly(launch: String, sockets: Vec<RawFd>, outlet: Outlet) {
    loop {
        let (held, broken) = match tokio::time::timeout(LIMIT, attempts(&launch, &sockets)).await {
            Ok(Ok(attempts)) => verdicts(&attempts),
            Ok(Err(error)) => (Vec::new(), vec![format!("the test itself: {error}")]),
            Err(_) => (Vec::new(), vec!["the test itself: it took too long".to_owned()]),
        };
        if !broken.is_empty() {
            tracing::warn!(broken = broken.join(", "), "the decoys' process is not contained");
        }
        outlet.system(SystemEvent::ContainmentTested { held, broken });
        tokio::time::sleep(EVERY).await;
    }
}

/// What the probe prints: it is the sensor's equal in all but its work.
async fn attempts(launch: &str, sockets: &[RawFd]) -> std::io::Result<String> {
    let mut command = Plain::new(std::env::current_exe()?);
    command.args(["process", child::name(Role::Probe)]).stdin(Stdio::piped()).stdout(Stdio::piped());
    sys::inherit(&mut command, sockets.to_vec());
    let mut command = Command::from(command);
    command.process_group(0).kill_on_drop(true);
    let mut process = command.spawn()?;
    if let Some(mut input) = process.stdin.take() {
        input.write_all(launch.as_bytes()).await?;
    }
    let output = process.wait_with_output().await?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn verdicts(printed: &str) -> (Vec<String>, Vec<String>) {
    let of = |word: &str| {
        let lines = printed.lines().filter_map(|line| line.split_once(' '));
        lines.filter(|(verdict, _)| *verdict == word).map(|(_, what)| what.to_owned()).collect::<Vec<_>>()
    };
    let (held, mut broken) = (of("held"), of("broken"));
    if held.is_empty() && broken.is_empty() {
        broken.push("the test itself: it said nothing".to_owned());
    }
    (held, broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_says_nothing_is_a_broken_wall() {
        assert_eq!(verdicts("").1.len(), 1);
        let (held, broken) = verdicts("held see other processes\nbroken write into /tmp: done\n");
        assert_eq!(held, ["see other processes"]);
        assert_eq!(broken, ["write into /tmp: done"]);
    }
}
