//! Reads what other libraries answered, recorded by `bench/golden/kernels.py`.

use petavox_core::{Block, Buffer, Dtype, Region};
use serde_json::Value;

/// The cases of one file.
pub(crate) fn cases(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut file: Value = serde_json::from_str(&text).unwrap();
    match file["cases"].take() {
        Value::Array(cases) => cases,
        other => panic!("{path}: {other}"),
    }
}

/// A recorded array as a block at the origin.
pub(crate) fn block(value: &Value) -> Block {
    let shape: Vec<usize> = numbers(&value["shape"]).into_iter().map(|x| x as usize).collect();
    let dtype = Dtype::parse(value["dtype"].as_str().unwrap()).unwrap();
    let mut bytes = unhex(value["hex"].as_str().unwrap());
    if dtype == Dtype::Bool {
        // Eight samples a byte, the first one highest.
        bytes =
            (0..shape.iter().product()).map(|i: usize| bytes[i / 8] >> (7 - i % 8) & 1).collect();
    }
    let mut buffer = Buffer::zeroed(bytes.len()).unwrap();
    buffer.bytes_mut().copy_from_slice(&bytes);
    Block::over(Region::whole(&shape), dtype, buffer).unwrap()
}

/// A recorded double.
pub(crate) fn double(value: &Value) -> f64 {
    f64::from_le_bytes(unhex(value.as_str().unwrap()).try_into().unwrap())
}

/// Plain JSON numbers.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks_exact(2).map(|p| digit(p[0]) << 4 | digit(p[1])).collect()
}

/// What the engine does: the samples of a region, those outside the image made by the boundary.
pub(crate) fn cut(image: &Block, region: &Region, boundary: petavox_core::Boundary) -> Block {
    let mut out = Block::zeros(region.clone(), image.dtype()).unwrap();
    petavox_core::dispatch!(image.dtype(), T => {
        let from = image.typed::<T>().unwrap();
        let to = out.typed_mut::<T>().unwrap();
        let mut i = 0;
        crate::filter::for_each_index(region.shape(), &mut |index| {
            let mut at = 0;
            let mut inside = true;
            for a in 0..index.len() {
                let x = region.start()[a] + index[a] as i64;
                match boundary.map(x, image.shape()[a]) {
                    Some(p) => at = at * image.shape()[a] + p,
                    None => inside = false,
                }
            }
            to[i] = if inside {
                from[at]
            } else if let petavox_core::Boundary::Constant(c) = boundary {
                <T as petavox_core::Element>::from_f64(c)
            } else {
                panic!("empty image")
            };
            i += 1;
        });
    });
    out
}

/// Cuts an image into blocks at the positions that `seed` draws; every sample is in one of them.
pub(crate) fn blocks(shape: &[usize], seed: u64) -> Vec<Region> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let mut all = vec![(vec![], vec![])];
    for &n in shape {
        let mut cuts = vec![0, n];
        for _ in 0..draw(3) {
            cuts.push(draw(n + 1));
        }
        cuts.sort_unstable();
        cuts.dedup();
        let pieces: Vec<(usize, usize)> = cuts.windows(2).map(|w| (w[0], w[1] - w[0])).collect();
        let mut next = vec![];
        for (start, len) in &all {
            for &(s, l) in &pieces {
                let (mut start, mut len): (Vec<i64>, Vec<usize>) = (start.clone(), len.clone());
                start.push(s as i64);
                len.push(l);
                next.push((start, len));
            }
        }
        all = next;
    }
    all.into_iter().map(|(start, len)| Region::new(start, len)).collect()
}
