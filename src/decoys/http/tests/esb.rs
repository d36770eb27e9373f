//! The integration engine's API and web services, against what Jetty 9.4.53 and JAX-WS RI 2.3.0.2
//! answered.

use super::embedded::Face;
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::persona::Protocol;
use crate::session::bench::NOW;
use crate::world::PatientNo;

const SERVICE: &str = "/services/HIPMessageServer";

fn post(face: &Face, path: &str, headers: &str, body: &str) -> (String, String) {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: esb:8081\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (head, body) = face.ask(&request);
    (head, String::from_utf8(body).unwrap())
}

fn envelope(action: &str, message: &str) -> String {
    let message = super::super::xml::escaped(message);
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:g=\"http://goodwillcis.com\"><e:Body><g:HIPMessageServer><action>{action}</action><message>{message}</message></g:HIPMessageServer></e:Body></e:Envelope>"
    )
}

fn soap() -> Face {
    Face::at("esb", 8081)
}

#[test]
fn a_patient_is_found_by_both_kinds_of_request() {
    let face = soap();
    let patient = face.bench.world.at(NOW.parse().unwrap()).patient(PatientNo(55)).unwrap();
    let plain =
        envelope("PatientQuery", &format!("<Request><PatientID>{}</PatientID></Request>", patient.mrn));
    let (head, body) = post(&face, SERVICE, "Content-Type: text/xml\r\n", &plain);
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\nDate: ")
            && head.contains("\r\nTransfer-encoding: chunked\r\nContent-type: text/xml; charset=utf-8\r\n"),
        "{head}"
    );
    assert!(body.contains(&format!("&lt;Name&gt;{}&lt;/Name&gt;", patient.name.chinese())), "{body}");
    let query = format!(
        "<PRPA_IN201305UV02 xmlns=\"urn:hl7-org:v3\"><id extension=\"M1\"/><controlActProcess><queryByParameter><queryId extension=\"Q1\"/><parameterList><livingSubjectId><value extension=\"{}\"/></livingSubjectId></parameterList></queryByParameter></controlActProcess></PRPA_IN201305UV02>",
        patient.mrn
    );
    let (_, body) = post(&face, SERVICE, "Content-Type: text/xml\r\n", &envelope("x", &query));
    let shown = body.replace("&lt;", "<").replace("&gt;", ">");
    assert!(
        shown.contains("PRPA_IN201306UV02")
            && shown.contains(&format!("<birthTime value=\"{}\"/>", patient.born.strftime("%Y%m%d"))),
        "{shown}"
    );
    let told = face.events();
    assert_eq!(told.iter().filter(|o| matches!(o, Observation::RecordRead { subject: RecordKind::Patient, ids, .. } if ids[0] == patient.mrn)).count(), 2);
}

#[test]
fn faults_are_the_runtimes() {
    let face = soap();
    let fault = |body: &str| post(&face, SERVICE, "Content-Type: text/xml\r\n", body);
    let (head, body) = fault("<a/>");
    assert!(head.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
    assert!(body.contains("<S:Fault xmlns:ns4=\"http://www.w3.org/2003/05/soap-envelope\" xmlns=\"\"><faultcode>S:Client</faultcode>"));
    assert!(
        post(&face, SERVICE, "Content-Type: application/json\r\n", "{}")
            .0
            .starts_with("HTTP/1.1 415 Unsupported Media Type\r\n")
    );
    let entity =
        format!("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", envelope("&x;", "<Request/>"));
    let (head, _) = fault(&entity);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(face.events().iter().any(
        |o| matches!(o, Observation::ExploitAttempt { weakness, .. } if weakness == "xml-external-entity")
    ));
    let (answer, closed) = face.send(&[b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"]);
    assert_eq!(
        String::from_utf8(answer).unwrap(),
        "HTTP/1.1 404 Not Found\r\nContent-Length: 50\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>404 Not Found</h1>No context found for request"
    );
    assert!(closed);
}

#[test]
fn the_api_tells_its_version_and_unmarshals_nothing() {
    let face = Face::secure("esb");
    let get = |headers: &str| {
        face.ask(&format!("GET /api/server/version HTTP/1.1\r\nHost: esb:8443\r\n{headers}\r\n"))
    };
    let (head, body) = get("");
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\nContent-Security-Policy: frame-ancestors 'none'\r\nX-Frame-Options: DENY\r\nCache-Control: must-revalidate,no-cache,no-store\r\n"), "{head}");
    assert!(
        String::from_utf8(body)
            .unwrap()
            .contains("<title>Error 400 All requests must have &apos;X-Requested-With&apos; header</title>")
    );
    assert_eq!(get("X-Requested-With: OpenAPI\r\n").1, b"4.4.0");
    let payload = "<sorted-set><string>x</string><dynamic-proxy><interface>java.lang.Comparable</interface></dynamic-proxy></sorted-set>";
    let (head, _) =
        post(&face, "/api/users", "X-Requested-With: OpenAPI\r\nContent-Type: application/xml\r\n", payload);
    assert!(head.starts_with("HTTP/1.1 500 "));
    assert!(
        face.events().iter().any(
            |o| matches!(o, Observation::ExploitAttempt { weakness, .. } if weakness == "CVE-2023-43208")
        )
    );
}

#[test]
fn a_lure_account_reads_the_channels() {
    let face = Face::secure("esb");
    let account = face
        .bench
        .pack
        .host("esb")
        .unwrap()
        .accounts
        .iter()
        .find(|a| a.services.contains(&Protocol::Https))
        .unwrap()
        .clone();
    let wrong = post(&face, "/api/users/_login", "X-Requested-With: x\r\n", "username=admin&password=admin");
    assert!(
        wrong.0.starts_with("HTTP/1.1 401 Unauthorized\r\n") && wrong.1.contains("<status>FAIL</status>")
    );
    let right = format!("username={}&password={}", account.name, account.password.replace('@', "%40"));
    let (head, body) = post(&face, "/api/users/_login", "X-Requested-With: x\r\n", &right);
    assert!(body.contains("<status>SUCCESS</status>"), "{body}");
    let cookie = head.split("JSESSIONID=").nth(1).unwrap().split(';').next().unwrap();
    let (_, body) = face.ask(&format!(
        "GET /api/channels HTTP/1.1\r\nHost: h\r\nX-Requested-With: x\r\nCookie: JSESSIONID={cookie}\r\n\r\n"
    ));
    assert!(String::from_utf8(body).unwrap().contains("<name>HIP_WEBSERVICE</name>"));
    assert!(face.events().iter().any(|o| matches!(o, Observation::LureTouched { .. })));
}
