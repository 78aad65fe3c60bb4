//! The block an operation asked for, from the block that was made: samples outside the image come from the boundary rule.

use super::pool::Pool;
use crate::contract::Need;
use petavox_core::{Block, Boundary, Error, ImageSpec, Region, Result};

/// The block an operation asked for, made from what was read: samples outside the image by the boundary rule.
pub(super) fn pad(have: &Block, need: &Need, shape: &[usize], pool: &mut Pool) -> Result<Block> {
    let dtype = have.dtype();
    let buffer = pool.take(need.region.len() * dtype.size())?;
    let mut out = Block::over(need.region.clone(), dtype, buffer)?;
    if Region::whole(shape).contains(&need.region) {
        out.copy_from(have)?;
        return Ok(out);
    }
    if let Boundary::Constant(value) = need.boundary {
        out.fill(value);
        out.copy_from(have)?;
        return Ok(out);
    }
    let size = dtype.size();
    let n = shape.len();
    let map = |a: usize, x: i64| {
        need.boundary.map(x, shape[a]).map(|p| p as i64 - have.region().start()[a])
    };
    let columns: Vec<Option<i64>> =
        (need.region.start()[n - 1]..need.region.end(n - 1)).map(|x| map(n - 1, x)).collect();
    let strides = have.strides();
    let from = have.bytes();
    let row_bytes = need.region.shape()[n - 1] * size;
    let mut at = 0;
    let region = need.region.clone();
    let to = out.bytes_mut();
    // Columns that stand one after another are copied as one run.
    let runs = runs_of(&columns);
    let mut missing = false;
    region.for_each_row(|point| {
        let mut base = 0;
        for a in 0..n - 1 {
            match map(a, point[a]) {
                Some(p) => base += p as usize * strides[a],
                None => missing = true,
            }
        }
        let row = &mut to[at..at + row_bytes];
        for &(first, source, len) in &runs {
            let f = (base + source) * size;
            row[first * size..(first + len) * size].copy_from_slice(&from[f..f + len * size]);
        }
        at += row_bytes;
    });
    if missing {
        return Err(Error::internal("pad", format!("{} of an image of {shape:?}", need.region)));
    }
    Ok(out)
}

/// The block an operation asked for, if the image has no sample in it: a constant, or nothing at all.
pub(super) fn outside(need: &Need, spec: &ImageSpec, pool: &mut Pool) -> Result<Block> {
    let buffer = pool.take(need.region.len() * spec.dtype.size())?;
    let mut out = Block::over(need.region.clone(), spec.dtype, buffer)?;
    match need.boundary {
        Boundary::Constant(value) => out.fill(value),
        _ if need.region.is_empty() => {}
        _ => {
            let problem = format!("{} of an image of {:?}", need.region, spec.shape);
            return Err(Error::internal("pad", problem));
        }
    }
    Ok(out)
}

/// Maximal runs `(first, source, len)` of columns whose sources follow one another.
fn runs_of(columns: &[Option<i64>]) -> Vec<(usize, usize, usize)> {
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        let Some(c) = *column else { continue };
        match runs.last_mut() {
            Some((first, source, len)) if *first + *len == i && *source + *len == c as usize => {
                *len += 1
            }
            _ => runs.push((i, c as usize, 1)),
        }
    }
    runs
}
