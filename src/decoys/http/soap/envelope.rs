//! SOAP 1.1 envelopes as JAX-WS RI reads and writes them.

use super::Service;
use crate::decoys::http::xml::{self, Element, escaped};

const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// A fault: its code and the runtime's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoapFault {
    /// `Client`, `VersionMismatch`, `MustUnderstand`.
    pub code: &'static str,
    /// `faultstring`.
    pub words: String,
}

fn client(words: String) -> SoapFault {
    SoapFault { code: "Client", words }
}

/// Reads an envelope; gives the first element of its body.
///
/// # Errors
/// The fault that the runtime answers.
pub fn read(body: &[u8]) -> Result<Element, SoapFault> {
    let root = xml::parse(body).map_err(|broken| {
        client(format!(
            "Couldn't create SOAP message due to exception: XML reader error: javax.xml.stream.XMLStreamException: ParseError at [row,col]:[{},{}]\nMessage: {}",
            broken.row, broken.column, broken.words
        ))
    })?;
    if root.name != "Envelope" {
        let space = if root.space.is_empty() { "null" } else { &root.space };
        return Err(client(format!(
            "Couldn't create SOAP message due to exception: unexpected XML tag. expected: {{{SOAP11}}}Envelope but found: {{{space}}}{}",
            root.name
        )));
    }
    if root.space != SOAP11 {
        return Err(SoapFault {
            code: "VersionMismatch",
            words: format!(
                "Couldn't create SOAP message. Expecting Envelope in namespace {SOAP11}, but got {} ",
                root.space
            ),
        });
    }
    let headers = root.child("Header").map(|header| header.children.as_slice()).unwrap_or_default();
    let wanted: Vec<String> = headers
        .iter()
        .filter(|header| header.attribute("mustUnderstand") == "1")
        .map(|header| format!("{{{}}}{}", header.space, header.name))
        .collect();
    if !wanted.is_empty() {
        return Err(SoapFault {
            code: "MustUnderstand",
            words: format!("MustUnderstand headers:[{}] are not understood", wanted.join(", ")),
        });
    }
    let first = root.child("Body").and_then(|body| body.children.first().cloned());
    first.ok_or_else(|| client("Cannot find dispatch method for {}".to_owned()))
}

/// The call's parameters, in the service's order.
///
/// # Errors
/// The fault for an operation that the service does not have.
pub(super) fn call(service: &Service, operation: &Element) -> Result<Vec<Option<String>>, SoapFault> {
    if operation.name != service.operation || operation.space != service.space {
        return Err(client(format!(
            "Cannot find dispatch method for {{{}}}{}",
            operation.space, operation.name
        )));
    }
    let value = |name: &String| operation.child(name).map(|child| child.text.clone());
    Ok(service.parameters.iter().map(value).collect())
}

/// The answer of a call.
pub(super) fn answer(service: &Service, result: Option<&str>) -> String {
    let Service { space, operation, result: name, .. } = service;
    let shown = result.map(|text| format!("<{name}>{}</{name}>", escaped(text))).unwrap_or_default();
    format!(
        "<?xml version=\"1.0\" ?><S:Envelope xmlns:S=\"{SOAP11}\"><S:Body><ns2:{operation}Response xmlns:ns2=\"{space}\">{shown}</ns2:{operation}Response></S:Body></S:Envelope>"
    )
}

/// The answer that tells of a fault.
pub(super) fn fault(fault: &SoapFault) -> String {
    format!(
        "<?xml version=\"1.0\" ?><S:Envelope xmlns:S=\"{SOAP11}\"><S:Body><S:Fault xmlns:ns4=\"http://www.w3.org/2003/05/soap-envelope\" xmlns=\"\"><faultcode>S:{}</faultcode><faultstring>{}</faultstring></S:Fault></S:Body></S:Envelope>",
        fault.code,
        escaped(&fault.words)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_the_runtimes() {
        let words = |body: &str| read(body.as_bytes()).unwrap_err().words;
        assert!(words("").ends_with("[1,1]\nMessage: Premature end of file."));
        assert!(words("<a/>").ends_with("but found: {null}a"));
        let other = read(b"<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'/>").unwrap_err();
        assert_eq!(other.code, "VersionMismatch");
        let empty = format!("<e:Envelope xmlns:e='{SOAP11}'><e:Body/></e:Envelope>");
        assert_eq!(words(&empty), "Cannot find dispatch method for {}");
    }
}
