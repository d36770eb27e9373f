//! `honeyward neighbourhood`: listens to a segment and proposes what blends in.

use std::time::{Duration, Instant};

use caps::CapSet;
use pcap::{Capture, Error};

use crate::app::cli::NeighbourhoodArgs;
use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::privileged::neighbourhood::{Ear, FILTER, Neighbourhood};

/// Listens for as long as asked; sends nothing.
pub(crate) fn run(args: &NeighbourhoodArgs) -> Exit {
    let interface = &args.interface;
    match listen(interface, Duration::from_secs(args.seconds)) {
        Ok(report) if args.json.json => {
            say_json(&serde_json::to_value(&report).unwrap_or_default());
            Exit::Done
        }
        Ok(report) => {
            show(&report);
            Exit::Done
        }
        Err(reason) => Exit::Could(format!("{interface}: {reason}")),
    }
}

fn listen(interface: &str, span: Duration) -> Result<Neighbourhood, String> {
    let said = |e: Error| e.to_string();
    let mut capture = Capture::from_device(interface)
        .and_then(|c| c.snaplen(1600).timeout(200).immediate_mode(true).promisc(true).open())
        .map_err(said)?;
    capture.filter(FILTER, true).map_err(said)?;
    // From here on strangers' frames are read: nothing that the right to capture came with is needed.
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::clear(None, set).map_err(|e| e.to_string())?;
    }
    let (mut ear, start) = (Ear::default(), Instant::now());
    while start.elapsed() < span {
        match capture.next_packet() {
            Ok(packet) => ear.hear(packet.data),
            Err(Error::TimeoutExpired) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(ear.report())
}

fn show(report: &Neighbourhood) {
    say("HARDWARE ADDRESS   MAKER              ADDRESSES            NAMES");
    for machine in &report.machines {
        let addresses: Vec<_> = machine.addresses.iter().map(ToString::to_string).collect();
        let maker = machine.maker.unwrap_or("");
        say(&format!("{:<19}{maker:<19}{:<21}{}", machine.mac, addresses.join(" "), machine.names.join(" ")));
    }
    let makers: Vec<_> = report.makers.iter().map(|(maker, count)| format!("{maker} {count}")).collect();
    let free: Vec<_> = report.free_addresses.iter().map(ToString::to_string).collect();
    say(&format!("\nMakers: {}", makers.join(", ")));
    say(&format!("Free as far as was heard (ask who owns the network): {}", free.join(" ")));
    say(&format!("Names that would come next: {}", report.names.join(" ")));
}
