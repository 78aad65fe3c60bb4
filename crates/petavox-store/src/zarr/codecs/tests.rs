use super::*;

fn samples(len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i / 7) % 251) as u8 ^ (i % 3 == 0) as u8).collect()
}

fn all() -> Vec<BytesCodec> {
    let mut all = vec![
        BytesCodec::Zstd { level: 3, checksum: true },
        BytesCodec::Zstd { level: -5, checksum: false },
        BytesCodec::Gzip { level: 6 },
        BytesCodec::Zlib { level: 1 },
        BytesCodec::Lz4,
        BytesCodec::Shuffle { size: 4 },
    ];
    for inner in [BloscInner::Lz4, BloscInner::Zstd, BloscInner::Zlib] {
        for typesize in [1, 2, 3, 8] {
            all.push(BytesCodec::Blosc { inner, level: 5, typesize });
        }
    }
    for sum in [
        Checksum::Crc32c,
        Checksum::Crc32First,
        Checksum::Crc32Last,
        Checksum::Adler32First,
        Checksum::Adler32Last,
        Checksum::Fletcher32,
    ] {
        all.push(BytesCodec::Checksum(sum));
    }
    all
}

#[test]
fn every_codec_gives_back_what_it_was_given_and_says_how_long() {
    for len in [0, 1, 7, 1000, 70_001, 600_000] {
        let bytes = samples(len);
        for codec in all() {
            let encoded = codec.encode(&bytes).unwrap();
            assert!(encoded.len() <= codec.max_len(len), "{codec:?} {len}");
            assert!(codec.exact_len(len).is_none_or(|n| n == encoded.len()));
            let mut out = vec![0; len + 5];
            assert_eq!(codec.decode(&encoded, &mut out), Ok(len), "{codec:?} {len}");
            assert!(out[..len] == bytes, "{codec:?} {len}");
        }
    }
}

#[test]
fn more_than_fits_is_refused_not_written() {
    let bytes = samples(1000);
    for codec in all() {
        let encoded = codec.encode(&bytes).unwrap();
        assert!(codec.decode(&encoded, &mut [0; 999]).is_err(), "{codec:?}");
    }
}

#[test]
fn cut_bytes_are_an_error_or_short_never_a_panic() {
    let bytes = samples(3000);
    for codec in all() {
        let encoded = codec.encode(&bytes).unwrap();
        for cut in [0, 1, 3, 4, 15, 16, 17, encoded.len() / 2, encoded.len() - 1] {
            let got = codec.decode(&encoded[..cut.min(encoded.len())], &mut vec![0; 3000]);
            assert!(got.is_err() || got != Ok(3000), "{codec:?} {cut}");
        }
    }
}

#[test]
fn checksums_have_their_published_values() {
    let sum = |c: Checksum| {
        let encoded = BytesCodec::Checksum(c).encode(b"123456789").unwrap();
        let at = if encoded.starts_with(b"1234") { 9 } else { 0 };
        u32::from_le_bytes(encoded[at..at + 4].try_into().unwrap())
    };
    assert_eq!(sum(Checksum::Crc32c), 0xE306_9283);
    assert_eq!(sum(Checksum::Crc32Last), 0xCBF4_3926);
    assert_eq!(sum(Checksum::Adler32First), 0x091E_01DE);
}

#[test]
fn a_flipped_bit_is_noticed_by_what_petavox_writes() {
    let bytes = samples(5000);
    for codec in [
        BytesCodec::Zstd { level: 3, checksum: true },
        BytesCodec::Gzip { level: 6 },
        BytesCodec::Checksum(Checksum::Crc32c),
    ] {
        let encoded = codec.encode(&bytes).unwrap();
        let mut unnoticed = 0;
        for bit in (0..encoded.len() * 8).step_by(97) {
            let mut bad = encoded.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let mut out = vec![0; 5000];
            unnoticed += usize::from(codec.decode(&bad, &mut out) == Ok(5000) && out != bytes);
        }
        assert_eq!(unnoticed, 0, "{codec:?}");
    }
}
