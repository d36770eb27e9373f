//! WADO-RS of the plugin: objects, metadata, frames and pictures, in the syntax that is asked for.

use std::sync::Arc;

use rand::RngExt;

use super::answers::{Fault, fault, missing};
use super::web::Plugin;
use crate::archive::{Hit, Level};
use crate::decoys::http::dicomweb::attributes::{Attributes, of_data_set};
use crate::decoys::http::dicomweb::jsoncpp::of_attributes;
use crate::decoys::http::dicomweb::objects::{frame, instances};
use crate::decoys::http::dicomweb::{multipart, tell};
use crate::decoys::http::engine::{Piece, Reply};
use crate::wire::dicom::dataset::{DataSet, TransferSyntax, tags};

/// Quality of JPEG pictures, the product's default.
const QUALITY: u16 = 90;

/// In which syntax objects are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    AsKept,
    In(TransferSyntax),
}

impl Plugin<'_> {
    fn boundary(&self) -> String {
        let mut rng = self.ask.session.rng(&format!("orthanc/boundary/{}", self.ask.turn));
        let mut uuid = || uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string();
        // The plugin cuts two UUIDs to the 70 characters that a boundary may have.
        format!("{}-{}", uuid(), uuid()).chars().take(70).collect()
    }

    /// WADO-RS of objects: they go out one by one, of unknown length.
    pub(super) fn retrieve(&self, study: &str, series: Option<&str>, instance: Option<&str>) -> Reply {
        let wanted = match self.wanted() {
            Ok(wanted) => wanted,
            Err(details) => return fault(self.ask, Fault::BadRequest, Some(&details)),
        };
        let hits = instances(&self.holdings, study, series, instance);
        let Some(first) = hits.first() else {
            let (what, uid) = match (series, instance) {
                (_, Some(uid)) => ("instance", uid),
                (Some(uid), None) => ("series", uid),
                (None, None) => ("study", study),
            };
            return self.inexistent(what, uid);
        };
        let (shelf, seen) = (Arc::clone(&self.app.shelf), self.holdings.clone());
        let file = move |hit: &Hit| match wanted {
            Wanted::AsKept => shelf.file(&seen, hit),
            Wanted::In(syntax) => shelf.file_in(&seen, hit, syntax),
        };
        // What can't be coded so shows with the first object.
        if self.ask.session.heavy(|| file(first)).is_none() {
            return fault(self.ask, Fault::Plugin, None);
        }
        tell::instances(self.ask.session, &hits);
        let boundary = self.boundary();
        let kind = format!("multipart/related; type=\"application/dicom\"; boundary={boundary}");
        let end = Piece { bytes: format!("--{boundary}--\r\n").into(), reference: None };
        let parts = hits.into_iter().filter_map(move |hit| {
            let uid = hit.instance.as_ref().map_or("", |instance| instance.uid());
            let bytes = part(&boundary, "application/dicom", None, &file(&hit)?).into();
            Some(Piece { bytes, reference: Some(format!("dicom file {uid}")) })
        });
        Reply::new(200).typed(kind).with_pieces(Box::new(parts.chain(std::iter::once(end))), None)
    }

    /// What `Accept` asks for, read as the plugin reads it: one type, and of parameters that come
    /// twice the last.
    ///
    /// # Errors
    /// What it says of a header that it can't serve.
    fn wanted(&self) -> Result<Wanted, String> {
        let accept = String::from_utf8_lossy(self.ask.head.header("Accept").unwrap_or_default()).into_owned();
        wanted(&accept)
    }

    pub(super) fn metadata(&self, study: &str, series: Option<&str>, instance: Option<&str>) -> Reply {
        let hits = instances(&self.holdings, study, series, instance);
        if hits.is_empty() {
            let what = if instance.is_some() {
                "instance"
            } else if series.is_some() {
                "series"
            } else {
                "study"
            };
            return self.inexistent(what, instance.or(series).unwrap_or(study));
        }
        tell::instances(self.ask.session, &hits);
        let items: Vec<String> = self.ask.session.heavy(|| {
            let sets =
                hits.iter().filter_map(|hit| Some((hit, self.app.shelf.data_set(&self.holdings, hit)?)));
            sets.map(|(hit, set)| of_attributes(&self.all_attributes(hit, &set)).tabbed()).collect()
        });
        let body = format!("[{}\n]", items.join("\n,"));
        Reply::new(200).typed("application/dicom+json").with_body(body)
    }

    fn all_attributes(&self, hit: &Hit, set: &DataSet) -> Attributes {
        let place = self.url(hit, Level::Image);
        of_data_set(set, set.charset(), &|tag| {
            (tag == tags::PIXEL_DATA)
                .then(|| format!("{place}/bulk/{:04x}{:04x}", tag.group(), tag.element()))
        })
    }

    pub(super) fn frames(&self, study: &str, series: &str, instance: &str, list: &str) -> Reply {
        let hits = instances(&self.holdings, study, Some(series), Some(instance));
        let Some(found) = hits.first() else { return self.inexistent("instance", instance) };
        let numbers: Option<Vec<usize>> =
            list.split(',').map(|text| text.parse().ok().filter(|n| *n > 0)).collect();
        let Some(numbers) = numbers else { return fault(self.ask, Fault::OutOfRange, None) };
        tell::instances(self.ask.session, &hits);
        let set = self.ask.session.heavy(|| self.app.shelf.data_set(&self.holdings, found));
        let Some(set) = set else { return missing() };
        let boundary = self.boundary();
        let syntax = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1";
        let mut out = Vec::new();
        for number in numbers {
            let Some(bytes) = frame(&set, number.saturating_sub(1)).0 else {
                return fault(self.ask, Fault::OutOfRange, None);
            };
            let place = format!("{}/frames/{number}", self.url(found, Level::Image));
            out.extend(part(&boundary, syntax, Some(&place), &bytes));
        }
        out.extend_from_slice(format!("--{boundary}--").as_bytes());
        let kind = format!("multipart/related; type=\"{syntax}\"; boundary={boundary}");
        Reply::new(200).typed(kind).with_bulk(out, format!("frames of {instance}"))
    }

    pub(super) fn picture(&self, found: &Hit, frame: usize) -> Reply {
        let uid = found.instance.as_ref().map_or("", |instance| instance.uid());
        let draw = || Some(self.app.shelf.picture(&self.holdings, found, frame)?.jpeg(QUALITY));
        match self.ask.session.heavy(draw) {
            Some(picture) => {
                Reply::new(200).typed("image/jpeg").with_bulk(picture, format!("picture of {uid}"))
            }
            None => fault(self.ask, Fault::BadFile, None),
        }
    }
}

fn wanted(accept: &str) -> Result<Wanted, String> {
    let plain = Wanted::In(TransferSyntax::ExplicitLittle);
    let kind = accept.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind.is_empty() || kind == "*/*" {
        return Ok(plain);
    }
    if kind != "multipart/related" {
        return Err(format!("This WADO-RS plugin cannot generate the following content type: {accept}"));
    }
    let last = |name| multipart::last_parameter(accept.as_bytes(), name).map(String::from_utf8_lossy);
    if last("type").is_some_and(|kind| !kind.eq_ignore_ascii_case("application/dicom")) {
        return Err(format!(
            "This WADO-RS plugin only supports application/dicom return type for DICOM retrieval ({accept})"
        ));
    }
    match last("transfer-syntax").as_deref() {
        None => Ok(plain),
        Some("*") => Ok(Wanted::AsKept),
        Some(uid) => TransferSyntax::from_uid(uid)
            .map(Wanted::In)
            .ok_or_else(|| format!("Unsupported transfer syntax in WADO-RS: {uid}")),
    }
}

fn part(boundary: &str, kind: &str, place: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut out = format!("--{boundary}\r\n");
    if let Some(place) = place {
        out.push_str(&format!("Content-Location: {place}\r\n"));
    }
    out.push_str(&format!(
        "Content-Type: {kind}\r\nContent-Length: {}\r\nMIME-Version: 1.0\r\n\r\n",
        body.len()
    ));
    let mut out = out.into_bytes();
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dicom::dataset::Coding;

    #[test]
    fn headers_are_read_as_the_plugin_reads_them() {
        let plain = Ok(Wanted::In(TransferSyntax::ExplicitLittle));
        for accept in ["", "*/*", "multipart/related", "multipart/related; foo=bar"] {
            assert_eq!(wanted(accept), plain, "{accept}");
        }
        let of = |rest: &str| wanted(&format!("Multipart/Related; Type=\"application/dicom\"; {rest}"));
        assert_eq!(of("Transfer-Syntax=*"), Ok(Wanted::AsKept));
        assert_eq!(
            of("transfer-syntax=1.2.840.10008.1.2.5"),
            Ok(Wanted::In(TransferSyntax::Encapsulated(Coding::Rle)))
        );
        assert_eq!(
            of("transfer-syntax=9.9, multipart/related; transfer-syntax=\"1.2.840.10008.1.2\""),
            Ok(Wanted::In(TransferSyntax::ImplicitLittle))
        );
        assert_eq!(of("transfer-syntax=9.9"), Err("Unsupported transfer syntax in WADO-RS: 9.9".into()));
        assert!(wanted("application/dicom").unwrap_err().ends_with("content type: application/dicom"));
        assert!(wanted("multipart/related; type=image/jpeg").unwrap_err().contains("(multipart/related;"));
    }
}
