//! Errors by number, SQL state and text of MySQL 5.7.

/// One error as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Error number.
    pub code: u16,
    /// SQL state, five characters.
    pub state: &'static str,
    /// Text.
    pub text: String,
}

impl Failure {
    /// An error of this number, state and text.
    pub fn new(code: u16, state: &'static str, text: impl Into<String>) -> Self {
        Failure { code, state, text: text.into() }
    }

    /// The ERR packet. Before a client has said which protocol it speaks, some have no SQL state.
    pub fn packet(&self, with_state: bool) -> Vec<u8> {
        let mut out = vec![0xff];
        out.extend_from_slice(&self.code.to_le_bytes());
        if with_state {
            out.push(b'#');
            out.extend_from_slice(self.state.as_bytes());
        }
        out.extend_from_slice(self.text.as_bytes());
        out
    }

    pub(super) fn blocked(host: &str) -> Self {
        let text = format!(
            "Host '{host}' is blocked because of many connection errors; \
             unblock with 'mysqladmin flush-hosts'"
        );
        Failure::new(1129, "HY000", text)
    }

    pub(super) fn bad_handshake() -> Self {
        Failure::new(1043, "08S01", "Bad handshake")
    }

    pub(super) fn out_of_order() -> Self {
        Failure::new(1156, "08S01", "Got packets out of order")
    }

    pub(super) fn too_large() -> Self {
        Failure::new(1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes")
    }

    pub(super) fn old_client() -> Self {
        let text = "Client does not support authentication protocol requested by server; \
                    consider upgrading MySQL client";
        Failure::new(1251, "08004", text)
    }

    pub(super) fn access_denied(user: &str, host: &str, with_password: bool) -> Self {
        let using = if with_password { "YES" } else { "NO" };
        let user: String = user.chars().take(48).collect();
        let text = format!("Access denied for user '{user}'@'{host}' (using password: {using})");
        Failure::new(1045, "28000", text)
    }

    pub(super) fn too_many_connections(user: &str, most: u32) -> Self {
        let text =
            format!("User '{user}' has exceeded the 'max_user_connections' resource (current value: {most})");
        Failure::new(1226, "42000", text)
    }
}
