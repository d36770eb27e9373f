//! A real PostgreSQL server of the tests' own; it ends with the process that started it.

// The library's tests and the suite each use a part.
#![allow(dead_code)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// The password of its one user, `honeyward`.
const PASSWORD: &str = "ev1dence '\\ 张";

/// A server that runs.
pub(crate) struct DatabaseServer {
    folder: PathBuf,
    port: u16,
    control: Mutex<Control>,
    _child: Child,
}

struct Control {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl DatabaseServer {
    /// The one that all tests of this process may use; none may stop it.
    pub(crate) fn shared() -> &'static Self {
        static SERVER: OnceLock<DatabaseServer> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    /// One of the caller's own.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap().keep();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        fs::write(folder.join("password"), format!("{PASSWORD}\n")).unwrap();
        make_certificates(&folder);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/database_server.sh");
        let mut child = Command::new("sh")
            .arg(script)
            .arg(&folder)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let server =
            DatabaseServer { folder, port, control: Mutex::new(Control { orders, answers }), _child: child };
        server.control.lock().unwrap().expect("ready");
        server
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&self) {
        self.control.lock().unwrap().order("kill", "killed");
    }

    /// Starts it again; it answers when this returns.
    pub(crate) fn start_again(&self) {
        self.control.lock().unwrap().order("start", "ready");
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its Unix socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.folder
    }

    /// The file with the password of `honeyward`.
    pub(crate) fn password_file(&self) -> PathBuf {
        self.folder.join("password")
    }

    /// The authority that its certificate, for 127.0.0.1, comes from.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }
}

impl Control {
    fn order(&mut self, order: &str, answer: &str) {
        writeln!(self.orders, "{order}").unwrap();
        self.expect(answer);
    }

    fn expect(&mut self, answer: &str) {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), answer, "the database server");
    }
}

fn make_certificates(folder: &Path) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(folder.join("ca.crt"), authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let issuer = Issuer::from_params(&authority, &authority_key);
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
    fs::write(folder.join("tls.crt"), own.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
}
