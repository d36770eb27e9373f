//! What a client asks for once it is in, MS-TDS 2.2.6: batches, calls, transactions.

use encoding_rs::Encoding;

use super::params::{self, Fault};
use super::read::{Reader, utf16};
use super::version::Version;
use crate::database::Parameter;

/// Most calls of one message.
const MAX_CALLS: usize = 256;
/// Most parameters of one call, as the product has it.
const MAX_PARAMETERS: usize = 2100;

/// What ends a call when another follows.
const NEXT_OLD: u8 = 0x80;
const NEXT: u8 = 0xff;
const NEXT_WITHOUT_RUN: u8 = 0xfe;

/// A call of a procedure.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its name, as sent or as its number means.
    pub name: String,
    /// Columns need not be described.
    pub no_metadata: bool,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

/// What is wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadCall {
    /// The bytes end early or make no sense.
    Broken,
    /// A parameter of an unknown type: its place from 1, the type.
    Type(usize, u8),
}

/// Procedures that have numbers, 2.2.6.6.
const NUMBERED: [&str; 15] = [
    "sp_cursor",
    "sp_cursoropen",
    "sp_cursorprepare",
    "sp_cursorexecute",
    "sp_cursorprepexec",
    "sp_cursorunprepare",
    "sp_cursorfetch",
    "sp_cursoroption",
    "sp_cursorclose",
    "sp_executesql",
    "sp_prepare",
    "sp_execute",
    "sp_prepexec",
    "sp_prepexecrpc",
    "sp_unprepare",
];

/// The text of a batch.
pub fn batch(body: &[u8], version: Version) -> Option<String> {
    Some(utf16(without_headers(body, version)?))
}

/// The calls of an RPC message.
///
/// # Errors
/// When one is broken or has a parameter of an unknown type.
pub fn calls(body: &[u8], version: Version, page: &'static Encoding) -> Result<Vec<Call>, BadCall> {
    let mut reader = Reader(without_headers(body, version).ok_or(BadCall::Broken)?);
    let mut calls = Vec::new();
    while !reader.is_empty() {
        if calls.len() >= MAX_CALLS {
            return Err(BadCall::Broken);
        }
        calls.push(call(&mut reader, version, page)?);
    }
    if calls.is_empty() { Err(BadCall::Broken) } else { Ok(calls) }
}

fn call(reader: &mut Reader<'_>, version: Version, page: &'static Encoding) -> Result<Call, BadCall> {
    const NO_METADATA: u16 = 0x02;
    let name = name(reader).ok_or(BadCall::Broken)?;
    let options = reader.u16().ok_or(BadCall::Broken)?;
    let mut call = Call { name, no_metadata: options & NO_METADATA != 0, parameters: Vec::new() };
    while let Some(next) = reader.0.first() {
        let ends = match version >= Version::V72 {
            true => matches!(*next, NEXT | NEXT_WITHOUT_RUN),
            false => *next == NEXT_OLD,
        };
        if ends {
            let _ = reader.u8();
            break;
        }
        if call.parameters.len() >= MAX_PARAMETERS {
            return Err(BadCall::Broken);
        }
        let parameter = params::read(reader, version, page).map_err(|fault| match fault {
            Fault::Broken => BadCall::Broken,
            Fault::Unknown(token) => BadCall::Type(call.parameters.len() + 1, token),
        })?;
        call.parameters.push(parameter);
    }
    Ok(call)
}

fn name(reader: &mut Reader<'_>) -> Option<String> {
    const BY_NUMBER: u16 = 0xffff;
    match reader.u16()? {
        BY_NUMBER => {
            let number = usize::from(reader.u16()?);
            NUMBERED.get(number.checked_sub(1)?).map(|name| (*name).to_owned())
        }
        length => reader.take(usize::from(length) * 2).map(utf16),
    }
}

/// ALL_HEADERS stand before the request since 7.2.
fn without_headers(body: &[u8], version: Version) -> Option<&[u8]> {
    if version < Version::V72 {
        return Some(body);
    }
    let length = usize::try_from(u32::from_le_bytes(*body.first_chunk()?)).ok()?;
    body.get(length..).filter(|_| length >= 4)
}

/// What a transaction manager is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// The address of the distributed coordinator.
    Address,
    /// To begin.
    Begin,
    /// To commit, and whether to begin again.
    Commit(bool),
    /// To roll back, and whether to begin again.
    Rollback(bool),
    /// To set a mark.
    Save,
    /// Anything else: distributed transactions.
    Other(u16),
}

/// A transaction manager request, 2.2.6.9.
pub fn transaction(body: &[u8], version: Version) -> Option<Transaction> {
    let mut reader = Reader(without_headers(body, version)?);
    let kind = reader.u16()?;
    let begins_again = |reader: &mut Reader<'_>| {
        let name = usize::from(reader.u8().unwrap_or(0));
        let _ = reader.take(name);
        reader.u8().is_some_and(|flags| flags & 1 != 0)
    };
    Some(match kind {
        0 => Transaction::Address,
        5 => Transaction::Begin,
        7 => Transaction::Commit(begins_again(&mut reader)),
        8 => Transaction::Rollback(begins_again(&mut reader)),
        9 => Transaction::Save,
        other => Transaction::Other(other),
    })
}
