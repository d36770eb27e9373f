//! Diagnoses: who gets them, where and when, and what they lead to.

mod belly;
mod internal;
mod others;

use std::sync::LazyLock;

use super::departments::Dept;
use super::exams::{self as e, Exam};
use super::panels::{self as p, Panel};
use crate::world::{Finding, Sex};

/// What a disease does to laboratory values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Effect {
    None,
    Bacterial,
    Viral,
    Diabetes,
    Renal,
    Hepatic,
    Hepatitis,
    Biliary,
    Anaemia,
    Bleeding,
    Infarction,
    HeartFailure,
    Thrombosis,
    Lipids,
    Tumour,
    Hyperthyroid,
    Pancreatitis,
    Gout,
    UrinaryInfection,
    Stone,
    Pregnancy,
    Enteritis,
}

/// When a disease is frequent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Season {
    Any,
    Winter,
    Summer,
    Spring,
}

/// A diagnosis. Weights are relative, per class of visit.
#[derive(Debug)]
pub(in crate::world) struct Dx {
    pub icd10: &'static str,
    pub name: &'static str,
    pub dept: Dept,
    pub ages: (i32, i32),
    pub sex: Option<Sex>,
    pub season: Season,
    /// Outpatient, emergency, inpatient.
    pub weight: [u32; 3],
    /// A condition that stays for life, from this age on.
    pub chronic: Option<i32>,
    /// Exams that it leads to, what they then show, and how often (per mille).
    pub exams: &'static [(&'static Exam, Finding, u32)],
    /// Panels that it leads to, first ones first.
    pub panels: &'static [&'static Panel],
    pub effect: Effect,
}

impl Dx {
    const fn new(
        icd10: &'static str,
        name: &'static str,
        dept: Dept,
        ages: (i32, i32),
        weight: [u32; 3],
    ) -> Dx {
        Dx {
            icd10,
            name,
            dept,
            ages,
            weight,
            sex: None,
            season: Season::Any,
            chronic: None,
            exams: &[],
            panels: &[],
            effect: Effect::None,
        }
    }

    const fn women(mut self) -> Dx {
        self.sex = Some(Sex::F);
        self
    }

    const fn men(mut self) -> Dx {
        self.sex = Some(Sex::M);
        self
    }

    const fn season(mut self, season: Season) -> Dx {
        self.season = season;
        self
    }

    const fn chronic(mut self, from: i32) -> Dx {
        self.chronic = Some(from);
        self
    }

    const fn exams(mut self, exams: &'static [(&'static Exam, Finding, u32)]) -> Dx {
        self.exams = exams;
        self
    }

    const fn labs(mut self, panels: &'static [&'static Panel], effect: Effect) -> Dx {
        self.panels = panels;
        self.effect = effect;
        self
    }
}

/// All diagnoses.
pub(in crate::world) static DIAGNOSES: LazyLock<Vec<&'static Dx>> =
    LazyLock::new(|| [internal::ALL, belly::ALL, others::ALL].into_iter().flatten().collect());
