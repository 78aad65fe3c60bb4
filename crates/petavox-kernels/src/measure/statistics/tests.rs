use super::*;
use petavox_core::Region;
use proptest::prelude::*;

fn of<T: petavox_core::Element>(samples: &[T]) -> Statistics {
    Statistics::of_block(
        &Block::from_vec(Region::new([0], [samples.len()]), samples.to_vec()).unwrap(),
    )
    .unwrap()
}

#[test]
fn sums_have_no_rounding_error() {
    assert_eq!(of(&[1e308, 1e308, -1e308, 1.0, -1e308]).sum(), Scalar::Float(1.0));
    assert_eq!(of(&[0.1f64; 10]).sum(), Scalar::Float(1.0));
    assert_eq!(of(&[5e-324, 5e-324]).sum(), Scalar::Float(1e-323));
    assert_eq!(of(&[f64::MAX, f64::MAX]).sum(), Scalar::Float(f64::INFINITY));
    assert_eq!(of(&[-1.5f32, 0.25]).sum(), Scalar::Float(-1.25));
    assert_eq!(of(&[u64::MAX, u64::MAX]).sum(), Scalar::Int(2 * u64::MAX as i128));
    assert_eq!(of(&[f32::INFINITY, 1.0]).sum(), Scalar::Float(f64::INFINITY));
    assert!(of(&[f32::NAN, 1.0]).mean().is_nan());
    assert!(of(&[f64::INFINITY, f64::NEG_INFINITY]).sum().to_f64().is_nan());
}

#[test]
fn deviations_keep_their_digits_far_from_zero() {
    assert_eq!(of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).std(), (2.0f64 / 3.0).sqrt());
    assert_eq!(of(&[1u8, 2, 3, 4]).std(), 1.25f64.sqrt());
    assert_eq!(of(&[1u8, 2, 3, 4]).mean(), 2.5);
    let large = [1u64 << 48, (1 << 48) - 2];
    assert_eq!(of(&large).std(), 1.0);
    assert_eq!(of(&[7.25f32; 9]).std(), 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn order_and_cuts_do_not_matter(mut samples in prop::collection::vec(any::<f64>(), 1..40), cut: prop::sample::Index) {
        samples.iter_mut().for_each(|x| if !x.is_finite() { *x = 1.0 });
        let whole = of(&samples);
        let (a, b) = samples.split_at(cut.index(samples.len()));
        let mut reversed: Vec<f64> = b.to_vec();
        reversed.reverse();
        let parts = of(&reversed).merge(&of(a));
        prop_assert_eq!(whole.sum().to_f64().to_bits(), parts.sum().to_f64().to_bits());
        prop_assert_eq!(whole.std().to_bits(), parts.std().to_bits());
        prop_assert_eq!(whole.mean().to_bits(), parts.mean().to_bits());
    }

    #[test]
    fn sums_are_those_of_exact_integers(samples in prop::collection::vec((-(1i64 << 50)..1i64 << 50, -3i32..4), 1..60)) {
        // Scaled integers whose exact sum fits 128 bits.
        let floats: Vec<f64> = samples.iter().map(|(m, e)| *m as f64 * 2f64.powi(12 * e)).collect();
        let exact: i128 = samples.iter().map(|(m, e)| (*m as i128) << (12 * (e + 3))).sum();
        prop_assert_eq!(of(&floats).sum().to_f64(), exact as f64 * 2f64.powi(-36));
    }
}
