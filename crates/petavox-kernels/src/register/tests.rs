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
    Patch { region: region.clone(), samples }
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
        Patch { region, samples }
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
