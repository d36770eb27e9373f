//! Assignments: `name=value`, `name[key]=value`, `name=(…)`, and `+=`.

use super::{Io, Run, Stop};
use crate::decoys::ssh::shell::ast::{Assign, Value, Word};

impl Run<'_> {
    /// The key between brackets: an expression, or a text where keys are names.
    pub(in crate::decoys::ssh::shell) async fn key(
        &mut self,
        name: &str,
        word: &Word,
        io: &Io,
    ) -> Result<String, Stop> {
        let text = self.text(word, io).await?;
        if self.shell.is_keyed(name) {
            return Ok(text);
        }
        Ok(self.arithmetic(&text, io).await?.to_string())
    }

    /// Does one assignment; gives its line as `set -x` shows it.
    pub(super) async fn assign(&mut self, assign: &Assign, io: &Io) -> Result<String, Stop> {
        let name = &assign.name;
        let sign = if assign.append { "+=" } else { "=" };
        match &assign.value {
            Value::Text(word) => {
                let value = self.text(word, io).await?;
                let line = format!("{name}{sign}{value}");
                match &assign.key {
                    Some(key) => {
                        let key = self.key(name, key, io).await?;
                        let old = if assign.append { self.element(name, &key) } else { None };
                        self.shell.set_element(name, &key, old.unwrap_or_default() + &value);
                    }
                    None => {
                        let old = if assign.append { self.shell.get(name) } else { None };
                        self.shell.set(name, old.unwrap_or_default() + &value);
                    }
                }
                Ok(line)
            }
            Value::List(list) => {
                if !assign.append {
                    let keyed = self.shell.is_keyed(name);
                    self.shell.make_array(name, keyed);
                }
                for (key, word) in list {
                    match key {
                        Some(key) => {
                            let key = self.key(name, key, io).await?;
                            let value = self.text(word, io).await?;
                            self.shell.set_element(name, &key, value);
                        }
                        None => {
                            for value in self.words(std::slice::from_ref(word), io).await? {
                                let key = self.shell.next_key(name);
                                self.shell.set_element(name, &key, value);
                            }
                        }
                    }
                }
                Ok(format!("{name}{sign}(…)"))
            }
        }
    }

    /// One element of a variable.
    pub(in crate::decoys::ssh::shell) fn element(&self, name: &str, key: &str) -> Option<String> {
        self.shell.items(name)?.get(key).cloned()
    }
}
