//! How a peer's TCP opens a connection: its first packet, written down in the form of p0f 3's signatures.

/// Header lengths: of IPv4 and of TCP without options, of IPv6.
const IPV4: usize = 20;
const IPV6: usize = 40;
const TCP: usize = 20;

/// What the first packet shows.
#[derive(Debug, Default)]
struct Syn {
    version: u8,
    hops_left: u8,
    ip_options: usize,
    window: u16,
    segment: u16,
    scale: u8,
    layout: Vec<String>,
    quirks: Vec<&'static str>,
}

/// The signature of a first packet: headers of IP and TCP. `None` when they are not whole.
///
/// Its parts are version, initial time to live with the hops that are gone, length of IP options, largest
/// segment, window and scale, options in their order, oddities, and payload (never any).
pub fn signature(headers: &[u8]) -> Option<String> {
    let mut syn = Syn::default();
    let segment = match headers.first()? >> 4 {
        4 => syn.ipv4(headers)?,
        6 => syn.ipv6(headers)?,
        _ => return None,
    };
    syn.tcp(segment)?;
    Some(syn.written())
}

impl Syn {
    fn ipv4<'a>(&mut self, headers: &'a [u8]) -> Option<&'a [u8]> {
        let length = usize::from(headers.first()? & 0x0f) * 4;
        self.version = 4;
        self.hops_left = *headers.get(8)?;
        self.ip_options = length.checked_sub(IPV4)?;
        let identification = [*headers.get(4)?, *headers.get(5)?];
        let flags = *headers.get(6)?;
        if headers.get(1)? & 0x03 != 0 {
            self.quirks.push("ecn");
        }
        match (flags & 0x40 != 0, identification == [0, 0]) {
            (true, true) => self.quirks.push("df"),
            (true, false) => self.quirks.extend(["df", "id+"]),
            (false, true) => self.quirks.push("id-"),
            (false, false) => {}
        }
        headers.get(length..)
    }

    fn ipv6<'a>(&mut self, headers: &'a [u8]) -> Option<&'a [u8]> {
        self.version = 6;
        self.hops_left = *headers.get(7)?;
        if *headers.get(1)? & 0x0f != 0 || headers.get(2..4)? != [0, 0] {
            self.quirks.push("flow");
        }
        headers.get(IPV6..)
    }

    fn tcp(&mut self, segment: &[u8]) -> Option<()> {
        let length = usize::from(segment.get(12)? >> 4) * 4;
        let flags = *segment.get(13)?;
        self.window = u16_at(segment, 14)?;
        // Both bits of explicit congestion notification on a first packet ask for it.
        if flags & 0xc0 != 0 && !self.quirks.contains(&"ecn") {
            self.quirks.push("ecn");
        }
        if flags & 0x10 == 0 && segment.get(8..12)? != [0; 4] {
            self.quirks.push("ack+");
        }
        if flags & 0x20 != 0 {
            self.quirks.push("urgf+");
        }
        if flags & 0x08 != 0 {
            self.quirks.push("pushf+");
        }
        self.options(segment.get(TCP..length.min(segment.len()))?);
        Some(())
    }

    fn options(&mut self, mut options: &[u8]) {
        while let [kind, rest @ ..] = options {
            let name = match kind {
                0 => {
                    self.layout.push(format!("eol+{}", rest.len()));
                    return;
                }
                1 => {
                    self.layout.push("nop".into());
                    options = rest;
                    continue;
                }
                2 => "mss".to_owned(),
                3 => "ws".to_owned(),
                4 => "sok".to_owned(),
                5 => "sack".to_owned(),
                8 => "ts".to_owned(),
                other => format!("?{other}"),
            };
            let length = rest.first().copied().map_or(0, usize::from);
            let Some((option, next)) = options.split_at_checked(length).filter(|_| length >= 2) else {
                self.quirks.push("bad");
                return;
            };
            self.option(*kind, option);
            self.layout.push(name);
            options = next;
        }
    }

    fn option(&mut self, kind: u8, option: &[u8]) {
        match kind {
            2 => self.segment = u16_at(option, 2).unwrap_or(0),
            3 => {
                self.scale = option.get(2).copied().unwrap_or(0);
                if self.scale > 14 {
                    self.quirks.push("exws");
                }
            }
            8 => {
                if option.get(2..6) == Some(&[0; 4]) {
                    self.quirks.push("ts1-");
                }
                if option.get(6..10).is_some_and(|echo| echo != [0; 4]) {
                    self.quirks.push("ts2+");
                }
            }
            _ => {}
        }
    }

    fn written(&self) -> String {
        let first = [32, 64, 128, 255].into_iter().find(|first| self.hops_left <= *first).unwrap_or(255);
        let window = match self.segment {
            1.. if self.window > 0 && self.window.is_multiple_of(self.segment) => {
                format!("mss*{}", self.window / self.segment)
            }
            _ => self.window.to_string(),
        };
        format!(
            "{}:{first}+{}:{}:{}:{window},{}:{}:{}:0",
            self.version,
            first - self.hops_left,
            self.ip_options,
            self.segment,
            self.scale,
            self.layout.join(","),
            self.quirks.join(",")
        )
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(ttl: u8, identification: [u8; 2], window: u16, options: &[u8]) -> Vec<u8> {
        let mut out = vec![0x45, 0, 0, 60, identification[0], identification[1], 0x40, 0, ttl, 6, 0, 0];
        out.extend([10, 0, 0, 9, 10, 0, 0, 1]);
        out.extend([0x9c, 0x40, 0x0d, 0x3d, 1, 2, 3, 4, 0, 0, 0, 0]);
        let words = u8::try_from((TCP + options.len()) / 4).unwrap();
        out.extend([words << 4, 2]);
        out.extend(window.to_be_bytes());
        out.extend([0; 4]);
        out.extend(options);
        out
    }

    const LINUX: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 2, 0, 0, 0, 0, 1, 3, 3, 7];
    const WINDOWS: &[u8] = &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2];

    #[test]
    fn systems_are_known_by_their_first_packet() {
        let linux = signature(&packet(63, [1, 2], 64_240, LINUX)).unwrap();
        assert_eq!(linux, "4:64+1:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0");
        let windows = signature(&packet(128, [9, 9], 64_240, WINDOWS)).unwrap();
        assert_eq!(windows, "4:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0");
        // What scanners send that write their packets themselves.
        let masscan = signature(&packet(255, [0, 0], 1024, &[2, 4, 5, 0xb4])).unwrap();
        assert_eq!(masscan, "4:255+0:0:1460:1024,0:mss:df:0");
    }

    #[test]
    fn sixth_version_and_broken_packets() {
        let whole = packet(64, [1, 2], 65_535, LINUX);
        let mut sixth = vec![0x60, 0, 0, 0, 0, 40, 6, 64];
        sixth.extend([0; 32]);
        sixth.extend(&whole[20..]);
        assert_eq!(signature(&sixth).unwrap(), "6:64+0:0:1460:65535,7:mss,sok,ts,nop,ws::0");
        for length in 0..whole.len() {
            let _ = signature(&whole[..length]);
        }
        assert_eq!(signature(&whole[..30]), None);
        let bad = signature(&packet(64, [1, 2], 512, &[2, 40, 0, 0])).unwrap();
        assert!(bad.ends_with(":df,id+,bad:0"), "{bad}");
        assert!(signature(&packet(64, [1, 2], 512, &[0, 0, 0, 0])).unwrap().contains(":eol+3:"));
    }
}
