//! The launch page and the web start descriptor.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::Mirth;
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::jetty::error;
use crate::decoys::http::uri::split_target;

const STYLE: &str = "body{font-family:\"Helvetica Neue\",Helvetica,Arial,sans-serif;font-size:13px;color:#444;margin:0;background:#fff}#centerWrapper{width:760px;margin:40px auto}h1{font-size:24px;text-align:center;color:#0a5c8f}.help-block{padding:8px 40px}.btn{display:inline-block;padding:12px 22px;border-radius:5px;background:#4a9b2f;color:#fff;font-size:16px;text-decoration:none}footer{border-top:1px solid #ddd;padding:12px;text-align:center;color:#888}";

const PAGE: &str = "<!doctype html>\n<html>\n<head>\n\t<meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\">\n\t<meta http-equiv=\"x-ua-compatible\" content=\"IE=edge\">\n\t<title>Mirth Connect Administrator</title>\n\t<link rel=\"shortcut icon\" type=\"image/x-icon\" href=\"images/NG_MC_Icon_16x16.png\" />\n\t<link rel=\"stylesheet\" type=\"text/css\" href=\"css/main.css\" />\n</head>\n<body id=\"body\" class=\"subpage\">\n\t<div id=\"centerWrapper\">\n\t\t<div id=\"mcadministrator\">\n\t\t\t<h1>Mirth Connect Administrator</h1>\n\t\t\t<div class=\"help-block\"><strong>Web Start</strong><br />The administrator is a Java application that this page launches.</div>\n\t\t\t<div style=\"text-align: center; margin-top: 10px;\"><a class=\"btn btn-large btn-themebutton\" href=\"javascript:launchAdministrator()\">Launch Mirth Connect Administrator</a></div>\n\t\t</div>\n\t</div>\n\t<footer class=\"smallSubPage\">&copy; 2023 NextGen Healthcare | Mirth Connect</footer>\n\t<script type=\"text/javascript\">\n\t\tfunction launchAdministrator(){\n\t\t\twindow.location.href = 'webstart.jnlp?time=' + new Date().getTime();\n\t\t}\n\t</script>\n</body>\n</html>\n";

/// Libraries of the administrator that every version brings.
const LIBRARIES: [&str; 12] = [
    "mirth-client-core.jar",
    "mirth-crypto.jar",
    "donkey-model.jar",
    "swingx-core-1.6.2.jar",
    "xstream-1.4.20.jar",
    "rsyntaxtextarea-2.5.6.jar",
    "miglayout-core-4.2.jar",
    "miglayout-swing-4.2.jar",
    "jersey-client-2.35.jar",
    "commons-lang3-3.13.0.jar",
    "hapi-base-2.3.jar",
    "jetty-util-9.4.44.v20210927.jar",
];

/// Extensions with a descriptor of their own.
const EXTENSIONS: [&str; 14] = [
    "datatype-hl7v2",
    "datatype-hl7v3",
    "datatype-xml",
    "datatype-dicom",
    "datatype-delimited",
    "dashboardstatus",
    "tcp",
    "ws",
    "http",
    "file",
    "jdbc",
    "vm",
    "mllpmode",
    "serverlog",
];

/// The launch page.
pub(super) fn page(app: &Mirth) -> Reply {
    app.file("text/html", PAGE.as_bytes())
}

/// Its style.
pub(super) fn style(app: &Mirth) -> Reply {
    app.file("text/css", STYLE.as_bytes())
}

/// `webstart.jnlp`: it takes a heap size and a time, and no other parameter.
pub(super) fn descriptor(app: &Mirth, ask: &Ask<'_>) -> Reply {
    let (_, query) = split_target(ask.head.target());
    let query = String::from_utf8_lossy(query).into_owned();
    let sound = |pair: &str| match pair.split_once('=') {
        Some(("time", value)) => !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()),
        Some(("maxHeapSize", value)) => {
            let digits = value.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G', 't', 'T']);
            value.len() == digits.len() + 1 && digits.bytes().all(|b| b.is_ascii_digit())
        }
        Some(_) | None => false,
    };
    if !query.is_empty() && !query.split('&').all(sound) {
        return error(
            ask,
            500,
            "javax.servlet.ServletException: java.lang.NullPointerException",
            "com.mirth.connect.server.servlets.WebStartServlet-4c2bb6e0",
        );
    }
    let version = &app.behaviour.version;
    let host = ask.head.host.as_str();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let scheme = if app.secure { "https" } else { "http" };
    let heap = query.split('&').find_map(|pair| pair.strip_prefix("maxHeapSize=")).unwrap_or("512m");
    let core = format!("mirth-core-models-{version}.jar");
    let first = ["mirth-client.jar", core.as_str(), "mirth-vocab.jar"];
    let jars: String = first
        .iter()
        .chain(&LIBRARIES)
        .enumerate()
        .map(|(at, jar)| {
            let digest = BASE64_STANDARD.encode(Sha256::digest(format!("{version}/{jar}")));
            let main = if at == 0 { " main=\"true\"" } else { "" };
            format!("        <jar download=\"eager\" href=\"webstart/client-lib/{jar}\"{main} sha256=\"{digest}\"/>\n")
        })
        .collect();
    let extensions: String = EXTENSIONS
        .iter()
        .map(|extension| format!("        <extension href=\"webstart/extensions/{extension}.jnlp\"/>\n"))
        .collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<jnlp codebase=\"{scheme}://{host}\" version=\"{version}\">\n    <information>\n        <title>Mirth Connect Administrator {version}</title>\n        <vendor>NextGen Healthcare</vendor>\n        <homepage href=\"http://www.nextgen.com\"/>\n        <icon href=\"images/NG_MC_Icon_128x128.png\"/>\n        <offline-allowed/>\n    </information>\n    <security>\n        <all-permissions/>\n    </security>\n    <update check=\"always\" policy=\"always\"/>\n    <resources>\n        <j2se href=\"http://java.sun.com/products/autodl/j2se\" java-vm-args=\"--add-modules=java.sql.rowset\" max-heap-size=\"{heap}\" version=\"9+\"/>\n{jars}{extensions}    </resources>\n    <application-desc main-class=\"com.mirth.connect.client.ui.Mirth\">\n        <argument>https://{name}:{}</argument>\n        <argument>{version}</argument>\n    </application-desc>\n</jnlp>\n",
        app.behaviour.secure_port
    );
    Reply::new(200)
        .with("Pragma", "no-cache")
        .with("X-Content-Type-Options", "nosniff")
        .with("Content-Disposition", "attachment; filename = \"webstart.jnlp\"")
        .typed("application/x-java-jnlp-file;charset=utf-8")
        .with_body(body)
}
