//! What users of the console may want, checked as the config file is checked, and done.
//!
//! The console checks before it asks, so that a person sees his mistake; core checks again before it does
//! anything, since it believes no other process.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Layout;
use super::config::Config;
use super::managed::Managed;
use crate::detect::Allowance;
use crate::event::wish::Wish;
use crate::forward::Destination;

/// Most destinations and allowances that the console makes: each destination is a task of core.
const MOST: usize = 64;

/// Most MiB that packets may fill, and fewest: as in the config.
const QUOTA_MIB: std::ops::RangeInclusive<u64> = 16..=16_777_216;

/// Longest text of a wish: a page.
const LONGEST: usize = 16 << 10;

/// A key and what is wrong with it, in plain words.
pub(crate) type Problems = Vec<(String, String)>;

/// Who answers for a change.
#[derive(Debug, Clone)]
pub(crate) struct Hands {
    /// Who asked.
    pub(crate) by: String,
    /// Who agreed; he himself where no second person is needed.
    pub(crate) approver: String,
    /// When it is done.
    pub(crate) at: Timestamp,
}

impl Hands {
    fn today(&self) -> Date {
        self.at.to_zoned(TimeZone::system()).date()
    }
}

/// Whether a second person must agree, where that is the rule: what takes evidence out, lets a source be
/// quieter, or lets packets go sooner.
pub(crate) fn is_weighty(wish: &Wish, layout: &Layout) -> bool {
    match wish {
        Wish::Export { .. } | Wish::Allowance { .. } | Wish::Retention { .. } => true,
        Wish::Restored { version } => match (Managed::version(layout, *version), Managed::load(layout)) {
            (Ok(then), Ok(now)) => {
                then.quota_mib != now.quota_mib
                    || then.allowance.iter().any(|one| !now.allowance.contains(one))
            }
            _ => true,
        },
        Wish::Destination { .. }
        | Wish::DestinationRemoved { .. }
        | Wish::AllowanceEnded { .. }
        | Wish::LureMinted { .. }
        | Wish::LureRevoked { .. } => false,
    }
}

/// The settings as they would be after a wish that changes them; none for any other wish.
///
/// # Errors
/// What is wrong, by key.
pub(crate) fn changed(
    wish: &Wish,
    config: &Config,
    layout: &Layout,
    hands: &Hands,
) -> Result<Option<Managed>, Problems> {
    let mut managed = Managed::load(layout).map_err(|e| one("file", e.to_string()))?;
    match wish {
        Wish::Destination { name, settings } => {
            let destination = destination(settings, layout)?;
            let problems = destination_problems(&destination, name, config);
            refuse(problems)?;
            put(&mut managed.destination, destination, |known| known.name == *name)?;
        }
        Wish::DestinationRemoved { name } => {
            take(&mut managed.destination, name, |known| known.name == *name)?;
        }
        Wish::Allowance { name, settings } => {
            let allowance = allowance(settings, hands)?;
            refuse(allowance_problems(&allowance, name, config, hands.today()))?;
            put(&mut managed.allowance, allowance, |known| known.name == *name)?;
        }
        Wish::AllowanceEnded { name } => take(&mut managed.allowance, name, |known| known.name == *name)?,
        Wish::Retention { quota_mib } => {
            if !QUOTA_MIB.contains(quota_mib) {
                let (least, most) = (QUOTA_MIB.start(), QUOTA_MIB.end());
                return Err(one("quota_mib", format!("expected {least} to {most}")));
            }
            managed.quota_mib = Some(*quota_mib);
        }
        Wish::Restored { version } => {
            let then = Managed::version(layout, *version).map_err(|e| one("version", e.to_string()))?;
            let faults = then.destination.iter().flat_map(|to| destination_problems(to, &to.name, config));
            refuse(faults.collect())?;
            managed.destination = then.destination;
            managed.allowance = then.allowance;
            managed.quota_mib = then.quota_mib;
        }
        Wish::LureMinted { .. } | Wish::LureRevoked { .. } | Wish::Export { .. } => return Ok(None),
    }
    managed.version += 1;
    managed.at = Some(hands.at);
    managed.by.clone_from(&hands.by);
    managed.change = format!("{} {}", wish.name(), wish.object());
    Ok(Some(managed))
}

fn one(key: &str, problem: String) -> Problems {
    vec![(key.to_owned(), problem)]
}

fn refuse(problems: Problems) -> Result<(), Problems> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn put<T>(list: &mut Vec<T>, item: T, is_same: impl Fn(&T) -> bool) -> Result<(), Problems> {
    let before = list.len();
    list.retain(|known| !is_same(known));
    if before == list.len() && before >= MOST {
        return Err(one("name", format!("there are {MOST} already")));
    }
    list.push(item);
    Ok(())
}

fn take<T>(list: &mut Vec<T>, name: &str, is_one: impl Fn(&T) -> bool) -> Result<(), Problems> {
    let before = list.len();
    list.retain(|known| !is_one(known));
    if list.len() < before {
        return Ok(());
    }
    Err(one("name", format!("{name}: the console made none of this name; what the config file says stays")))
}

fn object(settings: &str) -> Result<Value, Problems> {
    if settings.len() > LONGEST {
        return Err(one("settings", format!("expected {LONGEST} bytes at most")));
    }
    serde_json::from_str(settings).map_err(|e| one("settings", e.to_string()))
}

/// A destination whose files are those that the console keeps.
fn destination(settings: &str, layout: &Layout) -> Result<Destination, Problems> {
    let mut to: Destination =
        serde_json::from_value(object(settings)?).map_err(|e| one("settings", e.to_string()))?;
    let Destination { ca, certificate, key, token_file, secret_file, password_file, .. } = &mut to;
    for file in [ca, certificate, key, token_file, secret_file, password_file].into_iter().flatten() {
        *file = kept_file(file, layout)?;
    }
    Ok(to)
}

/// A file by its name alone, in the folder where the console puts what it is given.
fn kept_file(file: &Path, layout: &Layout) -> Result<PathBuf, Problems> {
    let name = file.to_str().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(one("ca", format!("{}: expected a file of the console's own", file.display())));
    }
    let path = layout.console_files().join(name);
    if path.is_file() { Ok(path) } else { Err(one("ca", format!("{name}: there is no such file"))) }
}

fn destination_problems(to: &Destination, name: &str, config: &Config) -> Problems {
    let faults = to.faults().into_iter();
    let mut problems: Problems = faults.map(|(key, problem)| (key.to_owned(), problem)).collect();
    if to.name != name {
        problems.push(("name".to_owned(), format!("{}: expected {name}", to.name)));
    }
    if config.destination.iter().any(|own| own.name == name) {
        problems.push(("name".to_owned(), format!("{name}: the config file has a destination of this name")));
    }
    problems
}

/// An allowance with who approved it and when.
fn allowance(settings: &str, hands: &Hands) -> Result<Allowance, Problems> {
    let mut table = object(settings)?;
    if let Some(table) = table.as_object_mut() {
        table.insert("approver".to_owned(), json!(hands.approver));
        table.insert("approved".to_owned(), json!(hands.today().to_string()));
    }
    serde_json::from_value(table).map_err(|e| one("settings", e.to_string()))
}

fn allowance_problems(allowance: &Allowance, name: &str, config: &Config, today: Date) -> Problems {
    let faults = allowance.faults(today).into_iter();
    let mut problems: Problems = faults.map(|(key, problem)| (key.to_owned(), problem)).collect();
    if allowance.name != name {
        problems.push(("name".to_owned(), format!("{}: expected {name}", allowance.name)));
    }
    if allowance.expires < today {
        problems.push(("expires".to_owned(), format!("expires: {} is over", allowance.expires)));
    }
    if config.detection.allowance.iter().any(|own| own.name == name) {
        problems.push(("name".to_owned(), format!("{name}: the config file has an allowance of this name")));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hands(approver: &str) -> Hands {
        Hands { by: "zhang".into(), approver: approver.into(), at: Timestamp::now() }
    }

    fn siem(more: &str) -> Wish {
        let settings =
            format!(r#"{{"name":"siem","address":"10.0.0.1:514","format":"cef","transport":"udp"{more}}}"#);
        Wish::Destination { name: "siem".into(), settings }
    }

    fn scanner(owner: &str, days: i64) -> Wish {
        let expires = hands("").today().saturating_add(jiff::Span::new().days(days));
        let settings = format!(
            r#"{{"name":"scan","source":"10.1.1.1","covers":"E3","owner":"{owner}","reason":"weekly","expires":"{expires}"}}"#
        );
        Wish::Allowance { name: "scan".into(), settings }
    }

    #[test]
    fn a_destination_is_checked_as_in_the_config_file() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let config = Config::default();
        let made = changed(&siem(""), &config, &layout, &hands("zhang")).unwrap().unwrap();
        assert_eq!((made.version, made.destination.len(), made.change.as_str()), (1, 1, "destination siem"));
        let problem =
            |wish: &Wish, config: &Config| changed(wish, config, &layout, &hands("zhang")).unwrap_err();
        let facility = problem(&siem(r#","facility":99"#), &config);
        assert_eq!(facility[0].0, "facility");
        assert!(problem(&siem(r#","nonsense":1"#), &config)[0].1.contains("nonsense"));
        for path in ["/etc/passwd", "../../secret.key", ".hidden", "none.pem", ""] {
            assert_eq!(problem(&siem(&format!(r#","ca":"{path}""#)), &config)[0].0, "ca", "{path}");
        }
        let own = Config { destination: made.destination, ..Config::default() };
        assert!(problem(&siem(""), &own)[0].1.contains("config file"), "the operator's file goes first");
        assert!(problem(&Wish::DestinationRemoved { name: "siem".into() }, &own)[0].1.contains("stays"));
    }

    #[test]
    fn an_allowance_needs_an_end_and_another_person() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let config = Config::default();
        let with = |wish: &Wish, approver: &str| changed(wish, &config, &layout, &hands(approver));
        let made = with(&scanner("li", 30), "wang").unwrap().unwrap();
        assert_eq!(
            (made.allowance[0].approver.as_str(), made.allowance[0].approved),
            ("wang", hands("").today())
        );
        assert_eq!(with(&scanner("wang", 30), "wang").unwrap_err()[0].0, "approver");
        assert_eq!(with(&scanner("li", 91), "wang").unwrap_err()[0].0, "expires");
        assert_eq!(with(&scanner("li", -1), "wang").unwrap_err()[0].0, "expires");
        made.save(&layout).unwrap();
        let ended = with(&Wish::AllowanceEnded { name: "scan".into() }, "zhang").unwrap().unwrap();
        ended.save(&layout).unwrap();
        assert!(ended.allowance.is_empty());
        let back = Wish::Restored { version: 1 };
        assert!(is_weighty(&back, &layout) && is_weighty(&scanner("li", 30), &layout));
        assert!(!is_weighty(&Wish::Restored { version: 2 }, &layout) && !is_weighty(&siem(""), &layout));
        assert_eq!(with(&back, "wang").unwrap().unwrap().allowance.len(), 1);
    }
}
