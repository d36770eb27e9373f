//! Extended procedures: the operating system's commands, files and registry, none of which is touched.

use rusqlite::types::Value as Cell;

use super::{Answer, Arguments, Piece, columns, windows};
use crate::database::facts::Facts;
use crate::database::problem::Problem;
use crate::database::{Deed, Language, Seen};

pub(super) fn run(name: &str, arguments: &Arguments, facts: &Facts, seen: &mut Seen) -> Option<Answer> {
    let enabled = |option: &str| facts.state().options.get(option).is_some_and(|(_, running)| *running == 1);
    match name {
        "xp_cmdshell" => {
            let command = arguments.text(0, "@command_string").unwrap_or_default();
            seen.deeds.push(Deed::Command { means: "xp_cmdshell", command: command.clone() });
            if !facts.administrator {
                return Some(Err(facts.denied("EXECUTE", "mssqlsystemresource.sys.xp_cmdshell".to_owned())));
            }
            if !enabled("xp_cmdshell") {
                return Some(Err(Problem::Disabled("xp_cmdshell".to_owned())));
            }
            let mut rows: Vec<Vec<Cell>> = windows::run(&command, facts, seen).iter().flat_map(|line| cells(line)).collect();
            rows.push(vec![Cell::Null]);
            Some(Ok(vec![Piece::Set(columns(&[("output", "nvarchar(255)")]), rows)]))
        }
        "xp_dirtree" | "xp_subdirs" => Some(Ok(vec![tree(name == "xp_dirtree", arguments, facts, seen)])),
        "xp_fileexist" => {
            let path = arguments.text(0, "").unwrap_or_default();
            told(&path, "xp_fileexist", seen);
            let (file, folder) = windows::exists(&path, facts);
            let row = [file, folder, file || folder].map(|on| Cell::Integer(i64::from(on))).to_vec();
            let heads = columns(&[("File Exists", "tinyint"), ("File is a Directory", "tinyint"), ("Parent Directory Exists", "tinyint")]);
            Some(Ok(vec![Piece::Set(heads, vec![row])]))
        }
        "xp_fixeddrives" => {
            let row = |(letter, free): (char, u64)| vec![Cell::Text(letter.to_string()), Cell::Integer(i64::try_from(free).unwrap_or(0))];
            let rows = windows::free_megabytes(facts).into_iter().map(row).collect();
            Some(Ok(vec![Piece::Set(columns(&[("drive", "nvarchar(1)"), ("MB 可用空间", "int")]), rows)]))
        }
        "xp_regread" | "xp_instance_regread" => Some(read_registry(arguments, facts, seen)),
        "xp_regwrite" | "xp_regdeletevalue" | "xp_regdeletekey" | "xp_instance_regwrite" => {
            let path = format!("{}\\{}", arguments.text(0, "").unwrap_or_default(), arguments.text(1, "").unwrap_or_default());
            seen.deeds.push(Deed::Configure { option: path, value: arguments.text(4, "").unwrap_or_default() });
            Some(if facts.administrator { Ok(Vec::new()) } else { Err(facts.denied("EXECUTE", "mssqlsystemresource.sys.xp_regwrite".to_owned())) })
        }
        "sp_oacreate" | "sp_oamethod" | "sp_oasetproperty" | "sp_oagetproperty" | "sp_oadestroy"
        | "sp_oageterrorinfo" | "sp_oastop" => Some(automation(name, arguments, facts, seen)),
        "xp_loginconfig" => Some(Ok(vec![Piece::Query("select 'login mode' as name, 'Mixed' as config_value union all select 'default login', 'guest' union all select 'audit level', 'failure'".to_owned())])),
        "xp_msver" => Some(Ok(vec![Piece::Query("select 1 as [Index], 'ProductName' as Name, cast(null as int) as Internal_Value, 'Microsoft SQL Server' as Character_Value union all select 2, 'ProductVersion', 720896, cast(serverproperty('ProductVersion') as varchar(30)) union all select 3, 'Language', 2052, '中文(简体，中国)' union all select 15, 'WindowsVersion', 602931200, '6.3 (9600)' union all select 16, 'ProcessorCount', 16, '16' union all select 19, 'PhysicalMemory', 65535, '65535 (68718886912)'".to_owned())])),
        "sp_addlogin" | "sp_password" | "sp_addsrvrolemember" | "sp_addrolemember" | "sp_adduser" | "sp_grantdbaccess" => {
            let action = match name {
                "sp_addlogin" => "create",
                "sp_password" => "alter",
                _ => "role",
            };
            let (login, secret) = match name {
                "sp_password" => (arguments.text(2, "@loginame"), arguments.text(1, "@new")),
                "sp_addlogin" => (arguments.text(0, "@loginame"), arguments.text(1, "@passwd")),
                _ => (arguments.text(0, "@loginame"), None),
            };
            let login = login.unwrap_or_default();
            seen.deeds.push(Deed::Account { login: login.clone(), action, secret });
            if !facts.administrator {
                return Some(Err(Problem::NoRight(name.to_owned())));
            }
            if action == "create" {
                facts.state().logins.push(login);
            }
            Some(Ok(Vec::new()))
        }
        "sp_addlinkedserver" | "sp_addlinkedsrvlogin" | "sp_serveroption" => {
            seen.deeds.push(Deed::Reach { means: "linked server", target: arguments.text(0, "@server").unwrap_or_default() });
            Some(if facts.administrator { Ok(Vec::new()) } else { Err(Problem::NoRight(name.to_owned())) })
        }
        "sp_add_job" | "sp_add_jobstep" | "sp_add_jobserver" | "sp_start_job" => {
            let command = arguments.rest(0).iter().filter_map(|(_, value)| crate::database::cell::text(value)).collect::<Vec<_>>().join(" ");
            seen.deeds.push(Deed::Command { means: "SQL Agent", command });
            Some(if facts.administrator { Ok(Vec::new()) } else { Err(facts.denied("EXECUTE", format!("msdb.dbo.{name}"))) })
        }
        "sp_renamedb" | "sp_rename" | "sp_detach_db" => {
            seen.deeds.push(Deed::Destroy { object: arguments.text(0, "@dbname").unwrap_or_default(), rows: 0 });
            Some(if facts.administrator { Ok(Vec::new()) } else { Err(Problem::NoRight(name.to_owned())) })
        }
        "sp_setapprole" | "sp_trace_create" | "sp_cursoropen" => Some(Err(Problem::NoRight(name.to_owned()))),
        _ => None,
    }
}

/// Most folders below each other that `xp_dirtree` goes through, and most rows that it gives.
const MAX_LEVELS: i64 = 4;
const MAX_ENTRIES: usize = 2_000;

/// `xp_dirtree path, depth, files` and `xp_subdirs path`.
fn tree(is_tree: bool, arguments: &Arguments, facts: &Facts, seen: &mut Seen) -> Piece {
    let path = arguments.text(0, "").unwrap_or_default();
    told(&path, if is_tree { "xp_dirtree" } else { "xp_subdirs" }, seen);
    let files = is_tree && arguments.whole(2, "") == Some(1);
    let depth = match arguments.whole(1, "").unwrap_or(0) {
        _ if !is_tree => 1,
        0 => MAX_LEVELS,
        depth => depth.clamp(1, MAX_LEVELS),
    };
    let mut rows = Vec::new();
    walk(&path, 1, depth, files, facts, &mut rows);
    let mut heads = vec![("subdirectory", "nvarchar(512)")];
    if is_tree {
        heads.push(("depth", "int"));
    }
    if files {
        heads.push(("file", "int"));
    }
    let width = heads.len();
    rows.iter_mut().for_each(|row| row.truncate(width));
    Piece::Set(columns(&heads), rows)
}

fn walk(path: &str, level: i64, depth: i64, files: bool, facts: &Facts, rows: &mut Vec<Vec<Cell>>) {
    for (name, folder) in windows::entries(path, facts) {
        if rows.len() >= MAX_ENTRIES || !folder && !files {
            continue;
        }
        rows.push(vec![Cell::Text(name.clone()), Cell::Integer(level), Cell::Integer(i64::from(!folder))]);
        if folder && level < depth {
            let below = format!("{}\\{name}", path.trim_end_matches('\\'));
            walk(&below, level + 1, depth, files, facts, rows);
        }
    }
}

/// `xp_regread root, key, value [, @out OUTPUT [, 'no_output']]`.
fn read_registry(arguments: &Arguments, facts: &Facts, seen: &mut Seen) -> Answer {
    let part = |at: usize| arguments.text(at, "").unwrap_or_default();
    let (key, name) = (format!("{}\\{}", part(0), part(1)), part(2));
    seen.deeds.push(Deed::Files { means: "xp_regread", path: format!("{key}\\{name}") });
    let wanted = arguments.get(3, "@value").is_some();
    match windows::registry(&key, &name, facts) {
        Some((number, value)) => {
            let data = match value.parse() {
                Ok(whole) if number => Cell::Integer(whole),
                _ => Cell::Text(value),
            };
            if wanted {
                return Ok(vec![Piece::Output("@value".to_owned(), data)]);
            }
            let ty = if number { "int" } else { "nvarchar(4000)" };
            let heads = columns(&[("Value", "nvarchar(255)"), ("Data", ty)]);
            Ok(vec![Piece::Set(heads, vec![vec![Cell::Text(name), data]])])
        }
        None if arguments
            .text(4, "@no_output")
            .is_some_and(|text| text.eq_ignore_ascii_case("no_output")) =>
        {
            Ok(Vec::new())
        }
        None => Err(Problem::Raised(
            22_001,
            16,
            1,
            match facts.language() {
                Language::Chinese => "RegOpenKeyEx() 返回了错误 2，“系统找不到指定的文件。”".to_owned(),
                Language::English => {
                    "RegOpenKeyEx() returned error 2, 'The system cannot find the file specified.'".to_owned()
                }
            },
        )),
    }
}

/// Handle of the first object that OLE automation makes in a session, as servers of these builds count them.
const FIRST_OBJECT: i64 = 16_711_422;

/// How much higher the next one is.
const NEXT_OBJECT: i64 = 16_777_216;

/// `sp_OA…`: objects are made, and nothing is run.
fn automation(name: &str, arguments: &Arguments, facts: &Facts, seen: &mut Seen) -> Answer {
    let given = arguments.rest(0).into_iter().filter_map(|(_, value)| crate::database::cell::text(&value));
    let command = given.collect::<Vec<_>>().join(" ");
    seen.deeds.push(Deed::Command { means: "OLE automation", command });
    let written = match name {
        "sp_oacreate" => "sp_OACreate",
        "sp_oamethod" => "sp_OAMethod",
        "sp_oasetproperty" => "sp_OASetProperty",
        "sp_oagetproperty" => "sp_OAGetProperty",
        "sp_oageterrorinfo" => "sp_OAGetErrorInfo",
        "sp_oastop" => "sp_OAStop",
        _ => "sp_OADestroy",
    };
    if !facts.administrator {
        let object = format!("mssqlsystemresource.sys.{written}");
        return Err(facts.denied("EXECUTE", object));
    }
    let option = "ole automation procedures";
    if facts.state().options.get(option).is_none_or(|(_, running)| *running != 1) {
        return Err(Problem::Raised(
            15_281,
            16,
            1,
            match facts.language() {
                Language::Chinese => format!(
                    "SQL Server 阻止了对组件 'Ole Automation Procedures' 的 过程 'sys.{written}' 的访问，因为此组件已作为此服务器安全配置的一部分而被关闭。系统管理员可以通过使用 sp_configure 启用 'Ole Automation Procedures'。有关启用 'Ole Automation Procedures' 的详细信息，请搜索 SQL Server 联机丛书中的 'Ole Automation Procedures'。"
                ),
                Language::English => format!(
                    "SQL Server blocked access to procedure 'sys.{written}' of component 'Ole Automation Procedures' because this component is turned off as part of the security configuration for this server. A system administrator can enable the use of 'Ole Automation Procedures' by using sp_configure. For more information about enabling 'Ole Automation Procedures', search for 'Ole Automation Procedures' in SQL Server Books Online."
                ),
            },
        ));
    }
    if name != "sp_oacreate" {
        return Ok(Vec::new());
    }
    let mut state = facts.state();
    let handle = FIRST_OBJECT + state.objects * NEXT_OBJECT;
    state.objects += 1;
    Ok(vec![Piece::Output("@objecttoken".to_owned(), Cell::Integer(handle))])
}

/// Most characters of a row of output.
const LINE: usize = 255;

/// A line as rows: one that is empty is NULL, a long one goes on in the next.
fn cells(line: &str) -> Vec<Vec<Cell>> {
    if line.is_empty() {
        return vec![vec![Cell::Null]];
    }
    let chars: Vec<char> = line.chars().collect();
    chars.chunks(LINE).map(|part| vec![Cell::Text(part.iter().collect())]).collect()
}

/// A path on a share makes the server reach out; any other is a look at its disk.
fn told(path: &str, means: &'static str, seen: &mut Seen) {
    seen.deeds.push(match path.starts_with(r"\\") {
        true => Deed::Reach { means, target: path.to_owned() },
        false => Deed::Files { means, path: path.to_owned() },
    });
}
