//! The language as a tool for printers speaks it, and jobs.

use std::sync::Arc;

use crate::decoys::{Making, build};
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, play};
use crate::session::{Conversation, Machine};

fn machine(bench: &Bench) -> Box<dyn Machine> {
    let (host, service) = bench.pack.service("prn01", Protocol::Pjl).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(host),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    match build(&making, service).unwrap().converse(bench.session("prn01", "pjl")) {
        Conversation::Machine(machine) => machine,
        Conversation::Stream(_) | Conversation::Opaque(_) | Conversation::Datagrams(_) => panic!("a machine"),
    }
}

fn said(bench: &Bench, lines: &str) -> String {
    let input = format!("\x1b%-12345X{lines}\x1b%-12345X");
    String::from_utf8_lossy(&play(machine(bench).as_mut(), &[input.as_bytes()])).into_owned()
}

#[test]
fn it_says_what_it_is_and_how_it_is_set() {
    let bench = Bench::new();
    assert_eq!(said(&bench, "@PJL INFO ID\r\n"), "@PJL INFO ID\r\n\"HP LaserJet P3010 Series\"\r\n\x0c");
    let status = said(&bench, "@PJL INFO STATUS\r\n@PJL ECHO DELIMITER1\r\n");
    assert!(status.starts_with("@PJL INFO STATUS\r\nCODE=10001\r\nDISPLAY="), "{status}");
    assert!(status.ends_with("\x0c@PJL ECHO DELIMITER1\r\n\x0c"), "{status}");
    let bare = play(machine(&bench).as_mut(), &[b"@PJL INFO ID\r\n"]);
    assert!(String::from_utf8_lossy(&bare).contains("P3010"), "without its bracket");
    assert!(said(&bench, "@PJL INFO VARIABLES\r\n").contains("PAPER=A4 ["));
    assert!(said(&bench, "@PJL INFO CONFIG\r\n").contains("\tINTRAY1"));
    assert_eq!(said(&bench, "@PJL DINQUIRE COPIES\r\n"), "@PJL DINQUIRE COPIES\r\n1\r\n\x0c");
    assert_eq!(said(&bench, "@PJL DINQUIRE NONE\r\n"), "@PJL DINQUIRE NONE\r\n\"?\"\r\n\x0c");
    // What is set stays with who set it; what a variable can't be is not taken.
    said(&bench, "@PJL DEFAULT COPIES=7\r\n@PJL DEFAULT PAPER=STONE\r\n@PJL RDYMSG DISPLAY=\"pwned\"\r\n");
    let now = said(&bench, "@PJL DINQUIRE COPIES\r\n@PJL DINQUIRE PAPER\r\n@PJL INFO STATUS\r\n");
    assert!(now.contains("\r\n7\r\n") && now.contains("\r\nA4\r\n") && now.contains("\"pwned\""), "{now}");
    assert!(!said(&Bench::new(), "@PJL INFO STATUS\r\n").contains("pwned"));
}

#[test]
fn files_of_the_visitor_are_read_back_and_nothing_above_them() {
    let bench = Bench::new();
    let root = said(&bench, "@PJL FSDIRLIST NAME=\"0:\\\" ENTRY=1 COUNT=65535\r\n");
    assert!(
        root.contains("\r\n. TYPE=DIR\r\n.. TYPE=DIR\r\n") && root.contains("webServer TYPE=DIR"),
        "{root}"
    );
    said(
        &bench,
        "@PJL FSDOWNLOAD FORMAT:BINARY SIZE=5 NAME=\"0:\\webServer\\x.sh\"\r\nab\x1bc\n\x1b%-12345X@PJL FSMKDIR NAME=\"0:/y\"\r\n",
    );
    let told = bench.told();
    assert!(told.iter().any(|o| matches!(o, Observation::Transfer { size: 5, .. })), "{told:?}");
    let listed = said(&bench, "@PJL FSDIRLIST NAME=\"0:\\webServer\" ENTRY=1 COUNT=9\r\n");
    assert!(listed.contains("x.sh TYPE=FILE SIZE=5"), "{listed}");
    let back = said(&bench, "@PJL FSUPLOAD NAME=\"0:/webserver/x.sh\" OFFSET=1 SIZE=9\r\n");
    assert!(back.ends_with("SIZE=4\r\nb\x1bc\n\x0c"), "{back:?}");
    said(&bench, "@PJL FSDELETE NAME=\"0:/webServer/x.sh\"\r\n");
    assert!(said(&bench, "@PJL FSQUERY NAME=\"0:/webServer/x.sh\"\r\n").contains("FILEERROR=3"));
    bench.told();
    let passwd = said(&bench, "@PJL FSUPLOAD NAME=\"0:/../../../etc/passwd\" OFFSET=0 SIZE=99\r\n");
    assert!(passwd.ends_with("FILEERROR=3\r\n\x0c"), "{passwd}");
    let told = bench.told();
    assert!(told.iter().any(
        |o| matches!(o, Observation::ExploitAttempt { weakness, .. } if weakness == "pjl-path-traversal")
    ));
}

#[test]
fn jobs_are_kept_with_their_names_at_every_split() {
    let job = b"\x1b%-12345X@PJL JOB NAME=\"list\"\r\n@PJL ENTER LANGUAGE=PCL\r\n\x1bE\x1b%-12hello\x1bE\x1b%-12345X@PJL EOJ\r\n\x1b%-12345X@PJL INFO ID\r\n\x1b%-12345Xplain";
    let bench = Bench::new();
    let whole = play(machine(&bench).as_mut(), &[job]);
    let told = bench.told();
    let kept: Vec<_> = told
        .iter()
        .filter_map(|o| match o {
            Observation::Transfer { name, size, .. } => Some((name.as_untrusted().to_owned(), *size)),
            _ => None,
        })
        .collect();
    assert_eq!(kept, [("list".to_owned(), 14), ("print job".to_owned(), 5)], "{told:?}");
    for at in 0..=job.len() {
        let (a, b) = job.split_at(at);
        assert_eq!(play(machine(&bench).as_mut(), &[a, b]), whole, "split at {at}");
        assert_eq!(bench.told(), told, "split at {at}");
    }
}
