//! A network as steps over arrays: which are compared, and where the results stand.

use super::graph::{Graph, Node, Value};
use super::network::ranked;
use crate::window::{Key, LANES, Window, lanes};

/// Where a step finds its samples.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In a row of the image.
    Row(usize),
    /// In an array of results.
    Slot(usize),
}

/// Two arrays compared: the lesser samples go to one slot, the greater to another, or either alone.
#[derive(Clone, Copy, Debug)]
struct Step {
    a: (Place, usize),
    b: (Place, usize),
    low: Option<usize>,
    high: Option<usize>,
    /// Samples beyond those of a segment that later steps need.
    extra: usize,
}

/// The steps that leave the sample of a rank of a window.
#[derive(Debug)]
pub(super) struct Program {
    /// The rows of the window: their places on all axes but the last.
    rows: Vec<Vec<usize>>,
    steps: Vec<Step>,
    result: (Place, usize),
    n_slots: usize,
    extra: usize,
}

impl Program {
    /// The steps for a window and a rank, 0 for the least.
    pub(super) fn new(window: &Window, rank: usize) -> Option<Program> {
        let last = window.ndim().saturating_sub(1);
        let width = window.shape().last().copied().unwrap_or(1);
        let mut rows: Vec<Vec<usize>> = vec![];
        let mut columns = vec![vec![]; width];
        window.for_each_cell(&mut |cell| {
            if rows.last().is_none_or(|r| r[..] != cell[..last]) {
                rows.push(cell[..last].to_vec());
            }
            columns[cell.get(last).copied().unwrap_or(0)].push(rows.len() as u32 - 1);
        });
        let mut graph = Graph::default();
        let result = ranked(&mut graph, &columns, rank)?;
        Some(Writer::new(&graph, result).write(rows))
    }

    /// Samples of a segment: as many as keep all slots in `bytes` of cache. With what is needed beyond them they are whole lanes.
    pub(super) fn segment<K>(&self, bytes: usize) -> usize {
        let fits = bytes / size_of::<K>() / self.n_slots.max(1) / LANES;
        let least = self.extra.div_ceil(LANES) + 2;
        fits.clamp(least, least + 30) * LANES - self.extra
    }

    /// Samples of all slots for segments of this length.
    pub(super) fn slots_len(&self, segment: usize) -> usize {
        // Slots more are a margin for what is read in whole vectors beyond a row or a slot.
        (self.n_slots + 2) * self.stride(segment) + self.result.1
    }

    fn stride(&self, segment: usize) -> usize {
        (segment + self.extra).next_multiple_of(LANES)
    }

    /// How many comparisons there are.
    #[cfg(test)]
    pub(super) fn n_steps(&self) -> usize {
        self.steps.len()
    }

    /// Where the steps work in a memory whose first part holds the image, in lines of these strides, and whose slots begin at `slots`.
    pub(super) fn placed(&self, strides: &[usize], slots: usize, segment: usize) -> Placed {
        let stride = self.stride(segment);
        let place = |(place, shift): (Place, usize)| match place {
            Place::Row(row) => {
                let at: usize = self.rows[row].iter().zip(strides).map(|(r, s)| r * s).sum();
                Address { at: at + shift, moves: usize::MAX }
            }
            Place::Slot(slot) => Address { at: slots + slot * stride + shift, moves: 0 },
        };
        let slot = |slot: Option<usize>| slot.map(|s| slots + s * stride);
        let steps = self.steps.iter().map(|step| Work {
            a: place(step.a),
            b: place(step.b),
            low: slot(step.low),
            high: slot(step.high),
            extra: step.extra,
        });
        Placed { steps: steps.collect(), result: place(self.result), segment }
    }
}

/// A place in memory; rows move with the segment.
#[derive(Clone, Copy)]
struct Address {
    at: usize,
    moves: usize,
}

impl Address {
    #[inline(always)]
    fn of(self, segment: usize) -> usize {
        self.at + (segment & self.moves)
    }
}

struct Work {
    a: Address,
    b: Address,
    low: Option<usize>,
    high: Option<usize>,
    extra: usize,
}

/// A program with addresses.
pub(super) struct Placed {
    steps: Vec<Work>,
    result: Address,
    segment: usize,
}

impl Placed {
    /// Leaves the results of the first `used` places from `found` on.
    pub(super) fn run<K: Key>(&self, memory: &mut [K], found: usize, used: usize) {
        let mut at = 0;
        while at < used {
            let n = self.segment.min(used - at);
            run_segment(memory, &self.steps, at, n);
            let from = self.result.of(at);
            memory.copy_within(from..from + n, found + at);
            at += n;
        }
    }
}

lanes! {
    fn run_segment<K: Key>(memory: &mut [K], steps: &[Work], segment: usize, n: usize) {
        for step in steps {
            let n = (n + step.extra).next_multiple_of(LANES);
            let (a, b) = (step.a.of(segment), step.b.of(segment));
            match (step.low, step.high) {
                (Some(low), Some(high)) => exchange::<K, true, true>(memory, a, b, low, high, n),
                (Some(low), None) => exchange::<K, true, false>(memory, a, b, low, low, n),
                (None, Some(high)) => exchange::<K, false, true>(memory, a, b, high, high, n),
                (None, None) => {}
            }
        }
    }
}

/// Compares `n` samples, a whole number of lanes. Results may go where operands stand at the same place or further on.
#[inline(always)]
fn exchange<K: Key, const LOW: bool, const HIGH: bool>(
    memory: &mut [K],
    a: usize,
    b: usize,
    low: usize,
    high: usize,
    n: usize,
) {
    assert!(a.max(b).max(low).max(high) + n <= memory.len(), "a step beyond its memory");
    let memory = memory.as_mut_ptr();
    let mut i = 0;
    while i < n {
        let mut lesser = [K::TOP; LANES];
        let mut greater = [K::TOP; LANES];
        // SAFETY: `i + LANES <= n`, and all four places have `n` samples behind them; arrays on the stack overlap nothing.
        unsafe {
            std::ptr::copy_nonoverlapping(memory.add(a + i), lesser.as_mut_ptr(), LANES);
            std::ptr::copy_nonoverlapping(memory.add(b + i), greater.as_mut_ptr(), LANES);
        }
        for k in 0..LANES {
            let (x, y) = (lesser[k], greater[k]);
            lesser[k] = x.min(y);
            greater[k] = x.max(y);
        }
        // SAFETY: as above.
        unsafe {
            if LOW {
                std::ptr::copy_nonoverlapping(lesser.as_ptr(), memory.add(low + i), LANES);
            }
            if HIGH {
                std::ptr::copy_nonoverlapping(greater.as_ptr(), memory.add(high + i), LANES);
            }
        }
        i += LANES;
    }
}

/// Writes the steps of a graph: only what the result needs, both results of a comparison at once, in as few slots as there are results
/// that are still needed.
struct Writer<'a> {
    graph: &'a Graph,
    result: Value,
    /// Samples beyond a segment's, for nodes that are needed.
    extra: Vec<Option<usize>>,
}

impl Writer<'_> {
    fn new(graph: &Graph, result: Value) -> Writer<'_> {
        let mut extra: Vec<Option<usize>> = vec![None; graph.nodes.len()];
        extra[result.node as usize] = Some(result.shift as usize);
        for i in (0..graph.nodes.len()).rev() {
            let (Some(own), Node::Low(a, b) | Node::High(a, b)) = (extra[i], graph.nodes[i]) else {
                continue;
            };
            for v in [a, b] {
                let needed = &mut extra[v.node as usize];
                *needed = (*needed).max(Some(own + v.shift as usize));
            }
        }
        Writer { graph, result, extra }
    }

    fn write(&self, rows: Vec<Vec<usize>>) -> Program {
        let order = self.order();
        // The step after which a node is no longer needed.
        let mut last_use = vec![0; self.graph.nodes.len()];
        last_use[self.result.node as usize] = usize::MAX;
        for (i, (a, b, ..)) in order.iter().enumerate() {
            for v in [a, b] {
                let last = &mut last_use[v.node as usize];
                *last = (*last).max(i);
            }
        }
        let mut slots: Vec<Option<usize>> = vec![None; self.graph.nodes.len()];
        let (mut free, mut n_slots) = (vec![], 0);
        let mut steps = Vec::with_capacity(order.len());
        let mut most = 0;
        for (i, &(a, b, low, high)) in order.iter().enumerate() {
            let (from_a, from_b) = (self.place(a, &slots), self.place(b, &slots));
            for v in [a, b] {
                if last_use[v.node as usize] == i
                    && let Some(slot) = slots[v.node as usize].take()
                {
                    free.push(slot);
                }
            }
            let mut extra = 0;
            let mut slot_of = |node: Option<usize>| {
                node.map(|node| {
                    extra = extra.max(self.extra[node].unwrap_or(0));
                    let slot = free.pop().unwrap_or_else(|| {
                        n_slots += 1;
                        n_slots - 1
                    });
                    slots[node] = Some(slot);
                    slot
                })
            };
            let (low, high) = (slot_of(low), slot_of(high));
            most = most.max(extra);
            steps.push(Step { a: from_a, b: from_b, low, high, extra });
        }
        let result = self.place(self.result, &slots);
        Program { rows, steps, result, n_slots, extra: most }
    }

    fn place(&self, value: Value, slots: &[Option<usize>]) -> (Place, usize) {
        let place = match (self.graph.nodes[value.node as usize], slots[value.node as usize]) {
            (Node::Row(row), _) => Place::Row(row as usize),
            (_, slot) => Place::Slot(slot.unwrap_or(0)),
        };
        (place, value.shift as usize)
    }

    /// The comparisons that are needed, each with the nodes that are wanted of it, low and high.
    #[allow(clippy::type_complexity)]
    fn order(&self) -> Vec<(Value, Value, Option<usize>, Option<usize>)> {
        let mut order: Vec<(Value, Value, Option<usize>, Option<usize>)> = vec![];
        let mut at = std::collections::HashMap::new();
        for (i, node) in self.graph.nodes.iter().enumerate() {
            let (Node::Low(a, b) | Node::High(a, b)) = *node else { continue };
            if self.extra[i].is_none() {
                continue;
            }
            let step = *at.entry((a, b)).or_insert(order.len());
            if step == order.len() {
                order.push((a, b, None, None));
            }
            match node {
                Node::Low(..) => order[step].2 = Some(i),
                _ => order[step].3 = Some(i),
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_in_a_row_share_their_comparisons() {
        let steps = |shape: &[usize]| {
            let window = Window::new(shape, &vec![0; shape.len()], None).unwrap();
            Program::new(&window, window.len() / 2).unwrap().n_steps()
        };
        // Sorting the samples of each window by itself would take 26, 155 and more than 1,400.
        let found: Vec<usize> =
            [&[3, 3][..], &[3, 3, 3], &[5, 5, 5], &[15, 15]].iter().map(|s| steps(s)).collect();
        assert_eq!(found, [15, 72, 466, 1245]);
    }
}
