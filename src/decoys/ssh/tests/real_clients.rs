//! The whole decoy on a loopback port, with Debian's own clients.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::stand_in::{Kept, making, session};
use crate::decoys::ssh;
use crate::event::Observation;
use crate::event::observation::Mark;
use crate::persona::Protocol;
use crate::session::{Conversation, Decoy};
use crate::world::overlay::Overlay;

struct Running {
    port: u16,
    password: String,
    kept: Arc<Kept>,
}

/// The decoy of the HIS host on a port of its own.
async fn start() -> Running {
    let (making, host) = making("his");
    let service = host.services.iter().find(|s| s.protocol == Protocol::Ssh).unwrap();
    let decoy: Arc<dyn Decoy> = ssh::build(&making, service).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let password = host.account(Protocol::Ssh, "hisop").unwrap().password.clone();
    let (kept, overlay) = (Arc::new(Kept::default()), Arc::new(Overlay::default()));
    let told = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Conversation::Opaque(serve) = decoy.converse(session(&making, &overlay, &told)) {
                tokio::spawn(serve(Box::new(stream)));
            }
        }
    });
    Running { port, password, kept }
}

impl Running {
    /// Runs a client with the given password: output, error output, status.
    async fn client(
        &self,
        password: &str,
        program: &str,
        arguments: &[&str],
        input: &[u8],
    ) -> (String, String, i32) {
        use tokio::io::AsyncWriteExt;
        let port = self.port.to_string();
        let flag = if program == "ssh" { "-p" } else { "-P" };
        let mut child = tokio::process::Command::new("sshpass")
            .args(["-p", password, program, flag, &port, "-o", "StrictHostKeyChecking=no", "-o"])
            .args([
                "UserKnownHostsFile=/dev/null",
                "-o",
                "LogLevel=ERROR",
                "-o",
                "NumberOfPasswordPrompts=1",
                "-F",
                "/dev/null",
            ])
            .args(arguments)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("sshpass and Debian's SSH clients are installed");
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input).await.unwrap();
        drop(stdin);
        let done =
            tokio::time::timeout(Duration::from_secs(30), child.wait_with_output()).await.unwrap().unwrap();
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        (text(&done.stdout), text(&done.stderr), done.status.code().unwrap_or(-1))
    }

    async fn ssh(&self, line: &str, input: &[u8]) -> (String, String, i32) {
        self.client(&self.password, "ssh", &["hisop@127.0.0.1", line], input).await
    }

    fn seen(&self, what: impl Fn(&Observation) -> bool) -> bool {
        self.kept.events.lock().unwrap().iter().any(what)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lure_account_runs_commands() {
    let decoy = start().await;
    let (out, error, status) = decoy.ssh("echo hi; echo no >&2; exit 7", b"").await;
    assert_eq!((out.as_str(), error.as_str(), status), ("hi\n", "no\n", 7));
    assert!(decoy.seen(|o| matches!(o, Observation::LureTouched { lure, .. } if lure == "his/hisop")));
    assert!(decoy.seen(|o| matches!(o, Observation::Command { exit: Some(7), .. })));
    assert!(decoy.seen(|o| matches!(o, Observation::Fingerprint { mark: Mark::Hassh, value } if value.as_untrusted().len() == 32)));
    assert!(decoy.seen(|o| matches!(o, Observation::Fingerprint { mark: Mark::SshClient, value } if value.as_untrusted().starts_with("SSH-2.0-OpenSSH_"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_gets_in() {
    let decoy = start().await;
    for (user, password) in [("root", "root"), ("hisop", "wrong"), ("hisadmin", "admin")] {
        let target = format!("{user}@127.0.0.1");
        let (_, error, status) = decoy.client(password, "ssh", &[&target, "id"], b"").await;
        assert_ne!(status, 0);
        assert!(error.contains("Permission denied (publickey,password)."), "{error}");
    }
    assert!(!decoy.seen(|o| matches!(o, Observation::LureTouched { .. } | Observation::Command { .. })));
    assert!(decoy.seen(|o| matches!(o, Observation::AuthAttempt { secret: Some(s), accepted: false, .. } if s.as_untrusted() == "wrong")));
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_input_is_taken_and_files_stay() {
    let decoy = start().await;
    assert_eq!(decoy.ssh("cat > note; wc -c note", b"twelve bytes").await.0, "12 note\n");
    assert_eq!(decoy.ssh("cat note", b"").await.0, "twelve bytes");
    assert_eq!(decoy.ssh("bash -s", b"echo one\necho two | tr a-z A-Z\n").await.0, "one\nTWO\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_by_sftp_and_scp_are_kept_and_readable() {
    let decoy = start().await;
    let folder = tempfile::tempdir().unwrap();
    let local = folder.path().join("tool.bin");
    let body: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    std::fs::write(&local, &body).unwrap();
    let local = local.to_str().unwrap();
    let sha = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&body));
    for old in [false, true] {
        let arguments: &[&str] = if old {
            &["-O", local, "hisop@127.0.0.1:/tmp/old.bin"]
        } else {
            &[local, "hisop@127.0.0.1:/tmp/new.bin"]
        };
        let (_, error, status) = decoy.client(&decoy.password, "scp", arguments, b"").await;
        assert_eq!(status, 0, "{error}");
        let name = if old { "/tmp/old.bin" } else { "/tmp/new.bin" };
        assert!(
            decoy
                .seen(|o| matches!(o, Observation::Transfer { sha256, size: 200_000, .. } if *sha256 == sha))
        );
        assert!(decoy.ssh(&format!("sha256sum {name}"), b"").await.0.starts_with(&sha));
        let back = folder.path().join("back");
        let from = format!("hisop@127.0.0.1:{name}");
        let mut arguments = vec![from.as_str(), back.to_str().unwrap()];
        if old {
            arguments.insert(0, "-O");
        }
        assert_eq!(decoy.client(&decoy.password, "scp", &arguments, b"").await.2, 0);
        assert_eq!(std::fs::read(&back).unwrap(), body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_what_bash_shows() {
    let decoy = start().await;
    let (out, _, _) =
        decoy.client(&decoy.password, "ssh", &["-tt", "hisop@127.0.0.1"], b"whoami\rexit\r").await;
    assert!(out.contains("Linux clzx-his01 6.1.0-41-amd64"), "{out}");
    assert!(out.contains("$ whoami\r\n\x1b[?2004l\rhisop\r\n\x1b[?2004h"), "{out:?}");
    assert!(out.ends_with("exit\r\n\x1b[?2004l\rlogout\r\n"), "{out:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_lines_are_answered_as_sshd_does() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let decoy = start().await;
    for (line, answer) in [
        (&b"SSH-1337-x\r\n"[..], "Invalid SSH identification string.\r\n"),
        (b"SSH-1.5-x\r\n", "Protocol major versions differ.\r\n"),
        (b"\n", "Invalid SSH identification string.\r\n"),
    ] {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", decoy.port)).await.unwrap();
        let mut banner = [0; 41];
        stream.read_exact(&mut banner).await.unwrap();
        assert_eq!(&banner, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n");
        stream.write_all(line).await.unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, answer);
    }
}
