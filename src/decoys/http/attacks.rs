//! Known attacks by the marks they leave in a request. Nothing of them is ever run.

use super::head::Head;
use super::uri::{form_decode, holds};

/// Most bytes of a body that are searched: attack marks stand near its start.
const MAX_SEARCHED: usize = 64 << 10;
/// A Shiro cookie shorter than this is a scanner's question, not a payload.
const SHIRO_PAYLOAD: usize = 128;
/// Longest sample of a payload in an event.
const MAX_SAMPLE: usize = 512;

/// A recognised attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attack {
    /// The weakness: a CVE id or a short name of ours.
    pub weakness: &'static str,
    /// What was sent, cut to `MAX_SAMPLE` bytes.
    pub payload: Vec<u8>,
}

/// Paths that only an exploit of a product asks for, lower-case.
const PATHS: [(&str, &str); 22] = [
    ("/webservices/webuserlogin.asmx/getuserinfobyuserid", "infinitt-user-disclosure"),
    ("/webservices/webjobupload.asmx", "infinitt-job-upload"),
    ("/xtwebpacsasp/", "xtwebpacs-report-enumeration"),
    ("/webpacs/webpacs/studylistgrid", "webpacs-sql-injection"),
    ("/easyreport/login.do?method=handlerequestrole", "easyreport-sql-injection"),
    ("/showqueue/showqueue/patient/queryqueueinfo", "showqueue-disclosure"),
    ("/common/templatefile?template_name=", "dhc-oa-file-read"),
    ("/fckeditor/editor/filemanager/connectors", "fckeditor-upload"),
    ("/workflow/demodefinitionproxyservlet", "dhc-oa-deserialisation"),
    ("/exportfile?uid=..", "dicoogle-file-read"),
    ("/wls-wsat/coordinatorporttype", "CVE-2017-10271"),
    ("/_async/asyncresponseservice", "CVE-2019-2725"),
    ("/console/css/%252e%252e", "CVE-2020-14882"),
    ("/actuator/gateway/routes", "CVE-2022-22947"),
    ("/functionrouter", "CVE-2022-22963"),
    ("/invoker/jmxinvokerservlet", "CVE-2015-7501"),
    ("/phpunit/phpunit/src/util/php/eval-stdin.php", "CVE-2017-9841"),
    ("invokefunction&function=call_user_func", "CVE-2018-20062"),
    ("/solr/admin/cores?action=", "CVE-2019-0193"),
    ("/struts2-rest-showcase", "CVE-2017-9805"),
    ("/cgi-bin/.%2e", "CVE-2021-41773"),
    ("/nacos/v1/auth/users?", "CVE-2021-29441"),
];

/// Marks of SQL injection in decoded, lower-case text.
const SQL: [&str; 16] = [
    "' or '",
    "' or 1",
    "' and '",
    "' and 1",
    "'--",
    "' --",
    "';",
    "union select",
    "union all select",
    "sleep(",
    "waitfor delay",
    "xp_cmdshell",
    "extractvalue(",
    "updatexml(",
    "information_schema",
    "dbms_pipe",
];

/// Marks of a command to be run.
const COMMANDS: [&str; 8] =
    ["/etc/passwd", "/etc/shadow", "win.ini", "cmd.exe", "/bin/sh", "/bin/bash", "powershell", "$(curl"];

/// Extensions that servers run.
const EXECUTABLE: [&str; 9] = [".jsp", ".jspx", ".jspf", ".war", ".php", ".asp", ".aspx", ".ashx", ".phtml"];

/// All attacks that a request shows; each weakness at most once.
pub fn recognise(head: &Head, body: &[u8]) -> Vec<Attack> {
    let body = body.get(..MAX_SEARCHED.min(body.len())).unwrap_or_default();
    let mut found = Vec::new();
    let mut note = |weakness: &'static str, payload: &[u8]| {
        let known = found.iter().any(|a: &Attack| a.weakness == weakness);
        if !known && found.len() < 8 {
            let sample = payload.get(..MAX_SAMPLE.min(payload.len())).unwrap_or_default();
            found.push(Attack { weakness, payload: sample.to_vec() });
        }
    };
    in_target(head, &mut note);
    in_headers(head, &mut note);
    in_parameters(head, body, &mut note);
    found
}

fn in_target(head: &Head, note: &mut impl FnMut(&'static str, &[u8])) {
    let target = head.target();
    let lower = lower(target);
    for (path, weakness) in PATHS {
        if holds(&lower, path.as_bytes()) {
            note(weakness, target);
        }
    }
    let climbs = ["../", "..\\", "..%2f", "..%5c", "%2e%2e", "..;/", "..%c0%af", "%252e%252e"];
    if climbs.iter().any(|c| holds(&lower, c.as_bytes())) {
        note("path-traversal", target);
    }
    let executable = EXECUTABLE.iter().any(|e| holds(&lower, e.as_bytes()));
    if matches!(head.method(), b"PUT" | b"MOVE" | b"COPY") && executable {
        note("CVE-2017-12615", target);
    }
}

fn in_headers(head: &Head, note: &mut impl FnMut(&'static str, &[u8])) {
    for (name, value) in head.headers() {
        code_marks(value, note);
        if name.eq_ignore_ascii_case(b"Content-Type") && (holds(value, b"%{") || holds(value, b"${")) {
            note("CVE-2017-5638", value);
        }
        if name.eq_ignore_ascii_case(b"SOAPAction") && holds(value, b"tempuri.org/UploadData") {
            note("infinitt-upload-data", head.target());
        }
        if name.eq_ignore_ascii_case(b"Cookie")
            && super::cookie::find(value, "rememberMe").is_some_and(|v| v.len() >= SHIRO_PAYLOAD)
        {
            note("CVE-2016-4437", value);
        }
    }
    let openapi = head.header("X-Requested-With").is_some_and(|v| v.eq_ignore_ascii_case(b"OpenAPI"));
    if openapi && head.target().starts_with(b"/api/") {
        note("CVE-2023-43208", head.target());
    }
}

fn in_parameters(head: &Head, body: &[u8], note: &mut impl FnMut(&'static str, &[u8])) {
    let (_, query) = super::uri::split_target(head.target());
    for text in [form_decode(head.target()), form_decode(query), form_decode(body)] {
        code_marks(&text, note);
    }
    for text in [form_decode(query), form_decode(body)] {
        let lower = lower(&text);
        if SQL.iter().any(|s| holds(&lower, s.as_bytes())) {
            note("sql-injection", &text);
        }
        if COMMANDS.iter().any(|c| holds(&lower, c.as_bytes())) {
            note("command-injection", &text);
        }
        if holds(&lower, b"<script") || holds(&lower, b"onerror=") {
            note("cross-site-scripting", &text);
        }
        if holds(&lower, b"\"@type\"") {
            note("fastjson-autotype", &text);
        }
        if holds(&lower, b"<!entity") {
            note("xml-external-entity", &text);
        }
    }
}

/// Marks of code that a library would evaluate, in any place.
fn code_marks(text: &[u8], note: &mut impl FnMut(&'static str, &[u8])) {
    let lower = lower(text);
    let lookup = holds(&lower, b"${jndi:") || holds(&lower, b"${lower:j") || holds(&lower, b"${::-j");
    if lookup || holds(&lower, b"${${") {
        note("CVE-2021-44228", text);
    }
    let ognl = holds(&lower, b"ognl.") || holds(&lower, b"#_memberaccess") || holds(&lower, b"%{#");
    if ognl || holds(&lower, b"%{(#") || holds(&lower, b"${(#") {
        note("struts-ognl", text);
    }
    if holds(&lower, b"class.module.classloader") {
        note("CVE-2022-22965", text);
    }
    if holds(&lower, b"t(java.lang.runtime)") {
        note("spring-expression", text);
    }
}

/// Whether an uploaded file's name is one that a server would run.
pub fn is_web_shell(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    EXECUTABLE.iter().any(|e| name.contains(e))
}

fn lower(text: &[u8]) -> Vec<u8> {
    text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::parser::{HeadParser, Step};
    use super::*;

    fn seen(request: &str, body: &[u8]) -> Vec<&'static str> {
        let mut input = bytes::BytesMut::from(request.replace('\n', "\r\n").as_bytes());
        let Step::Head(head) = HeadParser::default().advance(&mut input) else { panic!("no head") };
        recognise(&head, body).iter().map(|a| a.weakness).collect()
    }

    #[test]
    fn attacks_are_named() {
        let get = |target: &str| seen(&format!("GET {target} HTTP/1.0\n\n"), b"");
        assert_eq!(
            get("/webservices/WebUserLogin.asmx/GetUserInfoByUserID?userID=admin"),
            ["infinitt-user-disclosure"]
        );
        assert_eq!(get("/his/..;/manager/html"), ["path-traversal"]);
        assert_eq!(get("/his/login?x=%24%7Bjndi:ldap://a/b%7D"), ["CVE-2021-44228"]);
        assert_eq!(get("/his/patients?q=1'%20or%20'1'='1"), ["sql-injection"]);
        assert_eq!(seen("PUT /a.jsp/ HTTP/1.0\n\n", b"<%"), ["CVE-2017-12615"]);
        assert_eq!(
            seen("POST /his/login HTTP/1.0\nContent-Type: %{(#nike='multipart/form-data')}\n\n", b""),
            ["struts-ognl", "CVE-2017-5638"]
        );
        let shiro = format!("GET /his/ HTTP/1.0\nCookie: rememberMe={}\n\n", "A".repeat(200));
        assert_eq!(seen(&shiro, b""), ["CVE-2016-4437"]);
    }

    #[test]
    fn ordinary_requests_show_none() {
        assert!(
            seen("GET /his/patients?q=%E5%BC%A0&page=2 HTTP/1.0\nCookie: JSESSIONID=AB\n\n", b"").is_empty()
        );
        assert!(seen("POST /his/login HTTP/1.0\n\n", b"username=admin&password=Abc%40123").is_empty());
        assert!(seen("GET /his/ HTTP/1.0\nCookie: rememberMe=1\n\n", b"").is_empty());
    }
}
