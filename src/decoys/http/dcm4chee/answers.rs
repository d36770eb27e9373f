//! Error answers of the archive and of the server around it.

use crate::decoys::http::engine::{Ask, Reply};

/// An error of the archive's services.
pub(super) fn error(code: u16, message: &str) -> Reply {
    let body = format!("{{\"errorMessage\":\"{message}\"}}");
    Reply::new(code).typed("application/json").with_body(body)
}

/// An error that a service tells as plain text: the archive's services do for their own checks.
pub(super) fn plain(code: u16, message: &str) -> Reply {
    Reply::new(code)
        .typed("text/plain;charset=UTF-8")
        .with_body(format!("{{\"errorMessage\":\"{message}\"}}"))
}

/// Undertow's page for a path that no service has.
pub(super) fn not_found() -> Reply {
    page(404, "Not Found")
}

/// Undertow's error page.
fn page(code: u16, reason: &str) -> Reply {
    let body = format!("<html><head><title>Error</title></head><body>{code} - {reason}</body></html>");
    Reply::new(code).typed("text/html;charset=UTF-8").with_body(body)
}

/// What RESTEasy answers to a method that a path does not have.
pub(super) fn wrong_method(ask: &Ask<'_>, allowed: &'static str) -> Reply {
    match ask.head.method() {
        b"OPTIONS" => Reply::new(200).with("Allow", allowed),
        b"GET" | b"HEAD" | b"POST" | b"PUT" | b"DELETE" | b"PATCH" => {
            Reply::new(405).with("Allow", allowed).typed("text/html;charset=UTF-8").with_body(
                "RESTEASY003650: No resource method found for ".to_owned()
                    + &String::from_utf8_lossy(ask.head.method())
                    + ", return 405 with Allow header",
            )
        }
        _ => page(501, "Not Implemented"),
    }
}
