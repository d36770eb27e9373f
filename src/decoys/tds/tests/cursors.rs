//! Cursors, bulk load and the types of parameters.

use super::*;

#[test]
fn a_cursor_is_opened_and_fetched_from() {
    let rows = (1..=3).map(|n| Item::Row(vec![Value::Int(n)]));
    let mut answer = vec![Item::Columns(vec![column("n", "int", false)].into())];
    answer.extend(rows);
    answer.push(done(Verb::Select, Some(3)));
    let mut talk = talk(Version::V74, vec![answer]);
    let given = [
        int_parameter(None, true),
        parameter("", "select n from t"),
        int_parameter(Some(8), true),
        int_parameter(Some(1), true),
        int_parameter(None, true),
    ];
    talk.send(kind::RPC, &call(2, &given));
    let said = hex::encode(talk.rest());
    assert!(said.contains(&hex::encode(wide("ROWSTAT"))) && !said.contains("d101000000"), "{said}");
    let handle = 180_150_003;
    let fetch = [Some(handle), Some(2), Some(0), Some(2)].map(|v| int_parameter(v, false));
    talk.send(kind::RPC, &call(7, &fetch));
    let said = hex::encode(talk.rest());
    assert!(said.contains("d10100000001000000d10200000001000000ff1100c10002"), "{said}");
}

#[test]
fn bulk_load_and_bad_types_are_refused() {
    let mut talk = talk(Version::V74, Vec::new());
    for (kind, body, number) in [
        (kind::BATCH, batch("INSERT BULK t (a int)"), 4834u32),
        (kind::RPC, call(10, &[vec![0, 0, 0x99]]), 8009),
    ] {
        talk.send(kind, &body);
        let said = talk.rest();
        assert!(said.windows(4).any(|w| w == number.to_le_bytes()), "{number}");
    }
    assert_eq!(talk.send(kind::RPC, &[1, 0, 0, 0]), Next::Close);
    assert_eq!(talk.send(kind::LOGIN, &[]), Next::Close);
}

#[test]
fn parameters_of_all_common_types_are_read() {
    let read = |hex: &str| {
        let body = [call(10, &[]), hex::decode(hex.replace(' ', "")).unwrap()].concat();
        let calls = requests::calls(&body, Version::V74, encoding_rs::GBK).unwrap();
        let Parameter { value, .. } = calls[0].parameters[0].clone();
        value
    };
    let at = |text: &str| Value::DateTime(text.parse().unwrap());
    assert_eq!(read("00 00 32 01"), Value::Bool(true));
    assert_eq!(read("00 00 26 02 02 feff"), Value::Int(-2));
    assert_eq!(read("00 00 30 ff"), Value::Int(255));
    assert_eq!(read("00 00 7f 0100000000000080"), Value::Int(i64::MIN + 1));
    assert_eq!(read("00 00 6a 05 09 02 05 00 05 00 00 00"), Value::Decimal(Decimal { units: -5, scale: 2 }));
    assert_eq!(read("00 00 6e 08 08 00000000 10270000"), Value::Decimal(Decimal { units: 10_000, scale: 4 }));
    assert_eq!(read("00 00 6f 08 08 00000000 2c010000"), at("1900-01-01T00:00:01"));
    assert_eq!(read("00 00 28 03 000000"), Value::Date(jiff::civil::date(1, 1, 1)));
    assert_eq!(read("00 00 2a 00 06 010000 5b950a"), at("1900-01-01T00:00:01"));
    assert_eq!(read("00 00 a7 1000 0408d00000 0200 d5c5"), Value::text("张"));
    assert_eq!(read("00 00 e7 ffff 0408d00000 feffffffffffffff 02000000 2a67 00000000"), Value::text("未"));
    assert_eq!(read("00 00 a5 0800 ffff"), Value::Null);
    assert_eq!(read("00 00 63 10000000 0408d00000 02000000 2a67"), Value::text("未"));
    assert_eq!(read("00 00 62 401f0000 06000000 38 00 07000000"), Value::Int(7));
    let guid = Value::Guid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    assert_eq!(read("00 00 24 10 10 04030201 0605 0807 090a0b0c0d0e0f10"), guid);
}
