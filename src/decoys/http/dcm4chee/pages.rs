//! The archive's page and what it loads, in the structure of its user interface.

use super::{Dcm4chee, ServiceClass};
use crate::decoys::http::answer::http_date;
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::{favicon, site};

const STYLE: &str = "body{margin:0;font:14px Roboto,Arial,sans-serif;background:#eceff1;color:#263238}header{background:#263238;color:#fff;padding:12px 18px;display:flex;justify-content:space-between}header small{color:#90a4ae}main{padding:16px}form{background:#fff;padding:12px;display:flex;flex-wrap:wrap;gap:8px}input,select,button{padding:6px 8px;border:1px solid #b0bec5}button{background:#37474f;color:#fff}table{border-collapse:collapse;width:100%;background:#fff;margin-top:12px}th,td{border-bottom:1px solid #cfd8dc;padding:6px 8px;text-align:left;font-size:13px}th{background:#455a64;color:#fff}tr.level2 td{padding-left:28px;background:#f5f7f8}a{color:#00695c}";

const SCRIPT: &str = r#"'use strict';
(function () {
  var rs = '../aets/' + document.body.dataset.aet + '/rs';
  var rows = document.querySelector('tbody');
  function value(study, tag) {
    var found = study[tag] && study[tag].Value;
    if (!found) { return ''; }
    return found.map(function (v) { return v && v.Alphabetic !== undefined ? [v.Ideographic, v.Alphabetic].filter(Boolean).join(' ') : v; }).join('\\');
  }
  function row(cells, below) {
    var tr = document.createElement('tr');
    if (below) { tr.className = 'level2'; }
    cells.forEach(function (cell) {
      var td = document.createElement('td');
      if (cell instanceof Node) { td.appendChild(cell); } else { td.textContent = cell; }
      tr.appendChild(td);
    });
    return tr;
  }
  function link(text, act) {
    var a = document.createElement('a');
    a.href = '#';
    a.textContent = text;
    a.onclick = function (event) { event.preventDefault(); act(); };
    return a;
  }
  function series(uid, after) {
    fetch(rs + '/studies/' + uid + '/series').then(function (r) { return r.json(); }).then(function (all) {
      all.reverse().forEach(function (one) {
        var img = document.createElement('img');
        img.src = rs + '/studies/' + uid + '/series/' + value(one, '0020000E') + '/thumbnail';
        after.after(row([img, value(one, '00080060'), value(one, '0008103E'), '', '', '', value(one, '00201209')], true));
      });
    });
  }
  function load() {
    var query = new URLSearchParams(new FormData(document.querySelector('form')));
    Array.from(query.keys()).forEach(function (key) { if (!query.get(key)) { query.delete(key); } });
    rows.textContent = '';
    fetch(rs + '/studies?includefield=StudyDescription&' + query).then(function (r) {
      return r.status === 200 ? r.json() : [];
    }).then(function (all) {
      all.forEach(function (study) {
        var uid = value(study, '0020000D');
        var tr = row([link(value(study, '00100010'), function () { series(uid, tr); }), value(study, '00100020'), value(study, '00081030'), value(study, '00080050'), value(study, '00080020'), value(study, '00080061'), value(study, '00201208')]);
        rows.appendChild(tr);
      });
    });
  }
  document.querySelector('form').addEventListener('submit', function (event) { event.preventDefault(); load(); });
}());
"#;

/// The page.
pub(super) fn index(app: &Dcm4chee, ask: &Ask<'_>) -> Reply {
    let title = app
        .behaviour
        .aet
        .iter()
        .find(|aet| aet.services.contains(&ServiceClass::StowRs))
        .map_or("", |aet| aet.title.as_str());
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <title>dcm4chee-arc-ui2</title>\n  <base href=\"/dcm4chee-arc/ui2/\">\n  <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n  <link rel=\"icon\" type=\"image/x-icon\" href=\"favicon.ico\">\n  <link rel=\"stylesheet\" href=\"styles.css\">\n</head>\n<body data-aet=\"{title}\">\n<header><span>dcm4chee Archive</span><small>{} {}</small></header>\n<main>\n<form>\n<input name=\"PatientName\" placeholder=\"Patient family name\">\n<input name=\"PatientID\" placeholder=\"Patient ID\">\n<input name=\"AccessionNumber\" placeholder=\"Accession number\">\n<input name=\"StudyDate\" placeholder=\"Study date\">\n<select name=\"limit\"><option>20</option><option>50</option><option>100</option></select>\n<button type=\"submit\">SUBMIT</button>\n</form>\n<table><thead><tr><th>Patient's Name</th><th>Patient ID</th><th>Study Description</th><th>Accession Number</th><th>Study Date</th><th>Modality</th><th>#I</th></tr></thead><tbody></tbody></table>\n</main>\n<script src=\"main.js\"></script>\n</body>\n</html>\n",
        app.behaviour.version,
        ask.session.host().hostname
    );
    file_of(app, "text/html", body.into_bytes(), "index")
}

/// A file beside the page.
pub(super) fn file(app: &Dcm4chee, name: &str) -> Reply {
    match name {
        "index.html" => Reply::new(302).with("Location", "/dcm4chee-arc/ui2/"),
        "styles.css" => file_of(app, "text/css", STYLE.as_bytes().to_vec(), name),
        "main.js" => file_of(app, "application/javascript", SCRIPT.as_bytes().to_vec(), name),
        "favicon.ico" => {
            let icon = favicon::ico(&app.installation, site::accent(&app.installation));
            file_of(app, "image/x-icon", icon, name)
        }
        _ => super::answers::not_found(),
    }
}

/// As the server sends files of a deployment: dated at its start.
fn file_of(app: &Dcm4chee, kind: &'static str, body: Vec<u8>, name: &str) -> Reply {
    let spread = i64::try_from(app.installation.number("dcm4chee/deployed", 90 * 86_400)).unwrap_or(0);
    let at = jiff::Timestamp::from_second(1_724_000_000 + spread).unwrap_or_default();
    let tag = app.installation.fill(&format!("dcm4chee/tag/{name}"), "{8x}");
    Reply::new(200)
        .typed(kind)
        .with("Last-Modified", http_date(at))
        .with("Accept-Ranges", "bytes")
        .with("ETag", format!("W/\"{}-{tag}\"", body.len()))
        .with_body(body)
}

/// What the server shows at its root.
pub(super) fn welcome() -> Reply {
    let body = "<!DOCTYPE html>\n<html>\n<head>\n    <title>Welcome to WildFly</title>\n    <link rel=\"shortcut icon\" href=\"favicon.ico\" />\n</head>\n<body>\n<h1>Welcome to WildFly</h1>\n<h3>Your WildFly instance is running.</h3>\n<p><a href=\"https://docs.wildfly.org\">Documentation</a> | <a href=\"/console\">Administration Console</a></p>\n<p>To replace this page simply deploy your own war with / as its context path.</p>\n</body>\n</html>\n";
    Reply::new(200).typed("text/html").with_body(body)
}
