//! What drivers and tools ask first, in their own words.

use super::*;

fn mysql(account: &str) -> (Server, Connection) {
    let server = server_of("phis");
    let connection = server.connect_to("phis", account, 61);
    (server, connection)
}

fn heads(connection: &mut Connection, sql: &str) -> Vec<String> {
    let items = all(connection, sql);
    let found = items.iter().find_map(|item| match item {
        Item::Columns(columns) => Some(columns.iter().map(|column| column.name.clone()).collect()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no columns: {sql}: {items:?}"))
}

#[test]
fn jtds_opens_a_connection() {
    let server = server();
    let mut c = server.connect("winhis");
    let opening = "SELECT @@MAX_PRECISION\r\nSET TRANSACTION ISOLATION LEVEL READ COMMITTED\r\n\
                   SET IMPLICIT_TRANSACTIONS OFF\r\nSET QUOTED_IDENTIFIER ON\r\nSET TEXTSIZE 2147483647";
    assert_eq!(one(&mut c, opening), "38");
    assert!(rows(&mut c, "IF @@TRANCOUNT > 0 COMMIT TRAN").is_empty());
    assert!(rows(&mut c, "IF @@TRANCOUNT > 0 ROLLBACK TRAN SET IMPLICIT_TRANSACTIONS OFF").is_empty());
    assert_eq!(one(&mut c, "DECLARE @a int IF 1 = 2 SET @a = 1 ELSE SET @a = 2 SELECT @a"), "2");
}

#[test]
fn set_belongs_to_an_update() {
    let server = server();
    let mut c = server.connect("sa");
    all(&mut c, "create table #t (a int, b int) insert #t values (1, 2) set nocount on");
    all(&mut c, "select 1 update #t set b = (select 7) where a = 1");
    assert_eq!(one(&mut c, "select b from #t set nocount off"), "7");
}

#[test]
fn odbc_s_procedures_have_all_of_their_columns() {
    let server = server();
    let mut c = server.connect("sa");
    let count = |c: &mut Connection, sql: &str| heads(c, sql).len();
    assert_eq!(count(&mut c, "exec sp_columns 'ZY_BRJSK', 'dbo', null, null, @ODBCVer = 3"), 19);
    assert_eq!(count(&mut c, "exec sp_datatype_info 0, 3"), 20);
    assert_eq!(count(&mut c, "exec sp_fkeys @pktable_name = 'ZY_BRJSK'"), 14);
    assert_eq!(count(&mut c, "exec sp_statistics 'ZY_BRJSK'"), 13);
    assert_eq!(count(&mut c, "exec sp_table_privileges 'ZY_BRJSK'"), 7);
    assert_eq!(count(&mut c, "exec sp_sproc_columns 'USP_ZY_CXBR'"), 20);
    let databases = rows(&mut c, "exec sp_tables '', '', '%', null");
    assert!(databases.iter().any(|row| row[0] == "THIS4" && row[2] == "NULL"), "{databases:?}");
    let kinds = rows(&mut c, "exec sp_tables '', '', '', '%'");
    assert_eq!(
        kinds.iter().map(|row| row[3].as_str()).collect::<Vec<_>>(),
        ["SYSTEM TABLE", "TABLE", "VIEW"]
    );
    let patient = rows(&mut c, "exec sp_columns 'ZY_BRJSK', @column_name = 'patid'");
    assert_eq!(patient.len(), 1);
    assert_eq!(patient[0][4..8], ["2", "numeric", "12", "14"]);
    let views = rows(&mut c, "exec sp_tables '%', '%', null, \"'VIEW'\"");
    assert!(!views.is_empty() && views.iter().all(|row| row[3] == "VIEW"), "{views:?}");
    let keys = rows(&mut c, "exec sp_statistics 'ZY_BRJSK'");
    assert!(keys.iter().any(|row| row[5] == "PK_ZY_BRJSK" && row[8] == "xh"), "{keys:?}");
}

#[test]
fn an_account_of_mysql_sees_its_own_databases() {
    let (_server, mut c) = mysql("phis");
    let names = rows(&mut c, "show databases");
    assert_eq!(names, [["information_schema"], ["phis"]]);
    assert_eq!(error(&mut c, "show tables from mysql").0, 1049);
    let (_server, mut root) = mysql("root");
    assert_eq!(rows(&mut root, "show databases").len(), 5);
    assert_eq!(one(&mut root, "show databases like 'inf%'"), "information_schema");
    let users = rows(&mut root, "select User, Host from mysql.user order by 1");
    assert!(users.iter().any(|row| row[0] == "mysql.session"), "{users:?}");
    assert_eq!(heads(&mut root, "select * from mysql.user").len(), 45);
}

#[test]
fn mysql_shows_what_its_clients_ask() {
    let (_server, mut c) = mysql("phis");
    let count = |c: &mut Connection, sql: &str| heads(c, sql).len();
    assert_eq!(count(&mut c, "show table status like 'ms_brda'"), 18);
    assert_eq!(count(&mut c, "SHOW FULL COLUMNS FROM `ms_brda`"), 9);
    assert_eq!(count(&mut c, "describe ms_brda"), 6);
    assert_eq!(count(&mut c, "show index from ms_brda"), 13);
    assert_eq!(count(&mut c, "show full tables where Table_type = 'BASE TABLE'"), 2);
    assert_eq!(count(&mut c, "SHOW PROCEDURE STATUS WHERE Db = 'phis'"), 11);
    assert_eq!(count(&mut c, "show triggers"), 11);
    assert_eq!(count(&mut c, "show full processlist"), 8);
    assert_eq!(one(&mut c, "SHOW VARIABLES LIKE 'version'"), "version|5.7.38-log");
    let some = rows(
        &mut c,
        "SHOW VARIABLES WHERE Variable_name = 'wait_timeout' OR Variable_name = 'lower_case_table_names'",
    );
    assert_eq!(some.len(), 2, "{some:?}");
    assert_eq!(rows(&mut c, "show collation where Charset = 'gbk'").len(), 2);
    assert_eq!(rows(&mut c, "show engines").len(), 9);
    assert_eq!(rows(&mut c, "show session status like 'Uptime%'").len(), 2);
    let grants = rows(&mut c, "show grants");
    assert_eq!(grants[0][0], "GRANT USAGE ON *.* TO 'phis'@'%'");
}

#[test]
fn mysql_s_catalogue_answers_drivers() {
    let (_server, mut c) = mysql("phis");
    let keys = "SELECT A.TABLE_SCHEMA TABLE_CAT, A.COLUMN_NAME, B.SEQ_IN_INDEX KEY_SEQ, B.INDEX_NAME PK_NAME \
                FROM INFORMATION_SCHEMA.COLUMNS A, INFORMATION_SCHEMA.STATISTICS B \
                WHERE A.COLUMN_KEY in ('PRI','pri') AND B.INDEX_NAME='PRIMARY' AND A.TABLE_SCHEMA = 'phis' \
                AND B.TABLE_SCHEMA = 'phis' AND A.TABLE_NAME = 'base_user' AND B.TABLE_NAME = 'base_user' \
                AND A.COLUMN_NAME = B.COLUMN_NAME";
    assert_eq!(rows(&mut c, keys).len(), 1);
    let user = "select distinct grantee from information_schema.user_privileges";
    assert_eq!(one(&mut c, user), "'phis'@'%'");
    let all_views =
        "select count(*) from information_schema.tables where table_schema = 'information_schema'";
    assert!(one(&mut c, all_views).parse::<u32>().unwrap() > 20);
    assert_eq!(error(&mut c, "select * from information_schema.global_variables").0, 3167);
    assert_eq!(one(&mut c, "select cast('12' as unsigned integer) + ucase('1')"), "13");
    let (number, said) = error(&mut c, "select extractvalue(1, concat(0x7e, version()))");
    assert_eq!((number, said.as_str()), (1105, "XPATH syntax error: '~5.7.38-log'"));
    let digest = one(&mut c, "select password('123456'), find_in_set('b', 'a,b'), conv('ff', 16, 10)");
    assert_eq!(digest, "*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9|2|255");
}

#[test]
fn sql_server_s_catalogue_knows_keys_and_defaults() {
    let server = server();
    let mut c = server.connect("winhis");
    let key = "SELECT sys.key_constraints.name, sys.columns.name FROM sys.key_constraints \
               JOIN sys.index_columns ON sys.index_columns.index_id = sys.key_constraints.unique_index_id \
               AND sys.index_columns.object_id = sys.key_constraints.parent_object_id \
               JOIN sys.columns ON sys.columns.object_id = sys.index_columns.object_id \
               AND sys.columns.column_id = sys.index_columns.column_id \
               WHERE sys.key_constraints.parent_object_id = object_id('dbo.ZY_BRJSK')";
    assert_eq!(one(&mut c, key), "PK_ZY_BRJSK|xh");
    let columns = "SELECT c.name, d.definition FROM sys.columns c LEFT JOIN sys.default_constraints d \
                   ON d.parent_object_id = c.object_id LEFT JOIN sys.computed_columns p \
                   ON p.object_id = c.object_id WHERE c.object_id = object_id('dbo.ZY_BRJSK')";
    assert_eq!(rows(&mut c, columns).len(), 19);
    let filters = "SELECT i.name, i.filter_definition, i.has_filter FROM sys.indexes i \
                   WHERE i.object_id = object_id('dbo.ZY_BRJSK') ORDER BY i.index_id";
    assert_eq!(rows(&mut c, filters)[0], ["PK_ZY_BRJSK", "NULL", "0"]);
    let foreign = "SELECT count(*) FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS";
    assert_eq!(one(&mut c, foreign), "0");
}

#[test]
fn postgresql_s_driver_finds_the_primary_key() {
    let server = server_of("cdr");
    let mut c = server.connect_to("cdr", "postgres", 71);
    let key = "SELECT result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME FROM \
               (SELECT n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, \
               (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME, \
               information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM \
               FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) \
               JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) \
               JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) \
               JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) \
               WHERE true AND n.nspname = 'public' AND ct.relname = 'patient' AND i.indisprimary) result \
               WHERE result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_name, result.pk_name, result.key_seq";
    let found = rows(&mut c, key);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0][0].as_str(), found[0][2].as_str(), found[0][3].as_str()),
        ("patient", "1", "patient_pkey")
    );
    let columns = "SELECT a.attname FROM pg_catalog.pg_attribute a JOIN (SELECT \
                   unnest(c.conkey) AS attnum, generate_subscripts(c.conkey, 1) AS ord, c.conrelid AS rel \
                   FROM pg_catalog.pg_constraint c WHERE c.contype = 'p') AS con \
                   ON a.attnum = con.attnum AND a.attrelid = con.rel \
                   WHERE con.rel = 'public.patient'::regclass ORDER BY con.ord";
    assert_eq!(rows(&mut c, columns).len(), 1);
    assert_eq!(one(&mut c, "select unnest(array[5,6,7]), generate_series(1,3) limit 1"), "5|1");
    assert_eq!(rows(&mut c, "select unnest(array[5,6,7]), generate_series(1,3)").len(), 3);
}

/// The statements of SQLAlchemy's inspector.
#[test]
fn sqlalchemy_reflects_tables() {
    let server = server();
    let mut c = server.connect("winhis");
    let columns = "SELECT sys.columns.name, sys.types.name, sys.columns.is_nullable, \
                   sys.default_constraints.definition, sys.computed_columns.is_persisted, \
                   sys.identity_columns.is_identity, CAST(sys.identity_columns.seed_value AS NUMERIC(38, 0)), \
                   CAST(sys.extended_properties.value AS NVARCHAR(max)) FROM sys.columns \
                   JOIN sys.objects ON sys.columns.object_id = sys.objects.object_id \
                   JOIN sys.schemas ON sys.objects.schema_id = sys.schemas.schema_id \
                   JOIN sys.types ON sys.columns.user_type_id = sys.types.user_type_id \
                   LEFT OUTER JOIN sys.default_constraints \
                   ON sys.default_constraints.object_id = sys.columns.default_object_id \
                   LEFT OUTER JOIN sys.computed_columns \
                   ON sys.computed_columns.object_id = sys.columns.object_id \
                   AND sys.computed_columns.column_id = sys.columns.column_id \
                   LEFT OUTER JOIN sys.identity_columns \
                   ON sys.identity_columns.object_id = sys.columns.object_id \
                   AND sys.identity_columns.column_id = sys.columns.column_id \
                   LEFT OUTER JOIN sys.extended_properties ON sys.extended_properties.class = 1 \
                   AND sys.columns.object_id = sys.extended_properties.major_id \
                   AND sys.columns.column_id = sys.extended_properties.minor_id \
                   WHERE sys.schemas.name = CAST('dbo' AS NVARCHAR(max)) AND sys.objects.name = 'ZY_BRJSK' \
                   ORDER BY sys.objects.name, sys.columns.column_id";
    assert_eq!(rows(&mut c, columns).len(), 19);
    let keys = "WITH keys AS (SELECT k.constraint_schema, k.constraint_name, k.ordinal_position, \
                k.table_schema, k.column_name FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE k \
                WHERE k.table_name = 'ZY_BRJSK') SELECT constraint_schema, constraint_name, column_name, \
                ordinal_position FROM keys ORDER BY keys.ordinal_position";
    assert_eq!(one(&mut c, keys), "dbo|PK_ZY_BRJSK|xh|1");
    for (view, count) in [
        ("sys.tables", 28),
        ("sys.columns", 25),
        ("sys.identity_columns", 29),
        ("sys.objects", 12),
        ("sysobjects", 25),
        ("syscolumns", 32),
        ("INFORMATION_SCHEMA.COLUMNS", 23),
        ("INFORMATION_SCHEMA.ROUTINES", 51),
        ("INFORMATION_SCHEMA.TABLE_CONSTRAINTS", 9),
    ] {
        assert_eq!(heads(&mut c, &format!("select top 1 * from {view}")).len(), count, "{view}");
    }

    let server = server_of("cdr");
    let mut c = server.connect_to("cdr", "postgres", 74);
    let key = "SELECT attr.conrelid, array_agg(CAST(attr.attname AS TEXT) ORDER BY attr.ord) AS cols, \
               attr.conname FROM (SELECT con.conrelid AS conrelid, con.conname AS conname, con.ord AS ord, \
               pg_catalog.pg_attribute.attname AS attname FROM pg_catalog.pg_attribute JOIN \
               (SELECT pg_catalog.pg_constraint.conrelid AS conrelid, pg_catalog.pg_constraint.conname AS conname, \
               unnest(pg_catalog.pg_index.indkey) AS attnum, \
               generate_subscripts(pg_catalog.pg_index.indkey, 1) AS ord \
               FROM pg_catalog.pg_constraint JOIN pg_catalog.pg_index \
               ON pg_catalog.pg_constraint.conindid = pg_catalog.pg_index.indexrelid \
               WHERE pg_catalog.pg_constraint.contype = 'p') AS con \
               ON pg_catalog.pg_attribute.attnum = con.attnum AND pg_catalog.pg_attribute.attrelid = con.conrelid \
               WHERE con.conrelid = 'public.patient'::regclass) AS attr GROUP BY attr.conrelid, attr.conname";
    let found = rows(&mut c, key);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0][1].starts_with('{') && found[0][2] == "patient_pkey", "{found:?}");
}

#[test]
fn rows_of_a_table_s_own_types_are_kept() {
    let server = server_of("cdr");
    let mut c = server.connect_to("cdr", "postgres", 75);
    all(&mut c, "create table notes (id serial primary key, said varchar(20), paid numeric(10,2))");
    all(&mut c, "insert into notes (said, paid) values ('x', 2), ('y', 3.5)");
    all(&mut c, "insert into notes (said, paid) select said, paid + 1 from notes where said = 'y'");
    let paid: Vec<String> =
        rows(&mut c, "select paid from notes order by id").into_iter().flatten().collect();
    assert_eq!(paid, ["2.00", "3.50", "4.50"]);
    all(&mut c, "create table copied as select cast(paid as text) as paid from notes");
    assert_eq!(one(&mut c, "select count(*) from copied"), "3");

    let (_server, mut c) = mysql("phis");
    all(&mut c, "create table notes (id int auto_increment primary key, said varchar(20))");
    all(&mut c, "insert into notes (said) values ('a'), ('b')");
    assert_eq!((c.inserted(), one(&mut c, "select last_insert_id()").as_str()), (1, "1"));
    all(&mut c, "insert into notes (said) values ('c')");
    assert_eq!((c.inserted(), one(&mut c, "select last_insert_id()").as_str()), (3, "3"));
}

#[test]
fn sqlmap_knows_the_products() {
    let truth = |c: &mut Connection, condition: &str| {
        one(c, &format!("SELECT (CASE WHEN ({condition}) THEN '1' ELSE '0' END)"))
    };
    let (_server, mut mysql) = mysql("phis");
    for known in [
        "QUARTER(NULL) IS NULL AND (NULL XOR NULL) IS NULL",
        "(QUARTER(NULL) XOR 7) IS NULL",
        "JSON_QUOTE(NULL) IS NULL",
        "@@automatic_sp_privileges=@@automatic_sp_privileges",
        "'L'=UPPER(LEFT(@@version_compile_os,1))",
        "DATABASE() LIKE SCHEMA()",
    ] {
        assert_eq!(truth(&mut mysql, known), "1", "{known}");
    }
    assert_eq!(error(&mut mysql, "select json_storage_free(null)").0, 1305);
    let cdr = server_of("cdr");
    let mut postgres = cdr.connect_to("cdr", "postgres", 73);
    for known in [
        "CONVERT_TO('JFTn', QUOTE_IDENT(NULL)) IS NULL",
        "TO_HEX(4785) IS NOT NULL",
        "REGEXP_COUNT(NULL,NULL) IS NULL",
        "'c'=REGEXP_REPLACE('abc', '[ab]+', '')",
        "2=(SELECT DIV(6,3))",
    ] {
        assert_eq!(truth(&mut postgres, known), "1", "{known}");
    }
    let mut mssql = server().connect("sa");
    let tables = "SELECT THIS4..sysusers.name+'.'+THIS4..sysobjects.name AS table_name FROM THIS4..sysobjects \
                  INNER JOIN THIS4..sysusers ON THIS4..sysobjects.uid=THIS4..sysusers.uid \
                  WHERE THIS4..sysobjects.xtype IN ('u','v')";
    assert!(rows(&mut mssql, tables).iter().any(|row| row[0] == "dbo.YY_KSBMK"));
    let columns = "SELECT THIS4..syscolumns.name,TYPE_NAME(THIS4..syscolumns.xtype) AS type_name FROM \
                   THIS4..syscolumns WHERE THIS4..syscolumns.id=OBJECT_ID('THIS4.dbo.YY_KSBMK')";
    assert_eq!(rows(&mut mssql, columns)[0], ["id", "varchar"]);
    assert_eq!(
        one(&mut mssql, "select master.dbo.fn_sqlvarbasetostr(0x0102), round(log10(100), 2)"),
        "0x0102|2"
    );
}
