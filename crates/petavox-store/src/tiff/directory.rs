//! The directories of a TIFF that is being finished.

use super::page::{Format, Layout};
use petavox_core::Dtype;

/// A field's value.
pub(crate) enum Value {
    /// 16-bit numbers.
    Short(Vec<u16>),
    /// 32-bit numbers.
    Long(Vec<u32>),
    /// Positions in the file: 32 bits in classic TIFF, 64 in BigTIFF.
    Place(Vec<u64>),
    /// Text.
    Text(String),
    /// A fraction.
    Fraction(u32, u32),
}

/// A page's fields; encoded with the numbers' low byte first.
pub(crate) struct Directory {
    pub(crate) big: bool,
    fields: Vec<(u16, Value)>,
}

impl Directory {
    /// The fields of a page of this layout with these chunks.
    pub(crate) fn of(layout: &Layout, big: bool, offsets: Vec<u64>, counts: Vec<u64>) -> Directory {
        let n = layout.samples;
        let format = match layout.format {
            Format::Uint => 1,
            Format::Int => 2,
            Format::Float => 3,
        };
        let mut fields = vec![
            (256, Value::Long(vec![layout.width as u32])),
            (257, Value::Long(vec![layout.height as u32])),
            (258, Value::Short(vec![layout.bits as u16; n])),
            (259, Value::Short(vec![layout.compression as u16])),
            (262, Value::Short(vec![layout.photometric as u16])),
            (277, Value::Short(vec![n as u16])),
            (284, Value::Short(vec![1])),
            (322, Value::Long(vec![layout.chunk_width as u32])),
            (323, Value::Long(vec![layout.chunk_height as u32])),
            (324, Value::Place(offsets)),
            (325, Value::Place(counts)),
            (339, Value::Short(vec![format; n])),
        ];
        if layout.predictor != 1 {
            fields.push((317, Value::Short(vec![layout.predictor as u16])));
        }
        let n_colours = if layout.photometric == 2 { 3 } else { 1 };
        if n > n_colours {
            fields.push((338, Value::Short(vec![0; n - n_colours])));
        }
        Directory { big, fields }
    }

    /// Adds a field.
    pub(crate) fn push(&mut self, tag: u16, value: Value) {
        self.fields.push((tag, value));
    }

    /// Replaces a field.
    pub(crate) fn set(&mut self, tag: u16, value: Value) {
        self.fields.retain(|f| f.0 != tag);
        self.fields.push((tag, value));
    }

    /// The directory and its values as they stand in the file from `start` on; `next` is where the following one begins.
    pub(crate) fn encode(&mut self, start: u64, next: u64) -> Vec<u8> {
        self.fields.sort_by_key(|f| f.0);
        let (head, entry, link) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let inline = link;
        let mut values_at = start + (head + entry * self.fields.len() + link) as u64;
        let mut out = Vec::new();
        put(&mut out, self.fields.len() as u64, head);
        let mut values = Vec::new();
        for (tag, value) in &self.fields {
            let (kind, count, bytes) = value.encode(self.big);
            put(&mut out, u64::from(*tag), 2);
            put(&mut out, kind, 2);
            put(&mut out, count, link);
            if bytes.len() <= inline {
                out.extend(&bytes);
                out.resize(out.len() + inline - bytes.len(), 0);
            } else {
                put(&mut out, values_at, link);
                let padding = bytes.len() % 2;
                values_at += (bytes.len() + padding) as u64;
                values.extend(bytes);
                values.resize(values.len() + padding, 0);
            }
        }
        put(&mut out, next, link);
        out.extend(values);
        out
    }
}

impl Value {
    /// Type, number of values and bytes.
    fn encode(&self, big: bool) -> (u64, u64, Vec<u8>) {
        match self {
            Value::Short(v) => {
                (3, v.len() as u64, v.iter().flat_map(|n| n.to_le_bytes()).collect())
            }
            Value::Long(v) => (4, v.len() as u64, v.iter().flat_map(|n| n.to_le_bytes()).collect()),
            Value::Place(v) if big => {
                (16, v.len() as u64, v.iter().flat_map(|n| n.to_le_bytes()).collect())
            }
            Value::Place(v) => {
                (4, v.len() as u64, v.iter().flat_map(|n| (*n as u32).to_le_bytes()).collect())
            }
            Value::Text(t) => (2, t.len() as u64 + 1, [t.as_bytes(), &[0]].concat()),
            Value::Fraction(a, b) => (5, 1, [a.to_le_bytes(), b.to_le_bytes()].concat()),
        }
    }
}

fn put(out: &mut Vec<u8>, number: u64, len: usize) {
    out.extend(&number.to_le_bytes()[..len]);
}

/// The header that points at the first directory.
pub(crate) fn header(big: bool, first: u64) -> Vec<u8> {
    let mut out = b"II".to_vec();
    put(&mut out, if big { 43 } else { 42 }, 2);
    if big {
        put(&mut out, 8, 2);
        put(&mut out, 0, 2);
    }
    put(&mut out, first, if big { 8 } else { 4 });
    out
}

/// A number as the nearest fraction of 32-bit numbers.
pub(crate) fn fraction(value: f64) -> Option<Value> {
    if !(value.is_finite() && (1e-9..4e9).contains(&value)) {
        return None;
    }
    let below = (4.2e9 / value.max(1.0)).min(1e9).floor();
    let above = (value * below).round();
    (above >= 1.0).then_some(Value::Fraction(above as u32, below as u32))
}

/// Sample format and bits of a dtype as we write it.
pub(crate) fn sample_format(dtype: Dtype) -> (Format, u32) {
    match dtype {
        Dtype::Bool => (Format::Uint, 1),
        d if d.is_float() => (Format::Float, d.size() as u32 * 8),
        d if d.is_signed() => (Format::Int, d.size() as u32 * 8),
        d => (Format::Uint, d.size() as u32 * 8),
    }
}
