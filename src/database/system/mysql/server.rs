//! What the server is made of, and how it does.

use super::{empty, table};
use crate::database::facts::Facts;
use crate::database::system::{Late, System, n, none, t};

pub(super) static TABLES: &[System] = &[
    table(
        "information_schema.processlist",
        &[
            "ID bigint not null",
            "USER varchar(32) not null",
            "HOST varchar(64) not null",
            "DB varchar(64)",
            "COMMAND varchar(16) not null",
            "TIME int not null",
            "STATE varchar(64)",
            "INFO longtext",
        ],
        processes,
    ),
    table(
        "information_schema.engines",
        &[
            "ENGINE varchar(64) not null",
            "SUPPORT varchar(8) not null",
            "COMMENT varchar(80) not null",
            "TRANSACTIONS varchar(3)",
            "XA varchar(3)",
            "SAVEPOINTS varchar(3)",
        ],
        |_, _| {
            let row = |(name, support, about, transactions): &(&str, &str, &str, &str)| {
                let can = || if transactions.is_empty() { none() } else { t(*transactions) };
                vec![t(*name), t(*support), t(*about), can(), can(), can()]
            };
            ENGINES.iter().map(row).collect()
        },
    ),
    table(
        "information_schema.plugins",
        &[
            "PLUGIN_NAME varchar(64) not null",
            "PLUGIN_VERSION varchar(20) not null",
            "PLUGIN_STATUS varchar(10) not null",
            "PLUGIN_TYPE varchar(80) not null",
            "PLUGIN_TYPE_VERSION varchar(20) not null",
            "PLUGIN_LIBRARY varchar(64)",
            "PLUGIN_LIBRARY_VERSION varchar(20)",
            "PLUGIN_AUTHOR varchar(64)",
            "PLUGIN_DESCRIPTION longtext",
            "PLUGIN_LICENSE varchar(80)",
            "LOAD_OPTION varchar(64) not null",
        ],
        plugins,
    ),
    table(
        "information_schema.character_sets",
        &[
            "CHARACTER_SET_NAME varchar(32) not null",
            "DEFAULT_COLLATE_NAME varchar(32) not null",
            "DESCRIPTION varchar(60) not null",
            "MAXLEN bigint not null",
        ],
        |_, _| {
            let row = |set: &Set| vec![t(set.name), t(set.default()), t(set.about), n(set.longest)];
            SETS.iter().map(row).collect()
        },
    ),
    table(
        "information_schema.collations",
        &[
            "COLLATION_NAME varchar(32) not null",
            "CHARACTER_SET_NAME varchar(32) not null",
            "ID bigint not null",
            "IS_DEFAULT varchar(3) not null",
            "IS_COMPILED varchar(3) not null",
            "SORTLEN bigint not null",
        ],
        |_, _| {
            let row = |(name, set, id, default): (String, &str, i64, bool)| {
                vec![t(name), t(set), n(id), t(if default { "Yes" } else { "" }), t("Yes"), n(1)]
            };
            collations().map(row).collect()
        },
    ),
    table(
        "information_schema.collation_character_set_applicability",
        &["COLLATION_NAME varchar(32) not null", "CHARACTER_SET_NAME varchar(32) not null"],
        |_, _| collations().map(|(name, set, _, _)| vec![t(name), t(set)]).collect(),
    ),
    table("performance_schema.global_variables", VARIABLES, variables),
    table("performance_schema.session_variables", VARIABLES, variables),
    table("performance_schema.global_status", VARIABLES, shown_status),
    table("performance_schema.session_status", VARIABLES, shown_status),
    table(
        "performance_schema.session_connect_attrs",
        &[
            "PROCESSLIST_ID int not null",
            "ATTR_NAME varchar(32) not null",
            "ATTR_VALUE varchar(1024)",
            "ORDINAL_POSITION int",
        ],
        |facts, _| vec![vec![n(i64::from(facts.session)), t("program_name"), t(&facts.client.1), n(0)]],
    ),
    empty(
        "information_schema.profiling",
        &[
            "QUERY_ID int not null",
            "SEQ int not null",
            "STATE varchar(30) not null",
            "DURATION decimal(9,6) not null",
        ],
    ),
];

const VARIABLES: &[&str] = &["VARIABLE_NAME varchar(64) pk", "VARIABLE_VALUE varchar(1024)"];

/// Storage engines: name, support, what they are, and whether they have transactions.
const ENGINES: [(&str, &str, &str, &str); 9] = [
    ("InnoDB", "DEFAULT", "Supports transactions, row-level locking, and foreign keys", "YES"),
    ("MRG_MYISAM", "YES", "Collection of identical MyISAM tables", "NO"),
    ("MEMORY", "YES", "Hash based, stored in memory, useful for temporary tables", "NO"),
    ("BLACKHOLE", "YES", "/dev/null storage engine (anything you write to it disappears)", "NO"),
    ("MyISAM", "YES", "MyISAM storage engine", "NO"),
    ("CSV", "YES", "CSV storage engine", "NO"),
    ("ARCHIVE", "YES", "Archive storage engine", "NO"),
    ("PERFORMANCE_SCHEMA", "YES", "Performance Schema", "NO"),
    ("FEDERATED", "NO", "Federated MySQL storage engine", ""),
];

/// A character set with the numbers of its default and its binary collation.
struct Set {
    name: &'static str,
    language: &'static str,
    about: &'static str,
    longest: i64,
    ids: [i64; 2],
}

impl Set {
    fn default(&self) -> String {
        if self.language.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}_{}_ci", self.name, self.language)
        }
    }
}

const fn set(
    name: &'static str,
    language: &'static str,
    about: &'static str,
    longest: i64,
    ids: [i64; 2],
) -> Set {
    Set { name, language, about, longest, ids }
}

const SETS: [Set; 41] = [
    set("big5", "chinese", "Big5 Traditional Chinese", 2, [1, 84]),
    set("dec8", "swedish", "DEC West European", 1, [3, 69]),
    set("cp850", "general", "DOS West European", 1, [4, 80]),
    set("hp8", "english", "HP West European", 1, [6, 72]),
    set("koi8r", "general", "KOI8-R Relcom Russian", 1, [7, 74]),
    set("latin1", "swedish", "cp1252 West European", 1, [8, 47]),
    set("latin2", "general", "ISO 8859-2 Central European", 1, [9, 77]),
    set("swe7", "swedish", "7bit Swedish", 1, [10, 82]),
    set("ascii", "general", "US ASCII", 1, [11, 65]),
    set("ujis", "japanese", "EUC-JP Japanese", 3, [12, 91]),
    set("sjis", "japanese", "Shift-JIS Japanese", 2, [13, 88]),
    set("hebrew", "general", "ISO 8859-8 Hebrew", 1, [16, 71]),
    set("tis620", "thai", "TIS620 Thai", 1, [18, 89]),
    set("euckr", "korean", "EUC-KR Korean", 2, [19, 85]),
    set("koi8u", "general", "KOI8-U Ukrainian", 1, [22, 75]),
    set("gb2312", "chinese", "GB2312 Simplified Chinese", 2, [24, 86]),
    set("greek", "general", "ISO 8859-7 Greek", 1, [25, 70]),
    set("cp1250", "general", "Windows Central European", 1, [26, 66]),
    set("gbk", "chinese", "GBK Simplified Chinese", 2, [28, 87]),
    set("latin5", "turkish", "ISO 8859-9 Turkish", 1, [30, 78]),
    set("armscii8", "general", "ARMSCII-8 Armenian", 1, [32, 64]),
    set("utf8", "general", "UTF-8 Unicode", 3, [33, 83]),
    set("ucs2", "general", "UCS-2 Unicode", 2, [35, 90]),
    set("cp866", "general", "DOS Russian", 1, [36, 68]),
    set("keybcs2", "general", "DOS Kamenicky Czech-Slovak", 1, [37, 73]),
    set("macce", "general", "Mac Central European", 1, [38, 43]),
    set("macroman", "general", "Mac West European", 1, [39, 53]),
    set("cp852", "general", "DOS Central European", 1, [40, 81]),
    set("latin7", "general", "ISO 8859-13 Baltic", 1, [41, 79]),
    set("utf8mb4", "general", "UTF-8 Unicode", 4, [45, 46]),
    set("cp1251", "general", "Windows Cyrillic", 1, [51, 50]),
    set("utf16", "general", "UTF-16 Unicode", 4, [54, 55]),
    set("utf16le", "general", "UTF-16LE Unicode", 4, [56, 62]),
    set("cp1256", "general", "Windows Arabic", 1, [57, 67]),
    set("cp1257", "general", "Windows Baltic", 1, [59, 58]),
    set("utf32", "general", "UTF-32 Unicode", 4, [60, 61]),
    set("binary", "", "Binary pseudo charset", 1, [63, 0]),
    set("geostd8", "general", "GEOSTD8 Georgian", 1, [92, 93]),
    set("cp932", "japanese", "SJIS for Windows Japanese", 2, [95, 96]),
    set("eucjpms", "japanese", "UJIS for Windows Japanese", 3, [97, 98]),
    set("gb18030", "chinese", "China National Standard GB18030", 4, [248, 249]),
];

/// Collations beside the default and the binary one.
const OTHERS: [(&str, &str, i64); 8] = [
    ("latin1_general_ci", "latin1", 48),
    ("latin1_general_cs", "latin1", 49),
    ("utf8_general_mysql500_ci", "utf8", 223),
    ("utf8_unicode_ci", "utf8", 192),
    ("utf8_unicode_520_ci", "utf8", 214),
    ("utf8mb4_unicode_ci", "utf8mb4", 224),
    ("utf8mb4_unicode_520_ci", "utf8mb4", 246),
    ("gb18030_unicode_520_ci", "gb18030", 250),
];

/// Name, character set, number, whether it is the set's default.
fn collations() -> impl Iterator<Item = (String, &'static str, i64, bool)> {
    SETS.iter().flat_map(|set| {
        let [default, binary] = set.ids;
        let own = std::iter::once((set.default(), set.name, default, true));
        let binary = (binary > 0).then(|| (format!("{}_bin", set.name), set.name, binary, false));
        let others = OTHERS.iter().filter(|(_, of, _)| *of == set.name);
        own.chain(binary).chain(others.map(|(name, of, id)| ((*name).to_owned(), *of, *id, false)))
    })
}

fn processes(facts: &Facts, _: &str) -> Vec<Vec<Late>> {
    let shown = facts.catalog.presence.all().into_iter();
    let shown = shown.filter(|(_, present)| facts.administrator || present.login == facts.login);
    let now = facts.state().view.now();
    let row = |(number, present): (u32, std::sync::Arc<crate::database::presence::Present>)| {
        let doing = present.doing();
        let own = number == facts.session;
        let command = if doing.running { "Query" } else { "Sleep" };
        vec![
            n(i64::from(number)),
            t(&present.login),
            t(&present.client.0),
            t(doing.database),
            t(command),
            n(now.duration_since(doing.last).as_secs()),
            t(if doing.running { "executing" } else { "" }),
            if own { t(&facts.state().source) } else { none() },
        ]
    };
    shown.map(row).collect()
}

fn plugins(facts: &Facts, _: &str) -> Vec<Vec<Late>> {
    let version = facts.catalog.server.version.split('-').next().unwrap_or_default().to_owned();
    let own = [
        (
            "binlog",
            "1.0",
            "STORAGE ENGINE",
            "This is a pseudo storage engine to represent the binlog in a transaction",
        ),
        ("mysql_native_password", "1.1", "AUTHENTICATION", "Native MySQL authentication"),
        ("sha256_password", "1.1", "AUTHENTICATION", "SHA256 password authentication"),
        ("CSV", "1.0", "STORAGE ENGINE", "CSV storage engine"),
        ("MEMORY", "1.0", "STORAGE ENGINE", "Hash based, stored in memory, useful for temporary tables"),
        ("InnoDB", "5.7", "STORAGE ENGINE", "Supports transactions, row-level locking, and foreign keys"),
        ("MyISAM", "1.0", "STORAGE ENGINE", "MyISAM storage engine"),
        ("MRG_MYISAM", "1.0", "STORAGE ENGINE", "Collection of identical MyISAM tables"),
        ("PERFORMANCE_SCHEMA", "0.1", "STORAGE ENGINE", "Performance Schema"),
        ("ARCHIVE", "3.0", "STORAGE ENGINE", "Archive storage engine"),
        (
            "BLACKHOLE",
            "1.0",
            "STORAGE ENGINE",
            "/dev/null storage engine (anything you write to it disappears)",
        ),
        ("partition", "1.0", "STORAGE ENGINE", "Partition Storage Engine Helper"),
        ("ngram", "0.1", "FTPARSER", "Ngram Full-Text Parser"),
    ];
    own.map(|(name, its_version, kind, about)| {
        let of_kind = if kind == "AUTHENTICATION" { "1.1".to_owned() } else { format!("{version}.0") };
        vec![
            t(name),
            t(its_version),
            t("ACTIVE"),
            t(kind),
            t(of_kind),
            none(),
            none(),
            t("Oracle Corp"),
            t(about),
            t("GPL"),
            t("FORCE"),
        ]
    })
    .into()
}

fn variables(facts: &Facts, _: &str) -> Vec<Vec<Late>> {
    let server = &facts.catalog.server;
    let mut all = server.settings.clone();
    all.insert("version".into(), server.version.clone());
    all.insert("hostname".into(), server.name.to_lowercase());
    all.insert("datadir".into(), server.data_folder.clone());
    all.into_iter().map(|(name, value)| vec![t(name), t(value)]).collect()
}

fn shown_status(facts: &Facts, _: &str) -> Vec<Vec<Late>> {
    status(facts).into_iter().map(|(name, value)| vec![t(name), t(value)]).collect()
}

/// Counters of the server since its start, as far as monitors ask for them; they grow as those of a
/// hospital's server do.
pub(in crate::database) fn status(facts: &Facts) -> Vec<(&'static str, String)> {
    let up = facts.now().duration_since(facts.started()).as_secs().max(1);
    let questions = up * 41;
    let reads = questions * 17;
    let counted: [(&'static str, i64); 52] = [
        ("Aborted_clients", up / 5_400),
        ("Aborted_connects", up / 31_000),
        ("Binlog_cache_disk_use", up / 86_400),
        ("Binlog_cache_use", up * 3),
        ("Bytes_received", questions * 412),
        ("Bytes_sent", questions * 2_870),
        ("Com_begin", up / 2),
        ("Com_commit", up * 3),
        ("Com_delete", up / 12),
        ("Com_insert", up * 2),
        ("Com_rollback", up / 240),
        ("Com_select", questions * 6 / 10),
        ("Com_set_option", questions / 5),
        ("Com_show_status", up / 60),
        ("Com_update", up),
        ("Connections", up / 16 + 1_310),
        ("Created_tmp_disk_tables", up / 9),
        ("Created_tmp_files", up / 7_200),
        ("Created_tmp_tables", up / 2),
        ("Flush_commands", 1),
        ("Handler_commit", up * 9),
        ("Handler_read_first", up / 3),
        ("Handler_read_key", reads),
        ("Handler_read_next", reads * 6),
        ("Handler_read_rnd_next", reads * 11),
        ("Innodb_buffer_pool_pages_data", 498_211),
        ("Innodb_buffer_pool_pages_free", 8_192),
        ("Innodb_buffer_pool_pages_total", 524_224),
        ("Innodb_buffer_pool_read_requests", reads * 23),
        ("Innodb_buffer_pool_reads", up * 2),
        ("Innodb_data_reads", up * 2),
        ("Innodb_data_writes", up * 8),
        ("Innodb_page_size", 16_384),
        ("Innodb_row_lock_waits", up / 1_900),
        ("Innodb_rows_inserted", up * 4),
        ("Innodb_rows_read", reads * 13),
        ("Innodb_rows_updated", up * 2),
        ("Key_read_requests", up),
        ("Max_used_connections", 187),
        ("Open_files", 31),
        ("Open_tables", 644),
        ("Opened_tables", 1_200 + up / 3_600),
        ("Prepared_stmt_count", 0),
        ("Queries", questions + up / 4),
        ("Questions", questions),
        ("Select_full_join", up / 40),
        ("Select_scan", up / 3),
        ("Slow_queries", up / 7_200),
        ("Sort_rows", up * 90),
        ("Table_locks_immediate", up / 7),
        ("Threads_cached", 9),
        ("Threads_connected", 23),
    ];
    let mut all: Vec<(&'static str, String)> =
        counted.into_iter().map(|(name, number)| (name, number.to_string())).collect();
    let own =
        [("Threads_created", 211), ("Threads_running", 1), ("Uptime", up), ("Uptime_since_flush_status", up)];
    all.push(("Ssl_cipher", String::new()));
    all.push(("Ssl_version", String::new()));
    all.extend(own.map(|(name, number)| (name, number.to_string())));
    all
}
