//! Since when each deception host is there: its first days are judged otherwise.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use jiff::Timestamp;

use crate::app::Layout;
use crate::app::replace::replace;

/// Hosts with when they were added. Those that are new are added now; where evidence is older than this
/// list, the hosts that were there already are not new.
pub(super) fn born(
    layout: &Layout,
    hosts: impl Iterator<Item = String>,
    has_past: bool,
) -> io::Result<BTreeMap<String, Timestamp>> {
    let path = layout.hosts();
    let known: Option<BTreeMap<String, Timestamp>> = match fs::read(&path) {
        // Nothing is judged worse without the list, and evidence must be kept.
        Ok(bytes) => serde_json::from_slice(&bytes)
            .inspect_err(|error| {
                tracing::warn!(path = %path.display(), %error, "the list of hosts is damaged: none of them is new");
            })
            .ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let is_first = known.is_none() && has_past;
    let mut all = known.unwrap_or_default();
    let before = all.len();
    let now = if is_first { Timestamp::UNIX_EPOCH } else { Timestamp::now() };
    for host in hosts {
        all.entry(host).or_insert(now);
    }
    if all.len() > before {
        replace(&path, &serde_json::to_vec_pretty(&all)?)?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_new_when_they_are_added_and_not_because_the_list_is() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        let hosts = |names: &'static [&str]| names.iter().map(|name| (*name).to_owned());
        let old = born(&layout, hosts(&["his"]), true).unwrap();
        assert_eq!(old["his"], Timestamp::UNIX_EPOCH);
        let then = Timestamp::now();
        let both = born(&layout, hosts(&["his", "pacs"]), true).unwrap();
        assert!(both["pacs"] >= then);
        assert_eq!(born(&layout, hosts(&["pacs"]), true).unwrap(), both, "and it is remembered");
        fs::write(layout.hosts(), b"").unwrap();
        let again = born(&layout, hosts(&["his"]), true).unwrap();
        assert_eq!(again["his"], Timestamp::UNIX_EPOCH, "a damaged list stops nothing");
    }
}
