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
    text(site, rest, now).map(file)
}

/// Entries of /proc that the tree does not hold.
pub fn children(site: &Site, path: &str, now: Timestamp) -> Vec<(String, Node)> {
    let names: Vec<String> = match path {
        "/proc" => {
            let fixed = [
                "cmdline",
                "cpuinfo",
                "diskstats",
                "filesystems",
                "interrupts",
                "loadavg",
                "meminfo",
                "modules",
                "partitions",
                "stat",
                "swaps",
                "uptime",
                "version",
            ];
            let pids = processes(site, now).into_iter().map(|p| p.pid.to_string());
            fixed.map(str::to_owned).into_iter().chain(pids).collect()
        }
        "/proc/net" => ["arp", "dev", "fib_trie", "route", "snmp", "tcp", "udp"].map(str::to_owned).to_vec(),
        "/proc/sys/kernel" => {
            ["hostname", "osrelease", "ostype", "pid_max", "version"].map(str::to_owned).to_vec()
        }
        "/proc/sys/kernel/random" => ["boot_id", "uuid"].map(str::to_owned).to_vec(),
        "/sys/class/net" => vec![site.behaviour.machine.interface.clone(), "lo".into()],
        _ if path.strip_prefix("/sys/class/net/").is_some_and(|name| is_interface(site, name)) => {
            ["address", "carrier", "duplex", "mtu", "operstate", "speed"].map(str::to_owned).to_vec()
        }
        _ => Vec::new(),
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
        ("carrier", _) => "1",
        ("duplex", false) => "full",
        ("speed", false) => "10000",
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
        "net/fib_trie" => fib_trie(site),
        "net/snmp" => "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n".to_owned() + &snmp_ip(site, now),
        "modules" => modules(),
        "diskstats" => diskstats(site, now),
        "interrupts" => interrupts(site, now),
        "sys/kernel/random/boot_id" => format!("{}\n", dashed(&boot_id(site, now))),
        "sys/kernel/random/uuid" => format!("{}\n", dashed(&boot_id_of(site, &format!("uuid/{}", now.as_nanosecond())))),
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

pub(super) fn mounts(site: &Site) -> String {
    let memory = site.behaviour.machine.memory_kb;
    format!(
        "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\nudev /dev devtmpfs rw,nosuid,relatime,size={0}k,nr_inodes={1},mode=755,inode64 0 0\ndevpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000 0 0\ntmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size={2}k,mode=755,inode64 0 0\n/dev/sda1 / ext4 rw,relatime,errors=remount-ro 0 0\nsecurityfs /sys/kernel/security securityfs rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /dev/shm tmpfs rw,nosuid,nodev,inode64 0 0\ntmpfs /run/lock tmpfs rw,nosuid,nodev,noexec,relatime,size=5120k,inode64 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0\n",
        memory / 2 - 9_000,
        memory / 8,
        memory / 10
    )
}

/// The id of this start of the machine.
pub fn boot_id(site: &Site, now: Timestamp) -> String {
    boot_id_of(site, &format!("boot id/{}", site.boot(now)))
}

fn boot_id_of(site: &Site, purpose: &str) -> String {
    (0..4).map(|n| format!("{:08x}", site.trait_number(&format!("{purpose}/{n}"), 1 << 32))).collect()
}

fn dashed(hex: &str) -> String {
    let cut = |a: usize, b: usize| hex.get(a..b).unwrap_or_default();
    [cut(0, 8), cut(8, 12), cut(12, 16), cut(16, 20), cut(20, 32)].join("-")
}

/// Modules of a VMware guest: name, size, users.
pub const MODULES: [(&str, u32, &str); 22] = [
    ("vsock_loopback", 16_384, "0 - "),
    ("vmw_vsock_vmci_transport", 36_864, "1 - "),
    ("vsock", 53_248, "5 vsock_loopback,vmw_vsock_vmci_transport, "),
    ("intel_rapl_msr", 20_480, "0 - "),
    ("intel_rapl_common", 32_768, "1 intel_rapl_msr, "),
    ("ghash_clmulni_intel", 16_384, "0 - "),
    ("aesni_intel", 393_216, "0 - "),
    ("vmw_balloon", 28_672, "0 - "),
    ("joydev", 28_672, "0 - "),
    ("evdev", 28_672, "2 - "),
    ("vmw_vmci", 98_304, "2 vmw_balloon,vmw_vsock_vmci_transport, "),
    ("button", 24_576, "0 - "),
    ("fuse", 176_128, "1 - "),
    ("ip_tables", 36_864, "0 - "),
    ("ext4", 983_040, "1 - "),
    ("mbcache", 16_384, "1 ext4, "),
    ("jbd2", 167_936, "1 ext4, "),
    ("sd_mod", 65_536, "3 - "),
    ("vmxnet3", 86_016, "0 - "),
    ("vmw_pvscsi", 32_768, "2 - "),
    ("scsi_mod", 286_720, "4 vmw_pvscsi,sd_mod,libata,sr_mod, "),
    ("crc32c_intel", 24_576, "2 - "),
];

fn modules() -> String {
    MODULES
        .iter()
        .map(|(name, size, users)| format!("{name} {size} {users}Live 0x0000000000000000\n"))
        .collect()
}

fn fib_trie(site: &Site) -> String {
    let (own, net) = (&site.host.address, site.neighbour(0));
    let prefix = site.behaviour.machine.prefix;
    format!(
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- {net}/{prefix} 2 0 2\n        |-- {net}\n           /{prefix} link UNICAST\nLocal:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- {net}/{prefix} 2 0 2\n        |-- {own}\n           /32 host LOCAL\n        |-- {}\n           /32 link BROADCAST\n     +-- 127.0.0.0/8 2 0 2\n        |-- 127.0.0.1\n           /32 host LOCAL\n",
        site.neighbour(255)
    )
}

fn snmp_ip(site: &Site, now: Timestamp) -> String {
    let [_, packets_in, _, packets_out] = traffic(site, now);
    format!("Ip: 2 64 {packets_in} 0 0 0 0 0 {packets_in} {packets_out} 20 0 0 0 0 0 0 0 0\n")
}

fn diskstats(site: &Site, now: Timestamp) -> String {
    let up = u64::try_from(now.as_second() - site.boot(now)).unwrap_or(0);
    let (reads, writes) = (24_000 + up / 41, up * 3 / 2);
    let line = |minor: u32, name: &str, part: u64| {
        format!(
            "   8 {minor:>7} {name} {} {} {} {} {} {} {} {} 0 {} {} 0 0 0 0 0 0\n",
            reads / part,
            reads / part / 4,
            reads * 52 / part,
            reads / part / 2,
            writes / part,
            writes / part / 2,
            writes * 18 / part,
            writes / part,
            writes / part / 3,
            writes / part * 2
        )
    };
    format!(
        "{}{}{}{}  11       0 sr0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        line(0, "sda", 1),
        line(1, "sda1", 1),
        line(2, "sda2", 40_000),
        line(5, "sda5", 4_000)
    )
}

fn interrupts(site: &Site, now: Timestamp) -> String {
    let up = u64::try_from(now.as_second() - site.boot(now)).unwrap_or(0);
    let cpus = u64::from(site.behaviour.machine.cpus);
    let mut out = String::from("     ");
    (0..cpus).for_each(|n| out.push_str(&format!("{:>11}", format!("CPU{n}"))));
    out.push('\n');
    for (name, rate, what) in [
        ("0", 0, "IO-APIC   2-edge      timer"),
        ("1", 0, "IO-APIC   1-edge      i8042"),
        ("16", 3, "IO-APIC  16-fasteoi   vmwgfx"),
        ("56", 21, "PCI-MSI 5767168-edge      ens192-rxtx-0"),
        ("LOC", 31, "Local timer interrupts"),
        ("RES", 4, "Rescheduling interrupts"),
    ] {
        out.push_str(&format!("{name:>4}:"));
        (0..cpus).for_each(|n| {
            out.push_str(&format!(
                "{:>11}",
                if rate == 0 { 9 / (n + 1) / 3 } else { up * rate + n * up / 13 }
            ))
        });
        out.push_str(&format!("  {what}\n"));
    }
    out
}
