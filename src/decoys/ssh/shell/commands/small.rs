//! Small programs of util-linux, coreutils and ncurses that an administrator types.

use super::{Call, Options, find};

/// `whereis`
pub(super) fn whereis(call: &mut Call) -> i32 {
    let names: Vec<String> = call.rest().iter().filter(|a| !a.starts_with('-')).cloned().collect();
    if names.is_empty() {
        return call.fail(1, "not enough arguments\nTry 'whereis --help' for more information.");
    }
    for name in names {
        let mut places: Vec<String> = ["/usr/bin", "/usr/sbin", "/usr/lib", "/etc", "/opt"]
            .iter()
            .map(|folder| format!("{folder}/{name}"))
            .filter(|path| call.shell.fs.stat(path).is_ok())
            .collect();
        if find(call.shell, &name).is_some() {
            places.push(format!("/usr/share/man/man1/{name}.1.gz"));
        }
        let places: String = places.iter().map(|p| format!(" {p}")).collect();
        call.out(&format!("{name}:{places}\n"));
    }
    0
}

/// `namei`
pub(super) fn namei(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    for path in options.operands.iter().map(|p| (*p).clone()).collect::<Vec<_>>() {
        call.out(&format!("f: {path}\n"));
        let mut at = if path.starts_with('/') { "/".to_owned() } else { call.shell.cwd.clone() };
        let first = path.starts_with('/').then(|| "/".to_owned());
        for name in first.into_iter().chain(path.split('/').filter(|p| !p.is_empty()).map(str::to_owned)) {
            if name != "/" {
                at = format!("{}/{name}", at.trim_end_matches('/'));
            }
            match call.shell.fs.lstat(&at) {
                Ok(meta) if options.has('l') => {
                    let (user, group) =
                        (call.shell.site.user_name(meta.uid), call.shell.site.group_name(meta.gid));
                    let link = meta.target.as_ref().map(|t| format!(" -> {t}")).unwrap_or_default();
                    call.out(&format!("{} {user} {group} {name}{link}\n", meta.mode_text()));
                }
                Ok(meta) => {
                    let letter = meta.mode_text().chars().next().unwrap_or('-');
                    let link = meta.target.as_ref().map(|t| format!(" -> {t}")).unwrap_or_default();
                    call.out(&format!(" {letter} {name}{link}\n"));
                }
                Err(errno) => {
                    call.out(&format!("   {name} - {errno}\n"));
                    return 1;
                }
            }
        }
    }
    0
}

/// `mountpoint`
pub(super) fn mountpoint(call: &mut Call) -> i32 {
    let Some(path) = call.rest().iter().find(|a| !a.starts_with('-')).cloned() else {
        return call.fail(1, "bad usage\nTry 'mountpoint --help' for more information.");
    };
    if let Err(errno) = call.shell.fs.stat(&call.shell.path(&path)) {
        return call.fail(1, &format!("{path}: {errno}"));
    }
    let table = call.shell.fs.read("/proc/self/mounts").unwrap_or_default();
    let real = call.shell.fs.real_path(&call.shell.path(&path)).unwrap_or_default();
    let hit = String::from_utf8_lossy(&table).lines().any(|l| l.split(' ').nth(1) == Some(real.as_str()));
    call.out(&format!("{path} is {}a mountpoint\n", if hit { "" } else { "not " }));
    if hit { 0 } else { 32 }
}

/// `mknod` and `mkfifo`: a pipe becomes a file without bytes.
pub(super) fn mkfifo(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "m");
    let operands: Vec<String> = options.operands.iter().map(|o| (*o).clone()).collect();
    let name = call.name();
    let paths = match (name, operands.as_slice()) {
        (_, []) => {
            return call.fail(1, &format!("missing operand\nTry '{name} --help' for more information."));
        }
        ("mknod", [path, kind, ..]) if kind != "p" => {
            return call.fail(1, &format!("{path}: Operation not permitted"));
        }
        ("mknod", [path, ..]) => vec![path.clone()],
        (_, paths) => paths.to_vec(),
    };
    let mut status = 0;
    for path in paths {
        let whole = call.shell.path(&path);
        if call.shell.fs.lstat(&whole).is_ok() {
            status = call.fail(1, &format!("cannot create fifo '{path}': File exists"));
        } else if let Err(errno) = call.shell.fs.write(&whole, b"", false) {
            status = call.fail(1, &format!("cannot create fifo '{path}': {errno}"));
        }
    }
    status
}

/// `unlink` and `link`
pub(super) fn unlink(call: &mut Call) -> i32 {
    let name = call.name();
    match call.rest() {
        [path] if name == "unlink" => match call.shell.fs.remove(&call.shell.path(path), false) {
            Ok(()) => 0,
            Err(errno) => call.fail(1, &format!("cannot unlink '{path}': {errno}")),
        },
        [from, to] if name == "link" => {
            let done = call
                .shell
                .fs
                .read(&call.shell.path(from))
                .and_then(|bytes| call.shell.fs.write(&call.shell.path(to), &bytes, false));
            match done {
                Ok(_) => 0,
                Err(errno) => call.fail(1, &format!("cannot create link '{to}' to '{from}': {errno}")),
            }
        }
        _ => call.fail(1, &format!("missing operand\nTry '{name} --help' for more information.")),
    }
}

/// `stty`
pub(super) fn stty(call: &mut Call) -> i32 {
    let Some(screen) = call.shell.screen.clone() else {
        return call.fail(1, "'standard input': Inappropriate ioctl for device");
    };
    match call.rest().first().map(String::as_str) {
        None => call.out("speed 38400 baud; line = 0;\n-brkint -imaxbel iutf8\n"),
        Some("size") => call.out(&format!("{} {}\n", screen.rows, screen.columns)),
        Some("-a" | "--all") => call.out(&format!("speed 38400 baud; rows {}; columns {}; line = 0;\nintr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\neol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\nwerase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;\n-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff\n-iuclc -ixany -imaxbel iutf8\nopost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\nisig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\nechoctl echoke -flusho -extproc\n", screen.rows, screen.columns)),
        Some("-g" | "--save") => call.out("4500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0\n"),
        Some(_) => {}
    }
    0
}

/// `tput`
pub(super) fn tput(call: &mut Call) -> i32 {
    let screen = call.shell.screen.clone();
    let (columns, rows) = screen.as_ref().map_or((80, 24), |s| (s.columns, s.rows));
    let rest = call.rest().to_vec();
    let text = match rest.first().map(String::as_str) {
        Some("cols") => format!("{columns}\n"),
        Some("lines") => format!("{rows}\n"),
        Some("colors") => {
            let many = screen.is_some_and(|s| s.name.ends_with("256color"));
            format!("{}\n", if many { 256 } else { 8 })
        }
        Some("clear") => "\x1b[H\x1b[2J".to_owned(),
        Some("bold") => "\x1b[1m".to_owned(),
        Some("sgr0") => "\x1b(B\x1b[m".to_owned(),
        Some("setaf") => format!("\x1b[3{}m", rest.get(1).map_or("7", String::as_str)),
        Some("setab") => format!("\x1b[4{}m", rest.get(1).map_or("7", String::as_str)),
        Some("civis") => "\x1b[?25l".to_owned(),
        Some("cnorm") => "\x1b[?12l\x1b[?25h".to_owned(),
        Some("smcup") => "\x1b[?1049h\x1b[22;0;0t".to_owned(),
        Some("rmcup") => "\x1b[?1049l\x1b[23;0;0t".to_owned(),
        Some("reset" | "init") => String::new(),
        Some(other) => return call.fail(4, &format!("unknown terminfo capability '{other}'")),
        None => return call.fail(2, "usage: tput [-V] [-S] [-T term] capname"),
    };
    call.out(&text);
    0
}

/// `ldd`
pub(super) fn ldd(call: &mut Call) -> i32 {
    let names: Vec<String> = call.rest().iter().filter(|a| !a.starts_with('-')).cloned().collect();
    if names.is_empty() {
        return call.fail(1, "missing file arguments\nTry `ldd --help' for more information.");
    }
    let mut status = 0;
    let many = names.len() > 1;
    for name in names {
        if many {
            call.out(&format!("{name}:\n"));
        }
        match call.shell.fs.read(&call.shell.path(&name)) {
            Err(errno) => {
                let shown = if name.contains('/') { name.clone() } else { format!("./{name}") };
                status = call.fail(1, &format!("{shown}: {errno}"));
            }
            Ok(bytes) if !bytes.starts_with(b"\x7fELF") => {
                call.error("\tnot a dynamic executable\n");
                status = 1;
            }
            Ok(_) => {
                let pick = |purpose: &str| {
                    call.shell.site.trait_number(&format!("{purpose}/{}", call.shell.session.now()), 1 << 24)
                };
                let (base, top) =
                    (0x7f00_0000_0000 + pick("ldd") * 0x1000, 0x7ffc_0000_0000 + pick("vdso") * 0x1000);
                let text = format!(
                    "\tlinux-vdso.so.1 (0x{top:016x})\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x{base:016x})\n\t/lib64/ld-linux-x86-64.so.2 (0x{:016x})\n",
                    base + 0x21_3000
                );
                call.out(&text);
            }
        }
    }
    status
}

/// `lsattr`
pub(super) fn lsattr(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let mut names: Vec<String> = options.operands.iter().map(|o| (*o).clone()).collect();
    if names.is_empty() {
        let listed = call.shell.fs.list(&call.shell.cwd).unwrap_or_default();
        names = listed.into_iter().map(|(n, _)| format!("./{n}")).filter(|n| !n.starts_with("./.")).collect();
    }
    let mut status = 0;
    for name in names {
        match call.shell.fs.stat(&call.shell.path(&name)) {
            Ok(_) if call.shell.fs.may(&call.shell.path(&name), 'r') => {
                call.out(&format!("--------------e------- {name}\n"));
            }
            Ok(_) => status = call.fail(1, &format!("Permission denied While reading flags on {name}")),
            Err(errno) => status = call.fail(1, &format!("{errno} while trying to stat {name}")),
        }
    }
    status
}

/// `numfmt`
pub(super) fn numfmt(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "d");
    let unit = options.long.iter().find_map(|l| l.strip_prefix("--to=")).unwrap_or("none").to_owned();
    let base = if unit == "si" { 1000.0 } else { 1024.0 };
    let mut words: Vec<String> = options.operands.iter().map(|o| (*o).clone()).collect();
    if words.is_empty() {
        words = String::from_utf8_lossy(&call.input).split_whitespace().map(str::to_owned).collect();
    }
    for word in words {
        let Ok(number) = word.parse::<f64>() else {
            return call.fail(2, &format!("invalid number: ‘{word}’"));
        };
        let (mut value, mut step) = (number, 0_usize);
        while unit != "none" && value.abs() >= base && step < 8 {
            value /= base;
            step += 1;
        }
        let letter = "\0KMGTPEZY".chars().nth(step).filter(|_| step > 0);
        let suffix: String = letter.into_iter().chain((unit == "iec-i" && step > 0).then_some('i')).collect();
        let text = if step == 0 {
            word
        } else if value < 10.0 {
            format!("{:.1}{suffix}", (value * 10.0).ceil() / 10.0)
        } else {
            format!("{:.0}{suffix}", value.ceil())
        };
        call.out(&format!("{text}\n"));
    }
    0
}

/// `iconv`: between UTF-8 and what a Chinese hospital's files are in.
pub(super) fn iconv(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "fto");
    if options.has('l') || options.long.contains(&"--list") {
        call.out("ASCII//\nBIG5//\nCP936//\nGB18030//\nGB2312//\nGBK//\nISO-8859-1//\nUTF-16//\nUTF-8//\n");
        return 0;
    }
    let named = |letter: char, long: &str| {
        options
            .value(letter)
            .map(str::to_owned)
            .or_else(|| options.long.iter().find_map(|l| l.strip_prefix(long)).map(str::to_owned))
            .unwrap_or_else(|| "utf-8".into())
    };
    let (from, to) = (named('f', "--from-code="), named('t', "--to-code="));
    let coding = |name: &str| {
        let plain = name.split("//").next().unwrap_or(name).to_ascii_lowercase();
        let plain = if plain == "utf8" { "utf-8".to_owned() } else { plain };
        encoding_rs::Encoding::for_label(plain.as_bytes())
    };
    let Some(source) = coding(&from) else {
        return call.fail(1, &format!("conversion from `{from}' is not supported\nTry `iconv --help' or `iconv --usage' for more information."));
    };
    let Some(target) = coding(&to) else {
        return call.fail(1, &format!("conversion to `{to}' is not supported\nTry `iconv --help' or `iconv --usage' for more information."));
    };
    let mut status = 0;
    let operands = options.operands.clone();
    for (_, bytes) in call.inputs(&operands, &mut status) {
        let (text, _, bad) = source.decode(&bytes);
        if bad {
            status = call.fail(1, "illegal input sequence at position 0");
            continue;
        }
        let (out, _, _) = target.encode(&text);
        call.bytes(&out);
    }
    status
}

/// `chage -l` of one's own account; all else is root's.
pub(super) fn chage(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "dEImMW");
    let own = options.operands.first().is_some_and(|name| **name == call.shell.account.name);
    if !(options.has('l') && own) {
        return call.fail(1, "Permission denied.");
    }
    call.out("Last password change\t\t\t\t\t: Mar 18, 2024\nPassword expires\t\t\t\t\t: never\nPassword inactive\t\t\t\t\t: never\nAccount expires\t\t\t\t\t\t: never\nMinimum number of days between password change\t\t: 0\nMaximum number of days between password change\t\t: 99999\nNumber of days of warning before password expires\t: 7\n");
    0
}

/// `install`: copies, then sets the mode.
pub(super) fn install(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "mogtS");
    let mode = options.value('m').and_then(|m| u32::from_str_radix(m, 8).ok()).unwrap_or(0o755);
    let operands: Vec<String> = options.operands.iter().map(|o| (*o).clone()).collect();
    if options.has('d') {
        for path in &operands {
            if let Err(errno) = call.shell.fs.make_directory(&call.shell.path(path)) {
                return call.fail(1, &format!("cannot create directory '{path}': {errno}"));
            }
        }
        return 0;
    }
    let [from, to] = operands.as_slice() else {
        return call.fail(1, "missing file operand\nTry 'install --help' for more information.");
    };
    let bytes = match call.shell.fs.read(&call.shell.path(from)) {
        Ok(bytes) => bytes,
        Err(errno) => return call.fail(1, &format!("cannot stat '{from}': {errno}")),
    };
    let mut target = call.shell.path(to);
    if call.shell.fs.stat(&target).is_ok_and(|m| m.is_directory()) {
        target = format!("{target}/{}", from.rsplit('/').next().unwrap_or(from));
    }
    match call.shell.fs.write(&target, &bytes, false) {
        Ok(_) => {
            let _ = call.shell.fs.change(&target, |n| n.mode = mode);
            0
        }
        Err(errno) => call.fail(1, &format!("cannot create regular file '{to}': {errno}")),
    }
}
