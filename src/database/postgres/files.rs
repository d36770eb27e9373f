//! Files of the server's host that a superuser may read.

use crate::database::Server;

/// The text of a file; `None` where there is none to show.
pub(in crate::database) fn server_file(server: &Server, path: &str) -> Option<String> {
    let path = path.strip_prefix("/var/lib/postgresql/15/main/").unwrap_or(path);
    Some(match path {
        "PG_VERSION" => "15\n".to_owned(),
        "postmaster.opts" => {
            "/usr/lib/postgresql/15/bin/postgres \"-D\" \"/var/lib/postgresql/15/main\" \"-c\" \
             \"config_file=/etc/postgresql/15/main/postgresql.conf\"\n"
                .to_owned()
        }
        "/etc/hostname" => format!("{}\n", server.name),
        "/etc/hosts" => format!("127.0.0.1 localhost\n127.0.1.1 {}\n", server.name),
        "/etc/passwd" => [
            "root:x:0:0:root:/root:/bin/bash",
            "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
            "bin:x:2:2:bin:/bin:/usr/sbin/nologin",
            "sys:x:3:3:sys:/dev:/usr/sbin/nologin",
            "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin",
            "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
            "systemd-network:x:100:102:systemd Network Management,,,:/run/systemd:/usr/sbin/nologin",
            "systemd-resolve:x:101:103:systemd Resolver,,,:/run/systemd:/usr/sbin/nologin",
            "sshd:x:106:65534::/run/sshd:/usr/sbin/nologin",
            "cdr:x:1000:1000::/home/cdr:/bin/bash",
            "hapi:x:998:998::/opt/hapi:/usr/sbin/nologin",
            "postgres:x:114:120:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash",
            "",
        ]
        .join("\n"),
        _ => return None,
    })
}
