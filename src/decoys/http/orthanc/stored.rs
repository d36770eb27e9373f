//! What the storage area tells of an instance's file: meta information, metadata, attachment.

use std::collections::BTreeMap;

use md5::{Digest, Md5};

use super::Orthanc;
use super::answers::{self, json, missing, text};
use super::index::{Id, StudyIds};
use super::levels;
use super::resources::{received, stamp};
use crate::archive::Hit;
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::engine::{Ask, Reply};

/// Where the value of the meta information's group length lies in a file (PS3.10 7.1).
const GROUP_LENGTH: std::ops::Range<usize> = 140..144;
/// Pixel Data (7FE0,0010) as it is written in little endian.
const PIXEL_DATA: [u8; 4] = [0xe0, 0x7f, 0x10, 0x00];

impl Orthanc {
    /// `metadata` of an instance and what is below it.
    pub(super) fn metadata(
        &self,
        ask: &Ask<'_>,
        study: &StudyIds,
        found: &Hit,
        file: &[u8],
        path: &[&str],
    ) -> Reply {
        let known = self.metadata_of(study, found, file);
        match path {
            [wanted] => levels::value(ask, known, wanted),
            [] => levels::values(ask, known),
            _ => missing(),
        }
    }

    /// In the order of the product's numbers for them.
    fn metadata_of(&self, study: &StudyIds, found: &Hit, file: &[u8]) -> Vec<(&'static str, String)> {
        let instance = found.instance.as_ref();
        let number = instance.and_then(|i| i.world()).map(|world| world.number.to_string());
        // The collection is fed by the first archive of its table.
        let from = self.behaviour.modality.first();
        let device = || study.entry.world().map(|(s, _)| s.device.ae_title.clone());
        let sender = from.map(|from| from.ae_title.clone()).or_else(device);
        let mut known = vec![
            ("IndexInSeries", number.unwrap_or_default()),
            ("ReceptionDate", stamp(received(study))),
            ("RemoteAET", sender.unwrap_or_default()),
            ("Origin", "DicomProtocol".to_owned()),
            ("TransferSyntax", "1.2.840.10008.1.2.1".to_owned()),
            ("SopClassUid", instance.map(|i| i.sop_class().to_owned()).unwrap_or_default()),
        ];
        known.extend(from.map(|from| ("RemoteIP", from.address.clone())));
        known.push(("CalledAET", self.shelf.ae_title.clone()));
        let pixels = file.windows(PIXEL_DATA.len()).position(|bytes| bytes == PIXEL_DATA);
        known.extend(pixels.map(|offset| ("PixelDataOffset", offset.to_string())));
        known
    }

    /// The meta information of the file.
    pub(super) fn header(&self, found: &Hit, file: &[u8]) -> Json {
        let (class, uid) =
            found.instance.as_ref().map_or(("", ""), |instance| (instance.sop_class(), instance.uid()));
        let length = file.get(GROUP_LENGTH).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let length = length.map_or(0, u32::from_le_bytes).to_string();
        let one = |tag: &str, name: &str, value: &str| {
            let object =
                [("Name", Json::text(name)), ("Type", Json::text("String")), ("Value", Json::text(value))];
            (tag.to_owned(), Json::object(object))
        };
        Json::Object(BTreeMap::from([
            one("0002,0000", "FileMetaInformationGroupLength", &length),
            one("0002,0002", "MediaStorageSOPClassUID", class),
            one("0002,0003", "MediaStorageSOPInstanceUID", uid),
            one("0002,0010", "TransferSyntaxUID", "1.2.840.10008.1.2.1"),
            one("0002,0012", "ImplementationClassUID", &self.shelf.implementation),
            one("0002,0013", "ImplementationVersionName", &self.shelf.version),
        ]))
    }

    /// What lies below the one attachment of an instance, its file; nothing is kept compressed.
    pub(super) fn attachment(
        &self,
        ask: &Ask<'_>,
        holdings: &Seen,
        (id, found): (Id, &Hit),
        path: &[&str],
    ) -> Reply {
        let file = || ask.session.heavy(|| self.shelf.file(holdings, found));
        let md5 = |file: &[u8]| {
            let digest = ask.session.heavy(|| Md5::digest(file));
            digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let reply = match path {
            [] => json(&Json::texts([
                "compress",
                "compressed-data",
                "compressed-md5",
                "compressed-size",
                "data",
                "info",
                "is-compressed",
                "md5",
                "size",
                "uncompress",
                "verify-md5",
                "uuid",
            ])),
            ["size" | "compressed-size"] => file().map_or_else(missing, |file| text(file.len().to_string())),
            ["md5" | "compressed-md5"] => file().map_or_else(missing, |file| text(md5(&file))),
            ["info"] => file().map_or_else(missing, |file| {
                let (digest, size) = (Json::text(md5(&file)), Json::number(file.len()));
                json(&Json::object([
                    ("CompressedMD5", digest.clone()),
                    ("CompressedSize", size.clone()),
                    ("ContentType", Json::number(1)),
                    ("UncompressedMD5", digest),
                    ("UncompressedSize", size),
                    ("Uuid", Json::text(self.file_uuid(id))),
                ]))
            }),
            ["is-compressed"] => text("0"),
            _ => return answers::fault(ask, answers::Fault::Unknown, None),
        };
        match file() {
            Some(file) => answers::revised(reply, &file),
            None => reply,
        }
    }
}
