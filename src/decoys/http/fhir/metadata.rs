//! The CapabilityStatement (FHIR R4, 4.2): what this server does, type by type.

use super::known::TYPES;
use super::node::Object;
use super::params::{parameters, references};
use super::route::Call;
use super::store::Kind;

/// Interactions of every type.
const INTERACTIONS: [&str; 8] =
    ["read", "vread", "update", "delete", "history-instance", "history-type", "create", "search-type"];

/// The statement.
pub(super) fn statement(call: &Call<'_>) -> Object {
    let behaviour = &call.app.behaviour;
    let software = Object::new().text("name", "HAPI FHIR Server").text("version", behaviour.version.as_str());
    let implementation =
        Object::new().text("description", behaviour.name.as_str()).text("url", call.request.base.as_str());
    let rest = Object::new()
        .text("mode", "server")
        .list("resource", TYPES.iter().map(|name| resource(call, name)))
        .list("interaction", [Object::new().text("code", "history-system")]);
    Object::resource("CapabilityStatement")
        .text("id", super::serve::new_id(call))
        .text("name", "RestServer")
        .text("status", "active")
        .text("date", call.maker().moment(call.ask.now))
        .text("publisher", "Not provided")
        .text("kind", "instance")
        .object("software", software)
        .object("implementation", implementation)
        .text("fhirVersion", "4.0.1")
        .texts(
            "format",
            ["application/fhir+xml", "xml", "application/fhir+json", "json", "html/json", "html/xml"],
        )
        .list("rest", [rest])
}

fn resource(call: &Call<'_>, name: &'static str) -> Object {
    let kind = Kind::named(name);
    let includes = kind.into_iter().flat_map(|kind| references(kind).map(move |one| (kind, one)));
    let includes = includes.map(|(kind, one)| format!("{}:{}", kind.name(), one.name));
    let reverse = Kind::ALL.into_iter().flat_map(|from| references(from).map(move |one| (from, one)));
    let reverse = reverse
        .filter(|(_, one)| match one.kind {
            super::params::Type::Reference(kinds) => kinds.contains(&name),
            super::params::Type::String
            | super::params::Type::Token
            | super::params::Type::Date
            | super::params::Type::Quantity => false,
        })
        .map(|(from, one)| format!("{}:{}", from.name(), one.name));
    let searched =
        parameters(kind).map(|one| Object::new().text("name", one.name).text("type", one.kind.name()));
    let everything = (name == "Patient").then(|| {
        Object::new()
            .text("name", "everything")
            .text("definition", format!("{}/OperationDefinition/Patient-it-everything", call.request.base))
    });
    let validate = Object::new()
        .text("name", "validate")
        .text("definition", format!("{}/OperationDefinition/Resource-it-validate", call.request.base));
    Object::new()
        .text("type", name)
        .text("profile", format!("http://hl7.org/fhir/StructureDefinition/{name}"))
        .list("interaction", INTERACTIONS.iter().map(|code| Object::new().text("code", *code)))
        .text("versioning", "versioned-update")
        .flag("conditionalCreate", false)
        .flag("conditionalUpdate", false)
        .text("conditionalDelete", "not-supported")
        .texts("searchInclude", std::iter::once("*".to_owned()).chain(includes))
        .texts("searchRevInclude", reverse)
        .list("searchParam", searched)
        .list("operation", everything.into_iter().chain([validate]))
}
