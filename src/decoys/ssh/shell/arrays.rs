//! Arrays of bash: by number, and by name (`declare -A`).

use std::collections::BTreeMap;

use super::state::{Shell, Variable};

/// Most elements of one array.
const MAX_ELEMENTS: usize = 20_000;

/// The elements of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Items {
    /// By number.
    Indexed(BTreeMap<u64, String>),
    /// By name.
    Keyed(BTreeMap<String, String>),
}

impl Items {
    /// Its values in order.
    pub fn values(&self) -> Vec<String> {
        match self {
            Items::Indexed(map) => map.values().cloned().collect(),
            Items::Keyed(map) => in_buckets(map).into_iter().map(|(_, value)| value.clone()).collect(),
        }
    }

    /// Its keys in order.
    pub fn keys(&self) -> Vec<String> {
        match self {
            Items::Indexed(map) => map.keys().map(u64::to_string).collect(),
            Items::Keyed(map) => in_buckets(map).into_iter().map(|(key, _)| key.clone()).collect(),
        }
    }

    /// The number behind the last one.
    fn end(&self) -> u64 {
        match self {
            Items::Indexed(map) => map.last_key_value().map_or(0, |(key, _)| key.saturating_add(1)),
            Items::Keyed(_) => 0,
        }
    }

    /// A number as it counts: from the end when negative.
    fn place(&self, key: &str) -> Option<u64> {
        let number: i64 = key.trim().parse().ok()?;
        match u64::try_from(number) {
            Ok(number) => Some(number),
            Err(_) => self.end().checked_sub(number.unsigned_abs()),
        }
    }

    /// The element of a key; numbers as text.
    pub fn get(&self, key: &str) -> Option<&String> {
        match self {
            Items::Indexed(map) => map.get(&self.place(key)?),
            Items::Keyed(map) => map.get(key),
        }
    }

    fn set(&mut self, key: &str, value: String) {
        let place = self.place(key);
        match self {
            Items::Indexed(map) => {
                if let Some(place) = place.filter(|_| map.len() < MAX_ELEMENTS) {
                    map.insert(place, value);
                }
            }
            Items::Keyed(map) => {
                if map.len() < MAX_ELEMENTS {
                    map.insert(key.to_owned(), value);
                }
            }
        }
    }

    fn remove(&mut self, key: &str) {
        let place = self.place(key);
        match self {
            Items::Indexed(map) => {
                place.and_then(|place| map.remove(&place));
            }
            Items::Keyed(map) => {
                map.remove(key);
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Items::Indexed(map) => map.values().map(|v| v.len() + 8).sum(),
            Items::Keyed(map) => map.iter().map(|(k, v)| k.len() + v.len()).sum(),
        }
    }
}

/// Named elements in the order of bash 5.2: that of its hash table of 1024 buckets.
fn in_buckets(map: &BTreeMap<String, String>) -> Vec<(&String, &String)> {
    let bucket = |key: &str| {
        key.bytes().fold(2_166_136_261_u32, |hash, byte| hash.wrapping_mul(16_777_619) ^ u32::from(byte))
            & 1_023
    };
    let mut list: Vec<(&String, &String)> = map.iter().collect();
    list.sort_by_key(|(key, _)| bucket(key));
    list
}

impl Variable {
    /// Bytes it holds.
    pub fn bytes(&self) -> usize {
        self.value.len() + self.items.as_ref().map_or(0, Items::bytes)
    }
}

impl Shell {
    /// The elements of a variable; a plain one is its own only element, at 0.
    pub fn items(&self, name: &str) -> Option<Items> {
        let variable = self.variables.get(name)?;
        Some(match &variable.items {
            Some(items) => items.clone(),
            None => Items::Indexed(BTreeMap::from([(0, variable.value.clone())])),
        })
    }

    /// Whether a variable's keys are names.
    pub fn is_keyed(&self, name: &str) -> bool {
        matches!(self.variables.get(name).and_then(|v| v.items.as_ref()), Some(Items::Keyed(_)))
    }

    /// Makes a variable an empty array; `keyed` for names as keys.
    pub fn make_array(&mut self, name: &str, keyed: bool) {
        let items = if keyed { Items::Keyed(BTreeMap::new()) } else { Items::Indexed(BTreeMap::new()) };
        self.set(name, String::new());
        if let Some(variable) = self.variables.get_mut(name) {
            variable.items = Some(items);
        }
    }

    /// Sets one element; a plain variable becomes an array.
    pub fn set_element(&mut self, name: &str, key: &str, value: String) {
        if !self.has_room(name.len() + key.len() + value.len()) {
            return;
        }
        let items = self.items(name).unwrap_or(Items::Indexed(BTreeMap::new()));
        let variable = self.variables.entry(name.to_owned()).or_insert_with(|| Variable {
            value: String::new(),
            exported: false,
            items: None,
            fixed: false,
        });
        let items = variable.items.get_or_insert(items);
        items.set(key, value);
        variable.value = items.get("0").cloned().unwrap_or_default();
    }

    /// Makes a variable the array of some values.
    pub fn set_list(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        self.make_array(name, false);
        for (n, value) in values.into_iter().enumerate() {
            self.set_element(name, &n.to_string(), value);
        }
    }

    /// The key behind an array's last one, for `a+=(x)`.
    pub fn next_key(&self, name: &str) -> String {
        self.items(name).map_or(0, |items| items.end()).to_string()
    }

    /// Removes one element.
    pub fn unset_element(&mut self, name: &str, key: &str) {
        let Some(variable) = self.variables.get_mut(name) else { return };
        if let Some(items) = &mut variable.items {
            items.remove(key);
            variable.value = items.get("0").cloned().unwrap_or_default();
        }
    }
}
