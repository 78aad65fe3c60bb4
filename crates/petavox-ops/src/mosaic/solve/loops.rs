//! Ways between tiles, or between groups of tiles that are held together: two ways between the same ends close a loop, and confirm each
//! other if they lead to the same place.

/// More pairs than this at one end, and no way leads through it: a group with many neighbours is an end, not a step.
const STEPS: usize = 24;
/// Ways between the same ends that are compared.
pub(super) const COMPARED: usize = 64;

/// A pair between two nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The pair's number.
    pub(super) pair: usize,
}

/// A way of one or two pairs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// The lower number first.
    pub(super) ends: (usize, usize),
    /// The legs, and whether they are gone forwards.
    legs: [(usize, f64); 2],
    n: usize,
}

/// Nodes with pairs between them.
pub(super) struct Graph {
    ndim: usize,
    pub(super) legs: Vec<Leg>,
    /// How far the second node is off from where it is now, per leg and axis.
    offsets: Vec<f64>,
}

impl Graph {
    pub(super) fn new(ndim: usize) -> Graph {
        Graph { ndim, legs: Vec::new(), offsets: Vec::new() }
    }

    pub(super) fn push(&mut self, leg: Leg, offset: impl Iterator<Item = f64>) {
        self.legs.push(leg);
        self.offsets.extend(offset);
    }

    /// All ways of one or two legs, ordered by their ends.
    pub(super) fn ways(&self) -> Vec<Way> {
        let n = self.legs.iter().map(|l| l.from.max(l.to) + 1).max().unwrap_or(0);
        let mut around: Vec<Vec<(usize, usize, f64)>> = vec![Vec::new(); n];
        let mut ways = Vec::new();
        for (k, l) in self.legs.iter().enumerate() {
            around[l.from].push((l.to, k, 1.0));
            around[l.to].push((l.from, k, -1.0));
            let (ends, sign) = match l.from < l.to {
                true => ((l.from, l.to), 1.0),
                false => ((l.to, l.from), -1.0),
            };
            ways.push(Way { ends, legs: [(k, sign), (k, 0.0)], n: 1 });
        }
        for here in around.iter().filter(|a| a.len() <= STEPS) {
            for (i, &(a, first, s)) in here.iter().enumerate() {
                for &(b, second, t) in &here[i + 1..] {
                    // Backwards over the first, then forwards over the second.
                    let (ends, legs) = match a.cmp(&b) {
                        std::cmp::Ordering::Less => ((a, b), [(first, -s), (second, t)]),
                        std::cmp::Ordering::Greater => ((b, a), [(second, -t), (first, s)]),
                        std::cmp::Ordering::Equal => continue,
                    };
                    ways.push(Way { ends, legs, n: 2 });
                }
            }
        }
        ways.sort_by_key(|w| (w.ends, w.n));
        ways
    }

    /// The legs of a way.
    pub(super) fn of(&self, way: &Way) -> impl Iterator<Item = usize> + use<> {
        let way = *way;
        (0..way.n).map(move |k| way.legs[k].0)
    }

    /// True if two ways have no leg in common.
    pub(super) fn disjoint(&self, a: &Way, b: &Way) -> bool {
        self.of(a).all(|x| self.of(b).all(|y| x != y))
    }

    /// How far the ends of two ways are apart that should lead to the same place.
    pub(super) fn apart(&self, a: &Way, b: &Way) -> f64 {
        let along = |w: &Way, axis: usize| -> f64 {
            w.legs.iter().map(|(l, s)| s * self.offsets[l * self.ndim + axis]).sum()
        };
        (0..self.ndim).map(|k| (along(a, k) - along(b, k)).powi(2)).sum::<f64>().sqrt()
    }
}
