//! Total variation: Chambolle's iterations, a row at a time.
//!
//! A field along every axis pushes the image's values together; the image plus the field's divergence is the result so far (A. Chambolle, "An
//! algorithm for total variation minimization and applications", Journal of Mathematical Imaging and Vision 20, 2004). Sums go along the
//! row, so that they do not depend on anything but the image.

/// The rows of a field that a row of the result needs.
pub struct FieldRow<'a> {
    /// The field along this axis in the row itself.
    pub own: &'a [f64],
    /// In the row before along the axis; empty at the image's first row, and for the last axis.
    pub before: &'a [f64],
}

/// A row of the result: `out = image + divergence`. Returns the sum of the divergence's squares.
pub fn result_row(image: &[f64], fields: &[FieldRow<'_>], out: &mut [f64]) -> f64 {
    let n = out.len();
    let Some((first, rest)) = fields.split_first() else { return 0.0 };
    out.copy_from_slice(first.own);
    for field in rest {
        out.iter_mut().zip(field.own).for_each(|(o, p)| *o += p);
    }
    out.iter_mut().for_each(|o| *o = -*o);
    for (axis, field) in fields.iter().enumerate() {
        if axis + 1 == fields.len() {
            let own = field.own.iter().take(n.saturating_sub(1));
            out.iter_mut().skip(1).zip(own).for_each(|(o, p)| *o += p);
        } else {
            out.iter_mut().zip(field.before).for_each(|(o, p)| *o += p);
        }
    }
    let sum = out.iter().fold(0.0, |s, d| s + d * d);
    out.iter_mut().zip(image).for_each(|(o, i)| *o += i);
    sum
}

/// One step of the fields in a row. `own` is the result's row, `after` the row that follows it along each axis but the last (empty at the
/// image's end). Returns the sum of the gradient's lengths.
pub fn field_row(own: &[f64], after: &[&[f64]], weight: f64, fields: &mut [Vec<f64>]) -> f64 {
    let ndim = fields.len();
    let tau = 1.0 / (2.0 * ndim as f64);
    let mut sum = 0.0;
    let gradient = |axis: usize, i: usize| -> f64 {
        let next = if axis + 1 == ndim { own.get(i + 1) } else { after[axis].get(i) };
        next.map_or(0.0, |next| next - own[i])
    };
    for i in 0..own.len() {
        let square = (0..ndim).fold(0.0, |s, a| s + gradient(a, i) * gradient(a, i));
        let length = square.sqrt();
        sum += length;
        let norm = length * (tau / weight) + 1.0;
        for (axis, field) in fields.iter_mut().enumerate() {
            field[i] = (field[i] - tau * gradient(axis, i)) / norm;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_goes_down_on_both_sides_of_an_edge() {
        let image = [0.0, 0.0, 1.0, 1.0];
        let mut fields = vec![vec![0.0; 4]];
        let length = field_row(&image, &[], 0.5, &mut fields);
        assert_eq!(length, 1.0);
        assert_eq!(fields[0], [0.0, -0.25, 0.0, 0.0]);
        let mut out = [0.0; 4];
        let row = FieldRow { own: &fields[0], before: &[] };
        assert_eq!(result_row(&image, &[row], &mut out), 0.125);
        assert_eq!(out, [0.0, 0.25, 0.75, 1.0]);
    }
}
