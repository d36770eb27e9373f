//! Whether a resource matches a search parameter (FHIR R4, 3.1.1.4 and 3.1.1.5).

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};

use super::node::{Node, Object};
use super::params::{Parameter, Type};

/// One criterion: a parameter, what modifies it, and the values of which one must match.
#[derive(Debug, Clone)]
pub(crate) struct Criterion {
    /// The parameter.
    pub(crate) parameter: &'static Parameter,
    /// `exact`, `contains`, `not`, `missing`, `text`, a type; empty without one.
    pub(crate) modifier: String,
    /// The values.
    pub(crate) values: Vec<String>,
}

impl Criterion {
    /// Whether a resource matches. `offset` is the minutes that dates without a zone lie ahead.
    pub(crate) fn matches(&self, resource: &Object, offset: i32) -> bool {
        let found = self.found(resource);
        match self.modifier.as_str() {
            "missing" => self.values.iter().any(|value| (value == "true") == found.is_empty()),
            "not" => !self.values.iter().any(|value| found.iter().any(|node| token(node, value))),
            _ => self.values.iter().any(|value| self.any(&found, value, offset)),
        }
    }

    /// The nodes that the parameter's paths lead to.
    pub(crate) fn found<'a>(&self, resource: &'a Object) -> Vec<&'a Node> {
        let mut found = Vec::new();
        for path in self.parameter.paths {
            follow(resource, path, &mut found);
        }
        found
    }

    fn any(&self, found: &[&Node], value: &str, offset: i32) -> bool {
        match self.parameter.kind {
            Type::String => found.iter().any(|node| string(node, value, &self.modifier)),
            Type::Token if self.modifier == "text" => {
                found.iter().any(|node| string(node, value, "contains"))
            }
            Type::Token => found.iter().any(|node| token(node, value)),
            Type::Date => found.iter().any(|node| date(node, value, offset)),
            Type::Reference(kinds) => {
                let kinds = if self.modifier.is_empty() { kinds } else { &[] };
                found.iter().any(|node| refers(node, value, &self.modifier, kinds))
            }
            Type::Quantity => found.iter().any(|node| quantity(node, value)),
        }
    }
}

/// All nodes at a path (`name.family`).
pub(crate) fn follow<'a>(from: &'a Object, path: &str, found: &mut Vec<&'a Node>) {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(node) = from.get(first) else { return };
    for one in node.each() {
        match one.members() {
            Some(members) if !rest.is_empty() => follow(members, rest, found),
            Some(_) | None if rest.is_empty() => found.push(one),
            Some(_) | None => {}
        }
    }
}

fn string(node: &Node, value: &str, modifier: &str) -> bool {
    if let Some(members) = node.members() {
        let parts = members.0.iter().filter(|(name, _)| name != "use" && name != "system");
        return parts.flat_map(|(_, part)| part.each()).any(|part| string(part, value, modifier));
    }
    let text = node.primitive().unwrap_or_default();
    match modifier {
        "exact" => text == value,
        "contains" => normal(&text).contains(&normal(value)),
        _ => normal(&text).starts_with(&normal(value)),
    }
}

/// Case is no difference to a search.
fn normal(text: &str) -> String {
    text.trim().to_lowercase()
}

/// `system|code`, `|code`, `system|`, `code`.
fn token(node: &Node, value: &str) -> bool {
    let Some(members) = node.members() else {
        let wanted = value.rsplit('|').next().unwrap_or_default();
        return node.primitive().is_some_and(|text| text == wanted);
    };
    if let Some(codings) = members.get("coding") {
        return codings.each().iter().any(|coding| token(coding, value));
    }
    let code = if members.get("code").is_some() { members.str("code") } else { members.str("value") };
    let system = members.str("system");
    match value.split_once('|') {
        None => code == value,
        Some(("", wanted)) => system.is_empty() && code == wanted,
        Some((wanted, "")) => system == wanted,
        Some((wanted_system, wanted)) => system == wanted_system && code == wanted,
    }
}

/// A literal reference: `Patient/1`, `1`, or with a base.
fn refers(node: &Node, value: &str, modifier: &str, kinds: &[&str]) -> bool {
    let own = node.members().map(|members| members.str("reference")).unwrap_or_default();
    let Some((own_kind, own_id)) = own.rsplit_once('/') else { return false };
    let mut parts = value.rsplit('/');
    let id = parts.next().unwrap_or_default();
    let kind = parts.next().unwrap_or(modifier);
    own_id == id && (kind.is_empty() || own_kind == kind) && (kinds.is_empty() || kinds.contains(&own_kind))
}

/// A quantity with an optional prefix; a unit after the bars must agree.
fn quantity(node: &Node, value: &str) -> bool {
    let Some(members) = node.members() else { return false };
    let own = members.get("value").and_then(Node::primitive).and_then(|text| text.parse::<f64>().ok());
    let (prefix, rest) = prefixed(value);
    let mut parts = rest.split('|');
    let (Some(own), Some(wanted)) = (own, parts.next().and_then(|text| text.parse::<f64>().ok())) else {
        return false;
    };
    let unit = parts.nth(1).unwrap_or_default();
    let agrees = unit.is_empty() || members.str("unit") == unit || members.str("code") == unit;
    agrees
        && match prefix {
            "ne" => own != wanted,
            "gt" | "sa" => own > wanted,
            "lt" | "eb" => own < wanted,
            "ge" => own >= wanted,
            "le" => own <= wanted,
            "ap" => (own - wanted).abs() <= wanted.abs() * 0.1,
            _ => own == wanted,
        }
}

/// A comparison prefix and what follows it.
pub(crate) fn prefixed(value: &str) -> (&str, &str) {
    const PREFIXES: [&str; 9] = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];
    match value.get(..2).filter(|prefix| PREFIXES.contains(prefix)) {
        Some(prefix) => (prefix, value.get(2..).unwrap_or_default()),
        None => ("eq", value),
    }
}

fn date(node: &Node, value: &str, offset: i32) -> bool {
    let (prefix, rest) = prefixed(value);
    let (Some(wanted), Some(own)) = (span(rest, offset), own_span(node, offset)) else { return false };
    match prefix {
        "ne" => own.0 < wanted.0 || own.1 > wanted.1,
        "gt" => own.1 > wanted.1,
        "lt" => own.0 < wanted.0,
        "ge" => own.1 > wanted.1 || own.0 >= wanted.0,
        "le" => own.0 < wanted.0 || own.1 <= wanted.1,
        "sa" => own.0 >= wanted.1,
        "eb" => own.1 <= wanted.0,
        "ap" => own.0 < wanted.1 && own.1 > wanted.0,
        _ => own.0 >= wanted.0 && own.1 <= wanted.1,
    }
}

fn own_span(node: &Node, offset: i32) -> Option<(Timestamp, Timestamp)> {
    match node.members() {
        None => span(&node.primitive()?, offset),
        Some(period) => {
            let start = span(period.str("start"), offset).map_or(Timestamp::MIN, |span| span.0);
            let end = span(period.str("end"), offset).map_or(Timestamp::MAX, |span| span.1);
            Some((start, end))
        }
    }
}

/// The time that a date of any precision covers: from its first moment to the one after its last.
pub(crate) fn span(text: &str, offset: i32) -> Option<(Timestamp, Timestamp)> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let small = |from: usize, to: usize| i8::try_from(number(from, to)?).ok();
    if !text.is_ascii() {
        return None;
    }
    let (from, to) = match text.len() {
        4 => {
            let first = Date::new(number(0, 4)?, 1, 1).ok()?;
            (first, first.checked_add(1.year()).ok()?)
        }
        7 => {
            let first = Date::new(number(0, 4)?, small(5, 7)?, 1).ok()?;
            (first, first.checked_add(1.month()).ok()?)
        }
        10 => {
            let first = Date::new(number(0, 4)?, small(5, 7)?, small(8, 10)?).ok()?;
            (first, first.checked_add(1.day()).ok()?)
        }
        _ => return moment(text, offset),
    };
    Some((at(from.at(0, 0, 0, 0), offset)?, at(to.at(0, 0, 0, 0), offset)?))
}

/// A date with a time, to the minute, second or finer.
fn moment(text: &str, offset: i32) -> Option<(Timestamp, Timestamp)> {
    let zone = text.rfind(['Z', '+', '-']).filter(|at| *at > 10).unwrap_or(text.len());
    let (local, zone) = text.split_at_checked(zone)?;
    let offset = if zone.is_empty() { offset } else { zone_minutes(zone)? };
    let length = match local.len() {
        16 => 60_000,
        19 => 1000,
        20.. => 1,
        _ => return None,
    };
    let whole = if local.len() == 16 { format!("{local}:00") } else { local.to_owned() };
    let from = at(whole.parse::<DateTime>().ok()?, offset)?;
    Some((from, from.checked_add(jiff::SignedDuration::from_millis(length)).ok()?))
}

fn zone_minutes(zone: &str) -> Option<i32> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (hours.parse::<i32>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?))
}

fn at(local: DateTime, offset_minutes: i32) -> Option<Timestamp> {
    let offset = jiff::tz::Offset::from_seconds(offset_minutes.checked_mul(60)?).ok()?;
    offset.to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use super::super::node::read_json;
    use super::super::params::parameter;
    use super::super::store::Kind;
    use super::*;

    fn holds(kind: Kind, name: &str, modifier: &str, value: &str) -> bool {
        let resource = read_json(
            "{\"resourceType\":\"Observation\",\"id\":\"a\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"6690-2\"}]},\"subject\":{\"reference\":\"Patient/p\"},\"effectiveDateTime\":\"2026-03-02T08:15:00+08:00\",\"valueQuantity\":{\"value\":8.13,\"unit\":\"10^9/L\"},\"name\":[{\"family\":\"Zhang\",\"given\":[\"San\"]}],\"birthDate\":\"1970-05-06\"}"
                .as_bytes(),
        )
        .unwrap();
        let parameter = parameter(Some(kind), name).unwrap();
        let criterion =
            Criterion { parameter, modifier: modifier.to_owned(), values: vec![value.to_owned()] };
        criterion.matches(&resource, 480)
    }

    #[test]
    fn tokens_references_and_quantities() {
        let o = |name, value| holds(Kind::Observation, name, "", value);
        assert!(
            o("code", "6690-2") && o("code", "http://loinc.org|6690-2") && o("code", "http://loinc.org|")
        );
        assert!(!o("code", "|6690-2") && !o("code", "http://x|6690-2") && !o("code", "6690"));
        assert!(o("patient", "p") && o("patient", "Patient/p") && o("subject", "http://h/fhir/Patient/p"));
        assert!(!o("patient", "Group/p") && !o("patient", "q"));
        assert!(
            o("value-quantity", "gt8") && o("value-quantity", "8.13||10^9/L") && !o("value-quantity", "lt8")
        );
        assert!(holds(Kind::Observation, "status", "not", "amended"));
        assert!(holds(Kind::Observation, "performer", "missing", "true"));
    }

    #[test]
    fn dates_by_precision_and_prefix() {
        let o = |value| holds(Kind::Observation, "date", "", value);
        assert!(o("2026-03-02") && o("2026-03") && o("2026") && o("2026-03-02T00:15:00Z"));
        assert!(o("ge2026-03-02") && o("le2026-03-02") && o("gt2026-03-01") && o("sa2026-03-01"));
        assert!(!o("2026-03-03") && !o("lt2026-03-02") && !o("eb2026-03-02") && !o("nonsense"));
        assert!(holds(Kind::Patient, "birthdate", "", "1970-05-06"));
        assert!(span("2026-13-01", 480).is_none() && span("2026-03-02T25:00:00", 480).is_none());
    }

    #[test]
    fn strings_by_their_beginning() {
        assert!(holds(Kind::Patient, "family", "", "zha") && holds(Kind::Patient, "name", "", "SAN"));
        assert!(holds(Kind::Patient, "family", "contains", "ANG"));
        assert!(
            !holds(Kind::Patient, "family", "exact", "zhang") && !holds(Kind::Patient, "given", "", "an")
        );
    }
}
