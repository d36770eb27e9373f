//! The same lines in the decoy's shell and in bash itself, in an empty folder each.

use std::process::{Command, Stdio};

use super::stand_in::{run, shell};

/// One script a line: nothing in them depends on the machine.
const LINES: &str = include_str!("beside_bash.txt");

/// What bash prints: output, error output, status.
fn beside(line: &str) -> (String, String, i32) {
    let folder = tempfile::tempdir().expect("a folder");
    // A signal that is ignored where the tests were started would stay so.
    let done = Command::new("env")
        .args(["--default-signal", "bash", "-c", line])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(done.stdout), text(done.stderr), done.status.code().unwrap_or(-1))
}

#[test]
fn lines_print_what_bash_prints() {
    let mut wrong = Vec::new();
    for line in LINES.lines() {
        let (mut shell, _) = shell();
        let home = shell.cwd.clone();
        run(&mut shell, "mkdir -p /tmp/w; cd /tmp/w", &[]);
        assert_ne!(shell.cwd, home);
        let (want, got) = (beside(line), run(&mut shell, line, &[]));
        if want != got {
            wrong.push(format!("{line}\n   want {want:?}\n   got  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), LINES.lines().count(), wrong.join("\n"));
}
