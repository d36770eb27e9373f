//! Blanks what a peer sent in the kept packets of a session: for real patients' data that came by
//! mistake. Headers, times and lengths stay, so that the session can still be told from its packets.
//!
//! Only closed segments are touched; the growing one is left until it is closed. What is done twice
//! changes nothing the second time.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::IpAddr;
use std::os::unix::fs::FileExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::cut::{Plan, Wanted};
use super::find::Found;
use super::flow;
use super::pcapng;
use super::segment::Segment;

/// Read at once while a segment is hashed.
const CHUNK: usize = 1 << 20;

/// A segment with blanked packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Its file name.
    pub segment: String,
    /// Its size in bytes: as before.
    pub bytes: u64,
    /// Packets of the session with what the peer sent, now blank.
    pub packets: u64,
    /// SHA-256 of the file as it is now, lower-case hex.
    pub sha256: String,
}

/// Blanks a session's packets; also says whether all of its segments are closed.
///
/// # Errors
/// Segments can't be read or written.
pub fn withhold(packets: &Path, wanted: &Wanted) -> io::Result<(Vec<Withheld>, bool)> {
    let plan = Plan::make(packets, wanted)?;
    let client = (wanted.source.ip().to_canonical(), wanted.source.port());
    let (mut done, mut all) = (Vec::new(), true);
    for (segment, picks) in plan.by_segment() {
        if !segment.index().is_file() {
            all = false;
            continue;
        }
        let from_client: Vec<&Found> = picks.into_iter().filter(|pick| is_from(pick, client)).collect();
        done.extend(blank(segment, &plan, &from_client)?);
    }
    Ok((done, all))
}

/// Later fragments have no port.
fn is_from(pick: &Found, (address, port): (IpAddr, u16)) -> bool {
    pick.source.0 == address && (!pick.is_own || pick.source.1 == port)
}

fn blank(segment: &Segment, plan: &Plan, picks: &[&Found]) -> io::Result<Option<Withheld>> {
    let mut file = OpenOptions::new().read(true).write(true).open(&segment.path)?;
    let mut blanked = 0;
    for pick in picks {
        let mut block = vec![0; pick.length];
        file.read_exact_at(&mut block, pick.offset)?;
        let captured = pcapng::captured(&block).unwrap_or_default();
        let frame = block.get(captured.clone()).unwrap_or_default();
        let Some(start) = flow::payload(plan.link(pick), frame).filter(|start| *start < frame.len()) else {
            continue;
        };
        let at = crate::record::appender::to_u64(captured.start + start);
        file.write_all_at(&vec![0; frame.len() - start], pick.offset + at)?;
        blanked += 1;
    }
    if blanked == 0 {
        return Ok(None);
    }
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        hash.update(chunk.get(..count).unwrap_or_default());
        bytes += crate::record::appender::to_u64(count);
    }
    let sha256 = hex::encode(hash.finalize());
    Ok(Some(Withheld { segment: segment.name(), bytes, packets: blanked, sha256 }))
}
