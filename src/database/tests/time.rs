//! What takes its time.

use super::*;
use std::time::Duration;

fn waited(connection: &mut Connection, sql: &str) -> Vec<Duration> {
    let wait = |item| if let Item::Wait(time) = item { Some(time) } else { None };
    let pieces: Duration = all(connection, sql).into_iter().filter_map(wait).sum();
    (!pieces.is_zero()).then_some(pieces).into_iter().collect()
}

#[test]
fn waitfor_waits_between_the_statements_around_it() {
    let server = server();
    let mut c = server.connect("sa");
    let before = one(&mut c, "select getdate()");
    let items = all(&mut c, "select 1; waitfor delay '0:0:5'; select getdate()");
    let at = items.iter().position(|item| matches!(item, Item::Wait(_))).unwrap();
    let rows: Vec<usize> =
        items.iter().enumerate().filter(|(_, i)| matches!(i, Item::Row(_))).map(|(at, _)| at).collect();
    assert!(rows[0] < at && at < rows[1], "{items:?}");
    let Item::Row(after) = &items[rows[1]] else { panic!("{items:?}") };
    assert!(after[0].as_text().unwrap() > before);
    assert_eq!(
        waited(&mut c, "if (select count(*) from SF_BRXXK) > 9 waitfor delay '00:00:02.500'"),
        [Duration::from_millis(2_500)]
    );
    assert_eq!(waited(&mut c, "if 1 = 2 waitfor delay '0:0:5'"), Vec::<Duration>::new());
    assert_eq!(
        waited(&mut c, "declare @d varchar(8) set @d = '00:00:03' waitfor delay @d"),
        [Duration::from_secs(3)]
    );
    assert_eq!(error(&mut c, "waitfor delay 'x'").0, 148);
    c.begin(Request::batch("waitfor delay '1:0:0' select 1"), now());
    assert!(c.pull(10).more);
    c.cancel();
    assert_eq!(c.pull(10), Pulled::default());
}

#[test]
fn a_backup_takes_as_long_as_it_says() {
    let server = server();
    let mut c = server.connect("sa");
    let items = all(&mut c, "backup database THIS4 to disk = 'E:\\x.bak' with init, stats = 10");
    let texts: Vec<&str> = items
        .iter()
        .filter_map(|item| match item {
            Item::Message(message) => Some(message.text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!((texts.len(), texts[0], texts[9]), (13, "已处理百分之 10。", "已处理百分之 100。"));
    let said: f64 = texts[12].split("花费 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let took: Duration =
        items.iter().filter_map(|item| if let Item::Wait(time) = item { Some(*time) } else { None }).sum();
    assert!((took.as_secs_f64() - said).abs() < 0.01 && said > 600.0, "{took:?} {said}");
    assert_eq!(error(&mut c, "backup log THIS_ZY to disk = 'x'").0, 4208);
    assert_eq!(error(&mut c, "use HISBAK").0, 942);
    assert_eq!(error(&mut c, "select * from HISBAK.dbo.x").0, 942);
}

#[test]
fn one_connection_ends_another() {
    let server = server();
    let (mut c, mut other) = (server.connect("sa"), server.connect_as("sa", 163));
    other.begin(Request::batch("waitfor delay '1:0:0'"), now());
    assert!(other.pull(10).more);
    assert!(rows(&mut c, "exec sp_who2").iter().any(|row| row[0].trim() == "163"));
    assert_eq!(error(&mut c, "kill 57").0, 6104);
    assert_eq!(error(&mut c, "kill 220").0, 6106);
    all(&mut c, "kill 163");
    let items = other.pull(10).items;
    assert!(
        matches!(&items[..], [Item::Message(message)] if message.number == 596 && message.class == 21),
        "{items:?}"
    );
    assert!(other.is_ended());
    drop(other);
    assert_eq!(error(&mut c, "kill 163").0, 6106);
}

#[test]
fn a_statement_stops_when_its_client_is_gone() {
    let server = server();
    let mut c = server.connect("sa");
    c.stop_when(Arc::new(|| true));
    assert_eq!(error(&mut c, "select sum(zje) from ZY_BRFYMXK").0, 701);
}
