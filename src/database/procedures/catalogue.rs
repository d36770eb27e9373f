//! Procedures that ask about the server and its objects.

use rusqlite::types::Value as Cell;

use super::{Answer, Arguments, Piece, columns, quoted};
use crate::database::facts::Facts;
use crate::database::problem::Problem;
use crate::database::settings::OPTIONS;
use crate::database::words::configured;
use crate::database::{Deed, Seen};

pub(super) fn run(name: &str, arguments: &Arguments, facts: &Facts, seen: &mut Seen) -> Option<Answer> {
    let first = |parameter: &str| arguments.text(0, parameter);
    seen.catalogue = true;
    let like = |column: &str, value: Option<String>| {
        value.map_or(String::new(), |value| format!(" and {column} like {}", quoted(&value)))
    };
    let query = |sql: String| Some(Ok(vec![Piece::Query(sql)]));
    match name {
        "sp_databases" => query("select name as DATABASE_NAME, (select sum(size) * 8 from sys.master_files f where f.database_id = d.database_id) as DATABASE_SIZE, cast(null as varchar(254)) as REMARKS from sys.databases d where has_dbaccess(name) = 1 order by 1".into()),
        "sp_helpdb" => query(format!(
            "select name, (select str(sum(size) / 128.0, 10, 2) + ' MB' from sys.master_files f where f.database_id = d.database_id) as db_size, 'sa' as owner, database_id as dbid, convert(nvarchar(11), create_date, 120) as created, 'Status=ONLINE, Updateability=READ_WRITE, UserAccess=MULTI_USER, Recovery=' + recovery_model_desc as status, compatibility_level from sys.databases d where 1=1{}", like("name", first("@dbname")))),
        "sp_stored_procedures" => query(format!("select db_name() as PROCEDURE_QUALIFIER, ROUTINE_SCHEMA as PROCEDURE_OWNER, ROUTINE_NAME + ';1' as PROCEDURE_NAME, -1 as NUM_INPUT_PARAMS, -1 as NUM_OUTPUT_PARAMS, -1 as NUM_RESULT_SETS, cast(null as varchar(254)) as REMARKS, 2 as PROCEDURE_TYPE from INFORMATION_SCHEMA.ROUTINES where 1=1{}", like("ROUTINE_NAME", first("@sp_name")))),
        "sp_help" => Some(help(first("@objname"), facts)),
        "sp_helptext" => Some(help_text(first("@objname"), facts)),
        "sp_spaceused" => Some(space(first("@objname"), facts)),
        "sp_who" => query("select spid, 0 as ecid, rtrim(status) as status, rtrim(loginame) as loginame, rtrim(hostname) as hostname, '0' as blk, db_name(dbid) as dbname, rtrim(cmd) as cmd, 0 as request_id from sys.sysprocesses".into()),
        "sp_who2" => query("select str(spid, 5) as SPID, rtrim(status) as Status, rtrim(loginame) as Login, case when hostname = '' then '  .' else rtrim(hostname) end as HostName, '  .' as BlkBy, db_name(dbid) as DBName, rtrim(cmd) as Command, cpu as CPUTime, physical_io as DiskIO, convert(varchar(14), last_batch, 120) as LastBatch, rtrim(program_name) as ProgramName, str(spid, 5) as SPID, 0 as REQUESTID from sys.sysprocesses".into()),
        "sp_lock" => query("select session_id as spid, database_id as dbid, 0 as ObjId, 0 as IndId, 'DB' as Type, cast('' as nchar(32)) as Resource, 'S' as Mode, 'GRANT' as Status from sys.dm_exec_sessions where is_user_process = 1".into()),
        "sp_configure" => Some(configure(arguments, facts, seen)),
        "sp_linkedservers" => query("select srvname as SRV_NAME, providername as SRV_PROVIDERNAME, srvproduct as SRV_PRODUCT, datasource as SRV_DATASOURCE, cast(null as nvarchar(4000)) as SRV_PROVIDERSTRING, cast(null as nvarchar(4000)) as SRV_LOCATION, cast(null as sysname) as SRV_CAT from sys.sysservers".into()),
        "sp_helpserver" => query("select srvname as name, srvname as network_name, 'rpc,rpc out,data access' as status, str(srvid, 4) as id, cast(null as sysname) as collation_name, 0 as connect_timeout, 0 as query_timeout from sys.sysservers".into()),
        "sp_helplinkedsrvlogin" => query("select s.name as [Linked Server], cast(null as sysname) as [Local Login], l.uses_self_credential as [Is Self Mapping], l.remote_name as [Remote Login] from sys.linked_logins l join sys.servers s on s.server_id = l.server_id".into()),
        "sp_helplogins" => query("select loginname as LoginName, sid as SID, dbname as DefDBName, language as DefLangName, 'yes' as AUser, 'no' as ARemote from sys.syslogins".into()),
        "sp_helpuser" => query("select name as UserName, 'db_owner' as RoleName, name as LoginName, 'master' as DefDBName, default_schema_name as DefSchemaName, principal_id as UserID, sid as SID from sys.database_principals where type = 'S'".into()),
        "sp_helpsrvrolemember" => query("select 'sysadmin' as ServerRole, p.name as MemberName, p.sid as MemberSID from sys.server_role_members m join sys.server_principals p on p.principal_id = m.member_principal_id".into()),
        "sp_helpfile" => query("select name, file_id as fileid, physical_name as filename, case type when 0 then 'PRIMARY' end as filegroup, str(size * 8, 12) + ' KB' as size, 'Unlimited' as maxsize, '65536 KB' as growth, case type when 0 then 'data only' else 'log only' end as usage from sys.database_files".into()),
        "sp_server_info" => query(format!("select 1 as attribute_id, 'DBMS_NAME' as attribute_name, 'Microsoft SQL Server' as attribute_value union all select 2, 'DBMS_VER', {}", quoted(facts.catalog.server.banner.lines().next().unwrap_or_default()))),
        "sp_msforeachdb" => Some(for_each(first("@command1"), facts.databases().into_iter().map(|(name, _)| name).filter(|name| facts.may_enter(name)))),
        "sp_msforeachtable" => {
            let tables = facts.objects(&facts.database()).into_iter().filter(|object| object.kind == 'U');
            Some(for_each(first("@command1"), tables.map(|object| format!("[{}].[{}]", object.schema, object.name))))
        }
        _ => {
            seen.catalogue = false;
            None
        }
    }
}

/// Most texts that one call of `sp_MSforeach…` runs.
const MAX_EACH: usize = 400;

fn for_each(command: Option<String>, names: impl Iterator<Item = String>) -> Answer {
    let command = command.unwrap_or_default();
    // Entered last, run first.
    let mut texts: Vec<Piece> =
        names.take(MAX_EACH).map(|name| Piece::Query(command.replace('?', &name))).collect();
    texts.reverse();
    Ok(texts)
}

fn missing(name: &str, facts: &Facts) -> Problem {
    let database = facts.database();
    let text = match facts.language() {
        crate::database::Language::Chinese => {
            format!("数据库 '{database}' 中不存在对象 '{name}' 或对该操作无效。")
        }
        crate::database::Language::English => format!(
            "The object '{name}' does not exist in database '{database}' or is invalid for this operation."
        ),
    };
    Problem::Raised(15009, 16, 1, text)
}

fn bare(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).replace(['[', ']'], "")
}

fn help(name: Option<String>, facts: &Facts) -> Answer {
    let Some(name) = name else {
        return Ok(vec![Piece::Query("select name as Name, 'dbo' as Owner, case type when 'U ' then 'user table' when 'V ' then 'view' else 'stored procedure' end as Object_type from sys.objects order by 1".into())]);
    };
    let object = facts.object(&facts.database(), |object| object.name.eq_ignore_ascii_case(&bare(&name)));
    let object = object.ok_or_else(|| missing(&name, facts))?;
    Ok(vec![
        Piece::Query(format!(
            "select COLUMN_NAME as Column_name, DATA_TYPE as Type, 'no' as Computed, isnull(CHARACTER_OCTET_LENGTH, 8) as Length, isnull(NUMERIC_PRECISION, 0) as Prec, isnull(NUMERIC_SCALE, 0) as Scale, lower(IS_NULLABLE) as Nullable, COLLATION_NAME as Collation from INFORMATION_SCHEMA.COLUMNS where TABLE_NAME = {}",
            quoted(&object.name)
        )),
        Piece::Query(format!(
            "select name as Name, 'dbo' as Owner, case type when 'U ' then 'user table' when 'V ' then 'view' else 'stored procedure' end as Type, create_date as Created_datetime from sys.objects where object_id = {}",
            object.id
        )),
    ])
}

fn help_text(name: Option<String>, facts: &Facts) -> Answer {
    let name = name.unwrap_or_default();
    let object = facts.object(&facts.database(), |object| object.name.eq_ignore_ascii_case(&bare(&name)));
    let object = object.filter(|object| !object.text.is_empty()).ok_or_else(|| missing(&name, facts))?;
    let lines = object.text.lines().map(|line| vec![Cell::Text(format!("{line}\r\n"))]).collect();
    Ok(vec![Piece::Set(columns(&[("Text", "nvarchar(255)")]), lines)])
}

fn space(name: Option<String>, facts: &Facts) -> Answer {
    let kb = |pages: i64| Cell::Text(format!("{} KB", pages * 8));
    let Some(name) = name else {
        let database = facts.catalog.database(&facts.database()).cloned();
        let (size, log) = database.map_or((3, 1), |database| (database.size_mb, database.log_mb));
        let row = vec![
            Cell::Text(facts.database()),
            Cell::Text(format!("{}.00 MB", size + log)),
            Cell::Text(format!("{}.42 MB", size / 11)),
        ];
        return Ok(vec![Piece::Set(
            columns(&[
                ("database_name", "nvarchar(128)"),
                ("database_size", "varchar(18)"),
                ("unallocated space", "varchar(18)"),
            ]),
            vec![row],
        )]);
    };
    let object = facts.object(&facts.database(), |object| object.name.eq_ignore_ascii_case(&bare(&name)));
    let table = object.and_then(|object| object.table).ok_or_else(|| missing(&name, facts))?;
    let rows = facts.count(&table);
    let pages = crate::database::system::pages(&table, rows);
    let row = vec![
        Cell::Text(table.name.clone()),
        Cell::Text(format!("{rows:<11}")),
        kb(pages + pages / 9 + 4),
        kb(pages),
        kb(pages / 9 + 1),
        kb(3),
    ];
    let heads = columns(&[
        ("name", "nvarchar(128)"),
        ("rows", "char(11)"),
        ("reserved", "varchar(18)"),
        ("data", "varchar(18)"),
        ("index_size", "varchar(18)"),
        ("unused", "varchar(18)"),
    ]);
    Ok(vec![Piece::Set(heads, vec![row])])
}

fn configure(arguments: &Arguments, facts: &Facts, seen: &mut Seen) -> Answer {
    let name = arguments.text(0, "@configname");
    let advanced =
        facts.state().options.get("show advanced options").is_some_and(|(_, running)| *running == 1);
    let known: Vec<_> = OPTIONS
        .iter()
        .filter(|(option, _, _, _, _, hidden)| {
            (advanced || !hidden)
                && name.as_ref().is_none_or(|name| option.to_lowercase().contains(&name.to_lowercase()))
        })
        .collect();
    let exact =
        known.iter().find(|(option, ..)| name.as_ref().is_some_and(|name| option.eq_ignore_ascii_case(name)));
    let chosen = exact.map_or(known.clone(), |exact| vec![*exact]);
    if chosen.is_empty()
        || (name.is_some() && chosen.len() > 1 && arguments.whole(1, "@configvalue").is_some())
    {
        return Err(Problem::NoOption(name.unwrap_or_default()));
    }
    let Some(value) = arguments.whole(1, "@configvalue") else {
        let state = facts.state();
        let row = |(option, _, low, high, default, _): &&(&str, i32, i64, i64, i64, bool)| {
            let (set, running) =
                state.options.get(&option.to_lowercase()).copied().unwrap_or((*default, *default));
            vec![
                Cell::Text((*option).to_owned()),
                Cell::Integer(*low),
                Cell::Integer(*high),
                Cell::Integer(set),
                Cell::Integer(running),
            ]
        };
        let heads = columns(&[
            ("name", "nvarchar(35)"),
            ("minimum", "int"),
            ("maximum", "int"),
            ("config_value", "int"),
            ("run_value", "int"),
        ]);
        return Ok(vec![Piece::Set(heads, chosen.iter().map(row).collect())]);
    };
    let Some((option, _, low, high, default, _)) = chosen.first() else {
        return Err(Problem::NoOption(String::new()));
    };
    seen.catalogue = false;
    seen.deeds.push(Deed::Configure { option: (*option).to_owned(), value: value.to_string() });
    if !facts.administrator {
        return Err(Problem::NoRight("sp_configure".to_owned()));
    }
    if !(*low..=*high).contains(&value) {
        return Err(Problem::Raised(15129, 16, 1, format!("'{value}' 不是配置选项 '{option}' 的有效值。")));
    }
    let mut state = facts.state();
    let language = state.language;
    let entry = state.options.entry(option.to_lowercase()).or_insert((*default, *default));
    let from = std::mem::replace(&mut entry.0, value);
    Ok(vec![Piece::Notice(15457, 0, configured(option, from, value, language))])
}
