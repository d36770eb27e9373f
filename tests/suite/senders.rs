//! The interface engine and the analyser that connect to a hospital: an MLLP and an ASTM sender.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const ENQ: u8 = 0x05;
const EOT: u8 = 0x04;
const ACK: u8 = 0x06;

/// Sends one HL7 message in UTF-8 and gives the answer without its frame.
pub(crate) fn mllp(address: SocketAddr, message: &str) -> String {
    let mut stream = connect(address);
    stream.write_all(&[b"\x0b", message.as_bytes(), b"\x1c\r"].concat()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\x1c\r") {
        let mut part = [0; 65536];
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "ended after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..length]);
    }
    assert_eq!(answer[0], 0x0b);
    String::from_utf8(answer[1..answer.len() - 2].to_vec()).unwrap()
}

/// A query of the original mode: `QRY^A19` for a patient, `QRY^R02` for results.
pub(crate) fn query(kind: &str, of: &str, what: &str) -> String {
    format!(
        "MSH|^~\\&|INTEG|CLZX|HIS|CLZX|20260101080000||QRY^{kind}|Q{of}|P|2.4||||||UNICODE UTF-8\r\
         QRD|20260101080000|R|I|Q{of}|||50^RD|{of}|{what}\rQRF|HIS\r"
    )
}

/// The fields of all segments of a name.
pub(crate) fn segments<'a>(message: &'a str, name: &str) -> Vec<Vec<&'a str>> {
    let fields = message.split('\r').map(|line| line.split('|').collect::<Vec<_>>());
    fields.filter(|fields| fields[0] == name).collect()
}

/// Sends records as an analyser does, then takes what the host calls back with: its frames' text.
pub(crate) fn astm(address: SocketAddr, records: &[String], answered: bool) -> String {
    let mut stream = connect(address);
    exchange(&mut stream, &[ENQ]);
    for (number, record) in (1_u8..).zip(records) {
        exchange(&mut stream, &frame(number % 8, record));
    }
    stream.write_all(&[EOT]).unwrap();
    if answered { receive(&mut stream) } else { String::new() }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn exchange(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    assert_eq!(byte(stream), ACK, "to {:?}", String::from_utf8_lossy(bytes));
}

fn byte(stream: &mut TcpStream) -> u8 {
    let mut one = [0];
    stream.read_exact(&mut one).unwrap();
    one[0]
}

/// STX, number, text, CR, ETX, checksum, CR LF: ASTM E1381 6.3.
pub(crate) fn frame(number: u8, record: &str) -> Vec<u8> {
    let body = format!("{number}{record}\r\x03");
    let sum = body.bytes().fold(0_u8, u8::wrapping_add);
    format!("\x02{body}{sum:02X}\r\n").into_bytes()
}

/// Acknowledges everything until EOT; joins the frames and checks each sum.
fn receive(stream: &mut TcpStream) -> String {
    assert_eq!(byte(stream), ENQ);
    let mut text = Vec::new();
    loop {
        stream.write_all(&[ACK]).unwrap();
        if byte(stream) == EOT {
            let (text, _, broken) = encoding_rs::GB18030.decode(&text);
            assert!(!broken, "{text}");
            return text.into_owned();
        }
        let mut body = Vec::new();
        while !matches!(body.last(), Some(0x03 | 0x17)) {
            body.push(byte(stream));
        }
        let sum = body.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        let told: Vec<u8> = (0..4).map(|_| byte(stream)).collect();
        assert_eq!(told, format!("{sum:02X}\r\n").into_bytes());
        text.extend_from_slice(&body[1..body.len() - 1]);
    }
}
