//! Programs that tell of memory, disks and processors.

use super::{Call, Options};
use crate::decoys::ssh::shell::proc;
use crate::decoys::ssh::shell::text::human;

/// `free`
pub(super) fn free(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "cs");
    let [total, free, cache, available] = proc::memory(&call.shell.site, call.shell.session.now());
    let shown = |kb: u64| {
        if options.has('h') {
            let text = human(kb * 1024);
            if kb == 0 { "0B".to_owned() } else { format!("{text}i") }
        } else if options.has('m') {
            (kb / 1024).to_string()
        } else if options.has('g') {
            (kb / 1_048_576).to_string()
        } else if options.has('b') {
            (kb * 1024).to_string()
        } else {
            kb.to_string()
        }
    };
    let row = |name: &str, cells: &[u64]| {
        let cells: String = cells.iter().map(|c| format!("{:>12}", shown(*c))).collect();
        format!("{name:<8}{cells}\n")
    };
    let text = format!(
        "{:8}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\n{}{}",
        "",
        "total",
        "used",
        "free",
        "shared",
        "buff/cache",
        "available",
        row("Mem:", &[total, total - free - cache, free, 9_812, cache, available]),
        row("Swap:", &[999_420, 0, 999_420])
    );
    call.out(&text);
    0
}

/// `df`
pub(super) fn df(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "txB");
    if let Some(name) = options.operands.first()
        && let Err(errno) = call.shell.fs.stat(&call.shell.path(name))
    {
        return call.fail(1, &format!("{name}: {errno}"));
    }
    let memory = call.shell.site.behaviour.machine.memory_kb;
    let [size, used, free] = call.shell.site.disk(call.shell.session.now());
    let mut rows = vec![
        ("udev", "devtmpfs", memory / 2 - 9_000, 0, memory / 2 - 9_000, "/dev"),
        ("tmpfs", "tmpfs", memory / 10, 716, memory / 10 - 716, "/run"),
        ("/dev/sda1", "ext4", size, used, free, "/"),
        ("tmpfs", "tmpfs", memory / 2, 0, memory / 2, "/dev/shm"),
        ("tmpfs", "tmpfs", 5_120, 0, 5_120, "/run/lock"),
    ];
    if !options.operands.is_empty() {
        rows.retain(|r| r.5 == "/");
    }
    let (show_type, h) = (options.has('T'), options.has('h'));
    let cell = |kb: u64| if h { if kb == 0 { "0".into() } else { human(kb * 1024) } } else { kb.to_string() };
    let mut table: Vec<Vec<String>> = vec![
        [
            "Filesystem",
            "Type",
            if h { "Size" } else { "1K-blocks" },
            "Used",
            if h { "Avail" } else { "Available" },
            "Use%",
            "Mounted on",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for (device, kind, size, used, free, mount) in rows {
        let percent = (used * 100).div_ceil((used + free).max(1));
        table.push(vec![
            device.into(),
            kind.into(),
            cell(size),
            cell(used),
            cell(free),
            format!("{percent}%"),
            mount.into(),
        ]);
    }
    if !show_type {
        table.iter_mut().for_each(|r| {
            r.remove(1);
        });
    }
    let columns = table.first().map_or(0, Vec::len);
    // Least widths of GNU df: 14 for the device, 4 for type and percentage, 5 for sizes.
    let least = |c: usize| match c {
        0 => 14,
        1 if show_type => 4,
        c if c + 2 == columns => 4,
        _ => 5,
    };
    let widest = |c: usize| table.iter().filter_map(|r| r.get(c)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(|c| widest(c).max(least(c))).collect();
    let left = if show_type { 2 } else { 1 };
    for row in table {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(c, text)| {
                let wide = widths.get(c).copied().unwrap_or(0);
                if c + 1 == columns {
                    text.clone()
                } else if c < left {
                    format!("{text:<wide$}")
                } else {
                    format!("{text:>wide$}")
                }
            })
            .collect();
        call.out(&format!("{}\n", cells.join(" ")));
    }
    0
}

/// `mount`
pub(super) fn mount(call: &mut Call) -> i32 {
    if !call.rest().is_empty() {
        return call.fail(1, "only root can do that");
    }
    let table = call.shell.fs.read("/proc/self/mounts").unwrap_or_default();
    for line in String::from_utf8_lossy(&table).lines() {
        if let [device, place, kind, options, ..] = line.split(' ').collect::<Vec<_>>().as_slice() {
            call.out(&format!("{device} on {place} type {kind} ({options})\n"));
        }
    }
    0
}

/// `lsblk`
pub(super) fn lsblk(call: &mut Call) -> i32 {
    let size = |kb: u64| human(kb * 1024);
    let root = call.shell.site.behaviour.machine.disk_kb;
    let text = format!(
        "NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nsda      8:0    0 {:>5}  0 disk \n├─sda1   8:1    0 {:>5}  0 part /\n├─sda2   8:2    0    1K  0 part \n└─sda5   8:5    0  976M  0 part [SWAP]\nsr0     11:0    1 1024M  0 rom  \n",
        size(root + 1_048_576),
        size(root)
    );
    call.out(&text);
    0
}

/// `lscpu`
pub(super) fn lscpu(call: &mut Call) -> i32 {
    let machine = &call.shell.site.behaviour.machine;
    let text = format!(
        "Architecture:            x86_64\n  CPU op-mode(s):        32-bit, 64-bit\n  Address sizes:         45 bits physical, 48 bits virtual\n  Byte Order:            Little Endian\nCPU(s):                  {0}\n  On-line CPU(s) list:   0-{1}\nVendor ID:               GenuineIntel\n  Model name:            {2}\n    CPU family:          6\n    Model:               85\n    Thread(s) per core:  1\n    Core(s) per socket:  1\n    Socket(s):           {0}\n    Stepping:            7\n    BogoMIPS:            5985.93\nVirtualization features: \n  Hypervisor vendor:     VMware\n  Virtualization type:   full\n",
        machine.cpus,
        machine.cpus.saturating_sub(1),
        machine.cpu_model
    );
    call.out(&text);
    0
}

/// `dmesg`: kept from users, as `kernel.dmesg_restrict` says.
pub(super) fn dmesg(call: &mut Call) -> i32 {
    call.fail(1, "read kernel buffer failed: Operation not permitted")
}
