//! `curl`, as Debian 12 has it (7.88.1).

mod options;
mod words;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::options::{Wish, wish};
use super::fetch::{Answer, Trouble, Url, exchange};
use super::secure::{Secured, secure};
use super::{Failure, meter};
use crate::decoys::ssh::shell::run::{Io, Run, Sink};
use crate::session::BoxStream;

/// Most redirections that are followed: curl's default.
const MAX_REDIRECTS: usize = 50;

/// How one URL went.
struct Journey<'a> {
    wish: &'a Wish,
    /// Whether the meter is shown.
    meter: bool,
    /// Whether `-v` counts the data, as it does where output is no terminal.
    counts: bool,
    redirects: usize,
    /// Bytes of the body that went up.
    sent: usize,
    began: jiff::Timestamp,
}

/// An end before there was an answer: curl's number and words.
struct Fault(i32, String);

impl Run<'_> {
    pub(super) async fn curl(&mut self, rest: &[String], io: &Io) -> i32 {
        if rest.iter().any(|word| word == "--version" || word == "-V") {
            self.out(io, words::VERSION).await;
            return 0;
        }
        let wish = match wish(rest) {
            Ok(wish) => wish,
            Err(text) => {
                self.error(io, &text).await;
                return 2;
            }
        };
        let mut status = 0;
        for (n, url) in wish.urls.iter().enumerate() {
            let journey = self.journey(&wish, io);
            status = self.curl_one(url, n, journey, io).await;
        }
        status
    }

    fn journey<'a>(&self, wish: &'a Wish, io: &Io) -> Journey<'a> {
        let terminal = self.shell.screen.is_some() && io.out == Sink::Out;
        let to_file = wish.output.is_some() || wish.remote_name;
        let quiet = wish.silent || wish.head && !to_file && terminal;
        Journey {
            wish,
            meter: !quiet && (!terminal || to_file),
            counts: !terminal || to_file,
            redirects: 0,
            sent: 0,
            began: self.shell.session.now(),
        }
    }

    async fn curl_fault(&mut self, wish: &Wish, text: &str, io: &Io) {
        if !wish.silent || wish.show_error {
            self.error(io, &format!("curl: {text}\n")).await;
        }
    }

    async fn curl_one(&mut self, text: &str, n: usize, mut journey: Journey<'_>, io: &Io) -> i32 {
        let wish = journey.wish;
        let Some(mut url) = Url::read(text) else {
            self.curl_fault(wish, "(3) URL using bad/illegal format or missing URL", io).await;
            return 3;
        };
        let mut heads = Vec::new();
        let answer = loop {
            let answer = match self.curl_ask(&url, text, &mut journey, io).await {
                Ok(answer) => answer,
                Err(Fault(status, text)) => {
                    if journey.meter {
                        self.error(io, meter::NOTHING).await;
                    }
                    if wish.verbose && (status == 7 || status == 28) {
                        self.error(io, "* Closing connection 0\n").await;
                    }
                    self.curl_fault(wish, &text, io).await;
                    let report = words::write_out(wish, None, &url, &journey, self.shell.session.now());
                    self.out(io, &report).await;
                    return status;
                }
            };
            let next = answer.header("location").filter(|_| (301..=308).contains(&answer.status));
            let next = next.filter(|_| wish.follow && journey.redirects < MAX_REDIRECTS);
            let Some(next) = next.and_then(|location| url.follow(location)) else { break answer };
            if wish.include || wish.head {
                heads.extend_from_slice(format!("{}\r\n\r\n", answer.head).as_bytes());
            }
            if wish.verbose {
                self.error(io, &format!("* Connection #0 to host {} left intact\n", url.host)).await;
                self.error(io, &format!("* Issue another request to this URL: '{}'\n", next.text())).await;
            }
            journey.redirects += 1;
            url = next;
        };
        self.curl_end(&url, n, &journey, heads, answer, io).await
    }

    /// What is printed and kept of an answer.
    async fn curl_end(
        &mut self,
        url: &Url,
        n: usize,
        journey: &Journey<'_>,
        mut out: Vec<u8>,
        answer: Answer,
        io: &Io,
    ) -> i32 {
        let wish = journey.wish;
        let failed = wish.fail && answer.status >= 400;
        if wish.include || wish.head {
            out.extend_from_slice(format!("{}\r\n\r\n", answer.head).as_bytes());
        }
        let fetched = if failed { 0 } else { answer.body.len() };
        if !failed {
            out.extend_from_slice(&answer.body);
        }
        if journey.counts && wish.verbose && fetched > 0 {
            self.error(io, &format!("{{ [{fetched} bytes data]\n")).await;
        }
        let micros = self.shell.session.now().duration_since(journey.began).as_micros();
        if journey.meter {
            let line = meter::last(fetched, journey.sent, u64::try_from(micros).unwrap_or(1).max(400));
            self.error(io, &line).await;
        }
        let file = match (&wish.output, wish.remote_name) {
            (Some(name), _) => wish.outputs.get(n).or(Some(name)).cloned().filter(|name| name != "-"),
            (None, true) => Some(url.file()),
            (None, false) => None,
        };
        if let Some(file) = file {
            if file.is_empty() {
                self.curl_fault(wish, "Remote file name has no length!", io).await;
                return 23;
            }
            if !self.store(&file, &out) {
                self.error(io, &format!("Warning: Failed to open the file {file}: Permission denied\n"))
                    .await;
                self.curl_fault(wish, "(23) Failure writing output to destination", io).await;
                return 23;
            }
        } else {
            self.write(&io.out, out).await;
        }
        if wish.verbose {
            let text = if answer.stays {
                format!("* Connection #0 to host {} left intact\n", url.host)
            } else {
                "* Closing connection 0\n".to_owned()
            };
            self.error(io, &text).await;
        }
        let report = words::write_out(wish, Some(&answer), url, journey, self.shell.session.now());
        self.out(io, &report).await;
        if failed {
            let text = format!("(22) The requested URL returned error: {}", answer.status);
            self.curl_fault(wish, &text, io).await;
            return 22;
        }
        if !answer.whole {
            let text = "(18) transfer closed with outstanding read data remaining";
            self.curl_fault(wish, text, io).await;
            return 18;
        }
        0
    }

    async fn curl_ask(
        &mut self,
        url: &Url,
        target: &str,
        journey: &mut Journey<'_>,
        io: &Io,
    ) -> Result<Answer, Fault> {
        let wish = journey.wish;
        if !matches!(url.scheme.as_str(), "http" | "https" | "ftp" | "telnet" | "dict" | "gopher" | "tftp") {
            let text = format!("(1) Protocol \"{}\" not supported or disabled in libcurl", url.scheme);
            return Err(Fault(1, text));
        }
        if journey.meter && journey.redirects == 0 {
            self.error(io, meter::START).await;
        }
        let mut stream = self.curl_connect(url, target, journey, io).await?;
        if url.scheme == "https" {
            stream = self.curl_secure(stream, url, journey, io).await?;
        } else if url.scheme != "http" {
            return Err(Fault(
                1,
                format!("(1) Protocol \"{}\" not supported or disabled in libcurl", url.scheme),
            ));
        }
        let body = wish.body(self, io).await;
        let head = request(url, wish, body.as_deref());
        if wish.verbose {
            self.error(io, &words::marked('>', &head)).await;
            if let Some(body) = body.as_ref().filter(|body| journey.counts && !body.is_empty()) {
                self.error(io, &format!("}} [{} bytes data]\n", body.len())).await;
            }
        }
        journey.sent = body.as_ref().map_or(0, Vec::len);
        let mut bytes = head.into_bytes();
        bytes.extend(body.unwrap_or_default());
        let answered = limited(wish.max_time, exchange(&mut stream, &bytes, wish.head)).await;
        let answer = answered.unwrap_or(Err(Trouble::Late)).map_err(|why| trouble(why, wish.max_time))?;
        if wish.verbose {
            self.error(io, &words::marked('<', &format!("{}\r\n\r\n", answer.head))).await;
        }
        Ok(answer)
    }

    async fn curl_connect(
        &mut self,
        url: &Url,
        target: &str,
        journey: &Journey<'_>,
        io: &Io,
    ) -> Result<BoxStream, Fault> {
        let wish = journey.wish;
        let Url { host, port, .. } = url;
        let Some(place) = self.resolved("curl", target, host).await else {
            if wish.verbose {
                let text = format!("* Could not resolve host: {host}\n* Closing connection 0\n");
                self.error(io, &text).await;
            }
            return Err(Fault(6, format!("(6) Could not resolve host: {host}")));
        };
        if wish.verbose {
            self.error(io, &format!("*   Trying {}:{port}...\n", place.address())).await;
        }
        let began = self.shell.session.now();
        let limit = wish.connect_timeout.or(wish.max_time);
        match self.dial("curl", target, (&place, *port), limit).await {
            Ok(stream) => {
                if wish.verbose {
                    let text = format!("* Connected to {host} ({}) port {port} (#0)\n", place.address());
                    self.error(io, &text).await;
                }
                Ok(stream)
            }
            Err(failure) => {
                let waited = self.shell.session.now().duration_since(began).as_millis();
                let (status, text) = words::failed(failure, host, *port, waited, limit);
                if wish.verbose && failure != Failure::GivenUp {
                    let said = text.split_once(") ").map_or(text.as_str(), |(_, said)| said);
                    let line = format!(
                        "* connect to {} port {port} failed: {}\n* {said}\n",
                        place.address(),
                        failure.text()
                    );
                    self.error(io, &line).await;
                }
                Err(Fault(status, text))
            }
        }
    }

    async fn curl_secure(
        &mut self,
        stream: BoxStream,
        url: &Url,
        journey: &Journey<'_>,
        io: &Io,
    ) -> Result<BoxStream, Fault> {
        const UNLIKE: &str = "(35) error:0A00010B:SSL routines::wrong version number";
        let wish = journey.wish;
        if wish.verbose {
            let text = if journey.counts {
                "* ALPN: offers h2,http/1.1\n} [5 bytes data]\n* TLSv1.3 (OUT), TLS handshake, Client hello (1):\n} [512 bytes data]\n"
            } else {
                "* ALPN: offers h2,http/1.1\n* TLSv1.3 (OUT), TLS handshake, Client hello (1):\n"
            };
            self.error(io, text).await;
            if !wish.insecure {
                self.error(io, "*  CAfile: /etc/ssl/certs/ca-certificates.crt\n*  CApath: /etc/ssl/certs\n")
                    .await;
            }
        }
        let Some(secured) = secure(stream, &url.host, &[b"http/1.1"]).await else {
            return Err(Fault(35, UNLIKE.to_owned()));
        };
        if wish.verbose {
            let text = words::handshake(&secured, wish.insecure, journey.counts);
            self.error(io, &text).await;
        }
        let Secured { stream, .. } = match secured.fault() {
            (fault, _) if !wish.insecure => {
                if wish.verbose {
                    let text = format!("* SSL certificate problem: {fault}\n* Closing connection 0\n");
                    self.error(io, &text).await;
                }
                return Err(Fault(60, words::untrusted(fault)));
            }
            _ => secured,
        };
        Ok(stream)
    }
}

/// A future with a limit, where there is one.
async fn limited<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

fn trouble(trouble: Trouble, limit: Option<Duration>) -> Fault {
    match trouble {
        Trouble::Late => {
            let limit = limit.unwrap_or_default().as_millis();
            Fault(28, format!("(28) Operation timed out after {limit} milliseconds with 0 bytes received"))
        }
        Trouble::Empty => Fault(52, "(52) Empty reply from server".into()),
        Trouble::Reset => Fault(56, "(56) Recv failure: Connection reset by peer".into()),
        Trouble::NotHttp => Fault(1, "(1) Received HTTP/0.9 when not allowed".into()),
    }
}

/// The head of a request, in curl's order.
fn request(url: &Url, wish: &Wish, body: Option<&[u8]>) -> String {
    let own = |name: &str| {
        wish.headers.iter().any(|h| h.split([':', ';']).next().is_some_and(|n| n.eq_ignore_ascii_case(name)))
    };
    let path = if wish.get && !wish.query.is_empty() {
        format!("{}{}{}", url.path, if url.path.contains('?') { "&" } else { "?" }, wish.query)
    } else {
        url.path.clone()
    };
    let mut head = format!("{} {path} HTTP/1.1\r\n", wish.method(body.is_some()));
    if !own("host") {
        head.push_str(&format!("Host: {}\r\n", url.authority()));
    }
    if let Some(user) = wish.user.as_ref().or(url.user.as_ref()) {
        let user = if user.contains(':') { user.clone() } else { format!("{user}:") };
        head.push_str(&format!("Authorization: Basic {}\r\n", STANDARD.encode(user)));
    }
    if let Some(range) = &wish.range {
        head.push_str(&format!("Range: bytes={range}\r\n"));
    }
    if !own("user-agent") {
        head.push_str(&format!("User-Agent: {}\r\n", wish.agent));
    }
    if !own("accept") {
        head.push_str("Accept: */*\r\n");
    }
    if wish.compressed {
        head.push_str("Accept-Encoding: deflate, gzip, br, zstd\r\n");
    }
    for (name, value) in [("Referer", &wish.referer), ("Cookie", &wish.cookie)] {
        if let Some(value) = value {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    for header in wish.headers.iter().filter(|h| h.split_once(':').is_some_and(|(_, v)| !v.trim().is_empty()))
    {
        head.push_str(&format!("{header}\r\n"));
    }
    if let Some(body) = body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        if !own("content-type") && wish.upload.is_none() {
            head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
    }
    head.push_str("\r\n");
    head
}
