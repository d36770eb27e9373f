//! What the server says when it can't: OperationOutcome in its own words and numbers.

use super::node::{Object, escaped};

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// HTTP status.
    pub(crate) status: u16,
    /// `issue.code`.
    pub(crate) code: &'static str,
    /// The server's words.
    pub(crate) text: String,
    /// `Location` of a resource that is gone.
    pub(crate) location: Option<String>,
}

impl Fault {
    /// With the server's usual code.
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Fault {
        Fault { status, code: "processing", text: text.into(), location: None }
    }

    /// A parameter that the type does not have.
    pub(crate) fn unknown_parameter(name: &str, kind: &str, valid: &[&str]) -> Fault {
        Fault::new(
            400,
            format!(
                "HAPI-0524: Unknown search parameter \"{name}\" for resource type \"{kind}\". Valid search parameters for this search are: [{}]",
                valid.join(", ")
            ),
        )
    }

    /// A `_sort` by something unknown.
    pub(crate) fn unknown_sort(name: &str, kind: &str, valid: &[&str]) -> Fault {
        Fault::new(
            400,
            format!(
                "HAPI-1194: Unknown _sort parameter value \"{name}\" for resource type \"{kind}\" (Note: sort parameters values must use a valid Search Parameter). Valid values for this search are: [{}]",
                valid.join(", ")
            ),
        )
    }

    /// A chain that leads nowhere.
    pub(crate) fn bad_chain(parameter: &str, chain: &str) -> Fault {
        Fault::new(400, format!("HAPI-1244: Invalid parameter chain: {parameter}.{chain}"))
    }

    /// Not a date.
    pub(crate) fn bad_date(value: &str) -> Fault {
        Fault::new(400, format!("HAPI-1882: Invalid date/time format: \"{value}\""))
    }

    /// Not a quantity.
    pub(crate) fn bad_quantity(name: &str, value: &str) -> Fault {
        Fault::new(400, format!("HAPI-1219: Invalid number value for parameter {name}: {value}"))
    }

    /// A type that FHIR does not have.
    pub(crate) fn unknown_type(name: &str, known: &[&str]) -> Fault {
        Fault::new(
            404,
            format!(
                "HAPI-0302: Unknown resource type '{name}' - Server knows how to handle: [{}]",
                known.join(", ")
            ),
        )
    }

    /// A resource that is not there.
    pub(crate) fn unknown(kind: &str, id: &str) -> Fault {
        Fault::new(404, format!("HAPI-2001: Resource {kind}/{id} is not known"))
    }

    /// A version that is not there.
    pub(crate) fn unknown_version(version: &str, kind: &str, id: &str) -> Fault {
        Fault::new(404, format!("HAPI-0979: Version \"{version}\" is not valid for resource {kind}/{id}"))
    }

    /// A request that no method of the server takes.
    pub(crate) fn unknown_method(method: &str, path: &str, names: &[String]) -> Fault {
        let mut fault = Fault::new(
            400,
            format!(
                "HAPI-0287: Invalid request: The FHIR endpoint on this server does not know how to handle {method} operation[{path}] with parameters [[{}]]",
                names.join(", ")
            ),
        );
        fault.code = "not-supported";
        fault
    }

    /// The base without a type.
    pub(crate) fn root() -> Fault {
        let mut fault = Fault::new(
            400,
            "HAPI-0286: This is the base URL of FHIR server. Unable to handle this request, as it does not contain a resource type or operation name.",
        );
        fault.code = "not-supported";
        fault
    }

    /// The resource that tells of it.
    pub(crate) fn outcome(&self) -> Object {
        outcome("error", self.code, &self.text)
    }
}

/// An OperationOutcome of one issue with its generated narrative.
pub(crate) fn outcome(severity: &'static str, code: &'static str, text: &str) -> Object {
    let label = severity.to_uppercase();
    let div = format!(
        "<div xmlns=\"http://www.w3.org/1999/xhtml\"><h1>Operation Outcome</h1><table border=\"0\"><tr><td style=\"font-weight: bold;\">{label}</td><td>[]</td><td><pre>{}</pre></td>\n\t\t\t</tr>\n\t\t</table>\n\t</div>",
        escaped(text)
    );
    let issue = Object::new().text("severity", severity).text("code", code).text("diagnostics", text);
    Object::resource("OperationOutcome")
        .object("text", Object::new().text("status", "generated").text("div", div))
        .list("issue", [issue])
}
