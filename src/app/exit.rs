//! Exit statuses: 0 done, 1 a finding, 2 wrong usage or config, 3 could not.

use std::process::ExitCode;

/// How a command ended.
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Done, and it found something wrong (a broken chain, a failed delivery). Already printed.
    Finding,
    /// Wrong usage or config: one message per fault.
    Usage(String),
    /// Could not, with the reason.
    Could(String),
}

impl Exit {
    /// Why, in plain words; empty when all went well.
    pub(crate) fn reason(self) -> String {
        match self {
            Exit::Done | Exit::Finding => String::new(),
            Exit::Usage(reason) | Exit::Could(reason) => reason,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => ExitCode::SUCCESS,
            Exit::Finding => ExitCode::from(1),
            Exit::Usage(message) => complain(&message, 2),
            Exit::Could(reason) => complain(&reason, 3),
        }
    }
}

#[expect(clippy::print_stderr, reason = "the command line's own voice")]
fn complain(message: &str, status: u8) -> ExitCode {
    eprintln!("honeyward: {message}");
    ExitCode::from(status)
}
