//! Settings of a session: what `SET` changes, `SHOW` shows and `pg_settings` lists.

use std::collections::BTreeMap;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::builtin::builtin;

/// Longest value that is kept: a name or a list of them.
const MAX_VALUE: usize = 1024;

/// Most settings of extensions (names with a dot) that a session makes.
const MAX_CUSTOM: usize = 64;

/// Settings that `pg_settings` leaves out.
const HIDDEN: [&str; 4] = ["is_superuser", "role", "session_authorization", "seed"];

/// Why a setting can't be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// SQLSTATE.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// More of it.
    pub detail: String,
    /// What would be right.
    pub hint: String,
}

fn refusal(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into(), detail: String::new(), hint: String::new() }
}

/// A setting as the server knows it.
struct Known {
    name: &'static str,
    value: &'static str,
    unit: Option<&'static str>,
    context: &'static str,
    kind: &'static str,
    low: Option<&'static str>,
    high: Option<&'static str>,
    words: Option<&'static str>,
}

fn known(name: &str) -> Option<Known> {
    let all = builtin().get("pg_catalog.pg_settings")?;
    let row = all
        .rows
        .iter()
        .find(|row| row.first().copied().flatten().is_some_and(|known| known.eq_ignore_ascii_case(name)))?;
    let text = |column| all.value(row, column);
    Some(Known {
        name: text("name")?,
        value: text("setting").unwrap_or_default(),
        unit: text("unit"),
        context: text("context").unwrap_or("user"),
        kind: text("vartype").unwrap_or("string"),
        low: text("min_val"),
        high: text("max_val"),
        words: text("enumvals"),
    })
}

/// All settings of a session.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What the server's own files say, over the defaults.
    server: BTreeMap<String, String>,
    /// What the connection began with.
    first: BTreeMap<String, String>,
    /// What the session changed.
    changed: BTreeMap<String, String>,
    /// What it was when the open transaction began.
    before: Option<BTreeMap<String, String>>,
    /// Changes that end with the transaction, and what was there before.
    local: BTreeMap<String, Option<String>>,
}

impl Settings {
    /// Settings of a server whose files say this.
    pub fn new(server: &BTreeMap<String, String>) -> Settings {
        let server = server.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        Settings { server, ..Settings::default() }
    }

    /// Sets what a connection begins with, unchecked.
    pub fn begin_with(&mut self, name: &str, value: impl Into<String>) {
        self.first.insert(name.to_lowercase(), value.into());
    }

    /// The name as the server writes it and its value in its own unit.
    pub fn raw(&self, name: &str) -> Option<(String, String)> {
        let lower = name.to_lowercase();
        let known = known(&lower);
        let given = [&self.changed, &self.first, &self.server].into_iter().find_map(|map| map.get(&lower));
        let written = known.as_ref().map_or(lower.clone(), |known| known.name.to_owned());
        match (given, known) {
            (Some(value), _) => Some((written, value.clone())),
            (None, Some(known)) => Some((written, known.value.to_owned())),
            (None, None) => HIDDEN.contains(&lower.as_str()).then(|| (written, "none".to_owned())),
        }
    }

    /// The name as the server writes it and its value as `SHOW` has it.
    pub fn show(&self, name: &str) -> Option<(String, String)> {
        let (written, value) = self.raw(name)?;
        let unit = known(&written).and_then(|known| known.unit);
        Some((written, unit.map_or(value.clone(), |unit| with_unit(&value, unit))))
    }

    /// The value in its own unit, as a number.
    pub fn number(&self, name: &str) -> i64 {
        self.raw(name).and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
    }

    /// Whether it is switched on.
    pub fn on(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|(_, value)| value == "on")
    }

    /// Names and values as `SHOW ALL` has them.
    pub fn all(&self) -> Vec<(String, String)> {
        let Some(all) = builtin().get("pg_catalog.pg_settings") else { return Vec::new() };
        let names = all.rows.iter().filter_map(|row| row.first().copied().flatten());
        let mut shown: Vec<_> = names.filter_map(|name| self.show(name)).collect();
        shown.sort_by_key(|(name, _)| name.to_lowercase());
        shown
    }

    /// Checks a change.
    ///
    /// # Errors
    /// As the server refuses it.
    pub fn check(&self, name: &str, value: &str, administrator: bool) -> Result<String, Refusal> {
        let Some(known) = known(name) else { return check_unknown(name, value) };
        let denied = |what: &str| Err(refusal("55P02", format!("parameter \"{name}\" {what}")));
        match known.context {
            "internal" => return denied("cannot be changed"),
            "postmaster" => return denied("cannot be changed without restarting the server"),
            "sighup" => return denied("cannot be changed now"),
            "backend" | "superuser-backend" => return denied("cannot be set after connection start"),
            "superuser" if !administrator => {
                return Err(refusal("42501", format!("permission denied to set parameter \"{name}\"")));
            }
            _ => {}
        }
        checked(&known, value.get(..MAX_VALUE.min(value.len())).unwrap_or_default())
    }

    /// Keeps a value that was checked; for the open transaction alone where `local`.
    pub fn put(&mut self, name: &str, value: String, local: bool) {
        let lower = name.to_lowercase();
        let custom = self.changed.keys().filter(|name| name.contains('.')).count();
        if lower.contains('.') && custom >= MAX_CUSTOM && !self.changed.contains_key(&lower) {
            return;
        }
        if local {
            let old = self.changed.get(&lower).cloned();
            self.local.entry(lower.clone()).or_insert(old);
        }
        self.changed.insert(lower, value);
    }

    /// Back to what the connection began with: one, or all.
    pub fn reset(&mut self, name: Option<&str>) {
        match name {
            Some(name) => {
                self.changed.remove(&name.to_lowercase());
            }
            None => self.changed.clear(),
        }
    }

    /// A transaction begins.
    pub fn begin(&mut self) {
        self.before = Some(self.changed.clone());
        self.local.clear();
    }

    /// A transaction ends; what it changed stays or not.
    pub fn end(&mut self, committed: bool) {
        let before = self.before.take();
        let local = std::mem::take(&mut self.local);
        match before {
            Some(before) if !committed => self.changed = before,
            _ => {
                for (name, old) in local {
                    match old {
                        Some(old) => self.changed.insert(name, old),
                        None => self.changed.remove(&name),
                    };
                }
            }
        }
    }

    /// The zone that times are shown in.
    pub fn zone(&self) -> TimeZone {
        self.raw("timezone").and_then(|(_, name)| zone(&name)).unwrap_or(TimeZone::UTC)
    }

    /// Schemas that names without one are looked for in.
    pub fn path(&self, user: &str) -> Vec<String> {
        let value = self.raw("search_path").map(|(_, value)| value).unwrap_or_default();
        let part = |part: &str| part.trim().trim_matches('"').replace("$user", user);
        value.split(',').map(part).filter(|name| !name.is_empty()).collect()
    }
}

fn check_unknown(name: &str, value: &str) -> Result<String, Refusal> {
    match name.to_lowercase().as_str() {
        name if name.contains('.') => Ok(value.to_owned()),
        "is_superuser" => Err(refusal("55P02", "parameter \"is_superuser\" cannot be changed")),
        "session_authorization" | "role" | "seed" => Ok(value.to_owned()),
        name => Err(refusal("42704", format!("unrecognized configuration parameter \"{name}\""))),
    }
}

fn checked(known: &Known, value: &str) -> Result<String, Refusal> {
    let name = known.name;
    let invalid = || refusal("22023", format!("invalid value for parameter \"{name}\": \"{value}\""));
    match known.kind {
        "bool" => {
            let message = format!("parameter \"{name}\" requires a Boolean value");
            boolean(value).map(|on| if on { "on" } else { "off" }.to_owned()).ok_or(refusal("22023", message))
        }
        "integer" | "real" => {
            number(known, value).ok_or_else(invalid).and_then(|number| in_range(known, number))
        }
        "enum" => {
            let words = known.words.unwrap_or_default().trim_matches(['{', '}']);
            let mut all = words.split(',').map(|word| word.trim_matches('"'));
            let found = all.find(|word| word.eq_ignore_ascii_case(value)).map(str::to_owned);
            let on = boolean(value).map(|on| if on { "on" } else { "off" });
            let listed = || words.split(',').find(|word| Some(*word) == on).map(str::to_owned);
            let hint = format!("Available values: {}.", words.replace('"', "").replace(',', ", "));
            found.or_else(listed).ok_or_else(|| Refusal { hint, ..invalid() })
        }
        _ => match name {
            "TimeZone" => zone_name(value).ok_or_else(invalid),
            "DateStyle" => date_style(value).map_err(|detail| Refusal { detail, ..invalid() }),
            "client_encoding" => encoding(value).ok_or_else(invalid),
            _ => Ok(value.to_owned()),
        },
    }
}

fn boolean(value: &str) -> Option<bool> {
    let value = value.to_lowercase();
    let starts = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    match value.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ if starts("on", 2) || starts("true", 1) || starts("yes", 1) => Some(true),
        _ if starts("off", 2) || starts("false", 1) || starts("no", 1) => Some(false),
        _ => None,
    }
}

/// Units of memory and time, and how many of the smallest each is.
const UNITS: [(&str, f64); 11] = [
    ("B", 1.0),
    ("8kB", 8192.0),
    ("kB", 1024.0),
    ("MB", 1_048_576.0),
    ("GB", 1_073_741_824.0),
    ("us", 0.001),
    ("ms", 1.0),
    ("min", 60_000.0),
    ("s", 1000.0),
    ("h", 3_600_000.0),
    ("d", 86_400_000.0),
];

fn unit(name: &str) -> Option<f64> {
    UNITS.iter().find(|(known, _)| *known == name).map(|(_, size)| *size)
}

fn number(known: &Known, value: &str) -> Option<f64> {
    let value = value.trim();
    let end = value.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(value.len());
    let (digits, named) = value.split_at(end);
    let number: f64 = digits.trim().parse().ok().filter(|n: &f64| n.is_finite())?;
    if named.is_empty() {
        return Some(number);
    }
    Some(number * unit(named)? / unit(known.unit?)?)
}

fn in_range(known: &Known, number: f64) -> Result<String, Refusal> {
    let bound = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
    let (low, high) = (bound(known.low), bound(known.high));
    if low.is_none_or(|low| number >= low) && high.is_none_or(|high| number <= high) {
        return Ok(if known.kind == "integer" { format!("{number:.0}") } else { number.to_string() });
    }
    let unit = known.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let (low, high) = (known.low.unwrap_or_default(), known.high.unwrap_or_default());
    let message = format!(
        "{number}{unit} is outside the valid range for parameter \"{}\" ({low} .. {high})",
        known.name
    );
    Err(refusal("22023", message))
}

/// A value with the largest unit that it is a whole number of.
fn with_unit(value: &str, own: &str) -> String {
    let Some(number) = value.parse::<f64>().ok().filter(|n| *n > 0.0) else { return value.to_owned() };
    let Some(size) = unit(own) else { return format!("{value}{own}") };
    let memory = own.ends_with('B');
    let larger: &[&str] = if memory { &["GB", "MB", "kB", "B"] } else { &["d", "h", "min", "s", "ms", "us"] };
    let total = number * size;
    for name in larger {
        let Some(one) = unit(name) else { continue };
        if (total / one).fract() == 0.0 {
            return format!("{:.0}{name}", total / one);
        }
    }
    format!("{value}{own}")
}

/// Encodings of clients that are spoken, as the server names them.
const ENCODINGS: [&str; 7] = ["UTF8", "GBK", "GB18030", "EUC_CN", "LATIN1", "WIN1252", "SQL_ASCII"];

/// The server's name of an encoding.
fn encoding(name: &str) -> Option<String> {
    let bare =
        |name: &str| -> String { name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect() };
    let wanted = match bare(name).as_str() {
        "unicode" => "utf8".to_owned(),
        "iso88591" => "latin1".to_owned(),
        other => other.to_owned(),
    };
    ENCODINGS.iter().find(|known| bare(known) == wanted).map(|known| (*known).to_owned())
}

fn date_style(value: &str) -> Result<String, String> {
    let (mut style, mut order) = ("ISO", "MDY");
    for word in value.split(',').map(str::trim) {
        match word.to_lowercase().as_str() {
            "iso" => style = "ISO",
            "sql" => style = "SQL",
            "german" => style = "German",
            "default" | "" => {}
            word if word.starts_with("postgres") => style = "Postgres",
            "ymd" => order = "YMD",
            "mdy" | "us" | "noneuropean" => order = "MDY",
            "dmy" | "euro" | "european" => order = "DMY",
            _ => return Err(format!("Unrecognized key word: \"{word}\".")),
        }
    }
    Ok(format!("{style}, {order}"))
}

/// The name that the server keeps for a zone.
fn zone_name(value: &str) -> Option<String> {
    let value = value.trim();
    if let Ok(hours) = value.parse::<f64>() {
        let sign = if hours < 0.0 { '-' } else { '+' };
        let other = if hours < 0.0 { '+' } else { '-' };
        return (hours.abs() <= 15.0)
            .then(|| format!("<{sign}{:02.0}>{other}{:02.0}", hours.abs(), hours.abs()));
    }
    match value.to_lowercase().as_str() {
        "default" | "local" => Some("Asia/Shanghai".to_owned()),
        _ => TimeZoneDatabase::bundled()
            .get(value)
            .ok()
            .map(|found| found.iana_name().unwrap_or(value).to_owned()),
    }
}

/// A zone by the name that the server keeps.
fn zone(name: &str) -> Option<TimeZone> {
    if let Some(rest) = name.strip_prefix('<') {
        let hours: i8 = rest.split('>').next()?.parse().ok()?;
        return Some(TimeZone::fixed(jiff::tz::offset(hours)));
    }
    TimeZoneDatabase::bundled().get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_shown_as_the_server_does() {
        let mut settings = Settings::new(&BTreeMap::new());
        assert_eq!(settings.show("WORK_MEM").unwrap(), ("work_mem".to_owned(), "4MB".to_owned()));
        let value = settings.check("work_mem", "1GB", false).unwrap();
        settings.put("work_mem", value, false);
        assert_eq!(settings.show("work_mem").unwrap().1, "1GB");
        settings.reset(Some("work_mem"));
        assert_eq!(settings.number("work_mem"), 4096);
        let refused = |name, value| settings.check(name, value, false).unwrap_err().message;
        assert_eq!(refused("foo", "1"), "unrecognized configuration parameter \"foo\"");
        assert_eq!(refused("work_mem", "x"), "invalid value for parameter \"work_mem\": \"x\"");
        assert_eq!(refused("enable_seqscan", "x"), "parameter \"enable_seqscan\" requires a Boolean value");
        assert_eq!(refused("log_statement", "all"), "permission denied to set parameter \"log_statement\"");
        assert_eq!(refused("server_version", "1"), "parameter \"server_version\" cannot be changed");
        assert_eq!(settings.check("statement_timeout", "2min", false).unwrap(), "120000");
        assert_eq!(settings.check("datestyle", "iso, ymd", false).unwrap(), "ISO, YMD");
        assert_eq!(settings.check("client_encoding", "utf-8", false).unwrap(), "UTF8");
        assert_eq!(settings.check("timezone", "nope", false).unwrap_err().code, "22023");
        assert_eq!(settings.check("client_min_messages", "warning", false).unwrap(), "warning");
    }

    #[test]
    fn changes_of_a_transaction_end_with_it() {
        let mut settings = Settings::new(&BTreeMap::new());
        settings.begin();
        settings.put("jit", "off".to_owned(), true);
        settings.end(true);
        assert!(settings.on("jit"));
        settings.begin();
        settings.put("jit", "off".to_owned(), false);
        settings.end(false);
        assert!(settings.on("jit"));
        assert_eq!(settings.path("me"), ["me", "public"]);
    }
}
