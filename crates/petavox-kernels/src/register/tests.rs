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
            let exact = refine(&a, &b, &about, &mut Fft::new()).unwrap();
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
