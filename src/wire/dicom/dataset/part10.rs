//! Files (PS3.10 7.1): preamble, prefix, file meta information, data set.

use super::{DataSet, TransferSyntax, Vr, tags};

/// File meta information that a writer chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMeta<'a> {
    /// Media Storage SOP Class UID.
    pub sop_class: &'a str,
    /// Media Storage SOP Instance UID.
    pub sop_instance: &'a str,
    /// Transfer Syntax UID of the data set that follows.
    pub transfer_syntax: &'a str,
    /// Implementation Class UID of the writer.
    pub implementation: &'a str,
    /// Implementation Version Name of the writer; none when empty.
    pub version: &'a str,
    /// Source AE title; none when empty.
    pub source: &'a str,
}

/// A file that holds an encoded data set.
pub fn part10(meta: &FileMeta<'_>, data_set: &[u8]) -> Vec<u8> {
    const PREAMBLE: [u8; 128] = [0; 128];
    const LENGTH_ELEMENT: usize = 12;
    let group = meta_group(meta);
    let length = group.encoded_len(TransferSyntax::ExplicitLittle);
    let mut head = DataSet::new();
    head.put_u32(tags::FILE_META_INFORMATION_GROUP_LENGTH, u32::try_from(length).unwrap_or(u32::MAX));
    let capacity = PREAMBLE.len() + 4 + LENGTH_ELEMENT + length + data_set.len();
    let mut out = Vec::with_capacity(capacity);
    out.extend_from_slice(&PREAMBLE);
    out.extend_from_slice(b"DICM");
    head.encode_into(TransferSyntax::ExplicitLittle, &mut out);
    group.encode_into(TransferSyntax::ExplicitLittle, &mut out);
    out.extend_from_slice(data_set);
    out
}

fn meta_group(meta: &FileMeta<'_>) -> DataSet {
    let mut group = DataSet::new();
    group.put_bytes(tags::FILE_META_INFORMATION_VERSION, Vr::OB, vec![0, 1].into());
    group.put_str(tags::MEDIA_STORAGE_SOP_CLASS_UID, meta.sop_class);
    group.put_str(tags::MEDIA_STORAGE_SOP_INSTANCE_UID, meta.sop_instance);
    group.put_str(tags::TRANSFER_SYNTAX_UID, meta.transfer_syntax);
    group.put_str(tags::IMPLEMENTATION_CLASS_UID, meta.implementation);
    if !meta.version.is_empty() {
        group.put_str(tags::IMPLEMENTATION_VERSION_NAME, meta.version);
    }
    if !meta.source.is_empty() {
        group.put_str(tags::SOURCE_APPLICATION_ENTITY_TITLE, meta.source);
    }
    group
}
