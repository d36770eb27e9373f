//! What MySQL shows, in the columns of its clients' own questions.

use super::quoted;
use crate::database::connection::Connection;
use crate::database::problem::Problem;
use crate::database::system::{status, visible};

/// Most settings and counters of one answer.
const MAX_SETTINGS: usize = 600;

/// Words that change nothing of what is shown; FULL is looked at before.
const FILLING: [&str; 6] = ["full", "extended", "global", "session", "local", "storage"];

/// What is shown: a query, and the column that `LIKE` is about.
struct Shown {
    query: String,
    like: String,
}

fn shown(query: impl Into<String>, like: &str) -> Shown {
    Shown { query: query.into(), like: like.to_owned() }
}

impl Connection {
    /// The query that answers it.
    pub(super) fn mysql_shows(&self, words: &[String], text: &str) -> Result<String, Problem> {
        let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let parts: Vec<&str> =
            lower.iter().map(String::as_str).filter(|word| !FILLING.contains(word)).collect();
        let is_full = lower.iter().take(3).any(|word| word == "full");
        let what = self.what(&parts, is_full)?;
        Ok(match filter(words, text, &what.like) {
            Some(filter) => format!("select * from ({}) shown where {filter}", what.query),
            None => what.query,
        })
    }

    fn what(&self, parts: &[&str], is_full: bool) -> Result<Shown, Problem> {
        if let Some((_, query, like)) = PLAIN.iter().find(|(words, ..)| parts.starts_with(words)) {
            return Ok(shown(*query, like));
        }
        Ok(match parts {
            ["show", "tables", ..] => tables_of(&self.of(parts)?, is_full),
            ["show", "table", "status", ..] => table_status(&self.of(parts)?),
            ["show", "columns" | "fields", "from" | "in", rest @ ..] => self.columns_of(rest, is_full)?,
            ["describe" | "desc" | "explain", rest @ ..] if matches!(rest, [_] | [_, ".", _]) => {
                self.columns_of(rest, false)?
            }
            ["show", "create", "database" | "schema", .., name] => shown(self.create_database(name)?, ""),
            ["show", "create", "table" | "view", rest @ ..] => {
                let (database, name) = self.named(rest)?;
                shown(self.create_table(&database, &name)?, "")
            }
            ["show", "variables", ..] => shown(self.settings(), "Variable_name"),
            ["show", "status", ..] => shown(pairs(status(&self.facts)), "Variable_name"),
            ["show", "grants", ..] => shown(self.grants(), ""),
            ["show", "index" | "indexes" | "keys", "from" | "in", rest @ ..] => self.indexes_of(rest)?,
            ["show", kind @ ("procedure" | "function"), "status", ..] => routines(kind),
            ["show", "count", .., "warnings" | "errors"] => {
                shown("select 0 as `@@session.warning_count`", "")
            }
            ["show", "master" | "binary" | "slave", ..] => self.replication(parts)?,
            _ => return Err(Problem::Syntax(parts.get(1).copied().unwrap_or_default().to_owned())),
        })
    }

    /// The database that `FROM` names, or the current one.
    fn of(&self, parts: &[&str]) -> Result<String, Problem> {
        let from = parts.iter().rposition(|word| matches!(*word, "from" | "in"));
        let named = from.and_then(|at| parts.get(at + 1));
        let name = named.map_or_else(|| self.facts.database(), |name| (*name).to_owned());
        let seen = visible(&self.facts).into_iter().find(|seen| seen.eq_ignore_ascii_case(&name));
        seen.ok_or(Problem::NoDatabase(name))
    }

    /// `table`, `database.table` or `table from database` at the front of the words.
    fn named(&self, rest: &[&str]) -> Result<(String, String), Problem> {
        Ok(match rest {
            [table, "from" | "in", database, ..] => ((*database).to_owned(), (*table).to_owned()),
            [database, ".", table, ..] => ((*database).to_owned(), (*table).to_owned()),
            [table, ..] => (self.facts.database(), (*table).to_owned()),
            [] => return Err(Problem::Syntax(String::new())),
        })
    }

    fn columns_of(&self, rest: &[&str], is_full: bool) -> Result<Shown, Problem> {
        let (database, table) = self.named(rest)?;
        self.known(&database, &table)?;
        let (collation, about) = if is_full {
            (", COLLATION_NAME as Collation", ", PRIVILEGES as Privileges, COLUMN_COMMENT as Comment")
        } else {
            ("", "")
        };
        let query = format!(
            "select COLUMN_NAME as Field, COLUMN_TYPE as Type{collation}, IS_NULLABLE as `Null`, \
             COLUMN_KEY as `Key`, COLUMN_DEFAULT as `Default`, EXTRA as Extra{about} \
             from information_schema.columns where TABLE_SCHEMA = {} and TABLE_NAME = {} \
             order by ORDINAL_POSITION",
            quoted(&database),
            quoted(&table)
        );
        Ok(shown(query, "Field"))
    }

    fn indexes_of(&self, rest: &[&str]) -> Result<Shown, Problem> {
        let (database, table) = self.named(rest)?;
        self.known(&database, &table)?;
        let query = format!(
            "select TABLE_NAME as `Table`, NON_UNIQUE as Non_unique, INDEX_NAME as Key_name, \
             SEQ_IN_INDEX as Seq_in_index, COLUMN_NAME as Column_name, `COLLATION` as `Collation`, \
             CARDINALITY as Cardinality, SUB_PART as Sub_part, PACKED as Packed, NULLABLE as `Null`, \
             INDEX_TYPE as Index_type, COMMENT as Comment, INDEX_COMMENT as Index_comment \
             from information_schema.statistics where TABLE_SCHEMA = {} and TABLE_NAME = {}",
            quoted(&database),
            quoted(&table)
        );
        Ok(shown(query, ""))
    }

    /// Tables of the server itself are known by their columns alone.
    fn known(&self, database: &str, table: &str) -> Result<(), Problem> {
        let system = self.facts.catalog.database(database).is_some_and(|database| database.system);
        if system { Ok(()) } else { self.seen(database, table).map(|_| ()) }
    }

    fn grants(&self) -> String {
        let login = &self.facts.login;
        let grant = |what: &str, more: &str| {
            format!("select 'GRANT {what} TO ''{login}''@''%''{more}' as `Grants for {login}@%`")
        };
        if self.facts.administrator {
            return grant("ALL PRIVILEGES ON *.*", " WITH GRANT OPTION");
        }
        let listed = self.facts.catalog.login(login);
        let databases = listed.map(|login| login.databases.clone()).unwrap_or_default();
        let own = databases.iter().map(|name| grant(&format!("ALL PRIVILEGES ON `{name}`.*"), ""));
        std::iter::once(grant("USAGE ON *.*", "")).chain(own).collect::<Vec<_>>().join(" union all ")
    }

    fn settings(&self) -> String {
        let server = &self.facts.catalog.server;
        let mut all = server.settings.clone();
        all.insert("version".to_owned(), server.version.clone());
        all.insert("hostname".to_owned(), server.name.to_lowercase());
        all.insert("datadir".to_owned(), server.data_folder.clone());
        pairs(all.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }

    fn replication(&self, parts: &[&str]) -> Result<Shown, Problem> {
        if !self.facts.administrator {
            return Err(Problem::NoRight("SUPER, REPLICATION CLIENT".to_owned()));
        }
        let days = self.facts.now().duration_since(self.facts.started()).as_secs() / 86_400;
        let file = format!("mysql-bin.{:06}", 1_180 + days);
        let query = match parts {
            ["show", "master", "status", ..] => format!(
                "select '{file}' as File, 31872204 as Position, '' as Binlog_Do_DB, '' as Binlog_Ignore_DB, \
                 '' as Executed_Gtid_Set"
            ),
            ["show", "master" | "binary", "logs", ..] => {
                format!("select '{file}' as Log_name, 31872204 as File_size")
            }
            ["show", "slave", ..] => "select '' as Slave_IO_State, '' as Master_Host, '' as Master_User \
                                      from information_schema.schemata where 1=0"
                .to_owned(),
            _ => return Err(Problem::Syntax(parts.get(1).copied().unwrap_or_default().to_owned())),
        };
        Ok(shown(query, ""))
    }
}

/// Questions that are one of the catalogue's tables: their words, the query, and the column of `LIKE`.
const PLAIN: [(&[&str], &str, &str); 13] = [
    (&["show", "databases"], "select SCHEMA_NAME as `Database` from information_schema.schemata", "Database"),
    (&["show", "schemas"], "select SCHEMA_NAME as `Database` from information_schema.schemata", "Database"),
    (
        &["show", "open", "tables"],
        "select TABLE_SCHEMA as `Database`, TABLE_NAME as `Table`, 0 as In_use, 0 as Name_locked \
         from information_schema.tables where TABLE_TYPE = 'BASE TABLE'",
        "Table",
    ),
    (
        &["show", "processlist"],
        "select ID as Id, USER as User, HOST as Host, DB as db, COMMAND as Command, TIME as Time, \
         STATE as State, INFO as Info from information_schema.processlist",
        "",
    ),
    (
        &["show", "engines"],
        "select ENGINE as Engine, SUPPORT as Support, COMMENT as Comment, TRANSACTIONS as Transactions, \
         XA, SAVEPOINTS as Savepoints from information_schema.engines",
        "",
    ),
    (
        &["show", "plugins"],
        "select PLUGIN_NAME as Name, PLUGIN_STATUS as Status, PLUGIN_TYPE as Type, PLUGIN_LIBRARY as Library, \
         PLUGIN_LICENSE as License from information_schema.plugins",
        "",
    ),
    (
        &["show", "collation"],
        "select COLLATION_NAME as Collation, CHARACTER_SET_NAME as Charset, ID as Id, IS_DEFAULT as `Default`, \
         IS_COMPILED as Compiled, SORTLEN as Sortlen from information_schema.collations",
        "Collation",
    ),
    (&["show", "character", "set"], CHARACTER_SETS, "Charset"),
    (&["show", "charset"], CHARACTER_SETS, "Charset"),
    (
        &["show", "triggers"],
        "select TRIGGER_NAME as `Trigger`, EVENT_MANIPULATION as Event, EVENT_OBJECT_TABLE as `Table`, \
         ACTION_STATEMENT as Statement, ACTION_TIMING as Timing, CREATED as Created, SQL_MODE as sql_mode, \
         DEFINER as Definer, CHARACTER_SET_CLIENT as character_set_client, \
         COLLATION_CONNECTION as collation_connection, DATABASE_COLLATION as `Database Collation` \
         from information_schema.triggers",
        "Trigger",
    ),
    (
        &["show", "events"],
        "select EVENT_SCHEMA as Db, EVENT_NAME as Name, DEFINER as Definer, TIME_ZONE as `Time zone`, \
         EVENT_TYPE as Type, EXECUTE_AT as `Execute at`, INTERVAL_VALUE as `Interval value`, \
         INTERVAL_FIELD as `Interval field`, STARTS as Starts, ENDS as Ends, STATUS as Status, \
         ORIGINATOR as Originator, CHARACTER_SET_CLIENT as character_set_client, \
         COLLATION_CONNECTION as collation_connection, DATABASE_COLLATION as `Database Collation` \
         from information_schema.events",
        "Name",
    ),
    (&["show", "warnings"], NO_WARNINGS, ""),
    (&["show", "errors"], NO_WARNINGS, ""),
];

const CHARACTER_SETS: &str = "select CHARACTER_SET_NAME as Charset, DESCRIPTION as Description, \
     DEFAULT_COLLATE_NAME as `Default collation`, MAXLEN as Maxlen from information_schema.character_sets";

const NO_WARNINGS: &str =
    "select 'Note' as Level, 0 as Code, '' as Message from information_schema.schemata where 1=0";

fn tables_of(database: &str, is_full: bool) -> Shown {
    let kind = if is_full { ", TABLE_TYPE as Table_type" } else { "" };
    let column = format!("Tables_in_{database}");
    let query = format!(
        "select TABLE_NAME as `{column}`{kind} from information_schema.tables where TABLE_SCHEMA = {} \
         order by TABLE_NAME",
        quoted(database)
    );
    Shown { query, like: column }
}

fn table_status(database: &str) -> Shown {
    let query = format!(
        "select TABLE_NAME as Name, ENGINE as Engine, VERSION as Version, ROW_FORMAT as Row_format, \
         TABLE_ROWS as `Rows`, AVG_ROW_LENGTH as Avg_row_length, DATA_LENGTH as Data_length, \
         MAX_DATA_LENGTH as Max_data_length, INDEX_LENGTH as Index_length, DATA_FREE as Data_free, \
         AUTO_INCREMENT as Auto_increment, CREATE_TIME as Create_time, UPDATE_TIME as Update_time, \
         CHECK_TIME as Check_time, TABLE_COLLATION as Collation, CHECKSUM as Checksum, \
         CREATE_OPTIONS as Create_options, TABLE_COMMENT as Comment \
         from information_schema.tables where TABLE_SCHEMA = {} order by TABLE_NAME",
        quoted(database)
    );
    shown(query, "Name")
}

fn routines(kind: &str) -> Shown {
    let query = format!(
        "select ROUTINE_SCHEMA as Db, ROUTINE_NAME as Name, ROUTINE_TYPE as Type, DEFINER as Definer, \
         LAST_ALTERED as Modified, CREATED as Created, SECURITY_TYPE as Security_type, \
         ROUTINE_COMMENT as Comment, CHARACTER_SET_CLIENT as character_set_client, \
         COLLATION_CONNECTION as collation_connection, DATABASE_COLLATION as `Database Collation` \
         from information_schema.routines where ROUTINE_TYPE = '{}'",
        kind.to_uppercase()
    );
    shown(query, "Name")
}

fn pairs<'a>(all: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let row = |(name, value): (&str, String)| {
        format!("select {} as Variable_name, {} as Value", quoted(name), quoted(&value))
    };
    all.into_iter().take(MAX_SETTINGS).map(row).collect::<Vec<_>>().join(" union all ")
}

/// `LIKE 'pattern'` or `WHERE condition` at the end.
fn filter(words: &[String], text: &str, column: &str) -> Option<String> {
    if let Some(at) = text.to_ascii_lowercase().find(" where ") {
        return text.get(at + " where ".len()..).map(str::to_owned);
    }
    let like = words.iter().position(|word| word.eq_ignore_ascii_case("like"))?;
    let pattern = words.get(like + 1).filter(|_| !column.is_empty())?;
    Some(format!("`{column}` like {}", quoted(pattern)))
}
