use super::*;
use petavox_core::Region;

/// The definition, sample by sample.
fn plain(image: &[u16], how: &AdaptHist) -> Vec<u16> {
    let n_regions = how.n_regions();
    let (steps, ndim) = (strides(&n_regions), how.shape.len());
    let along: Vec<Vec<Vec<usize>>> = (0..ndim).map(|a| how.regions_along(a)).collect();
    let region = Region::whole(&how.shape);
    let mut places = vec![];
    region.for_each_row(|point| {
        for x in 0..region.row_len() {
            let mut place = point.to_vec();
            place[ndim - 1] = x as i64;
            places.push(place);
        }
    });
    let bin = |v: u16| how.grey(v) / how.bin_size();
    let mut counts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (value, place) in image.iter().zip(&places) {
        let mut regions = vec![0];
        for a in 0..ndim {
            let (here, step) = (&along[a][place[a] as usize], steps[a]);
            regions = regions.iter().flat_map(|b| here.iter().map(move |r| b + r * step)).collect();
        }
        for region in regions {
            counts.entry(region as u32).or_insert_with(|| vec![0; how.n_bins])[bin(*value)] += 1;
        }
    }
    let maps = grey_maps(how, &counts);
    let mixed = image.iter().zip(&places).map(|(value, place)| {
        let mut sum = 0.0f32;
        for corner in 0..1usize << ndim {
            let (mut at, mut factors) = (0, vec![]);
            for a in 0..ndim {
                let side = (corner >> (ndim - 1 - a)) & 1;
                let (k, padded) = (how.kernel_size[a], place[a] as usize + how.kernel_size[a] / 2);
                let region = (padded / k + side).saturating_sub(1).min(n_regions[a] - 1);
                let second = (padded % k) as f64 / k as f64;
                at += region * steps[a];
                factors.push(if side == 1 { second } else { 1.0 - second });
            }
            let weight = factors.iter().rev().skip(1).fold(factors[ndim - 1], |w, f| w * f);
            let level = maps[at * how.n_bins + bin(*value)];
            sum += (f64::from(level) * weight) as f32;
        }
        sum as u16
    });
    mixed.collect()
}

fn check(shape: &[usize], kernel_size: &[usize], n_bins: usize, range: Option<(f64, f64)>) {
    let n: usize = shape.iter().product();
    let top = if range.is_some() { 65536 } else { N_GREY };
    let image: Vec<u16> = (0..n).map(|i| ((i * i * 31 + i * 7) % top) as u16).collect();
    let how = AdaptHist {
        shape: shape.to_vec(),
        kernel_size: kernel_size.to_vec(),
        n_bins,
        clip_limit: 0.05,
        range,
    };
    let want = plain(&image, &how);
    let input = Block::from_vec(Region::whole(shape), image).unwrap();
    for cut in [1, 3] {
        let half = shape[0] / cut;
        let mut counts = BTreeMap::new();
        let mut parts = vec![];
        for first in (0..shape[0]).step_by(half) {
            let (mut start, mut extent) = (vec![0; shape.len()], shape.to_vec());
            (start[0], extent[0]) = (first as i64, half.min(shape[0] - first));
            let mut part = Block::zeros(Region::new(start, extent), Dtype::UInt16).unwrap();
            part.copy_from(&input).unwrap();
            count_regions(&part, &how, &mut counts).unwrap();
            parts.push(part);
        }
        let maps = grey_maps(&how, &counts);
        let mut found = vec![];
        for part in &parts {
            let mut out = Block::zeros(part.region().clone(), Dtype::UInt16).unwrap();
            adapt_histogram(part, &how, &maps, &mut out).unwrap();
            found.extend_from_slice(out.typed::<u16>().unwrap());
        }
        assert_eq!(found, want, "{shape:?} {kernel_size:?}");
    }
}

#[test]
fn any_axes_give_the_definition_to_the_bit() {
    check(&[201], &[50], 256, None);
    check(&[40, 150], &[10, 70], 256, None);
    check(&[13, 17], &[5, 4], 16, Some((100.0, 60000.0)));
    check(&[12, 20, 30], &[5, 7, 30], 64, Some((0.0, 65535.0)));
    check(&[9, 6, 5, 14], &[3, 6, 5, 4], 10, Some((7.0, 7.0)));
}

#[test]
fn bytes_are_wide_samples_that_repeat_their_bits() {
    let bytes: Vec<u8> = (0..600).map(|i| (i * 7 % 256) as u8).collect();
    let shape = [20, 30];
    let how = AdaptHist {
        shape: shape.to_vec(),
        kernel_size: vec![7, 9],
        n_bins: 50,
        clip_limit: 0.02,
        range: Some((257.0, 60000.0)),
    };
    let wide: Vec<u16> = bytes.iter().map(|b| u16::from(*b) * 257).collect();
    let want = plain(&wide, &how);
    let input = Block::from_vec(Region::whole(&shape), bytes).unwrap();
    let mut counts = BTreeMap::new();
    count_regions(&input, &how, &mut counts).unwrap();
    let mut out = Block::zeros(Region::whole(&shape), Dtype::UInt16).unwrap();
    adapt_histogram(&input, &how, &grey_maps(&how, &counts), &mut out).unwrap();
    assert_eq!(out.typed::<u16>().unwrap(), want);
    let how = AdaptHist { range: None, ..how };
    assert!(count_regions(&input, &how, &mut counts).is_err());
}

#[test]
fn what_is_no_grey_level_is_refused() {
    let input = Block::from_vec(Region::whole(&[3]), vec![5u16, 1 << 14, 7]).unwrap();
    let how = AdaptHist {
        shape: vec![3],
        kernel_size: vec![2],
        n_bins: 256,
        clip_limit: 0.01,
        range: None,
    };
    assert!(count_regions(&input, &how, &mut BTreeMap::new()).is_err());
}
