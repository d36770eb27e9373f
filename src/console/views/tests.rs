use super::*;

fn at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn said(to_peer: bool, bytes: &[u8]) -> Entry {
    Entry { at: at(), what: What::Bytes { to_peer, bytes: bytes.to_vec() } }
}

#[test]
fn http_is_cut_into_messages_at_whatever_points_it_came() {
    let request = b"POST /login HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\na=b&cGET /x HTTP/1.1\r\n\r\n";
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for cut in 0..request.len() {
        let entries = [said(false, &request[..cut]), said(false, &request[cut..]), said(true, answer)];
        let (blocks, more) = decode("http", &entries, &[]);
        let titles: Vec<&str> = blocks.iter().map(|block| block.title.as_str()).collect();
        assert_eq!(titles, ["POST /login HTTP/1.1", "GET /x HTTP/1.1", "HTTP/1.1 200 OK"], "{cut}");
        assert_eq!((blocks[0].text.as_deref(), blocks[2].text.as_deref()), (Some("a=b&c"), Some("abc")));
        assert!(!more);
    }
}

#[test]
fn hl7_has_its_fields() {
    let message = "\u{b}MSH|^~\\&|HIS|CL|LIS|CL|20260101||ADT^A01|7|P|2.4\rPID|1||C001||张^伟\r\u{1c}\r";
    let (blocks, _) = decode("mllp", &[said(false, message.as_bytes())], &[]);
    assert_eq!(blocks[0].title, "ADT^A01 7");
    assert!(
        blocks[0].rows.contains(&vec!["PID-5".into(), "Patient Name".into(), "张^伟".into()]),
        "{blocks:?}"
    );
    assert!(blocks[0].rows.contains(&vec!["MSH-9".into(), "Message Type".into(), "ADT^A01".into()]));
}

#[test]
fn astm_has_its_records() {
    let (blocks, _) =
        decode("astm", &[said(false, b"\x05\x021H|\\^&|||XN\r\x03A1\r\n\x04"), said(true, b"\x06")], &[]);
    let titles: Vec<&str> = blocks.iter().map(|block| block.title.as_str()).collect();
    assert_eq!(titles, ["ENQ", "H Header", "EOT", "ACK"]);
    assert_eq!(blocks[1].rows, [["H-2", "", "\\^&"], ["H-5", "Sender", "XN"]]);
}

#[test]
fn a_dicom_echo_is_told() {
    let mut command = vec![0u8, 0, 0, 0, 4, 0, 0, 0, 56, 0, 0, 0];
    for (element, value) in [(0x0100u16, 0x0030u16), (0x0110, 1), (0x0800, 0x0101)] {
        command.extend_from_slice(&[0, 0]);
        command.extend_from_slice(&element.to_le_bytes());
        command.extend_from_slice(&[2, 0, 0, 0]);
        command.extend_from_slice(&value.to_le_bytes());
    }
    let mut pdu = vec![4, 0, 0, 0, 0, u8::try_from(command.len() + 6).unwrap()];
    pdu.extend_from_slice(&[0, 0, 0, u8::try_from(command.len() + 2).unwrap(), 1, 3]);
    pdu.extend_from_slice(&command);
    for cut in 0..pdu.len() {
        let (blocks, _) = decode("dicom", &[said(false, &pdu[..cut]), said(false, &pdu[cut..])], &[]);
        assert_eq!(blocks.len(), 1, "{cut}");
        assert_eq!(blocks[0].title, "C-ECHO-RQ");
    }
}

#[test]
fn nothing_hides_and_nothing_panics() {
    for service in ["dicom", "http", "mllp", "astm"] {
        for first in 0..=255u8 {
            let bytes: Vec<u8> = (0..64).map(|n| first.wrapping_add(n * 3)).collect();
            let (blocks, _) = decode(service, &[said(false, &bytes), said(true, &bytes)], &[]);
            assert!(blocks.iter().all(|block| !block.title.contains('\u{1b}')), "{service}");
        }
    }
}
