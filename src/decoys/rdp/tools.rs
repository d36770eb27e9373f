//! Client tools by what their bytes look like.

use super::negotiation::ConnectionRequest;
use crate::event::observation::Mark;

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tool {
    pub(super) mark: Mark,
    pub(super) name: &'static str,
}

/// Cookies that scanners have built in.
const COOKIES: &[(&[u8], &str)] = &[(b"nmap", "nmap"), (b"NCRACK_USER", "ncrack")];

/// The tool that a first packet betrays, if any.
pub(super) fn of_request(request: &ConnectionRequest) -> Option<Tool> {
    let cookie = request.cookie.as_deref()?;
    let (_, name) = COOKIES.iter().find(|(known, _)| *known == cookie)?;
    Some(Tool { mark: Mark::Scanner, name })
}
