use super::*;

fn op(from: &[usize], to: &[usize]) -> Reshape {
    let spec = ImageSpec::new(to, petavox_core::Dtype::UInt8).unwrap();
    Reshape { spec, input: from.to_vec(), groups: groups(from, to) }
}

fn read(op: &Reshape, start: &[i64], shape: &[usize]) -> Vec<Region> {
    let parts = op.parts(&[], &Region::new(start, shape));
    parts.into_iter().map(|(_, need)| need.region).collect()
}

#[test]
fn groups_are_the_smallest_that_hold_the_same_samples() {
    let of = |from: &[usize], to: &[usize]| -> Vec<(Range<usize>, Range<usize>)> {
        groups(from, to).into_iter().map(|g| (g.from, g.to)).collect()
    };
    assert_eq!(of(&[6, 4, 5], &[2, 3, 20]), [(0..1, 0..2), (1..3, 2..3)]);
    assert_eq!(of(&[4, 6], &[6, 4]), [(0..2, 0..2)]);
    assert_eq!(of(&[4, 1, 6], &[2, 2, 6, 1, 1]), [(0..1, 0..2), (1..3, 2..5)]);
    assert_eq!(of(&[12, 1], &[3, 4]), [(0..2, 0..2)]);
}

#[test]
fn a_range_across_rows_reads_the_ends_of_two_rows_only() {
    let flat = op(&[10, 1000, 1000], &[10_000_000]);
    let regions = read(&flat, &[999_990], &[1020]);
    assert_eq!(
        regions,
        [
            Region::new([0, 999, 990], [1, 1, 10]),
            Region::new([1, 0, 0], [1, 1, 1000]),
            Region::new([1, 1, 0], [1, 1, 10]),
        ]
    );
    assert_eq!(read(&flat, &[2_000_000], &[3_000_000]), [Region::new([2, 0, 0], [3, 1000, 1000])]);
}

#[test]
fn a_block_of_a_split_axis_reads_its_rows_apart() {
    let split = op(&[1_000_000], &[1000, 1000]);
    let regions = read(&split, &[4, 100], &[3, 50]);
    let want = [4100, 5100, 6100].map(|s| Region::new([s], [50]));
    assert_eq!(regions, want);
    let n: usize = read(&split, &[0, 0], &[1000, 10]).iter().map(Region::len).sum();
    assert!(n <= 1_000_000);
}

#[test]
fn axes_of_one_sample_come_and_go_by_an_index() {
    assert_eq!(
        units(&[4, 1, 6], &[1, 4, 6]),
        [Item::New(None), Item::whole(4), Item::At(0), Item::whole(6)]
    );
    assert_eq!(units(&[], &[1, 1]), [Item::New(None); 2]);
    assert_eq!(units(&[1, 5, 1], &[1, 5]), [Item::whole(1), Item::whole(5), Item::At(0)]);
}
