use super::*;
use petavox_core::{Dtype, Region};
use proptest::prelude::*;

fn from_input(len: usize, place: usize, step: isize) -> Run {
    Run { len, origin: Origin::Input { place, step } }
}

fn value(len: usize, v: u16) -> Run {
    let mut bytes = [0; 8];
    bytes[..2].copy_from_slice(&v.to_ne_bytes());
    Run { len, origin: Origin::Value(bytes) }
}

fn kept(len: usize) -> Run {
    Run { len, origin: Origin::Kept }
}

/// Sample by sample, as the documentation says it.
fn plainly(from: &[u16], to: &mut [u16], axes: &[Vec<Run>]) {
    let lens: Vec<usize> = axes.iter().map(|r| r.iter().map(|r| r.len).sum()).collect();
    for (i, t) in to.iter_mut().enumerate() {
        let (mut rest, mut place, mut fill, mut keep) = (i, 0isize, None, false);
        let mut index = vec![0; lens.len()];
        for a in (0..lens.len()).rev() {
            index[a] = rest % lens[a];
            rest /= lens[a];
        }
        for (a, &k) in index.iter().enumerate() {
            let mut k = k;
            for run in &axes[a] {
                if k < run.len {
                    match run.origin {
                        Origin::Input { place: p, step } => place += p as isize + k as isize * step,
                        Origin::Value(v) => fill = Some(u16::from_ne_bytes([v[0], v[1]])),
                        Origin::Kept => keep = true,
                    }
                    break;
                }
                k -= run.len;
            }
        }
        if !keep {
            *t = fill.unwrap_or_else(|| from[place as usize]);
        }
    }
}

fn check(n: usize, axes: &[Vec<Run>]) {
    let samples: Vec<u16> = (1..=n as u16).collect();
    let shape: Vec<usize> = axes.iter().map(|r| r.iter().map(|r| r.len).sum()).collect();
    let mut out = Block::zeros(Region::whole(&shape), Dtype::UInt16).unwrap();
    let mut want = vec![0; out.region().len()];
    plainly(&samples, &mut want, axes);
    let input = Block::from_vec(Region::whole(&[n]), samples).unwrap();
    let axes: Vec<&[Run]> = axes.iter().map(Vec::as_slice).collect();
    gather(&input, &mut out, &axes).unwrap();
    assert_eq!(out.typed::<u16>().unwrap(), want, "{axes:?}");
}

/// An axis of up to three runs whose places stay below `reach`.
fn axis(reach: usize) -> impl Strategy<Value = Vec<Run>> {
    let run =
        (0usize..40, 0..reach, -9isize..10, 0..8).prop_map(move |(len, place, step, kind)| {
            let (place, last) = (place as isize, reach as isize - 1);
            let room = match step {
                0 => 40,
                1.. => (last - place) / step + 1,
                _ => place / -step + 1,
            };
            let len = len.min(room as usize);
            match kind {
                0 => value(len, 7777),
                1 => kept(len),
                _ => from_input(len, place as usize, step),
            }
        });
    prop_oneof![2 => prop::collection::vec(run.clone(), 1..2), 1 => prop::collection::vec(run, 1..4)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn runs_of_any_kind_give_what_they_say(axes in prop::collection::vec(axis(50), 1..4)) {
        check(200, &axes);
    }
}

#[test]
fn transposed_images_of_any_extent_are_copied_whole() {
    for (rows, columns) in [(1, 1), (33, 65), (100, 3), (2, 90), (64, 64)] {
        let (n, m) = (rows as isize, columns as isize);
        check(rows * columns, &[vec![from_input(columns, 0, 1)], vec![from_input(rows, 0, m)]]);
        let back = [
            vec![from_input(columns, columns - 1, -1)],
            vec![from_input(3, 0, 0)],
            vec![from_input(rows, (n as usize - 1) * columns, -m)],
        ];
        check(rows * columns, &back);
    }
}

#[test]
fn what_would_leave_the_input_is_an_error() {
    let input = Block::from_vec(Region::whole(&[4]), vec![1u8, 2, 3, 4]).unwrap();
    let mut out = Block::zeros(Region::whole(&[3]), Dtype::UInt8).unwrap();
    for run in [from_input(3, 2, 1), from_input(3, 1, -1), from_input(2, 0, 1)] {
        assert!(gather(&input, &mut out, &[&[run]]).is_err(), "{run:?}");
    }
    let mut wide = Block::zeros(Region::whole(&[3]), Dtype::UInt16).unwrap();
    assert!(gather(&input, &mut wide, &[&[from_input(3, 0, 1)]]).is_err());
}

#[test]
fn a_single_sample_without_axes_is_copied() {
    let input = Block::from_vec(Region::whole(&[]), vec![9i32]).unwrap();
    let mut out = Block::zeros(Region::whole(&[]), Dtype::Int32).unwrap();
    gather(&input, &mut out, &[]).unwrap();
    assert_eq!(out.typed::<i32>().unwrap(), [9]);
}
