//! Values of variables (RFC 2578 section 7, RFC 3416 section 3).

use super::ber::{self, tag};

/// Application tags.
const ADDRESS: u8 = 0x40;
const COUNTER: u8 = 0x41;
const GAUGE: u8 = 0x42;
const TICKS: u8 = 0x43;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Number(i64),
    Text(Vec<u8>),
    Object(Vec<u32>),
    Address([u8; 4]),
    Counter(u32),
    Gauge(u32),
    Ticks(u32),
    /// Version 1 answers it beside an error, and requests are written with it.
    Null,
    /// Version 2: no such variable.
    NoObject,
    /// Version 2: nothing behind this one.
    End,
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Value::Text(text.as_bytes().to_vec())
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Value::Number(number) => ber::put_signed(out, tag::INTEGER, *number),
            Value::Text(bytes) => ber::put(out, tag::OCTETS, bytes),
            Value::Object(parts) => ber::put_oid(out, parts),
            Value::Address(octets) => ber::put(out, ADDRESS, octets),
            Value::Counter(number) => ber::put_signed(out, COUNTER, i64::from(*number)),
            Value::Gauge(number) => ber::put_signed(out, GAUGE, i64::from(*number)),
            Value::Ticks(number) => ber::put_signed(out, TICKS, i64::from(*number)),
            Value::Null => ber::put(out, tag::NULL, &[]),
            Value::NoObject => ber::put(out, 0x80, &[]),
            Value::End => ber::put(out, 0x82, &[]),
        }
    }
}

/// A variable binding.
pub(super) fn binding(name: &[u32], value: &Value) -> Vec<u8> {
    let mut pair = Vec::new();
    ber::put_oid(&mut pair, name);
    value.put(&mut pair);
    let mut out = Vec::new();
    ber::put(&mut out, tag::SEQUENCE, &pair);
    out
}
