//! Distances by trying every background sample that may be the nearest, as scipy.ndimage.distance_transform_bf does.

/// How distance is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Metric {
    Euclidean,
    Taxicab,
    Chessboard,
}

/// Background samples with foreground beside them, in raster order: coordinates axis by axis, and their numbers.
#[derive(Default)]
pub struct Border {
    /// A list per axis.
    pub coordinates: Vec<Vec<f64>>,
    /// Raster numbers.
    pub numbers: Vec<u64>,
}

impl Border {
    /// The nearest of them to a point, as what scipy returns and the sample's number: the last in raster order of several that are
    /// equally near; sample 0 at scipy's largest distance if there are none.
    pub fn nearest(&self, metric: Metric, point: &[f64], sampling: &[f64]) -> (f64, u64) {
        let mut least = f64::INFINITY;
        let mut number = None;
        for k in (0..self.numbers.len()).rev() {
            let along = (0..point.len()).map(|a| point[a] - self.coordinates[a][k]);
            let d = match metric {
                Metric::Euclidean => {
                    along.zip(sampling).fold(0.0, |d, (t, s)| d + (t * s) * (t * s))
                }
                Metric::Taxicab => along.fold(0.0, |d, t| d + t.abs()),
                Metric::Chessboard => along.fold(0.0, |d: f64, t| d.max(t.abs())),
            };
            if d < least {
                (least, number) = (d, Some(self.numbers[k]));
            }
        }
        match (metric, number) {
            (Metric::Euclidean, Some(number)) => (least.sqrt(), number),
            (Metric::Euclidean, None) => (f64::MAX.sqrt(), 0),
            (_, Some(number)) => (least, number),
            (_, None) => (f64::from(u32::MAX), 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_equally_near_wins() {
        let border = Border { coordinates: vec![vec![0.0, 4.0, 9.0]], numbers: vec![0, 4, 9] };
        assert_eq!(border.nearest(Metric::Euclidean, &[2.0], &[0.5]), (1.0, 4));
        assert_eq!(border.nearest(Metric::Taxicab, &[7.0], &[1.0]), (2.0, 9));
        assert_eq!(Border::default().nearest(Metric::Chessboard, &[7.0], &[1.0]).1, 0);
    }
}
