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
    if options.long.contains(&"--print-architecture") {
        call.out("amd64\n");
        return 0;
    }
    call.error("dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;\nType dpkg -Dhelp for a list of dpkg debug flag values;\nType dpkg --force-help for a list of forcing options;\nType dpkg-deb --help for help about manipulating *.deb files;\n\nOptions marked [*] produce a lot of output - pipe it through 'less' or 'more' !\n");
    2
}

/// `apt` and `apt-get`
pub(super) fn apt(call: &mut Call) -> i32 {
    let verb = call.rest().iter().find(|a| !a.starts_with('-')).map(String::as_str);
    match verb {
        Some("list") => {
            call.error(
                "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n",
            );
            call.out("Listing...\n");
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
