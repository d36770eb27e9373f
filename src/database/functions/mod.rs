//! Functions of the products, as the engine calls them: `f_` and the product's name of it.

mod catalogue;
mod convert;
mod dates;
mod mysql;
mod patterns;
mod pg_aggregates;
mod pg_catalogue;
mod pg_sizes;
mod pg_texts;
mod postgres;
mod texts;
mod xml;

pub(super) use convert::convert_to;
pub(super) use patterns::is_like;

use std::cmp::Ordering;
use std::sync::Arc;

use encoding_rs::GBK;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, Error};

use super::catalog::Product;
use super::cell;
use super::facts::Facts;
use super::problem::mark;

/// Longest text that a function makes: a client's own are shorter, and each is held whole.
const MAX_TEXT: usize = 1 << 20;

/// What a function gives.
type Answer = Result<Cell, Error>;

/// A function of the products.
struct Function {
    name: &'static str,
    /// Products that have it.
    of: &'static str,
    /// Fewest and most arguments.
    arguments: (usize, usize),
    /// What it does.
    run: fn(&Facts, &[Cell]) -> Answer,
}

const fn function(
    name: &'static str,
    of: &'static str,
    arguments: (usize, usize),
    run: fn(&Facts, &[Cell]) -> Answer,
) -> Function {
    Function { name, of, arguments, run }
}

fn letter(product: Product) -> char {
    match product {
        Product::SqlServer => 's',
        Product::Oracle => 'o',
        Product::MySql => 'm',
        Product::Postgres => 'p',
    }
}

fn all() -> impl Iterator<Item = &'static Function> {
    texts::FUNCTIONS
        .iter()
        .chain(dates::FUNCTIONS)
        .chain(convert::FUNCTIONS)
        .chain(patterns::FUNCTIONS)
        .chain(mysql::FUNCTIONS)
        .chain(catalogue::FUNCTIONS)
        .chain(xml::FUNCTIONS)
        .chain(pg_texts::FUNCTIONS)
        .chain(postgres::FUNCTIONS)
        .chain(pg_catalogue::FUNCTIONS)
}

/// Whether a product has a function that the engine lacks.
pub(super) fn known(product: Product, name: &str) -> bool {
    all().any(|function| function.name == name && function.of.contains(letter(product)))
}

/// Makes all functions and collations of a product known to the engine.
pub(super) fn register(connection: &Connection, facts: &Arc<Facts>) -> rusqlite::Result<()> {
    let product = facts.catalog.product;
    for function in all().filter(|function| function.of.contains(letter(product)) || function.of == "*") {
        let facts = Arc::clone(facts);
        let (fewest, most) = function.arguments;
        connection.create_scalar_function(
            format!("f_{}", function.name).as_str(),
            -1,
            FunctionFlags::SQLITE_UTF8,
            move |context| {
                if context.len() < fewest || context.len() > most {
                    return Err(mark("@arguments", &[function.name]));
                }
                let arguments: Vec<Cell> = (0..context.len()).map(|at| owned(context.get_raw(at))).collect();
                (function.run)(&facts, &arguments)
            },
        )?;
    }
    if product == Product::Postgres {
        let flags = FunctionFlags::SQLITE_UTF8;
        connection.create_aggregate_function("pg_array_agg", 2, flags, pg_aggregates::Array)?;
        connection.create_aggregate_function("pg_avg", 1, flags, pg_aggregates::Average)?;
    }
    let fold = matches!(product, Product::SqlServer | Product::MySql);
    connection.create_collation(cell::TEXT, move |a, b| if fold { compare(a, b) } else { a.cmp(b) })?;
    connection.create_collation(cell::TIME, compare_moments)
}

fn owned(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}

/// As `Chinese_PRC_CI_AS` orders: without case, without blanks at the end, Chinese by the order of the
/// code page, which for the common characters is that of pinyin. The first characters that differ decide:
/// only they are looked up.
fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
    let (mut a, mut b) = (a.chars().flat_map(char::to_lowercase), b.chars().flat_map(char::to_lowercase));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(c), Some(d)) if c == d => {}
            (Some(c), Some(d)) if c.is_ascii() && d.is_ascii() => return c.cmp(&d),
            (Some(c), Some(d)) => return encoded(c).cmp(&encoded(d)).then(c.cmp(&d)),
        }
    }
}

/// A character in the code page.
fn encoded(c: char) -> Vec<u8> {
    let mut buffer = [0; 4];
    GBK.encode(c.encode_utf8(&mut buffer)).0.into_owned()
}

fn compare_moments(a: &str, b: &str) -> Ordering {
    match (cell::parse_moment(a), cell::parse_moment(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

fn text_of(arguments: &[Cell], at: usize) -> Option<String> {
    arguments.get(at).and_then(cell::text)
}

fn number_of(arguments: &[Cell], at: usize) -> Option<f64> {
    arguments.get(at).and_then(cell::number)
}

fn whole_of(arguments: &[Cell], at: usize) -> Option<i64> {
    number_of(arguments, at).map(cell::truncated)
}

fn text(text: impl Into<String>) -> Answer {
    let text = text.into();
    if text.len() > MAX_TEXT { Err(Error::UserFunctionError("@work".into())) } else { Ok(Cell::Text(text)) }
}

fn maybe_text(found: Option<impl Into<String>>) -> Answer {
    found.map_or(Ok(Cell::Null), text)
}

fn whole(number: i64) -> Answer {
    Ok(Cell::Integer(number))
}

fn maybe_whole(number: Option<i64>) -> Answer {
    Ok(number.map_or(Cell::Null, Cell::Integer))
}

fn size(number: usize) -> Answer {
    whole(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A number as the engine keeps it: whole where it is.
fn real(number: f64) -> Answer {
    Ok(if number.is_finite() { Cell::Real(number) } else { Cell::Null })
}
