//! `honeyward pcap`: one session's packets.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal};
use std::path::Path;

use jiff::Timestamp;

use crate::app::cli::PcapArgs;
use crate::app::exit::Exit;
use crate::app::output::say;
use crate::app::{Layout, find};
use crate::record::packets::{Cut, Plan, Wanted};

/// Cuts them out of the segments and writes them.
pub(crate) fn run(args: &PcapArgs, layout: &Layout) -> Exit {
    if args.output.is_none() && io::stdout().is_terminal() {
        return Exit::Usage(
            "packets would spoil the terminal: give -o FILE, or a pipe to tshark -r -".into(),
        );
    }
    let row = match find::store(layout).and_then(|reader| find::session(&reader, &args.session)) {
        Ok(row) => row,
        Err(exit) => return exit,
    };
    let wanted = Wanted::of(&row.origin(find::carrier(&row.service)), row.opened, row.closed)
        .with_secrets(&layout.sessions(), row.id);
    match cut(&layout.packets(), &wanted, args.output.as_deref()) {
        Ok(Some(cut)) => told(&cut, args.output.as_deref()),
        Ok(None) => Exit::Could(format!(
            "no packets of session {} are kept: capture did not run then (`honeyward status`), or the quota \
             has removed them",
            row.id
        )),
        Err(error) => Exit::Could(format!("packets: {error}")),
    }
}

fn cut(packets: &Path, wanted: &Wanted, output: Option<&Path>) -> io::Result<Option<Cut>> {
    let plan = Plan::make(packets, wanted)?;
    let Some(cut) = plan.cut() else {
        return Ok(None);
    };
    match output {
        Some(path) => plan.write(&mut BufWriter::new(File::create(path)?))?,
        None => plan.write(&mut BufWriter::new(io::stdout().lock()))?,
    }
    Ok(Some(cut))
}

/// Standard output is for the packets unless they went to a file.
fn told(cut: &Cut, output: Option<&Path>) -> Exit {
    let Some(path) = output else {
        return Exit::Done;
    };
    say(&format!("{}: {} packets, {} to {}", path.display(), cut.packets, time(cut.first), time(cut.last)));
    if !cut.whole {
        say("the beginning of the connection is not among them: capture began later");
    }
    if cut.dropped > 0 {
        say(&format!(
            "{} packets of all sessions were lost about that time; some may be of this one",
            cut.dropped
        ));
    }
    Exit::Done
}

fn time(at: u64) -> String {
    Timestamp::from_nanosecond(at.into()).map(|at| at.to_string()).unwrap_or_default()
}
