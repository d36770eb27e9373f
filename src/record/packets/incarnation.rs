//! Which packets of a 5-tuple are one connection: ports are used again.
//!
//! A connection begins with a SYN whose sequence number is new and which either follows the end of
//! the one before or is taken up by a SYN-ACK. So a forged SYN inside a live connection, which a
//! host answers with a plain ACK (RFC 9293 3.10.7.4), does not split it.

use super::flow::Tcp;

/// One packet of the 5-tuple, in the order of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// ns since 1970.
    pub at: u64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// Its TCP header, if it has one.
    pub tcp: Option<Tcp>,
}

/// A connection: its first packet, and one past its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connection {
    pub first: usize,
    pub end: usize,
    /// Whether its SYN is there.
    pub whole: bool,
}

/// The connection that was accepted at `accepted` (ns since 1970): the last one begun before.
pub(super) fn accepted(steps: &[Step], accepted: u64) -> Option<Connection> {
    let connections = split(steps);
    let begun = |connection: &&Connection| steps[connection.first].at <= accepted;
    connections.iter().rev().find(begun).or(connections.first()).copied()
}

/// All that one peer and a service without connections sent each other; it begins with his first datagram.
pub(super) fn datagrams(steps: &[Step]) -> Option<Connection> {
    let first = steps.first()?;
    Some(Connection { first: 0, end: steps.len(), whole: first.from_client })
}

fn split(steps: &[Step]) -> Vec<Connection> {
    let mut walk = Walk::default();
    for (place, step) in steps.iter().enumerate() {
        walk.step(place, step);
    }
    let ends = walk.starts.iter().skip(1).map(|(first, _)| *first).chain([steps.len()]);
    walk.starts
        .iter()
        .zip(ends)
        .map(|((first, whole), end)| Connection { first: *first, end, whole: *whole })
        .collect()
}

#[derive(Default)]
struct Walk {
    starts: Vec<(usize, bool)>,
    /// The client's initial sequence number of the running connection.
    initial: Option<u32>,
    /// SYNs that nobody has answered yet.
    pending: Vec<(u32, usize)>,
    client_ended: bool,
    server_ended: bool,
}

impl Walk {
    fn step(&mut self, place: usize, step: &Step) {
        if let Some(tcp) = step.tcp {
            if tcp.syn && step.from_client && !tcp.ack {
                self.syn(place, tcp.sequence);
            } else if tcp.syn && tcp.ack && !step.from_client {
                self.syn_ack(place, tcp.acknowledgement.wrapping_sub(1));
            }
            self.client_ended |= tcp.rst || (tcp.fin && step.from_client);
            self.server_ended |= tcp.rst || (tcp.fin && !step.from_client);
        }
        if self.starts.is_empty() {
            self.starts.push((place, false));
        }
    }

    fn syn(&mut self, place: usize, sequence: u32) {
        let known = self.initial == Some(sequence) || self.pending.iter().any(|(s, _)| *s == sequence);
        if known {
            return;
        }
        if self.starts.is_empty() || (self.client_ended && self.server_ended) {
            self.begin(place, sequence, true);
        } else {
            self.pending.push((sequence, place));
        }
    }

    fn syn_ack(&mut self, place: usize, answered: u32) {
        if self.initial == Some(answered) {
            return;
        }
        let syn = self.pending.iter().find(|(sequence, _)| *sequence == answered).copied();
        match syn {
            Some((_, first)) => self.begin(first, answered, true),
            None => self.begin(place, answered, false),
        }
    }

    fn begin(&mut self, first: usize, initial: u32, whole: bool) {
        self.starts.push((first, whole));
        self.initial = Some(initial);
        self.pending.clear();
        self.client_ended = false;
        self.server_ended = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYN: u8 = 1;
    const ACK: u8 = 2;
    const FIN: u8 = 4;
    const RST: u8 = 8;

    fn step(at: u64, from_client: bool, flags: u8, sequence: u32, acknowledgement: u32) -> Step {
        let has = |flag| flags & flag != 0;
        let tcp =
            Tcp { sequence, acknowledgement, syn: has(SYN), ack: has(ACK), fin: has(FIN), rst: has(RST) };
        Step { at, from_client, tcp: Some(tcp) }
    }

    fn connection(at: u64, sequence: u32, closes: bool) -> Vec<Step> {
        let mut steps = vec![
            step(at, true, SYN, sequence, 0),
            step(at + 1, false, SYN | ACK, 900, sequence + 1),
            step(at + 2, true, ACK, sequence + 1, 901),
            step(at + 3, false, ACK, 901, sequence + 1),
        ];
        if closes {
            steps.push(step(at + 4, true, FIN | ACK, sequence + 1, 901));
            steps.push(step(at + 5, false, FIN | ACK, 901, sequence + 2));
            steps.push(step(at + 6, true, ACK, sequence + 2, 902));
        }
        steps
    }

    fn bounds(steps: &[Step]) -> Vec<(usize, usize)> {
        split(steps).iter().map(|c| (c.first, c.end)).collect()
    }

    #[test]
    fn a_port_used_again_after_a_close() {
        let steps = [connection(10, 100, true), connection(100, 500, true)].concat();
        assert_eq!(bounds(&steps), [(0, 7), (7, 14)]);
        assert_eq!(accepted(&steps, 12).unwrap(), Connection { first: 0, end: 7, whole: true });
        assert_eq!(accepted(&steps, 101).unwrap(), Connection { first: 7, end: 14, whole: true });
    }

    #[test]
    fn a_port_used_again_although_no_end_was_seen() {
        let steps = [connection(10, 100, false), connection(100, 500, false)].concat();
        assert_eq!(bounds(&steps), [(0, 4), (4, 8)]);
    }

    #[test]
    fn a_syn_sent_again_does_not_split() {
        let mut steps = connection(10, 100, true);
        steps.insert(1, step(10, true, SYN, 100, 0));
        steps.insert(3, step(11, false, SYN | ACK, 900, 101));
        assert_eq!(bounds(&steps), [(0, 9)]);
    }

    #[test]
    fn a_forged_syn_inside_does_not_split() {
        let mut steps = connection(10, 100, true);
        steps.insert(4, step(13, true, SYN, 7777, 0));
        steps.insert(5, step(13, false, ACK, 901, 101));
        assert_eq!(bounds(&steps), [(0, 9)]);
    }

    #[test]
    fn a_refused_attempt_after_the_end_is_apart() {
        let mut steps = connection(10, 100, true);
        steps.push(step(50, true, SYN, 300, 0));
        steps.push(step(50, false, RST | ACK, 0, 301));
        assert_eq!(bounds(&steps), [(0, 7), (7, 9)]);
    }

    #[test]
    fn a_conversation_without_its_beginning() {
        let steps = [connection(10, 100, true)[2..].to_vec(), connection(100, 500, true)].concat();
        assert_eq!(bounds(&steps), [(0, 5), (5, 12)]);
        assert!(!accepted(&steps, 9).unwrap().whole);
    }

    #[test]
    fn a_lost_syn_still_begins_a_connection() {
        let steps = [connection(10, 100, false), connection(100, 500, true)[1..].to_vec()].concat();
        assert_eq!(bounds(&steps), [(0, 4), (4, 10)]);
    }
}
