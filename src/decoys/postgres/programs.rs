//! `COPY … FROM PROGRAM`: what the few programs print that a host's own facts answer.

use jiff::tz::TimeZone;

use crate::database::Connection;
use crate::session::Session;

/// What a command prints; `None` where the shell finds no such program.
pub(super) fn run(session: &Session, connection: &Connection, command: &str) -> Option<String> {
    let host = session.host();
    let words: Vec<&str> = command.split_whitespace().collect();
    let folder = "/var/lib/postgresql/15/main";
    Some(match words.as_slice() {
        ["id"] => "uid=114(postgres) gid=120(postgres) groups=120(postgres),119(ssl-cert)\n".to_owned(),
        ["whoami"] => "postgres\n".to_owned(),
        ["pwd"] => format!("{folder}\n"),
        ["hostname"] => format!("{}\n", host.hostname),
        ["uname"] => "Linux\n".to_owned(),
        ["uname", "-r"] => format!("{}\n", kernel(session)),
        ["uname", "-a"] => format!(
            "Linux {} {} #149-Ubuntu SMP Fri Apr 11 22:06:13 UTC 2025 x86_64 x86_64 x86_64 GNU/Linux\n",
            host.hostname,
            kernel(session)
        ),
        ["echo", rest @ ..] => format!("{}\n", rest.join(" ").replace(['"', '\''], "")),
        ["date"] => {
            let offset = session.world().hospital().utc_offset_minutes * 60;
            let zone = jiff::tz::Offset::from_seconds(offset).map_or(TimeZone::UTC, TimeZone::fixed);
            let now = session.now().to_zoned(zone);
            format!("{}\n", now.strftime("%a %b %e %H:%M:%S CST %Y"))
        }
        ["cat", path] => connection.server_file(path)?,
        ["true" | ":"] => String::new(),
        _ => return None,
    })
}

fn kernel(session: &Session) -> String {
    session.host().os.kernel.clone()
}
