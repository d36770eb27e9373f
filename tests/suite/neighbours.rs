//! From the shell of one decoy to the others: `curl`, `wget`, `nc`, `telnet`, `ssh` and `scp`.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::honeynet::{Honeynet, within};
use crate::shell::ssh;

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\r', "");
    (text(&output.stdout), text(&output.stderr))
}

fn in_shell(net: &Honeynet, line: &str) -> (String, String, i32) {
    let output = ssh(net, "his", &[], &[line], Path::new("/dev/null"));
    let (out, error) = said(&output);
    (out, error, output.status.code().unwrap_or(-1))
}

/// Address of a host as the shell has it: the services' own ports, wherever they are bound.
fn place(net: &Honeynet, host: &str) -> String {
    net.address(host, "dicom").ip().to_string()
}

/// All that was told so far.
fn events(net: &Honeynet) -> Vec<Value> {
    let sessions = net.json(&["sessions", "--json", "--limit", "10000"]);
    let shown = sessions.iter().map(|s| net.json(&["show", s["id"].as_str().unwrap(), "--json"]).remove(0));
    shown.flat_map(|s| s["records"].as_array().unwrap().clone()).map(|r| r["event"].clone()).collect()
}

#[test]
fn web_servers_next_door_answer_curl_and_wget() {
    let net = Honeynet::start();
    let (own, lis) = (place(&net, "his"), net.address("lis", "http").ip().to_string());
    let (out, error, status) = in_shell(&net, &format!("curl -sv http://{own}/"));
    assert_eq!(status, 0, "{out}{error}");
    assert!(
        error.starts_with(&format!(
            "*   Trying {own}:80...\n* Connected to {own} ({own}) port 80 (#0)\n> GET / HTTP/1.1\n"
        )),
        "{error}"
    );
    assert!(
        error.contains("\n< HTTP/1.1 ")
            && error.contains(&format!("* Connection #0 to host {own} left intact")),
        "{error}"
    );
    // The same by name, from the outside and by this machine's own curl.
    let (code, _, _) = in_shell(&net, "curl -s -o /dev/null -w '%{http_code}' http://clzx-his01/");
    let real = std::process::Command::new("curl")
        .args([
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            &format!("http://{}/", net.address("his", "http")),
        ])
        .output()
        .unwrap();
    assert_eq!(code, String::from_utf8_lossy(&real.stdout));
    let (_, error, status) = in_shell(&net, &format!("curl -s https://{own}/; curl -sS https://{own}/"));
    assert_eq!(status, 60, "{error}");
    assert!(error.starts_with("curl: (60) SSL certificate problem: "), "{error}");
    let (out, _, status) = in_shell(&net, &format!("curl -skI https://{own}/"));
    assert!(status == 0 && out.starts_with("HTTP/1.1 "), "{out}");
    let (_, error, status) = in_shell(&net, &format!("cd /tmp && wget http://{lis}/ && ls -s index.html"));
    assert_eq!(status, 0, "{error}");
    assert!(error.contains("connected.\nHTTP request sent, awaiting response... 200 OK\n"), "{error}");
    assert!(error.contains("‘index.html’ saved ["), "{error}");
    // A neighbour sees this host; the intruder's own address stays the source of what is told.
    let led = net.sessions(4, |s| s["service"] == "http" || s["service"] == "https");
    assert!(
        led.iter().all(|s| s["source"].as_str().is_some_and(|source| source.starts_with("127.0.0.1"))),
        "{led:?}"
    );
    assert!(led.iter().filter(|s| s["led"]["by"].is_string()).count() >= 3, "{led:?}");
    let from_his = |e: &&Value| e["origin"]["led"]["from"].as_str().is_some_and(|f| f.starts_with(&own));
    let relayed = |e: &&Value| e["observation"]["what"] == "tunnel" && e["observation"]["relayed"] == true;
    within(Duration::from_secs(10), "it is told how he was led", || {
        let events = events(&net);
        let count = |wanted: &dyn Fn(&&Value) -> bool| events.iter().filter(wanted).count();
        (count(&from_his) > 3 && count(&relayed) >= 4).then_some(())
    });
}

#[test]
fn ports_next_door_are_open_closed_and_absent_as_they_are() {
    let net = Honeynet::start();
    let pacs = place(&net, "pacs");
    let (_, error, status) = in_shell(&net, &format!("nc -vz {pacs} 22"));
    assert_eq!(
        (error.as_str(), status),
        (format!("Connection to {pacs} 22 port [tcp/ssh] succeeded!\n").as_str(), 0)
    );
    let (_, error, status) = in_shell(&net, &format!("nc -vz {pacs} 3306"));
    assert_eq!(
        (error.as_str(), status),
        (format!("nc: connect to {pacs} port 3306 (tcp) failed: Connection refused\n").as_str(), 1)
    );
    let (out, _, _) = in_shell(
        &net,
        &format!("for p in 21 22 104; do (echo > /dev/tcp/{pacs}/$p) 2>/dev/null && echo $p; done"),
    );
    assert_eq!(out, "22\n104\n");
    let (out, _, _) = in_shell(&net, &format!("timeout 2 nc {pacs} 22; echo $?"));
    assert!(out.starts_with("SSH-2.0-OpenSSH_9.2p1") && out.ends_with("124\n"), "{out}");
    let nobody = format!("{}.250", pacs.rsplit_once('.').unwrap().0);
    let (_, error, status) = in_shell(&net, &format!("nc -v {nobody} 22; curl -s http://{nobody}/"));
    assert_eq!(
        (error.as_str(), status),
        (format!("nc: connect to {nobody} port 22 (tcp) failed: No route to host\n").as_str(), 7)
    );
    let (out, error, _) = in_shell(&net, &format!("echo quit | telnet {pacs} 22"));
    assert!(
        out.starts_with(&format!(
            "Trying {pacs}...\nConnected to {pacs}.\nEscape character is '^]'.\nSSH-2.0-"
        )),
        "{out}{error}"
    );
}

#[test]
fn a_shell_leads_to_the_next() {
    let net = Honeynet::start();
    let pacs = place(&net, "pacs");
    let (account, password) = net.lure("pacs", "ssh");
    let typed = net.scratch("typed");
    fs::write(
        &typed,
        format!("ssh {account}@{pacs}\nyes\nwrong\n{password}\nhostname; echo $SSH_CLIENT\nexit\n"),
    )
    .unwrap();
    let (out, _) = said(&ssh(&net, "his", &["-tt"], &[], &typed));
    let expected = [
        format!(
            "The authenticity of host '{pacs} ({pacs})' can't be established.\nED25519 key fingerprint is SHA256:"
        ),
        format!(
            "Warning: Permanently added '{pacs}' (ED25519) to the list of known hosts.\n{account}@{pacs}'s password: \nPermission denied, please try again.\n"
        ),
        "clzx-pacs01\n".to_owned(),
        place(&net, "his"),
        format!("Connection to {pacs} closed.\n"),
    ];
    for part in expected {
        assert!(out.contains(&part), "{part:?} in {out}");
    }
    let of_pacs = |e: &&Value| e["origin"]["host"] == "pacs" && e["observation"]["what"] == "auth_attempt";
    within(Duration::from_secs(10), "both attempts are told", || {
        (events(&net).iter().filter(of_pacs).count() == 2).then_some(())
    });
}
