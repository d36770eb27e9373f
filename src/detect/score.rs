//! From evidence to confidence and severity.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Class;
use crate::event::Severity;

/// Confidence from which an incident may be High, percent.
const HIGH: u8 = 80;

/// No evidence makes it certain.
const MOST: u8 = 99;

/// Probability in percent that the source is hostile: `1 - Π(1 - p)` over distinct classes, plus
/// what breadth and progression add.
pub(super) fn confidence(classes: &BTreeMap<Class, Timestamp>, hosts: usize) -> u8 {
    let innocent =
        classes.keys().fold(1_000_000_u64, |left, class| left * (100 - u64::from(class.probability())) / 100);
    let base = u8::try_from((1_000_000 - innocent) / 10_000).unwrap_or(MOST);
    let breadth = match hosts {
        0..3 => 0,
        3..8 => 5,
        _ => 10,
    };
    let progression = if progressed(classes) { 5 } else { 0 };
    base.saturating_add(breadth).saturating_add(progression).min(MOST)
}

/// Whether the source looked first, then tried to get in, then took or did something.
fn progressed(classes: &BTreeMap<Class, Timestamp>) -> bool {
    let first = |group: &[Class]| group.iter().filter_map(|class| classes.get(class)).min();
    let looked = first(&[Class::E2, Class::E2Sweep, Class::E3]);
    let tried = first(&[Class::E4, Class::E4Guessing]);
    let took = first(&[Class::E6, Class::E7]);
    matches!((looked, tried, took), (Some(a), Some(b), Some(c)) if a <= b && b <= c)
}

/// What an incident with this evidence asks of its reader.
pub(super) fn severity(classes: &BTreeMap<Class, Timestamp>, confidence: u8) -> Severity {
    let gate = classes.keys().any(|class| class.opens_gate());
    match classes.keys().map(|class| class.severity()).max() {
        _ if gate && confidence >= HIGH => Severity::High,
        Some(Severity::High) => Severity::Medium,
        Some(severity) => severity,
        None => Severity::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Class; 10] = [
        Class::E1,
        Class::E2,
        Class::E3Clinical,
        Class::E3,
        Class::E2Sweep,
        Class::E4,
        Class::E4Guessing,
        Class::E5,
        Class::E6,
        Class::E7,
    ];

    fn seen(classes: &[Class]) -> BTreeMap<Class, Timestamp> {
        let later = |i: usize| Timestamp::from_second(i64::try_from(i).unwrap()).unwrap();
        classes.iter().enumerate().map(|(i, class)| (*class, later(i))).collect()
    }

    #[test]
    fn one_class_alone_has_its_own_severity() {
        for class in ALL {
            let classes = seen(&[class]);
            let confidence = confidence(&classes, 1);
            assert_eq!(confidence, class.probability(), "{class:?}");
            assert_eq!(severity(&classes, confidence), class.severity(), "{class:?}");
        }
    }

    #[test]
    fn a_scanner_never_gets_high() {
        let classes = seen(&[Class::E1, Class::E2, Class::E2Sweep, Class::E3, Class::E3Clinical, Class::E4]);
        let confidence = confidence(&classes, 200);
        assert!(confidence >= HIGH);
        assert_eq!(severity(&classes, confidence), Severity::Medium);
    }

    #[test]
    fn progression_needs_its_order() {
        assert_eq!(confidence(&seen(&[Class::E2, Class::E4]), 1), 57);
        assert!(progressed(&seen(&[Class::E2, Class::E4, Class::E6])));
        assert!(!progressed(&seen(&[Class::E6, Class::E4, Class::E2])));
    }

    proptest! {
        #[test]
        fn more_evidence_never_lowers(mask in 0_usize..1024, add in 0_usize..10, hosts in 0_usize..20) {
            let some: Vec<_> = ALL.into_iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).collect();
            let mut classes: BTreeMap<_, _> = some.iter().map(|(_, c)| (*c, Timestamp::UNIX_EPOCH)).collect();
            let before = confidence(&classes, hosts);
            classes.insert(ALL[add], Timestamp::UNIX_EPOCH);
            prop_assert!(confidence(&classes, hosts) >= before);
            prop_assert!(confidence(&classes, hosts) <= MOST);
        }
    }
}
