//! The walls around the sensor, put up by itself before it makes its first thread: each thread would
//! otherwise keep what it had.
//!
//! What is left: the sockets that it was given, its own folders, the socket of core. Whoever runs code
//! in it has no capability, no program to start, no file of the appliance, no other process, and no
//! connection but to the honeynet's own ports.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::app::Layout;
use crate::app::launch::Launch;
use crate::persona::Transport;

/// The newest rules that are asked for; an older kernel gives what it has, and the self-test tells.
const RULES: ABI = ABI::V6;

/// Puts up all walls.
///
/// # Errors
/// In plain words; the process must not go on then.
pub(super) fn apply(launch: &Launch, layout: &Layout) -> Result<(), String> {
    drop_capabilities().map_err(|e| format!("capabilities: {e}"))?;
    let status = restrict_files_and_network(launch, layout).map_err(|e| format!("landlock: {e}"))?;
    if status != RulesetStatus::FullyEnforced {
        tracing::warn!(?status, "this kernel restricts the decoys' process less than it could");
    }
    restrict_calls().map_err(|e| format!("seccomp: {e}"))
}

fn drop_capabilities() -> Result<(), caps::errors::CapsError> {
    // Only who may change it has one to lose.
    if caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_SETPCAP)? {
        caps::clear(None, caps::CapSet::Bounding)?;
    }
    for set in
        [caps::CapSet::Ambient, caps::CapSet::Inheritable, caps::CapSet::Effective, caps::CapSet::Permitted]
    {
        caps::clear(None, set)?;
    }
    Ok(())
}

fn restrict_files_and_network(launch: &Launch, layout: &Layout) -> Result<RulesetStatus, String> {
    let said = |e: landlock::RulesetError| e.to_string();
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))
        .and_then(|r| r.handle_access(AccessNet::from_all(RULES)))
        .and_then(|r| r.scope(Scope::from_all(RULES)))
        .and_then(Ruleset::create)
        .map_err(said)?;
    let (read, write) =
        (AccessFs::from_read(RULES) & !AccessFs::Execute, AccessFs::from_all(RULES) & !AccessFs::Execute);
    for folder in
        [layout.spool("sensor"), layout.sessions(), layout.artefacts(), layout.status_folder("sensor")]
    {
        rules = allow(rules, &folder, write)?;
    }
    let pack = Path::new(&launch.config.honeynet.personas);
    if pack.is_dir() {
        rules = allow(rules, pack, read)?;
    }
    let tcp = launch.services.iter().filter(|s| s.protocol.transport() == Transport::Tcp);
    let mut ports: Vec<u16> = tcp.map(|service| service.address.port()).collect();
    ports.sort_unstable();
    ports.dedup();
    for port in ports {
        rules = rules.add_rule(NetPort::new(port, AccessNet::ConnectTcp)).map_err(said)?;
    }
    // A socket is bound to a decoy's address without a port before it calls another decoy.
    rules = rules.add_rule(NetPort::new(0, AccessNet::BindTcp)).map_err(said)?;
    Ok(rules.restrict_self().map_err(said)?.ruleset)
}

fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, String> {
    let opened = PathFd::new(path).map_err(|e| format!("{}: {e}", path.display()))?;
    rules.add_rule(PathBeneath::new(opened, access)).map_err(|e| format!("{}: {e}", path.display()))
}

/// What a server of files and sockets calls. Everything else is refused, not deadly: a library that
/// tries a call first and does without it goes on.
const CALLS: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendmmsg,
    libc::SYS_accept4,
    libc::SYS_accept,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_setsockopt,
    libc::SYS_getsockopt,
    libc::SYS_socketpair,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_lseek,
    libc::SYS_getdents64,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_flock,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_umask,
    libc::SYS_getcwd,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_mlock,
    libc::SYS_munlock,
    libc::SYS_brk,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_restart_syscall,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_set_tid_address,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_prlimit64,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_kill,
    libc::SYS_tgkill,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_utimensat,
];

/// Older forms that the C library still uses on this processor.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: &[libc::c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_link,
    libc::SYS_readlink,
    libc::SYS_chmod,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_wait,
    libc::SYS_epoll_create,
    libc::SYS_getrlimit,
    libc::SYS_time,
    libc::SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: &[libc::c_long] = &[];

/// Any of the flags by which clone(2) makes new namespaces.
const NEW_NAMESPACES: u64 = 0x7e02_0080;

/// The kinds of a socket, without the flags that may come with them.
const SOCKET_KIND: u64 = 0xf;

fn restrict_calls() -> Result<(), String> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.iter().chain(OLD_CALLS).map(|call| (*call, Vec::new())).collect();
    let said = |e: seccompiler::BackendError| e.to_string();
    let is =
        |argument, value| SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value);
    let masked = |argument, mask, value| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)
    };
    let mut sockets = Vec::new();
    for family in [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6] {
        let stream = masked(1, SOCKET_KIND, libc::SOCK_STREAM as u64).map_err(said)?;
        let family = is(0, u64::try_from(family).unwrap_or_default()).map_err(said)?;
        sockets.push(SeccompRule::new(vec![family, stream]).map_err(said)?);
    }
    rules.insert(libc::SYS_socket, sockets);
    let thread =
        masked(0, NEW_NAMESPACES | libc::CLONE_THREAD as u64, libc::CLONE_THREAD as u64).map_err(said)?;
    rules.insert(libc::SYS_clone3, Vec::new());
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![thread]).map_err(said)?]);
    // Names of threads.
    let name = is(0, libc::PR_SET_NAME as u64).map_err(said)?;
    rules.insert(libc::SYS_prctl, vec![SeccompRule::new(vec![name]).map_err(said)?]);
    // How much waits on a socket, and the mode of a descriptor.
    let asked = [libc::FIONREAD, libc::FIONBIO, libc::TIOCOUTQ, libc::FIOCLEX, libc::TCGETS];
    let asked = asked.into_iter().map(|request| SeccompRule::new(vec![is(1, request)?]));
    rules.insert(libc::SYS_ioctl, asked.collect::<Result<_, _>>().map_err(said)?);
    let arch = std::env::consts::ARCH.try_into().map_err(said)?;
    let refuse = |errno: libc::c_int| SeccompAction::Errno(errno.unsigned_abs());
    let filter = SeccompFilter::new(rules, refuse(libc::EPERM), SeccompAction::Allow, arch).map_err(said)?;
    let program: BpfProgram = filter.try_into().map_err(said)?;
    // The C library makes a thread by clone3, whose flags no filter can see, unless there is none.
    let newer = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let newer = SeccompFilter::new(newer, SeccompAction::Allow, refuse(libc::ENOSYS), arch).map_err(said)?;
    let newer: BpfProgram = newer.try_into().map_err(said)?;
    // Of two filters the stricter answer counts; after the second none can be put up.
    for program in [newer, program] {
        seccompiler::apply_filter(&program).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// The error of the kernel for what a wall refused.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EPERM | libc::EACCES | libc::ENOSYS | libc::ENETUNREACH | libc::ENOENT | libc::ESRCH)
    )
}
