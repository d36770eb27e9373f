//! Reports of imaging, as the information system of radiology puts them by.

use jiff::civil::Date;

use super::Eyes;
use super::node::Node;
use super::papers::{self, Paper, Reports};
use crate::world::{Study, StudyFilter};

struct Imaging;

pub(super) fn find(eyes: &Eyes<'_>, days: u32, below: &[String]) -> Option<Node> {
    papers::find(eyes, &Imaging, days, below)
}

pub(super) fn list(eyes: &Eyes<'_>, days: u32, below: &[String]) -> Option<Vec<Node>> {
    papers::list(eyes, &Imaging, days, below)
}

impl Reports for Imaging {
    fn on(&self, eyes: &Eyes<'_>, date: Date) -> Vec<Node> {
        let filter = StudyFilter { from: Some(date), to: Some(date), ..StudyFilter::default() };
        eyes.view.studies(&filter).iter().filter_map(|study| node(eyes, study)).collect()
    }

    fn named(&self, eyes: &Eyes<'_>, name: &str) -> Option<(Date, Node)> {
        let (accession, _) = name.split_once('_')?;
        let study = eyes.view.study_by_accession(&accession.to_uppercase())?;
        let node = node(eyes, &study).filter(|node| node.name.to_lowercase() == name.to_lowercase())?;
        Some((eyes.view.local(study.started).date(), node))
    }
}

fn node(eyes: &Eyes<'_>, study: &Study) -> Option<Node> {
    let verified = eyes.view.report(study)?.verified?;
    let patient = eyes.view.patient(study.patient)?;
    let name = format!("{}_{}_{}.pdf", study.accession, patient.name.chinese(), study.modality.as_str());
    papers::node(eyes, &name, verified, Paper::Imaging(study.accession.clone()))
}
