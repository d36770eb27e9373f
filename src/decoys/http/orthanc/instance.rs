//! One instance: its tags, file, frames and pictures.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Orthanc;
use super::answers::{self, Fault, json, missing};
use super::index::{Id, StudyIds};
use super::levels;
use super::pixels::{self, Nothing, Shading};
use super::resources::hit;
use super::route::parameters;
use crate::archive::{Hit, Level};
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::dicomweb::objects::frames;
use crate::decoys::http::dicomweb::qido::keyword;
use crate::decoys::http::engine::{Ask, Reply};
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax, Value, Vr, tags};

/// Main DICOM tags of an instance.
const MAIN: [Tag; 9] = [
    tags::ACQUISITION_NUMBER,
    tags::IMAGE_COMMENTS,
    tags::IMAGE_ORIENTATION_PATIENT,
    tags::IMAGE_POSITION_PATIENT,
    tags::INSTANCE_CREATION_DATE,
    tags::INSTANCE_CREATION_TIME,
    tags::INSTANCE_NUMBER,
    tags::NUMBER_OF_FRAMES,
    tags::SOP_INSTANCE_UID,
];

/// Longest text that the tags show; longer ones are "too long".
const LONGEST: usize = 256;
/// Quality of JPEG pictures, the product's default.
const QUALITY: u16 = 90;

/// Forms of a picture beside PNG.
const JPEG: &str = "image/jpeg";
const PAM: &str = "image/x-portable-arbitrarymap";

/// Paths below a frame.
const FRAME: [&str; 9] =
    ["image-int16", "image-uint16", "image-uint8", "matlab", "numpy", "preview", "raw", "raw.gz", "rendered"];
/// Paths below an instance.
const BELOW: [&str; 22] = [
    "anonymize",
    "attachments",
    "content",
    "export",
    "file",
    "frames",
    "header",
    "image-int16",
    "image-uint16",
    "image-uint8",
    "matlab",
    "metadata",
    "modify",
    "module",
    "numpy",
    "patient",
    "pdf",
    "preview",
    "rendered",
    "series",
    "simplified-tags",
    "tags",
];

impl Orthanc {
    /// As its own path shows it.
    pub(super) fn instance(
        &self,
        holdings: &Seen,
        study: &StudyIds,
        number: usize,
        nth: usize,
    ) -> Option<Json> {
        let series = study.series.get(number)?;
        let id = series.instances.get(nth)?;
        let found = hit(holdings, study, number, nth)?;
        let set = self.shelf.data_set(holdings, &found)?;
        let size = self.shelf.file(holdings, &found)?.len();
        let main = MAIN.iter().filter_map(|tag| {
            let text = set.text(*tag).filter(|text| !text.is_empty())?;
            Some((keyword(*tag)?.to_owned(), Json::Text(text)))
        });
        Some(Json::object([
            ("FileSize", Json::number(size)),
            ("FileUuid", Json::text(self.file_uuid(*id))),
            ("ID", Json::text(id.to_string())),
            ("IndexInSeries", Json::number(nth + 1)),
            ("MainDicomTags", Json::Object(main.collect())),
            ("ParentSeries", Json::text(series.id.to_string())),
            ("Type", Json::text("Instance")),
        ]))
    }

    /// The name of the file in the storage area: random once, the same ever after.
    pub(super) fn file_uuid(&self, id: Id) -> String {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] =
            self.installation.derive(&format!("orthanc/file/{id}"));
        let raw = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p];
        uuid::Builder::from_random_bytes(raw).into_uuid().to_string()
    }

    /// What lies below an instance.
    pub(super) fn instance_part(
        &self,
        ask: &Ask<'_>,
        holdings: &Seen,
        study: &StudyIds,
        (id, found): (Id, &Hit),
        path: &[&str],
    ) -> Reply {
        let uid = found.instance.as_ref().map_or("", |instance| instance.uid()).to_owned();
        let set = || ask.session.heavy(|| self.shelf.kept_set(holdings, found));
        let file = || ask.session.heavy(|| self.shelf.file(holdings, found));
        match path {
            ["tags"] => set().map_or_else(missing, |set| json(&full(&set, set.charset(), ask))),
            ["simplified-tags"] => set().map_or_else(missing, |set| json(&simplified(&set, set.charset()))),
            ["file"] | ["attachments", "dicom", "data"] => file().map_or_else(missing, |bytes| {
                let name = format!("filename=\"{}.dcm\"", self.file_uuid(id));
                Reply::new(200)
                    .typed("application/dicom")
                    .with("Content-Disposition", name)
                    .with_bulk(bytes, format!("dicom file {uid}"))
            }),
            ["header"] => file().map_or_else(missing, |file| json(&self.header(found, &file))),
            // An object without pixels counts as one frame.
            ["frames"] => set().map_or_else(missing, |set| {
                json(&Json::List((0..frames(&set).max(1)).map(Json::number).collect()))
            }),
            ["frames", number] => set().map_or_else(missing, |set| match number.parse::<usize>() {
                Ok(number) if number < frames(&set).max(1) => json(&Json::texts(FRAME)),
                _ => missing(),
            }),
            ["frames", number, what] => match number.parse::<usize>() {
                Ok(number) => self.pixels(ask, holdings, found, Some(number), what),
                Err(_) => missing(),
            },
            [what] if FRAME.contains(what) => self.pixels(ask, holdings, found, None, what),
            ["metadata", rest @ ..] => {
                file().map_or_else(missing, |file| self.metadata(ask, study, found, &file, rest))
            }
            ["attachments"] if parameters(ask).get("full").is_some() => {
                json(&Json::object([("dicom", Json::number(1))]))
            }
            ["attachments"] => json(&Json::texts(["dicom"])),
            ["module"] => set().map_or_else(missing, |set| json(&levels::module(&set, Level::Image, ask))),
            ["attachments", "dicom", rest @ ..] => self.attachment(ask, holdings, (id, found), rest),
            ["pdf"] => match set().as_ref().and_then(|set| set.bytes(tags::ENCAPSULATED_DOCUMENT)) {
                Some(document) => Reply::new(200)
                    .typed("application/pdf")
                    .with_bulk(unpadded(document), format!("document of {uid}")),
                None => missing(),
            },
            ["content", rest @ ..] => set().map_or_else(missing, |set| content(ask, &set, rest)),
            [] => json(&Json::texts(BELOW)),
            _ => answers::fault(ask, Fault::Unknown, None),
        }
    }

    /// A frame, the first where none is named: as a picture, as numbers, or as it lies in the file.
    fn pixels(&self, ask: &Ask<'_>, holdings: &Seen, found: &Hit, named: Option<usize>, what: &str) -> Reply {
        let number = named.unwrap_or(0);
        let query = parameters(ask);
        let plain = || self.shelf.data_set(holdings, found).unwrap_or_default();
        let about = |kind: &str| {
            format!("{kind} of {}", found.instance.as_ref().map_or("", |instance| instance.uid()))
        };
        let shading = match what {
            "preview" => Shading::Stretched,
            "rendered" => {
                let number = |name: &str| query.get(name).map(str::parse::<f32>);
                match (number("window-center"), number("window-width")) {
                    (None, None) => Shading::Windowed(None),
                    (Some(Ok(centre)), Some(Ok(width))) => Shading::Windowed(Some((centre, width))),
                    _ => return missing(),
                }
            }
            "image-uint8" => Shading::Bytes,
            "image-uint16" => Shading::Words,
            "image-int16" => Shading::Signed,
            "matlab" => {
                return match ask.session.heavy(|| pixels::matlab(&plain(), number)) {
                    Ok(text) => answers::text("").with_bulk(text, about("numbers")),
                    Err(nothing) => no_numbers(ask, nothing),
                };
            }
            "numpy" => {
                let rescaled = query.get("rescale").is_none_or(|value| value == "1" || value == "true");
                return match ask.session.heavy(|| pixels::numpy(&plain(), named, rescaled)) {
                    Ok(file) => {
                        Reply::new(200).typed("application/octet-stream").with_bulk(file, about("numbers"))
                    }
                    Err(nothing) => no_numbers(ask, nothing),
                };
            }
            "raw" | "raw.gz" => {
                return self.raw(ask, holdings, found, number, what == "raw.gz", about("frame"));
            }
            _ => return answers::fault(ask, Fault::Unknown, None),
        };
        self.picture(ask, holdings, found, number, shading)
    }

    /// The bytes of a frame as they are kept.
    fn raw(
        &self,
        ask: &Ask<'_>,
        holdings: &Seen,
        found: &Hit,
        number: usize,
        packed: bool,
        about: String,
    ) -> Reply {
        let set = ask.session.heavy(|| self.shelf.kept_set(holdings, found)).unwrap_or_default();
        if frames(&set) == 0 {
            return answers::fault(ask, Fault::NotImplemented, None);
        }
        match pixels::raw(&set, kept_syntax(found), number) {
            Some((bytes, _)) if packed => {
                let file = ask.session.heavy(|| pixels::gzipped(&bytes));
                Reply::new(200).typed("application/gzip").with_bulk(file, about)
            }
            Some((bytes, kind)) => Reply::new(200).typed(kind).with_bulk(bytes, about),
            None => answers::fault(ask, Fault::OutOfRange, None),
        }
    }

    /// A frame as a picture: PNG, or JPEG or a map for who asks for it.
    fn picture(&self, ask: &Ask<'_>, holdings: &Seen, found: &Hit, number: usize, shading: Shading) -> Reply {
        let uid = found.instance.as_ref().map_or("", |instance| instance.uid());
        let accept = ask.head.header("Accept").unwrap_or_default();
        let accepts = |form: &str| crate::decoys::http::uri::holds(accept, form.as_bytes());
        let form = [JPEG, PAM].into_iter().find(|form| accepts(form)).unwrap_or("image/png");
        // Nothing in it decodes these.
        if kept_syntax(found).coding().is_some_and(pixels::is_jpeg2000) {
            return Reply::new(415);
        }
        let draw = || {
            let set = self.shelf.data_set(holdings, found).unwrap_or_default();
            let drawn = pixels::draw(&set, number, shading)?;
            Ok(match form {
                JPEG => drawn.jpeg(QUALITY),
                PAM => Some(drawn.pam()),
                _ => Some(drawn.png()),
            })
        };
        match ask.session.heavy(draw) {
            Ok(Some(picture)) => Reply::new(200).typed(form).with_bulk(picture, format!("picture of {uid}")),
            Ok(None) | Err(Nothing::OutOfRange) => missing(),
            // No picture in it: the answer says nothing more.
            Err(Nothing::Unsupported) => Reply::new(415),
        }
    }
}

/// The transfer syntax of the file: a peer's own as he stored it.
fn kept_syntax(found: &Hit) -> TransferSyntax {
    let own = found.instance.as_ref().and_then(|instance| instance.own());
    own.and_then(|own| TransferSyntax::from_uid(&own.syntax)).unwrap_or(TransferSyntax::ExplicitLittle)
}

fn no_numbers(ask: &Ask<'_>, nothing: Nothing) -> Reply {
    let fault = match nothing {
        Nothing::Unsupported => Fault::NotImplemented,
        Nothing::OutOfRange => Fault::OutOfRange,
    };
    answers::fault(ask, fault, None)
}

/// A document without the byte that makes its length even.
fn unpadded(document: &Bytes) -> Bytes {
    document.slice(..document.len() - usize::from(document.last() == Some(&0)))
}

/// The value of one element as it lies in the file, or what there is.
fn content(ask: &Ask<'_>, set: &DataSet, path: &[&str]) -> Reply {
    match path {
        [] => json(&Json::texts(set.iter().map(|(tag, _)| dashed(tag)))),
        [name] => {
            let tag = crate::decoys::http::dicomweb::qido::attribute(&name.replace('-', ""));
            match tag.and_then(|tag| set.get(tag)).map(|element| &element.value) {
                Some(Value::Bytes(bytes)) => {
                    Reply::new(200).typed("application/octet-stream").with_body(Bytes::clone(bytes))
                }
                Some(Value::Items(items)) => {
                    json(&Json::List((0..items.len()).map(|at| Json::text(at.to_string())).collect()))
                }
                Some(Value::Fragments(parts)) => {
                    json(&Json::List((0..parts.len()).map(|at| Json::text(at.to_string())).collect()))
                }
                None => missing(),
            }
        }
        _ => answers::fault(ask, Fault::Unknown, None),
    }
}

fn dashed(tag: Tag) -> String {
    format!("{:04x}-{:04x}", tag.group(), tag.element())
}

/// All tags with name, type and value, or only values with `?short`, or names with `?simplify`.
pub(super) fn full(set: &DataSet, charset: Charset, ask: &Ask<'_>) -> Json {
    let (_, query) = crate::decoys::http::uri::split_target(ask.head.target());
    let query = crate::decoys::http::dicomweb::qido::Parameters::read(query);
    if query.get("simplify").is_some() {
        return simplified(set, charset);
    }
    let short = query.get("short").is_some();
    of_set(set, charset, short)
}

fn of_set(set: &DataSet, charset: Charset, short: bool) -> Json {
    let tags = set.iter().filter(|(tag, _)| tag.element() != 0);
    Json::Object(
        tags.map(|(tag, element)| {
            let key = format!("{:04x},{:04x}", tag.group(), tag.element());
            let (kind, value) = match &element.value {
                Value::Items(items) => {
                    ("Sequence", Json::List(items.iter().map(|i| of_set(i, charset, short)).collect()))
                }
                Value::Bytes(_) | Value::Fragments(_) => shown(set, tag, element.vr, charset),
            };
            if short {
                return (key, value);
            }
            let creator = creator(set, tag).filter(|_| tag.group() % 2 == 1);
            let own = creator.as_deref().and_then(|creator| private_keyword(creator, tag));
            let name = keyword(tag).or(own).unwrap_or("Unknown Tag & Data");
            let mut members = BTreeMap::from([
                ("Name".to_owned(), Json::text(name)),
                ("Type".to_owned(), Json::text(kind)),
                ("Value".to_owned(), value),
            ]);
            if let Some(creator) = creator {
                members.insert("PrivateCreator".to_owned(), Json::text(creator));
            }
            (key, Json::Object(members))
        })
        .collect(),
    )
}

/// Who reserved the block of a private element (PS3.5 7.8.1).
fn creator(set: &DataSet, tag: Tag) -> Option<String> {
    let block = tag.element() >> 8;
    (block >= 0x10).then(|| set.text(Tag(tag.group(), block)))?
}

/// What the product's dictionary of private elements calls those that our devices write.
fn private_keyword(creator: &str, tag: Tag) -> Option<&'static str> {
    let element = (tag.group(), tag.element() & 0xff);
    (creator == "Philips Imaging DD 001" && element == (0x2001, 0x63)).then_some("ExaminationSource")
}

fn simplified(set: &DataSet, charset: Charset) -> Json {
    let known = set.iter().filter(|(tag, _)| tag.element() != 0);
    Json::Object(
        known
            .map(|(tag, element)| {
                let own = creator(set, tag).and_then(|creator| private_keyword(&creator, tag));
                let name = keyword(tag).or(own).unwrap_or("Unknown Tag & Data").to_owned();
                let value = match &element.value {
                    Value::Items(items) => {
                        Json::List(items.iter().map(|item| simplified(item, charset)).collect())
                    }
                    Value::Bytes(_) | Value::Fragments(_) => shown(set, tag, element.vr, charset).1,
                };
                (name, value)
            })
            .collect(),
    )
}

fn shown(set: &DataSet, tag: Tag, vr: Vr, charset: Charset) -> (&'static str, Json) {
    let bytes = set.bytes(tag).cloned().unwrap_or_default();
    let value = match vr {
        Vr::OB | Vr::OD | Vr::OF | Vr::OL | Vr::OV | Vr::OW | Vr::UN => None,
        Vr::US | Vr::SS | Vr::UL | Vr::SL | Vr::FL | Vr::FD | Vr::AT | Vr::UV | Vr::SV => {
            Some(numbers(tag, vr, &bytes))
        }
        _ => set.text_in(tag, charset),
    };
    match value {
        None => ("Null", Json::Null),
        Some(text) if text.len() > LONGEST => ("TooLong", Json::Null),
        Some(text) => ("String", Json::Text(text)),
    }
}

fn numbers(tag: Tag, vr: Vr, bytes: &Bytes) -> String {
    use crate::decoys::http::dicomweb::attributes::{Values, of_data_set};
    let mut set = DataSet::new();
    set.put_bytes(tag, vr, Bytes::clone(bytes));
    let all = of_data_set(&set, Charset::Default, &|_| None);
    let parts: Vec<String> = match all.first().map(|attribute| &attribute.values) {
        Some(Values::Integers(numbers)) => numbers.iter().map(i64::to_string).collect(),
        Some(Values::Decimals(numbers)) => numbers.iter().map(f64::to_string).collect(),
        Some(Values::Texts(texts)) => texts.clone(),
        Some(Values::Names(_) | Values::Items(_) | Values::Bulk(_) | Values::Bytes(_) | Values::Empty)
        | None => Vec::new(),
    };
    parts.join("\\")
}
