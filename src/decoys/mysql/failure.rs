//! Errors by number, SQL state and text of MySQL 5.7.

use std::borrow::Cow;

/// One error as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Error number.
    pub code: u16,
    /// SQL state, five characters.
    pub state: Cow<'static, str>,
    /// Text.
    pub text: String,
}

impl Failure {
    /// An error of this number, state and text.
    pub fn new(code: u16, state: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Failure { code, state: state.into(), text: text.into() }
    }

    /// The ERR packet. Before a client has said which protocol it speaks, some have no SQL state.
    pub fn packet(&self, with_state: bool) -> Vec<u8> {
        self.packet_of(with_state, self.text.as_bytes())
    }

    /// The same with the text in the client's character set.
    pub(super) fn packet_of(&self, with_state: bool, text: &[u8]) -> Vec<u8> {
        let mut out = vec![0xff];
        out.extend_from_slice(&self.code.to_le_bytes());
        if with_state {
            out.push(b'#');
            out.extend_from_slice(self.state.as_bytes());
        }
        out.extend_from_slice(text);
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

    pub(super) fn no_database(user: &str, host: &str, database: &str) -> Self {
        let text = format!("Access denied for user '{user}'@'{host}' to database '{database}'");
        Failure::new(1044, "42000", text)
    }

    pub(super) fn no_files(user: &str, host: &str) -> Self {
        Failure::new(1045, "28000", format!("Access denied for user '{user}'@'{host}' (using password: YES)"))
    }

    pub(super) fn no_local_files() -> Self {
        Failure::new(1148, "42000", "The used command is not allowed with this MySQL version")
    }

    pub(super) fn empty_query() -> Self {
        Failure::new(1065, "42000", "Query was empty")
    }

    pub(super) fn syntax(near: &str) -> Self {
        let near: String = near.chars().take(80).collect();
        let text = format!(
            "You have an error in your SQL syntax; check the manual that corresponds to your MySQL \
             server version for the right syntax to use near '{near}' at line 1"
        );
        Failure::new(1064, "42000", text)
    }

    pub(super) fn unknown_charset(name: &str) -> Self {
        let name: String = name.chars().take(64).collect();
        Failure::new(1115, "42000", format!("Unknown character set: '{name}'"))
    }

    pub(super) fn unknown_command() -> Self {
        Failure::new(1047, "08S01", "Unknown command")
    }

    pub(super) fn malformed() -> Self {
        Failure::new(1835, "HY000", "Malformed communication packet.")
    }

    pub(super) fn needs(privilege: &str) -> Self {
        let text = format!(
            "Access denied; you need (at least one of) the {privilege} privilege(s) for this operation"
        );
        Failure::new(1227, "42000", text)
    }

    pub(super) fn unknown_statement(id: u32, caller: &str) -> Self {
        Failure::new(1243, "HY000", format!("Unknown prepared statement handler ({id}) given to {caller}"))
    }

    pub(super) fn too_many_statements(most: usize) -> Self {
        let text =
            format!("Can't create more than max_prepared_stmt_count statements (current value: {most})");
        Failure::new(1461, "42000", text)
    }
}
