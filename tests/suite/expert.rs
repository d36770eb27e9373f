//! An hour of somebody who knows his way around, over OpenSSH and a terminal: each line is answered as the
//! host would, or as bash on this machine does.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::honeynet::Honeynet;
use crate::shell::OPTIONS;

/// A line a command: the command, a tab, and patterns of lines that must be among its output, with `¦` between
/// them; none: it prints nothing; `=`: it prints what bash prints here.
const HOUR: &str = include_str!("expert.txt");

/// Longest time that one command may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What no program of a machine says.
const NEVER: [&str; 6] =
    ["not implemented", "unimplemented", "panicked", "RUST_BACKTRACE", "honeyward", "unsupported by"];

/// The prompt: an end that no output has.
const PROMPT: &str = "clzx-his01:~$ ";

/// A terminal at a host.
struct Terminal {
    process: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    seen: String,
    /// What was typed last.
    line: String,
}

impl Terminal {
    fn open(net: &Honeynet) -> Self {
        let address = net.address("his", "ssh");
        let (account, password) = net.lure("his", "ssh");
        let mut process = Command::new("sshpass")
            .args(["-p", &password, "ssh", "-tt"])
            .args(OPTIONS)
            .args(["-p", &address.port().to_string(), &format!("{account}@{}", address.ip())])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| {
                panic!("sshpass: {e}; install the Debian packages sshpass and openssh-client")
            });
        let (keys, mut out) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = out.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut terminal = Terminal { process, keys, screen, seen: String::new(), line: String::new() };
        terminal.until(PROMPT);
        terminal
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// All that is shown up to and with a text.
    fn until(&mut self, end: &str) -> String {
        self.within(end, PATIENCE).unwrap_or_else(|| panic!("{:?}: no {end:?} in {:?}", self.line, self.seen))
    }

    fn within(&mut self, end: &str, patience: Duration) -> Option<String> {
        let start = Instant::now();
        loop {
            if let Some(at) = self.seen.find(end) {
                let rest = self.seen.split_off(at + end.len());
                return Some(std::mem::replace(&mut self.seen, rest));
            }
            let left = patience.saturating_sub(start.elapsed());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => return None,
            }
        }
    }

    /// Types a line; what is printed until the next prompt.
    fn run(&mut self, line: &str) -> String {
        self.line = line.to_owned();
        self.press(&format!("{line}\r"));
        self.until("\x1b[?2004l\r");
        let Some(shown) = self.within(PROMPT, PATIENCE) else {
            self.press("\x03");
            return format!("it hangs, {:?}", self.until(PROMPT));
        };
        let end = shown.rfind("\x1b[?2004h").unwrap_or(shown.len());
        shown[..end].replace("\r\n", "\n")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether a pattern with `*` and `?` fits a whole line.
fn fits(pattern: &[char], line: &[char]) -> bool {
    match (pattern.split_first(), line.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => (0..=line.len()).any(|n| fits(rest, &line[n..])),
        (Some(('?', rest)), Some((_, line))) => fits(rest, line),
        (Some((c, rest)), Some((d, line))) if c == d => fits(rest, line),
        _ => false,
    }
}

/// What bash prints here.
fn beside(line: &str) -> String {
    // A signal that is ignored where the tests were started would stay so.
    let bash = ["--default-signal", "bash", "-c", line];
    let output = Command::new("env").args(bash).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Colours are no part of what is said.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        out.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, tail)| tail);
    }
    out + rest
}

/// Why an answer is none that the host would give.
fn fault(line: &str, wanted: &str, shown: &str) -> Option<String> {
    let shown = plain(shown);
    if let Some(never) = NEVER.iter().find(|n| shown.contains(**n)) {
        return Some(format!("says {never:?}"));
    }
    if wanted == "=" {
        let real = beside(line);
        return (real != shown).then(|| format!("bash prints {real:?}"));
    }
    if wanted.is_empty() {
        return (!shown.is_empty()).then(|| "should print nothing".to_owned());
    }
    let letters = |text: &str| text.chars().collect::<Vec<char>>();
    wanted.split('¦').find_map(|pattern| {
        let found = shown.lines().any(|l| fits(&letters(pattern), &letters(l.trim_end_matches('\r'))));
        (!found).then(|| format!("no line {pattern:?}"))
    })
}

#[test]
fn an_hour_of_an_expert_meets_no_answer_of_another_kind() {
    let net = Honeynet::start();
    let mut terminal = Terminal::open(&net);
    let mut wrong = Vec::new();
    for row in HOUR.lines() {
        let (line, wanted) = row.split_once('\t').unwrap_or((row, ""));
        let shown = terminal.run(line);
        if let Some(why) = fault(line, wanted, &shown) {
            wrong.push(format!("$ {line}\n   {why}\n   {shown:?}"));
        }
    }
    let count = HOUR.lines().count();
    assert!(count >= 200, "{count} commands");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn editors_and_pagers_take_the_terminal_and_give_it_back() {
    let net = Honeynet::start();
    let mut terminal = Terminal::open(&net);
    terminal.press("nano notes\r");
    terminal.until("^X");
    terminal.press("remember 报告\r\x0f\r");
    terminal.until("Wrote 1 line");
    terminal.press("\x18");
    terminal.until(PROMPT);
    assert_eq!(terminal.run("cat notes"), "remember 报告\n");
    terminal.press("vi notes\r");
    terminal.until("\"notes\" 1L");
    terminal.press("osecond\x1b:wq\r");
    terminal.until(PROMPT);
    assert_eq!(terminal.run("wc -l notes"), "2 notes\n");
    terminal.press("less /etc/passwd\r");
    terminal.until("/etc/passwd");
    terminal.press("/nobody\rq");
    terminal.until(PROMPT);
    terminal.press("top\r");
    terminal.until("load average");
    terminal.press("q");
    terminal.until(PROMPT);
    // Ctrl-C in an editor is the editor's, and the shell still lives behind it.
    terminal.press("vi\r");
    terminal.until("~");
    terminal.press("\x03:q!\r");
    terminal.until(PROMPT);
    assert_eq!(terminal.run("echo alive"), "alive\n");
    drop(terminal);
    // At the next login the file is there.
    assert_eq!(Terminal::open(&net).run("tail -1 notes"), "second\n");
}
