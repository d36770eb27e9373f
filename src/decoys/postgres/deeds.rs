//! Statements that change the server or its objects, as far as the role's rights go.

use super::exploits;
use super::failure::{Failure, Place};
use super::simple::Answer;
use super::statement::Statement;
use super::talk::Talk;
use super::text::{Kind, Piece};
use crate::event::{Observation, Tainted};

/// First words of statements that are answered here.
const VERBS: [&str; 20] = [
    "CREATE",
    "ALTER",
    "DROP",
    "GRANT",
    "REVOKE",
    "COMMENT",
    "VACUUM",
    "ANALYZE",
    "REINDEX",
    "CLUSTER",
    "CHECKPOINT",
    "LOAD",
    "DO",
    "CALL",
    "LOCK",
    "REASSIGN",
    "REFRESH",
    "SECURITY",
    "IMPORT",
    "TRUNCATE",
];

/// Extensions that an owner of a database may make (they are marked as trusted).
const TRUSTED: [&str; 20] = [
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dict_int",
    "fuzzystrmatch",
    "hstore",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "pg_trgm",
    "pgcrypto",
    "seg",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
];

/// Other extensions of the server's own package.
const UNTRUSTED: [&str; 16] = [
    "adminpack",
    "amcheck",
    "autoinc",
    "bloom",
    "dblink",
    "file_fdw",
    "insert_username",
    "moddatetime",
    "old_snapshot",
    "pageinspect",
    "pg_buffercache",
    "pg_freespacemap",
    "pg_prewarm",
    "pg_stat_statements",
    "postgres_fdw",
    "pgrowlocks",
];

/// Whether a statement is answered here; tables are the database's own.
pub(super) fn is(statement: &Statement) -> bool {
    let words = [statement.word(1), statement.word(2), statement.word(3)];
    let table = words.contains(&"TABLE") && matches!(statement.word(0), "CREATE" | "DROP");
    VERBS.contains(&statement.word(0)) && !table
}

fn denied(message: impl Into<String>, place: Place) -> Failure {
    Failure::error("42501", message, place)
}

impl Talk {
    /// Answers such a statement.
    ///
    /// # Errors
    /// As the server refuses it.
    pub(super) fn deed(
        &mut self,
        statement: &Statement,
        pieces: &[Piece<'_>],
        out: &mut super::backend::Backend,
    ) -> Result<Answer, Failure> {
        let outcome = self.judge(statement, pieces, out);
        let status = u32::from(outcome.is_err());
        self.session.emit(Observation::Request {
            verb: statement.word(0).to_owned().into(),
            target: Tainted::new(statement.text.chars().take(crate::database::MAX_TOLD).collect::<String>()),
            status,
            detail: None,
        });
        outcome
    }

    fn judge(
        &mut self,
        statement: &Statement,
        pieces: &[Piece<'_>],
        out: &mut super::backend::Backend,
    ) -> Result<Answer, Failure> {
        let administrator = self.connection.is_administrator();
        let kind = kind_of(pieces);
        let name = object_name(pieces);
        let session = self.session.clone();
        let tell = |weakness: &str| exploits::attempt(&session, weakness, &statement.text);
        match (statement.word(0), kind.as_str()) {
            ("TRUNCATE", _) => return self.truncate(pieces, out),
            ("CREATE", "extension") => self.create_extension(&name, pieces)?,
            ("CREATE", "function" | "procedure") => self.create_function(pieces)?,
            ("CREATE" | "ALTER" | "DROP", "role" | "user" | "group") => {
                tell("accounts changed");
                self.change_role(statement.word(0), &name)?;
            }
            ("CREATE", "database") if !administrator => {
                let place = ("dbcommands.c", 769, "createdb");
                return Err(denied("permission denied to create database", place));
            }
            ("DROP", "database") => {
                tell("data destroyed");
                self.drop_database(&name)?;
            }
            ("DROP", "schema" | "owned") => {
                tell("data destroyed");
                return self.drop_schema(&name, out);
            }
            ("ALTER", "system") => {
                tell("settings changed");
                if !administrator {
                    let setting = pieces.get(3).map(Piece::value).unwrap_or_default();
                    let message = format!("permission denied to set parameter \"{setting}\"");
                    return Err(denied(message, ("guc.c", 8670, "AlterSystemSetConfigFile")));
                }
            }
            ("CREATE" | "ALTER" | "DROP", "tablespace") if !administrator => {
                let message = format!("permission denied to create tablespace \"{name}\"");
                let failure = denied(message, ("tablespace.c", 247, "CreateTableSpace"));
                return Err(failure.with_hint("Must be superuser to create a tablespace."));
            }
            ("LOAD", _) => {
                tell("a library loaded");
                return Err(self.load(&pieces.get(1).map(Piece::value).unwrap_or_default()));
            }
            ("CHECKPOINT", _) if !administrator => {
                let message = "must be superuser or have privileges of pg_checkpoint to do CHECKPOINT";
                return Err(denied(message, ("utility.c", 947, "standard_ProcessUtility")));
            }
            ("LOCK", _) if !self.in_block() => {
                let message = "LOCK TABLE can only be used in transaction blocks";
                return Err(Failure::error("25P01", message, ("xact.c", 3590, "CheckTransactionBlock")));
            }
            ("LOCK", _) => self.lock(pieces)?,
            ("VACUUM", _) if self.is_open() => {
                let message = "VACUUM cannot run inside a transaction block";
                let place = ("xact.c", 3516, "PreventInTransactionBlock");
                return Err(Failure::error("25001", message, place));
            }
            ("ALTER", "table") => self.needs_table(pieces, 2)?,
            ("CREATE", "trigger" | "rule" | "policy") => {}
            ("DO", _) => tell("code in a DO block"),
            ("CALL", _) => {
                let message = format!("procedure {name}() does not exist");
                let hint = "No procedure matches the given name and argument types. You might need to add explicit type casts.";
                let place = ("parse_func.c", 618, "ParseFuncOrColumn");
                return Err(Failure::error("42883", message, place).with_hint(hint));
            }
            _ => {}
        }
        Ok(Answer::Done(0))
    }

    fn create_extension(&self, name: &str, pieces: &[Piece<'_>]) -> Result<(), Failure> {
        let careful = pieces.iter().any(|piece| piece.is("exists"));
        exploits::attempt(&self.session, "an extension made", name);
        if name == "plpgsql" {
            let message = "extension \"plpgsql\" already exists";
            let place = ("extension.c", 1728, "CreateExtension");
            return if careful { Ok(()) } else { Err(Failure::error("42710", message, place)) };
        }
        if !TRUSTED.contains(&name) && !UNTRUSTED.contains(&name) {
            let message = format!("extension \"{name}\" is not available");
            let file = format!("/usr/share/postgresql/15/extension/{name}.control");
            let place = ("extension.c", 543, "parse_extension_control_file");
            return Err(Failure::error("0A000", message, place)
                .with_detail(format!(
                    "Could not open extension control file \"{file}\": No such file or directory."
                ))
                .with_hint(
                    "The extension must first be installed on the system where PostgreSQL is running.",
                ));
        }
        if UNTRUSTED.contains(&name) && !self.connection.is_administrator() {
            let message = format!("permission denied to create extension \"{name}\"");
            let failure = denied(message, ("extension.c", 907, "execute_extension_script"));
            return Err(failure.with_hint("Must be superuser to create this extension."));
        }
        Ok(())
    }

    fn create_function(&self, pieces: &[Piece<'_>]) -> Result<(), Failure> {
        let at = pieces.iter().position(|piece| piece.is("language"));
        let language =
            at.and_then(|at| pieces.get(at + 1)).map(Piece::value).unwrap_or_default().to_lowercase();
        let administrator = self.connection.is_administrator();
        let tell = |what: &str| {
            let text: Vec<&str> = pieces.iter().map(|piece| piece.text).collect();
            exploits::attempt(&self.session, what, &text.join(" "));
        };
        match language.as_str() {
            "sql" | "plpgsql" | "" => Ok(()),
            "c" | "internal" if !administrator => {
                tell("a function of the system's libraries made");
                let message = format!("permission denied for language {language}");
                Err(denied(message, ("aclchk.c", 2883, "aclcheck_error")))
            }
            "c" => {
                tell("a function of the system's libraries made");
                let file =
                    pieces.iter().rev().find(|piece| piece.kind == Kind::Text && piece.text.contains('/'));
                Err(no_library(&file.map(Piece::value).unwrap_or_default()))
            }
            "internal" => Ok(()),
            other => {
                tell("a function in another language made");
                let message = format!("language \"{other}\" does not exist");
                let failure = Failure::error("42704", message, ("functioncmds.c", 1116, "CreateFunction"));
                let known = ["plpython3u", "plperl", "plperlu", "pltcl", "pltclu"].contains(&other);
                let hint = "Use CREATE EXTENSION to load the language into the database.";
                Err(if known { failure.with_hint(hint) } else { failure })
            }
        }
    }

    fn change_role(&self, verb: &str, name: &str) -> Result<(), Failure> {
        if !self.connection.is_administrator() {
            return Err(match verb {
                "CREATE" => denied("permission denied to create role", ("user.c", 332, "CreateRole")),
                "DROP" => denied("permission denied to drop role", ("user.c", 1037, "DropRole")),
                _ if name == self.user => return Ok(()),
                _ => denied("permission denied", ("user.c", 756, "AlterRole")),
            });
        }
        let known = self.connection.has_role(name);
        match (verb, known) {
            ("CREATE", true) => {
                let message = format!("role \"{name}\" already exists");
                Err(Failure::error("42710", message, ("user.c", 356, "CreateRole")))
            }
            ("ALTER" | "DROP", false) => {
                let message = format!("role \"{name}\" does not exist");
                Err(Failure::error("42704", message, ("user.c", 1059, "DropRole")))
            }
            _ => Ok(()),
        }
    }

    fn drop_database(&self, name: &str) -> Result<(), Failure> {
        if name == self.connection.database() {
            let message = "cannot drop the currently open database";
            return Err(Failure::error("55006", message, ("dbcommands.c", 1572, "dropdb")));
        }
        if !self.connection.has_database(name) {
            let message = format!("database \"{name}\" does not exist");
            return Err(Failure::error("3D000", message, ("dbcommands.c", 1543, "dropdb")));
        }
        if !self.connection.is_administrator() {
            let message = format!("must be owner of database {name}");
            return Err(denied(message, ("aclchk.c", 3001, "aclcheck_error")));
        }
        Ok(())
    }

    /// All tables of a schema.
    fn drop_schema(&mut self, name: &str, out: &mut super::backend::Backend) -> Result<Answer, Failure> {
        let tables = self.connection.tables_of(name);
        if name != "public" && tables.is_empty() {
            let message = format!("schema \"{name}\" does not exist");
            return Err(Failure::error("3F000", message, ("namespace.c", 3066, "get_namespace_oid")));
        }
        for table in tables {
            self.run_in_database(Statement::new(&format!("DROP TABLE {table}")), Vec::new(), b"\0drop", out)?;
            self.extended.portals.remove(b"\0drop".as_slice());
        }
        Ok(Answer::Tag("DROP SCHEMA".to_owned()))
    }

    /// `TRUNCATE [TABLE] [ONLY] a, b …`.
    fn truncate(
        &mut self,
        pieces: &[Piece<'_>],
        out: &mut super::backend::Backend,
    ) -> Result<Answer, Failure> {
        let passed = ["table", "only"];
        let ends = ["restart", "continue", "cascade", "restrict"];
        let rest = pieces.iter().skip(1).filter(|piece| !passed.iter().any(|word| piece.is(word)));
        let rest = rest.take_while(|piece| !ends.iter().any(|word| piece.is(word)));
        let names: String = rest.map(|piece| piece.text).collect();
        for name in names.split(',').filter(|name| !name.is_empty()) {
            let one = Statement::new(&format!("TRUNCATE TABLE {name}"));
            self.run_in_database(one, Vec::new(), b"\0truncate", out)?;
            self.extended.portals.remove(b"\0truncate".as_slice());
        }
        Ok(Answer::Done(0))
    }

    fn load(&self, path: &str) -> Failure {
        if !self.connection.is_administrator() {
            let message = format!("access to library \"{path}\" is not allowed");
            return denied(message, ("dfmgr.c", 472, "check_restricted_library_name"));
        }
        no_library(path)
    }

    fn needs_table(&self, pieces: &[Piece<'_>], from: usize) -> Result<(), Failure> {
        let passed = ["only", "if", "exists"];
        let careful = pieces.iter().any(|piece| piece.is("exists"));
        let mut rest = pieces.iter().skip(from).filter(|piece| !passed.iter().any(|word| piece.is(word)));
        let first = rest.next().map(Piece::value).unwrap_or_default();
        let name = match rest.next().filter(|piece| piece.text == ".") {
            Some(_) => rest.next().map(Piece::value).unwrap_or_default(),
            None => first,
        };
        if careful || self.connection.rows_of(&name).is_some() {
            return Ok(());
        }
        let message = format!("relation \"{name}\" does not exist");
        Err(Failure::error("42P01", message, ("namespace.c", 434, "RangeVarGetRelidExtended")))
    }

    fn lock(&self, pieces: &[Piece<'_>]) -> Result<(), Failure> {
        let from = if pieces.get(1).is_some_and(|piece| piece.is("table")) { 2 } else { 1 };
        self.needs_table(pieces, from)
    }
}

fn no_library(path: &str) -> Failure {
    let message = format!("could not access file \"{path}\": No such file or directory");
    Failure::error("58P01", message, ("dfmgr.c", 208, "internal_load_library"))
}

/// The kind of object behind the first word.
fn kind_of(pieces: &[Piece<'_>]) -> String {
    const PASSED: [&str; 9] =
        ["or", "replace", "temp", "temporary", "unique", "unlogged", "trusted", "global", "local"];
    let mut rest = pieces.iter().skip(1).filter(|piece| !PASSED.iter().any(|word| piece.is(word)));
    rest.next().map(Piece::value).unwrap_or_default()
}

/// The name of the object: the first behind its kind.
fn object_name(pieces: &[Piece<'_>]) -> String {
    const PASSED: [&str; 12] = [
        "or",
        "replace",
        "temp",
        "temporary",
        "unique",
        "unlogged",
        "if",
        "not",
        "exists",
        "only",
        "concurrently",
        "materialized",
    ];
    let mut rest = pieces.iter().skip(1).filter(|piece| !PASSED.iter().any(|word| piece.is(word)));
    rest.nth(1).map(Piece::value).unwrap_or_default()
}
