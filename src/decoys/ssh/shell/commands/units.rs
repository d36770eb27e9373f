//! `systemctl` of systemd 252: units, their files, timers and sockets.

use super::Call;
use super::processes::{all, local};
use super::services::units;
use crate::decoys::ssh::shell::running::Running;

/// Units that run once and stay active, in every Debian 12.
const ONCE: [(&str, &str); 14] = [
    ("apparmor.service", "Load AppArmor profiles"),
    ("console-setup.service", "Set console font and keymap"),
    ("ifupdown-pre.service", "Helper to synchronize boot up for ifupdown"),
    ("keyboard-setup.service", "Set the console keyboard layout"),
    ("kmod-static-nodes.service", "Create List of Static Device Nodes"),
    ("networking.service", "Raise network interfaces"),
    ("systemd-journal-flush.service", "Flush Journal to Persistent Storage"),
    ("systemd-modules-load.service", "Load Kernel Modules"),
    ("systemd-random-seed.service", "Load/Save Random Seed"),
    ("systemd-remount-fs.service", "Remount Root and Kernel File Systems"),
    ("systemd-sysctl.service", "Apply Kernel Variables"),
    ("systemd-sysusers.service", "Create System Users"),
    ("systemd-tmpfiles-setup.service", "Create Volatile Files and Directories"),
    ("systemd-user-sessions.service", "Permit User Sessions"),
];

/// Timers: their period and hour in seconds, what they start.
const TIMERS: [(&str, &str, i64, i64); 7] = [
    ("apt-daily-upgrade.timer", "apt-daily-upgrade.service", 86_400, 22_980),
    ("apt-daily.timer", "apt-daily.service", 43_200, 38_460),
    ("dpkg-db-backup.timer", "dpkg-db-backup.service", 86_400, 0),
    ("e2scrub_all.timer", "e2scrub_all.service", 604_800, 11_430),
    ("fstrim.timer", "fstrim.service", 604_800, 3_100),
    ("logrotate.timer", "logrotate.service", 86_400, 0),
    ("man-db.timer", "man-db.service", 86_400, 17_300),
];

/// Verbs that change something.
const CHANGES: [&str; 17] = [
    "start",
    "stop",
    "restart",
    "reload",
    "try-restart",
    "kill",
    "reload-or-restart",
    "isolate",
    "clean",
    "freeze",
    "thaw",
    "reset-failed",
    "set-property",
    "poweroff",
    "reboot",
    "halt",
    "suspend",
];

/// Verbs that change files of units.
const FILES: [&str; 13] = [
    "enable",
    "disable",
    "daemon-reload",
    "daemon-reexec",
    "mask",
    "unmask",
    "reenable",
    "preset",
    "link",
    "set-default",
    "revert",
    "edit",
    "add-wants",
];

fn whole(name: &str) -> String {
    let name = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
    if name == "sshd.service" { "ssh.service".to_owned() } else { name }
}

/// `systemctl`
pub(super) fn systemctl(call: &mut Call) -> i32 {
    let rest = call.rest().to_vec();
    if rest.iter().any(|a| a == "--version") {
        call.out("systemd 252 (252.39-1~deb12u1)\n+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 -IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY +P11KIT +QRENCODE +TPM2 +BZIP2 +LZ4 +XZ +ZLIB +ZSTD -BPF_FRAMEWORK -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified\n");
        return 0;
    }
    let valued = ["-p", "--property", "-t", "--type", "-n", "-o", "--state"];
    let words: Vec<&String> = rest
        .iter()
        .enumerate()
        .filter(|(n, a)| {
            !a.starts_with('-')
                && !n.checked_sub(1).and_then(|b| rest.get(b)).is_some_and(|b| valued.contains(&b.as_str()))
        })
        .map(|(_, a)| a)
        .collect();
    let failed = rest.iter().any(|a| a == "--failed" || a == "--state=failed");
    let verb = words.first().map_or("list-units", |w| w.as_str());
    let names: Vec<String> = words.iter().skip(1).map(|n| whole(n)).collect();
    match (verb, names.first().cloned()) {
        ("list-units", _) => list_units(call, &rest, failed),
        ("list-unit-files", _) => list_files(call, &rest),
        ("list-timers", _) => list_timers(call),
        ("list-sockets", _) => {
            call.out("LISTEN                       UNIT                             ACTIVATES\n/dev/rfkill                  systemd-rfkill.socket            systemd-rfkill.service\n/run/dbus/system_bus_socket  dbus.socket                      dbus.service\n/run/initctl                 systemd-initctl.socket           systemd-initctl.service\n/run/systemd/fsck.progress   systemd-fsckd.socket             systemd-fsckd.service\n/run/systemd/journal/dev-log systemd-journald-dev-log.socket  systemd-journald.service\n/run/systemd/journal/socket  systemd-journald.socket          systemd-journald.service\n/run/systemd/journal/stdout  systemd-journald.socket          systemd-journald.service\n/run/udev/control            systemd-udevd-control.socket     systemd-udevd.service\nkobject-uevent 1             systemd-udevd-kernel.socket      systemd-udevd.service\n\n9 sockets listed.\nPass --all to see loaded but inactive sockets, too.\n");
            0
        }
        ("get-default", _) => {
            call.out("graphical.target\n");
            0
        }
        ("is-system-running", _) => {
            call.out("running\n");
            0
        }
        ("list-jobs", _) => {
            call.out("No jobs running.\n");
            0
        }
        ("status", None) => whole_status(call),
        ("status", Some(_)) => names.iter().map(|name| status(call, name)).max().unwrap_or(0),
        ("show", name) => show(call, name.as_deref(), &rest),
        ("cat", Some(name)) => cat(call, &name),
        ("list-dependencies", name) => {
            let name = name.unwrap_or_else(|| "default.target".into());
            call.out(&format!("{name}\n● ├─-.mount\n● ├─system.slice\n● └─sysinit.target\n●   ├─apparmor.service\n●   ├─dev-hugepages.mount\n●   ├─dev-mqueue.mount\n●   ├─keyboard-setup.service\n●   ├─kmod-static-nodes.service\n●   ├─systemd-journald.service\n●   ├─systemd-udevd.service\n●   ├─local-fs.target\n●   │ ├─-.mount\n●   │ └─systemd-remount-fs.service\n●   └─swap.target\n"));
            0
        }
        ("is-active" | "is-enabled" | "is-failed", Some(name)) => asked(call, verb, &name),
        ("show-environment", _) => {
            call.out("LANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
            0
        }
        (verb, name) if CHANGES.contains(&verb) => {
            let name = name.unwrap_or_else(|| format!("{verb}.target"));
            if !known(call, &name) && !name.ends_with(".target") {
                call.error(&format!("Failed to {verb} {name}: Unit {name} not found.\n"));
                return 5;
            }
            call.error(&format!("Failed to {verb} {name}: Interactive authentication required.\nSee system logs and 'systemctl status {name}' for details.\n"));
            1
        }
        ("daemon-reload" | "daemon-reexec", _) => {
            call.error("Failed to reload daemon: Interactive authentication required.\n");
            1
        }
        (verb, _) if FILES.contains(&verb) => {
            call.error(&format!("Failed to {verb} unit: Interactive authentication required.\n"));
            1
        }
        ("cat" | "is-active" | "is-enabled" | "is-failed", None) => {
            call.error("Too few arguments.\n");
            1
        }
        (other, _) => {
            call.error(&format!("Unknown command verb {other}.\n"));
            1
        }
    }
}

fn known(call: &Call, name: &str) -> bool {
    units(call).iter().any(|(n, ..)| n == name)
        || ONCE.iter().any(|(n, _)| *n == name)
        || TIMERS.iter().any(|(n, s, ..)| *n == name || *s == name)
}

fn list_units(call: &mut Call, rest: &[String], failed: bool) -> i32 {
    let mut rows: Vec<(String, &str, String)> =
        units(call).into_iter().map(|(name, text, _)| (name, "running", text)).collect();
    let only = rest.iter().find_map(|a| a.strip_prefix("--state=")).unwrap_or("");
    let kind = rest
        .iter()
        .find_map(|a| a.strip_prefix("--type=").or_else(|| a.strip_prefix("-t")))
        .filter(|k| !k.is_empty())
        .map(str::to_owned)
        .or_else(|| rest.iter().skip_while(|a| *a != "-t" && *a != "--type").nth(1).cloned());
    if only != "running" {
        rows.extend(ONCE.iter().map(|(name, text)| ((*name).to_owned(), "exited", (*text).to_owned())));
    }
    if kind.as_deref().is_none_or(|k| k.contains("timer")) && only != "running" {
        rows.extend(TIMERS.iter().map(|(name, ..)| ((*name).to_owned(), "waiting", timer_text(name))));
    }
    if let Some(kind) = &kind {
        rows.retain(|(name, ..)| name.ends_with(&format!(".{kind}")));
    }
    if failed {
        rows.clear();
    }
    rows.sort();
    let wide = rows.iter().map(|(n, ..)| n.len()).max().unwrap_or(4).max(4);
    let sub = rows.iter().map(|(_, s, _)| s.len()).max().unwrap_or(3).max(3);
    if !rest.iter().any(|a| a == "--no-legend") {
        call.out(&format!("  {:<wide$} LOAD   ACTIVE {:<sub$} DESCRIPTION\n", "UNIT", "SUB"));
    }
    for (name, state, text) in &rows {
        call.out(&format!("  {name:<wide$} loaded active {state:<sub$} {text}\n"));
    }
    if !rest.iter().any(|a| a == "--no-legend") {
        if rows.is_empty() {
            call.out("0 loaded units listed.\n");
        } else {
            call.out(&format!("\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n{} loaded units listed. Pass --all to see loaded but inactive units, too.\nTo show all installed unit files use 'systemctl list-unit-files'.\n", rows.len()));
        }
    }
    0
}

fn timer_text(name: &str) -> String {
    match name {
        "apt-daily-upgrade.timer" => "Daily apt upgrade and clean activities",
        "apt-daily.timer" => "Daily apt download activities",
        "dpkg-db-backup.timer" => "Daily dpkg database backup timer",
        "e2scrub_all.timer" => "Periodic ext4 Online Metadata Check for All Filesystems",
        "fstrim.timer" => "Discard unused blocks once a week",
        "logrotate.timer" => "Daily rotation of log files",
        _ => "Daily man-db regeneration",
    }
    .to_owned()
}

fn list_files(call: &mut Call, rest: &[String]) -> i32 {
    let mut rows: Vec<(String, &str)> = units(call).into_iter().map(|(name, ..)| (name, "enabled")).collect();
    rows.extend(ONCE.iter().map(|(name, _)| {
        ((*name).to_owned(), if name.starts_with("systemd") { "static" } else { "enabled" })
    }));
    rows.extend(TIMERS.iter().map(|(name, ..)| ((*name).to_owned(), "enabled")));
    if let Some(state) = rest.iter().find_map(|a| a.strip_prefix("--state=")) {
        rows.retain(|(_, s)| *s == state);
    }
    if let Some(kind) = rest.iter().find_map(|a| a.strip_prefix("--type=")) {
        rows.retain(|(name, _)| name.ends_with(&format!(".{kind}")));
    }
    rows.sort();
    let wide = rows.iter().map(|(n, _)| n.len()).max().unwrap_or(9).max(9);
    call.out(&format!("{:<wide$} STATE   PRESET\n", "UNIT FILE"));
    for (name, state) in &rows {
        call.out(&format!("{name:<wide$} {state:<7} {}\n", if *state == "static" { "-" } else { "enabled" }));
    }
    call.out(&format!("\n{} unit files listed.\n", rows.len()));
    0
}

fn list_timers(call: &mut Call) -> i32 {
    let now = call.shell.session.now().as_second();
    let offset = i64::from(call.shell.site.pack.hospital.utc_offset_minutes) * 60;
    let mut rows: Vec<(i64, i64, &str, &str)> = TIMERS
        .iter()
        .map(|(name, starts, period, hour)| {
            let last = (now + offset - hour).div_euclid(*period) * period + hour - offset;
            (last + period, last, *name, *starts)
        })
        .collect();
    rows.sort_unstable();
    let stamp = |s: i64| local(call, s, "%a %Y-%m-%d %H:%M:%S CST");
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|(next, last, name, starts)| {
            [
                stamp(*next),
                format!("{} left", span(next - now)),
                stamp(*last),
                format!("{} ago", span(now - last)),
                (*name).to_owned(),
                (*starts).to_owned(),
            ]
        })
        .collect();
    let heads = ["NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"];
    let wide: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(n, head)| {
            cells.iter().filter_map(|r| r.get(n)).map(String::len).max().unwrap_or(0).max(head.len())
        })
        .collect();
    let line = |row: &[String]| -> String {
        let cells: Vec<String> = row.iter().zip(&wide).map(|(text, wide)| format!("{text:<wide$}")).collect();
        format!("{}\n", cells.join(" ").trim_end())
    };
    call.out(&line(&heads.map(str::to_owned)));
    for row in &cells {
        call.out(&line(row));
    }
    call.out(&format!(
        "\n{} timers listed.\nPass --all to see loaded but inactive timers, too.\n",
        cells.len()
    ));
    0
}

/// A span as systemd tells it: its two largest units.
fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}min"),
        (0, _) => format!("{hours}h {minutes}min"),
        (1, _) => format!("1 day {hours}h"),
        _ => format!("{days} days"),
    }
}

fn process(call: &mut Call, name: &str) -> Option<(String, Running)> {
    let (_, text, command) = units(call).into_iter().find(|(n, ..)| n == name)?;
    Some((text, all(call).into_iter().find(|p| p.command.starts_with(&command))?))
}

fn status(call: &mut Call, name: &str) -> i32 {
    let Some((text, p)) = process(call, name) else {
        if let Some((_, text)) = ONCE.iter().find(|(n, _)| *n == name) {
            let boot = call.shell.site.boot(call.shell.session.now());
            let since = local(call, boot + 4, "%a %Y-%m-%d %H:%M:%S CST");
            call.out(&format!("● {name} - {text}\n     Loaded: loaded (/lib/systemd/system/{name}; enabled; preset: enabled)\n     Active: active (exited) since {since}; {}\n        CPU: 31ms\n", ago(call, boot + 4)));
            return 0;
        }
        call.error(&format!("Unit {name} could not be found.\n"));
        return 4;
    };
    let since = local(call, p.started, "%a %Y-%m-%d %H:%M:%S CST");
    let cpu = (call.shell.session.now().as_second() - p.started) * i64::from(p.cpu_tenths) / 1000;
    let line = format!(
        "● {name} - {text}\n     Loaded: loaded (/lib/systemd/system/{name}; enabled; preset: enabled)\n     Active: active (running) since {since}; {}\n   Main PID: {} ({})\n      Tasks: 1 (limit: 19058)\n     Memory: {}.{}M\n        CPU: {}\n     CGroup: /system.slice/{name}\n             └─{} \"{}\"\n\nWarning: some journal files were not opened due to insufficient permissions.\n",
        ago(call, p.started),
        p.pid,
        p.name(),
        p.memory_kb / 1024,
        p.memory_kb % 1024 * 10 / 1024,
        if cpu > 60 { format!("{}min {}.214s", cpu / 60, cpu % 60) } else { format!("{cpu}.214s") },
        p.pid,
        p.command
    );
    call.out(&line);
    0
}

fn ago(call: &Call, second: i64) -> String {
    let days = (call.shell.session.now().as_second() - second) / 86_400;
    match days {
        60.. => format!("{} months {} days ago", days / 30, days % 30),
        7.. => format!("{} weeks {} days ago", days / 7, days % 7),
        _ => format!("{days} days ago"),
    }
}

fn whole_status(call: &mut Call) -> i32 {
    let boot = call.shell.site.boot(call.shell.session.now());
    let count = units(call).len() + ONCE.len() + 180;
    let text = format!(
        "● {}\n    State: running\n    Units: {count} loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: 0 units\n    Since: {}; {}\n  systemd: 252.39-1~deb12u1\n   CGroup: /\n           ├─init.scope\n           │ └─1 /sbin/init\n           ├─system.slice\n",
        call.shell.site.host.hostname,
        local(call, boot, "%a %Y-%m-%d %H:%M:%S CST"),
        ago(call, boot)
    );
    call.out(&text);
    for (name, _, command) in units(call) {
        if let Some(p) = all(call).into_iter().find(|p| p.command.starts_with(&command)) {
            call.out(&format!("           │ ├─{name}\n           │ │ └─{} \"{}\"\n", p.pid, p.command));
        }
    }
    let (uid, pid) = (call.shell.account.uid, call.shell.pid);
    call.out(&format!("           └─user.slice\n             └─user-{uid}.slice\n               └─session-1.scope\n                 └─{pid} -bash\n"));
    0
}

fn show(call: &mut Call, name: Option<&str>, rest: &[String]) -> i32 {
    let mut wanted: Vec<String> = Vec::new();
    for (n, word) in rest.iter().enumerate() {
        let value = match word.as_str() {
            "-p" | "--property" => rest.get(n + 1).cloned(),
            other => {
                other.strip_prefix("--property=").or_else(|| other.strip_prefix("-p")).map(str::to_owned)
            }
        };
        wanted.extend(value.iter().flat_map(|v| v.split(',')).filter(|v| !v.is_empty()).map(str::to_owned));
    }
    let bare = rest.iter().any(|a| a == "--value");
    let name = name.unwrap_or("-.slice");
    let found = process(call, name);
    let (pid, text, command) =
        found.map_or((0, name.to_owned(), String::new()), |(text, p)| (p.pid, text, p.command));
    let loaded = pid != 0 || known(call, name);
    let rows = [
        ("Type", "notify".to_owned()),
        ("Restart", "on-failure".to_owned()),
        ("MainPID", pid.to_string()),
        (
            "ExecStart",
            format!(
                "{{ path={} ; argv[]={command} ; ignore_errors=no }}",
                command.split(' ').next().unwrap_or_default()
            ),
        ),
        ("User", String::new()),
        ("Id", name.to_owned()),
        ("Names", name.to_owned()),
        ("Description", text),
        ("LoadState", if loaded { "loaded" } else { "not-found" }.to_owned()),
        ("ActiveState", if pid != 0 { "active" } else { "inactive" }.to_owned()),
        ("SubState", if pid != 0 { "running" } else { "dead" }.to_owned()),
        ("FragmentPath", if loaded { format!("/lib/systemd/system/{name}") } else { String::new() }),
        ("UnitFileState", if loaded { "enabled" } else { "" }.to_owned()),
        ("UnitFilePreset", "enabled".to_owned()),
    ];
    for (key, value) in rows.iter().filter(|(k, _)| wanted.is_empty() || wanted.iter().any(|w| w == k)) {
        call.out(&if bare { format!("{value}\n") } else { format!("{key}={value}\n") });
    }
    0
}

/// The file of a unit, made from what it runs.
fn cat(call: &mut Call, name: &str) -> i32 {
    let Some((text, p)) = process(call, name) else {
        call.error(&format!("No files found for {name}.\n"));
        return 1;
    };
    let body = if name == "ssh.service" {
        "[Unit]\nDescription=OpenBSD Secure Shell server\nDocumentation=man:sshd(8) man:sshd_config(5)\nAfter=network.target auditd.service\nConditionPathExists=!/etc/ssh/sshd_not_to_be_run\n\n[Service]\nEnvironmentFile=-/etc/default/ssh\nExecStartPre=/usr/sbin/sshd -t\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\nExecReload=/usr/sbin/sshd -t\nExecReload=/bin/kill -HUP $MAINPID\nKillMode=process\nRestart=on-failure\nRestartPreventExitStatus=255\nType=notify\nRuntimeDirectory=sshd\nRuntimeDirectoryMode=0755\n\n[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n".to_owned()
    } else {
        let user = call.shell.site.user_name(p.uid);
        let user = if p.uid == 0 { String::new() } else { format!("User={user}\n") };
        format!(
            "[Unit]\nDescription={text}\nAfter=network.target\n\n[Service]\n{user}ExecStart={}\nRestart=on-failure\n\n[Install]\nWantedBy=multi-user.target\n",
            p.command
        )
    };
    call.out(&format!("# /lib/systemd/system/{name}\n{body}"));
    0
}

fn asked(call: &mut Call, verb: &str, name: &str) -> i32 {
    let known = known(call, name);
    let text = match (verb, known) {
        ("is-active", true) => "active",
        ("is-active", false) => "inactive",
        ("is-failed", true) => "active",
        ("is-failed", false) => "inactive",
        (_, true) => "enabled",
        _ => {
            call.error(&format!("Failed to get unit file state for {name}: No such file or directory\n"));
            return 1;
        }
    };
    call.out(&format!("{text}\n"));
    match (verb, known) {
        ("is-failed", _) => 1,
        (_, true) => 0,
        _ => 3,
    }
}
