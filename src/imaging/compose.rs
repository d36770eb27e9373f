//! From a study's instance to the bytes of its object.

use bytes::Bytes;

use super::anatomy::{Body, Build};
use super::header::{self, Dose, Subject, with_private};
use super::render::{Frame, ct, dx, ecg, mg, mr, scout, sheet, us};
use super::{exposure_of, joint_of};
use crate::wire::dicom::dataset::{DataSet, TransferSyntax, Vr, element_header, tags};
use crate::world::{Content, Modality};

/// What an instance says beside its pixels: as in its object, without drawing any.
pub(crate) fn header(s: &Subject<'_>, body: &Body, build: Build) -> DataSet {
    match s.instance.content {
        Content::Image => image_header(s, body, build),
        Content::Cine => header::cine(s, us::FRAMES, build),
        Content::Waveform => waveform(s, build),
        Content::DoseReport => header::dose_report(s, body, build),
        Content::DoseSheet => header::sheet(s, build),
        Content::Document => header::document(s, build),
    }
}

/// The data set of an instance.
pub(crate) fn object(s: &Subject<'_>, body: &Body, build: Build, ts: TransferSyntax) -> Bytes {
    match s.instance.content {
        Content::Image => image(s, body, build, ts),
        Content::Cine => {
            let clip = us::clip(body, s);
            with_bytes(&header(s, body, build), &clip.bytes, ts)
        }
        Content::Waveform => waveform(s, build).encode(ts),
        Content::DoseReport => header::dose_report(s, body, build).encode(ts),
        Content::DoseSheet => {
            let page = sheet::draw(s, &Dose::of_ct(s, body, build));
            with_bytes(&header(s, body, build), &page, ts)
        }
        Content::Document => header::document(s, build).encode(ts),
    }
}

fn image_header(s: &Subject<'_>, body: &Body, build: Build) -> DataSet {
    let set = match s.study.modality {
        Modality::CT if scout::is_scout(s.series) => {
            let scan = ct::Scan::of(s.study, s.series, body, build);
            let extent = scout::extent(s.study.region, joint_of(s.study), body);
            header::scout(s, &scan, &extent, extent.matrix(scout::PIXEL), build)
        }
        Modality::CT => header::ct(s, &ct::Scan::of(s.study, s.series, body, build), build),
        Modality::DX => {
            let exposure = exposure_of(s.study, s.instance, body);
            header::dx(s, joint_of(s.study), exposure.view, exposure.matrix(dx::PIXEL), build)
        }
        Modality::CR => header::cr(s, exposure_of(s.study, s.instance, body).matrix(dx::PIXEL), build),
        Modality::MR => header::mr(s, &mr::Acquisition::of(s.study, s.series), build),
        Modality::US => return header::still(s, build),
        Modality::MG => {
            let breast = mg::Breast::of(s.study, &s.series.description, s.wording, build);
            header::mg(s, &breast, [mg::SIZE.1, mg::SIZE.0], build)
        }
        Modality::ECG => return waveform(s, build),
    };
    with_private(set, s)
}

fn image(s: &Subject<'_>, body: &Body, build: Build, ts: TransferSyntax) -> Bytes {
    let (number, header) = (s.instance.number, image_header(s, body, build));
    match s.study.modality {
        Modality::CT if scout::is_scout(s.series) => {
            let extent = scout::extent(s.study.region, joint_of(s.study), body);
            frame_of(&header, &scout::draw(body, &extent), ts)
        }
        Modality::CT => {
            let scan = ct::Scan::of(s.study, s.series, body, build);
            let slice = ct::slice(body, &scan, number, ct::MATRIX);
            let stored = slice.iter().map(|hu| (hu - ct::LOWEST).round() as u16);
            with_words(&header, stored, ts)
        }
        Modality::DX | Modality::CR => {
            let exposure = exposure_of(s.study, s.instance, body);
            frame_of(&header, &dx::expose(body, &exposure, dx::PIXEL), ts)
        }
        Modality::MR => {
            let how = mr::Acquisition::of(s.study, s.series);
            frame_of(&header, &mr::slice(body, &how, number, how.matrix), ts)
        }
        Modality::US => {
            let screen = us::still(body, s);
            with_colours(&header, &screen, ts)
        }
        Modality::MG => {
            let breast = mg::Breast::of(s.study, &s.series.description, s.wording, build);
            frame_of(&header, &mg::draw(&breast), ts)
        }
        // Its objects are waveforms; one that claims to be an image holds the same.
        Modality::ECG => header.encode(ts),
    }
}

fn waveform(s: &Subject<'_>, build: Build) -> DataSet {
    header::ecg(s, &ecg::record(s.study, s.wording, header::ECG_STEP), build)
}

fn frame_of(header: &DataSet, frame: &Frame, ts: TransferSyntax) -> Bytes {
    with_words(header, frame.samples.iter().copied(), ts)
}

/// Header and 16-bit pixels in one buffer of the right size: nothing is copied again.
fn with_words(header: &DataSet, samples: impl ExactSizeIterator<Item = u16>, ts: TransferSyntax) -> Bytes {
    let mut out = begin(header, Vr::OW, samples.len() * 2, ts);
    if ts == TransferSyntax::ExplicitBig {
        samples.for_each(|sample| out.extend_from_slice(&sample.to_be_bytes()));
    } else {
        samples.for_each(|sample| out.extend_from_slice(&sample.to_le_bytes()));
    }
    Bytes::from(out)
}

/// Header and a grey screen as RGB, the way ultrasound machines store it.
fn with_colours(header: &DataSet, screen: &[u8], ts: TransferSyntax) -> Bytes {
    let vr = if ts == TransferSyntax::ImplicitLittle { Vr::OW } else { Vr::OB };
    let mut out = begin(header, vr, screen.len() * 3, ts);
    screen.iter().for_each(|grey| out.extend_from_slice(&[*grey; 3]));
    Bytes::from(out)
}

fn begin(header: &DataSet, vr: Vr, pixels: usize, ts: TransferSyntax) -> Vec<u8> {
    const ELEMENT: usize = 12;
    let mut out = Vec::with_capacity(header.encoded_len(ts) + ELEMENT + pixels);
    header.encode_into(ts, &mut out);
    element_header(tags::PIXEL_DATA, vr, u32::try_from(pixels).unwrap_or(u32::MAX), ts, &mut out);
    out
}

/// Header and bytes as they are, padded to an even length.
fn with_bytes(header: &DataSet, pixels: &[u8], ts: TransferSyntax) -> Bytes {
    let vr = if ts == TransferSyntax::ImplicitLittle { Vr::OW } else { Vr::OB };
    let mut out = begin(header, vr, pixels.len() + pixels.len() % 2, ts);
    out.extend_from_slice(pixels);
    out.resize(out.len() + pixels.len() % 2, 0);
    Bytes::from(out)
}
