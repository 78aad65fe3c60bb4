use super::*;
use petavox_core::Region;

/// Smooth random texture at any place.
fn texture(p: &[f64]) -> f32 {
    let mut v = 0.0;
    for k in 1..40 {
        let k = k as f64;
        let wave = |a: usize| (k * (1.7 + 0.61 * a as f64) + a as f64).sin() * 0.9;
        let phase: f64 = p.iter().enumerate().map(|(a, x)| x * wave(a)).sum();
        v += (phase + k * k).sin();
    }
    v as f32
}

fn patch(region: &Region, shift: &[f64]) -> Patch {
    let mut samples = vec![];
    region.for_each_row(|p| {
        for i in 0..region.row_len() {
            let mut at: Vec<f64> = p.iter().zip(shift).map(|(x, s)| *x as f64 + s).collect();
            let last = at.len() - 1;
            at[last] += i as f64;
            samples.push(texture(&at));
        }
    });
    laplacian_of_gaussian(&mut samples, region.shape(), 1.0);
    Patch { region: region.clone(), samples, counts: None }
}

#[test]
fn a_shift_is_found_to_a_hundredth_in_two_and_three_dimensions() {
    for (shape, shift) in [
        (vec![120, 140], vec![-3.37, 101.42]),
        (vec![90, 150], vec![70.0, 2.25]),
        (vec![20, 60, 70], vec![1.6, -2.3, 48.8]),
    ] {
        let how = Search {
            nominal: shift.iter().map(|s: &f64| s.round() + 2.0).collect(),
            reach: shape.iter().map(|n| n / 10 + 2).collect(),
        };
        let (a, b) = reach_of(&shape, &shape, &how).unwrap();
        let (a, b) = (patch(&a, &vec![0.0; shape.len()]), patch(&b, &shift));
        let found = search(&a, &b, (&shape, &shape), &how, &mut Fft::new()).unwrap();
        for (f, s) in found.shift.iter().zip(&shift) {
            assert!((f - s).abs() < 0.3, "{found:?} {shift:?}");
        }
        assert!(found.score > 0.85, "{found:?}");
        // From a sample beside, too.
        for beside in [0.0, 0.9] {
            let about: Vec<f64> = found.shift.iter().map(|s| s + beside).collect();
            let exact = refine(&a, &b, &about, None, &mut Fft::new()).unwrap();
            for (f, s) in exact.shift.iter().zip(&shift) {
                assert!((f - s).abs() < 0.035, "{exact:?} {shift:?}");
            }
            assert!(exact.score > 0.9 && exact.score < 1.001, "{exact:?}");
        }
    }
}

#[test]
fn images_that_have_nothing_in_common_score_low() {
    let shape = [100, 100];
    let how = Search { nominal: vec![0.0, 80.0], reach: vec![10, 10] };
    let (a, b) = reach_of(&shape, &shape, &how).unwrap();
    let (a, b) = (patch(&a, &[0.0, 0.0]), patch(&b, &[5000.0, 7000.0]));
    let found = search(&a, &b, (&shape, &shape), &how, &mut Fft::new()).unwrap();
    assert!(found.score < 0.6, "{found:?}");
    let empty = Patch { samples: vec![0.0; b.samples.len()], ..b };
    let found = search(&a, &empty, (&shape, &shape), &how, &mut Fft::new());
    assert!(found.is_none_or(|f| f.score == 0.0));
}

#[test]
fn frequencies_that_only_noise_has_do_not_count() {
    // Coarse texture, and strong fine noise that both do not share.
    let noisy = |at: [i64; 2], shift: [f64; 2], seed: u64| {
        let region = Region::new(at, vec![120, 60]);
        let mut samples = vec![];
        let mut state = seed;
        region.for_each_row(|p| {
            for i in 0..region.row_len() {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let noise = (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
                let (y, x) = (p[0] as f64 + shift[0], p[1] as f64 + i as f64 + shift[1]);
                samples.push(texture(&[y * 0.25, x * 0.25]) + 6.0 * noise);
            }
        });
        laplacian_of_gaussian(&mut samples, region.shape(), 0.7);
        Patch { region, samples, counts: None }
    };
    let (mut plain, mut weighed) = (0.0, 0.0);
    let pairs: Vec<(Patch, Patch, [f64; 2])> = (0..12)
        .map(|k| {
            let shift = [0.3 + 0.05 * k as f64, 60.4 - 0.07 * k as f64];
            let a = noisy([0, 60], [100.0 * k as f64, 0.0], 2 * k + 1);
            let b = noisy([0, 0], [shift[0] + 100.0 * k as f64, shift[1]], 2 * k + 2);
            (a, b, shift)
        })
        .collect();
    let mut all = Coherence::default();
    for (a, b, shift) in &pairs {
        all.add(&coherence(a, b, shift, &mut Fft::new()).unwrap());
    }
    let weights = all.weights().unwrap();
    for (a, b, shift) in &pairs {
        let off = |w: Option<&Weights>| -> f64 {
            let found = refine(a, b, shift, w, &mut Fft::new()).unwrap();
            assert!(found.score.abs() <= 1.0, "{found:?}");
            found.shift.iter().zip(shift).map(|(f, s)| (f - s).powi(2)).sum()
        };
        plain += off(None);
        weighed += off(Some(&weights));
    }
    assert!(weighed < 0.3 * plain, "{weighed} {plain}");
    assert_eq!(Coherence::default().weights(), None);
}

/// A texture of which a part is hidden by dirt that lies at `dirt` of another tile, masked or not.
fn behind(
    region: &Region,
    shift: &[f64],
    dirt: &[i64],
    hides: &dyn Fn(&[i64]) -> bool,
    masked: bool,
) -> Patch {
    let (mut samples, mut counts) = (vec![], vec![]);
    let last = region.ndim() - 1;
    region.for_each_row(|p| {
        for i in 0..region.row_len() {
            let mut own = p.to_vec();
            own[last] += i as i64;
            let is_hidden = hides(&own);
            let there = own.iter().zip(dirt).map(|(x, d)| (x + d) as f64);
            let speck = there.fold(9.0, |v: f64, x| (v * 31.7 + x * 3.1).sin() * 9.0);
            let at: Vec<f64> = own.iter().zip(shift).map(|(x, s)| *x as f64 + s).collect();
            samples.push(if is_hidden { 60.0 + 4.0 * speck as f32 } else { texture(&at) });
            counts.push(if is_hidden { 0.0 } else { 1.0 });
        }
    });
    if masked {
        laplacian_where(&mut samples, &mut counts, region.shape(), 1.0);
        return Patch { region: region.clone(), samples, counts: Some(counts) };
    }
    laplacian_of_gaussian(&mut samples, region.shape(), 1.0);
    Patch { region: region.clone(), samples, counts: None }
}

#[test]
fn what_is_masked_does_not_pull() {
    let (shape, shift) = ([120usize, 140usize], [2.4, 101.6]);
    let how = Search { nominal: vec![0.0, 98.0], reach: vec![8, 8] };
    let (a, b) = reach_of(&shape, &shape, &how).unwrap();
    // Dirt at the same place of what both show, as said, and so at another of the specimen; the mask covers it.
    let in_first = |p: &[i64]| (30..85).contains(&p[0]) && p[1] >= 108;
    let in_second = |p: &[i64]| (30..85).contains(&p[0]) && p[1] >= 10;
    for (masked, tolerance) in [(true, 0.08), (false, f64::INFINITY)] {
        let a = behind(&a, &[0.0, 0.0], &[0, 0], &in_first, masked);
        let b = behind(&b, &shift, &[0, 98], &in_second, masked);
        let found = search(&a, &b, (&shape, &shape), &how, &mut Fft::new()).unwrap();
        let exact = refine(&a, &b, &found.shift, None, &mut Fft::new()).unwrap();
        let off = exact.shift.iter().zip(shift).map(|(f, s)| (f - s).abs()).fold(0.0, f64::max);
        assert!(off < tolerance, "{exact:?}");
        match masked {
            true => assert!(exact.score > 0.95 && found.score > 0.8, "{exact:?} {found:?}"),
            // The test would show nothing otherwise.
            false => assert!(off > 0.2, "{exact:?}"),
        }
    }
}

#[test]
fn a_turned_part_shows_what_lies_there() {
    let (c, s) = (0.02f64.cos() * 1.01, 0.02f64.sin() * 1.01);
    let (matrix, offset) = (vec![vec![c, -s], vec![s, c]], [3.3, -1.2]);
    let smooth = |y: f64, x: f64| ((0.4 * y).sin() * 2.0 + (0.5 * x + 0.2 * y).cos()) as f32;
    let own = Region::new([5, 2], [60, 70]);
    let mut samples = vec![];
    own.for_each_row(|p| samples.extend((0..70).map(|i| smooth(p[0] as f64, (p[1] + i) as f64))));
    let mut counts = vec![1.0; samples.len()];
    counts[30 * 70 + 35] = 0.0;
    let from = Patch { region: own, samples, counts: Some(counts) };
    let to = Region::new([0, 0], [50, 50]);
    let out = warped(&from, &matrix, &offset, &to);
    let known = out.counts.unwrap();
    let n = known.iter().filter(|c| **c > 0.0).count();
    assert!(n > 1600 && n < 2400, "{n}");
    for (i, (v, _)) in out.samples.iter().zip(&known).enumerate().filter(|(_, (_, c))| **c > 0.0) {
        let (y, x) = ((i / 50) as f64, (i % 50) as f64);
        let want = smooth(c * y - s * x + 3.3, s * y + c * x - 1.2);
        assert!((v - want).abs() < 0.02, "{y} {x}: {v} {want}");
    }
}
