//! A search: what it asks for, and which resources it finds (FHIR R4, 3.1.1).

use std::collections::BTreeSet;

use jiff::ToSpan;

use super::answers::Fault;
use super::matching::{Criterion, prefixed, span};
use super::node::Object;
use super::own::Own;
use super::params::{Type, parameter, parameters, references};
use super::resources::Held;
use super::store::{Kind, Store};
use crate::world::PatientFilter;

/// Most resources that one request makes while it looks for matches: about a second of work.
pub(crate) const MAX_SCANNED: usize = 40_000;
/// Most matches that one search keeps to page through.
pub(crate) const MAX_FOUND: usize = 50_000;
/// Most matches that are put in order.
const MAX_SORTED: usize = 10_000;
/// Most matches of the inner search of a chain.
const MAX_CHAINED: usize = 1000;
/// Longest chain (`encounter.patient.name` has two links).
const MAX_LINKS: usize = 3;
/// Most criteria of one search.
const MAX_CRITERIA: usize = 64;
/// Most alternatives of one criterion.
const MAX_VALUES: usize = 1000;

/// Parameters that shape the answer and find nothing.
const SHAPING: [&str; 17] = [
    "_format",
    "_pretty",
    "_count",
    "_offset",
    "_sort",
    "_summary",
    "_elements",
    "_total",
    "_include",
    "_include:iterate",
    "_include:recurse",
    "_revinclude",
    "_revinclude:iterate",
    "_contained",
    "_containedType",
    "_getpages",
    "_bundletype",
];

/// A search in one resource type.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    /// The type; `None` for one that holds none of the hospital's records.
    pub(crate) kind: Option<Kind>,
    /// The type's name.
    pub(crate) name: String,
    /// What must match.
    pub(crate) criteria: Vec<Criterion>,
    /// `_sort`: parameter and whether it falls.
    pub(crate) sort: Vec<(String, bool)>,
}

/// What a search found, by reference.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Ids in their order.
    pub(crate) ids: Vec<String>,
    /// Whether these are all.
    pub(crate) whole: bool,
}

/// Where searches look: the repository, and what the peer wrote himself.
pub(crate) struct Scope<'a> {
    /// The hospital's.
    pub(crate) store: &'a Store,
    /// The peer's.
    pub(crate) own: &'a Own<'a>,
}

impl Search {
    /// Reads the criteria of a type's search; chains are followed.
    ///
    /// # Errors
    /// What the server answers to a parameter that it does not know.
    pub(crate) fn read(name: &str, pairs: &[(String, String)], scope: &Scope<'_>) -> Result<Search, Fault> {
        Search::linked(name, pairs, scope, MAX_LINKS)
    }

    fn linked(
        name: &str,
        pairs: &[(String, String)],
        scope: &Scope<'_>,
        links: usize,
    ) -> Result<Search, Fault> {
        let kind = Kind::named(name);
        let mut search = Search { kind, name: name.to_owned(), criteria: Vec::new(), sort: Vec::new() };
        for (key, value) in pairs.iter().take(MAX_CRITERIA) {
            if key == "_sort" {
                search.sort(value)?;
            } else if !SHAPING.contains(&key.as_str()) && !value.is_empty() {
                let criterion = search.criterion(key, value, scope, links)?;
                search.criteria.push(criterion);
            }
        }
        Ok(search)
    }

    fn sort(&mut self, value: &str) -> Result<(), Fault> {
        for one in value.split(',').filter(|one| !one.is_empty()) {
            let (name, falls) = one.strip_prefix('-').map_or((one, false), |name| (name, true));
            if parameter(self.kind, name).is_none() {
                return Err(Fault::unknown_sort(name, &self.name, &self.valid()));
            }
            self.sort.push((name.to_owned(), falls));
        }
        Ok(())
    }

    /// Names of all parameters, as an error lists them.
    fn valid(&self) -> Vec<&'static str> {
        let names: BTreeSet<&'static str> = parameters(self.kind).map(|parameter| parameter.name).collect();
        names.into_iter().collect()
    }

    fn criterion(&self, key: &str, value: &str, scope: &Scope<'_>, links: usize) -> Result<Criterion, Fault> {
        if let Some(reverse) = key.strip_prefix("_has:") {
            return self.reverse(reverse, value, scope, links);
        }
        let (first, chain) = key.split_once('.').map_or((key, ""), |(first, chain)| (first, chain));
        let (name, modifier) = first.split_once(':').unwrap_or((first, ""));
        let Some(parameter) = parameter(self.kind, name) else {
            return Err(Fault::unknown_parameter(key, &self.name, &self.valid()));
        };
        let values: Vec<String> = split_values(value).into_iter().take(MAX_VALUES).collect();
        if chain.is_empty() {
            check(parameter.kind, name, modifier, &values)?;
            return Ok(Criterion { parameter, modifier: modifier.to_owned(), values });
        }
        let Type::Reference(kinds) = parameter.kind else {
            return Err(Fault::bad_chain(first, chain));
        };
        let target = if modifier.is_empty() { kinds.first().copied().unwrap_or_default() } else { modifier };
        let links = links.checked_sub(1).ok_or_else(|| Fault::bad_chain(first, chain))?;
        let pairs = [(chain.to_owned(), value.to_owned())];
        let inner = Search::linked(target, &pairs, scope, links)?;
        let ids = inner.run(scope, MAX_CHAINED).ids;
        let values = ids.into_iter().map(|id| format!("{target}/{id}")).collect();
        Ok(Criterion { parameter, modifier: String::new(), values })
    }

    /// `_has:Observation:patient:code`: those that another resource refers to.
    fn reverse(&self, text: &str, value: &str, scope: &Scope<'_>, links: usize) -> Result<Criterion, Fault> {
        let mut parts = text.splitn(3, ':');
        let words = (parts.next(), parts.next(), parts.next());
        let (Some(name), Some(link), Some(chain)) = words else {
            return Err(Fault::unknown_parameter(&format!("_has:{text}"), &self.name, &self.valid()));
        };
        let links = links.checked_sub(1).ok_or_else(|| Fault::bad_chain("_has", chain))?;
        let inner = Search::linked(name, &[(chain.to_owned(), value.to_owned())], scope, links)?;
        let Some(by) = parameter(inner.kind, link) else {
            return Err(Fault::unknown_parameter(link, name, &inner.valid()));
        };
        let reading = Criterion { parameter: by, modifier: String::new(), values: Vec::new() };
        let prefix = format!("{}/", self.name);
        let mut ids = BTreeSet::new();
        for id in inner.run(scope, MAX_CHAINED).ids {
            let Some(held) = scope.read(name, &id) else { continue };
            for node in reading.found(&held.object) {
                let to = node.members().map(|members| members.str("reference")).unwrap_or_default();
                ids.extend(to.strip_prefix(&prefix).map(str::to_owned));
            }
        }
        let Some(parameter) = parameter(None, "_id") else {
            return Err(Fault::unknown_parameter("_id", &self.name, &[]));
        };
        Ok(Criterion { parameter, modifier: String::new(), values: ids.into_iter().collect() })
    }

    /// Whether nothing narrows it.
    pub(crate) fn is_unbounded(&self) -> bool {
        self.criteria.is_empty()
    }

    /// Finds up to so many matches.
    pub(crate) fn run(&self, scope: &Scope<'_>, limit: usize) -> Found {
        let sorted = !self.sort.is_empty() && !self.is_natural();
        let limit = if sorted { MAX_SORTED } else { limit.min(MAX_FOUND) };
        let offset = scope.store.view().hospital().utc_offset_minutes;
        let matches = |held: &Held| self.criteria.iter().all(|one| one.matches(&held.object, offset));
        // Of a match only its id is kept, and what it is sorted by: whole resources of a large search
        // would be some hundred megabytes.
        let keys = if sorted { self.sort_criteria() } else { Vec::new() };
        let matched = |held: &Held| {
            let keys = keys.iter().map(|(by, _)| sort_key(by, &held.object)).collect();
            Match { keys, id: held.object.str("id").to_owned() }
        };
        let mut kept: Vec<Match> =
            scope.own.all(&self.name).iter().filter(|held| matches(held)).map(matched).collect();
        let mut ids: BTreeSet<String> = kept.iter().map(|one| one.id.clone()).collect();
        let mut scanned = 0;
        let mut whole = true;
        for held in self.candidates(scope) {
            scanned += 1;
            if scanned > MAX_SCANNED || kept.len() >= limit {
                whole = scanned > MAX_SCANNED && kept.len() < limit;
                break;
            }
            let id = held.object.str("id");
            if !ids.contains(id) && !scope.own.replaces(&self.name, id) && matches(&held) {
                ids.insert(id.to_owned());
                kept.push(matched(&held));
            }
        }
        for (at, (_, falls)) in keys.iter().enumerate().rev() {
            kept.sort_by(|a, b| a.keys.get(at).cmp(&b.keys.get(at)));
            if *falls {
                kept.reverse();
            }
        }
        Found { ids: kept.into_iter().map(|one| one.id).collect(), whole }
    }

    /// What it is sorted by, and whether that falls.
    fn sort_criteria(&self) -> Vec<(Criterion, bool)> {
        let by = |(name, falls): &(String, bool)| {
            let parameter = parameter(self.kind, name)?;
            Some((Criterion { parameter, modifier: String::new(), values: Vec::new() }, *falls))
        };
        self.sort.iter().filter_map(by).collect()
    }

    /// Newest first is the order in which days are read.
    fn is_natural(&self) -> bool {
        let newest = ["date", "started", "authored", "issued", "_lastUpdated"];
        self.kind.is_some_and(|kind| kind > Kind::Organization)
            && self.sort.iter().all(|(name, falls)| *falls && newest.contains(&name.as_str()))
    }

    /// Resources among which the matches are, narrowed as far as ids, patients and days allow.
    fn candidates<'a>(&'a self, scope: &'a Scope<'a>) -> Box<dyn Iterator<Item = Held> + 'a> {
        let Some(kind) = self.kind else { return Box::new(std::iter::empty()) };
        let store = scope.store;
        if let Some(ids) = self.plain("_id") {
            return Box::new(ids.into_iter().filter_map(move |id| store.read(kind, &id)));
        }
        if let Some(values) = self.plain("identifier").filter(|_| kind != Kind::Observation) {
            let numbers = values.into_iter().map(|value| last_part(&value, '|').to_owned());
            let ids = numbers.flat_map(move |number| store.ids_of(kind, &number));
            return Box::new(ids.filter_map(move |id| store.read(kind, &id)));
        }
        if let Some(mrns) = self.patients(scope) {
            return Box::new(mrns.into_iter().flat_map(move |mrn| store.of_patient(kind, &mrn)));
        }
        match kind {
            Kind::Patient => self.all_patients(store),
            Kind::Practitioner | Kind::Organization => Box::new(store.registry(kind).into_iter()),
            Kind::Encounter
            | Kind::ServiceRequest
            | Kind::ImagingStudy
            | Kind::Observation
            | Kind::DiagnosticReport => self.by_day(kind, store),
        }
    }

    /// The values of a criterion without a modifier.
    fn plain(&self, name: &str) -> Option<Vec<String>> {
        let found = self.criteria.iter().find(|one| one.parameter.name == name && one.modifier.is_empty());
        found.map(|criterion| criterion.values.clone())
    }

    /// Record numbers of the patients that a reference confines the search to.
    fn patients(&self, scope: &Scope<'_>) -> Option<Vec<String>> {
        if self.kind == Some(Kind::Patient) {
            return None;
        }
        let direct = ["patient", "subject"].into_iter().find_map(|name| self.plain_or_typed(name));
        if let Some(values) = direct {
            let ids = values.iter().map(|value| last_part(value, '/').to_owned());
            return Some(ids.filter_map(|id| id.strip_prefix("pat-").map(str::to_owned)).collect());
        }
        let of =
            ["encounter", "based-on", "basedon"].into_iter().find_map(|name| self.plain_or_typed(name))?;
        let owners: BTreeSet<String> =
            of.iter().filter_map(|value| scope.store.owner(last_part(value, '/'))).collect();
        Some(owners.into_iter().collect())
    }

    fn plain_or_typed(&self, name: &str) -> Option<Vec<String>> {
        let usable = |one: &&Criterion| {
            one.parameter.name == name && (one.modifier.is_empty() || Kind::named(&one.modifier).is_some())
        };
        self.criteria.iter().find(usable).map(|criterion| criterion.values.clone())
    }

    fn all_patients<'a>(&self, store: &'a Store) -> Box<dyn Iterator<Item = Held> + 'a> {
        let named = ["name", "family", "given"].into_iter().find_map(|name| {
            let mut all = self.criteria.iter().filter(|one| one.parameter.name == name);
            all.find(|one| {
                one.values.len() == 1 && matches!(one.modifier.as_str(), "" | "exact" | "contains")
            })
        });
        let born = self.plain("birthdate").and_then(|values| values.first()?.parse().ok());
        if named.is_none() && born.is_none() {
            return Box::new((0..store.patients()).filter_map(|no| store.patient_at(no)));
        }
        let name = named.and_then(|one| one.values.first()).map(|value| format!("*{}*", value.trim()));
        let filter = PatientFilter { name, born, limit: Some(MAX_SCANNED) };
        let found = store.view().patients(&filter);
        Box::new(found.into_iter().filter_map(|patient| store.patient_at(patient.no.0)))
    }

    fn by_day<'a>(&self, kind: Kind, store: &'a Store) -> Box<dyn Iterator<Item = Held> + 'a> {
        let offset = store.view().hospital().utc_offset_minutes;
        let (mut first, mut last) = (store.first_day(), store.today());
        let by = match kind {
            Kind::ServiceRequest => "authored",
            Kind::ImagingStudy => "started",
            Kind::Patient
            | Kind::Practitioner
            | Kind::Organization
            | Kind::Encounter
            | Kind::Observation
            | Kind::DiagnosticReport => "date",
        };
        let dated = self.criteria.iter().filter(|one| one.parameter.name == by && one.values.len() == 1);
        for value in dated.filter_map(|one| one.values.first()) {
            let (prefix, rest) = prefixed(value);
            let Some((from, to)) = span(rest, offset) else { continue };
            let day = |at| store.view().local(at).date();
            if matches!(prefix, "eq" | "ge" | "gt" | "sa") {
                // What began before may reach into the span: a stay lasts weeks, a specimen days.
                let reach = if kind == Kind::Encounter { 60 } else { 3 };
                first = first.max(day(from).checked_sub(reach.days()).unwrap_or(first));
            }
            if matches!(prefix, "eq" | "le" | "lt" | "eb") {
                last = last.min(day(to));
            }
        }
        let days = std::iter::successors(Some(last), |day| day.yesterday().ok());
        Box::new(days.take_while(move |day| *day >= first).flat_map(move |day| store.of_day(kind, day)))
    }
}

impl Scope<'_> {
    /// A resource as this peer sees it.
    pub(crate) fn read(&self, name: &str, id: &str) -> Option<Held> {
        if self.own.replaces(name, id) {
            return self.own.newest(name, id);
        }
        self.store.read(Kind::named(name)?, id)
    }

    /// What `_include` of a reference parameter adds to a resource: places like `Patient/pat-1`.
    pub(crate) fn referred(&self, held: &Held, parameter: &str) -> Vec<String> {
        let Some(kind) = Kind::named(held.object.kind()) else { return Vec::new() };
        let named = references(kind).filter(|one| parameter == "*" || one.name == parameter);
        let mut places = Vec::new();
        for one in named {
            let by = Criterion { parameter: one, modifier: String::new(), values: Vec::new() };
            let found = by.found(&held.object).into_iter().filter_map(|node| node.members());
            places.extend(found.map(|members| members.str("reference").to_owned()));
        }
        places
    }
}

/// What a resource is sorted by: its first value.
/// A match: what it is sorted by, and its id.
struct Match {
    keys: Vec<String>,
    id: String,
}

fn sort_key(by: &Criterion, resource: &Object) -> String {
    let found = by.found(resource);
    let first = found.first().map(|node| match node.members() {
        None => node.primitive().unwrap_or_default().into_owned(),
        Some(members) => ["start", "family", "code", "value", "text", "reference"]
            .iter()
            .map(|name| members.str(name))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned(),
    });
    first.unwrap_or_default()
}

fn last_part(text: &str, by: char) -> &str {
    text.rsplit(by).next().unwrap_or_default()
}

/// Values are parted by commas; a backslash keeps one.
fn split_values(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            ',' if !escaped => values.push(String::new()),
            c => {
                escaped = false;
                if let Some(last) = values.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    values
}

/// Values that a type of parameter can't have.
fn check(kind: Type, name: &str, modifier: &str, values: &[String]) -> Result<(), Fault> {
    if modifier == "missing" {
        return Ok(());
    }
    for value in values {
        match kind {
            Type::Date => {
                let (_, rest) = prefixed(value);
                if span(rest, 0).is_none() {
                    return Err(Fault::bad_date(rest));
                }
            }
            Type::Quantity => {
                let (_, rest) = prefixed(value);
                if rest.split('|').next().is_none_or(|number| number.parse::<f64>().is_err()) {
                    return Err(Fault::bad_quantity(name, value));
                }
            }
            Type::String | Type::Token | Type::Reference(_) => {}
        }
    }
    Ok(())
}
