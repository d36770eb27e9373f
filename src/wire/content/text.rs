//! Text that is meant for an interpreter behind the service: a shell, a database, a logger.

/// Marks of an attack in lower-case text, and the weakness that each is for.
const MARKS: [(&str, &str); 20] = [
    ("${jndi:", "CVE-2021-44228"),
    ("${lower:", "CVE-2021-44228"),
    ("../", "path-traversal"),
    ("..\\", "path-traversal"),
    ("/etc/passwd", "path-traversal"),
    ("$(", "command-injection"),
    (";curl ", "command-injection"),
    (";wget ", "command-injection"),
    ("cmd.exe", "command-injection"),
    ("powershell", "command-injection"),
    ("' or '", "sql-injection"),
    ("' or 1", "sql-injection"),
    ("'--", "sql-injection"),
    ("' --", "sql-injection"),
    ("union select", "sql-injection"),
    ("xp_cmdshell", "sql-injection"),
    ("waitfor delay", "sql-injection"),
    ("<script", "script-injection"),
    ("onerror=", "script-injection"),
    ("<!entity", "xml-external-entity"),
];

/// The weakness that a text aims at, if it shows one.
pub fn injection(text: &[u8]) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let holds = |mark: &str| lower.windows(mark.len()).any(|window| window == mark.as_bytes());
    MARKS.iter().find(|(mark, _)| holds(mark)).map(|(_, weakness)| *weakness)
}
