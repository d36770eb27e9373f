//! The room as its faces use it, over the demo hospital's own schema.

use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::persona::{Installation, Pack, PackFiles};
use crate::world::World;
use crate::world::overlay::Overlay;

struct Server {
    catalog: Arc<Catalog>,
    world: Arc<World>,
    overlay: Arc<Overlay>,
}

fn now() -> Timestamp {
    "2026-03-02T02:30:00Z".parse().unwrap()
}

fn pack() -> Pack {
    let files = PackFiles::embedded("chenglan").unwrap();
    crate::persona::load("chenglan", files, Installation::new([7; 32])).unwrap()
}

fn server() -> Server {
    server_of("hisdb")
}

fn server_of(host: &str) -> Server {
    let pack = pack();
    let host = Arc::clone(pack.host(host).unwrap());
    let catalog = Arc::new(Catalog::load(&pack, &host, &format!("{}/database.toml", host.name)).unwrap());
    let world = Arc::new(World::new(Arc::clone(&pack.hospital), &pack.installation));
    Server { catalog, world, overlay: Arc::default() }
}

impl Server {
    fn connect(&self, name: &str) -> Connection {
        self.connect_as(name, 57)
    }

    fn connect_as(&self, name: &str, session: u32) -> Connection {
        self.connect_to("THIS4", name, session)
    }

    fn connect_to(&self, database: &str, name: &str, session: u32) -> Connection {
        let login = ClientLogin {
            name: name.into(),
            database: Some(database.into()),
            server: "hisdb".into(),
            session,
            ..Default::default()
        };
        Connection::open(
            Arc::clone(&self.catalog),
            Arc::clone(&self.world),
            Arc::clone(&self.overlay),
            login,
            now(),
        )
        .unwrap()
    }
}

fn all(connection: &mut Connection, sql: &str) -> Vec<Item> {
    connection.begin(Request::batch(sql), now());
    let mut items = Vec::new();
    loop {
        let pulled = connection.pull(64);
        items.extend(pulled.items);
        if !pulled.more {
            return items;
        }
    }
}

fn rows(connection: &mut Connection, sql: &str) -> Vec<Vec<String>> {
    let items = all(connection, sql);
    let problem = items.iter().find_map(|item| match item {
        Item::Message(message) if message.is_error() => Some(message.text.clone()),
        _ => None,
    });
    assert_eq!(problem, None, "{sql}");
    items
        .into_iter()
        .filter_map(|item| match item {
            Item::Row(row) => {
                Some(row.iter().map(|value| value.as_text().unwrap_or_else(|| "NULL".into())).collect())
            }
            _ => None,
        })
        .collect()
}

fn one(connection: &mut Connection, sql: &str) -> String {
    let rows = rows(connection, sql);
    assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
    rows[0].join("|")
}

fn error(connection: &mut Connection, sql: &str) -> (u32, String) {
    let items = all(connection, sql);
    let found = items.iter().find_map(|item| match item {
        Item::Message(message) if message.is_error() => Some((message.number, message.text.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no error: {sql}: {items:?}"))
}

fn seen(connection: &mut Connection, sql: &str) -> Seen {
    let items = all(connection, sql);
    items
        .into_iter()
        .rev()
        .find_map(|item| match item {
            Item::Seen(seen) => Some(*seen),
            _ => None,
        })
        .unwrap()
}

#[test]
fn what_clients_ask_first_is_answered() {
    let server = server();
    let mut c = server.connect("sa");
    assert!(one(&mut c, "select @@version").starts_with("Microsoft SQL Server 2012 (SP4)"));
    assert_eq!(
        one(&mut c, "SELECT SUSER_SNAME(), DB_NAME(), @@SPID, IS_SRVROLEMEMBER('sysadmin')"),
        "sa|THIS4|57|1"
    );
    assert_eq!(one(&mut c, "select cast(serverproperty('ProductVersion') as varchar(20))"), "11.0.7001.0");
    let names = rows(&mut c, "SELECT name FROM master.sys.databases ORDER BY database_id");
    assert_eq!(names[4], ["THIS4"]);
    assert_eq!(rows(&mut c, "select name from master..sysdatabases where dbid > 4 order by dbid").len(), 4);
    let tables = rows(
        &mut c,
        "SELECT t.name, SUM(p.rows) FROM sys.tables t JOIN sys.partitions p ON t.object_id = p.object_id WHERE p.index_id IN (0,1) AND t.name in ('YY_KSBMK','SF_BRXXK') GROUP BY t.name ORDER BY t.name",
    );
    assert_eq!(tables.len(), 2);
    assert_eq!(tables[0][1], one(&mut c, "select count(*) from SF_BRXXK"));
    assert_eq!(
        one(
            &mut c,
            "select count(*) from INFORMATION_SCHEMA.COLUMNS where TABLE_NAME='ZY_BRSYK' and COLUMN_NAME like '%xm%'"
        ),
        "1"
    );
    assert!(!rows(&mut c, "exec sp_helpdb").is_empty());
    assert!(!rows(&mut c, "sp_who2").is_empty());
    assert!(rows(&mut c, "exec sp_tables @table_name = 'ZY%'").len() >= 4);
}

#[test]
fn queries_agree_with_the_world() {
    let server = server();
    let view = server.world.at(now());
    let mut c = server.connect("his_read");
    let patient = view.patient(crate::world::PatientNo(4711)).unwrap();
    let found = one(
        &mut c,
        &format!(
            "select hzxm, rtrim(sex), birth from dbo.SF_BRXXK (nolock) where cardno = '{}'",
            patient.mrn
        ),
    );
    let sex = if patient.sex == crate::world::Sex::M { "男" } else { "女" };
    assert_eq!(found, format!("{}|{sex}|{}", patient.name.chinese(), patient.born.strftime("%Y%m%d")));
    assert_eq!(one(&mut c, "select count(*) from SF_BRXXK with (nolock)"), view.patient_count().to_string());
    assert_eq!(rows(&mut c, "select top 7 * from ZY_BRSYK").len(), 7);
    let joined = rows(
        &mut c,
        "select top 20 a.syxh, a.hzxm, b.hzxm, k.name from THIS4.dbo.ZY_BRSYK a (nolock) inner join ZY_BRXXK b (nolock) on a.patid = b.patid left join YY_KSBMK k on k.id = a.ksdm where a.ryrq >= '2026022800:00:00' order by a.ryrq desc",
    );
    assert_eq!(joined.len(), 20);
    assert!(joined.iter().all(|row| row[1] == row[2] && row[3] != "NULL"));
    let days: i64 = rows(&mut c, "select left(ryrq, 8) as rq, count(*) as n from ZY_BRSYK where ryrq between '20260220' and '20260229' group by left(ryrq, 8) order by 1").iter().map(|row| row[1].parse::<i64>().unwrap()).sum();
    assert_eq!(
        days.to_string(),
        one(&mut c, "select count(*) from ZY_BRSYK where ryrq between '20260220' and '20260229'")
    );
    assert_eq!(
        rows(&mut c, "select * from VW_ZYBRXX where syxh in (select top 3 syxh from ZY_BRSYK order by syxh)")
            .len(),
        3
    );
    let read = seen(&mut c, "select top 5 hzxm, sfzh from SF_BRXXK");
    assert_eq!(read.reads.len(), 1);
    assert_eq!((read.reads[0].count, read.reads[0].ids.len()), (5, 5));
    let swept = seen(&mut c, "select id from YY_ZGDMK");
    assert!(swept.unbounded && swept.rows == view.staff().len() as u64);
}

#[test]
fn scripts_run_as_t_sql() {
    let server = server();
    let mut c = server.connect("sa");
    assert_eq!(
        one(
            &mut c,
            "declare @a int, @b varchar(20) set @a = 3 set @b = 'x' + 'y' if @a > 2 begin set @a = @a * 2 end else set @a = 0 select @a, @b"
        ),
        "6|xy"
    );
    assert_eq!(
        one(
            &mut c,
            "declare @i int = 0 while @i < 5 begin set @i = @i + 1 if @i = 3 break end select @i as i"
        ),
        "3"
    );
    assert_eq!(
        one(&mut c, "declare @n varchar(32) select @n = name from YY_KSBMK where id = '0101' select @n"),
        "呼吸与危重症医学科"
    );
    assert_eq!(
        one(
            &mut c,
            "select datediff(day, '20260101', '2026-03-01'), convert(varchar(10), getdate(), 120), isnull(null, 'z'), len('ab  '), stuff('abcd', 2, 2, 'XX')"
        ),
        "59|2026-03-02|z|2|aXXd"
    );
    assert_eq!(one(&mut c, "exec sp_executesql N'select @x + 1 as y', N'@x int', @x = 41"), "42");
    assert_eq!(
        one(&mut c, "begin try select 1/0 end try begin catch select error_number() end catch"),
        "8134"
    );
    assert_eq!(rows(&mut c, "create table #t (a int, b varchar(10)) insert into #t values (1, 'x'), (2, 'y') select * from #t order by a desc drop table #t").len(), 2);
    assert_eq!(rows(&mut c, "select 1 select 2").len(), 2);
}

#[test]
fn errors_are_the_products_own() {
    let server = server();
    let mut c = server.connect("sa");
    assert_eq!(error(&mut c, "select * from nichts"), (208, "对象名 'nichts' 无效。".into()));
    assert_eq!(error(&mut c, "select foo from SF_BRXXK"), (207, "列名 'foo' 无效。".into()));
    assert_eq!(error(&mut c, "selec 1 from").0, 102);
    assert_eq!(error(&mut c, "select 1/0").0, 8134);
    assert_eq!(error(&mut c, "exec nichts").0, 2812);
    assert_eq!(error(&mut c, "use nichts").0, 911);
    assert_eq!(error(&mut c, "exec xp_cmdshell 'whoami'").0, 15281);
    assert_eq!(error(&mut c, "select 'a").0, 105);
    all(
        &mut c,
        "exec sp_configure 'show advanced options', 1; reconfigure; exec sp_configure 'xp_cmdshell', 1; reconfigure;",
    );
    assert_eq!(rows(&mut c, "exec master..xp_cmdshell 'whoami'")[0], [r"nt service\mssqlserver"]);
    let told = seen(&mut c, "exec xp_cmdshell 'net user x y /add'");
    assert!(matches!(&told.deeds[..], [Deed::Command { command, .. }] if command.starts_with("net user")));
    let mut reader = server.connect("his_read");
    assert_eq!(error(&mut reader, "delete from SF_BRXXK").0, 229);
    for sql in [
        "attach database 'x' as y",
        "pragma database_list",
        "select load_extension('x')",
        "select readfile('/etc/passwd')",
    ] {
        error(&mut c, sql);
    }
}

#[test]
fn changes_are_read_back_by_the_intruder_alone() {
    let server = server();
    let mut c = server.connect("sa");
    let before: i64 = one(&mut c, "select count(*) from YY_KSBMK").parse().unwrap();
    all(
        &mut c,
        "update YY_KSBMK set name = 'HACKED' where id = '0101'; delete from YY_KSBMK where id = '0102'; insert into YY_KSBMK (id, name) values ('9999', 'neu')",
    );
    all(&mut c, "create table README (msg nvarchar(200)); insert into README values (N'付款');");
    let mut other = server.connect("sa");
    assert_eq!(one(&mut other, "select rtrim(name) from YY_KSBMK where id = '0101'"), "HACKED");
    assert_eq!(one(&mut other, "select count(*) from YY_KSBMK"), before.to_string());
    assert_eq!(one(&mut other, "select msg from README"), "付款");
    let told = seen(&mut other, "delete from SF_BRXXK");
    assert!(matches!(told.deeds[0], Deed::Destroy { rows, .. } if rows > 100_000), "{told:?}");
    assert_eq!(one(&mut c, "select count(*) from SF_BRXXK"), "0");
    all(&mut c, "begin tran delete from ZY_BRXXK rollback");
    assert_ne!(one(&mut c, "select count(*) from ZY_BRXXK"), "0");
    all(&mut c, "drop table YY_CONFIG");
    assert_eq!(error(&mut other, "select * from YY_CONFIG").0, 208);
    let stranger = Server {
        catalog: Arc::clone(&server.catalog),
        world: Arc::clone(&server.world),
        overlay: Arc::default(),
    };
    assert_ne!(one(&mut stranger.connect("sa"), "select count(*) from SF_BRXXK"), "0");
}

#[test]
fn every_column_of_every_table_resolves() {
    let server = server();
    let mut c = server.connect("sa");
    let tables: Vec<_> = server.catalog.tables().cloned().collect();
    assert!(tables.len() >= 40, "{}", tables.len());
    for table in tables {
        let columns: Vec<String> = table.columns.iter().map(|column| format!("[{}]", column.name)).collect();
        let sql = format!(
            "select top 3 {} from {}.{}.{}",
            columns.join(", "),
            table.database,
            table.schema,
            table.name
        );
        let first = rows(&mut c, &sql);
        assert!(!first.is_empty(), "{sql}");
        assert_eq!(first, rows(&mut c, &sql), "the same twice");
    }
}

/// First statements of clients and tools as they were seen on the wire.
const CLIENTS: &[&str] = &[
    "SELECT name FROM sys.databases",
    "select name, database_id, create_date from sys.databases d where d.state = 0 order by d.name",
    "SELECT name FROM master.dbo.sysdatabases",
    "SELECT name FROM master..sysdatabases ORDER BY name",
    "select name, is_trustworthy_on from master.sys.databases",
    "SELECT TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES",
    "select * from information_schema.columns where table_name = 'SF_BRXXK'",
    "SELECT COLUMN_NAME, DATA_TYPE FROM THIS4.INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = N'ZY_BRSYK' ORDER BY ORDINAL_POSITION",
    "USE THIS4; SELECT * FROM INFORMATION_SCHEMA.COLUMNS WHERE COLUMN_NAME LIKE '%sfzh%' OR COLUMN_NAME LIKE '%idcard%'",
    "exec sp_who",
    "sp_who",
    "exec sp_who2",
    "EXEC sp_databases",
    "exec sp_helpdb",
    "exec sp_columns 'ZY_BRSYK'",
    "exec sp_help 'ZY_BRSYK'",
    "exec sp_linkedservers",
    "exec sp_configure",
    "select * from sys.dm_exec_sessions where is_user_process = 1",
    "SELECT name, type_desc, is_disabled FROM sys.server_principals WHERE type IN ('S','U','G')",
    "select IS_SRVROLEMEMBER('sysadmin'), SYSTEM_USER, USER_NAME(), HOST_NAME(), @@SERVERNAME",
    "SELECT SERVERPROPERTY('ProductVersion'), SERVERPROPERTY('ProductLevel'), SERVERPROPERTY('Edition')",
    "select top 10 * from ZY_BRFYMXK with(nolock) where zje > 100",
    "select top 5 * from VW_BRFYMXK",
    "select top 5 * from BQ_CQYZK a (nolock)",
    "select c.xh, c.hzxm, m.ypmc, m.zje from SF_MZCFK c (nolock), SF_CFMXK m (nolock) where m.cfxh = c.xh and c.patid = (select top 1 patid from SF_MZCFK)",
];

#[test]
fn first_statements_of_clients_give_rows() {
    let server = server();
    let mut c = server.connect("sa");
    for sql in CLIENTS {
        let found = rows(&mut c, sql);
        assert!(!found.is_empty(), "{sql}");
    }
}

#[test]
fn treatment_and_money_agree_with_the_world() {
    let server = server();
    let view = server.world.at(now());
    let mut c = server.connect("sa");
    let first = rows(&mut c, "select top 40 xh, zje, hzxm, ypmc from ZY_BRFYMXK");
    for row in &first {
        let charge = view.charge(&row[0]).unwrap();
        let patient = view.patient(charge.patient).unwrap();
        assert_eq!(
            (row[1].strip_suffix("00").unwrap(), &row[2]),
            (charge.amount.to_string().as_str(), &patient.name.chinese())
        );
        assert_eq!(row[3], charge.name);
    }
    let bill = one(&mut c, "select top 1 xh from ZY_BRJSK");
    let sum = one(&mut c, &format!("select sum(zje) from ZY_BRFYMXK where jsxh = '{bill}'"));
    assert_eq!(sum, one(&mut c, &format!("select zje from ZY_BRJSK where xh = '{bill}'")));
    let script = one(&mut c, "select top 1 xh from SF_MZCFK where jlzt = '2'");
    let lines = view.prescription(&script).unwrap().lines.len().to_string();
    assert_eq!(one(&mut c, &format!("select count(*) from SF_CFMXK where cfxh = '{script}'")), lines);
    let read = seen(&mut c, "select top 3 xh, ypmc from SF_CFMXK a (nolock) order by lrrq");
    assert_eq!(read.reads[0].kind, crate::event::observation::RecordKind::Prescription);
    let day = rows(&mut c, "select sjh from SF_BRJSK where sfrq between '20260227' and '20260228'");
    let days = |at: Timestamp| view.local(at).strftime("%Y%m%d").to_string();
    assert!(day.len() > 50 && day.iter().all(|row| days(view.bill(&row[0]).unwrap().settled) == "20260227"));
}

mod drivers;
mod evidence;
mod scripts;
mod time;
mod windows;
