//! A rule that fired, and how it counts within the allowances of its source.

use crate::detect::allowance::Outside;
use crate::detect::bounds::Bounds;
use crate::detect::rules::{self, Rule, Scene};
use crate::detect::{Class, Settings};
use crate::event::SessionEvent;

/// A rule that fired, as it counts.
#[derive(Clone)]
pub(super) struct Fired {
    pub(super) rule: &'static Rule,
    pub(super) class: Class,
    pub(super) allowance: Option<String>,
    /// Why no allowance of the source covers it.
    pub(super) outside: Option<Outside>,
}

/// A rule that fired, with what the source's allowances make of it.
pub(super) fn weigh(
    rule: &'static Rule,
    bounds: &Bounds,
    settings: &Settings,
    event: &SessionEvent,
) -> Fired {
    let mut fired = Fired { rule, class: rule.class, allowance: None, outside: None };
    if rules::is_notice(rule) {
        return fired;
    }
    match bounds.allowance(settings, rule.class, event) {
        None => {}
        Some(Ok(allowance)) => {
            fired.allowance = Some(allowance.name.clone());
            fired.class = fired.class.min(Class::E3);
        }
        // That a covered machine was looked at beyond its bounds is worth a word only when it counts.
        Some(Err(outside)) => fired.outside = (rule.class > Class::E3).then_some(outside),
    }
    fired
}

/// What was seen, with the allowance that it is within or beyond.
pub(super) fn worded(fired: &Fired, scene: &Scene<'_>) -> (String, String) {
    let words = (fired.rule.words)(scene);
    match (&fired.allowance, fired.outside) {
        (Some(name), _) => (
            format!("{} (allowed by \"{name}\": counted, no alarm)", words.en),
            format!("{}（白名单“{name}”内，仅计数）", words.zh),
        ),
        (None, Some(outside)) => (
            format!("{} (outside of the allowance for this source: {})", words.en, outside.en),
            format!("{}（超出该来源的白名单：{}）", words.zh, outside.zh),
        ),
        (None, None) => (words.en, words.zh),
    }
}
