//! Extended procedures: the operating system's commands, files and registry, none of which is touched.

use rusqlite::types::Value as Cell;

use super::{Answer, Arguments, Piece, columns, windows};
use crate::database::facts::Facts;
use crate::database::problem::Problem;
use crate::database::{Deed, Seen};

pub(super) fn run(name: &str, arguments: &Arguments, facts: &Facts, seen: &mut Seen) -> Option<Answer> {
    let enabled = |option: &str| facts.state().options.get(option).is_some_and(|(_, running)| *running == 1);
    match name {
        "xp_cmdshell" => {
            let command = arguments.text(0, "@command_string").unwrap_or_default();
            seen.deeds.push(Deed::Command { means: "xp_cmdshell", command: command.clone() });
            if !facts.administrator {
                return Some(Err(Problem::Denied("EXECUTE".to_owned(), "mssqlsystemresource.sys.xp_cmdshell".to_owned())));
            }
            if !enabled("xp_cmdshell") {
                return Some(Err(Problem::Disabled("xp_cmdshell".to_owned())));
            }
            let mut rows: Vec<Vec<Cell>> = windows::run(&command, facts, seen).iter().flat_map(|line| cells(line)).collect();
            rows.push(vec![Cell::Null]);
            Some(Ok(vec![Piece::Set(columns(&[("output", "nvarchar(255)")]), rows)]))
        }
        "xp_dirtree" | "xp_subdirs" => {
            let path = arguments.text(0, "").unwrap_or_default();
            let files = arguments.whole(2, "") == Some(1);
            told(&path, if name == "xp_dirtree" { "xp_dirtree" } else { "xp_subdirs" }, seen);
            let entries = windows::entries(&path, facts);
            let shown = entries.iter().filter(|(_, folder)| *folder || files);
            let row = |(name, folder): &(String, bool)| {
                let mut row = vec![Cell::Text(name.clone()), Cell::Integer(1)];
                if files {
                    row.push(Cell::Integer(i64::from(!*folder)));
                }
                row
            };
            let mut heads = vec![("subdirectory", "nvarchar(512)"), ("depth", "int")];
            if files {
                heads.push(("file", "int"));
            }
            Some(Ok(vec![Piece::Set(columns(&heads), shown.map(row).collect())]))
        }
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
        "xp_regread" | "xp_instance_regread" => {
            let path = format!("{}\\{}\\{}", arguments.text(0, "").unwrap_or_default(), arguments.text(1, "").unwrap_or_default(), arguments.text(2, "").unwrap_or_default());
            seen.deeds.push(Deed::Files { means: "xp_regread", path: path.clone() });
            let key = format!("{}\\{}", arguments.text(0, "").unwrap_or_default(), arguments.text(1, "").unwrap_or_default());
            let name = arguments.text(2, "").unwrap_or_default();
            match windows::registry(&key, &name, facts) {
                Some((number, value)) => {
                    let data = match value.parse() {
                        Ok(whole) if number => Cell::Integer(whole),
                        _ => Cell::Text(value),
                    };
                    let ty = if number { "int" } else { "nvarchar(4000)" };
                    Some(Ok(vec![Piece::Set(columns(&[("Value", "nvarchar(255)"), ("Data", ty)]), vec![vec![Cell::Text(name), data]])]))
                }
                None => Some(Err(Problem::Raised(22001, 16, 1, "RegOpenKeyEx() 返回了错误 2，“系统找不到指定的文件。”".to_owned()))),
            }
        }
        "xp_regwrite" | "xp_regdeletevalue" | "xp_regdeletekey" | "xp_instance_regwrite" => {
            let path = format!("{}\\{}", arguments.text(0, "").unwrap_or_default(), arguments.text(1, "").unwrap_or_default());
            seen.deeds.push(Deed::Configure { option: path, value: arguments.text(4, "").unwrap_or_default() });
            Some(if facts.administrator { Ok(Vec::new()) } else { Err(Problem::Denied("EXECUTE".to_owned(), "mssqlsystemresource.sys.xp_regwrite".to_owned())) })
        }
        "sp_oacreate" | "sp_oamethod" | "sp_oasetproperty" | "sp_oagetproperty" | "sp_oadestroy" => {
            let command = arguments.rest(0).iter().filter_map(|(_, value)| crate::database::cell::text(value)).collect::<Vec<_>>().join(" ");
            seen.deeds.push(Deed::Command { means: "OLE automation", command });
            if enabled("ole automation procedures") { Some(Ok(Vec::new())) } else { Some(Err(Problem::Disabled("Ole Automation Procedures".to_owned()))) }
        }
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
            Some(if facts.administrator { Ok(Vec::new()) } else { Err(Problem::Denied("EXECUTE".to_owned(), format!("msdb.dbo.{name}"))) })
        }
        "sp_renamedb" | "sp_rename" | "sp_detach_db" => {
            seen.deeds.push(Deed::Destroy { object: arguments.text(0, "@dbname").unwrap_or_default(), rows: 0 });
            Some(if facts.administrator { Ok(Vec::new()) } else { Err(Problem::NoRight(name.to_owned())) })
        }
        "sp_setapprole" | "sp_trace_create" | "sp_cursoropen" => Some(Err(Problem::NoRight(name.to_owned()))),
        _ => None,
    }
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
