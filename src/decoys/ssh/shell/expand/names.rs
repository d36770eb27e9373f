//! Variables as expressions read and write them.

use crate::decoys::ssh::shell::arith::{self, Names};
use crate::decoys::ssh::shell::state::Shell;

impl Names for Shell {
    fn get(&self, name: &str) -> i64 {
        let text = match (name, name.split_once('[')) {
            ("RANDOM" | "SECONDS", _) => Shell::get(&mut self.clone(), name),
            (_, Some((array, key))) => {
                let key = self.clone().number_key(array, key);
                self.items(array).and_then(|items| items.get(&key).cloned())
            }
            _ => self.variables.get(name).map(|v| v.value.clone()),
        };
        text.and_then(|t| t.trim().parse().ok()).unwrap_or(0)
    }

    fn set(&mut self, name: &str, value: i64) {
        match name.split_once('[') {
            Some((array, key)) => {
                let key = self.number_key(array, key);
                self.set_element(array, &key, value.to_string());
            }
            None => Shell::set(self, name, value.to_string()),
        }
    }
}

impl Shell {
    /// The key of an element in an expression: `key]` as it stands, or its value.
    fn number_key(&mut self, array: &str, key: &str) -> String {
        let key = key.trim_end_matches(']');
        if self.is_keyed(array) {
            return key.to_owned();
        }
        arith::evaluate(key, self).unwrap_or(0).to_string()
    }
}
