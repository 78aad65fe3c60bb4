//! New numbers for labels.

use crate::sample::{CastTo, dispatch_integers};
use petavox_core::{Block, Dtype, Error, Result};

/// Writes `lookup[label]` for every label of a `uint32` block into `output`, which has the same region and any integer dtype or `bool`
/// (0 is false).
///
/// # Errors
/// [`Error::UnsupportedDtype`] for other dtypes, or when a new number does not fit the output's; [`Error::Internal`] if a label
/// is missing in the table or the regions differ.
pub fn relabel(labels: &Block, lookup: &[u64], output: &mut Block) -> Result<()> {
    let place = "relabel";
    if labels.dtype() != Dtype::UInt32 {
        return Err(Error::dtype(place, labels.dtype(), "uint32"));
    }
    if labels.region() != output.region() {
        return Err(Error::internal(place, "two regions"));
    }
    let given = output.dtype();
    let from = labels.typed::<u32>()?;
    if from.iter().any(|l| *l as usize >= lookup.len()) {
        return Err(Error::internal(place, format!("a label above {}", lookup.len())));
    }
    if given == Dtype::Bool {
        for (to, label) in output.typed_mut::<u8>()?.iter_mut().zip(from) {
            *to = u8::from(lookup[*label as usize] != 0);
        }
        return Ok(());
    }
    let largest = lookup.iter().copied().max().unwrap_or(0);
    dispatch_integers!(given, T => {
        if largest as i128 > T::MAX as i128 {
            let accepted = format!("dtypes that hold {largest}");
            return Err(Error::dtype("label (output)", given, accepted));
        }
        for (to, label) in output.typed_mut::<T>()?.iter_mut().zip(from) {
            *to = lookup[*label as usize].cast_to();
        }
        Ok(())
    }, else Err(Error::dtype("label (output)", given, "bool and integers")))
}
