//! `wget`, as Debian 12 has it (1.21.3).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fetch::{Answer, Trouble, Url, exchange};
use super::files::{Known, Word, words};
use super::secure::secure;
use super::{Failure, Place};
use crate::decoys::ssh::shell::run::{Io, Run};
use crate::session::BoxStream;

/// Most redirections: wget's default.
const MAX_REDIRECTS: usize = 20;

const OPTIONS: &[Known] = &[
    ('O', "output-document", true),
    ('P', "directory-prefix", true),
    ('o', "output-file", true),
    ('a', "append-output", true),
    ('T', "timeout", true),
    (' ', "connect-timeout", true),
    (' ', "read-timeout", true),
    (' ', "dns-timeout", true),
    ('t', "tries", true),
    ('U', "user-agent", true),
    ('w', "wait", true),
    ('l', "level", true),
    ('A', "accept", true),
    ('i', "input-file", true),
    (' ', "header", true),
    (' ', "post-data", true),
    (' ', "post-file", true),
    (' ', "method", true),
    (' ', "body-data", true),
    (' ', "user", true),
    (' ', "password", true),
    (' ', "http-user", true),
    (' ', "http-password", true),
    (' ', "referer", true),
    (' ', "max-redirect", true),
    ('q', "quiet", false),
    ('v', "verbose", false),
    (' ', "no-verbose", false),
    ('S', "server-response", false),
    ('c', "continue", false),
    ('N', "timestamping", false),
    ('b', "background", false),
    ('r', "recursive", false),
    ('m', "mirror", false),
    ('k', "convert-links", false),
    ('p', "page-requisites", false),
    ('4', "inet4-only", false),
    (' ', "spider", false),
    (' ', "no-check-certificate", false),
    (' ', "no-proxy", false),
    (' ', "content-disposition", false),
    (' ', "show-progress", false),
    (' ', "no-cache", false),
];

/// What a command line asks for.
#[derive(Default)]
struct Wish {
    urls: Vec<String>,
    output: Option<String>,
    folder: Option<String>,
    agent: String,
    headers: Vec<String>,
    method: Option<String>,
    body: Option<String>,
    user: Option<String>,
    password: Option<String>,
    timeout: Option<Duration>,
    quiet: bool,
    server: bool,
    spider: bool,
    trusting: bool,
}

impl Wish {
    fn set(&mut self, name: &str, value: String) {
        match name {
            "output-document" => self.output = Some(value),
            "directory-prefix" => self.folder = Some(value),
            "user-agent" => self.agent = value,
            "header" => self.headers.push(value),
            "post-data" => (self.body, self.method) = (Some(value), Some("POST".into())),
            "body-data" => self.body = Some(value),
            "method" => self.method = Some(value),
            "user" | "http-user" => self.user = Some(value),
            "password" | "http-password" => self.password = Some(value),
            "timeout" | "connect-timeout" => {
                self.timeout = value.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
            }
            "quiet" => self.quiet = true,
            "server-response" => self.server = true,
            "spider" => self.spider = true,
            "no-check-certificate" => self.trusting = true,
            // The rest changes nothing that the decoys would show.
            _ => {}
        }
    }
}

impl Run<'_> {
    pub(super) async fn wget(&mut self, rest: &[String], io: &Io) -> i32 {
        if rest.iter().any(|word| word == "--version" || word == "-V") {
            self.out(io, "GNU Wget 1.21.3 built on linux-gnu.\n").await;
            return 0;
        }
        let mut wish = Wish { agent: "Wget/1.21.3".into(), ..Wish::default() };
        for word in words(rest, OPTIONS) {
            match word {
                Word::Operand(url) => wish.urls.push(url),
                Word::Option(name, value) => wish.set(name, value),
                // Letters of two, such as -nc and -nv.
                Word::Unknown(option) if option == "-n" => {}
                Word::Unknown(option) => {
                    let what = if option.starts_with("--") {
                        format!("unrecognized option '{option}'")
                    } else {
                        format!("invalid option -- '{}'", option.trim_start_matches('-'))
                    };
                    let text = format!(
                        "wget: {what}\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
                    );
                    self.error(io, &text).await;
                    return 2;
                }
                Word::Lacking(option) => {
                    let letter = option.trim_start_matches('-');
                    let text = format!(
                        "wget: option requires an argument -- '{letter}'\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
                    );
                    self.error(io, &text).await;
                    return 2;
                }
            }
        }
        if wish.urls.is_empty() {
            let text = "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n";
            self.error(io, text).await;
            return 1;
        }
        let mut status = 0;
        for url in &wish.urls {
            let one = self.wget_one(url, &wish, io).await;
            status = if one == 0 { status } else { one };
        }
        status
    }

    async fn say(&mut self, wish: &Wish, io: &Io, text: &str) {
        if !wish.quiet {
            self.error(io, text).await;
        }
    }

    fn stamp(&self) -> String {
        self.shell.session.now().to_zoned(self.shell.site.zone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    async fn wget_one(&mut self, text: &str, wish: &Wish, io: &Io) -> i32 {
        let Some(first) = Url::read(text).filter(|url| !url.host.is_empty()) else {
            self.error(io, &format!("{text}: Invalid host name.\n")).await;
            return 1;
        };
        if wish.spider {
            self.say(wish, io, "Spider mode enabled. Check if remote file exists.\n").await;
        }
        let mut url = first.clone();
        let mut kept: Option<BoxStream> = None;
        for _ in 0..=MAX_REDIRECTS {
            let stamp = self.stamp();
            self.say(wish, io, &format!("--{stamp}--  {}\n", url.text())).await;
            let mut stream = match kept.take() {
                Some(stream) => {
                    let line = format!("Reusing existing connection to {}:{}.\n", url.host, url.port);
                    self.say(wish, io, &line).await;
                    stream
                }
                None => match self.wget_connect(&url, text, wish, io).await {
                    Ok(stream) => stream,
                    Err(status) => return status,
                },
            };
            self.say(wish, io, "HTTP request sent, awaiting response... ").await;
            let answer = match exchange(&mut stream, &request(&url, wish), wish.spider).await {
                Ok(answer) => answer,
                Err(Trouble::Empty | Trouble::Reset | Trouble::Late) => {
                    self.say(wish, io, "No data received.\nGiving up.\n\n").await;
                    return 4;
                }
                Err(Trouble::NotHttp) => {
                    self.say(wish, io, "200 No headers, assuming HTTP/0.9\nLength: unspecified\n").await;
                    return 4;
                }
            };
            self.wget_head(&answer, wish, io).await;
            let location = answer.header("location").filter(|_| (301..=308).contains(&answer.status));
            let Some(next) = location.and_then(|to| Some((to.to_owned(), url.follow(to)?))) else {
                return self.wget_end(&first, answer, wish, io).await;
            };
            self.say(wish, io, &format!("Location: {} [following]\n", next.0)).await;
            let same = (&next.1.host, next.1.port, &next.1.scheme) == (&url.host, url.port, &url.scheme);
            kept = Some(stream).filter(|_| same && answer.stays);
            url = next.1;
        }
        self.say(wish, io, &format!("{MAX_REDIRECTS} redirections exceeded.\n")).await;
        8
    }

    async fn wget_head(&mut self, answer: &Answer, wish: &Wish, io: &Io) {
        if wish.server {
            let lines: String = answer.head.lines().map(|line| format!("  {line}\n")).collect();
            self.say(wish, io, &format!("\n{lines}")).await;
        } else {
            let line = format!("{}\n", answer.reason());
            self.say(wish, io, &line).await;
        }
    }

    async fn wget_connect(
        &mut self,
        url: &Url,
        target: &str,
        wish: &Wish,
        io: &Io,
    ) -> Result<BoxStream, i32> {
        let Url { host, port, .. } = url;
        let is_name = host.parse::<std::net::Ipv4Addr>().is_err();
        if is_name {
            self.say(wish, io, &format!("Resolving {host} ({host})... ")).await;
        }
        let Some(place) = self.resolved("wget", target, host).await else {
            let line = format!(
                "failed: Temporary failure in name resolution.\nwget: unable to resolve host address ‘{host}’\n"
            );
            self.say(wish, io, &line).await;
            return Err(4);
        };
        if is_name {
            self.say(wish, io, &format!("{}\n", place.address())).await;
        }
        let shown = if is_name {
            format!("{host} ({host})|{}|:{port}", place.address())
        } else {
            format!("{host}:{port}")
        };
        self.say(wish, io, &format!("Connecting to {shown}... ")).await;
        match self.dial("wget", target, (&place, *port), wish.timeout).await {
            Ok(stream) => {
                self.say(wish, io, "connected.\n").await;
                self.wget_secure(stream, url, &place, wish, io).await
            }
            Err(failure) => {
                let again = matches!(failure, Failure::TimedOut | Failure::GivenUp);
                let tail = if again { "Retrying.\n\n" } else { "" };
                self.say(wish, io, &format!("failed: {}.\n{tail}", failure.text())).await;
                Err(4)
            }
        }
    }

    async fn wget_secure(
        &mut self,
        stream: BoxStream,
        url: &Url,
        place: &Place,
        wish: &Wish,
        io: &Io,
    ) -> Result<BoxStream, i32> {
        if url.scheme != "https" {
            return Ok(stream);
        }
        let Some(secured) = secure(stream, &url.host, &[]).await else {
            self.say(
                wish,
                io,
                "GnuTLS: An unexpected TLS packet was received.\nUnable to establish SSL connection.\n",
            )
            .await;
            return Err(4);
        };
        let label = if wish.trusting { "WARNING" } else { "ERROR" };
        let host = &url.host;
        self.say(wish, io, &format!("{label}: The certificate of ‘{host}’ is not trusted.\n{label}: The certificate of ‘{host}’ doesn't have a known issuer.\n")).await;
        if place.address() == host {
            let line = format!("The certificate's owner does not match hostname ‘{host}’\n");
            self.say(wish, io, &line).await;
        }
        if wish.trusting { Ok(secured.stream) } else { Err(5) }
    }

    /// Prints what came of it and keeps the file.
    async fn wget_end(&mut self, url: &Url, answer: Answer, wish: &Wish, io: &Io) -> i32 {
        let stamp = self.stamp();
        if answer.status >= 400 {
            let reason = answer.reason().split_once(' ').map_or("", |(_, text)| text).to_owned();
            if answer.status == 401 {
                self.say(wish, io, "\nUsername/Password Authentication Failed.\n").await;
                return 6;
            }
            if wish.spider {
                self.say(wish, io, "Remote file does not exist -- broken link!!!\n\n").await;
            } else {
                self.say(wish, io, &format!("{stamp} ERROR {}: {reason}.\n\n", answer.status)).await;
            }
            return 8;
        }
        let kind = answer.header("content-type").and_then(|kind| kind.split(';').next()).unwrap_or_default();
        let shown_kind = if kind.is_empty() { String::new() } else { format!(" [{kind}]") };
        let length = answer.header("content-length").and_then(|text| text.parse::<usize>().ok());
        let line = match length {
            Some(length) => format!("Length: {length}{}{shown_kind}\n", human(length)),
            None => format!("Length: unspecified{shown_kind}\n"),
        };
        self.say(wish, io, &line).await;
        if wish.spider {
            let text = if kind == "text/html" {
                "Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n"
            } else {
                "Remote file exists.\n\n"
            };
            self.say(wish, io, text).await;
            return 0;
        }
        self.wget_keep(url, answer, (length, &stamp), wish, io).await
    }

    async fn wget_keep(
        &mut self,
        url: &Url,
        answer: Answer,
        (length, stamp): (Option<usize>, &str),
        wish: &Wish,
        io: &Io,
    ) -> i32 {
        let name = match &wish.output {
            Some(name) => name.clone(),
            None => self.free_name(&url.file(), wish.folder.as_deref()),
        };
        let came = answer.body.len();
        let (shown, done) = match name.as_str() {
            "-" => ("STDOUT".to_owned(), "written to stdout".to_owned()),
            _ => (name.clone(), format!("‘{name}’ saved")),
        };
        self.say(wish, io, &format!("Saving to: ‘{shown}’\n\n")).await;
        if name == "-" {
            self.write(&io.out, answer.body).await;
        } else if !self.store(&name, &answer.body) {
            self.error(
                io,
                &format!("{name}: Permission denied\n\nCannot write to ‘{name}’ (Permission denied).\n"),
            )
            .await;
            return 3;
        }
        let rate = rate(came, self.shell.site.trait_number(&format!("wget/{came}/{stamp}"), 900));
        let part = if length.is_some() { "100%" } else { "    " };
        let dots = ".".repeat((came / 1024).min(50));
        self.say(wish, io, &format!("     0K {dots:<50} {:>6} {:>4}=0s\n\n", part, rate.0)).await;
        let whole = length.map_or(format!("[{came}]"), |length| format!("[{came}/{length}]"));
        self.say(wish, io, &format!("{stamp} ({}) - {done} {whole}\n\n", rate.1)).await;
        0
    }

    /// A name that is not taken: `index.html`, `index.html.1`, ...
    fn free_name(&self, file: &str, folder: Option<&str>) -> String {
        let file = if file.is_empty() { "index.html" } else { file };
        let name =
            folder.map_or(file.to_owned(), |folder| format!("{}/{file}", folder.trim_end_matches('/')));
        let taken = |name: &str| self.shell.fs.stat(&self.shell.path(name)).is_ok();
        let numbered = (1..100).map(|n| format!("{name}.{n}"));
        std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(name)
    }
}

/// ` (1.2K)`, for what is longer than 1023 bytes.
fn human(bytes: usize) -> String {
    match bytes {
        0..1_024 => String::new(),
        1_024..10_240 => format!(" ({}.{}K)", bytes / 1024, bytes % 1024 * 10 / 1024),
        10_240..1_048_576 => format!(" ({}K)", bytes / 1024),
        _ => format!(" ({}.{}M)", bytes >> 20, (bytes >> 10) % 1024 * 10 / 1024),
    }
}

/// Speed on a local network, short and long.
fn rate(bytes: usize, jitter: u64) -> (String, String) {
    let speed = u64::try_from(bytes).unwrap_or(0) * 10 + 9_000 + jitter;
    match speed / 100 {
        mega @ 100.. => (format!("{mega}M"), format!("{mega} MB/s")),
        mega => (format!("{mega}.{}M", speed % 100 / 10), format!("{mega}.{} MB/s", speed % 100 / 10)),
    }
}

/// The request, in wget's order.
fn request(url: &Url, wish: &Wish) -> Vec<u8> {
    let method = wish.method.as_deref().unwrap_or(if wish.spider { "HEAD" } else { "GET" });
    let mut head = format!(
        "{method} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n",
        url.path,
        url.authority(),
        wish.agent
    );
    let given = wish.user.as_ref().map(|user| format!("{user}:{}", wish.password.as_deref().unwrap_or("")));
    if let Some(pair) = given.or_else(|| url.user.clone()) {
        head.push_str(&format!("Authorization: Basic {}\r\n", STANDARD.encode(pair)));
    }
    for header in &wish.headers {
        head.push_str(&format!("{header}\r\n"));
    }
    head.push_str("Connection: Keep-Alive\r\n");
    if let Some(body) = &wish.body {
        let kind = "application/x-www-form-urlencoded";
        head.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    } else {
        head.push_str("\r\n");
    }
    head.into_bytes()
}
