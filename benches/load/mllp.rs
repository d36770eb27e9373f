//! HL7 messages on kept connections: one at a time, each acknowledged.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::{Load, measure};

struct Client {
    answers: BufReader<TcpStream>,
    stream: TcpStream,
    name: usize,
    number: u64,
}

/// Messages acknowledged a second.
pub(crate) fn messages(load: &Load) {
    let connect = |name| {
        let stream = TcpStream::connect(load.address).expect("connect");
        stream.set_nodelay(true).expect("nodelay");
        Client { answers: BufReader::new(stream.try_clone().expect("clone")), stream, name, number: 0 }
    };
    measure(load, "messages", connect, |client| {
        client.number += 1;
        let id = format!("{}-{}", client.name, client.number);
        let message = format!(
            "\x0bMSH|^~\\&|HIS|CLZX|ESB|CLZX|20260301081500||ADT^A08^ADT_A01|{id}|P|2.4\rEVN|A08|20260301081455\r\
             PID|1||0000123456^^^HIS^MR||TEST^LOAD||19700101|M\rPV1|1|O\r\x1c\r"
        );
        client.stream.write_all(message.as_bytes()).ok()?;
        let mut answer = Vec::new();
        client.answers.read_until(0x1c, &mut answer).ok()?;
        client.answers.read_exact(&mut [0]).ok()?;
        let acknowledged = answer.windows(id.len()).any(|w| w == id.as_bytes());
        acknowledged.then_some(1)
    });
}
