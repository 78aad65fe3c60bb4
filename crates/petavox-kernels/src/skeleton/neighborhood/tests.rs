use super::*;

/// Whether [`are_simple`] says so, alone in one lane and in all.
fn is_simple(n: u32) -> bool {
    let in_all = are_simple(&[n; LANES]);
    assert!(in_all == 0 || in_all == (1 << LANES) - 1, "{n:#029b}");
    let lane = n as usize % LANES;
    let mut one = [NEIGHBORS; LANES];
    one[lane] = n;
    assert_eq!(are_simple(&one), in_all & 1 << lane, "{n:#029b}");
    in_all != 0
}

/// The definition, by flood fill over a list of neighbours.
struct Reference {
    near26: [Vec<usize>; 27],
    near6: [Vec<usize>; 27],
}

impl Reference {
    fn new() -> Reference {
        let at = |i: usize| [i / 9, i / 3 % 3, i % 3];
        let gaps = |i: usize, j: usize| -> Vec<usize> {
            (0..3).map(|a| at(i)[a].abs_diff(at(j)[a])).collect()
        };
        let near = |sum: usize| {
            std::array::from_fn(|i| {
                (0..27)
                    .filter(|&j| {
                        let g = gaps(i, j);
                        i != j && g.iter().all(|&d| d <= 1) && g.iter().sum::<usize>() <= sum
                    })
                    .collect()
            })
        };
        Reference { near26: near(3), near6: near(1) }
    }

    fn components(&self, set: u32, near: &[Vec<usize>; 27], touching: u32) -> usize {
        let mut left = set;
        let mut n = 0;
        while left != 0 {
            let mut stack = vec![left.trailing_zeros() as usize];
            left &= left - 1;
            let mut touches = false;
            while let Some(i) = stack.pop() {
                touches |= touching >> i & 1 != 0;
                for &j in &near[i] {
                    if left >> j & 1 != 0 {
                        left &= !(1 << j);
                        stack.push(j);
                    }
                }
            }
            n += usize::from(touches);
        }
        n
    }

    fn is_simple(&self, n: u32) -> bool {
        self.components(n, &self.near26, NEIGHBORS) == 1
            && self.components(!n & (FACES | EDGES), &self.near6, FACES) == 1
    }
}

#[test]
fn simple_is_one_component_of_foreground_and_one_of_background() {
    let reference = Reference::new();
    // Every low half with a sparse and a dense sample of high halves; in release many more.
    let n_samples = if cfg!(debug_assertions) { 400_000 } else { 8_000_000 };
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for i in 0..n_samples {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (state ^ state >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let (a, b) = ((mixed >> 34) as u32, (mixed >> 3) as u32);
        let n = match i % 4 {
            0 => a,
            1 => a & b,
            2 => a | b,
            _ => a & b & (mixed >> 21) as u32,
        } & NEIGHBORS;
        assert_eq!(is_simple(n), reference.is_simple(n), "{n:#029b}");
        assert_eq!(
            at_most_one_component(n),
            reference.components(n, &reference.near26, NEIGHBORS) <= 1,
            "{n:#029b}"
        );
        assert_eq!(is_endpoint(n), n.count_ones() == 1);
    }
}

#[test]
fn simple_holds_for_all_neighbourhoods_of_few_or_many_voxels() {
    let reference = Reference::new();
    let check = |n: u32| assert_eq!(is_simple(n), reference.is_simple(n), "{n:#029b}");
    let bits: Vec<u32> = (0..27).filter(|&i| i != 13).map(|i| 1 << i).collect();
    check(0);
    check(NEIGHBORS);
    for (i, &a) in bits.iter().enumerate() {
        for (j, &b) in bits[..=i].iter().enumerate() {
            for &c in &bits[..=j] {
                check(a | b | c);
                check(NEIGHBORS & !(a | b | c));
            }
        }
    }
}
