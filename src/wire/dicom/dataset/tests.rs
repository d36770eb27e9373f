use proptest::prelude::*;

use super::decode::{MAX_DEPTH, MAX_ELEMENTS};
use super::*;

const ALL: [TransferSyntax; 3] =
    [TransferSyntax::ImplicitLittle, TransferSyntax::ExplicitLittle, TransferSyntax::ExplicitBig];

fn sample() -> DataSet {
    let mut item = DataSet::new();
    item.put_str(tags::CODE_VALUE, "T-D3000");
    item.put_text(tags::CODE_MEANING, "胸部", Charset::Gb18030);
    let mut set = DataSet::new();
    set.put_charset(Charset::Gb18030);
    set.put_str(tags::SOP_CLASS_UID, uids::CT_IMAGE_STORAGE);
    set.put_text(tags::PATIENT_NAME, "Zhang^Jianguo=张^建国", Charset::Gb18030);
    set.put_u16(tags::ROWS, 512);
    set.put_decimals(tags::PIXEL_SPACING, &[0.683_593_75, 0.683_593_75]);
    set.put_items(tags::ANATOMIC_REGION_SEQUENCE, vec![item.clone(), DataSet::new(), item]);
    set.put_f64s(tags::PHYSICAL_DELTA_X, &[0.021]);
    set.put_bytes(tags::PIXEL_DATA, Vr::OW, vec![1, 2, 3, 4].into());
    set
}

#[test]
fn every_syntax_brings_the_same_values_back() {
    for ts in ALL {
        let bytes = sample().encode(ts);
        assert_eq!(bytes.len(), sample().encoded_len(ts));
        assert_eq!(DataSet::decode(&bytes, ts).unwrap(), sample(), "{ts:?}");
        assert_eq!(TransferSyntax::from_uid(ts.uid()), Some(ts));
    }
}

#[test]
fn bytes_are_those_of_the_standard() {
    let mut set = DataSet::new();
    set.put_str(tags::MODALITY, "CT");
    set.put_u16(tags::ROWS, 0x0102);
    let implicit = [0x08, 0, 0x60, 0, 2, 0, 0, 0, b'C', b'T', 0x28, 0, 0x10, 0, 2, 0, 0, 0, 2, 1];
    assert_eq!(set.encode(TransferSyntax::ImplicitLittle), implicit.as_slice());
    let big = [0, 8, 0, 0x60, b'C', b'S', 0, 2, b'C', b'T', 0, 0x28, 0, 0x10, b'U', b'S', 0, 2, 1, 2];
    assert_eq!(set.encode(TransferSyntax::ExplicitBig), big.as_slice());
}

#[test]
fn a_cut_anywhere_is_an_error_or_a_whole_number_of_elements() {
    for ts in ALL {
        let bytes = sample().encode(ts);
        for at in 0..bytes.len() {
            if let Ok(part) = DataSet::decode(&bytes.slice(..at), ts) {
                assert_eq!(part.encoded_len(ts), at);
            }
        }
    }
}

#[test]
fn undefined_lengths_are_read() {
    let implicit: &[u8] = &[
        0x08, 0, 0x15, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, // sequence
        0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF, // item
        0x08, 0, 0x60, 0, 2, 0, 0, 0, b'C', b'T', // modality
        0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, // item end
        0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0, // sequence end
    ];
    let bytes = Bytes::from_static(implicit);
    let set = DataSet::decode(&bytes, TransferSyntax::ImplicitLittle).unwrap();
    let items = set.items(tags::REFERENCED_SERIES_SEQUENCE);
    assert_eq!(items[0].text(tags::MODALITY).as_deref(), Some("CT"));
    for at in 1..bytes.len() {
        assert!(DataSet::decode(&bytes.slice(..at), TransferSyntax::ImplicitLittle).is_err(), "{at}");
    }
}

#[test]
fn fragments_are_read_and_written() {
    let mut set = DataSet::new();
    let fragments = vec![Bytes::new(), Bytes::from_static(&[0xFF, 0xD8]), Bytes::from_static(&[1, 2])];
    set.put(tags::PIXEL_DATA, Element { vr: Vr::OB, value: Value::Fragments(fragments) });
    let bytes = set.encode(TransferSyntax::ExplicitLittle);
    assert_eq!(bytes.len(), set.encoded_len(TransferSyntax::ExplicitLittle));
    assert_eq!(DataSet::decode(&bytes, TransferSyntax::ExplicitLittle).unwrap(), set);
}

#[test]
fn values_are_slices_of_what_came() {
    let bytes = sample().encode(TransferSyntax::ExplicitLittle);
    let set = DataSet::decode(&bytes, TransferSyntax::ExplicitLittle).unwrap();
    let pixels = set.bytes(tags::PIXEL_DATA).unwrap();
    assert!(bytes.as_ptr_range().contains(&pixels.as_ptr()));
}

#[test]
fn nesting_and_counts_are_capped() {
    let open = [0x08, 0, 0x15, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF];
    let deep = Bytes::from(open.repeat(100_000));
    let error = DataSet::decode(&deep, TransferSyntax::ImplicitLittle).unwrap_err();
    assert_eq!(error, DecodeError::TooDeep(open.len() * MAX_DEPTH + 8));
    let many = Bytes::from([0x09, 0, 0x10, 0, 0, 0, 0, 0].repeat(MAX_ELEMENTS + 1));
    let error = DataSet::decode(&many, TransferSyntax::ImplicitLittle).unwrap_err();
    assert_eq!(error, DecodeError::TooMany(8 * MAX_ELEMENTS));
}

#[test]
fn tags_in_any_order_cost_no_more() {
    let descending: Vec<u8> = (0..MAX_ELEMENTS)
        .rev()
        .flat_map(|n| [(n >> 16) as u8 * 2 + 9, 0, n as u8, (n >> 8) as u8, 0, 0, 0, 0])
        .collect();
    let started = std::time::Instant::now();
    let set = DataSet::decode(&descending.into(), TransferSyntax::ImplicitLittle).unwrap();
    assert_eq!(set.len(), MAX_ELEMENTS);
    assert!(set.iter().is_sorted_by_key(|(tag, _)| tag));
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn an_item_may_not_run_over_its_sequence() {
    let bytes: &[u8] =
        &[0x08, 0, 0x15, 0x11, 12, 0, 0, 0, 0xFE, 0xFF, 0x00, 0xE0, 8, 0, 0, 0, 8, 0, 0x60, 0, 0, 0, 0, 0];
    let error = DataSet::decode(&Bytes::from_static(bytes), TransferSyntax::ImplicitLittle).unwrap_err();
    assert_eq!(error, DecodeError::Truncated(16));
}

#[test]
fn names_survive_each_chinese_character_set() {
    let name = "Zhang^Jianguo=张^建国";
    for charset in [Charset::Gb18030, Charset::Gbk, Charset::Utf8, Charset::Iso2022Gb2312] {
        let mut set = DataSet::new();
        set.put_charset(charset);
        set.put_text(tags::PATIENT_NAME, name, charset);
        assert_eq!(set.charset(), charset);
        assert_eq!(set.text(tags::PATIENT_NAME).as_deref(), Some(name), "{charset:?}");
        assert_eq!(set.bytes(tags::PATIENT_NAME).unwrap().len() % 2, 0);
    }
    assert_eq!(Charset::Default.encode("张a"), b"?a".as_slice());
    assert_eq!(Charset::Gbk.encode("a\u{1F600}"), b"a?".as_slice());
}

#[test]
fn a_backslash_inside_a_character_separates_nothing() {
    let tricky = "乗";
    let bytes = Charset::Gb18030.encode(tricky).into_owned();
    assert_eq!(bytes[1], b'\\');
    let mut set = DataSet::new();
    set.put_charset(Charset::Gb18030);
    set.put_text(tags::OTHER_PATIENT_NAMES, &format!("{tricky}\\b"), Charset::Gb18030);
    assert_eq!(set.texts(tags::OTHER_PATIENT_NAMES), [tricky, "b"]);
}

#[test]
fn padding_follows_the_representation() {
    let mut set = DataSet::new();
    set.put_str(tags::SOP_INSTANCE_UID, "1.2.3");
    set.put_str(tags::MODALITY, "DXX");
    assert_eq!(set.bytes(tags::SOP_INSTANCE_UID).unwrap(), "1.2.3\0");
    assert_eq!(set.bytes(tags::MODALITY).unwrap(), "DXX ");
    assert_eq!(set.text(tags::SOP_INSTANCE_UID).as_deref(), Some("1.2.3"));
}

#[test]
fn decimals_fit_sixteen_characters() {
    let mut set = DataSet::new();
    set.put_decimals(tags::IMAGE_POSITION_PATIENT, &[-174.658_203_125_777, 1.0 / 3.0, -1e-15]);
    let texts = set.texts(tags::IMAGE_POSITION_PATIENT);
    assert_eq!(texts, ["-174.6582031258", "0.3333333333333", "0"]);
    assert!(texts.iter().all(|text| text.len() <= 16));
}

#[test]
fn a_file_has_its_meta_group() {
    let meta = FileMeta {
        sop_class: uids::CT_IMAGE_STORAGE,
        sop_instance: "1.2.3",
        transfer_syntax: TransferSyntax::ExplicitLittle.uid(),
        implementation: "1.2.4",
        version: "V1",
        source: "CT01",
    };
    let file = part10(&meta, b"data");
    assert_eq!(&file[128..132], b"DICM");
    let group = Bytes::copy_from_slice(&file[132..file.len() - 4]);
    let group = DataSet::decode(&group, TransferSyntax::ExplicitLittle).unwrap();
    let length = group.u32(tags::FILE_META_INFORMATION_GROUP_LENGTH).unwrap();
    assert_eq!(usize::try_from(length).unwrap(), file.len() - 4 - 132 - 12);
    assert_eq!(group.text(tags::MEDIA_STORAGE_SOP_INSTANCE_UID).as_deref(), Some("1.2.3"));
}

fn any_set(depth: u32) -> BoxedStrategy<DataSet> {
    let text =
        (prop_oneof![Just(tags::MODALITY), Just(tags::STUDY_ID), Just(tags::PATIENT_ID)], "[A-Z0-9]{0,9}")
            .prop_map(|(tag, text)| {
                let mut set = DataSet::new();
                set.put_str(tag, &text);
                set
            });
    let number = (0u16..9).prop_map(|n| {
        let mut set = DataSet::new();
        set.put_u16(tags::ROWS, n);
        set.put_bytes(tags::PIXEL_DATA, Vr::OW, vec![7; usize::from(n / 8) * 70_000].into());
        set
    });
    let leaf = prop_oneof![text, number].boxed();
    if depth == 0 {
        return leaf;
    }
    let nested = prop::collection::vec(any_set(depth - 1), 0..3).prop_map(|items| {
        let mut set = DataSet::new();
        set.put_items(tags::REFERENCED_SERIES_SEQUENCE, items);
        set
    });
    prop::collection::vec(prop_oneof![leaf, nested.boxed()], 0..4)
        .prop_map(|sets| sets.iter().flat_map(|s| s.iter()).map(|(t, e)| (t, e.clone())).collect())
        .boxed()
}

proptest! {
    #[test]
    fn what_is_written_is_read(set in any_set(3)) {
        for ts in ALL {
            let bytes = set.encode(ts);
            prop_assert_eq!(bytes.len(), set.encoded_len(ts));
            prop_assert_eq!(&DataSet::decode(&bytes, ts).unwrap(), &set);
        }
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for ts in ALL {
            let _ = DataSet::decode(&Bytes::from(bytes.clone()), ts).map(|set| (set.encode(ts), set.charset()));
        }
    }

    #[test]
    fn a_changed_byte_never_panics(at in 0usize..300, to in any::<u8>()) {
        for ts in ALL {
            let mut bytes = sample().encode(ts).to_vec();
            let at = at % bytes.len();
            bytes[at] = to;
            if let Ok(set) = DataSet::decode(&bytes.into(), ts) {
                for (tag, _) in set.iter() {
                    let _ = (set.texts(tag), set.u16(tag), set.u32(tag), set.integer(tag), set.items(tag));
                }
            }
        }
    }
}
