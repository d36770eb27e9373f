//! WADO-RS and WADO-URI of the archive.

use std::sync::Arc;

use jiff::Timestamp;
use rand::RngExt;

use super::Dcm4chee;
use super::accepted::{Accepted, transfer_syntax};
use super::answers::plain;
use super::outputs::Output;
use super::query::{retrieve_base, url, whole};
use crate::archive::{Hit, Level};
use crate::decoys::http::answer::http_date;
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::attributes::{Attributes, of_data_set};
use crate::decoys::http::dicomweb::objects::{frame, frames, instances, smaller};
use crate::decoys::http::dicomweb::qido::Parameters;
use crate::decoys::http::dicomweb::tell;
use crate::decoys::http::engine::{Ask, Piece, Reply};
use crate::decoys::http::uri::split_target;
use crate::wire::dicom::dataset::{TransferSyntax, tags};

/// Longer side of a thumbnail, pixels: the archive's default.
const THUMBNAIL: u32 = 64;
/// Longer side of a rendered picture, pixels, when the client asks for none.
const RENDERED: u32 = 1024;
/// Quality of JPEG pictures.
const QUALITY: u16 = 85;
/// Largest side that a client may ask for.
const LARGEST: u32 = 2048;
/// Transfer syntax of frames.
const EXPLICIT: &str = "1.2.840.10008.1.2.1";

/// What of the instances is wanted.
enum Part<'a> {
    Objects,
    Metadata,
    Bulk,
    Frames(&'a str),
    /// A frame, counted from 0, and the longer side of its picture.
    Rendered(usize, u32),
}

/// Answers a retrieval; `None` when the path is none.
pub(super) fn answer(app: &Dcm4chee, ask: &Ask<'_>, path: &[&str]) -> Option<Reply> {
    let ["studies", study, rest @ ..] = path else { return None };
    let (series, rest) = match rest {
        ["series", series, rest @ ..] => (Some(*series), rest),
        rest => (None, rest),
    };
    let (instance, rest) = match rest {
        ["instances", instance, rest @ ..] if series.is_some() => (Some(*instance), rest),
        rest => (None, rest),
    };
    let part = match rest {
        [] => Part::Objects,
        ["metadata"] => Part::Metadata,
        ["bulkdata" | "pixeldata"] => Part::Bulk,
        ["frames", list] if instance.is_some() => Part::Frames(list),
        ["rendered"] => Part::Rendered(0, RENDERED),
        ["frames", list, "rendered"] => Part::Rendered(first_frame(list), RENDERED),
        ["thumbnail"] => Part::Rendered(0, THUMBNAIL),
        ["frames", list, "thumbnail"] => Part::Rendered(first_frame(list), THUMBNAIL),
        _ => return None,
    };
    let holdings = app.shelf.seen(ask.session);
    let hits = instances(&holdings, study, series, instance);
    Some(if hits.is_empty() {
        plain(404, "No matches found.")
    } else {
        retrieved(app, ask, &holdings, hits, &part)
    })
}

fn retrieved(app: &Dcm4chee, ask: &Ask<'_>, holdings: &Seen, hits: Vec<Hit>, part: &Part<'_>) -> Reply {
    match part {
        Part::Objects if !takes(ask, &["multipart/related", "application/dicom"]) => Reply::new(406),
        Part::Objects => match Accepted::of(ask) {
            Some(accepted) => objects(app, ask, holdings, hits, accepted),
            None => bulk(app, ask, holdings, hits),
        },
        Part::Metadata => match Output::of(ask) {
            Some(output @ (Output::Json | Output::Xml)) => metadata(app, ask, holdings, &hits, output),
            Some(Output::Csv(_)) | None => Reply::new(406),
        },
        Part::Bulk => bulk(app, ask, holdings, hits),
        Part::Frames(list) => framed(app, ask, holdings, &hits, list),
        Part::Rendered(frame, side) => match hits.get(hits.len() / 2) {
            Some(middle) => picture(app, ask, holdings, middle, (*frame, viewport(ask, *side))),
            None => plain(404, "No matches found."),
        },
    }
}

/// The first frame of a list, counted from 0.
fn first_frame(list: &str) -> usize {
    let first = list.split(',').next().and_then(|text| text.parse::<usize>().ok());
    first.unwrap_or(1).saturating_sub(1)
}

/// Whether one of these kinds, or all, may come back.
fn takes(ask: &Ask<'_>, kinds: &[&str]) -> bool {
    let (_, query) = split_target(ask.head.target());
    let parameters = Parameters::read(query);
    let header = ask.head.header("Accept").map(|v| String::from_utf8_lossy(v).into_owned());
    let text =
        parameters.get("accept").map(str::to_owned).or(header).unwrap_or_default().to_ascii_lowercase();
    text.trim().is_empty() || text.contains("*/*") || kinds.iter().any(|kind| text.contains(kind))
}

fn viewport(ask: &Ask<'_>, side: u32) -> u32 {
    let (_, query) = split_target(ask.head.target());
    let parameters = Parameters::read(query);
    let asked = parameters.get("viewport").or(parameters.get("rows")).or(parameters.get("columns"));
    let first = asked.and_then(|text| text.split(',').next()?.parse::<u32>().ok());
    first.map_or(side, |side| side.clamp(16, LARGEST))
}

/// `Last-Modified` and `ETag`: when the study came to rest.
fn dated(reply: Reply, hit: &Hit) -> Reply {
    let at = hit.entry.started().as_second() + 1800;
    let at = Timestamp::from_second(at).unwrap_or(hit.entry.started());
    let tag = at.as_millisecond();
    // The tag is the hash of a Java date: both halves of its milliseconds, folded.
    let folded = (tag ^ (tag >> 32)) & 0xffff_ffff;
    let folded = i32::from_le_bytes(u32::try_from(folded).unwrap_or(0).to_le_bytes());
    reply
        .with("Last-Modified", http_date(at))
        .with("ETag", format!("\"{folded}\""))
        .with("Accept-Ranges", "none")
}

pub(super) fn boundary(ask: &Ask<'_>) -> String {
    let mut rng = ask.session.rng(&format!("dcm4chee/boundary/{}", ask.turn));
    uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string()
}

fn objects(app: &Dcm4chee, ask: &Ask<'_>, holdings: &Seen, hits: Vec<Hit>, accepted: Accepted) -> Reply {
    tell::instances(ask.session, &hits);
    let boundary = boundary(ask);
    let shelf = Arc::clone(&app.shelf);
    let choose = move |hit: &Hit| accepted.choose(shelf.kept(hit));
    let first = hits.first().map_or(TransferSyntax::ExplicitLittle, &choose).uid();
    let kind = format!(
        "multipart/related;start=\"<{boundary}@resteasy-multipart>\";transfer-syntax={first};type=\"application/dicom\"; boundary={boundary}"
    );
    let reply = hits.first().map_or_else(|| Reply::new(200), |first| dated(Reply::new(200), first));
    let (shelf, holdings) = (Arc::clone(&app.shelf), holdings.clone());
    let chosen = choose.clone();
    let files = move |hit: &Hit| shelf.file_in(&holdings, hit, chosen(hit)).unwrap_or_default();
    let heads = move |hit: &Hit| {
        vec![("Content-Type", format!("application/dicom;transfer-syntax={}", choose(hit).uid()))]
    };
    reply.typed(kind).with_pieces(Box::new(parts(hits, boundary, heads, files)), None)
}

fn bulk(app: &Dcm4chee, ask: &Ask<'_>, holdings: &Seen, hits: Vec<Hit>) -> Reply {
    tell::instances(ask.session, &hits);
    let boundary = boundary(ask);
    let base = retrieve_base(app, ask);
    let reply = hits.first().map_or_else(|| Reply::new(200), |first| dated(Reply::new(200), first));
    let (shelf, holdings) = (Arc::clone(&app.shelf), holdings.clone());
    let pixels = move |hit: &Hit| {
        let set = shelf.data_set(&holdings, hit);
        set.and_then(|set| set.bytes(tags::PIXEL_DATA).cloned()).unwrap_or_default()
    };
    let heads = move |hit: &Hit| {
        vec![
            ("Content-Type", "application/octet-stream".to_owned()),
            ("Content-Location", format!("{}/bulkdata", url(&base, hit, Level::Image))),
        ]
    };
    let kind = format!("multipart/related;type=\"application/octet-stream\"; boundary={boundary}");
    reply.typed(kind).with_pieces(Box::new(parts(hits, boundary, heads, pixels)), None)
}

/// A multipart body, one part of it at a time.
fn parts(
    hits: Vec<Hit>,
    boundary: String,
    heads: impl Fn(&Hit) -> Vec<(&'static str, String)> + Send + 'static,
    body: impl Fn(&Hit) -> bytes::Bytes + Send + 'static,
) -> impl Iterator<Item = Piece> + Send {
    let mut rest = hits.into_iter();
    let mut waiting: Option<Piece> = None;
    let mut ended = false;
    std::iter::from_fn(move || {
        if let Some(piece) = waiting.take() {
            return Some(piece);
        }
        if let Some(hit) = rest.next() {
            let uid = hit.instance.as_ref().map_or("", |instance| instance.uid()).to_owned();
            let mut head = format!("--{boundary}\r\n");
            for (name, value) in heads(&hit) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("\r\n");
            // Each part ends before the next boundary: the line break goes out with the head.
            waiting =
                Some(Piece { bytes: joined(&body(&hit)), reference: Some(format!("dicom instance {uid}")) });
            return Some(Piece { bytes: head.into(), reference: None });
        }
        (!std::mem::replace(&mut ended, true))
            .then(|| Piece { bytes: format!("--{boundary}--").into(), reference: None })
    })
}

fn joined(body: &[u8]) -> bytes::Bytes {
    let mut out = Vec::with_capacity(body.len() + 2);
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
    out.into()
}

fn metadata(app: &Dcm4chee, ask: &Ask<'_>, holdings: &Seen, hits: &[Hit], output: Output) -> Reply {
    tell::instances(ask.session, hits);
    let base = retrieve_base(app, ask);
    let head = hits.first().map_or_else(|| Reply::new(200), |first| dated(Reply::new(200), first));
    let described = |hit: &Hit| {
        let set = app.shelf.data_set(holdings, hit)?;
        let place = format!("{}/bulkdata", url(&base, hit, Level::Image));
        let bulk = |tag| (tag == tags::PIXEL_DATA).then(|| place.clone());
        Some(of_data_set(&set, set.charset(), &bulk))
    };
    ask.session.heavy(|| {
        let all: Vec<Attributes> = hits.iter().filter_map(described).collect();
        output.fill(head, ask, &all, &[])
    })
}

fn framed(app: &Dcm4chee, ask: &Ask<'_>, holdings: &Seen, hits: &[Hit], list: &str) -> Reply {
    let numbers: Option<Vec<usize>> =
        list.split(',').map(|text| text.parse().ok().filter(|n| *n > 0)).collect();
    let Some(numbers) = numbers else {
        return plain(400, &format!("frames: {}", list.replace(['"', '\\'], "")));
    };
    let Some(hit) = hits.first() else { return plain(404, "No matches found.") };
    let Some(set) = ask.session.heavy(|| app.shelf.data_set(holdings, hit)) else {
        return plain(404, "No matches found.");
    };
    if frames(&set) == 0 {
        return plain(404, "Not an image.");
    }
    let kept: Vec<_> = numbers.iter().filter_map(|number| frame(&set, number - 1).0).collect();
    if kept.is_empty() {
        return plain(404, "No such frame.");
    }
    tell::instances(ask.session, hits);
    let boundary = boundary(ask);
    let mut out = Vec::new();
    for bytes in kept {
        let head = format!(
            "--{boundary}\r\nContent-Type: application/octet-stream;transfer-syntax={EXPLICIT}\r\n\r\n"
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&joined(&bytes));
    }
    out.extend_from_slice(format!("--{boundary}--").as_bytes());
    let kind = format!("multipart/related;type=\"application/octet-stream\"; boundary={boundary}");
    dated(Reply::new(200), hit).typed(kind).with_pieces(Box::new(whole(out)), None)
}

/// A frame, counted from 0, as JPEG, or as PNG for who asks for that.
fn picture(app: &Dcm4chee, ask: &Ask<'_>, holdings: &Seen, hit: &Hit, (frame, side): (usize, u32)) -> Reply {
    let uid = hit.instance.as_ref().map_or("", |instance| instance.uid()).to_owned();
    let asked = String::from_utf8_lossy(ask.head.header("Accept").unwrap_or_default()).into_owned();
    let target = String::from_utf8_lossy(ask.head.target()).into_owned();
    let png = (asked.contains("image/png") && !asked.contains("image/jpeg")) || target.contains("image/png");
    let draw = || {
        let picture = smaller(app.shelf.picture(holdings, hit, frame)?, side);
        Some(if png { picture.png() } else { picture.jpeg(QUALITY) })
    };
    let Some(picture) = ask.session.heavy(draw) else { return plain(404, "Not an image.") };
    tell::instances(ask.session, std::slice::from_ref(hit));
    let piece = Piece { bytes: picture.into(), reference: Some(format!("picture of {uid}")) };
    let kind = if png { "image/png" } else { "image/jpeg" };
    dated(Reply::new(200), hit).typed(kind).with_pieces(Box::new(std::iter::once(piece)), None)
}

/// WADO-URI (PS3.18 9).
pub(super) fn uri(app: &Dcm4chee, ask: &Ask<'_>) -> Reply {
    let (_, query) = split_target(ask.head.target());
    let parameters = Parameters::read(query);
    if parameters.get("requestType") != Some("WADO") {
        return plain(400, "Missing or invalid requestType");
    }
    let (study, series, object) =
        (parameters.get("studyUID"), parameters.get("seriesUID"), parameters.get("objectUID"));
    let (Some(study), Some(object)) = (study, object) else {
        return plain(400, "Missing studyUID, seriesUID or objectUID");
    };
    let holdings = app.shelf.seen(ask.session);
    let hits = instances(&holdings, study, series, Some(object));
    let Some(hit) = hits.first() else { return plain(404, "No matches found.") };
    match parameters.get("contentType") {
        None | Some("" | "image/jpeg" | "image/png") => {
            picture(app, ask, &holdings, hit, (0, viewport(ask, RENDERED)))
        }
        Some(kind) if kind.starts_with("application/dicom") => {
            let Some(syntax) = transfer_syntax(parameters.get("transferSyntax"), app.shelf.kept(hit)) else {
                return plain(
                    406,
                    "Supported Transfer Syntaxes for UncompressedSingleFrameImage not acceptable",
                );
            };
            tell::instances(ask.session, &hits);
            let file = ask.session.heavy(|| app.shelf.file_in(&holdings, hit, syntax)).unwrap_or_default();
            let piece = Piece { bytes: file, reference: Some(format!("dicom file {object}")) };
            dated(Reply::new(200), hit)
                .typed(format!("application/dicom;transfer-syntax={}", syntax.uid()))
                .with_pieces(Box::new(std::iter::once(piece)), None)
        }
        Some(_) => plain(406, "Supported Media Types for UncompressedSingleFrameImage not acceptable"),
    }
}
