//! Client tools by what their logins look like.

use super::login7::Login;
use crate::event::observation::Mark;

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tool {
    pub(super) mark: Mark,
    pub(super) name: &'static str,
}

const fn tool(name: &'static str) -> Tool {
    Tool { mark: Mark::Tool, name }
}

const fn scanner(name: &'static str) -> Tool {
    Tool { mark: Mark::Scanner, name }
}

/// Programs and libraries that name themselves: beginning in lower case, and the tool.
const NAMED: &[(&str, Tool)] = &[
    ("nmap", scanner("nmap")),
    ("mssql.lua", scanner("nmap")),
    ("sqlmap", scanner("sqlmap")),
    ("metasploit", scanner("Metasploit")),
    ("powerupsql", scanner("PowerUpSQL")),
    ("microsoft sql server management studio", tool("SQL Server Management Studio")),
    ("navicat", tool("Navicat")),
    ("dbeaver", tool("DBeaver")),
    ("sqlcmd", tool("sqlcmd")),
    ("osql", tool("osql")),
    ("isql", tool("isql")),
    ("jtds", tool("jTDS")),
    ("microsoft jdbc driver", tool("Microsoft JDBC Driver")),
    ("go-mssqldb", tool("go-mssqldb")),
    ("pymssql", tool("pymssql")),
    ("pytds", tool("python-tds")),
    ("python-tds", tool("python-tds")),
    ("node-mssql", tool("node-mssql")),
    ("tedious", tool("tedious")),
    (".net sqlclient", tool(".NET SqlClient")),
    ("core .net sqlclient", tool(".NET SqlClient")),
    ("tsql", tool("FreeTDS tsql")),
];

/// The tool that a login betrays, if any.
pub(super) fn name(login: &Login) -> Option<Tool> {
    if is_impacket(login) {
        return Some(scanner("Impacket"));
    }
    let texts = [&login.program, &login.library].map(|text| text.to_lowercase());
    NAMED.iter().find(|(begins, _)| texts.iter().any(|text| text.starts_with(begins))).map(|(_, tool)| *tool)
}

/// Impacket sends the number of TDS 7.1 in one byte, and one random word of eight letters as program
/// and library.
fn is_impacket(login: &Login) -> bool {
    let word = |text: &str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_alphabetic());
    login.tds == 0x71 && login.program == login.library && word(&login.program) && word(&login.host)
}
