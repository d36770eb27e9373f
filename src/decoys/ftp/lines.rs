//! Lines of the control connection.

use bytes::BytesMut;

/// Longest line: `VSFTP_MAX_COMMAND_LINE`.
const MAX_LINE: usize = 4_096;

/// What stands at the beginning of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Not all of a line has come.
    More,
    /// A command in capitals, and its argument.
    Command(String, Vec<u8>),
    /// A line that is too long.
    Long,
}

/// Takes one line from the input. Interrupts of telnet are dropped, as the product does.
pub fn next(input: &mut BytesMut) -> Line {
    loop {
        let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
            return if input.len() > MAX_LINE { Line::Long } else { Line::More };
        };
        if end > MAX_LINE {
            return Line::Long;
        }
        let line = input.split_to(end + 1);
        let mut line = without_telnet(line.get(..end).unwrap_or_default());
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.is_empty() {
            continue;
        }
        let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let argument = line.get(space + 1..).unwrap_or_default().to_vec();
        let name = String::from_utf8_lossy(line.get(..space).unwrap_or_default()).to_ascii_uppercase();
        return Line::Command(name, argument);
    }
}

/// A line without commands of telnet (`IAC IP`, `IAC DM`) and without NUL.
fn without_telnet(line: &[u8]) -> Vec<u8> {
    const IAC: u8 = 255;
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            IAC => {
                rest.next_if(|next| *next >= 240);
            }
            0 => {}
            byte => out.push(byte),
        }
    }
    out
}
