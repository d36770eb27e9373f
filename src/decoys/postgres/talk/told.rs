//! Settings that a connection begins with, and those that its client is told of.

use super::super::backend::Backend;
use super::super::failure::Failure;
use super::super::login::Login;
use super::Talk;
use crate::database::Settings;

/// Settings that the server reports when they change, in its order.
const REPORTED: [&str; 13] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

impl Talk {
    pub(super) fn report(&mut self, out: &mut Backend) {
        for name in REPORTED {
            let value = self.connection.with_settings(|settings| settings.raw(name));
            let value = value.map(|(_, value)| value).unwrap_or_default();
            if self.reported.get(name) != Some(&value) {
                out.parameter(name, &value);
                self.reported.insert(name, value);
            }
        }
    }
}

/// Settings that the connection begins with; what is wrong with those that the client asks for.
pub(super) fn first_settings(settings: &mut Settings, login: &Login, administrator: bool) -> Option<Failure> {
    settings.begin_with("client_encoding", "UTF8");
    settings.begin_with("is_superuser", if administrator { "on" } else { "off" });
    settings.begin_with("session_authorization", login.user.as_str());
    for (name, value) in &login.settings {
        match settings.check(name, value, administrator) {
            Ok(value) => settings.begin_with(name, value),
            Err(refusal) => {
                let place = ("guc.c", 5766, "find_option");
                let failure = Failure::fatal(refusal.code, refusal.message, place);
                return Some(failure.with_detail(refusal.detail).with_hint(refusal.hint));
            }
        }
    }
    None
}
