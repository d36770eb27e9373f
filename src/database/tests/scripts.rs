//! T-SQL as administrators and intruders type it: cursors, definitions, handlers, calls.

use super::*;

fn last(connection: &mut Connection, sql: &str) -> String {
    rows(connection, sql).pop().unwrap().join("|")
}

#[test]
fn cursors_go_through_rows() {
    let server = server();
    let mut c = server.connect("sa");
    let script = "DECLARE @n sysname, @all nvarchar(max) SET @all = ''
        DECLARE dbs CURSOR LOCAL FAST_FORWARD FOR SELECT name FROM master.sys.databases WHERE database_id < 4 ORDER BY name FOR READ ONLY
        OPEN dbs
        FETCH NEXT FROM dbs INTO @n
        WHILE @@FETCH_STATUS = 0
        BEGIN
            SET @all = @all + @n + ';'
            FETCH NEXT FROM dbs INTO @n
        END
        CLOSE dbs DEALLOCATE dbs
        SELECT @all, @@FETCH_STATUS";
    assert_eq!(one(&mut c, script), "master;model;tempdb;|-1");
    all(&mut c, "declare k scroll cursor static for select id from YY_KSBMK order by id; open k");
    assert_eq!(one(&mut c, "fetch absolute 2 from k"), "0102");
    assert_eq!(one(&mut c, "fetch prior from k"), "0101");
    assert_eq!(one(&mut c, "select cursor_status('global', 'k')"), "1");
    assert!(rows(&mut c, "fetch relative -5 from k").is_empty());
    all(&mut c, "close k");
    assert_eq!(error(&mut c, "fetch next from k").0, 16_917);
    all(&mut c, "deallocate k");
    assert_eq!(error(&mut c, "open k"), (16_916, "名为 'k' 的游标不存在。".into()));
    let forward = "declare f cursor for select 1 a open f fetch last from f";
    assert_eq!(error(&mut c, forward).0, 16_911);
    let of_variable =
        "declare @c cursor, @x int set @c = cursor for select 7 open @c fetch from @c into @x select @x";
    assert_eq!(one(&mut c, of_variable), "7");
}

#[test]
fn definitions_are_the_intruder_s_own() {
    let server = server();
    let mut c = server.connect("sa");
    all(&mut c, "create view dbo.vw_x (bm, mc) as select id, name from YY_KSBMK where id < '0103'");
    all(
        &mut c,
        "create proc usp_x @id varchar(10), @suffix varchar(5) = '!', @out varchar(60) output as
         begin
            set nocount on
            if @id = '' return 7
            select @out = rtrim(mc) + @suffix from vw_x where bm = @id
            select @id as id
         end",
    );
    let mut other = server.connect("sa");
    assert_eq!(one(&mut other, "select count(*) from vw_x"), "2");
    let call = "declare @o varchar(60), @r int exec @r = usp_x '0101', @out = @o output select @o, @r";
    assert_eq!(last(&mut other, call), "呼吸与危重症医学科!|0");
    assert_eq!(one(&mut other, "declare @r int exec @r = usp_x '', 'y', null select @r"), "7");
    assert_eq!(error(&mut other, "exec usp_x").0, 201);
    assert_eq!(error(&mut other, "exec usp_x 'a', 'b', 'c', 'd'").0, 8144);
    let text = one(&mut other, "select definition from sys.sql_modules where object_id = object_id('usp_x')");
    assert!(text.starts_with("create proc usp_x @id varchar(10)"), "{text}");
    all(&mut other, "alter procedure usp_x as select 'new'");
    assert_eq!(one(&mut c, "exec dbo.usp_x"), "new");
    assert_eq!(error(&mut c, "create view vw_x as select 1 a").0, 2714);
    assert_eq!(error(&mut c, "select 1 create view y as select 1 a").0, 111);
    assert_eq!(error(&mut c, "create proc broken as selec from").0, 102);
    all(&mut c, "drop view vw_x drop procedure usp_x");
    assert_eq!(error(&mut other, "select * from vw_x").0, 208);
    assert_eq!(error(&mut other, "drop proc usp_x").0, 3701);
    let mut reader = server.connect("winhis");
    assert_eq!(error(&mut reader, "create proc p as select 1").0, 262);
}

#[test]
fn a_text_has_variables_of_its_own() {
    let server = server();
    let mut c = server.connect("sa");
    assert_eq!(error(&mut c, "declare @a int set @a = 1 exec('select @a')").0, 137);
    let outputs = "declare @n int exec sp_executesql N'select @x = count(*) from YY_KSBMK where id < @m', \
                   N'@x int output, @m varchar(10)', @x = @n output, @m = '0103' select @n";
    assert_eq!(one(&mut c, outputs), "2");
    assert_eq!(one(&mut c, "exec('use master') select db_name()"), "THIS4");
    all(&mut c, "create proc deep as exec deep");
    assert_eq!(error(&mut c, "exec deep").0, 217);
}

#[test]
fn errors_are_caught_and_thrown() {
    let server = server();
    let mut c = server.connect("sa");
    let caught = "begin try raiserror('no %s for %d', 16, 3, 'bed', 7) end try begin catch \
                  declare @x int set @x = 1 select error_number(), error_message(), error_severity(), error_state(), error_line() end catch";
    assert_eq!(one(&mut c, caught), "50000|no bed for 7|16|3|1");
    assert_eq!(one(&mut c, "select isnull(error_number(), -1)"), "-1");
    let again = "begin try select 1/0 end try begin catch throw end catch select 'not reached'";
    let items = all(&mut c, again);
    let said: Vec<u32> = items
        .iter()
        .filter_map(|item| match item {
            Item::Message(message) => Some(message.number),
            _ => None,
        })
        .collect();
    assert_eq!(said, [8134]);
    assert!(
        !items
            .iter()
            .any(|item| matches!(item, Item::Row(row) if row[0].as_text().as_deref() == Some("not reached")))
    );
    assert_eq!(error(&mut c, "throw 51000, 'gone', 1"), (51_000, "gone".into()));
    assert_eq!(error(&mut c, "throw 100, 'x', 1").0, 35_100);
    assert_eq!(error(&mut c, "throw").0, 10_704);
}

#[test]
fn table_variables_and_calls_into_tables() {
    let server = server();
    let mut c = server.connect("sa");
    let numbered = "declare @t table (id int identity(1,1), n varchar(20)) insert @t (n) values ('a'), ('b') \
                    insert into @t select 'c' select max(id), count(*) from @t";
    assert_eq!(one(&mut c, numbered), "3|3");
    assert_eq!(error(&mut c, "select * from @t"), (1087, "必须声明表变量 \"@t\"。".into()));
    all(
        &mut c,
        "exec sp_configure 'show advanced options', 1; reconfigure; exec sp_configure 'xp_cmdshell', 1; reconfigure;",
    );
    all(&mut c, "create table #o (line nvarchar(255))");
    assert!(rows(&mut c, "insert into #o exec master..xp_cmdshell 'whoami'").is_empty());
    assert_eq!(one(&mut c, "select line from #o where line is not null"), r"nt service\mssqlserver");
    all(&mut c, "insert #o (line) exec('select name from sys.databases')");
    assert!(rows(&mut c, "select * from #o").len() > 5);
    assert_eq!(error(&mut c, "insert into #o values (1, 2)").0, 213);
}

#[test]
fn rows_are_joined_as_xml() {
    let server = server();
    let mut c = server.connect("sa");
    let list = "select stuff((select ',' + rtrim(id) from YY_KSBMK where id < '0104' order by id desc for xml path('')), 1, 1, '')";
    assert_eq!(one(&mut c, list), "0103,0102,0101");
    let typed = "select (select '<' + id + '>' from YY_KSBMK where id = '0101' for xml path(''), type).value('.', 'nvarchar(max)')";
    assert_eq!(one(&mut c, typed), "<0101>");
    assert_eq!(
        one(
            &mut c,
            "select id as '@id', 1 as n from YY_KSBMK where id = '0101' for xml path('ks'), root('all')"
        ),
        "<all><ks id=\"0101\"><n>1</n></ks></all>"
    );
    assert_eq!(one(&mut c, "select id from YY_KSBMK k where id = '0101' for xml auto"), "<k id=\"0101\"/>");
}

#[test]
fn newer_and_foreign_functions_are_unknown() {
    let server = server();
    let mut c = server.connect("sa");
    for call in
        ["string_agg(name, ',')", "sqlite_version()", "trim(name)", "printf('x')", "group_concat(name)"]
    {
        assert_eq!(error(&mut c, &format!("select {call} from YY_KSBMK")).0, 195, "{call}");
    }
    assert_eq!(
        one(&mut c, "select choose(2, 'a', 'b'), iif(1 = 2, 1, 2), parsename('a.b', 2), soundex('Smith')"),
        "b|2|a|S530"
    );
    let phis = server_of("phis");
    let mut mysql = phis.connect_to("phis", "root", 61);
    assert_eq!(error(&mut mysql, "select sqlite_version()").0, 1305);
}

#[test]
fn automation_makes_objects_and_runs_nothing() {
    let server = server();
    let mut c = server.connect("sa");
    assert_eq!(error(&mut c, "declare @o int exec sp_oacreate 'wscript.shell', @o output").0, 15_281);
    all(
        &mut c,
        "exec sp_configure 'show advanced options', 1; reconfigure; exec sp_configure 'Ole Automation Procedures', 1; reconfigure;",
    );
    let made = "declare @o int, @r int exec @r = sp_oacreate 'wscript.shell', @o output select @o, @r";
    assert_eq!(last(&mut c, made), "16711422|0");
    let value = "declare @v nvarchar(260) exec master..xp_regread 'HKEY_LOCAL_MACHINE', 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion', 'ProductName', @v output select @v";
    assert!(last(&mut c, value).starts_with("Windows Server 2012 R2"));
    assert!(
        rows(&mut c, "exec master..xp_dirtree 'C:\\', 1, 1")
            .iter()
            .all(|row| row.len() == 3 && row[1] == "1")
    );
}

#[test]
fn joined_changes_and_merge() {
    let server = server();
    let mut c = server.connect("sa");
    all(
        &mut c,
        "create table goods (id int, n varchar(20), q int) insert goods values (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)",
    );
    let merged = "merge into goods as g using (values (2, 'B', 20), (4, 'd', 4)) as s (id, n, q) on g.id = s.id \
                  when matched and s.q > 10 then update set g.n = s.n, q = s.q + g.q \
                  when not matched then insert (id, n, q) values (s.id, s.n, s.q) \
                  when not matched by source and g.id = 3 then delete output $action, inserted.id, deleted.n;";
    let told = rows(&mut c, merged);
    assert_eq!(told, [["UPDATE", "2", "b"], ["DELETE", "NULL", "c"], ["INSERT", "4", "NULL"]]);
    let mut other = server.connect("sa");
    assert_eq!(
        rows(&mut other, "select * from goods order by id"),
        [["1", "a", "1"], ["2", "B", "22"], ["4", "d", "4"]]
    );
    let twice = "merge goods g using (values (1), (1)) s (id) on g.id = s.id when matched then delete;";
    assert_eq!(error(&mut c, twice).0, 8672);
    assert_eq!(error(&mut c, twice.trim_end_matches(';')).0, 10_713);
    let name = one(&mut c, "select name from YY_KSBMK where id = '0103'");
    all(
        &mut c,
        "create table #k (id varchar(10), n varchar(30)) insert #k values ('0101', 'X'), ('0102', 'Y')",
    );
    let changed =
        seen(&mut c, "update k set k.name = t.n from YY_KSBMK k join #k t on t.id = k.id where t.n <> 'Y'");
    assert_eq!(changed.rows, 0);
    assert_eq!(rows(&mut other, "select rtrim(name) from YY_KSBMK where id <= '0102' order by id")[0], ["X"]);
    assert_eq!(one(&mut other, "select name from YY_KSBMK where id = '0103'"), name);
    let gone = "delete k output deleted.id from YY_KSBMK k where k.id in (select id from #k)";
    assert_eq!(rows(&mut c, gone), [["0101"], ["0102"]]);
    assert_eq!(one(&mut other, "select count(*) from YY_KSBMK where id <= '0102'"), "0");
    assert!(
        rows(&mut c, "delete goods where id = 1 delete from goods from goods g where g.id = 4").is_empty()
    );
    assert_eq!(one(&mut other, "select id from goods"), "2");
    let patient = one(&mut c, "select top 1 patid from SF_BRXXK");
    let touched = seen(
        &mut c,
        &format!("update p set hzxm = 'Z' from SF_BRXXK p join (select '{patient}' id) s on s.id = p.patid"),
    );
    assert_eq!((touched.writes[0].count, touched.writes[0].ids.len()), (1, 1));
    assert_eq!(one(&mut other, &format!("select hzxm from SF_BRXXK where patid = '{patient}'")), "Z");
    assert_eq!(
        one(&mut c, "insert into goods (id, n) output inserted.id, inserted.q values (9, 'z')"),
        "9|NULL"
    );
}

#[test]
fn postgresql_gives_changed_rows_back() {
    let server = server_of("cdr");
    let mut c = server.connect_to("cdr", "cdr_app", 72);
    all(&mut c, "create table notes (id serial, word text, n int)");
    assert_eq!(
        rows(&mut c, "insert into notes (word, n) values ('a', 1), ('b', 2) returning id, n + 1 as more"),
        [["1", "2"], ["2", "3"]]
    );
    assert_eq!(one(&mut c, "update notes set n = n * 10 where word = 'b' returning *"), "2|b|20");
    assert_eq!(
        one(
            &mut c,
            "update notes x set n = v.n from (values ('a', 5)) as v (w, n) where x.word = v.w returning x.n"
        ),
        "5"
    );
    assert_eq!(
        one(&mut c, "delete from notes using (select 1 as one) s where id = s.one returning word"),
        "a"
    );
    assert!(rows(&mut c, "delete from notes where id = 99 returning id").is_empty());
    assert_eq!(
        rows(
            &mut c,
            "select distinct on (k) k, v from (values (1, 'x'), (1, 'y'), (2, 'z')) as t (k, v) order by k, v desc"
        ),
        [["1", "y"], ["2", "z"]]
    );
    assert_eq!(
        rows(
            &mut c,
            "select a.n, b.m from (values (1), (2)) as a (n) cross join lateral (select a.n * 10 as m) b order by 1"
        ),
        [["1", "10"], ["2", "20"]]
    );
}
