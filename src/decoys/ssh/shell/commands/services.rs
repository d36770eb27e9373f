//! Programs that tell of services.

use super::processes::{all, local};
use super::{Call, Options};
use crate::decoys::ssh::shell::node::{Body, Node};

/// Units of the machine: name, description, command.
fn units(call: &Call) -> Vec<(String, String, String)> {
    let fixed = [
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

/// `systemctl`
pub(super) fn systemctl(call: &mut Call) -> i32 {
    let words: Vec<&String> = call.rest().iter().filter(|a| !a.starts_with('-')).collect();
    let verb = words.first().map_or("list-units", |w| w.as_str());
    let units = units(call);
    let name = words.get(1).map(|n| if n.contains('.') { (*n).clone() } else { format!("{n}.service") });
    let name = name.map(|n| if n == "sshd.service" { "ssh.service".to_owned() } else { n });
    match (verb, name) {
        ("status", Some(name)) => match units.iter().find(|(n, _, _)| *n == name) {
            Some((_, text, command)) => status(call, &name, text, command),
            None => {
                call.error(&format!("Unit {name} could not be found.\n"));
                4
            }
        },
        ("is-active" | "is-enabled", Some(name)) => {
            let known = units.iter().any(|(n, _, _)| *n == name);
            let text = match (verb, known) {
                ("is-active", true) => "active",
                ("is-active", false) => "inactive",
                (_, true) => "enabled",
                _ => {
                    call.error(&format!(
                        "Failed to get unit file state for {name}: No such file or directory\n"
                    ));
                    return 1;
                }
            };
            call.out(&format!("{text}\n"));
            if known { 0 } else { 3 }
        }
        ("start" | "stop" | "restart" | "reload", Some(name)) => {
            call.error(&format!("Failed to {verb} {name}: Interactive authentication required.\nSee system logs and 'systemctl status {name}' for details.\n"));
            4
        }
        ("enable" | "disable" | "daemon-reload" | "mask", _) => {
            call.error(&format!("Failed to {verb} unit: Interactive authentication required.\n"));
            1
        }
        ("list-units" | "list-unit-files", _) => {
            call.out("  UNIT                             LOAD   ACTIVE SUB     DESCRIPTION\n");
            for (name, text, _) in &units {
                call.out(&format!("  {name:<32} loaded active running {text}\n"));
            }
            call.out(&format!("\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n{} loaded units listed.\n", units.len()));
            0
        }
        (other, _) => {
            call.error(&format!("Unknown command verb {other}.\n"));
            1
        }
    }
}

fn status(call: &mut Call, name: &str, text: &str, command: &str) -> i32 {
    let found = all(call).into_iter().find(|p| p.command.starts_with(command));
    let Some(p) = found else { return 3 };
    let now = call.shell.session.now().as_second();
    let days = (now - p.started) / 86_400;
    let since = local(call, p.started, "%a %Y-%m-%d %H:%M:%S CST");
    let ago = if days >= 60 {
        format!("{} months {} days ago", days / 30, days % 30)
    } else if days >= 7 {
        format!("{} weeks {} days ago", days / 7, days % 7)
    } else {
        format!("{days} days ago")
    };
    let line = format!(
        "● {name} - {text}\n     Loaded: loaded (/lib/systemd/system/{name}; enabled; preset: enabled)\n     Active: active (running) since {since}; {ago}\n   Main PID: {} ({})\n      Tasks: 1 (limit: 19058)\n     Memory: {}.{}M\n     CGroup: /system.slice/{name}\n             └─{} \"{}\"\n",
        p.pid,
        p.name(),
        p.memory_kb / 1024,
        p.memory_kb % 1024 * 10 / 1024,
        p.pid,
        p.command
    );
    call.out(&line);
    0
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
