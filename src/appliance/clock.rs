//! The clock from a time server (SNTP, RFC 4330): asked at the start and every hour. The machine's own
//! clock counts until one answers.

use std::io;
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sys::machine;

/// Seconds from 1900 (NTP) to 1970 (Unix).
const ERA: u64 = 2_208_988_800;

/// Pause after an answer; servers ask not to be asked more often than some times an hour.
const AGAIN: Duration = Duration::from_secs(3600);

/// Pause when nobody answered.
const RETRY: Duration = Duration::from_secs(30);

/// A clock this near is left alone: nothing in the evidence needs more, and time never jumps back.
const NEAR: Duration = Duration::from_millis(100);

/// Keeps the clock in a thread of its own.
///
/// # Errors
/// When there can be no thread.
pub fn keep(servers: Vec<String>) -> io::Result<()> {
    if servers.is_empty() {
        return Ok(());
    }
    std::thread::Builder::new().name("clock".into()).spawn(move || {
        loop {
            let answered = servers.iter().any(|server| match set_from(server) {
                Ok(()) => true,
                Err(error) => {
                    tracing::warn!(server, %error, "no time from a time server");
                    false
                }
            });
            std::thread::sleep(if answered { AGAIN } else { RETRY });
        }
    })?;
    Ok(())
}

fn set_from(server: &str) -> io::Result<()> {
    let address = (server, 123).to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(3)))?;
    socket.connect(address)?;
    // Version 4, client; the transmit time is a number of ours that the answer must repeat.
    let mut question = [0u8; 48];
    question[0] = 0x23;
    let mark: [u8; 8] = rand::random();
    question[40..].copy_from_slice(&mark);
    let asked = SystemTime::now();
    socket.send(&question)?;
    let mut answer = [0u8; 128];
    let length = socket.recv(&mut answer)?;
    let way = asked.elapsed().unwrap_or_default() / 2;
    let told = answer.get(..length).and_then(|answer| time_of(answer, &mark));
    let time = told.ok_or_else(|| io::Error::other("not an answer of a server that knows the time"))? + way;
    let own = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if own.abs_diff(time) > NEAR { machine::set_clock(time) } else { Ok(()) }
}

/// The time since 1970 that an answer tells, when it answers this question and its server is in step.
fn time_of(answer: &[u8], mark: &[u8; 8]) -> Option<Duration> {
    let first = *answer.first()?;
    let stratum = *answer.get(1)?;
    let is_server = first & 7 == 4 && first >> 6 != 3 && (1..16).contains(&stratum);
    let is_ours = answer.get(24..32)? == mark;
    let seconds = u32::from_be_bytes(answer.get(40..44)?.try_into().ok()?);
    let fraction = u32::from_be_bytes(answer.get(44..48)?.try_into().ok()?);
    // Before 1968 in this era is after 2036 in the next (RFC 4330, section 3).
    let era = if seconds < 0x8000_0000 { 1u64 << 32 } else { 0 };
    let since = (u64::from(seconds) + era).checked_sub(ERA)?;
    let nanos = (u64::from(fraction) * 1_000_000_000) >> 32;
    (is_server && is_ours).then(|| Duration::new(since, u32::try_from(nanos).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> [u8; 48] {
        let mut bytes = [0u8; 48];
        bytes[0] = 0x24;
        bytes[1] = 2;
        bytes[24..32].copy_from_slice(b"ourmark!");
        bytes[40..44].copy_from_slice(&3_973_104_000u32.to_be_bytes());
        bytes[44] = 0x80;
        bytes
    }

    #[test]
    fn an_answer_tells_the_time() {
        let time = time_of(&answer(), b"ourmark!").unwrap();
        assert_eq!(time, Duration::new(1_764_115_200, 500_000_000));
    }

    #[test]
    fn what_is_not_asked_for_or_out_of_step_is_not_believed() {
        assert_eq!(time_of(&answer(), b"another!"), None);
        let mut unsure = answer();
        unsure[0] |= 0xC0;
        assert_eq!(time_of(&unsure, b"ourmark!"), None);
        let mut client = answer();
        client[0] = 0x23;
        assert_eq!(time_of(&client, b"ourmark!"), None);
        assert_eq!(time_of(&answer()[..40], b"ourmark!"), None);
    }

    #[test]
    fn the_next_era_begins_in_2036() {
        let mut late = answer();
        late[40..44].copy_from_slice(&0u32.to_be_bytes());
        late[44] = 0;
        assert_eq!(time_of(&late, b"ourmark!").unwrap().as_secs(), (1 << 32) - ERA);
    }
}
