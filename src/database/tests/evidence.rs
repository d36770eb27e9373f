//! What statements tell of the records that they read and change.

use super::*;
use crate::event::observation::RecordKind::{self, Charge, Encounter, Patient};

fn told(connection: &mut Connection, sql: &str) -> Vec<Records> {
    let mut reads: Vec<Records> = all(connection, sql)
        .into_iter()
        .filter_map(|item| match item {
            Item::Seen(seen) => Some(seen.reads),
            _ => None,
        })
        .flatten()
        .collect();
    reads.sort_by_key(|records| records.kind);
    reads
}

fn counts(connection: &mut Connection, sql: &str) -> Vec<(RecordKind, u64, usize)> {
    told(connection, sql).into_iter().map(|r| (r.kind, r.count, r.ids.len())).collect()
}

#[test]
fn reads_of_a_changed_table_are_told_with_ids() {
    let server = server();
    let mut c = server.connect("sa");
    let key = one(&mut c, "select top 1 patid from SF_BRXXK");
    let whole = rows(&mut c, &format!("select * from SF_BRXXK where patid = '{key}'"));
    let before = told(&mut c, &format!("select * from SF_BRXXK where patid = '{key}'"));
    let changed = seen(&mut c, &format!("update SF_BRXXK set lxdh = '1' where patid = '{key}'"));
    assert_eq!(
        (changed.writes[0].kind, changed.writes[0].count, &changed.writes[0].ids),
        (Patient, 1, &before[0].ids)
    );
    let star = format!("select * from SF_BRXXK where patid = '{key}'");
    assert_eq!(told(&mut c, &star), before);
    let after = rows(&mut c, &star);
    assert_eq!((after[0].len(), &after[0][0]), (whole[0].len(), &whole[0][0]));
    assert_eq!(counts(&mut c, "select top 5 hzxm from SF_BRXXK"), [(Patient, 5, 5)]);
    all(
        &mut c,
        "insert into SF_BRXXK (patid, hzxm) values ('x', 'y'); delete from SF_BRXXK where patid = 'x'",
    );
    assert_eq!(counts(&mut c, "select top 5 b.* from SF_BRXXK b"), [(Patient, 5, 5)]);
    assert_eq!(counts(&mut c, "select hzxm from VW_BRJBXX where hzxm = 'y'"), []);
    let again = seen(&mut c, &format!("update SF_BRXXK set lxdh = '2' where patid = '{key}'"));
    assert_eq!(again.writes[0].ids, before[0].ids);
}

#[test]
fn a_changed_table_keeps_its_types() {
    let server = server();
    let mut c = server.connect("sa");
    let columns = |c: &mut Connection| {
        let items = all(c, "select top 1 * from ZY_BRSYK");
        items.into_iter().find_map(|item| match item {
            Item::Columns(columns) => {
                Some(columns.iter().map(|c| (c.name.clone(), c.ty.clone())).collect::<Vec<_>>())
            }
            _ => None,
        })
    };
    let before = columns(&mut c);
    all(&mut c, "update ZY_BRSYK set sex = '男', hzxm = 'x' where hzxm like '张%' and ryrq > '20260301'");
    assert_eq!(columns(&mut c), before);
}

#[test]
fn views_unions_and_derived_tables_tell_what_they_show() {
    let server = server();
    let mut c = server.connect("his_read");
    assert_eq!(counts(&mut c, "select top 3 hzxm from VW_BRJBXX"), [(Patient, 3, 3)]);
    assert_eq!(
        counts(&mut c, "select * from (select top 4 hzxm n, patid from SF_BRXXK) x"),
        [(Patient, 4, 4)]
    );
    let union = "select top 3 hzxm from SF_BRXXK union all select name from YY_KSBMK where id = '0101'";
    assert_eq!(counts(&mut c, union), [(Patient, 3, 3)]);
    let paged = "with t as (select hzxm, row_number() over (order by patid) rn from SF_BRXXK where patid in (select top 9 patid from SF_BRXXK)) select hzxm from t where rn between 2 and 4";
    assert_eq!(counts(&mut c, paged), [(Patient, 3, 3)]);
    assert_eq!(counts(&mut c, "select name from YY_KSBMK"), []);
    assert_eq!(counts(&mut c, "select count(*) from SF_BRXXK"), []);
    assert_eq!(counts(&mut c, "select patid from SF_BRXXK where patid = '-1'"), []);
}

#[test]
fn grouped_rows_tell_the_records_behind_them() {
    let server = server();
    let mut c = server.connect("sa");
    let day = "ryrq between '20260225' and '20260226'";
    let n: u64 = one(&mut c, &format!("select count(*) from ZY_BRSYK where {day}")).parse().unwrap();
    let ids = usize::try_from(n).unwrap().min(crate::event::observation::MAX_IDS);
    assert_eq!(
        counts(&mut c, &format!("select ksdm, count(*) from ZY_BRSYK where {day} group by ksdm")),
        [(Encounter, n, ids)]
    );
    assert_eq!(
        counts(&mut c, &format!("select distinct hzxm from ZY_BRSYK where {day}")),
        [(Encounter, n, ids)]
    );
    assert_eq!(counts(&mut c, &format!("select max(hzxm) from ZY_BRSYK where {day}")), [(Encounter, n, ids)]);
    assert_eq!(
        counts(&mut c, &format!("select hzxm + ',' from ZY_BRSYK where {day} for xml path('')")),
        [(Encounter, n, ids)]
    );
}

#[test]
fn copies_tell_what_they_copy() {
    let server = server();
    let mut c = server.connect("sa");
    assert_eq!(counts(&mut c, "select top 7 * into #p from SF_BRXXK"), [(Patient, 7, 7)]);
    assert_eq!(one(&mut c, "select count(*) from #p"), "7");
    all(&mut c, "create table dump (a varchar(64), b varchar(64))");
    assert_eq!(counts(&mut c, "insert into dump select top 6 patid, hzxm from SF_BRXXK"), [(Patient, 6, 6)]);
    let grouped = "select ksdm, count(*) n into g from ZY_BRSYK where ryrq between '20260225' and '20260226' group by ksdm";
    assert!(matches!(counts(&mut c, grouped)[..], [(Encounter, n, _)] if n > 3));
    // What was copied is the same on his other connections, and their catalogue counts it.
    let first = rows(&mut c, "select * from dump order by a");
    let mut other = server.connect("sa");
    assert_eq!(rows(&mut other, "select * from dump order by a"), first);
    let partitions = "select p.rows from sys.partitions p join sys.tables t on t.object_id = p.object_id where t.name = 'dump' and p.index_id < 2";
    assert_eq!(one(&mut other, partitions), "6");
    assert_eq!(one(&mut c, partitions), "6");
}

#[test]
fn what_no_row_shows_is_told_too() {
    let server = server();
    let mut c = server.connect("sa");
    let key = one(&mut c, "select top 1 patid from SF_BRXXK");
    let of = format!("select hzxm from SF_BRXXK where patid = '{key}'");
    assert_eq!(
        counts(
            &mut c,
            &format!("declare @n varchar(64) select @n = hzxm from SF_BRXXK where patid = '{key}' print @n")
        ),
        [(Patient, 1, 1)]
    );
    assert_eq!(
        counts(&mut c, &format!("if ascii(substring(({of}), 1, 1)) > 64 select 1")),
        [(Patient, 1, 1)]
    );
    assert_eq!(counts(&mut c, &format!("select 1 where exists ({of})")), [(Patient, 1, 1)]);
    assert_eq!(counts(&mut c, &format!("select convert(int, ({of}))")), [(Patient, 1, 1)]);
    assert_eq!(counts(&mut c, &format!("declare @x varchar(64) set @x = ({of})")), [(Patient, 1, 1)]);
    assert_eq!(
        counts(&mut c, &format!("select id, ({of}) from YY_KSBMK where id = '0101'")),
        [(Patient, 1, 1)]
    );
}

#[test]
fn a_statement_that_is_broken_off_tells_what_went_out() {
    let server = server();
    let mut c = server.connect("sa");
    c.begin(Request::batch("select * from SF_BRXXK"), now());
    let mut given = 0;
    for _ in 0..3 {
        given += c.pull(100).items.iter().filter(|item| matches!(item, Item::Row(_))).count() as u64;
    }
    let seen = c.cancel().unwrap();
    assert_eq!((seen.reads[0].kind, seen.reads[0].count), (Patient, given));
    assert_eq!(c.cancel(), None);
    assert!(matches!(counts(&mut c, "select top 2 xh from ZY_BRFYMXK")[..], [(Charge, 2, 2)]));
    assert_eq!(error(&mut c, "select f_note(0, 'x')").0, 195);
}
