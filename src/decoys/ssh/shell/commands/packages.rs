//! Programs that tell of installed packages.

use super::{Call, Options};
use crate::decoys::ssh::shell::text::matches_plain;

/// Packages of the machine with their versions and what they are.
const PACKAGES: &[(&str, &str, &str)] = &[
    ("adduser", "3.134", "add and remove users and groups"),
    ("apt", "2.6.1", "commandline package manager"),
    ("base-files", "12.4+deb12u12", "Debian base system miscellaneous files"),
    ("bash", "5.2.15-2+b9", "GNU Bourne Again SHell"),
    ("bsdutils", "1:2.38.1-5+deb12u3", "basic utilities from 4.4BSD-Lite"),
    ("coreutils", "9.1-1", "GNU core utilities"),
    ("cron", "3.0pl1-162", "process scheduling daemon"),
    ("curl", "7.88.1-10+deb12u14", "command line tool for transferring data with URL syntax"),
    ("dash", "0.5.12-2", "POSIX-compliant shell"),
    ("debianutils", "5.7-0.5~deb12u1", "Miscellaneous utilities specific to Debian"),
    ("diffutils", "1:3.8-4", "File comparison utilities"),
    ("dpkg", "1.21.22", "Debian package management system"),
    ("findutils", "4.9.0-4", "utilities for finding files--find, xargs"),
    ("grep", "3.8-5", "GNU grep, egrep and fgrep"),
    ("gzip", "1.12-1", "GNU compression utilities"),
    ("hostname", "3.23+nmu1", "utility to set/show the host name or domain name"),
    ("iproute2", "6.1.0-3", "networking and traffic control tools"),
    ("iputils-ping", "3:20221126-1+deb12u1", "Tools to test the reachability of network hosts"),
    ("libc6:amd64", "2.36-9+deb12u13", "GNU C Library: Shared libraries"),
    ("libssl3:amd64", "3.0.17-1~deb12u3", "Secure Sockets Layer toolkit - shared libraries"),
    ("linux-image-amd64", "6.1.158-1", "Linux for 64-bit PCs (meta-package)"),
    ("login", "1:4.13+dfsg1-1+deb12u1", "system login tools"),
    ("logrotate", "3.21.0-1", "Log rotation utility"),
    ("mawk", "1.3.4.20200120-3.1", "Pattern scanning and text processing language"),
    ("mount", "2.38.1-5+deb12u3", "tools for mounting and manipulating filesystems"),
    ("nano", "7.2-1+deb12u1", "small, friendly text editor inspired by Pico"),
    ("net-tools", "2.10-0.1+deb12u2", "NET-3 networking toolkit"),
    ("netcat-openbsd", "1.219-1", "TCP/IP swiss army knife"),
    (
        "openssh-client",
        "1:9.2p1-2+deb12u10",
        "secure shell (SSH) client, for secure access to remote machines",
    ),
    (
        "openssh-server",
        "1:9.2p1-2+deb12u10",
        "secure shell (SSH) server, for secure access from remote machines",
    ),
    (
        "openssh-sftp-server",
        "1:9.2p1-2+deb12u10",
        "secure shell (SSH) sftp server module, for SFTP access from remote machines",
    ),
    ("passwd", "1:4.13+dfsg1-1+deb12u1", "change and administer password and group data"),
    ("perl-base", "5.36.0-7+deb12u3", "minimal Perl system"),
    ("procps", "2:4.0.2-3", "/proc file system utilities"),
    ("rsyslog", "8.2302.0-1+deb12u1", "reliable system and kernel logging daemon"),
    ("sed", "4.9-1", "GNU stream editor for filtering/transforming text"),
    ("sudo", "1.9.13p3-1+deb12u2", "Provide limited super user privileges to specific users"),
    ("systemd", "252.39-1~deb12u1", "system and service manager"),
    ("tar", "1.34+dfsg-1.2+deb12u1", "GNU version of the tar archiving utility"),
    ("tzdata", "2025b-0+deb12u2", "time zone and daylight-saving time data"),
    ("util-linux", "2.38.1-5+deb12u3", "miscellaneous system utilities"),
    ("vim-common", "2:9.0.1378-2+deb12u2", "Vi IMproved - Common files"),
    ("vim-tiny", "2:9.0.1378-2+deb12u2", "Vi IMproved - enhanced vi editor - compact version"),
    ("wget", "1.21.3-1+deb12u1", "retrieves files from the web"),
];

fn architecture(name: &str) -> &'static str {
    if matches!(name, "adduser" | "tzdata") { "all" } else { "amd64" }
}

/// `dpkg` and `dpkg-query`
pub(super) fn dpkg(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "f");
    if options.has('l') || options.long.contains(&"--list") {
        call.out("Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ Name                Version              Architecture Description\n+++-===================-====================-============-=================================\n");
        let mut any = false;
        for (name, version, text) in PACKAGES {
            let wanted = options.operands.is_empty()
                || options.operands.iter().any(|o| matches_plain(o, name.trim_end_matches(":amd64")));
            if wanted {
                any = true;
                call.out(&format!("ii  {name:<19} {version:<20} {:<12} {text}\n", architecture(name)));
            }
        }
        if !any {
            let name = options.operands.first().map(|o| (*o).clone()).unwrap_or_default();
            call.error(&format!("dpkg-query: no packages found matching {name}\n"));
            return 1;
        }
        return 0;
    }
    if options.has('i') {
        call.error("dpkg: error: requested operation requires superuser privilege\n");
        return 2;
    }
    if options.has('W') {
        for (name, version, _) in PACKAGES {
            call.out(&format!("{name}\t{version}\n"));
        }
        return 0;
    }
    if let Some(status) = queries(call, &options) {
        return status;
    }
    if options.long.contains(&"--print-architecture") {
        call.out("amd64\n");
        return 0;
    }
    call.error("dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;\nType dpkg -Dhelp for a list of dpkg debug flag values;\nType dpkg --force-help for a list of forcing options;\nType dpkg-deb --help for help about manipulating *.deb files;\n\nOptions marked [*] produce a lot of output - pipe it through 'less' or 'more' !\n");
    2
}

/// `apt` and `apt-get`
pub(super) fn apt(call: &mut Call) -> i32 {
    if call.rest().iter().any(|a| a == "--version" || a == "-v") {
        call.out("apt 2.6.1 (amd64)\n");
        return 0;
    }
    let verb = call.rest().iter().find(|a| !a.starts_with('-')).map(String::as_str);
    match verb {
        Some("list") => {
            call.error(
                "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n",
            );
            call.out("Listing...\n");
            if call.rest().iter().any(|a| a == "--upgradable" || a == "--upgradeable") {
                return 0;
            }
            for (name, version, _) in PACKAGES {
                let name = name.trim_end_matches(":amd64");
                call.out(&format!("{name}/now {version} {} [installed,local]\n", architecture(name)));
            }
            0
        }
        Some("install" | "remove" | "upgrade" | "dist-upgrade" | "purge") => {
            call.error("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n");
            100
        }
        Some("update") => {
            call.out("Reading package lists... Done\n");
            call.error("E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\nE: Unable to lock directory /var/lib/apt/lists/\nW: Problem unlinking the file /var/cache/apt/pkgcache.bin - RemoveCaches (13: Permission denied)\nW: Problem unlinking the file /var/cache/apt/srcpkgcache.bin - RemoveCaches (13: Permission denied)\n");
            100
        }
        Some("show" | "policy" | "search" | "madison" | "depends") => cache(call),
        Some(
            "autoremove" | "full-upgrade" | "clean" | "autoclean" | "reinstall" | "source" | "download"
            | "build-dep",
        ) => {
            call.error("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n");
            100
        }
        Some("moo") => {
            call.out("                 (__) \n                 (oo) \n           /------\\/ \n          / |    ||   \n         *  /\\---/\\ \n            ~~   ~~   \n...\"Have you mooed today?\"...\n");
            0
        }
        Some(other) => {
            call.error(&format!("E: Invalid operation {other}\n"));
            100
        }
        None => {
            call.out("apt 2.6.1 (amd64)\n");
            1
        }
    }
}

/// `lsb_release`
pub(super) fn lsb_release(call: &mut Call) -> i32 {
    call.error("No LSB modules are available.\n");
    call.out("Distributor ID:\tDebian\nDescription:\tDebian GNU/Linux 12 (bookworm)\nRelease:\t12\nCodename:\tbookworm\n");
    0
}

/// `apt-cache`, and the verbs of `apt` that ask the same.
pub(super) fn cache(call: &mut Call) -> i32 {
    let words: Vec<String> = call.rest().iter().filter(|a| !a.starts_with('-')).cloned().collect();
    let [verb, names @ ..] = words.as_slice() else {
        call.out("apt 2.6.1 (amd64)\nUsage: apt-cache [options] command\n       apt-cache [options] show pkg1 [pkg2 ...]\n\napt-cache queries and displays available information about installed\nand installable packages.\n");
        return 1;
    };
    let domain = call.shell.site.pack.hospital.domain.clone();
    for name in names {
        let found = PACKAGES.iter().find(|(n, ..)| n.trim_end_matches(":amd64") == name);
        match (verb.as_str(), found) {
            ("policy", Some((_, version, _))) => call.out(&format!("{name}:\n  Installed: {version}\n  Candidate: {version}\n  Version table:\n *** {version} 500\n        500 http://mirrors.{domain}/debian bookworm/main amd64 Packages\n        100 /var/lib/dpkg/status\n")),
            ("policy", None) => call.error(&format!("N: Unable to locate package {name}\n")),
            ("search", _) => {
                let hits: String = PACKAGES
                    .iter()
                    .filter(|(n, _, text)| n.contains(name.as_str()) || text.contains(name.as_str()))
                    .map(|(n, _, text)| format!("{} - {text}\n", n.trim_end_matches(":amd64")))
                    .collect();
                call.out(&hits);
            }
            ("show", Some(package)) => {
                let text = described(package);
                call.out(&text);
            }
            (_, Some(_)) => call.out(&format!("{name}\n")),
            (_, None) => {
                call.error(&format!("E: No packages found\nN: Unable to locate package {name}\n"));
                return 100;
            }
        }
    }
    0
}

/// `apt-mark`
pub(super) fn mark(call: &mut Call) -> i32 {
    match call.rest().first().map(String::as_str) {
        Some("showmanual") => {
            for name in [
                "curl",
                "linux-image-amd64",
                "nano",
                "net-tools",
                "netcat-openbsd",
                "openssh-server",
                "sudo",
                "vim-tiny",
                "wget",
            ] {
                call.out(&format!("{name}\n"));
            }
            0
        }
        Some("showhold" | "showauto") => 0,
        _ => {
            call.error("E: Could not create temporary file for /var/lib/apt/extended_states - mkstemp (13: Permission denied)\nE: Failed to write temporary StateFile /var/lib/apt/extended_states\n");
            100
        }
    }
}

fn described((name, version, text): &(&str, &str, &str)) -> String {
    format!(
        "Package: {}\nStatus: install ok installed\nPriority: optional\nSection: admin\nArchitecture: {}\nVersion: {version}\nDescription: {text}\n\n",
        name.trim_end_matches(":amd64"),
        architecture(name)
    )
}

/// `dpkg -s`, `-S`, `-L`, `--get-selections`, `-V`.
fn queries(call: &mut Call, options: &Options) -> Option<i32> {
    let names: Vec<String> = options.operands.iter().map(|o| (*o).clone()).collect();
    let package = |name: &str| PACKAGES.iter().find(|(n, ..)| n.trim_end_matches(":amd64") == name);
    if options.has('s') || options.long.contains(&"--status") {
        for name in &names {
            match package(name) {
                Some(package) => {
                    let text = described(package);
                    call.out(&text);
                }
                None => {
                    call.error(&format!("dpkg-query: package '{name}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n"));
                    return Some(1);
                }
            }
        }
        return Some(0);
    }
    if options.has('S') || options.long.contains(&"--search") {
        for name in &names {
            let program = name.rsplit('/').next().unwrap_or(name);
            let known = call
                .shell
                .fs
                .stat(&format!("/usr/bin/{program}"))
                .or_else(|_| call.shell.fs.stat(&format!("/usr/sbin/{program}")));
            let owner = if package(program).is_some() { program } else { owner(program) };
            if known.is_err() || name.starts_with("/opt") || name.starts_with("/home") {
                call.error(&format!("dpkg-query: no path found matching pattern {name}\n"));
                return Some(1);
            }
            call.out(&format!("{owner}: {name}\n"));
        }
        return Some(0);
    }
    if options.has('L') || options.long.contains(&"--listfiles") {
        for name in &names {
            if package(name).is_none() {
                call.error(&format!("dpkg-query: package '{name}' is not installed\nUse dpkg --contents (= dpkg-deb --contents) to list archive files contents.\n"));
                return Some(1);
            }
            let mut text = String::from("/.\n/usr\n/usr/share\n/usr/share/doc\n");
            text.push_str(&format!("/usr/share/doc/{name}\n/usr/share/doc/{name}/changelog.Debian.gz\n/usr/share/doc/{name}/copyright\n"));
            for folder in ["/usr/bin", "/usr/sbin"] {
                if call.shell.fs.stat(&format!("{folder}/{name}")).is_ok() {
                    text.push_str(&format!("{folder}\n{folder}/{name}\n"));
                }
            }
            call.out(&text);
        }
        return Some(0);
    }
    if options.long.contains(&"--get-selections") {
        for (name, ..) in PACKAGES {
            let tabs = "\t".repeat(6_usize.saturating_sub(name.len() / 8).max(1));
            call.out(&format!("{name}{tabs}install\n"));
        }
        return Some(0);
    }
    if options.has('V') || options.long.contains(&"--verify") || options.long.contains(&"--audit") {
        return Some(0);
    }
    if options.long.contains(&"--version") {
        call.out("Debian 'dpkg' package management program version 1.21.22 (amd64).\nThis is free software; see the GNU General Public License version 2 or\nlater for copying conditions. There is NO warranty.\n");
        return Some(0);
    }
    None
}

/// The package of a program that is not named like it.
fn owner(program: &str) -> &'static str {
    match program {
        "ps" | "top" | "free" | "kill" | "pgrep" | "pkill" | "uptime" | "vmstat" | "w" | "watch"
        | "sysctl" => "procps",
        "ip" | "ss" | "bridge" | "tc" => "iproute2",
        "mount" | "umount" | "swapon" | "losetup" => "mount",
        "lsblk" | "dmesg" | "more" | "findmnt" | "su" | "fdisk" | "lscpu" | "last" | "script" => "util-linux",
        "systemctl" | "journalctl" | "loginctl" | "hostnamectl" | "timedatectl" => "systemd",
        "ssh" | "scp" | "sftp" | "ssh-keygen" => "openssh-client",
        "sshd" => "openssh-server",
        "find" | "xargs" => "findutils",
        "vi" | "view" | "ex" | "vim.tiny" => "vim-tiny",
        "perl" => "perl-base",
        "nc" | "netcat" => "netcat-openbsd",
        "netstat" | "ifconfig" | "route" | "arp" => "net-tools",
        "passwd" | "chage" | "useradd" | "usermod" => "passwd",
        "apt-get" | "apt-cache" | "apt-mark" => "apt",
        "ping" => "iputils-ping",
        "gunzip" | "zcat" => "gzip",
        "xxd" => "xxd",
        _ => "coreutils",
    }
}
