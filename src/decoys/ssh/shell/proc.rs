//! /proc and the little of /sys that is looked at: made from the machine and the time.

use jiff::Timestamp;

use super::node::{Body, Node};
pub use super::running::{Running, last_pid, processes};
use super::site::Site;

/// The node of a path in /proc or /sys, if it is one.
pub fn node(site: &Site, path: &str, now: Timestamp) -> Option<Node> {
    let mtime = now.as_second();
    let file = |text: String| Node {
        body: Body::File(text.into_bytes().into()),
        mode: 0o444,
        uid: 0,
        gid: 0,
        mtime,
    };
    if let Some(rest) = path.strip_prefix("/sys/") {
        if rest.strip_prefix("class/net/").is_some_and(|name| is_interface(site, name)) {
            return Some(Node { body: Body::Directory, mode: 0o555, uid: 0, gid: 0, mtime });
        }
        return sys(site, rest).map(file);
    }
    let rest = path.strip_prefix("/proc/")?;
    let (first, second) = rest.split_once('/').unwrap_or((rest, ""));
    if let Ok(pid) = first.parse::<u32>() {
        let process = processes(site, now).into_iter().find(|p| p.pid == pid)?;
        if second.is_empty() {
            return Some(Node {
                body: Body::Directory,
                mode: 0o555,
                uid: process.uid,
                gid: process.uid,
                mtime,
            });
        }
        return of_process(&process, second).map(file);
    }
    if first == "self" {
        return match second {
            "mounts" => Some(file(mounts(site))),
            "exe" => {
                Some(Node { body: Body::Link("/usr/bin/cat".into()), mode: 0o777, uid: 0, gid: 0, mtime })
            }
            _ => of_process(&own(site, now), second).map(file),
        };
    }
    text(site, rest, now).map(file)
}

/// Entries of /proc that the tree does not hold.
pub fn children(site: &Site, path: &str, now: Timestamp) -> Vec<(String, Node)> {
    let names: Vec<String> = match path {
        "/proc" => {
            let fixed = [
                "cmdline",
                "cpuinfo",
                "filesystems",
                "loadavg",
                "meminfo",
                "partitions",
                "stat",
                "swaps",
                "uptime",
                "version",
            ];
            let pids = processes(site, now).into_iter().map(|p| p.pid.to_string());
            fixed.map(str::to_owned).into_iter().chain(pids).collect()
        }
        "/proc/self" => ["cmdline", "comm", "environ", "exe", "mounts", "status"].map(str::to_owned).to_vec(),
        "/proc/net" => ["arp", "dev", "route", "tcp", "udp"].map(str::to_owned).to_vec(),
        "/proc/sys/kernel" => {
            ["hostname", "osrelease", "ostype", "pid_max", "version"].map(str::to_owned).to_vec()
        }
        "/sys/class/net" => vec![site.behaviour.machine.interface.clone(), "lo".into()],
        _ if path.strip_prefix("/sys/class/net/").is_some_and(|name| is_interface(site, name)) => {
            ["address", "mtu", "operstate"].map(str::to_owned).to_vec()
        }
        _ => match path.strip_prefix("/proc/").and_then(|p| p.parse::<u32>().ok()) {
            Some(_) => ["cmdline", "comm", "status"].map(str::to_owned).to_vec(),
            None => Vec::new(),
        },
    };
    names
        .into_iter()
        .map(|name| {
            let made = node(site, &format!("{path}/{name}"), now);
            let directory =
                || Node { body: Body::Directory, mode: 0o555, uid: 0, gid: 0, mtime: now.as_second() };
            (name, made.unwrap_or_else(directory))
        })
        .collect()
}

fn is_interface(site: &Site, name: &str) -> bool {
    name == "lo" || name == site.behaviour.machine.interface
}

fn sys(site: &Site, rest: &str) -> Option<String> {
    let (name, fact) = rest.strip_prefix("class/net/")?.split_once('/')?;
    if !is_interface(site, name) {
        return None;
    }
    let text = match (fact, name == "lo") {
        ("address", true) => "00:00:00:00:00:00",
        ("address", false) => &site.mac,
        ("mtu", true) => "65536",
        ("mtu", false) => "1500",
        ("operstate", true) => "unknown",
        ("operstate", false) => "up",
        _ => return None,
    };
    Some(format!("{text}\n"))
}

fn text(site: &Site, name: &str, now: Timestamp) -> Option<String> {
    let machine = &site.behaviour.machine;
    let up = now.as_second() - site.boot(now);
    Some(match name {
        "cmdline" => format!("BOOT_IMAGE=/boot/vmlinuz-{} root=/dev/sda1 ro quiet\n", site.host.os.kernel),
        "cpuinfo" => (0..machine.cpus).map(|n| cpu(site, n)).collect(),
        "filesystems" => "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\tdevtmpfs\nnodev\tdevpts\n\text4\n".into(),
        "loadavg" => {
            let [a, b, c] = load(site, now);
            format!("{a} {b} {c} 1/{} {}\n", 180 + site.behaviour.process.len() * 7, last_pid(site, now))
        }
        "meminfo" => meminfo(site, now),
        "partitions" => {
            let disk = machine.disk_kb + 1_048_576;
            format!("major minor  #blocks  name\n\n   8        0 {disk:>10} sda\n   8        1 {:>10} sda1\n   8        2          1 sda2\n   8        5     999424 sda5\n", machine.disk_kb)
        }
        "stat" => stat(site, now),
        "swaps" => "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/sda5                               partition\t999420\t\t0\t\t-2\n".into(),
        "uptime" => {
            let idle = up * i64::from(machine.cpus) * 96 / 100;
            format!("{up}.{:02} {idle}.{:02}\n", now.subsec_millisecond() / 10, up % 100)
        }
        "version" => format!(
            "Linux version {} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) {}\n",
            site.host.os.kernel, machine.kernel_build
        ),
        "net/dev" => net_dev(site, now),
        "net/route" => net_route(site),
        "net/arp" => format!(
            "IP address       HW type     Flags       HW address            Mask     Device\n{:<16} 0x1         0x2         {}     *        {}\n",
            site.gateway(), gateway_mac(site), machine.interface
        ),
        "net/tcp" => net_tcp(site),
        "net/udp" => "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n".into(),
        "sys/kernel/hostname" => format!("{}\n", site.host.hostname),
        "sys/kernel/osrelease" => format!("{}\n", site.host.os.kernel),
        "sys/kernel/ostype" => "Linux\n".into(),
        "sys/kernel/pid_max" => "4194304\n".into(),
        "sys/kernel/version" => format!("{}\n", machine.kernel_build),
        _ => return None,
    })
}

fn cpu(site: &Site, n: u32) -> String {
    format!(
        "processor\t: {n}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: {}\nstepping\t: 7\nmicrocode\t: 0x5003604\ncpu MHz\t\t: 2992.968\ncache size\t: 36608 KB\nphysical id\t: {}\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\napicid\t\t: {n}\ninitial apicid\t: {n}\nfpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 22\nwp\t\t: yes\nflags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss syscall nx pdpe1gb rdtscp lm constant_tsc arch_perfmon nopl xtopology tsc_reliable nonstop_tsc cpuid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm abm 3dnowprefetch fsgsbase bmi1 avx2 smep bmi2 invpcid avx512f avx512dq rdseed adx smap clflushopt clwb avx512cd avx512bw avx512vl xsaveopt xsavec xsaves arat pku ospke md_clear flush_l1d arch_capabilities\nbugs\t\t: spectre_v1 spectre_v2 spec_store_bypass swapgs itlb_multihit mmio_stale_data retbleed eibrs_pbrsb gds bhi\nbogomips\t: 5985.93\nclflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: 45 bits physical, 48 bits virtual\npower management:\n\n",
        site.behaviour.machine.cpu_model,
        n * 2
    )
}

/// Memory in kB: total, free, buffers and cache, available; drifts with the hours.
pub fn memory(site: &Site, now: Timestamp) -> [u64; 4] {
    let total = site.behaviour.machine.memory_kb;
    let programs: u64 = site.behaviour.process.iter().map(|p| p.memory_kb).sum();
    let drift = wave(site, now, "memory", 40_000);
    let used = programs + 420_000 + drift;
    let cache = (total.saturating_sub(used)) * (62 + wave(site, now, "cache", 6)) / 100;
    [total, total.saturating_sub(used + cache), cache, total.saturating_sub(used + total / 50)]
}

/// A number below `bound` that moves slowly: every five minutes a little.
fn wave(site: &Site, now: Timestamp, purpose: &str, bound: u64) -> u64 {
    let step = now.as_second().div_euclid(300);
    let value = |s: i64| site.trait_number(&format!("{purpose}/{s}"), bound);
    (value(step) + value(step - 1) * 2 + value(step - 2)) / 4
}

fn meminfo(site: &Site, now: Timestamp) -> String {
    let [total, free, cache, available] = memory(site, now);
    let line = |name: &str, value: u64| format!("{:<16}{value:>8} kB\n", format!("{name}:"));
    let buffers = cache / 12;
    [
        ("MemTotal", total),
        ("MemFree", free),
        ("MemAvailable", available),
        ("Buffers", buffers),
        ("Cached", cache - buffers),
        ("SwapCached", 0),
        ("Active", cache / 3),
        ("Inactive", cache / 2),
        ("SwapTotal", 999_420),
        ("SwapFree", 999_420),
        ("Dirty", 96),
        ("Writeback", 0),
        ("AnonPages", total - free - cache),
        ("Mapped", 214_332),
        ("Shmem", 9_812),
        ("Slab", 188_420),
        ("CommitLimit", total / 2 + 999_420),
    ]
    .into_iter()
    .map(|(name, value)| line(name, value))
    .collect()
}

/// The three load averages.
pub fn load(site: &Site, now: Timestamp) -> [String; 3] {
    let busy: u64 = site.behaviour.process.iter().map(|p| u64::from(p.cpu_tenths)).sum::<u64>() / 10;
    ["1", "5", "15"].map(|n| {
        let value = busy + wave(site, now, &format!("load{n}"), 12 + busy);
        format!("{}.{:02}", value / 100, value % 100)
    })
}

fn stat(site: &Site, now: Timestamp) -> String {
    let up = now.as_second() - site.boot(now);
    let cpus = i64::from(site.behaviour.machine.cpus);
    let line = |name: String, n: i64| {
        format!(
            "{name} {} 0 {} {} {} 0 {} 0 0 0\n",
            up * n * 2,
            up * n,
            up * n * 96,
            up * n / 20,
            up * n / 50
        )
    };
    let mut out = line("cpu ".into(), cpus);
    for n in 0..cpus {
        out.push_str(&line(format!("cpu{n}"), 1));
    }
    out.push_str(&format!(
        "ctxt {}\nbtime {}\nprocesses {}\nprocs_running 1\nprocs_blocked 0\n",
        up * 871,
        site.boot(now),
        last_pid(site, now)
    ));
    out
}

/// Received and sent bytes and packets since the start.
pub fn traffic(site: &Site, now: Timestamp) -> [u64; 4] {
    let up = u64::try_from(now.as_second() - site.boot(now)).unwrap_or(0);
    let rate = 2_100 + site.trait_number("rate", 3_000);
    [up * rate, up * rate / 310, up * rate * 3 / 2, up * rate / 280]
}

fn net_dev(site: &Site, now: Timestamp) -> String {
    let [received, packets_in, sent, packets_out] = traffic(site, now);
    let local = received / 9;
    let line = |name: &str, r: u64, rp: u64, s: u64, sp: u64| {
        format!(
            "{name:>6}: {r:>7} {rp:>7}    0    0    0     0          0         0 {s:>8} {sp:>7}    0    0    0     0       0          0\n"
        )
    };
    format!(
        "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n{}{}",
        line("lo", local, local / 500, local, local / 500),
        line(&site.behaviour.machine.interface, received, packets_in, sent, packets_out)
    )
}

fn hex_address(address: &str) -> String {
    address.split('.').rev().map(|n| format!("{:02X}", n.parse::<u8>().unwrap_or(0))).collect()
}

fn net_route(site: &Site) -> String {
    let interface = &site.behaviour.machine.interface;
    let mask = hex_address(&mask(site.behaviour.machine.prefix));
    format!(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n{interface}\t00000000\t{}\t0003\t0\t0\t0\t00000000\t0\t0\t0\n{interface}\t{}\t00000000\t0001\t0\t0\t0\t{mask}\t0\t0\t0\n",
        hex_address(&site.gateway()),
        hex_address(&site.neighbour(0))
    )
}

/// Dotted mask of a prefix length.
pub fn mask(prefix: u8) -> String {
    let bits = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    bits.to_be_bytes().map(|b| b.to_string()).join(".")
}

/// Address of the gateway's interface: another vendor's.
pub fn gateway_mac(site: &Site) -> String {
    let n = site.trait_number("gateway", 1 << 24);
    format!("00:1e:08:{:02x}:{:02x}:{:02x}", n >> 16 & 255, n >> 8 & 255, n & 255)
}

fn net_tcp(site: &Site) -> String {
    let mut out = String::from(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n",
    );
    for (n, service) in site.host.services.iter().enumerate() {
        out.push_str(&format!(
            "{n:>4}: 00000000:{:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 {} 1 0000000000000000 100 0 0 10 0\n",
            service.port,
            18_000 + site.trait_number(&format!("inode{n}"), 9_000)
        ));
    }
    out
}

fn mounts(site: &Site) -> String {
    let memory = site.behaviour.machine.memory_kb;
    format!(
        "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\nudev /dev devtmpfs rw,nosuid,relatime,size={0}k,nr_inodes={1},mode=755,inode64 0 0\ndevpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000 0 0\ntmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size={2}k,mode=755,inode64 0 0\n/dev/sda1 / ext4 rw,relatime,errors=remount-ro 0 0\nsecurityfs /sys/kernel/security securityfs rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /dev/shm tmpfs rw,nosuid,nodev,inode64 0 0\ntmpfs /run/lock tmpfs rw,nosuid,nodev,noexec,relatime,size=5120k,inode64 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0\n",
        memory / 2 - 9_000,
        memory / 8,
        memory / 10
    )
}

fn own(site: &Site, now: Timestamp) -> Running {
    Running {
        pid: last_pid(site, now),
        parent: last_pid(site, now).saturating_sub(1),
        uid: site.behaviour.user.first().map_or(1000, |u| u.uid),
        command: "cat".into(),
        memory_kb: 1_920,
        cpu_tenths: 0,
        started: now.as_second(),
        terminal: "?",
        state: "R",
    }
}

fn of_process(process: &Running, name: &str) -> Option<String> {
    Some(match name {
        "cmdline" if process.command.starts_with('[') => String::new(),
        "cmdline" => format!("{}\0", process.command.replace(' ', "\0")),
        "comm" => format!("{}\n", process.name()),
        "environ" => String::new(),
        "status" => format!(
            "Name:\t{}\nUmask:\t0022\nState:\t{}\nTgid:\t{2}\nNgid:\t0\nPid:\t{2}\nPPid:\t{3}\nTracerPid:\t0\nUid:\t{4}\t{4}\t{4}\t{4}\nGid:\t{4}\t{4}\t{4}\t{4}\nFDSize:\t64\nGroups:\t{4} \nVmPeak:\t{5:>8} kB\nVmSize:\t{5:>8} kB\nVmRSS:\t{6:>8} kB\nThreads:\t1\nSigQ:\t0/63655\nSeccomp:\t0\nSpeculation_Store_Bypass:\tthread vulnerable\nvoluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t0\n",
            process.name(),
            if process.state.starts_with('R') { "R (running)" } else { "S (sleeping)" },
            process.pid,
            process.parent,
            process.uid,
            process.memory_kb * 3 + 1_200,
            process.memory_kb
        ),
        _ => return None,
    })
}
