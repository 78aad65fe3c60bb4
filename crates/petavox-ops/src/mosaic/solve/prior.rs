//! How far pairs are from what the stage means.

use super::{Net, median};

/// A pair that nothing confirms may differ from what the stage means by this many times what others do, and this many samples.
const TIMES: f64 = 6.0;
const SAMPLES: f64 = 2.0;
/// With fewer pairs too little is known of the stage to contradict anything.
const LEAST: usize = 6;

/// How far pairs are from what the stage means, and how far they usually are.
pub(super) struct Prior {
    /// Per pair: the square in units of what is usual, and of half a sample at least.
    pub(super) squares: Vec<f64>,
    /// Per pair: farther than can be believed without another pair that confirms it.
    pub(super) far: Vec<bool>,
}

impl Prior {
    /// What is usual is read from the trusted pairs; from all, if those are few. A pair between parts of several tiles is compared with what
    /// the stage means by all of them: `places` are such that their middles are where the stage means.
    pub(super) fn of(
        net: &Net<'_>,
        trusted: &[bool],
        part: &[usize],
        places: &[Vec<f64>],
    ) -> Prior {
        let n = net.pairs.len();
        let alone = |e: usize, a: usize| -> f64 {
            let p = &net.pairs[e];
            p.shift[a] - (net.meant[p.second][a] - net.meant[p.first][a])
        };
        let mut sure: Vec<usize> = (0..n).filter(|&e| trusted[e]).collect();
        if sure.len() < LEAST {
            sure = (0..n).filter(|&e| net.pairs[e].weight > 0.0).collect();
        }
        let usual: Vec<f64> = (0..net.ndim)
            .map(|a| 1.4826 * median(&sure.iter().map(|&e| alone(e, a).abs()).collect::<Vec<_>>()))
            .collect();
        let mut sizes = vec![0usize; part.len()];
        part.iter().for_each(|&p| sizes[p] += 1);
        let square = |e: usize| -> f64 {
            let p = &net.pairs[e];
            let (a, b) = (part[p.first], part[p.second]);
            if a == b {
                return (0..net.ndim).map(|k| (alone(e, k) / usual[k].max(0.5)).powi(2)).sum();
            }
            let by = ((1.0 / sizes[a] as f64 + 1.0 / sizes[b] as f64) / 2.0).sqrt().max(0.25);
            let off = |k: usize| places[p.first][k] + p.shift[k] - places[p.second][k];
            (0..net.ndim).map(|k| (off(k) / (by * usual[k]).max(0.5)).powi(2)).sum()
        };
        let is_far = |e: usize| {
            sure.len() >= LEAST
                && (0..net.ndim).any(|a| alone(e, a).abs() > TIMES * usual[a] + SAMPLES)
        };
        Prior { squares: (0..n).map(square).collect(), far: (0..n).map(is_far).collect() }
    }

    /// Of several pairs.
    pub(super) fn mean(&self, pairs: &[usize]) -> f64 {
        pairs.iter().map(|&e| self.squares[e]).sum::<f64>() / pairs.len().max(1) as f64
    }
}
