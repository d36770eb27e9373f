//! Errors with the fields that PostgreSQL 15.18 gives them, its source places included.

use super::backend::Backend;

/// One error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `FATAL`: the connection ends.
    pub severity: &'static str,
    /// SQLSTATE.
    pub code: &'static str,
    /// Text.
    pub message: String,
    /// More of it; may be empty.
    pub detail: String,
    /// Where the server's source reports it.
    pub place: Place,
}

/// A place in the server's source: file, line, routine.
pub type Place = (&'static str, u32, &'static str);

impl Failure {
    /// An error that ends the connection.
    pub fn fatal(code: &'static str, message: impl Into<String>, place: Place) -> Self {
        Failure { severity: "FATAL", code, message: message.into(), detail: String::new(), place }
    }

    /// The same with a second sentence.
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Failure { detail: detail.into(), ..self }
    }

    /// Appends it as ErrorResponse.
    pub fn put(&self, out: &mut Backend) {
        let (file, line, routine) = self.place;
        let line = line.to_string();
        let fields = [
            (b'S', self.severity),
            (b'V', self.severity),
            (b'C', self.code),
            (b'M', self.message.as_str()),
            (b'D', self.detail.as_str()),
            (b'F', file),
            (b'L', line.as_str()),
            (b'R', routine),
        ];
        let mut body = Vec::new();
        for (field, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
            body.push(field);
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
        body.push(0);
        out.message(b'E', &body);
    }

    pub(super) fn unsupported_version(major: u16, minor: u16) -> Self {
        let message = format!("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0");
        Failure::fatal("0A000", message, ("postmaster.c", 2222, "ProcessStartupPacket"))
    }

    pub(super) fn bad_layout() -> Self {
        let message = "invalid startup packet layout: expected terminator as last byte";
        Failure::fatal("08P01", message, ("postmaster.c", 2334, "ProcessStartupPacket"))
    }

    pub(super) fn no_user() -> Self {
        let message = "no PostgreSQL user name specified in startup packet";
        Failure::fatal("28000", message, ("postmaster.c", 2351, "ProcessStartupPacket"))
    }

    pub(super) fn wrong_password(user: &str) -> Self {
        let message = format!("password authentication failed for user \"{user}\"");
        Failure::fatal("28P01", message, ("auth.c", 334, "auth_failed"))
    }

    pub(super) fn expected_sasl(kind: u8) -> Self {
        let message = format!("expected SASL response, got message type {kind}");
        Failure::fatal("08P01", message, ("auth-sasl.c", 95, "CheckSASLAuth"))
    }

    pub(super) fn expected_password(kind: u8) -> Self {
        let message = format!("expected password response, got message type {kind}");
        Failure::fatal("08P01", message, ("auth.c", 717, "recv_password_packet"))
    }

    pub(super) fn bad_mechanism() -> Self {
        let message = "client selected an invalid SASL authentication mechanism";
        Failure::fatal("08P01", message, ("auth-scram.c", 256, "scram_init"))
    }

    pub(super) fn malformed_first() -> Self {
        Failure::fatal(
            "08P01",
            "malformed SCRAM message",
            ("auth-scram.c", 1025, "read_client_first_message"),
        )
        .with_detail("Expected attribute \"r\" but found something else.")
    }

    pub(super) fn malformed_final() -> Self {
        Failure::fatal(
            "08P01",
            "malformed SCRAM message",
            ("auth-scram.c", 1353, "read_client_final_message"),
        )
        .with_detail("Malformed proof in client-final-message.")
    }

    pub(super) fn binding() -> Self {
        let place = ("auth-scram.c", 1321, "read_client_final_message");
        Failure::fatal("28000", "SCRAM channel binding check failed", place)
    }

    pub(super) fn no_slots() -> Self {
        let message = "remaining connection slots are reserved for non-replication superuser connections";
        Failure::fatal("53300", message, ("postinit.c", 886, "InitPostgres"))
    }
}
