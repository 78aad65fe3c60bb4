//! The neighbourhood of an operation on masks, as users give it.

use crate::Params;
use petavox_core::{Error, Result};
use petavox_kernels::morphology::Footprint;
use serde_json::{Value as Json, json};

/// A footprint and what it was made from.
#[derive(Clone)]
pub(crate) struct Structure {
    pub(crate) footprint: Footprint,
    /// scipy's `origin`, per axis.
    pub(crate) origin: Vec<i64>,
    given: Vec<(&'static str, Json)>,
}

fn lengths(params: &mut Params, name: &str, ndim: usize) -> Result<Option<Vec<usize>>> {
    let Some(size) = params.numbers(name)? else { return Ok(None) };
    let size = if size.len() == 1 { vec![size[0]; ndim] } else { size };
    if size.len() != ndim || size.iter().any(|s| !(1.0..=1e4).contains(s) || s.fract() != 0.0) {
        let expected = format!("whole numbers, 1 to 10000, one or {ndim} of them");
        let name = format!("{}: {name}", params.op());
        return Err(Error::argument(name, format!("{size:?}"), expected));
    }
    Ok(Some(size.iter().map(|&s| s as usize).collect()))
}

impl Structure {
    /// A `generate_binary_structure` of `connectivity` (1, the cross, by default), a box of `size` samples per axis, or any mask as
    /// `structure_shape` and `structure`, its samples in C order as 0 and 1; and scipy's `origin`.
    pub(crate) fn take(params: &mut Params, ndim: usize) -> Result<Structure> {
        let name = params.op().to_owned();
        let connectivity = params.count("connectivity")?;
        let size = lengths(params, "size", ndim)?;
        let shape = lengths(params, "structure_shape", ndim)?;
        let mask = params.parsed::<Vec<u8>>("structure")?;
        let origin = params.numbers("origin")?;
        let mut given = vec![];
        let footprint = match (connectivity, size, shape, mask) {
            (None, None, Some(shape), Some(mask)) => {
                let is_set: Vec<bool> = mask.iter().map(|m| *m != 0).collect();
                given.push(("structure_shape", json!(shape)));
                given.push(("structure", json!(mask)));
                Footprint::new(&shape, &is_set)?
            }
            (None, Some(size), None, None) => {
                given.push(("size", json!(size)));
                Footprint::cuboid(&size)?
            }
            (hops, None, None, None) => {
                let hops = hops.unwrap_or(1) as usize;
                if hops == 0 || hops > ndim {
                    let expected = format!("1 to {ndim}");
                    return Err(Error::argument(format!("{name}: connectivity"), hops, expected));
                }
                given.push(("connectivity", json!(hops)));
                Footprint::connectivity(ndim, hops)?
            }
            _ => {
                let expected = "connectivity, size, or structure with structure_shape";
                return Err(Error::argument(
                    name,
                    "several neighbourhoods, or half of one",
                    expected,
                ));
            }
        };
        let origin = match origin {
            None => vec![0; ndim],
            Some(origin) => {
                let shape = footprint.shape();
                let inside = |(o, n): (&f64, &usize)| {
                    let place = (*n / 2) as f64 + o;
                    o.fract() == 0.0 && place >= 0.0 && place < *n as f64
                };
                if origin.len() != ndim || !origin.iter().zip(shape).all(inside) {
                    let expected =
                        format!("{ndim} whole numbers that keep the centre inside {shape:?}");
                    let name = format!("{name}: origin");
                    return Err(Error::argument(name, format!("{origin:?}"), expected));
                }
                origin.iter().map(|o| *o as i64).collect()
            }
        };
        if origin.iter().any(|o| *o != 0) {
            given.push(("origin", json!(origin)));
        }
        Ok(Structure { footprint, origin, given })
    }

    /// [`Structure::take`] with all neighbours as the default.
    pub(crate) fn or_all(params: &mut Params, ndim: usize) -> Result<Structure> {
        params.set_default("connectivity", ndim.max(1) as u64, &["size", "structure"]);
        Structure::take(params, ndim.max(1))
    }

    /// The parameters that make it again, added to others.
    pub(crate) fn describe(&self, mut params: Json) -> Json {
        for (name, value) in &self.given {
            params[name] = value.clone();
        }
        params
    }

    /// Where the samples lie that an erosion (or else a dilation) looks at.
    pub(crate) fn offsets(&self, erode: bool) -> Vec<Vec<i64>> {
        let sign = if erode { 1 } else { -1 };
        let moved =
            |o: &Vec<i64>| o.iter().zip(&self.origin).map(|(x, m)| sign * (x - m)).collect();
        self.footprint.offsets().iter().map(moved).collect()
    }
}
