//! What the database holds: the application's cache, made from the world, and what an intruder changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::behaviour::Behaviour;
use crate::session::Session;
use crate::world::View;

/// Logins of the application last so long, ms.
const LOGIN_MS: i64 = 3_600_000;

/// Fields of a hash and their values.
pub(super) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A value of one of the product's kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Value {
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(Vec<Vec<u8>>),
    Hash(Pairs),
}

impl Value {
    /// Its name in answers to TYPE.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "string",
            Value::List(_) => "list",
            Value::Set(_) => "set",
            Value::Hash(_) => "hash",
        }
    }
}

/// A key's value, and the time of its end in ms since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) expires: Option<i64>,
    /// The world's record behind it.
    #[serde(skip)]
    pub(super) patient: Option<String>,
}

/// Keys with their entries.
type Keys = BTreeMap<String, Entry>;

/// The application's keys as they were made last, and the minute of it: walking through all patients for
/// each step of a SCAN would take seconds.
#[derive(Default)]
pub(super) struct Made(Mutex<Option<(i64, Arc<Keys>)>>);

impl Made {
    fn in_minute(&self, minute: i64, make: impl FnOnce() -> Keys) -> Arc<Keys> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((of, keys)) if *of == minute => Arc::clone(keys),
            Some(_) | None => {
                let keys = Arc::new(make());
                *made = Some((minute, Arc::clone(&keys)));
                keys
            }
        }
    }
}

/// The keys of a database as one intruder sees them.
pub(super) struct Data<'a> {
    pub(super) session: &'a Session,
    pub(super) behaviour: &'a Behaviour,
    pub(super) made: &'a Made,
    pub(super) database: u8,
    pub(super) now: Timestamp,
}

impl Data<'_> {
    fn place(&self, key: &str) -> String {
        format!("redis:{}:{}:{key}", self.session.host().name, self.database)
    }

    fn flushed(&self) -> String {
        format!("redis/{}/flushed/{}", self.session.host().name, self.database)
    }

    fn view(&self) -> View {
        self.session.world().at(self.now)
    }

    /// A key's entry.
    pub(super) fn get(&self, key: &[u8]) -> Option<Entry> {
        let key = String::from_utf8_lossy(key);
        let overlay = self.session.overlay();
        let entry = match overlay.get(&self.place(&key)) {
            Some(bytes) => serde_json::from_slice::<Option<Entry>>(&bytes).ok().flatten(),
            None if self.database > 0 || overlay.get(&self.flushed()).is_some() => None,
            None => self.own(&key),
        };
        entry.filter(|entry| entry.expires.is_none_or(|at| at > self.now.as_millisecond()))
    }

    /// Writes a key; `false` when the intruder's room is full.
    pub(super) fn put(&self, key: &[u8], entry: &Entry) -> bool {
        let key = String::from_utf8_lossy(key);
        let Ok(bytes) = serde_json::to_vec(&Some(entry)) else { return false };
        self.session.overlay().put(self.place(&key), bytes)
    }

    /// Removes a key; whether it was there.
    pub(super) fn remove(&self, key: &[u8]) -> bool {
        let there = self.get(key).is_some();
        if there {
            let key = String::from_utf8_lossy(key);
            self.session.overlay().put(self.place(&key), b"null".to_vec());
        }
        there
    }

    /// Removes all keys; how many there were.
    pub(super) fn flush(&self) -> usize {
        let overlay = self.session.overlay();
        let count = self.all().len();
        overlay.put(self.flushed(), b"1".to_vec());
        for key in overlay.keys(&self.place("")) {
            overlay.remove(&key);
        }
        count
    }

    /// All keys with their entries.
    pub(super) fn all(&self) -> Keys {
        self.session.heavy(|| {
            let overlay = self.session.overlay();
            let own = self.database == 0 && overlay.get(&self.flushed()).is_none();
            let minute = self.now.as_second().div_euclid(60);
            let mut all = BTreeMap::new();
            if own {
                let made = self.made.in_minute(minute, || self.own_all());
                let lasts = |entry: &Entry| entry.expires.is_none_or(|at| at > self.now.as_millisecond());
                all.extend(made.iter().filter(|(_, e)| lasts(e)).map(|(k, e)| (k.clone(), e.clone())));
            }
            let prefix = self.place("");
            for place in overlay.keys(&prefix) {
                let Some(key) = place.strip_prefix(&prefix) else { continue };
                match self.get(key.as_bytes()) {
                    Some(entry) => all.insert(key.to_owned(), entry),
                    None => all.remove(key),
                };
            }
            all
        })
    }

    /// What the intruder himself wrote.
    pub(super) fn written(&self) -> Keys {
        let prefix = self.place("");
        let places = self.session.overlay().keys(&prefix);
        let keys = places.iter().filter_map(|place| place.strip_prefix(&prefix));
        keys.filter_map(|key| Some((key.to_owned(), self.get(key.as_bytes())?))).collect()
    }

    fn own_all(&self) -> Keys {
        let view = self.view();
        let mut all = BTreeMap::new();
        for (key, value) in &self.behaviour.text {
            all.insert(key.clone(), entry(Value::Text(value.clone().into_bytes())));
        }
        for staff in view.staff() {
            if let Some((key, entry)) = self.login(&staff) {
                all.insert(key, entry);
            }
        }
        for stay in view.inpatients() {
            if let Some(patient) = view.patient(stay.patient) {
                let found = self.patient(&view, &patient.mrn);
                all.extend(
                    found.map(|entry| (format!("{}patient:{}", self.behaviour.prefix, patient.mrn), entry)),
                );
            }
        }
        for department in view.departments() {
            let key = format!("{}queue:{}:{}", self.behaviour.prefix, department.code, self.today(&view));
            all.extend(self.queue(&view, &department.code).map(|entry| (key, entry)));
        }
        all
    }

    fn own(&self, key: &str) -> Option<Entry> {
        if let Some(text) = self.behaviour.text.get(key) {
            return Some(entry(Value::Text(text.clone().into_bytes())));
        }
        let (kind, rest) = key.strip_prefix(&self.behaviour.prefix)?.split_once(':')?;
        self.session.heavy(|| {
            let view = self.view();
            match kind {
                "token" => {
                    let logins = view.staff().into_iter().filter_map(|staff| self.login(&staff));
                    logins.into_iter().find(|(found, _)| found == key).map(|(_, entry)| entry)
                }
                "patient" => self.patient(&view, rest),
                "queue" => {
                    let (department, day) = rest.split_once(':')?;
                    if day == self.today(&view) { self.queue(&view, department) } else { None }
                }
                _ => None,
            }
        })
    }

    fn today(&self, view: &View) -> String {
        view.local(self.now).date().strftime("%Y%m%d").to_string()
    }

    /// The login of a member of staff who works in this hour: about one in five.
    fn login(&self, staff: &crate::world::Staff) -> Option<(String, Entry)> {
        let hour = self.now.as_millisecond().div_euclid(LOGIN_MS);
        let label = format!("redis/{}/login/{}/{hour}", self.session.host().name, staff.number);
        let secret = self.session.pack().installation.derive(&label);
        let (chance, at) = (*secret.first()?, i64::from(*secret.get(1)?) * LOGIN_MS / 256);
        if chance > 50 {
            return None;
        }
        let began = hour * LOGIN_MS;
        let id = hex::encode(secret.get(2..18)?);
        let text = json!({
            "token": id,
            "userId": staff.number.parse::<u32>().unwrap_or(0),
            "userName": staff.number,
            "nickName": staff.name.chinese(),
            "deptCode": staff.department,
            "title": staff.title,
            "loginTime": began,
            "expireTime": began + LOGIN_MS + at,
        });
        let mut entry = entry(Value::Text(text.to_string().into_bytes()));
        entry.expires = Some(began + LOGIN_MS + at);
        Some((format!("{}token:{id}", self.behaviour.prefix), entry))
    }

    fn patient(&self, view: &View, mrn: &str) -> Option<Entry> {
        let patient = view.patient_by_mrn(mrn)?;
        let stay = view
            .encounters_of(patient.no, 60)
            .into_iter()
            .rev()
            .find(|e| e.ended.is_none() && e.bed.is_some())?;
        let fields = [
            ("blh", patient.mrn.clone()),
            ("xm", patient.name.chinese()),
            ("xb", if patient.sex == crate::world::Sex::M { "1" } else { "2" }.to_owned()),
            ("csrq", patient.born.to_string()),
            ("sfzh", patient.resident_id_masked.clone()),
            ("lxdh", patient.phone.clone()),
            ("zyh", stay.number.clone()),
            ("ksdm", stay.department.clone()),
            ("cwh", stay.bed.clone().unwrap_or_default()),
            ("zyzd", stay.diagnosis.name.clone()),
        ];
        let pairs = fields.map(|(name, value)| (name.as_bytes().to_vec(), value.into_bytes())).to_vec();
        Some(Entry { value: Value::Hash(pairs), expires: None, patient: Some(patient.mrn) })
    }

    /// Visit numbers of a department's outpatients who came within the last hour and a half.
    fn queue(&self, view: &View, department: &str) -> Option<Entry> {
        let since = self.now.as_second() - 5_400;
        let visits = view.encounters_on(view.local(self.now).date());
        let waiting: Vec<Vec<u8>> = visits
            .into_iter()
            .filter(|visit| visit.department == department && visit.bed.is_none())
            .filter(|visit| (since..=self.now.as_second()).contains(&visit.started.as_second()))
            .map(|visit| visit.number.into_bytes())
            .collect();
        (!waiting.is_empty()).then(|| entry(Value::List(waiting)))
    }
}

/// An entry without an end.
pub(super) fn entry(value: Value) -> Entry {
    Entry { value, expires: None, patient: None }
}
