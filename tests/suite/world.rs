//! `honeyward world`: what the hospital holds, as operators and checks read it.

use serde_json::Value;
use tempfile::TempDir;

use crate::honeynet::{honeyward, text};

fn rows(dir: &TempDir, subject: &str) -> Vec<Value> {
    let args = ["world", subject, "--json", "--limit", "4", "--at", "2026-03-26T14:30:00+08:00"];
    let output = honeyward(&dir.path().join("data"), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_subject_lists_its_documented_fields() {
    let dir = TempDir::new().unwrap();
    let fields = [
        ("patients", ["mrn", "name", "resident_id_masked", "registered"]),
        ("studies", ["uid", "accession", "mrn", "started"]),
        ("orders", ["placer", "filler", "state", "patient_name"]),
        ("results", ["specimen", "panel_name", "results", "analysed"]),
    ];
    for (subject, names) in fields {
        let found = rows(&dir, subject);
        assert_eq!(found.len(), 4, "{subject}");
        assert_eq!(found, rows(&dir, subject), "the same moment gives the same rows");
        for name in names {
            assert!(found.iter().all(|row| !row[name].is_null()), "{subject}: {name}");
        }
    }
}

#[test]
fn a_wrong_moment_is_refused() {
    let dir = TempDir::new().unwrap();
    let output = honeyward(&dir.path().join("data"), &["world", "orders", "--at", "yesterday"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("--at yesterday: expected RFC 3339"), "{}", text(&output));
}
