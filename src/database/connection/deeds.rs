//! Statements that are no queries: backups, logins, databases, settings.

use super::Connection;
use crate::database::problem::Problem;
use crate::database::script::Placed;
use crate::database::{Deed, Language, Product, Seen, Verb};

impl Connection {
    pub(super) fn words(
        &mut self,
        verb: Verb,
        words: &[String],
        placed: &Placed,
    ) -> Result<(), (Problem, Seen)> {
        let mut seen = self.seen_text(&placed.text, verb);
        let result = self.deed(verb, words, placed, &mut seen);
        match result {
            Ok(()) => {
                let counts = matches!(verb, Verb::Show) || self.facts.product() == Product::SqlServer;
                if counts {
                    seen.catalogue = verb == Verb::Show;
                    self.out.push_back(crate::database::Item::Seen(Box::new(seen)));
                } else {
                    self.done(verb, Some(0), seen);
                }
                Ok(())
            }
            Err(problem) => Err((problem, seen)),
        }
    }

    fn deed(
        &mut self,
        verb: Verb,
        words: &[String],
        placed: &Placed,
        seen: &mut Seen,
    ) -> Result<(), Problem> {
        let line = placed.line;
        let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
        let administrator = self.facts.administrator;
        let need = |what: &str| if administrator { Ok(()) } else { Err(Problem::NoRight(what.to_owned())) };
        let word = |at: usize| words.get(at).cloned().unwrap_or_default();
        let far =
            parts.iter().position(|word| matches!(*word, "openrowset" | "openquery" | "opendatasource"));
        if let (Verb::Select, Some(at)) = (verb, far) {
            return self.remote(words.get(at..).unwrap_or_default(), seen);
        }
        match parts.as_slice() {
            ["show" | "describe" | "desc" | "explain", ..] => self.show(words, &placed.text),
            ["backup" | "restore", _, _, ..] => {
                let target = after(words, &["disk", "url", "tape"]).unwrap_or_default();
                seen.deeds.push(Deed::Backup { database: word(2), target: target.clone() });
                need("BACKUP DATABASE")?;
                if parts.first() == Some(&"restore") {
                    return Err(self.no_device(&target));
                }
                self.backup(words, line)
            }
            ["drop", "database", rest @ ..] | ["drop", "schema", rest @ ..] => {
                let name = rest
                    .iter()
                    .rposition(|w| !matches!(*w, "if" | "exists"))
                    .and_then(|at| words.get(at + 2))
                    .cloned()
                    .unwrap_or_default();
                seen.deeds.push(Deed::Destroy { object: name.clone(), rows: 0 });
                need("DROP DATABASE")?;
                self.drop_database(&name, rest.contains(&"exists"))
            }
            ["drop", kind @ ("procedure" | "proc" | "view" | "function" | "trigger"), _, ..] => {
                self.drop_defined(kind, words.get(2..).unwrap_or_default(), seen)
            }
            ["create", "database" | "schema", ..] => {
                need("CREATE DATABASE")?;
                let name = words
                    .iter()
                    .skip(2)
                    .find(|w| !matches!(w.to_lowercase().as_str(), "if" | "not" | "exists"))
                    .cloned()
                    .unwrap_or_default();
                if self.facts.databases().iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                    return Err(Problem::Raised(
                        1801,
                        16,
                        3,
                        format!("数据库 '{name}' 已存在。请选择其他数据库名称。"),
                    ));
                }
                self.facts.state().made_databases.push(name);
                Ok(())
            }
            ["create" | "alter" | "drop", "login" | "user" | "role", name, ..] => {
                let action = match verb {
                    Verb::Create => "create",
                    Verb::Drop => "drop",
                    _ => "alter",
                };
                let secret = after(words, &["password", "by"]);
                seen.deeds.push(Deed::Account { login: word(2), action, secret });
                need("ALTER ANY LOGIN")?;
                let known = self.facts.catalog.login(name).is_some()
                    || self.facts.state().logins.iter().any(|login| login.eq_ignore_ascii_case(name));
                match (action, known) {
                    ("create", true) => {
                        Err(Problem::Raised(15025, 16, 1, format!("服务器主体 '{}' 已存在。", word(2))))
                    }
                    ("create", false) => {
                        self.facts.state().logins.push(word(2));
                        Ok(())
                    }
                    (_, false) => Err(Problem::NoLogin(word(2))),
                    (_, true) => Ok(()),
                }
            }
            ["alter", "server" | "role", ..] => {
                seen.deeds.push(Deed::Account {
                    login: words.last().cloned().unwrap_or_default(),
                    action: "role",
                    secret: None,
                });
                need("ALTER ANY ROLE")
            }
            ["grant" | "revoke" | "deny", ..] => {
                seen.deeds.push(Deed::Account {
                    login: words.last().cloned().unwrap_or_default(),
                    action: "grant",
                    secret: None,
                });
                need("GRANT")
            }
            ["execute" | "exec", "as", ..] | ["setuser", ..] => {
                let login = words
                    .iter()
                    .rev()
                    .find(|word| word.chars().any(char::is_alphanumeric))
                    .cloned()
                    .unwrap_or_default();
                seen.deeds.push(Deed::Impersonate { login: login.clone() });
                if administrator {
                    Ok(())
                } else {
                    Err(Problem::Raised(
                        15406,
                        16,
                        1,
                        format!(
                            "无法作为服务器主体执行，因为主体 \"{login}\" 不存在、无法模拟这种类型的主体，或您没有所需的权限。"
                        ),
                    ))
                }
            }
            ["reconfigure", ..] => {
                need("RECONFIGURE")?;
                let mut state = self.facts.state();
                state.options.values_mut().for_each(|(set, running)| *running = *set);
                Ok(())
            }
            ["truncate", rest @ ..] => {
                let skip = usize::from(rest.first() == Some(&"table")) + 1;
                let name: String = words.iter().skip(skip).map(String::as_str).collect();
                let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
                self.truncate(&parts, seen)
            }
            ["bulk", "insert", ..] => {
                let path = after(words, &["from"]).unwrap_or_default();
                seen.deeds.push(Deed::Files { means: "BULK INSERT", path: path.clone() });
                need("ADMINISTER BULK OPERATIONS")?;
                Err(Problem::NoFile(path))
            }
            ["copy", ..] => {
                let path = words.last().cloned().unwrap_or_default();
                if parts.contains(&"program") {
                    seen.deeds.push(Deed::Command { means: "COPY PROGRAM", command: path });
                } else {
                    seen.deeds.push(Deed::Files { means: "COPY", path });
                }
                need("COPY to or from a file")?;
                Err(Problem::NoFile(words.last().cloned().unwrap_or_default()))
            }
            ["load", ..] => {
                seen.deeds.push(Deed::Files {
                    means: "LOAD DATA",
                    path: words.get(3).cloned().unwrap_or_default(),
                });
                Err(Problem::NoFile(word(3)))
            }
            ["shutdown", ..] => need("SHUTDOWN"),
            ["kill", rest @ ..] => self.kill(rest),
            ["create", "assembly", ..] => {
                seen.deeds.push(Deed::Configure { option: "assembly".to_owned(), value: word(2) });
                need("CREATE ASSEMBLY")?;
                Err(self.say(
                    10_327,
                    14,
                    1,
                    &format!("针对程序集 '{0}' 的 CREATE ASSEMBLY 失败，因为程序集 '{0}' 未获授权(PERMISSION_SET = UNSAFE)。满足以下条件之一时，程序集才会得到授权: 数据库所有者(DBO)拥有 UNSAFE ASSEMBLY 权限，并且数据库启用了 TRUSTWORTHY 数据库属性；或者程序集是用证书或非对称密钥签名的，该证书或密钥有一个对应的登录名拥有 UNSAFE ASSEMBLY 权限。", word(2)),
                    &format!("CREATE ASSEMBLY for assembly '{0}' failed because assembly '{0}' is not authorized for PERMISSION_SET = UNSAFE.  The assembly is authorized when either of the following is true: the database owner (DBO) has UNSAFE ASSEMBLY permission and the database has the TRUSTWORTHY database property on; or the assembly is signed with a certificate or an asymmetric key that has a corresponding login with UNSAFE ASSEMBLY permission.", word(2)),
                ))
            }
            ["create", "procedure" | "proc" | "function" | "trigger" | "extension" | "or", rest @ ..] => {
                let option = parts.get(1).copied().unwrap_or_default().to_owned();
                seen.deeds.push(Deed::Configure { option, value: word(2) });
                let library = rest.iter().position(|word| *word == "soname").and_then(|at| words.get(at + 3));
                match library {
                    Some(library) => Err(Problem::Raised(
                        1126,
                        16,
                        1,
                        format!(
                            "Can't open shared library '{library}' (errno: 2 /usr/lib64/mysql/plugin/{library}: cannot open shared object file: No such file or directory)"
                        ),
                    )),
                    None => need("SUPER"),
                }
            }
            ["waitfor", kind, ..] => self.wait_for(kind, &word(2)),
            ["dbcc", ..] => {
                let text = match self.facts.language() {
                    Language::Chinese => "DBCC 执行完毕。如果 DBCC 输出了错误信息，请与系统管理员联系。",
                    Language::English => {
                        "DBCC execution completed. If DBCC printed error messages, contact your system administrator."
                    }
                };
                self.notice(2528, 0, text.to_owned(), line);
                Ok(())
            }
            ["begin" | "declare" | "call" | "do", ..] => Err(Problem::NoProcedure(
                words.iter().skip(1).take_while(|w| *w != "(" && *w != ";").map(String::as_str).collect(),
            )),
            _ => Ok(()),
        }
    }

    /// `WAITFOR DELAY '0:0:5'`, `WAITFOR TIME '23:00'`: a text or a variable.
    fn wait_for(&mut self, kind: &str, given: &str) -> Result<(), Problem> {
        let variable = given.starts_with('@').then(|| self.variables.get(&given.to_lowercase()).cloned());
        let text = match variable {
            None => given.to_owned(),
            Some(Some((value, _))) => crate::database::cell::text(&value).unwrap_or_default(),
            Some(None) => return Err(Problem::NoVariable(given.to_owned())),
        };
        let clock = text.trim().rsplit(' ').next().and_then(seconds_of);
        let seconds = clock.ok_or_else(|| {
            Problem::Raised(
                148,
                15,
                1,
                match self.facts.language() {
                    Language::Chinese => format!("在 WAITFOR 语句中指定的时间值 '{text}' 不正确。"),
                    Language::English => {
                        format!("Incorrect time syntax in time string '{text}' used with WAITFOR.")
                    }
                },
            )
        })?;
        let now = self.facts.now();
        let since =
            f64::from(now.hour()) * 3_600.0 + f64::from(now.minute()) * 60.0 + f64::from(now.second());
        self.facts.wait(match kind {
            "time" => (seconds - since).rem_euclid(86_400.0),
            _ => seconds,
        });
        Ok(())
    }

    fn drop_database(&mut self, name: &str, if_exists: bool) -> Result<(), Problem> {
        let known = self
            .facts
            .databases()
            .into_iter()
            .map(|(known, _)| known)
            .find(|known| known.eq_ignore_ascii_case(name));
        match known {
            None if if_exists => Ok(()),
            None => Err(Problem::Raised(
                3701,
                11,
                1,
                match self.facts.language() {
                    Language::Chinese => {
                        format!("无法对 数据库 '{name}' 执行 删除，因为它不存在，或者您没有所需的权限。")
                    }
                    Language::English => format!(
                        "Cannot drop the database '{name}', because it does not exist or you do not have permission."
                    ),
                },
            )),
            Some(known) => {
                let system = self.facts.catalog.database(&known).is_some_and(|database| database.system);
                let current = known.eq_ignore_ascii_case(&self.facts.database());
                if system || (current && self.facts.product() == Product::SqlServer) {
                    let text = match self.facts.language() {
                        Language::Chinese => {
                            format!("无法删除数据库 \"{known}\"，因为该数据库当前正在使用。")
                        }
                        Language::English => {
                            format!("Cannot drop database \"{known}\" because it is currently in use.")
                        }
                    };
                    return Err(Problem::Raised(3702, 16, 3, text));
                }
                self.facts.state().dropped_databases.push(known);
                Ok(())
            }
        }
    }
}

/// The word after one of these and an equals sign, if there is one.
fn after(words: &[String], names: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| names.contains(&word.to_lowercase().as_str()))?;
    words.iter().skip(at + 1).find(|word| *word != "=").cloned()
}

/// Seconds of `h:m:s.mmm`, `h:m` or `h`, below a day.
fn seconds_of(clock: &str) -> Option<f64> {
    let mut parts = clock.split(':');
    let hours = parts.next()?.parse::<f64>().ok()?;
    let minutes = parts.next().map_or(Some(0.0), |part| part.parse::<f64>().ok())?;
    let seconds = parts.next().map_or(Some(0.0), |part| part.parse::<f64>().ok())?;
    let valid = parts.next().is_none()
        && (0.0..24.0).contains(&hours)
        && (0.0..60.0).contains(&minutes)
        && (0.0..60.0).contains(&seconds);
    valid.then_some(hours * 3_600.0 + minutes * 60.0 + seconds)
}
