//! No tile may be silently wrong: over many worlds with pairs that agree perfectly at wrong places, empty and missing tiles and rows that
//! were recorded wrong, every tile that is not listed lies where it belongs.

use super::*;

/// What is wrong with a world.
#[derive(Clone, Copy, Debug, Default)]
struct Wrong {
    /// Part of the pairs that agree perfectly at a wrong place.
    decoys: f64,
    /// Decoys err by the same everywhere, as what repeats in a specimen does.
    alike: bool,
    /// Part of the tiles that show nothing.
    empty: f64,
    /// Part of the tiles that are not there.
    missing: f64,
    /// A row recorded this many samples off.
    row: f64,
}

/// Tiles, where they are and where they are said to be, and pairs.
struct World {
    nominal: Vec<Vec<f64>>,
    truth: Vec<Vec<f64>>,
    pairs: Vec<Pair>,
    decoys: Vec<usize>,
}

struct Dice(u64);

impl Dice {
    /// From -1 to 1.
    fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as f64 / f64::from(u32::MAX >> 1) * 2.0 - 1.0
    }

    /// From 4 to 40 off, either way.
    fn decoy(&mut self) -> f64 {
        let by = self.throw();
        4.0 * by.signum() + 36.0 * by
    }

    fn chance(&mut self, part: f64) -> bool {
        self.throw() < 2.0 * part - 1.0
    }
}

fn world(rows: usize, cols: usize, stage: f64, wrong: Wrong, seed: u64) -> World {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
    (0..7).for_each(|_| {
        dice.throw();
    });
    let (mut nominal, mut truth, mut number) = (vec![], vec![], vec![None; rows * cols]);
    let mut empty = vec![];
    let line = rows / 2;
    for t in 0..rows * cols {
        let at = [(t / cols) as f64 * 432.0, (t % cols) as f64 * 504.0];
        let there: Vec<f64> = at.iter().map(|x| x * 1.004 + stage * dice.throw()).collect();
        let (is_missing, is_empty) = (dice.chance(wrong.missing), dice.chance(wrong.empty));
        if is_missing {
            continue;
        }
        number[t] = Some(truth.len());
        truth.push(there);
        empty.push(is_empty);
        let off = if t / cols == line { wrong.row } else { 0.0 };
        nominal.push(vec![at[0] - off * 0.4, at[1] + off]);
    }
    let mut pairs = vec![];
    let alike = [21.0 * dice.throw().signum(), 17.0 * dice.throw().signum()];
    let mut decoys = vec![];
    for t in 0..rows * cols {
        let beside = (t % cols + 1 < cols).then_some(t + 1);
        let below = (t / cols + 1 < rows).then_some(t + cols);
        for other in [beside, below].into_iter().flatten() {
            let (Some(first), Some(second)) = (number[t], number[other]) else { continue };
            let mut shift: Vec<f64> =
                (0..2).map(|a| truth[second][a] - truth[first][a] + 0.1 * dice.throw()).collect();
            let mut weight = 1.0 + 0.8 * dice.throw();
            if empty[first] || empty[second] {
                weight = 0.0;
            } else if dice.chance(wrong.decoys) {
                decoys.push(pairs.len());
                weight = 4.0;
                let by = match wrong.alike {
                    true => alike,
                    false => [dice.decoy(), dice.decoy()],
                };
                shift.iter_mut().zip(by).for_each(|(s, b)| *s += b);
            }
            pairs.push(Pair { first, second, shift, weight });
        }
    }
    World { nominal, truth, pairs, decoys }
}

/// The tiles that are told to be where they were found, and how far each is from where it belongs.
fn told(world: &World, solution: &Solution) -> Vec<(usize, f64)> {
    let sure: Vec<usize> = (0..world.truth.len())
        .filter(|&t| solution.groups[t] == Some(0) && !solution.unconfirmed[t])
        .collect();
    let off = |t: usize, a: usize| solution.places[t][a] - world.truth[t][a];
    let middle: Vec<f64> =
        (0..2).map(|a| median(&sure.iter().map(|&t| off(t, a)).collect::<Vec<_>>())).collect();
    let far = |t: usize| (0..2).map(|a| (off(t, a) - middle[a]).powi(2)).sum::<f64>().sqrt();
    sure.iter().map(|&t| (t, far(t))).collect()
}

/// What was told over many worlds, as parts of what there was.
struct Told {
    /// Tiles with pairs that were placed by the stage.
    unregistered: f64,
    /// Tiles that hang on one pair alone.
    unconfirmed: f64,
    /// Decoys that were left out.
    left_out: f64,
    /// Right pairs that were left out.
    right_left_out: f64,
}

/// Solves the worlds of many seeds.
fn try_all(rows: usize, cols: usize, stage: f64, wrong: Wrong, seeds: u64) -> Told {
    let (mut had, mut lost, mut alone) = (0, 0, 0);
    let (mut decoys, mut out, mut right, mut right_out) = (0, 0, 0, 0);
    for seed in 0..seeds {
        let world = world(rows, cols, stage, wrong, seed);
        let solution = solve(&world.nominal, &world.pairs);
        let told = told(&world, &solution);
        let silent: Vec<_> = told.iter().filter(|(_, d)| *d > 1.0).collect();
        assert!(silent.is_empty(), "{rows}x{cols} {stage} {wrong:?} seed {seed}: {silent:?}");
        let mut has = vec![false; world.truth.len()];
        for p in world.pairs.iter().filter(|p| p.weight > 0.0) {
            (has[p.first], has[p.second]) = (true, true);
        }
        for t in (0..has.len()).filter(|&t| has[t]) {
            had += 1;
            lost += usize::from(solution.groups[t] != Some(0));
            alone += usize::from(solution.groups[t] == Some(0) && solution.unconfirmed[t]);
        }
        for (e, p) in world.pairs.iter().enumerate().filter(|(_, p)| p.weight > 0.0) {
            let by = |a: usize| world.truth[p.second][a] - world.truth[p.first][a] - p.shift[a];
            let is_wrong = (0..2).any(|a| by(a).abs() > 3.0);
            let left = usize::from(solution.fates[e] == Fate::LeftOut);
            match (is_wrong, world.decoys.contains(&e)) {
                (true, _) => (decoys, out) = (decoys + 1, out + left),
                (false, false) => (right, right_out) = (right + 1, right_out + left),
                // A decoy that is right by chance.
                (false, true) => {}
            }
        }
    }
    let part = |a: usize, b: usize| a as f64 / b.max(1) as f64;
    Told {
        unregistered: part(lost, had),
        unconfirmed: part(alone, had),
        left_out: part(out, decoys),
        right_left_out: part(right_out, right),
    }
}

const ALL: Wrong = Wrong { decoys: 0.1, alike: false, empty: 0.15, missing: 0.08, row: 12.0 };

#[test]
fn a_tenth_of_perfect_decoys_moves_no_tile() {
    for stage in [1.0, 6.0, 15.0] {
        let wrong = Wrong { decoys: 0.1, ..Wrong::default() };
        for (side, seeds) in [(5, 60), (10, 25), (20, 6)] {
            let told = try_all(side, side, stage, wrong, seeds);
            let few = if stage > 10.0 { 0.1 } else { 0.03 };
            assert!(told.unregistered < few && told.unconfirmed < 0.06);
            assert!(told.left_out > 0.95 && told.right_left_out < 0.03);
        }
    }
}

#[test]
fn decoys_that_err_alike_are_told_by_the_stage() {
    let wrong = Wrong { decoys: 0.05, alike: true, ..Wrong::default() };
    for (side, seeds) in [(5, 60), (10, 25), (20, 6)] {
        let told = try_all(side, side, 1.0, wrong, seeds);
        assert!(told.unregistered < 0.05 && told.left_out > 0.9);
    }
}

#[test]
fn empty_and_missing_tiles_and_a_row_recorded_wrong_move_no_tile() {
    let each = [
        Wrong { decoys: 0.0, ..ALL },
        Wrong { row: 0.0, ..ALL },
        Wrong { empty: 0.0, ..ALL },
        Wrong { missing: 0.0, ..ALL },
        ALL,
    ];
    for wrong in each {
        for stage in [2.0, 6.0] {
            for (side, seeds) in [(5, 60), (10, 25), (20, 6)] {
                let told = try_all(side, side, stage, wrong, seeds);
                assert!(told.unregistered < 0.15 && told.right_left_out < 0.1);
            }
        }
    }
}

#[test]
fn an_error_that_comes_again_is_nowhere_taken_for_sure() {
    // In grids so large that pairs that were left out show it; where the stage cannot tell, most tiles are not confirmed.
    for stage in [3.0, 6.0, 15.0] {
        for (side, seeds) in [(10, 6), (20, 1)] {
            let wrong = Wrong { decoys: 0.1, alike: true, ..Wrong::default() };
            let told = try_all(side, side, stage, wrong, seeds);
            assert!(told.unregistered < 0.1 && (stage > 10.0 || told.unconfirmed < 0.5));
        }
    }
}
