//! Programs that take the whole terminal, by their keys.

use super::stand_in::{run, seated};

fn screen(line: &str, keys: &[&str]) -> (String, String) {
    let mut shell = seated();
    run(&mut shell, "cd /tmp; printf 'one\\ntwo\\nthree\\n' > numbers", &[]);
    let (shown, error, _) = run(&mut shell, line, keys);
    assert_eq!(error, "", "{line}");
    let (kept, ..) = run(&mut shell, "cat numbers new 2>/dev/null", &[]);
    (shown, kept)
}

#[test]
fn nano_writes_what_is_typed() {
    let (shown, kept) = screen("nano new", &["hello", "\r", "报告", "\x0f", "\r", "\x18"]);
    assert!(shown.contains("GNU nano 7.2") && shown.contains("[ New File ]"), "{shown:?}");
    assert!(shown.contains("File Name to Write: new") && shown.contains("[ Wrote 2 lines ]"), "{shown:?}");
    assert!(shown.ends_with("\x1b[?1049l\x1b[23;0;0t"), "{shown:?}");
    assert_eq!(kept, "one\ntwo\nthree\nhello\n报告\n");
    // Cut two lines, paste them behind the third; leave without saving, then with.
    let keys = ["\x0b", "\x0b", "\x1b[B", "\x15", "\x18", "y", "\r"];
    assert_eq!(screen("nano numbers", &keys).1, "three\none\ntwo\n");
    assert_eq!(screen("nano numbers", &["x", "\x18", "n"]).1, "one\ntwo\nthree\n");
}

#[test]
fn vi_knows_its_modes() {
    let (shown, kept) = screen("vi new", &["i", "a b", "\r", "c", "\x1b", ":wq", "\r"]);
    assert!(shown.contains("\"new\" [New]") && shown.contains("-- INSERT --"), "{shown:?}");
    assert_eq!(kept, "one\ntwo\nthree\na b\nc\n");
    assert_eq!(screen("vi numbers", &["dd", "p", ":x\r"]).1, "two\none\nthree\n");
    assert_eq!(screen("vi numbers", &["Gox\x1b", "kyyP", "ZZ"]).1, "one\ntwo\nthree\nthree\nx\n");
    assert_eq!(screen("vi numbers", &[":%s/o/0/g\r", "u", ":w\r", ":q\r"]).1, "one\ntwo\nthree\n");
    let (shown, kept) = screen("vi numbers", &["dG", ":q\r", ":q!\r"]);
    assert!(shown.contains("E37: No write since last change (add ! to override)"), "{shown:?}");
    assert_eq!(kept, "one\ntwo\nthree\n");
    let (shown, _) = screen("vi /etc/passwd", &["x", ":w\r", ":w!\r", ":q!\r"]);
    assert!(shown.contains("E45: 'readonly' option is set") && shown.contains("E212"), "{shown:?}");
    let (shown, _) = screen("vi numbers", &[":!id\r", "\r", ":q\r"]);
    assert!(shown.contains("uid=1000(hisop)"), "{shown:?}");
}

#[test]
fn less_turns_pages() {
    let (shown, _) = screen("seq 100 | less", &[" ", "/77\r", "G", "q"]);
    assert!(shown.contains("\x1b[7m(END)") && shown.contains("77"), "{shown:?}");
    let (shown, _) = screen("seq 3 | more", &[]);
    assert_eq!(shown, "1\n2\n3\n");
    let (shown, _) = screen("more /etc/passwd", &[" ", " "]);
    assert!(shown.contains("--More--("), "{shown:?}");
}

#[test]
fn what_draws_itself_again_ends_at_its_key() {
    let (shown, _) = screen("top", &["M", "q"]);
    assert!(shown.contains("load average") && shown.contains("java"), "{shown:?}");
    let (shown, _) = screen("watch -n 1 cat numbers", &["q"]);
    assert!(shown.contains("Every 1.0s: cat numbers") && shown.contains("three"), "{shown:?}");
}

#[test]
fn ssh_keygen_makes_keys_that_stay() {
    let mut shell = seated();
    let (shown, error, status) =
        run(&mut shell, "cd /tmp; ssh-keygen -t ed25519 -f k -C me", &["x\n", "y\n", "\n", "\n"]);
    assert_eq!((error.as_str(), status), ("", 0), "{shown}");
    assert!(shown.starts_with("Generating public/private ed25519 key pair.\nEnter passphrase"), "{shown:?}");
    assert!(shown.contains("Passphrases do not match.  Try again.\n"), "{shown:?}");
    let print = shown.split("fingerprint is:\n").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let (told, ..) = run(
        &mut shell,
        "ssh-keygen -lf k; ssh-keygen -lf k.pub; stat -c %a k; ssh-keygen -yf k | diff - k.pub",
        &[],
    );
    assert_eq!(told, format!("256 {print} me (ED25519)\n").repeat(2) + "600\n");
    let (again, _, status) = run(&mut shell, "ssh-keygen -t ed25519 -N '' -f k", &["n\n"]);
    assert!(status == 1 && again.ends_with("k already exists.\nOverwrite (y/n)? "), "{again:?}");
}
