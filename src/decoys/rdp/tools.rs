//! Client tools by what their bytes look like.

use super::gcc::ClientData;
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

/// The tool that a client's own data betrays, if any.
pub(super) fn of_client(client: &ClientData) -> Option<Tool> {
    // A name that is built into nmap's script.
    (client.name == "EMP-LAP-0014").then_some(Tool { mark: Mark::Scanner, name: "nmap rdp-enum-encryption" })
}
