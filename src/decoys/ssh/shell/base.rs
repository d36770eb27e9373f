//! What every Debian 12 has: lists of directories, links, programs and small files.

/// `mode path`
pub(super) const DIRECTORIES: &str = include_str!("../debian/directories.txt");
/// `path target`
pub(super) const LINKS: &str = include_str!("../debian/links.txt");
/// `f mode size time path` or `l time path target`
pub(super) const PROGRAMS: &str = include_str!("../debian/programs.txt");
/// `mode owner path source`
pub(super) const FILES: &str = include_str!("../debian/files.txt");

/// `mode path value`: what /proc/sys and /sys hold that does not move; `\\n` and `\\t` stand for themselves.
pub(super) const KERNEL: &str = include_str!("../debian/kernel.txt");

/// The text of a small file named in [`FILES`].
pub(super) fn file(name: &str) -> &'static str {
    match name {
        "adduser.conf" => include_str!("../debian/files/adduser.conf"),
        "bash.bashrc" => include_str!("../debian/files/bash.bashrc"),
        "bashrc" => include_str!("../debian/files/bashrc"),
        "crontab" => include_str!("../debian/files/crontab"),
        "debian_version" => include_str!("../debian/files/debian_version"),
        "fstab" => include_str!("../debian/files/fstab"),
        "group" => include_str!("../debian/files/group"),
        "host.conf" => include_str!("../debian/files/host.conf"),
        "hostname" => include_str!("../debian/files/hostname"),
        "hosts" => include_str!("../debian/files/hosts"),
        "interfaces" => include_str!("../debian/files/interfaces"),
        "issue" => include_str!("../debian/files/issue"),
        "issue.net" => include_str!("../debian/files/issue.net"),
        "login.defs" => include_str!("../debian/files/login.defs"),
        "machine-id" => include_str!("../debian/files/machine-id"),
        "motd" => include_str!("../debian/files/motd"),
        "nsswitch.conf" => include_str!("../debian/files/nsswitch.conf"),
        "os-release" => include_str!("../debian/files/os-release"),
        "passwd" => include_str!("../debian/files/passwd"),
        "profile" => include_str!("../debian/files/profile"),
        "resolv.conf" => include_str!("../debian/files/resolv.conf"),
        "shells" => include_str!("../debian/files/shells"),
        "sources.list" => include_str!("../debian/files/sources.list"),
        "sshd_config" => include_str!("../debian/files/sshd_config"),
        "sysctl.conf" => include_str!("../debian/files/sysctl.conf"),
        "timezone" => include_str!("../debian/files/timezone"),
        "user_profile" => include_str!("../debian/files/user_profile"),
        _ => "",
    }
}
