//! Which background sample is nearest: the passes of the distance transform, which carry the sample's number along.
//!
//! Among samples at the same distance the choice is scipy.ndimage's: axes are passed from the first to the last, and along a line the
//! earlier one stays until another is strictly nearer (C. R. Maurer, R. Qi and V. Raghavan, IEEE Trans. PAMI 25, 2003).

/// The number of a sample from which no background was seen yet.
pub const NOWHERE: u64 = u64::MAX;

/// Lines that are passed one after another share this.
#[derive(Default)]
pub struct Line {
    sites: Vec<usize>,
    squares: Vec<f64>,
    features: Vec<u64>,
}

impl Line {
    /// One line: `squares[i]` becomes the least of `squares[j] + (spacing * (i - j))^2`, and `features[i]` becomes `features[j]`.
    /// Lines have to be passed along the axes in order.
    pub fn pass(&mut self, squares: &mut [f64], features: &mut [u64], spacing: f64) {
        self.squares.clear();
        self.squares.extend_from_slice(squares);
        self.features.clear();
        self.features.extend_from_slice(features);
        self.sites.clear();
        for (i, feature) in self.features.iter().enumerate() {
            if *feature == NOWHERE {
                continue;
            }
            while let [.., before, last] = self.sites[..] {
                if !self.hidden(before, last, i, spacing) {
                    break;
                }
                self.sites.pop();
            }
            self.sites.push(i);
        }
        let Some(&first) = self.sites.first() else { return };
        let mut k = 0;
        let mut site = first;
        for i in 0..squares.len() {
            let mut best = self.at(site, i, spacing);
            while let Some(&next) = self.sites.get(k + 1) {
                let other = self.at(next, i, spacing);
                if best <= other {
                    break;
                }
                best = other;
                k += 1;
                site = next;
            }
            squares[i] = best;
            features[i] = self.features[site];
        }
    }

    fn at(&self, site: usize, i: usize, spacing: f64) -> f64 {
        let d = (site as f64 - i as f64) * spacing;
        self.squares[site] + d * d
    }

    /// True if `last` is nearest nowhere, between `before` and the new site.
    fn hidden(&self, before: usize, last: usize, new: usize, spacing: f64) -> bool {
        let (left, right) = ((last - before) as f64 * spacing, (new - last) as f64 * spacing);
        let both = left + right;
        let (u, v, w) = (self.squares[before], self.squares[last], self.squares[new]);
        both * v - right * u - left * w - left * right * both > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_two_equally_near_samples_stays() {
        let (far, no) = (f64::INFINITY, NOWHERE);
        let mut squares = [0.0, far, far, far, 0.0];
        let mut features = [10, no, no, no, 14];
        Line::default().pass(&mut squares, &mut features, 1.0);
        assert_eq!(squares, [0.0, 1.0, 4.0, 1.0, 0.0]);
        assert_eq!(features, [10, 10, 10, 14, 14]);
    }

    #[test]
    fn a_line_without_background_stays_as_it_is() {
        let (mut squares, mut features) = ([f64::INFINITY; 3], [NOWHERE; 3]);
        Line::default().pass(&mut squares, &mut features, 0.5);
        assert_eq!(features, [NOWHERE; 3]);
    }
}
