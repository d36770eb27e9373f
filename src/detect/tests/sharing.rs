//! File shares: what encryption looks like, and what it does not.

use super::stage::*;
use crate::event::detail::SmbFile;
use crate::event::{Detail, Observation, Tainted};

fn file(verb: &str, path: &str, detail: SmbFile) -> Observation {
    Observation::Request {
        verb: verb.into(),
        target: path.into(),
        status: 0,
        detail: Some(Detail::SmbFile(detail)),
    }
}

fn plain() -> SmbFile {
    SmbFile {
        account: "hisbak".into(),
        share: "HISBAK".into(),
        bytes: 80_000,
        renamed_to: Tainted::default(),
        is_new: false,
        kind_before: "application/pdf".into(),
        kind_after: "application/octet-stream".into(),
        entropy_before: Some(790),
        entropy_after: Some(799),
    }
}

fn overwritten(n: usize) -> Observation {
    file("WRITE", &format!(r"E:\Report\{n}.pdf"), plain())
}

fn renamed(n: usize) -> Observation {
    let path = format!(r"E:\Report\{n}.pdf");
    file("RENAME", &path, SmbFile { renamed_to: format!("{path}.locked").into(), ..plain() })
}

fn copied(n: usize) -> Observation {
    let detail = SmbFile { is_new: true, kind_before: String::new(), entropy_before: None, ..plain() };
    file("WRITE", &format!(r"E:\Report\{n}.pdf.enc"), detail)
}

fn note(_: usize) -> Observation {
    let detail = SmbFile { is_new: true, kind_after: "text/plain".into(), bytes: 900, ..plain() };
    file("WRITE", r"E:\Report\HOW_TO_RESTORE.txt", detail)
}

#[test]
fn encryption_is_told_before_the_fifth_file_in_whatever_way_it_is_done() {
    let ways: [fn(usize) -> Observation; 3] = [overwritten, renamed, copied];
    for way in ways {
        let mut stage = Stage::new();
        let mut visit = stage.visit(INTRUDER, "hisdb", "smb");
        let told: Vec<bool> = (0..5)
            .map(|n| {
                stage.see(&mut visit, way(n));
                stage.high().contains(&"HW-RANSOM")
            })
            .collect();
        assert_eq!(told, [false, false, true, true, true]);
        let last = stage.last();
        assert!(last.techniques.contains(&"T1486".to_owned()), "{last:?}");
    }
}

#[test]
fn one_file_in_several_steps_is_one_and_a_note_counts() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "hisdb", "smb");
    for step in [overwritten, renamed, copied] {
        stage.see(&mut visit, step(1));
    }
    assert!(!stage.high().contains(&"HW-RANSOM"));
    stage.see(&mut visit, renamed(2));
    stage.see(&mut visit, note(0));
    assert!(stage.high().contains(&"HW-RANSOM"));
}

#[test]
fn work_is_no_encryption() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "hisdb", "smb");
    for n in 0..20 {
        // Pictures, archives and texts that are saved, backups that replace backups, other names.
        let kinds = ["image/jpeg", "application/zip", "text/plain"]
            .map(|kind| SmbFile { kind_after: kind.into(), ..plain() });
        for detail in kinds {
            stage.see(&mut visit, file("WRITE", &format!(r"E:\{n}.x"), detail));
        }
        let backup = SmbFile { kind_before: "application/octet-stream".into(), ..plain() };
        stage.see(&mut visit, file("WRITE", &format!(r"E:\{n}.bak"), backup));
        let new = SmbFile { is_new: true, kind_before: String::new(), entropy_before: None, ..plain() };
        stage.see(&mut visit, file("WRITE", &format!(r"E:\new{n}.bak"), new));
        let other = SmbFile { renamed_to: format!(r"E:\old\{n}.pdf").into(), ..plain() };
        stage.see(&mut visit, file("RENAME", &format!(r"E:\{n}.pdf"), other));
    }
    assert!(!stage.high().contains(&"HW-RANSOM"), "{:?}", stage.high());
}

#[test]
fn a_program_on_a_share_is_told_as_such() {
    let content =
        |media: &str| Observation::Content { sha256: "0".repeat(64), media: media.into(), found: Vec::new() };
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "hisdb", "smb");
    stage.see(&mut visit, content("application/pdf"));
    assert!(stage.high().is_empty());
    stage.see(&mut visit, content("application/vnd.microsoft.portable-executable"));
    assert_eq!(stage.high(), ["HW-LATERAL-TOOL"]);
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "pacs", "ssh");
    stage.see(&mut visit, content("application/x-elf"));
    assert!(stage.high().is_empty());
}
