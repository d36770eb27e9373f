//! Programs that tell of services.

use super::{Call, Options};
use crate::decoys::ssh::shell::node::{Body, Node};

/// Units of the machine: name, description, command.
pub(super) fn units(call: &Call) -> Vec<(String, String, String)> {
    let fixed = [
        ("dbus.service", "D-Bus System Message Bus", "/usr/bin/dbus-daemon"),
        ("getty@tty1.service", "Getty on tty1", "/sbin/agetty"),
        ("systemd-timesyncd.service", "Network Time Synchronization", "/lib/systemd/systemd-timesyncd"),
        ("cron.service", "Regular background program processing daemon", "/usr/sbin/cron"),
        ("rsyslog.service", "System Logging Service", "/usr/sbin/rsyslogd"),
        ("ssh.service", "OpenBSD Secure Shell server", "sshd:"),
        ("systemd-journald.service", "Journal Service", "/lib/systemd/systemd-journald"),
        ("systemd-logind.service", "User Login Management", "/lib/systemd/systemd-logind"),
        (
            "systemd-udevd.service",
            "Rule-based Manager for Device Events and Files",
            "/lib/systemd/systemd-udevd",
        ),
    ];
    let own = call.shell.site.behaviour.process.iter().map(|p| {
        let name = p
            .command
            .split(' ')
            .next()
            .and_then(|c| c.rsplit('/').next())
            .unwrap_or("x")
            .trim_end_matches(':')
            .to_owned();
        (format!("{name}.service"), name, p.command.clone())
    });
    let mut list: Vec<_> =
        fixed.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())).into_iter().chain(own).collect();
    list.sort();
    list.dedup_by(|a, b| a.0 == b.0);
    list
}

/// `service`
pub(super) fn service(call: &mut Call) -> i32 {
    call.error("service: command must be run by root\n");
    1
}

/// `journalctl`: a user sees only what is his.
pub(super) fn journalctl(call: &mut Call) -> i32 {
    call.error("Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.\nNo journal files were opened due to insufficient permissions.\n");
    1
}

/// `crontab`
pub(super) fn crontab(call: &mut Call) -> i32 {
    let name = call.shell.account.name.clone();
    let options = Options::new(call.rest(), "u");
    if options.has('u') {
        call.error("must be privileged to use -u\n");
        return 1;
    }
    let path = format!("/var/spool/cron/crontabs/{name}");
    if options.has('l') {
        return match call.shell.site.node(&path, call.shell.session.now()) {
            Some(Node { body: Body::File(bytes), .. }) => {
                call.bytes(&bytes);
                0
            }
            _ => {
                call.error(&format!("no crontab for {name}\n"));
                1
            }
        };
    }
    if let Some(file) = options.operands.first() {
        return match call.read(file) {
            Ok(_) => {
                call.error("/var/spool/cron/: mkstemp: Permission denied\n");
                1
            }
            Err(errno) => {
                call.error(&format!("{file}: {errno}\n"));
                1
            }
        };
    }
    1
}
