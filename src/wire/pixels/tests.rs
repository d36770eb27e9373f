use proptest::prelude::*;

use super::*;

const CODINGS: [Coding; 9] = [
    Coding::Rle,
    Coding::JpegBaseline,
    Coding::JpegExtended,
    Coding::JpegLossless,
    Coding::JpegLosslessFirstOrder,
    Coding::JpegLsLossless,
    Coding::JpegLsNearLossless,
    Coding::Jpeg2000Lossless,
    Coding::Jpeg2000,
];

const SMALL: Shape = Shape { columns: 8, rows: 8, components: 1, allocated: 16, stored: 12 };

fn object(fragments: Vec<Bytes>, frames: i64) -> DataSet {
    let mut set = DataSet::new();
    for (tag, number) in [
        (tags::COLUMNS, 2),
        (tags::ROWS, 1),
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::BITS_ALLOCATED, 8),
        (tags::BITS_STORED, 8),
    ] {
        set.put_u16(tag, number);
    }
    set.put_integers(tags::NUMBER_OF_FRAMES, &[frames]);
    set.put(tags::PIXEL_DATA, Element { vr: Vr::OB, value: Value::Fragments(fragments) });
    set
}

/// Two pixels as a fragment of RLE.
fn two(first: u8, second: u8) -> Bytes {
    let mut stream = vec![0; 64];
    stream[0] = 1;
    stream[4] = 64;
    stream.extend([1, first, second, 0]);
    stream.into()
}

#[test]
fn frames_are_fragments_or_cut_by_the_table() {
    let set = object(vec![Bytes::new(), two(1, 2), two(3, 4)], 2);
    assert_eq!(plain(set, Coding::Rle).unwrap().bytes(tags::PIXEL_DATA).unwrap(), &[1, 2, 3, 4][..]);
    let (head, tail) = (two(1, 2).slice(..66), two(1, 2).slice(66..));
    let table: Vec<u8> = [0u32, 84].into_iter().flat_map(u32::to_le_bytes).collect();
    let set = object(vec![table.into(), head, tail, two(3, 4)], 2);
    assert_eq!(plain(set, Coding::Rle).unwrap().bytes(tags::PIXEL_DATA).unwrap(), &[1, 2, 3, 4][..]);
    assert!(plain(object(vec![Bytes::new(), two(1, 2)], 3), Coding::Rle).is_err());
}

#[test]
fn what_claims_more_than_may_be_is_refused_before_it_is_decoded() {
    let mut set = object(vec![Bytes::new(), two(1, 2)], 1);
    set.put_u16(tags::ROWS, u16::MAX);
    set.put_u16(tags::COLUMNS, u16::MAX);
    assert_eq!(plain(set, Coding::Rle), Err(Undecodable));
    let huge = Shape { columns: u16::MAX, rows: u16::MAX, ..SMALL };
    for coding in CODINGS {
        assert_eq!(frame(coding, &two(1, 2), huge), Err(Undecodable));
        assert_eq!(frame(coding, &[], SMALL), Err(Undecodable));
    }
    for coding in [Coding::Mpeg2Main, Coding::HtJpeg2000] {
        assert_eq!(frame(coding, &two(1, 2), SMALL), Err(Undecodable));
    }
}

proptest! {
    #[test]
    fn hostile_streams_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0..9usize) {
        let heads: [&[u8]; 3] = [&[], b"\xFF\xD8\xFF\xF7\x00\x0B\x0C\x00\x08\x00\x08\x01\x01\x11\x00\xFF\xDA\x00\x08\x01\x01\x00\x00\x00\x00", b"\xFF\xD8\xFF\xC3\x00\x0B\x0C\x00\x08\x00\x08\x01\x01\x11\x00"];
        for head in heads {
            let _ = frame(CODINGS[at], &[head, &bytes].concat(), SMALL);
        }
    }
}
