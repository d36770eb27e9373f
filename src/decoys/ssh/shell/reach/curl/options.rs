//! What a command line of curl asks for.

use std::time::Duration;

use crate::decoys::ssh::shell::reach::files::{Known, Word, words};
use crate::decoys::ssh::shell::run::{Io, Run};

/// What is asked for.
#[derive(Debug, Default)]
pub(in crate::decoys::ssh::shell::reach) struct Wish {
    pub urls: Vec<String>,
    method: Option<String>,
    pub headers: Vec<String>,
    /// Pieces of `-d`, files not read yet.
    pieces: Vec<(&'static str, String)>,
    pub query: String,
    pub agent: String,
    pub user: Option<String>,
    pub referer: Option<String>,
    pub cookie: Option<String>,
    pub range: Option<String>,
    pub output: Option<String>,
    pub outputs: Vec<String>,
    pub upload: Option<String>,
    pub write_out: Option<String>,
    pub max_time: Option<Duration>,
    pub connect_timeout: Option<Duration>,
    pub remote_name: bool,
    pub head: bool,
    pub include: bool,
    pub verbose: bool,
    pub silent: bool,
    pub show_error: bool,
    pub fail: bool,
    pub insecure: bool,
    pub follow: bool,
    pub get: bool,
    pub compressed: bool,
}

const OPTIONS: &[Known] = &[
    ('X', "request", true),
    ('H', "header", true),
    ('d', "data", true),
    (' ', "data-raw", true),
    (' ', "data-binary", true),
    (' ', "data-ascii", true),
    (' ', "data-urlencode", true),
    (' ', "json", true),
    ('A', "user-agent", true),
    ('u', "user", true),
    ('e', "referer", true),
    ('b', "cookie", true),
    ('c', "cookie-jar", true),
    ('r', "range", true),
    ('o', "output", true),
    ('T', "upload-file", true),
    ('w', "write-out", true),
    ('m', "max-time", true),
    (' ', "connect-timeout", true),
    (' ', "retry", true),
    (' ', "max-redirs", true),
    (' ', "url", true),
    (' ', "cacert", true),
    (' ', "cert", true),
    (' ', "resolve", true),
    (' ', "interface", true),
    ('x', "proxy", true),
    (' ', "noproxy", true),
    ('D', "dump-header", true),
    ('O', "remote-name", false),
    ('J', "remote-header-name", false),
    ('I', "head", false),
    ('i', "include", false),
    ('v', "verbose", false),
    ('s', "silent", false),
    ('S', "show-error", false),
    ('f', "fail", false),
    ('k', "insecure", false),
    ('L', "location", false),
    ('G', "get", false),
    ('N', "no-buffer", false),
    ('g', "globoff", false),
    ('4', "ipv4", false),
    ('#', "progress-bar", false),
    ('0', "http1.0", false),
    ('q', "disable", false),
    (' ', "http1.1", false),
    (' ', "http2", false),
    (' ', "compressed", false),
    (' ', "basic", false),
    (' ', "create-dirs", false),
    (' ', "no-progress-meter", false),
    (' ', "path-as-is", false),
    (' ', "tlsv1.2", false),
];

/// Reads arguments.
///
/// # Errors
/// What curl says of wrong ones.
pub(super) fn wish(arguments: &[String]) -> Result<Wish, String> {
    const HINT: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";
    let mut wish = Wish { agent: "curl/7.88.1".into(), ..Wish::default() };
    for word in words(arguments, OPTIONS) {
        match word {
            Word::Operand(url) => wish.urls.push(url),
            Word::Unknown(option) => return Err(format!("curl: option {option}: is unknown\n{HINT}")),
            Word::Lacking(option) => {
                return Err(format!("curl: option {option}: requires parameter\n{HINT}"));
            }
            Word::Option(name, value) => wish.set(name, value),
        }
    }
    if wish.get {
        let pieces = wish.pieces.iter();
        let texts: Vec<_> = pieces
            .map(|(kind, piece)| if *kind == "data-urlencode" { encoded(piece) } else { piece.clone() })
            .collect();
        wish.query = texts.join("&");
    }
    if wish.urls.is_empty() { Err(HINT.to_owned()) } else { Ok(wish) }
}

impl Wish {
    fn set(&mut self, name: &'static str, value: String) {
        let seconds = || value.parse::<f64>().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
        match name {
            "request" => self.method = Some(value),
            "header" => self.headers.push(value),
            "data" | "data-raw" | "data-binary" | "data-ascii" | "data-urlencode" => {
                self.pieces.push((name, value));
            }
            "json" => {
                self.headers.push("Content-Type: application/json".into());
                self.headers.push("Accept: application/json".into());
                self.pieces.push(("data-binary", value));
            }
            "user-agent" => self.agent = value,
            "user" => self.user = Some(value),
            "referer" => self.referer = Some(value),
            "cookie" => self.cookie = Some(value).filter(|value| value.contains('=')),
            "range" => self.range = Some(value),
            "output" => {
                self.output.get_or_insert_with(|| value.clone());
                self.outputs.push(value);
            }
            "upload-file" => self.upload = Some(value),
            "write-out" => self.write_out = Some(value),
            "max-time" => self.max_time = seconds(),
            "connect-timeout" => self.connect_timeout = seconds(),
            "url" => self.urls.push(value),
            other => self.switch(other),
        }
    }

    fn switch(&mut self, name: &str) {
        match name {
            "remote-name" => self.remote_name = true,
            "head" => self.head = true,
            "include" => self.include = true,
            "verbose" => self.verbose = true,
            "silent" | "no-progress-meter" => self.silent = true,
            "show-error" => self.show_error = true,
            "fail" => self.fail = true,
            "insecure" => self.insecure = true,
            "location" => self.follow = true,
            "get" => self.get = true,
            "compressed" => self.compressed = true,
            // The rest changes nothing that the decoys would show.
            _ => {}
        }
    }

    /// The method.
    pub(super) fn method(&self, has_body: bool) -> &str {
        match &self.method {
            Some(method) => method,
            None if self.head => "HEAD",
            None if self.upload.is_some() => "PUT",
            None if has_body => "POST",
            None => "GET",
        }
    }

    /// The body, files and standard input read.
    pub(super) async fn body(&self, run: &mut Run<'_>, io: &Io) -> Option<Vec<u8>> {
        if let Some(name) = &self.upload {
            return run.file(name, io).await;
        }
        if self.pieces.is_empty() || self.get {
            return None;
        }
        let mut out = Vec::new();
        for (n, (kind, piece)) in self.pieces.iter().enumerate() {
            if n > 0 {
                out.push(b'&');
            }
            let named = piece.strip_prefix('@').filter(|_| *kind != "data-raw" && *kind != "data-urlencode");
            match named {
                Some(name) => {
                    let bytes = run.file(name, io).await.unwrap_or_default();
                    let binary = *kind == "data-binary";
                    out.extend(bytes.into_iter().filter(|byte| binary || !b"\r\n".contains(byte)));
                }
                None if *kind == "data-urlencode" => out.extend(encoded(piece).bytes()),
                None => out.extend_from_slice(piece.as_bytes()),
            }
        }
        Some(out)
    }
}

/// `name=content` with the content encoded.
fn encoded(piece: &str) -> String {
    let (name, content) = match piece.split_once('=') {
        Some(("", content)) => (String::new(), content),
        Some((name, content)) => (format!("{name}="), content),
        None => (String::new(), piece),
    };
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    format!("{name}{}", content.bytes().map(one).collect::<String>())
}
