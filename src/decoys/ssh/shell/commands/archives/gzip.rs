//! `gzip`, `gunzip` and `zcat`.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::decoys::ssh::shell::commands::{Call, Options};
use crate::decoys::ssh::shell::fs::MAX_FILE;
use crate::decoys::ssh::shell::node::Errno;

pub(super) fn squeeze(bytes: &[u8], name: &str) -> Vec<u8> {
    let builder = flate2::GzBuilder::new().operating_system(3);
    let builder = if name.is_empty() { builder } else { builder.filename(name) };
    let mut encoder: GzEncoder<Vec<u8>> = builder.write(Vec::new(), Compression::default());
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

pub(super) fn unsqueeze(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let most = u64::try_from(MAX_FILE * 2).unwrap_or(0);
    MultiGzDecoder::new(bytes).take(most).read_to_end(&mut out).ok()?;
    Some(out)
}

/// `gzip`, `gunzip` and `zcat`
pub(crate) fn gzip(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "S");
    if options.long.contains(&"--version") || options.has('V') {
        call.out("gzip 1.12\nCopyright (C) 2018 Free Software Foundation, Inc.\nCopyright (C) 1993 Jean-loup Gailly.\n");
        return 0;
    }
    if options.has('l') {
        return list(call, &options);
    }
    let unpacks = call.name() != "gzip" || options.has('d') || options.long.contains(&"--decompress");
    let prints = call.name() == "zcat" || options.has('c') || options.long.contains(&"--stdout");
    let keeps = prints || options.has('k') || options.long.contains(&"--keep");
    if options.operands.is_empty() {
        let bytes = std::mem::take(&mut call.input);
        if !unpacks && call.terminal {
            call.error("gzip: compressed data not written to a terminal. Use -f to force compression.\nFor help, type: gzip -h\n");
            return 1;
        }
        return match if unpacks { unsqueeze(&bytes) } else { Some(squeeze(&bytes, "")) } {
            Some(out) => {
                call.bytes(&out);
                0
            }
            None => not_packed(call, "stdin"),
        };
    }
    let mut status = 0;
    for name in &options.operands {
        status = status.max(one_file(call, name, unpacks, prints, keeps, options.has('f')));
    }
    status
}

/// `gzip -l`
fn list(call: &mut Call, options: &Options) -> i32 {
    let mut status = 0;
    call.out("         compressed        uncompressed  ratio uncompressed_name\n");
    for (name, bytes) in call.inputs(&options.operands, &mut status) {
        let Some(plain) = unsqueeze(&bytes) else {
            status = not_packed(call, &name);
            continue;
        };
        let (packed, whole) = (bytes.len(), plain.len());
        // As gzip reckons: without header and trailer.
        let saved = 1.0
            - f64::from(u32::try_from(packed.saturating_sub(18)).unwrap_or(0))
                / f64::from(u32::try_from(whole).unwrap_or(0)).max(1.0);
        let shown = name.strip_suffix(".gz").unwrap_or(&name);
        call.out(&format!("{packed:>19} {whole:>19} {:>5.1}% {shown}\n", saved * 100.0));
    }
    status
}

fn not_packed(call: &mut Call, name: &str) -> i32 {
    call.error(&format!("\ngzip: {name}: not in gzip format\n"));
    1
}

fn one_file(call: &mut Call, name: &str, unpacks: bool, prints: bool, keeps: bool, force: bool) -> i32 {
    let complain = |call: &mut Call, text: &str| {
        call.error(&format!("gzip: {text}\n"));
        1
    };
    let path = call.shell.path(name);
    let (bytes, meta) = match (call.shell.fs.read(&path), call.shell.fs.stat(&path)) {
        (Ok(bytes), Ok(meta)) => (bytes, meta),
        (Err(Errno::IsDirectory), _) => {
            complain(call, &format!("{name} is a directory -- ignored"));
            return 2;
        }
        (Err(errno), _) | (_, Err(errno)) => return complain(call, &format!("{name}: {errno}")),
    };
    let short = name.rsplit('/').next().unwrap_or(name);
    let made = if unpacks { unsqueeze(&bytes) } else { Some(squeeze(&bytes, short)) };
    let Some(made) = made else { return not_packed(call, name) };
    if prints {
        call.bytes(&made);
        return 0;
    }
    let target = if unpacks {
        match name
            .strip_suffix(".gz")
            .map(str::to_owned)
            .or_else(|| name.strip_suffix(".tgz").map(|n| format!("{n}.tar")))
        {
            Some(target) => target,
            None => {
                complain(call, &format!("{name}: unknown suffix -- ignored"));
                return 2;
            }
        }
    } else {
        if name.ends_with(".gz") {
            complain(call, &format!("{name} already has .gz suffix -- unchanged"));
            return 2;
        }
        format!("{name}.gz")
    };
    let place = call.shell.path(&target);
    if call.shell.fs.lstat(&place).is_ok() && !force {
        complain(call, &format!("{target} already exists;\tnot overwritten"));
        return 2;
    }
    let written = call.shell.fs.write(&place, &made, false).and_then(|_| {
        call.shell.fs.change(&place, |node| {
            node.mode = meta.mode;
            node.mtime = meta.mtime;
        })
    });
    if let Err(errno) = written {
        return complain(call, &format!("{target}: {errno}"));
    }
    if !keeps {
        let _ = call.shell.fs.remove(&path, false);
    }
    0
}
