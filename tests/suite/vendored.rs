//! What others made and the product or its tests carry along: unchanged since it was looked at; and the
//! pictures of the docs, which the journeys make.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    files.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn parts_of_others_are_the_ones_that_were_locked() {
    for folder in ["src/console/site/player", "tests/vendor/axe-core"] {
        let folder = root(folder);
        let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
        let mut summed = BTreeSet::from(["SHA256SUMS".to_owned()]);
        for (sum, name) in sums.lines().map(|line| line.split_once("  ").unwrap()) {
            let file = fs::read(folder.join(name)).unwrap();
            assert_eq!(hex::encode(Sha256::digest(&file)), sum, "{name} is not what was locked");
            summed.insert(name.to_owned());
        }
        assert_eq!(names(&folder), summed, "each file has its sum");
        let json =
            |name: &str| -> Value { serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap() };
        let (wanted, lock) = (json("package.json"), json("package-lock.json"));
        for (name, version) in wanted["dependencies"].as_object().unwrap() {
            assert_eq!(lock["packages"][format!("node_modules/{name}")]["version"], *version, "{name}");
        }
        for (name, package) in
            lock["packages"].as_object().unwrap().iter().filter(|(name, _)| !name.is_empty())
        {
            let hash = package["integrity"].as_str().unwrap_or_default();
            assert!(hash.starts_with("sha512-") && package["license"].is_string(), "{name}");
        }
    }
}

#[test]
fn each_picture_of_the_console_in_the_docs_is_made_by_a_journey_and_shown() {
    let read = |path: &str| fs::read_to_string(root(path)).unwrap();
    let journeys = read("tests/suite/journeys.rs") + &read("tests/suite/settings.rs");
    let page = read("docs/operator/console.md");
    for name in names(&root("docs/operator/images")).iter().filter(|name| name.starts_with("console-")) {
        let made = format!("folder.join(\"{}\")", name.trim_start_matches("console-"));
        assert!(journeys.contains(&made), "no journey makes {name}");
        assert!(page.contains(&format!("images/{name}")), "{name} is shown nowhere");
    }
}
