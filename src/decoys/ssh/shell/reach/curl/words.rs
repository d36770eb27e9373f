//! What curl prints.

use std::time::Duration;

use jiff::Timestamp;

use super::Journey;
use super::options::Wish;
use crate::decoys::ssh::shell::reach::Failure;
use crate::decoys::ssh::shell::reach::fetch::{Answer, Url};
use crate::decoys::ssh::shell::reach::secure::Secured;

/// `curl --version`
pub(super) const VERSION: &str = "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13 brotli/1.0.9 zstd/1.5.4 libidn2/2.3.3 libpsl/0.21.2 (+libidn2/2.3.3) libssh2/1.10.0 nghttp2/1.52.0 librtmp/2.3 OpenLDAP/2.5.13\nRelease-Date: 2023-02-20, security patched: 7.88.1-10+deb12u14\nProtocols: dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt pop3 pop3s rtmp rtsp scp sftp smb smbs smtp smtps telnet tftp\nFeatures: alt-svc AsynchDNS brotli GSS-API HSTS HTTP2 HTTPS-proxy IDN IPv6 Kerberos Largefile libz NTLM NTLM_WB PSL SPNEGO SSL threadsafe TLS-SRP UnixSockets zstd\n";

/// A head as `-v` shows it, each line with its mark.
pub(super) fn marked(mark: char, head: &str) -> String {
    head.split_inclusive('\n').map(|line| format!("{mark} {line}")).collect()
}

/// Number and words of a connection that failed.
pub(super) fn failed(
    failure: Failure,
    host: &str,
    port: u16,
    waited: i128,
    limit: Option<Duration>,
) -> (i32, String) {
    let text = match failure {
        Failure::Refused | Failure::NoRoute => {
            format!(
                "(7) Failed to connect to {host} port {port} after {waited} ms: Couldn't connect to server"
            )
        }
        Failure::TimedOut => {
            format!("(28) Failed to connect to {host} port {port} after {waited} ms: Connection timed out")
        }
        Failure::GivenUp => {
            let limit = limit.unwrap_or_default().as_millis();
            format!("(28) Connection timed out after {} milliseconds", limit + 1)
        }
    };
    (if text.starts_with("(7)") { 7 } else { 28 }, text)
}

/// What curl says of a chain that it can't check.
pub(super) fn untrusted(fault: &str) -> String {
    format!(
        "(60) SSL certificate problem: {fault}\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the web page mentioned above."
    )
}

/// The lines of a handshake.
pub(super) fn handshake(secured: &Secured, insecure: bool, counts: bool) -> String {
    let mut text = String::new();
    let mut step = |line: &str, mark: &str, bytes: usize| {
        text.push_str(&format!("* {line}:\n"));
        if counts {
            text.push_str(&format!("{mark} [{bytes} bytes data]\n"));
        }
    };
    let chain = secured.chain_bytes;
    if secured.version == "TLSv1.3" {
        step("TLSv1.3 (IN), TLS handshake, Server hello (2)", "{", 122);
        step("TLSv1.3 (IN), TLS handshake, Encrypted Extensions (8)", "{", 21);
        step("TLSv1.3 (IN), TLS handshake, Certificate (11)", "{", chain);
        if !insecure {
            step("TLSv1.3 (OUT), TLS alert, unknown CA (560)", "}", 2);
            return text;
        }
        step("TLSv1.3 (IN), TLS handshake, CERT verify (15)", "{", 264);
        step("TLSv1.3 (IN), TLS handshake, Finished (20)", "{", 52);
        step("TLSv1.3 (OUT), TLS change cipher, Change cipher spec (1)", "}", 1);
        step("TLSv1.3 (OUT), TLS handshake, Finished (20)", "}", 52);
    } else {
        step("TLSv1.2 (IN), TLS handshake, Certificate (11)", "{", chain);
        if !insecure {
            step("TLSv1.2 (OUT), TLS alert, unknown CA (560)", "}", 2);
            return text;
        }
        step("TLSv1.2 (IN), TLS handshake, Server key exchange (12)", "{", 300);
        step("TLSv1.2 (IN), TLS handshake, Server finished (14)", "{", 4);
        step("TLSv1.2 (OUT), TLS handshake, Client key exchange (16)", "}", 37);
        step("TLSv1.2 (OUT), TLS change cipher, Change cipher spec (1)", "}", 1);
        step("TLSv1.2 (OUT), TLS handshake, Finished (20)", "}", 16);
        step("TLSv1.2 (IN), TLS handshake, Finished (20)", "{", 16);
    }
    text.push_str(&format!("* SSL connection using {} / {}\n", secured.version, secured.cipher));
    text.push_str(&match &secured.alpn {
        Some(chosen) => format!("* ALPN: server accepted {chosen}\n"),
        None => "* ALPN: server did not agree on a protocol. Uses default.\n".to_owned(),
    });
    if let Some(own) = secured.chain.first() {
        let (fault, number) = secured.fault();
        text.push_str(&format!(
            "* Server certificate:\n*  subject: {}\n*  start date: {}\n*  expire date: {}\n*  issuer: {}\n*  SSL certificate verify result: {fault} ({number}), continuing anyway.\n",
            own.subject, own.from, own.until, own.issuer
        ));
    }
    text.push_str("* using HTTP/1.x\n");
    text
}

/// What `-w` asks for.
pub(super) fn write_out(
    wish: &Wish,
    answer: Option<&Answer>,
    url: &Url,
    journey: &Journey<'_>,
    now: Timestamp,
) -> String {
    let Some(format) = &wish.write_out else { return String::new() };
    let mut out = String::new();
    let mut rest = format.as_str();
    while let Some((before, after)) = rest.split_once("%{") {
        out.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(&value(name, answer, url, journey, now));
        rest = tail;
    }
    out.push_str(rest);
    out.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("%%", "%")
}

fn value(name: &str, answer: Option<&Answer>, url: &Url, journey: &Journey<'_>, now: Timestamp) -> String {
    let micros = now.duration_since(journey.began).as_micros();
    match name {
        "http_code" | "response_code" => format!("{:03}", answer.map_or(0, |a| a.status)),
        "size_download" => answer.map_or(0, |a| a.body.len()).to_string(),
        "size_header" => answer.map_or(0, |a| a.head.len() + 4).to_string(),
        "content_type" => answer.and_then(|a| a.header("content-type")).unwrap_or_default().to_owned(),
        "redirect_url" => answer
            .and_then(|a| a.header("location"))
            .and_then(|location| url.follow(location))
            .map_or(String::new(), |next| next.text()),
        "url_effective" => url.text(),
        "num_redirects" => journey.redirects.to_string(),
        "remote_port" => url.port.to_string(),
        "scheme" => url.scheme.to_uppercase(),
        "http_version" => if answer.is_some() { "1.1" } else { "0" }.to_owned(),
        "time_total" | "time_starttransfer" => format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
        "time_connect" | "time_namelookup" | "time_pretransfer" => {
            let part = (micros / 3).min(900);
            format!("0.{part:06}")
        }
        _ => String::new(),
    }
}
