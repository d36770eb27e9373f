//! The kernel's HTTP server (http.sys) as the service uses it: answers of the service have no reason
//! phrase, those of the kernel have, and a page.

use std::time::Duration;

use crate::decoys::http::answer::http_date;
use crate::decoys::http::engine::{BadBody, Form, Product, Reply};
use crate::decoys::http::head::Version;
use crate::decoys::http::iis::{self, kernel_page};

/// The product. The timeouts are those of http.sys.
pub(super) static HTTPAPI: Product = Product {
    read: iis::read,
    head,
    keeps: iis::keeps,
    head_wait: Duration::from_secs(120),
    idle_wait: Duration::from_secs(120),
    body_wait: Duration::from_secs(120),
    chunks: false,
    continues: true,
    bad_body: |fault| match fault {
        BadBody::Chunk => Reply::new(400),
        BadBody::TooLarge => Reply::new(413),
    },
};

/// No service has this path: the kernel says so.
pub(super) fn not_found() -> Reply {
    let page = kernel_page(404, "Not Found", "Not Found", "The requested resource is not found.");
    Reply::new(404).typed("text/html; charset=us-ascii").with_body(page).closing()
}

fn head(reply: &Reply, form: &Form<'_>) -> String {
    let reason = match reply.code {
        404 => "Not Found",
        400 => "Bad Request",
        413 => "Request Entity Too Large",
        _ => "",
    };
    let mut out = format!("HTTP/1.1 {} {reason}\r\n", reply.code);
    // A token of NTLM comes before the server's name, the list of what it takes after it.
    let is_list = |name: &str, value: &str| name == "WWW-Authenticate" && !value.contains(' ');
    let (after, before): (Vec<_>, Vec<_>) =
        reply.headers.iter().partition(|(name, value)| is_list(name, value));
    for (name, value) in before {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("Server: Microsoft-HTTPAPI/2.0\r\n");
    for (name, value) in after {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str(&format!("Date: {}\r\n", http_date(form.now)));
    if !form.keep_alive {
        out.push_str("Connection: close\r\n");
    } else if form.asked.version() == Version::HTTP_10 {
        out.push_str("Connection: keep-alive\r\n");
    }
    out.push_str(&format!("Content-Length: {}\r\n\r\n", form.length.unwrap_or(0)));
    out
}
