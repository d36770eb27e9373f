//! `_include` and `_revinclude` (FHIR R4, 3.1.1.7).

use std::collections::BTreeSet;

use super::answers::Fault;
use super::params::{parameter, references};
use super::request::Outcome;
use super::resources::Held;
use super::route::Call;
use super::search::{Found, Scope, Search};
use super::store::Kind;

/// Most resources that includes add to one page: the product's limit is the same.
const MAX_INCLUDED: usize = 1000;
/// How often `_include:iterate` goes on from what it added.
const MAX_ROUNDS: usize = 4;

/// The wishes of a request, as given.
pub(super) fn wanted_includes(call: &Call<'_>) -> Vec<(String, String)> {
    let named = |name: &str| name.starts_with("_include") || name.starts_with("_revinclude");
    call.request.pairs.iter().filter(|(name, _)| named(name)).cloned().collect()
}

/// Whether the server knows what is to be included.
pub(super) fn are_known(call: &Call<'_>, kind: &str) -> Outcome<()> {
    for (name, value) in wanted_includes(call) {
        let mut parts = value.split(':');
        let (source, link) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let known = value == "*"
            || Kind::named(source)
                .is_none_or(|kind| link == "*" || references(kind).any(|one| one.name == link));
        if !known {
            let parameter = name.split(':').next().unwrap_or_default();
            let valid = Kind::named(kind).map(|kind| {
                references(kind).map(|one| format!("{}:{}", kind.name(), one.name)).collect::<Vec<_>>()
            });
            return Err(Fault::new(
                400,
                format!(
                    "HAPI-2015: Invalid {parameter} parameter value: \"{value}\". Valid values are: [*, {}]",
                    valid.unwrap_or_default().join(", ")
                ),
            ));
        }
    }
    Ok(())
}

/// What `_include` and `_revinclude` add, each once.
pub(super) fn included(scope: &Scope<'_>, page: &[Held], wishes: &[(String, String)]) -> Vec<Held> {
    let mut known: BTreeSet<String> = page.iter().map(Held::place).collect();
    let mut added: Vec<Held> = Vec::new();
    for (name, value) in wishes.iter().filter(|(name, _)| name.starts_with("_revinclude")) {
        let _ = name;
        for held in referring(scope, page, value) {
            if added.len() < MAX_INCLUDED && known.insert(held.place()) {
                added.push(held);
            }
        }
    }
    let forward: Vec<&(String, String)> =
        wishes.iter().filter(|(name, _)| name.starts_with("_include")).collect();
    let mut fresh: Vec<Held> = page.to_vec();
    for round in 0..MAX_ROUNDS {
        let wishes = forward.iter().filter(|(name, _)| round == 0 || name.contains(':'));
        let places: Vec<String> = wishes
            .flat_map(|(_, value)| fresh.iter().flat_map(|held| forwards(scope, held, value)))
            .collect();
        fresh = Vec::new();
        for place in places {
            let Some((kind, id)) = place.split_once('/') else { continue };
            if added.len() + fresh.len() >= MAX_INCLUDED || !known.insert(place.clone()) {
                continue;
            }
            fresh.extend(scope.read(kind, id));
        }
        if fresh.is_empty() {
            break;
        }
        added.extend(fresh.iter().cloned());
    }
    added
}

/// Places that one wish (`Observation:patient`, `*`) adds for one resource.
fn forwards(scope: &Scope<'_>, held: &Held, wish: &str) -> Vec<String> {
    let mut parts = wish.split(':');
    let (source, link, target) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if wish != "*" && source != held.object.kind() {
        return Vec::new();
    }
    let places = scope.referred(held, link.unwrap_or("*"));
    match target {
        None => places,
        Some(target) => places.into_iter().filter(|place| place.starts_with(&format!("{target}/"))).collect(),
    }
}

/// Resources that refer to those of a page.
fn referring(scope: &Scope<'_>, page: &[Held], wish: &str) -> Vec<Held> {
    let mut parts = wish.split(':');
    let (source, link) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some(by) = parameter(Kind::named(source), link) else { return Vec::new() };
    let mut found = Vec::new();
    for held in page {
        let pairs = [(by.name.to_owned(), held.place())];
        let Ok(search) = Search::read(source, &pairs, scope) else { continue };
        let Found { ids, .. } = search.run(scope, MAX_INCLUDED);
        found.extend(ids.iter().filter_map(|id| scope.read(source, id)));
        if found.len() >= MAX_INCLUDED {
            break;
        }
    }
    found
}
