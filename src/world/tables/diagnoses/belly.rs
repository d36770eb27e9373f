//! Of head and belly.

use super::{Dx, Effect};
use super::{
    Season::{Summer, Winter},
    e, p,
};
use crate::world::Finding::*;
use crate::world::tables::departments::Dept::*;

pub(super) static ALL: &[Dx] = &[
    // Head.
    Dx::new("I63.900", "脑梗死", Neurology, (42, 100), [60, 90, 120])
        .chronic(58)
        .exams(&[
            (&e::CT_HEAD, CerebralInfarction, 860),
            (&e::MR_HEAD_DWI, CerebralInfarction, 960),
            (&e::US_HEART, Normal, 0),
            (&e::DX_CHEST, Normal, 0),
        ])
        .labs(
            &[&p::GLUCOSE, &p::LIPIDS, &p::COAGULATION, &p::CBC, &p::RENAL, &p::ELECTROLYTES],
            Effect::Lipids,
        ),
    Dx::new("I61.900", "脑内出血", Neurosurgery, (32, 92), [3, 42, 52])
        .season(Winter)
        .exams(&[
            (&e::CT_HEAD, CerebralHaemorrhage, 980),
            (&e::MR_HEAD, CerebralHaemorrhage, 900),
            (&e::DX_CHEST, Pneumonia, 200),
        ])
        .labs(&[&p::CBC, &p::COAGULATION, &p::ELECTROLYTES, &p::RENAL, &p::GLUCOSE], Effect::Bacterial),
    Dx::new("G45.900", "短暂性脑缺血发作", Neurology, (42, 95), [30, 26, 22])
        .exams(&[
            (&e::CT_HEAD, CerebralInfarction, 220),
            (&e::MR_HEAD_DWI, CerebralInfarction, 260),
            (&e::US_HEART, Normal, 0),
        ])
        .labs(&[&p::LIPIDS, &p::GLUCOSE, &p::COAGULATION], Effect::Lipids),
    Dx::new("R42.x00", "头晕和眩晕", Neurology, (16, 95), [110, 90, 24])
        .exams(&[
            (&e::CT_HEAD, CerebralInfarction, 90),
            (&e::MR_HEAD_DWI, CerebralInfarction, 140),
            (&e::US_HEART, Normal, 0),
        ])
        .labs(&[&p::CBC, &p::ELECTROLYTES, &p::GLUCOSE, &p::LIPIDS], Effect::None),
    Dx::new("R51.x00", "头痛", Neurology, (8, 90), [80, 46, 10])
        .exams(&[(&e::CT_HEAD, Normal, 0), (&e::MR_HEAD, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP], Effect::None),
    Dx::new("S06.000", "脑震荡", Neurosurgery, (1, 90), [10, 95, 18])
        .exams(&[(&e::CT_HEAD, CerebralHaemorrhage, 70), (&e::MR_HEAD, Normal, 0), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::COAGULATION], Effect::None),
    Dx::new("G40.900", "癫痫", Neurology, (2, 80), [26, 20, 10])
        .chronic(12)
        .exams(&[(&e::MR_HEAD, Normal, 0), (&e::CT_HEAD, Normal, 0)])
        .labs(&[&p::CBC, &p::LIVER, &p::ELECTROLYTES], Effect::None),
    Dx::new("G47.000", "睡眠障碍", Psychology, (18, 88), [60, 0, 0])
        .labs(&[&p::THYROID, &p::CBC], Effect::None),
    Dx::new("F41.900", "焦虑状态", Psychology, (15, 78), [50, 4, 0])
        .labs(&[&p::THYROID, &p::LIVER], Effect::None),
    // Digestion.
    Dx::new("K29.500", "慢性胃炎", Gastro, (16, 90), [170, 60, 16])
        .exams(&[(&e::US_LIVER, HepaticCyst, 110), (&e::CT_UPPER, HepaticCyst, 130)])
        .labs(&[&p::CBC, &p::LIVER, &p::AMYLASE], Effect::None),
    Dx::new("K76.807", "肝囊肿", Surgery, (32, 88), [34, 0, 6])
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 980),
            (&e::CT_UPPER, HepaticCyst, 980),
            (&e::CT_UPPER_CE, HepaticCyst, 980),
            (&e::MR_UPPER, HepaticCyst, 980),
        ])
        .labs(&[&p::LIVER, &p::TUMOUR, &p::HBV], Effect::None),
    Dx::new("K76.000", "脂肪肝", Gastro, (24, 78), [60, 0, 4])
        .exams(&[(&e::US_LIVER, HepaticCyst, 100), (&e::CT_UPPER, HepaticCyst, 120)])
        .labs(&[&p::LIVER, &p::LIPIDS, &p::GLUCOSE], Effect::Lipids),
    Dx::new("B18.100", "慢性乙型病毒性肝炎", Infectious, (20, 78), [52, 3, 16])
        .chronic(25)
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 140),
            (&e::CT_UPPER_CE, HepaticCyst, 160),
            (&e::MR_UPPER, HepaticCyst, 200),
        ])
        .labs(&[&p::LIVER, &p::HBV, &p::TUMOUR, &p::CBC], Effect::Hepatitis),
    Dx::new("K74.600", "肝硬化", Gastro, (38, 88), [20, 12, 30])
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 150),
            (&e::CT_UPPER_CE, HepaticCyst, 160),
            (&e::CT_CHEST, PleuralEffusion, 320),
        ])
        .labs(&[&p::LIVER, &p::COAGULATION, &p::CBC, &p::HBV, &p::ELECTROLYTES], Effect::Hepatic),
    Dx::new("K80.100", "胆囊结石伴慢性胆囊炎", Surgery, (26, 90), [46, 50, 60])
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 120),
            (&e::CT_UPPER, HepaticCyst, 120),
            (&e::DX_CHEST, Normal, 0),
            (&e::MR_UPPER, HepaticCyst, 120),
        ])
        .labs(&[&p::LIVER, &p::CBC, &p::AMYLASE, &p::COAGULATION, &p::HBV], Effect::Biliary),
    Dx::new("K35.800", "急性阑尾炎", Surgery, (7, 78), [12, 90, 66])
        .season(Summer)
        .exams(&[
            (&e::CT_ABDOMEN, Normal, 0),
            (&e::US_URINARY, Normal, 0),
            (&e::DX_CHEST, Normal, 0),
            (&e::DX_ABDOMEN, Normal, 0),
        ])
        .labs(&[&p::CBC, &p::CRP, &p::COAGULATION, &p::HBV, &p::AMYLASE], Effect::Bacterial),
    Dx::new("K85.900", "急性胰腺炎", Gastro, (24, 82), [2, 34, 34])
        .exams(&[(&e::CT_UPPER, Normal, 0), (&e::US_LIVER, Normal, 0), (&e::CT_CHEST, PleuralEffusion, 420)])
        .labs(&[&p::AMYLASE, &p::CBC, &p::LIPIDS, &p::ELECTROLYTES, &p::LIVER], Effect::Pancreatitis),
    Dx::new("K92.200", "消化道出血", Gastro, (24, 92), [6, 44, 42])
        .exams(&[(&e::CT_ABDOMEN, HepaticCyst, 120), (&e::US_LIVER, HepaticCyst, 120)])
        .labs(&[&p::CBC, &p::COAGULATION, &p::LIVER, &p::RENAL], Effect::Bleeding),
    Dx::new("K52.900", "急性胃肠炎", Gastro, (14, 92), [70, 170, 14])
        .season(Summer)
        .exams(&[(&e::US_LIVER, Normal, 0), (&e::CT_ABDOMEN, Normal, 0)])
        .labs(&[&p::CBC, &p::ELECTROLYTES, &p::CRP], Effect::Enteritis),
    Dx::new("C18.900", "结肠恶性肿瘤", Oncology, (38, 88), [16, 3, 38])
        .chronic(50)
        .exams(&[
            (&e::CT_UPPER_CE, HepaticCyst, 150),
            (&e::CT_CHEST, PulmonaryNodule, 260),
            (&e::US_LIVER, HepaticCyst, 150),
        ])
        .labs(&[&p::CBC, &p::TUMOUR, &p::LIVER, &p::RENAL], Effect::Tumour),
    Dx::new("C16.900", "胃恶性肿瘤", Oncology, (38, 88), [14, 3, 32])
        .exams(&[
            (&e::CT_UPPER_CE, HepaticCyst, 150),
            (&e::CT_CHEST, PulmonaryNodule, 220),
            (&e::US_LIVER, HepaticCyst, 150),
        ])
        .labs(&[&p::CBC, &p::TUMOUR, &p::LIVER], Effect::Tumour),
];
