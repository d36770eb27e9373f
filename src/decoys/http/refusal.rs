//! What nginx answers by itself: its error pages and redirects.

use bytes::Bytes;

use super::answer::{Answer, Status};

/// Why nginx refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 400.
    Bad,
    /// 400 for a line without a version and with another method than GET: no head in the answer.
    OldMethod,
    /// 400 with its own title (494): head beyond the buffers.
    HeaderTooLarge,
    /// 400 with its own title (497): plain HTTP on the TLS port.
    PlainToTls,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 405.
    NotAllowed,
    /// 412.
    Precondition,
    /// 413.
    BodyTooLarge,
    /// 414.
    UriTooLarge,
    /// 416.
    Range,
    /// 501.
    NotImplemented,
    /// 505.
    Version,
}

impl Refusal {
    /// The status line.
    pub fn status(self) -> Status {
        match self {
            Refusal::Bad | Refusal::OldMethod | Refusal::HeaderTooLarge | Refusal::PlainToTls => {
                Status::nginx(400, "Bad Request")
            }
            Refusal::Forbidden => Status::nginx(403, "Forbidden"),
            Refusal::NotFound => Status::nginx(404, "Not Found"),
            Refusal::NotAllowed => Status::nginx(405, "Not Allowed"),
            Refusal::Precondition => Status::nginx(412, "Precondition Failed"),
            Refusal::BodyTooLarge => Status::nginx(413, "Request Entity Too Large"),
            Refusal::UriTooLarge => Status::nginx(414, "Request-URI Too Large"),
            Refusal::Range => Status::nginx(416, "Requested Range Not Satisfiable"),
            Refusal::NotImplemented => Status::nginx(501, "Not Implemented"),
            Refusal::Version => Status::nginx(505, "HTTP Version Not Supported"),
        }
    }

    /// Our name for the rule that was broken, for events.
    pub fn rule(self) -> &'static str {
        match self {
            Refusal::Bad => "request head",
            Refusal::OldMethod => "method without version",
            Refusal::HeaderTooLarge => "header size",
            Refusal::PlainToTls => "plain http on the tls port",
            Refusal::Forbidden => "forbidden",
            Refusal::NotFound => "not found",
            Refusal::NotAllowed => "method",
            Refusal::Precondition => "precondition",
            Refusal::BodyTooLarge => "body size",
            Refusal::UriTooLarge => "request line size",
            Refusal::Range => "range",
            Refusal::NotImplemented => "transfer coding",
            Refusal::Version => "version",
        }
    }

    /// Whether nginx closes the connection after this answer, whatever was asked for.
    pub fn closes(self) -> bool {
        match self {
            Refusal::Bad
            | Refusal::OldMethod
            | Refusal::HeaderTooLarge
            | Refusal::PlainToTls
            | Refusal::BodyTooLarge
            | Refusal::UriTooLarge
            | Refusal::NotImplemented
            | Refusal::Version => true,
            Refusal::Forbidden
            | Refusal::NotFound
            | Refusal::NotAllowed
            | Refusal::Precondition
            | Refusal::Range => false,
        }
    }

    /// The answer. `padded`: for clients that hide short error pages (old Internet Explorer, Chrome).
    pub fn answer(self, server: &str, padded: bool) -> Answer {
        let status = self.status();
        let (title, note) = match self {
            Refusal::HeaderTooLarge => {
                ("400 Request Header Or Cookie Too Large".to_owned(), "Request Header Or Cookie Too Large")
            }
            Refusal::PlainToTls => (
                "400 The plain HTTP request was sent to HTTPS port".to_owned(),
                "The plain HTTP request was sent to HTTPS port",
            ),
            Refusal::Bad
            | Refusal::OldMethod
            | Refusal::Forbidden
            | Refusal::NotFound
            | Refusal::NotAllowed
            | Refusal::Precondition
            | Refusal::BodyTooLarge
            | Refusal::UriTooLarge
            | Refusal::Range
            | Refusal::NotImplemented
            | Refusal::Version => (format!("{} {}", status.code, status.reason), ""),
        };
        let heading = format!("{} {}", status.code, status.reason);
        let body = page(&title, &heading, note, server, padded);
        Answer::new(status).typed("text/html").with_body(body)
    }
}

/// A redirect that nginx makes. `location` is absolute.
pub fn redirect(code: u16, location: String, server: &str) -> Answer {
    // nginx writes "Moved Temporarily" on the status line of a 302 and "Found" in its page.
    let (reason, title) = match code {
        301 => ("Moved Permanently", "301 Moved Permanently"),
        _ => ("Moved Temporarily", "302 Found"),
    };
    let body = page(title, title, "", server, false);
    Answer::new(Status::nginx(code, reason)).typed("text/html").with_body(body).with_location(location)
}

fn page(title: &str, heading: &str, note: &str, server: &str, padded: bool) -> Bytes {
    let mut page = format!("<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n");
    page.push_str(&format!("<center><h1>{heading}</h1></center>\r\n"));
    if !note.is_empty() {
        page.push_str(&format!("<center>{note}</center>\r\n"));
    }
    page.push_str(&format!("<hr><center>{server}</center>\r\n</body>\r\n</html>\r\n"));
    if padded {
        for _ in 0..6 {
            page.push_str("<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n");
        }
    }
    page.into()
}
