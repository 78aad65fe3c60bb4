//! Layouts as microscopes write them, and tiles that are turned, masked, sharp or coloured.

use petavox::mosaic::{FuseOptions, Layout, Orientation, Tile, fuse, orientations};
use petavox::{Axes, Block, Dtype, Image, ImageSpec, Region, RunOptions, SaveOptions};
use std::path::Path;

/// A specimen with detail everywhere, of which every place is different.
fn specimen(y: usize, x: usize) -> u16 {
    let mut v = ((y as u64) << 32 | x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    v = (v ^ (v >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let smooth =
        ((y as f64) / 3.0).sin() * ((x as f64) / 4.0).cos() + ((x + 2 * y) as f64 / 7.0).sin();
    (18_000.0 + 1500.0 * smooth) as u16 + (v >> 51) as u16
}

fn part(y: usize, x: usize, shape: [usize; 2]) -> Vec<u16> {
    (0..shape[0] * shape[1]).map(|i| specimen(y + i / shape[1], x + i % shape[1])).collect()
}

fn write(path: &Path, shape: &[usize], samples: Vec<u16>) -> String {
    let image = Image::from_vec(shape, samples).unwrap();
    let options = SaveOptions { n_levels: Some(1), ..SaveOptions::default() };
    image.save(path, &options, &RunOptions::default()).unwrap();
    path.to_string_lossy().into_owned()
}

fn options(blend: &str, interpolation: &str) -> FuseOptions {
    FuseOptions {
        blend: blend.into(),
        interpolation: interpolation.into(),
        ..FuseOptions::default()
    }
}

fn pixels(layout: &Layout, options: &FuseOptions) -> (Vec<usize>, Vec<u16>) {
    let (image, _) = fuse(layout, None, options).unwrap();
    let block = image.compute(&RunOptions::default()).unwrap();
    (image.spec().shape.clone(), block.typed::<u16>().unwrap().to_vec())
}

/// What the camera sees of a part of the specimen, if it is undone by `how`.
fn camera(how: &str, seen: &[u16], [h, w]: [usize; 2]) -> ([usize; 2], Vec<u16>) {
    let at = |y: usize, x: usize| seen[y * w + x];
    // The inverse of each of the eight, written down one by one.
    let (shape, f): ([usize; 2], Box<dyn Fn(usize, usize) -> u16>) = match how {
        "none" => ([h, w], Box::new(at)),
        "flip-x" => ([h, w], Box::new(move |y, x| at(y, w - 1 - x))),
        "flip-y" => ([h, w], Box::new(move |y, x| at(h - 1 - y, x))),
        "rot180" => ([h, w], Box::new(move |y, x| at(h - 1 - y, w - 1 - x))),
        "transpose" => ([w, h], Box::new(move |y, x| at(x, y))),
        "rot90" => ([w, h], Box::new(move |y, x| at(h - 1 - x, y))),
        "rot270" => ([w, h], Box::new(move |y, x| at(x, w - 1 - y))),
        _ => ([w, h], Box::new(move |y, x| at(h - 1 - x, w - 1 - y))),
    };
    (shape, (0..h * w).map(|i| f(i / shape[1], i % shape[1])).collect())
}

/// Two by three tiles of 40 x 50 that share 8 and 10 samples, as a camera mounted this way sees them.
fn mounted(dir: &Path, how: &str) -> Layout {
    let mut layout = Layout::default();
    for k in 0..6 {
        let (y, x) = (k / 3 * 32, k % 3 * 40);
        let (shape, samples) = camera(how, &part(y, x, [40, 50]), [40, 50]);
        let path = write(&dir.join(format!("{how}_{k}.tif")), &shape, samples);
        let position = Some(vec![y as f64, x as f64]);
        layout.tiles.push(Tile { path, position, ..Tile::default() });
    }
    layout
}

#[test]
fn a_camera_that_is_mounted_any_way_gives_the_same_mosaic() {
    let dir = tempfile::tempdir().unwrap();
    for how in Orientation::all() {
        let mut layout = mounted(dir.path(), how.name());
        layout.tiles.iter_mut().for_each(|t| t.orientation = Some(how));
        let (shape, samples) = pixels(&layout, &options("first", "nearest"));
        assert_eq!(shape, [72, 130], "{}", how.name());
        assert!(samples == part(0, 0, [72, 130]), "{}", how.name());
        // A layout that was written down says it too.
        let text = serde_json::to_string(&layout).unwrap();
        assert!(text.contains(&format!("\"orientation\":\"{}\"", how.name())));
        assert_eq!(serde_json::from_str::<Layout>(&text).unwrap(), layout);
    }
    assert!(serde_json::from_str::<Tile>("{\"path\":\"a\",\"orientation\":\"left\"}").is_err());
}

#[test]
fn overlaps_tell_the_orientation() {
    let dir = tempfile::tempdir().unwrap();
    for how in ["none", "flip-y", "rot90", "anti-transpose"] {
        let layout = mounted(dir.path(), how);
        let (seen, n) = orientations(&layout, None, false, &RunOptions::default()).unwrap();
        assert_eq!((n, seen.len()), (6, 8));
        assert_eq!(seen[0].orientation.name(), how);
        assert!(
            seen[0].agreement > seen[1].agreement + 0.2,
            "{how}: {} {}",
            seen[0].agreement,
            seen[1].agreement
        );
        let page = dir.path().join(format!("{how}.html"));
        petavox::mosaic::write_orientations(&seen, n, "scan", "petavox stitch scan", &page)
            .unwrap();
        let page = std::fs::read_to_string(page).unwrap();
        assert_eq!(page.matches("<img src=\"data:image/png").count(), 8);
        assert!(page.find(&format!("--orientation {how}<")).is_some());
    }
}

#[test]
fn masked_samples_show_in_no_blend_and_others_do() {
    let dir = tempfile::tempdir().unwrap();
    let (h, w) = (40, 50);
    let mut layout = Layout::default();
    for k in 0..2 {
        // Left of its middle the second tile is wrong, and its mask says so.
        let mut samples = part(0, k * 20, [h, w]);
        let mut mask = vec![1u16; h * w];
        if k == 1 {
            for i in (0..h * w).filter(|i| i % w < 20) {
                (samples[i], mask[i]) = (60_000, 0);
            }
        }
        let path = write(&dir.path().join(format!("m{k}.tif")), &[h, w], samples);
        let mask = Some(write(&dir.path().join(format!("mask{k}.npy")), &[h, w], mask));
        layout.tiles.push(Tile {
            path,
            mask,
            position: Some(vec![0.0, k as f64 * 20.0]),
            ..Tile::default()
        });
    }
    // The wrong one comes first where that matters.
    layout.tiles.reverse();
    for blend in ["first", "max", "mean", "linear", "content"] {
        let (shape, samples) = pixels(&layout, &options(blend, "nearest"));
        assert_eq!(shape, [40, 70]);
        let off =
            samples.iter().zip(part(0, 0, [40, 70])).filter(|(a, b)| a.abs_diff(*b) > 1).count();
        assert_eq!(off, 0, "{blend}");
    }
    // Between samples, and turned: whatever is made of a masked sample does not count.
    let mut between = layout.clone();
    between.tiles[0].position = Some(vec![0.0, 20.5]);
    let c = vec![vec![1.0, 0.01, 0.0], vec![-0.01, 1.0, 20.0]];
    let mut turned = layout.clone();
    turned.tiles[0] = Tile { position: None, affine: Some(c), ..turned.tiles[0].clone() };
    for (layout, how) in [(&between, "linear"), (&turned, "linear"), (&turned, "cubic")] {
        let (_, samples) = pixels(layout, &options("max", how));
        let most = samples.iter().max().copied().unwrap_or(0);
        assert!(most < 40_000, "{how}: {most}");
    }
    layout.tiles[0].mask = Some(write(&dir.path().join("small.npy"), &[4, 5], vec![1; 20]));
    let refused = fuse(&layout, None, &FuseOptions::default()).err().unwrap().to_string();
    assert!(refused.contains("small.npy") && refused.contains("[40, 50]"), "{refused}");
}

#[test]
fn blending_by_content_takes_the_sharp_tile_whatever_the_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let mut layout = Layout::default();
    for k in 0..3 {
        let mut samples = part(0, k * 60, [96, 100]);
        // The second tile is out of focus.
        if k == 1 {
            samples.fill(20_000);
        }
        let path = dir.path().join(format!("c{k}.zarr"));
        let image = Image::from_vec(&[96, 100], samples).unwrap();
        let options = SaveOptions {
            chunk_shape: Some(vec![24, 40]),
            n_levels: Some(1),
            ..SaveOptions::default()
        };
        image.save(&path, &options, &RunOptions::default()).unwrap();
        let position = Some(vec![k as f64 * 0.3, k as f64 * 60.2]);
        layout.tiles.push(Tile {
            path: path.to_string_lossy().into_owned(),
            position,
            ..Tile::default()
        });
    }
    let affine = vec![vec![0.99, 0.1, 5.0], vec![-0.1, 0.99, 60.0]];
    let mut turned = layout.clone();
    turned.tiles[1] = Tile { position: None, affine: Some(affine), ..turned.tiles[1].clone() };
    for (layout, how) in [(&layout, "linear"), (&turned, "linear"), (&turned, "cubic")] {
        let run = |block_edge, n_threads, memory: &str| {
            let (image, mosaic) = fuse(layout, None, &options("content", how)).unwrap();
            let memory_bytes = Some(petavox::parse_size(memory).unwrap());
            let run = RunOptions {
                block_edge,
                n_threads: Some(n_threads),
                memory_bytes,
                ..RunOptions::default()
            };
            let bytes = image.compute(&run).unwrap().bytes().to_vec();
            (bytes, mosaic.pieces.read_bytes() as f64 / mosaic.tiles.bytes() as f64)
        };
        let (whole, times) = run(None, 1, "2GiB");
        assert!(times <= 1.0, "read {times} times");
        for (edge, threads, memory) in
            [(Some(16), 2, "2GiB"), (Some(37), 1, "48MiB"), (None, 2, "40MiB")]
        {
            assert!(run(edge, threads, memory).0 == whole, "{how} {edge:?}");
        }
    }
    // In the overlap with the tile that shows nothing, the sharp one is nearly all there is.
    let (shape, samples) = pixels(&layout, &options("content", "nearest"));
    let (_, mean) = pixels(&layout, &options("mean", "nearest"));
    let error = |samples: &[u16]| {
        let cells = (4..90).flat_map(|y| (64..94).map(move |x| (y, x)));
        let off = cells.map(|(y, x)| f64::from(samples[y * shape[1] + x].abs_diff(specimen(y, x))));
        off.sum::<f64>() / (86.0 * 30.0)
    };
    assert!(error(&samples) < 0.05 * error(&mean), "{} against {}", error(&samples), error(&mean));
}

#[test]
fn colour_tiles_become_an_ome_zarr_with_channels() {
    let dir = tempfile::tempdir().unwrap();
    let mut layout = Layout::default();
    for k in 0..2usize {
        let samples: Vec<u8> = (0..20 * 30 * 3)
            .map(|i| (i % 3 * 80 + i / 90 + (i / 3 % 30 + k * 24) % 50) as u8)
            .collect();
        let spec = ImageSpec::new([20, 30, 3], Dtype::UInt8)
            .unwrap()
            .with_axes(Axes::parse("yxc").unwrap())
            .unwrap();
        let block = Block::from_vec(Region::whole(&[20, 30, 3]), samples).unwrap();
        let path = dir.path().join(format!("rgb{k}.tif"));
        Image::from_block(spec, block)
            .unwrap()
            .save(&path, &SaveOptions::default(), &RunOptions::default())
            .unwrap();
        let position = Some(vec![0.0, k as f64 * 24.0]);
        layout.tiles.push(Tile {
            path: path.to_string_lossy().into_owned(),
            position,
            ..Tile::default()
        });
    }
    let (side_by_side, _) = fuse(&layout, None, &options("linear", "linear")).unwrap();
    assert_eq!(side_by_side.spec().axes.as_str(), "yxc");
    let planar = FuseOptions { channels_first: true, ..options("linear", "linear") };
    let (image, mosaic) = fuse(&layout, None, &planar).unwrap();
    assert_eq!((&image.spec().shape[..], image.spec().axes.as_str()), (&[3, 20, 54][..], "cyx"));
    let (a, b) = (
        side_by_side.compute(&RunOptions::default()).unwrap(),
        image.compute(&RunOptions::default()).unwrap(),
    );
    let (a, b) = (a.typed::<u8>().unwrap(), b.typed::<u8>().unwrap());
    assert!((0..20 * 54 * 3).all(|i| a[i] == b[i % 3 * 20 * 54 + i / 3]));
    let channels = mosaic.colors(image.spec());
    assert_eq!(
        channels.iter().map(|c| c.name.as_deref().unwrap_or("")).collect::<Vec<_>>(),
        ["Red", "Green", "Blue"]
    );
    assert!(mosaic.colors(side_by_side.spec()).is_empty());
    let out = dir.path().join("mosaic.zarr");
    let save = SaveOptions { channels, ..SaveOptions::default() };
    image.save(&out, &save, &RunOptions::default()).unwrap();
    let metadata = std::fs::read_to_string(out.join("zarr.json")).unwrap();
    assert!(
        metadata.contains("multiscales")
            && metadata.contains("omero")
            && metadata.contains("FF0000")
    );
}
