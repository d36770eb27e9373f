//! Messages of WS-Management (DSP0226) and of MS-WSMV: who the service is, and that it lets nobody have
//! a shell.

use rand::RngExt;
use uuid::Uuid;

use crate::decoys::http::xml::{self, Element};
use crate::event::{Observation, Tainted};
use crate::session::Session;

const ENVELOPE: &str = "http://www.w3.org/2003/05/soap-envelope";
const IDENTITY: &str = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd";
const CREATE: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create";
const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
const POWERSHELL: &str = "http://schemas.microsoft.com/powershell/";

/// What the service says of a request that fails.
struct Failure {
    code: u32,
    subcode: &'static str,
    words: String,
}

/// ERROR_WSMAN_REMOTESHELLS_NOT_ALLOWED: the policy `AllowRemoteShellAccess` is off.
const NO_SHELLS: u32 = 2_150_859_180;
/// ERROR_WSMAN_INVALID_RESOURCE_URI.
const NO_RESOURCE: u32 = 2_150_858_752;
/// ERROR_WSMAN_SCHEMA_VALIDATION_ERROR.
const NO_MESSAGE: u32 = 2_150_858_817;

/// The text of a message, which may be in UTF-16 with its mark.
fn text(bytes: &[u8]) -> Vec<u8> {
    match bytes.strip_prefix(b"\xff\xfe") {
        Some(wide) => {
            let units = wide.as_chunks().0.iter().map(|unit: &[u8; 2]| u16::from_le_bytes(*unit));
            let text: String =
                char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            text.into_bytes()
        }
        None => bytes.to_vec(),
    }
}

fn parsed(bytes: &[u8]) -> Option<Element> {
    xml::parse(&text(bytes)).ok().filter(|root| root.name == "Envelope" && root.space == ENVELOPE)
}

fn is_asked_who(root: &Element) -> bool {
    root.child("Body").and_then(|body| body.child("Identify")).is_some_and(|asked| asked.space == IDENTITY)
}

/// Whether a message asks who the service is (DSP0226 11).
pub(super) fn is_identify(body: &[u8]) -> bool {
    parsed(body).is_some_and(|root| is_asked_who(&root))
}

/// Who the service is; before a login without the build of the system.
pub(super) fn identity(build: &str, stack: &str) -> String {
    format!(
        "<s:Envelope xml:lang=\"zh-CN\" xmlns:s=\"{ENVELOPE}\"><s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid=\"{IDENTITY}\"><wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor><wsmid:ProductVersion>OS: {build} SP: 0.0 Stack: {stack}</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>"
    )
}

/// Answers a message: status and text.
pub(super) fn answer(message: &[u8], session: &Session, stack: &str) -> (u16, String) {
    let Some(root) = parsed(message) else {
        session.malformed("message of WS-Management", message);
        let words = "WS-Management 服务无法处理该请求。SOAP 消息无效。".to_owned();
        return (
            500,
            fault(&Failure { code: NO_MESSAGE, subcode: "w:SchemaValidationError", words }, "", session),
        );
    };
    if is_asked_who(&root) {
        return (200, identity(&session.host().os.kernel, stack));
    }
    let header = |name: &str| {
        let found = root.child("Header").and_then(|header| header.child(name));
        found.map(|element| element.text.trim().to_owned()).unwrap_or_default()
    };
    let (action, resource) = (header("Action"), header("ResourceURI"));
    let is_shell = resource.starts_with(SHELL) || resource.starts_with(POWERSHELL);
    let failure = if is_shell {
        let words = "WS-Management 服务无法处理该请求。该服务配置为不接受任何远程 shell 请求。".to_owned();
        Failure { code: NO_SHELLS, subcode: "w:AccessDenied", words }
    } else {
        let words = format!(
            "WS-Management 服务无法处理该请求。在 WS-Management 目录中找不到资源 URI ({resource})。目录包含用于描述资源或逻辑终结点的元数据。"
        );
        Failure { code: NO_RESOURCE, subcode: "a:DestinationUnreachable", words }
    };
    tell(session, &root, &action, &resource, failure.code);
    (500, fault(&failure, &header("MessageID"), session))
}

fn tell(session: &Session, root: &Element, action: &str, resource: &str, status: u32) {
    let verb = Tainted::new(if action == CREATE { "Create" } else { action });
    session.emit(Observation::Request { verb, target: Tainted::new(resource), status, detail: None });
    // A client that does not wait for its shell says at once what it wants of it.
    for line in root.all("Command").into_iter().chain(root.all("CommandLine")) {
        if !line.text.trim().is_empty() {
            session.emit(Observation::Command { line: Tainted::new(line.text.trim()), exit: None });
        }
    }
}

/// A fault, DSP0226 annex; its details as MS-WSMV 2.2.4.43 has them.
fn fault(failure: &Failure, related: &str, session: &Session) -> String {
    let own = Uuid::from_bytes(session.rng(&format!("winrm/message/{related}")).random());
    let related = quick_xml::escape::escape(related);
    let machine = session.host().fqdn(&session.pack().hospital);
    let words = quick_xml::escape::escape(&failure.words);
    let Failure { code, subcode, .. } = failure;
    format!(
        "<s:Envelope xml:lang=\"zh-CN\" xmlns:s=\"{ENVELOPE}\" xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" xmlns:x=\"http://schemas.xmlsoap.org/ws/2004/09/transfer\" xmlns:e=\"http://schemas.xmlsoap.org/ws/2004/08/eventing\" xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\" xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" xmlns:p=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\"><s:Header><a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/fault</a:Action><a:MessageID>uuid:{}</a:MessageID><a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To><a:RelatesTo>{related}</a:RelatesTo></s:Header><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang=\"\">{words}</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" Code=\"{code}\" Machine=\"{machine}\"><f:Message>{words}</f:Message></f:WSManFault></s:Detail></s:Fault></s:Body></s:Envelope>",
        own.hyphenated().to_string().to_uppercase()
    )
}
