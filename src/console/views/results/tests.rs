use super::*;
use crate::console::views::Block;

fn piece(to_peer: bool, bytes: &[u8]) -> Piece<'_> {
    Piece { at: Timestamp::from_second(1_790_000_000).unwrap(), to_peer, bytes, reference: None }
}

/// The same, however the answer is cut.
fn cut_anywhere(service: &str, asked: &[u8], answered: &[u8]) -> Vec<Block> {
    let whole = of(service, &[piece(false, asked), piece(true, answered)]);
    for cut in 0..answered.len() {
        let (first, second) = answered.split_at(cut);
        assert_eq!(
            of(service, &[piece(false, asked), piece(true, first), piece(true, second)]),
            whole,
            "{cut}"
        );
    }
    whole
}

fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&length[..3], &[number], body].concat()
}

fn mysql_column(name: &str, kind: u8) -> Vec<u8> {
    let parts = ["def", "hisdb", "t", "t", name, name];
    let mut body: Vec<u8> = parts
        .iter()
        .flat_map(|part| [&[u8::try_from(part.len()).unwrap()], part.as_bytes()].concat())
        .collect();
    body.extend([0x0c, 33, 0, 0, 1, 0, 0, kind, 0, 0, 0, 0, 0]);
    body
}

#[test]
fn rows_of_mysql_are_read_as_text_and_as_values() {
    let asked = packet(0, b"\x03select name, no from t");
    let name = "\u{5f20}\u{4f1f}".as_bytes();
    let mut row = vec![6];
    row.extend(name);
    row.extend(b"\xfb");
    let answered = [
        packet(1, &[2]),
        packet(2, &mysql_column("name", 0xfd)),
        packet(3, &mysql_column("no", 3)),
        packet(4, &[0xfe, 0, 0, 2, 0]),
        packet(5, &row),
        packet(6, &[0xfe, 0, 0, 2, 0]),
    ]
    .concat();
    let blocks = cut_anywhere("mysql", &asked, &answered);
    assert_eq!((&blocks[0].heads[..], blocks.len()), (&["name".to_owned(), "no".to_owned()][..], 1));
    assert_eq!(blocks[0].rows, [["\u{5f20}\u{4f1f}", "NULL"]]);
    // A prepared statement, and a client that has no mark between columns and rows.
    let mut row = vec![0, 0, 6];
    row.extend(name);
    row.extend((-7i32).to_le_bytes());
    let answered = [
        packet(1, &[2]),
        packet(2, &mysql_column("name", 0xfd)),
        packet(3, &mysql_column("no", 3)),
        packet(4, &row),
        packet(5, &[0xfe, 0, 0, 2, 0, 0, 0]),
    ]
    .concat();
    let blocks = cut_anywhere("mysql", &packet(0, &[0x17, 1, 0, 0, 0]), &answered);
    assert_eq!(blocks[0].rows, [["\u{5f20}\u{4f1f}", "-7"]]);
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind], &length[..], body].concat()
}

#[test]
fn rows_of_postgresql_are_read() {
    let mut description = vec![0, 1];
    description.extend(b"name\0");
    description.extend([0; 6]);
    description.extend(25u32.to_be_bytes());
    description.extend([0xff, 0xff, 0, 0, 0, 0, 0, 0]);
    let row = [&[0, 1][..], &5u32.to_be_bytes(), b"Zhang"].concat();
    let null = [&[0, 1][..], &u32::MAX.to_be_bytes()].concat();
    let many: Vec<u8> = (0..30).flat_map(|_| message(b'D', &row)).collect();
    let answered = [
        b"S".to_vec(),
        message(b'T', &description),
        message(b'D', &null),
        many,
        message(b'C', b"SELECT 31\0"),
    ]
    .concat();
    let blocks = cut_anywhere("postgres", b"", &answered);
    assert_eq!((blocks.len(), blocks[0].rows.len(), blocks[0].heads.join(",")), (1, ROWS, "name".to_owned()));
    assert_eq!((blocks[0].rows[0][0].as_str(), blocks[0].rows[1][0].as_str()), ("NULL", "Zhang"));
    assert_eq!(blocks[0].facts[0], ["rows", "31"]);
}

fn tds(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&[4, 1][..], &length, &[0, 53, 1, 0], body].concat()
}

#[test]
fn rows_of_sql_server_are_read() {
    let collation = [0x04, 0x08, 0xd0, 0, 0x24];
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let name = |text: &str| [vec![u8::try_from(text.encode_utf16().count()).unwrap()], wide(text)].concat();
    let mut body = vec![0x81, 3, 0];
    for (kind, of) in [
        ([&[0xe7, 40, 0][..], &collation].concat(), "xm"),
        (vec![0x6a, 9, 10, 2], "je"),
        (vec![0x6f, 8], "rq"),
    ] {
        body.extend([0, 0, 0, 0, 9, 0]);
        body.extend(kind);
        body.extend(name(of));
    }
    let text = wide("\u{5f20}\u{4f1f}");
    body.push(0xd1);
    body.extend([4, 0]);
    body.extend(&text);
    body.extend([9, 1, 57, 48, 0, 0, 0, 0, 0, 0]);
    body.push(8);
    body.extend(45_000i32.to_le_bytes());
    body.extend((300i32 * 3661).to_le_bytes());
    body.extend([0xd2, 0b111, 0xfd, 0x10, 0, 0xc1, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    let blocks = cut_anywhere("tds", b"", &tds(&body));
    assert_eq!(blocks[0].heads.join(","), "xm,je,rq");
    assert_eq!(blocks[0].rows[0], ["\u{5f20}\u{4f1f}", "123.45", "2023-03-17 01:01:01"]);
    assert_eq!(blocks[0].rows[1], ["NULL", "NULL", "NULL"]);
}

#[test]
fn what_is_no_result_gives_none_and_nothing_panics() {
    for service in ["tds", "mysql", "postgres", "tns"] {
        for first in 0..=255u8 {
            let bytes: Vec<u8> = (0..120u8).map(|n| first.wrapping_add(n.wrapping_mul(7))).collect();
            let asked = packet(0, &[3]);
            of(service, &[piece(false, &asked), piece(true, &bytes), piece(true, &tds(&bytes))]);
        }
    }
}
