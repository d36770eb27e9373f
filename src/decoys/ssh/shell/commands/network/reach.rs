//! Programs that reach out. Nothing leaves: names are not found, addresses of the honeynet's own
//! network do not answer, all others are beyond a gateway that drops them.

use std::time::Duration;

use crate::decoys::ssh::shell::commands::{Call, Options, tunnel};

/// What becomes of a wish to reach a host.
enum Fate {
    /// The name is not known.
    NoName,
    /// A neighbour that is not there: the kernel gives up after three ARP requests.
    Unreachable(String),
    /// Behind the gateway: nothing comes back.
    Silence(String),
    /// This machine itself, where nothing listens.
    Refused(String),
}

/// Time the kernel waits for ARP.
const ARP: Duration = Duration::from_millis(3_060);

/// Time until a connection attempt is given up: six retransmissions of a SYN.
const CONNECT: Duration = Duration::from_millis(130_900);

fn fate(call: &Call, host: &str) -> Fate {
    let site = &call.shell.site;
    let address = if host.parse::<std::net::Ipv4Addr>().is_ok() {
        host.to_owned()
    } else if host == "localhost" {
        "127.0.0.1".to_owned()
    } else {
        let hospital = &site.pack.hospital;
        match site.pack.hosts.iter().find(|h| h.hostname == host || h.fqdn(hospital) == host) {
            Some(found) => found.address.to_string(),
            None => return Fate::NoName,
        }
    };
    let network = site.neighbour(0);
    let near = network.trim_end_matches('0');
    if address == "127.0.0.1" || address == site.host.address.to_string() {
        Fate::Refused(address)
    } else if address.starts_with(near) {
        Fate::Unreachable(address)
    } else {
        Fate::Silence(address)
    }
}

/// Scheme, host and port of a URL.
fn url(text: &str) -> (String, String, u16) {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let standard = match scheme {
        "https" => 443,
        "ftp" => 21,
        "tftp" => 69,
        _ => 80,
    };
    match authority.rsplit_once(':') {
        Some((host, port)) => (scheme.to_owned(), host.to_owned(), port.parse().unwrap_or(standard)),
        None => (scheme.to_owned(), authority.to_owned(), standard),
    }
}

/// `wget`
pub(crate) fn wget(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "OPoTtUQ");
    let Some(target) = options.operands.first().map(|t| (*t).clone()) else {
        call.error(
            "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n",
        );
        return 1;
    };
    tunnel(call.shell, "wget", &target);
    let (scheme, host, port) = url(&target);
    let shown = if target.contains("://") { target.clone() } else { format!("http://{target}") };
    let shown = if shown.splitn(4, '/').count() < 4 { format!("{shown}/") } else { shown };
    let quiet = options.has('q');
    let say = |call: &mut Call, text: &str| {
        if !quiet {
            call.error(text);
        }
    };
    let _ = scheme;
    let stamp =
        call.shell.session.now().to_zoned(call.shell.site.zone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    say(call, &format!("--{stamp}--  {shown}\n"));
    let is_name = host.parse::<std::net::Ipv4Addr>().is_err();
    if is_name {
        say(call, &format!("Resolving {host} ({host})... "));
    }
    match fate(call, &host) {
        Fate::NoName => {
            let wait = call.shell.session.pace(Duration::from_secs(10));
            call.pause(wait);
            say(call, "failed: Temporary failure in name resolution.\n");
            say(call, &format!("wget: unable to resolve host address ‘{host}’\n"));
            4
        }
        Fate::Refused(address) | Fate::Unreachable(address) | Fate::Silence(address) => {
            if is_name {
                say(call, &format!("{address}\n"));
            }
            let place = if is_name {
                format!("{host} ({host})|{address}|:{port}")
            } else {
                format!("{address}:{port}")
            };
            say(call, &format!("Connecting to {place}... "));
            let (wait, why, again) = failure(call, &host);
            call.pause(wait);
            say(call, &format!("failed: {why}.\n"));
            if again {
                say(call, "Retrying.\n\n")
            }
            4
        }
    }
}

/// How long a connection attempt lasts, what it ends with, and whether wget tries again.
fn failure(call: &Call, host: &str) -> (Duration, &'static str, bool) {
    let (wait, why, again) = match fate(call, host) {
        Fate::NoName | Fate::Refused(_) => (Duration::from_millis(1), "Connection refused", false),
        Fate::Unreachable(_) => (ARP, "No route to host", false),
        Fate::Silence(_) => (CONNECT, "Connection timed out", true),
    };
    (call.shell.session.pace(wait), why, again)
}

/// `curl`
pub(crate) fn curl(call: &mut Call) -> i32 {
    if call.rest().iter().any(|a| a == "--version" || a == "-V") {
        call.out("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13 brotli/1.0.9 zstd/1.5.4 libidn2/2.3.3 libpsl/0.21.2 (+libidn2/2.3.3) libssh2/1.10.0 nghttp2/1.52.0 librtmp/2.3 OpenLDAP/2.5.13\n");
        return 0;
    }
    let options = Options::new(call.rest(), "oXHdAuxmTbeFrCwK");
    let Some(target) = options.operands.first().map(|t| (*t).clone()) else {
        call.error("curl: try 'curl --help' or 'curl --manual' for more information\n");
        return 2;
    };
    tunnel(call.shell, "curl", &target);
    let (_, host, port) = url(&target);
    let silent = options.has('s') || options.long.contains(&"--silent");
    let told = !silent || options.has('S');
    let meter = !silent && !call.terminal;
    let (wait, text, status) = match fate(call, &host) {
        Fate::NoName => (
            call.shell.session.pace(Duration::from_secs(10)),
            format!("(6) Could not resolve host: {host}"),
            6,
        ),
        other => {
            let (wait, why, _) = failure(call, &host);
            let milliseconds = wait.as_millis();
            let status = if matches!(other, Fate::Silence(_)) { 28 } else { 7 };
            let text = if status == 28 {
                format!("(28) Failed to connect to {host} port {port} after {milliseconds} ms: {why}")
            } else {
                format!(
                    "(7) Failed to connect to {host} port {port} after {milliseconds} ms: Couldn't connect to server"
                )
            };
            (wait, text, status)
        }
    };
    if meter {
        call.error("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0");
    }
    let limit = options
        .value('m')
        .or_else(|| options.long.iter().find_map(|l| l.strip_prefix("--connect-timeout=")))
        .and_then(|m| m.parse::<u64>().ok())
        .map(Duration::from_secs);
    match limit.filter(|l| *l < wait) {
        Some(limit) => {
            call.pause(limit);
            if told {
                call.error(&format!(
                    "curl: (28) Connection timed out after {} milliseconds\n",
                    limit.as_millis() + 1
                ));
            }
            28
        }
        None => {
            call.pause(wait);
            if told {
                call.error(&format!("curl: {text}\n"));
            }
            status
        }
    }
}

/// `ping`
pub(crate) fn ping(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "cwWisItpQl");
    let Some(host) = options.operands.first().map(|t| (*t).clone()) else {
        call.error("ping: usage error: Destination address required\n");
        return 1;
    };
    tunnel(call.shell, "ping", &host);
    let count = options.value('c').and_then(|c| c.parse::<u32>().ok()).unwrap_or(600).clamp(1, 600);
    let wait = options.value('W').or(options.value('w')).and_then(|w| w.parse::<u64>().ok()).unwrap_or(10);
    let (address, answers) = match fate(call, &host) {
        Fate::NoName => {
            let wait = call.shell.session.pace(Duration::from_secs(10));
            call.pause(wait);
            return call.fail(2, &format!("{host}: Temporary failure in name resolution"));
        }
        Fate::Refused(address) => (address, true),
        Fate::Unreachable(address) => {
            let known = call.shell.site.pack.hosts.iter().any(|h| h.address.to_string() == address)
                || address == call.shell.site.gateway();
            (address, known)
        }
        Fate::Silence(address) => (address, false),
    };
    call.out(&format!("PING {host} ({address}) 56(84) bytes of data.\n"));
    if !answers {
        call.pause(Duration::from_secs(u64::from(count - 1) + wait));
        call.out(&format!("\n--- {host} ping statistics ---\n{count} packets transmitted, 0 received, 100% packet loss, time {}ms\n\n", u64::from(count - 1) * 1_024));
        return 1;
    }
    let mut times = Vec::new();
    for n in 1..=count {
        let time = 190 + call.shell.site.trait_number(&format!("ping/{n}/{}", call.shell.session.now()), 260);
        times.push(time);
        call.out(&format!("64 bytes from {address}: icmp_seq={n} ttl=64 time=0.{time} ms\n"));
        if n < count {
            call.pause(Duration::from_secs(1));
        }
    }
    let (least, most) = (times.iter().min().copied().unwrap_or(0), times.iter().max().copied().unwrap_or(0));
    let mean = times.iter().sum::<u64>() / u64::from(count);
    call.out(&format!("\n--- {host} ping statistics ---\n{count} packets transmitted, {count} received, 0% packet loss, time {}ms\nrtt min/avg/max/mdev = 0.{least:03}/0.{mean:03}/0.{most:03}/0.{:03} ms\n", u64::from(count - 1) * 1_016, (most - least) / 3));
    0
}

/// `ssh`
pub(crate) fn ssh(call: &mut Call) -> i32 {
    if call.rest().iter().any(|a| a == "-V") {
        let build = call.shell.site.behaviour.banner.trim_start_matches("SSH-2.0-").to_owned();
        call.error(&format!("{build}, OpenSSL 3.0.17 1 Jul 2025\n"));
        return 0;
    }
    let options = Options::new(call.rest(), "pilLRDoFJbcEeImOQSWwB");
    let Some(target) = options.operands.first().map(|t| (*t).clone()) else {
        call.error("usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]\n           [-b bind_address] [-c cipher_spec] [-D [bind_address:]port]\n           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]\n           [-i identity_file] [-J [user@]host[:port]] [-L address]\n           [-l login_name] [-m mac_spec] [-O ctl_cmd] [-o option] [-p port]\n           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]\n           [-w local_tun[:remote_tun]] destination [command [argument ...]]\n");
        return 255;
    };
    connect(call, "ssh", &target, options.value('p').unwrap_or("22"))
}

fn connect(call: &mut Call, means: &str, target: &str, port: &str) -> i32 {
    tunnel(call.shell, means, &format!("{target}:{port}"));
    let host = target.rsplit('@').next().unwrap_or(target).to_owned();
    if matches!(fate(call, &host), Fate::NoName) {
        let wait = call.shell.session.pace(Duration::from_secs(10));
        call.pause(wait);
        call.error(&format!(
            "ssh: Could not resolve hostname {host}: Temporary failure in name resolution\n"
        ));
        return 255;
    }
    let (wait, why, _) = failure(call, &host);
    call.pause(wait);
    call.error(&format!("ssh: connect to host {host} port {port}: {why}\n"));
    255
}

/// `scp` and `sftp`
pub(crate) fn scp(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "PicFloSJDX");
    let remote = options.operands.iter().find_map(|o| o.split_once(':').map(|(h, _)| h.to_owned()));
    let remote = remote.or_else(|| {
        (call.name() == "sftp").then(|| options.operands.first().map(|o| (*o).clone())).flatten()
    });
    let Some(remote) = remote else {
        call.error("usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]\n           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]\n           [-P port] [-S program] [-X sftp_option] source ... target\n");
        return 1;
    };
    connect(call, "scp", &remote, options.value('P').unwrap_or("22"));
    call.error(if call.name() == "scp" { "scp: Connection closed\n" } else { "Connection closed\n" });
    255
}

/// `nc` and `telnet`
pub(crate) fn nc(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "wpsiIOPqTVWxXm");
    let telnet = call.name() == "telnet";
    let (host, port) = match options.operands.as_slice() {
        [host, port, ..] => ((*host).clone(), (*port).clone()),
        [host] if telnet => ((*host).clone(), "23".to_owned()),
        _ => {
            if options.has('l') {
                call.pause(Duration::from_secs(86_400));
                return 0;
            }
            call.error("usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n");
            return 1;
        }
    };
    tunnel(call.shell, if telnet { "telnet" } else { "nc" }, &format!("{host}:{port}"));
    if matches!(fate(call, &host), Fate::NoName) {
        let wait = call.shell.session.pace(Duration::from_secs(10));
        call.pause(wait);
        if telnet {
            call.error(&format!(
                "telnet: could not resolve {host}/{port}: Temporary failure in name resolution\n"
            ));
        } else {
            call.error(&format!(
                "nc: getaddrinfo for host \"{host}\" port {port}: Temporary failure in name resolution\n"
            ));
        }
        return 1;
    }
    let (wait, why, _) = failure(call, &host);
    let limit = options.value('w').and_then(|w| w.parse().ok()).map_or(wait, Duration::from_secs);
    if telnet {
        call.out(&format!("Trying {host}...\n"));
    }
    call.pause(wait.min(limit));
    if telnet {
        call.error(&format!("telnet: Unable to connect to remote host: {why}\n"));
    } else if options.has('v') {
        call.error(&format!("nc: connect to {host} port {port} (tcp) failed: {why}\n"));
    }
    1
}
