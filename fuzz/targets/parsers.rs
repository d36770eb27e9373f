//! Codecs on their own: what they read is what they write, and how the input is split changes nothing.

use bytes::{Bytes, BytesMut};
use honeyward::decoys::ftp;
use honeyward::decoys::http::body::{BodyReader, Progress};
use honeyward::decoys::http::parser::{HeadParser, Step};
use honeyward::decoys::http::{cookie, form, range, uri};
use honeyward::decoys::smb::crypto::{self, Cipher};
use honeyward::decoys::smb::{frame as netbios, negotiate, packet, path, smb1};
use honeyward::decoys::ssh::{preamble, shell};
use honeyward::decoys::{astm, pjl, poct};
use honeyward::event::frame;
use honeyward::imaging::codec::Picture;
use honeyward::record::packets::pcapng;
use honeyward::record::transcript;
use honeyward::wire::content;
use honeyward::wire::dicom::command::Command;
use honeyward::wire::dicom::dataset::{Coding, DataSet, TransferSyntax, inflate};
use honeyward::wire::dicom::elements::Elements;
use honeyward::wire::dicom::pdu::{Associate, Header, values};
use honeyward::wire::hl7;
use honeyward::wire::pixels::Shape;

pub(super) fn frame(input: &[u8]) {
    let Ok(Some(length)) = frame::frame_length(input) else { return };
    assert!(length <= input.len());
    let Ok(event) = frame::decode(&input[..length]) else { return };
    let mut again = Vec::new();
    if frame::encode(&event, &mut again).is_ok() {
        assert_eq!(frame::decode(&again), Ok(event));
    }
}

pub(super) fn dicom_pdu(input: &[u8]) {
    let Some(header) = Header::read(input) else { return };
    assert!(header.whole() >= 6);
    let body = Bytes::copy_from_slice(&input[6..]);
    let _ = Associate::version_of(&body);
    if let Ok(found) = values(&body) {
        assert!(found.iter().map(|v| v.bytes.len()).sum::<usize>() <= body.len());
    }
    if let Ok(asked) = Associate::read(&body) {
        let _ = asked.accept();
        let again = asked.request().slice(6..);
        assert!(Associate::read(&again).is_ok(), "what was written can be read");
    }
}

/// The first bytes choose coding, size and depth; the rest is a frame's stream.
pub(super) fn pixels(input: &[u8]) {
    let Some(([coding, columns, rows, depth], stream)) = input.split_first_chunk::<4>() else { return };
    let codings = [
        Coding::Rle,
        Coding::JpegBaseline,
        Coding::JpegExtended,
        Coding::JpegLosslessFirstOrder,
        Coding::JpegLsLossless,
        Coding::JpegLsNearLossless,
        Coding::Jpeg2000Lossless,
    ];
    let allocated = if depth & 1 == 0 { 8 } else { 16 };
    let shape = Shape {
        columns: u16::from(*columns),
        rows: u16::from(*rows),
        components: if depth & 2 == 0 { 1 } else { 3 },
        allocated,
        stored: allocated,
    };
    let coding = codings[usize::from(*coding) % codings.len()];
    if let Ok(frame) = honeyward::wire::pixels::frame(coding, stream, shape) {
        let pixels = usize::from(shape.columns) * usize::from(shape.rows);
        let samples = usize::from(shape.components) * usize::from(allocated / 8);
        assert_eq!(frame.len(), pixels * samples, "never more than was said");
    }
}

/// What a deflated input may grow to: enough for any data set of the corpus.
const MAX_INFLATED: usize = 64 << 10;

/// The first byte chooses the transfer syntax.
pub(super) fn dicom_dataset(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let encapsulated = TransferSyntax::Encapsulated(Coding::JpegLosslessFirstOrder);
    let [implicit, explicit, big] = TransferSyntax::PLAIN;
    let syntaxes = [implicit, explicit, big, encapsulated, TransferSyntax::Deflated];
    let syntax = syntaxes[usize::from(*choice) % syntaxes.len()];
    let bytes = if syntax == TransferSyntax::Deflated {
        inflate(rest, MAX_INFLATED)
    } else {
        Bytes::copy_from_slice(rest)
    };
    assert!(Elements::of(bytes.clone(), syntax).count() <= bytes.len() / 8 + 1);
    let _ = Command::read(bytes.clone());
    let Ok(found) = DataSet::decode(&bytes, syntax) else { return };
    for (tag, _) in found.iter() {
        let _ = (found.texts(tag), found.u16(tag), found.u32(tag), found.integer(tag), found.items(tag));
    }
    if let Some(picture) = Picture::of(&found, 0, None) {
        assert!(!picture.jpeg(90).is_empty() && !picture.png().is_empty());
    }
    let written = found.encode(syntax);
    assert_eq!(written.len(), found.encoded_len(syntax));
    assert!(DataSet::decode(&written, syntax).is_ok(), "what was written can be read");
}

pub(super) fn content(input: &[u8]) {
    let file = Bytes::copy_from_slice(input);
    let report = content::inspect(&file);
    assert!(report.found.len() <= content::MAX_FOUND);
    for finding in report.found {
        assert!(finding.at.start <= finding.at.end && finding.at.end <= file.len());
    }
    let _ = content::injection(input);
}

pub(super) fn hl7(input: &[u8]) {
    for part in hl7::split(input) {
        let text = hl7::Text::decode(part, hl7::Charset::Gb18030);
        drop(text);
        let Ok(message) = hl7::Message::parse(part) else { continue };
        for segment in message.segments() {
            for n in 0..40 {
                let field = segment.field(n);
                for repetition in field.repetitions().take(8) {
                    let component = repetition.component(1);
                    assert!(component.raw().len() <= part.len());
                    let _ = (component.subcomponent(1).value(), component.text());
                }
            }
        }
        let mut writer = hl7::Writer::new(message.delimiters());
        writer.header("MSH").put(9, "ACK").put(10, &message.msh(10).text());
        let _ = writer.finish();
    }
}

/// The first byte chooses how strict the engine is.
pub(super) fn mllp(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let before_start = [hl7::BeforeStart::Skip, hl7::BeforeStart::Close][usize::from(choice & 1)];
    let lone_end =
        [hl7::LoneEnd::Ends, hl7::LoneEnd::Content, hl7::LoneEnd::Close][usize::from(choice >> 1) % 3];
    let framing = hl7::Framing { before_start, lone_end };
    let heard = |size: usize| {
        let mut deframer = hl7::Deframer::new(framing);
        let mut input = BytesMut::new();
        let mut all = Vec::new();
        for chunk in rest.chunks(size.max(1)) {
            input.extend_from_slice(chunk);
            while let Some(heard) = deframer.next(&mut input) {
                let broken = matches!(heard, hl7::Heard::Broken(..));
                all.push(heard);
                if broken {
                    return messages(all);
                }
            }
        }
        all.extend(deframer.close());
        messages(all)
    };
    assert_eq!(heard(1), heard(rest.len()));
}

/// Samples of noise may be cut differently; messages may not.
fn messages(heard: Vec<hl7::Heard>) -> Vec<BytesMut> {
    heard.into_iter().filter_map(|h| if let hl7::Heard::Message(m) = h { Some(m) } else { None }).collect()
}

pub(super) fn poct1a(input: &[u8]) {
    let mut left = BytesMut::from(input);
    for _ in 0..64 {
        let before = left.len();
        match poct::next_document(&mut left) {
            poct::Reading::Document(document) => {
                assert!(left.len() < before && !document.root.is_empty());
                let _ = document.groups("OBS").map(|group| group.value("OBS.value").len()).sum::<usize>();
            }
            poct::Reading::More | poct::Reading::Broken(_) => return,
        }
    }
}

pub(super) fn astm(input: &[u8]) {
    if let Ok(frame) = astm::parse_frame(input) {
        let written = astm::encode_frame(frame.number, frame.text, true);
        assert!(written.len() > frame.text.len());
    }
    for message in astm::Message::split(input) {
        for record in message.records() {
            for n in 0..20 {
                for part in record.repetitions(n).take(8) {
                    let _ = record.components(part);
                }
            }
        }
    }
}

pub(super) fn http_head(input: &[u8]) {
    assert_eq!(heads(input, 1), heads(input, input.len()));
    let _ = (uri::nginx_path(input), uri::tomcat_path(input, input), uri::percent_decode(input));
    let _ = (form::Fields::parse(input), cookie::find(input, "JSESSIONID"), range::parse(input, 1000));
    let line = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    if let Some(boundary) = form::boundary(&input[..line]) {
        let _ = form::parts(input, boundary);
    }
    assert_eq!(chunks(input, 1), chunks(input, input.len()));
}

/// A chunked body that comes in pieces of `size`, and how it ended.
fn chunks(input: &[u8], size: usize) -> (Vec<u8>, Progress) {
    const LIMIT: usize = 4096;
    let (mut body, mut rest, mut sink) = (BodyReader::chunked(), BytesMut::new(), Vec::new());
    for piece in input.chunks(size.max(1)) {
        rest.extend_from_slice(piece);
        let progress = body.advance(&mut rest, &mut sink, LIMIT);
        assert!(sink.len() <= LIMIT);
        if progress != Progress::More {
            return (sink, progress);
        }
    }
    (sink, Progress::More)
}

/// The heads of a stream that comes in chunks of `size`, up to a refusal.
fn heads(input: &[u8], size: usize) -> Vec<String> {
    let mut parser = HeadParser::default();
    let mut bytes = BytesMut::new();
    let mut found = Vec::new();
    for chunk in input.chunks(size.max(1)) {
        bytes.extend_from_slice(chunk);
        loop {
            match parser.advance(&mut bytes) {
                Step::More => break,
                Step::Head(head) => {
                    let headers: Vec<_> = head.headers().collect();
                    found.push(format!("{:?} {:?} {headers:?}", head.method(), head.target()));
                }
                Step::Refused { refusal, version, .. } => {
                    found.push(format!("{refusal:?} {version:?}"));
                    return found;
                }
            }
        }
    }
    found
}

/// A whole input as a script; its first line as a pattern for the rest, as `grep` would use it.
pub(super) fn ssh_shell(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _ = shell::parser::parse(&text);
    let (pattern, rest) = text.split_once('\n').unwrap_or((&text, ""));
    for extended in [false, true] {
        if let Ok(found) = shell::regex::Regex::new(pattern, extended, false) {
            let _ = found.is_match(rest);
        }
    }
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    let _ = (preamble::judge(&input[..end]), preamble::kexinit(input));
}

pub(super) fn pcapng(input: &[u8]) {
    let mut blocks = pcapng::Blocks::new(input, 0);
    let mut read = 0;
    while let Ok(Some(block)) = blocks.next_block() {
        read += block.bytes.len();
        if let Some(packet) = block.packet() {
            assert!(packet.data.len() <= block.bytes.len());
        }
        let _ = (block.interface(), block.statistics());
    }
    assert!(read <= input.len());
}

pub(super) fn transcript(input: &[u8]) {
    let Ok(entries) = transcript::entries(input) else { return };
    let _ = entries.session();
    assert!(entries.count() <= input.len() / 13);
}

/// Envelopes and resources: what is read is bounded, and no entity is expanded.
pub(super) fn soap_envelope(input: &[u8]) {
    let _ = honeyward::decoys::http::soap::envelope::read(input);
    if let Ok(root) = honeyward::decoys::http::xml::parse(input) {
        assert!(root.text.len() <= input.len(), "nothing is expanded");
    }
}

/// Packets of Remote Desktop as they come, then each as all that it may be.
pub(super) fn rdp(input: &[u8]) {
    use honeyward::decoys::rdp::{
        capabilities, credssp, gcc, info, input as events, mcs, negotiation, share, tpkt,
    };
    let mut rest = BytesMut::from(input);
    while let Ok(Some(packet)) = tpkt::next(&mut rest, true) {
        match packet {
            tpkt::Packet::Slow(tpdu) => {
                let _ = negotiation::ConnectionRequest::parse(&tpdu);
                let _ = tpkt::payload(&tpdu).and_then(mcs::Domain::parse);
            }
            tpkt::Packet::Fast(first, body) => {
                let _ = events::fast(first, &body);
            }
        }
    }
    if let Some(client) = gcc::ClientData::parse(input) {
        assert!(client.channels.len() <= gcc::MAX_CHANNELS);
    }
    if let Some(request) = credssp::TsRequest::parse(input) {
        assert_eq!(credssp::TsRequest::parse(&request.write()), Some(request));
    }
    let _ = credssp::Credentials::parse(input);
    let _ = info::Info::parse(input);
    let _ = capabilities::Client::parse(input);
    let _ = share::Pdu::parse(input);
    let _ = events::slow(input);
}

/// A message of SMB as every reader of one may meet it.
pub(super) fn smb(input: &[u8]) {
    if let Some(messages) = packet::chain(input) {
        let all: usize = messages.iter().map(|(_, message)| message.len()).sum();
        assert!(all <= input.len() && !messages.is_empty());
        for (header, message) in messages {
            assert_eq!(packet::Header::read(&header.write()), Some(header));
            let _ = negotiate::Negotiate::read(message);
        }
    }
    let _ = netbios::names(input);
    let _ = smb1::dialects(input);
    let _ = crypto::open(Cipher::Ccm, &[7; 16], input);
    let text = packet::text(input);
    if let Some(path) = path::Path::below_share(&text) {
        assert_eq!(path.key(), path::Path::below_share(&path.key()).unwrap_or_default().key());
    }
    let (pattern, name) = text.split_at(text.floor_char_boundary(text.len() / 2));
    assert!(
        name.is_empty()
            || path::matches(
                &name.replace(['<', '>', '"', '?', '*'], "_"),
                &name.replace(['<', '>', '"', '?', '*'], "_")
            )
    );
    let _ = path::matches(pattern, name);
}

/// Lines of FTP's control connection.
pub(super) fn ftp(input: &[u8]) {
    let mut rest = BytesMut::from(input);
    loop {
        let before = rest.len();
        match ftp::next(&mut rest) {
            ftp::Line::More | ftp::Line::Long => break,
            ftp::Line::Command(name, argument) => {
                assert!(!name.contains(' ') && argument.len() < before && rest.len() < before);
            }
        }
    }
}

/// A line of the printer job language.
pub(super) fn pjl(input: &[u8]) {
    if let Some(command) = pjl::command::Command::parse(input) {
        for name in ["NAME", "SIZE", "OFFSET"] {
            let _ = (command.option(name), command.number(name));
        }
        assert!(command.again().starts_with("@PJL"));
    }
}
