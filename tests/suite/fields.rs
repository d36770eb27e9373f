//! The field dictionary and the parsers for integrators, against the records that the formats write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::honeynet::{client, text};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Keys of the dictionary by format.
fn dictionary() -> BTreeMap<String, BTreeSet<String>> {
    let csv = fs::read_to_string(root("docs/operator/siem/fields.csv")).unwrap();
    let mut keys = BTreeMap::<String, BTreeSet<String>>::new();
    for line in csv.lines().skip(1) {
        let mut cells = line.splitn(4, ',');
        let (format, key) = (cells.next().unwrap(), cells.next().unwrap());
        assert_eq!(line.matches(',').count().min(4), 4, "{line}");
        assert!(keys.entry(format.into()).or_default().insert(key.into()), "twice: {line}");
    }
    keys
}

/// Keys of all golden records of a format, as a parser with the page's patterns finds them.
const PARSER: &str = r"
import json, pathlib, re, sys
page, golden = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2])
patterns = dict(re.findall(r'```regex (\S+)\n(.*?)\n```', page, re.S))
def of(name): return re.compile(patterns[name])
def paths(value, at):
    if isinstance(value, dict):
        return {p for key, inner in value.items() for p in paths(inner, at + [key])}
    if value == [] and at[-1] == 'reasons':
        return set()
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {p for inner in value for p in paths(inner, at)}
    return {'.'.join(at)}
found = {}
for file in sorted(golden.iterdir()):
    form = file.name.split('-')[0]
    if form not in ('flat', 'cef', 'leef', 'ecs') : continue
    old = 'gb18030' in file.name
    line = file.read_bytes().decode('gb18030' if old else 'utf-8')
    head = of('header3164' if old else 'header').match(line)
    assert head, file
    body = head['msg']
    if form in ('flat', 'ecs'):
        keys = paths(json.loads(body), [])
    else:
        whole = of(form).match(body)
        assert whole and whole['rule'], file
        pairs = [(m['key'], m['value']) for m in of(form + '-pair').finditer(whole['extension' if form == 'cef' else 'pairs'])]
        joined = (' ' if form == 'cef' else '^').join(f'{k}={v}' for k, v in pairs)
        assert joined == whole['extension' if form == 'cef' else 'pairs'], (file, joined)
        keys = {k for k, _ in pairs}
        assert len(keys) == len(pairs), file
    found.setdefault(form, set()).update(keys)
print(json.dumps({form: sorted(keys) for form, keys in found.items()}))
";

#[test]
fn the_dictionary_lists_what_is_written_and_the_patterns_read_it() {
    let script = tempfile::NamedTempFile::new().unwrap();
    fs::write(script.path(), PARSER).unwrap();
    let page = root("docs/operator/siem/README.md");
    let golden = root("tests/golden");
    let arguments = [script.path(), &page, &golden].map(|path| path.to_str().unwrap());
    let said = client("/usr/bin/python3", "python3", &arguments);
    assert!(said.status.success(), "{}", text(&said));
    let found: BTreeMap<String, BTreeSet<String>> =
        serde_json::from_value(serde_json::from_slice::<Value>(&said.stdout).unwrap()).unwrap();
    let listed = dictionary();
    for (format, keys) in &found {
        let missing: Vec<_> = keys.difference(&listed[format]).collect();
        let gone: Vec<_> = listed[format].difference(keys).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "{format}: not listed {missing:?}, not written {gone:?}"
        );
    }
    assert_eq!(found.len(), 4);
}
