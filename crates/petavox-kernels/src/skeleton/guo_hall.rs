//! Thinning of a 2-D mask by the parallel rule of Z. Guo and R. W. Hall (CACM 32, 1989), 64 samples at a time: the conditions of
//! skimage.morphology.thin.

/// One half-pass over a row: the bits of `own` that stay, given the rows above and below (empty beyond the image). `second` is the half
/// that looks the other way.
///
/// # Panics
/// If `to` is longer than `own` (a programming error).
pub fn thin_row(above: &[u64], own: &[u64], below: &[u64], second: bool, to: &mut [u64]) {
    let word = |row: &[u64], w: usize| row.get(w).copied().unwrap_or(0);
    let east = |row: &[u64], w: usize| word(row, w) >> 1 | word(row, w + 1) << 63;
    let west =
        |row: &[u64], w: usize| word(row, w) << 1 | if w == 0 { 0 } else { word(row, w - 1) >> 63 };
    for (w, to) in to.iter_mut().enumerate() {
        let centre = own[w];
        if centre == 0 {
            *to = 0;
            continue;
        }
        // Counter-clockwise from the east.
        let x = [
            east(own, w),
            east(above, w),
            word(above, w),
            west(above, w),
            west(own, w),
            west(below, w),
            word(below, w),
            east(below, w),
        ];
        // One component around: just one place where background along an axis is followed by foreground.
        let (mut once, mut twice) = (0, 0);
        for k in [0, 2, 4, 6] {
            let begins = !x[k] & (x[k + 1] | x[(k + 2) % 8]);
            twice |= once & begins;
            once |= begins;
        }
        // Two or three pairs of neighbours, in the poorer of the two ways to pair them.
        let first_pairs = [x[0] | x[1], x[2] | x[3], x[4] | x[5], x[6] | x[7]];
        let other_pairs = [x[1] | x[2], x[3] | x[4], x[5] | x[6], x[7] | x[0]];
        let (first, other) = (counts(first_pairs), counts(other_pairs));
        let two = first[0] & other[0];
        let four = first[1] & other[1];
        let side = match second {
            false => (x[1] | x[2] | !x[7]) & x[0],
            true => (x[5] | x[6] | !x[3]) & x[4],
        };
        *to = centre & !(once & !twice & two & !four & !side);
    }
}

/// Where at least two of four are set, and where all are.
fn counts(pairs: [u64; 4]) -> [u64; 2] {
    let [a, b, c, d] = pairs;
    let two = a & b | c & d | (a | b) & (c | d);
    [two, a & b & c & d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_sample_and_a_line_stay() {
        let mut to = [0];
        for second in [false, true] {
            thin_row(&[], &[0b100], &[], second, &mut to);
            assert_eq!(to, [0b100]);
            thin_row(&[], &[0b11100], &[], second, &mut to);
            assert_eq!(to, [0b11100]);
        }
    }

    #[test]
    fn a_thick_bar_loses_one_side_in_each_half() {
        let bar = [0b111110];
        let mut to = [0];
        thin_row(&[], &bar, &bar, false, &mut to);
        assert_ne!(to, bar);
    }
}
