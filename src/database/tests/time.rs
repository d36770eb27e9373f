//! What takes its time.

use super::*;
use std::time::Duration;

fn waited(connection: &mut Connection, sql: &str) -> Vec<Duration> {
    let wait = |item| if let Item::Wait(time) = item { Some(time) } else { None };
    all(connection, sql).into_iter().filter_map(wait).collect()
}

#[test]
fn waitfor_waits_between_the_statements_around_it() {
    let server = server();
    let mut c = server.connect("sa");
    let before = one(&mut c, "select getdate()");
    let items = all(&mut c, "select 1; waitfor delay '0:0:5'; select getdate()");
    let at = items.iter().position(|item| *item == Item::Wait(Duration::from_secs(5))).unwrap();
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
