//! Objects in the transfer syntax that goes out, by way of the one in which an archive keeps them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::codec::{self, NotCoded};
use super::{Imaging, MAX_AHEAD, Object, build_of, compose, of};
use crate::wire::dicom::dataset::{Charset, Coding, TransferSyntax};
use crate::world::{Instance, Series, Study, View};

/// Storage classes without pixels, below 1.2.840.10008.5.1.4.1.1: waveforms, presentation states,
/// structured reports, encapsulated documents, plans.
const WITHOUT_PIXELS: [&str; 5] = ["9.", "11.", "88.", "104.", "481.5"];

/// How an archive keeps an image, and how it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// As it is kept: what a lossy syntax took away is gone in every other.
    pub kept: TransferSyntax,
    /// As it is sent.
    pub sent: TransferSyntax,
}

impl Form {
    /// Whether what is kept lost something.
    pub(super) fn loses(self) -> bool {
        self.kept.coding() == Some(Coding::JpegBaseline)
    }
}

/// Whether objects of a storage class are images: only those can be compressed.
pub fn has_pixels(sop_class: &str) -> bool {
    const ROOT: &str = "1.2.840.10008.5.1.4.1.1.";
    let Some(class) = sop_class.strip_prefix(ROOT) else { return false };
    !WITHOUT_PIXELS.iter().any(|prefix| class.starts_with(prefix))
}

impl Imaging {
    /// The object of an instance as an archive sends it; `None` where it has no pixels that the
    /// syntax is for, or the syntax is not written here. Coding takes as long as drawing, or a few
    /// times longer.
    pub fn coded(
        &self,
        view: &View,
        study: &Study,
        series: &Series,
        instance: &Instance,
        form: Form,
        charset: Charset,
    ) -> Option<Arc<Object>> {
        if form.sent.is_plain() && !form.loses() {
            return Some(self.object(view, study, series, instance, form.sent, charset));
        }
        let size = |object: &Arc<Object>| object.bytes.len();
        let key = (instance.uid.clone(), form.sent, form.loses(), charset);
        let made = self.objects.get_or_try(&key, size, || {
            let drawn = self.drawn(view, study, series, instance, charset);
            Ok::<_, NotCoded>(Arc::new(Object {
                sop_class: instance.sop_class.clone(),
                sop_instance: instance.uid.clone(),
                bytes: codec::in_form(&drawn, form)?,
            }))
        });
        made.ok()
    }

    /// The same when it is made already: takes no time, and makes nothing.
    pub fn ready(&self, instance: &str, form: Form, charset: Charset) -> Option<Arc<Object>> {
        self.objects.held(&(instance.to_owned(), form.sent, form.loses(), charset))
    }

    /// Makes what [`Imaging::coded`] will soon be asked for, unless many are at that already.
    pub fn coded_ahead(
        &self,
        view: &View,
        (study, series, instance): (&Study, &Series, &Instance),
        form: Form,
        charset: Charset,
    ) {
        if self.ahead.fetch_add(1, Ordering::Relaxed) < MAX_AHEAD {
            self.coded(view, study, series, instance, form, charset);
        }
        self.ahead.fetch_sub(1, Ordering::Relaxed);
    }

    /// The object as it is drawn. When it has to be drawn for this, it is not kept: whoever wants it
    /// coded seldom wants it plain as well.
    fn drawn(
        &self,
        view: &View,
        study: &Study,
        series: &Series,
        instance: &Instance,
        charset: Charset,
    ) -> Bytes {
        let plain = TransferSyntax::ExplicitLittle;
        if let Some(object) = self.objects.held(&(instance.uid.clone(), plain, false, charset)) {
            return object.bytes.clone();
        }
        of(view, study, series, instance, charset, |s| {
            let build = build_of(view, study, s.patient);
            compose::object(s, &self.body(s, build), build, plain)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dicom::dataset::uids;

    #[test]
    fn only_images_have_pixels() {
        for class in
            [uids::CT_IMAGE_STORAGE, uids::ULTRASOUND_IMAGE_STORAGE, uids::SECONDARY_CAPTURE_IMAGE_STORAGE]
        {
            assert!(has_pixels(class), "{class}");
        }
        for class in [uids::ENCAPSULATED_PDF_STORAGE, uids::X_RAY_RADIATION_DOSE_SR_STORAGE, "1.2.3"] {
            assert!(!has_pixels(class), "{class}");
        }
        assert!(!has_pixels(uids::TWELVE_LEAD_ECG_WAVEFORM_STORAGE));
    }
}
