//! OpenSSH's clients against the honeynet.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

use crate::honeynet::Honeynet;

pub(crate) const OPTIONS: [&str; 8] = [
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "NumberOfPasswordPrompts=1",
    "-o",
    "LogLevel=ERROR",
];

/// Runs `ssh` with a host's lure account; `input` is what is typed.
pub(crate) fn ssh(net: &Honeynet, host: &str, options: &[&str], command: &[&str], input: &Path) -> Output {
    let address = net.address(host, "ssh");
    let (account, password) = net.lure(host, "ssh");
    let (port, to) = (address.port().to_string(), format!("{account}@{}", address.ip()));
    let arguments = [&["-p", &password, "ssh"][..], &OPTIONS, options, &["-p", &port, &to], command].concat();
    run(&arguments, input)
}

/// Runs `sftp` with a host's lure account and a batch of commands.
pub(crate) fn sftp(net: &Honeynet, host: &str, batch: &Path) -> Output {
    let address = net.address(host, "ssh");
    let (account, password) = net.lure(host, "ssh");
    let (port, to) = (address.port().to_string(), format!("{account}@{}", address.ip()));
    let options = ["-o", "BatchMode=no", "-P", &port, "-b", batch.to_str().unwrap(), &to];
    run(&[&["-p", &password, "sftp"][..], &OPTIONS, &options].concat(), Path::new("/dev/null"))
}

fn run(arguments: &[&str], input: &Path) -> Output {
    Command::new("sshpass")
        .args(arguments)
        .stdin(File::open(input).unwrap())
        .output()
        .unwrap_or_else(|e| panic!("sshpass: {e}; install the Debian packages sshpass and openssh-client"))
}
