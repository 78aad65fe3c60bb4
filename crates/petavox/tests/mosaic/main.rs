//! Mosaics end to end: tiles in files, layouts in every form, whatever the blocks, threads and memory.

mod models;

use petavox::mosaic::{
    FuseOptions, Layout, LayoutOptions, StitchOptions, Stitched, Tile, fuse, open_layout, stitch,
    write_positions,
};
use petavox::{Axes, Block, Dtype, Image, Region, RunOptions, SaveOptions, parse_size};
use std::path::Path;

/// The specimen: a plane, which linear interpolation gives back as it is.
fn plane(y: f64, x: f64) -> f64 {
    100.0 + 2.0 * y + 3.0 * x
}

/// Writes the tile whose first sample lies at `at` of the specimen, every sample plus `more`.
fn tile(dir: &Path, name: &str, at: [f64; 2], shape: [usize; 2], more: f64) -> String {
    let samples: Vec<f32> = (0..shape[0] * shape[1])
        .map(|i| plane(at[0] + (i / shape[1]) as f64, at[1] + (i % shape[1]) as f64) + more)
        .map(|v| v as f32)
        .collect();
    let path = dir.join(name);
    let image = Image::from_vec(&shape, samples).unwrap();
    let options =
        SaveOptions { chunk_shape: Some(vec![7, 16]), n_levels: Some(1), ..SaveOptions::default() };
    image.save(&path, &options, &RunOptions::default()).unwrap();
    path.to_string_lossy().into_owned()
}

fn placed(path: String, at: &[f64]) -> Tile {
    Tile { path, position: Some(at.to_vec()), ..Tile::default() }
}

/// Three by four tiles that overlap, with places between samples.
fn grid(dir: &Path) -> Layout {
    let mut layout = Layout::default();
    for r in 0..3 {
        for c in 0..4 {
            let at = [r as f64 * 33.25, c as f64 * 41.5 + r as f64];
            let path = tile(dir, &format!("tile_{r}_{c}.zarr"), at, [40, 50], 0.0);
            layout.tiles.push(placed(path, &at));
        }
    }
    layout
}

fn options(blend: &str, interpolation: &str) -> FuseOptions {
    FuseOptions {
        blend: blend.into(),
        interpolation: interpolation.into(),
        ..FuseOptions::default()
    }
}

#[test]
fn a_mosaic_of_a_plane_is_the_plane() {
    let dir = tempfile::tempdir().unwrap();
    let layout = grid(dir.path());
    for blend in ["linear", "mean", "max", "first"] {
        let (image, mosaic) = fuse(&layout, None, &options(blend, "linear")).unwrap();
        assert_eq!(image.spec().shape, [106, 176]);
        let block = image.compute(&RunOptions::default()).unwrap();
        let samples = block.typed::<f32>().unwrap();
        let mut n = 0;
        for (i, got) in samples.iter().enumerate() {
            let (y, x) = ((i / 176) as f64, (i % 176) as f64);
            if *got != 0.0 {
                assert!((f64::from(*got) - plane(y, x)).abs() < 1e-3, "{blend} {y} {x} {got}");
                n += 1;
            }
        }
        assert!(n > 106 * 170, "{n}");
        assert_eq!(mosaic.pieces.read_bytes(), mosaic.tiles.bytes());
    }
}

#[test]
fn blocks_threads_and_memory_do_not_show() {
    let dir = tempfile::tempdir().unwrap();
    let mut layout = grid(dir.path());
    // Tiles that disagree, so that weights matter, and one that is turned.
    let path = tile(dir.path(), "bright.zarr", [20.0, 20.0], [40, 50], 77.0);
    layout.tiles.push(placed(path.clone(), &[20.3, 19.8]));
    for turned in [false, true] {
        if turned {
            let affine = vec![vec![0.8, 0.6, 40.0], vec![-0.6, 0.8, 90.0]];
            layout.tiles.push(Tile { path: path.clone(), affine: Some(affine), ..Tile::default() });
        }
        for (blend, between) in
            [("linear", "linear"), ("max", "nearest"), ("linear", "cubic"), ("first", "nearest")]
        {
            let run = |block_edge, n_threads, memory: &str| {
                let options = options(blend, between);
                let (image, _) = fuse(&layout, None, &options).unwrap();
                let memory_bytes = Some(parse_size(memory).unwrap());
                let run = RunOptions {
                    block_edge,
                    n_threads: Some(n_threads),
                    memory_bytes,
                    ..RunOptions::default()
                };
                image.compute(&run).unwrap().bytes().to_vec()
            };
            let whole = run(None, 1, "2GiB");
            for (edge, threads, memory) in
                [(Some(16), 2, "2GiB"), (Some(37), 1, "48MiB"), (None, 2, "40MiB")]
            {
                assert!(run(edge, threads, memory) == whole, "{blend} {between} {edge:?}");
            }
        }
    }
}

#[test]
fn the_plan_says_how_often_tiles_are_decoded_and_that_is_once_where_a_row_of_them_fits() {
    let dir = tempfile::tempdir().unwrap();
    let mut layout = Layout::default();
    // Whole tiles are decoded at once: 0.5 MB each.
    let name = dir.path().join("tile.zarr");
    let image = Image::from_vec(&[500, 500], vec![7u16; 250_000]).unwrap();
    let save = SaveOptions {
        chunk_shape: Some(vec![500, 500]),
        n_levels: Some(1),
        ..SaveOptions::default()
    };
    image.save(&name, &save, &RunOptions::default()).unwrap();
    for k in 0..24 {
        // One file stands for all of them.
        let at = [(k / 4) as f64 * 450.3, (k % 4) as f64 * 450.6];
        layout.tiles.push(placed(name.to_string_lossy().into_owned(), &at));
    }
    for (blend, between) in [("linear", "linear"), ("max", "nearest")] {
        let mut before = 0;
        for memory in ["1GiB", "64MiB", "48MiB", "40MiB"] {
            let (image, mosaic) = fuse(&layout, None, &options(blend, between)).unwrap();
            let run = RunOptions {
                n_threads: Some(2),
                memory_bytes: Some(parse_size(memory).unwrap()),
                ..RunOptions::default()
            };
            let out = dir.path().join(format!("{blend}-{between}-{memory}.zarr"));
            let save = SaveOptions {
                chunk_shape: Some(vec![256, 256]),
                n_levels: Some(1),
                ..SaveOptions::default()
            };
            let plan = image.plan_save(&out, &save, &run).unwrap();
            let [read] = &plan.stages[0].reads[..] else { panic!("{:?}", plan.stages[0].reads) };
            image.save(&out, &save, &run).unwrap();
            let (all, got) = (mosaic.tiles.bytes(), mosaic.pieces.read_bytes());
            let case = format!("{blend} {between} {memory}: {} and {got} of {all}", read.bytes);
            assert!(read.bytes >= before, "more memory is not worse: {case}");
            before = read.bytes;
            if read.bytes == all {
                assert!(read.name.contains("each once") && got == all, "{case}");
            } else {
                assert!(got <= read.bytes * 5 / 4, "{case}");
            }
            assert!(memory == "40MiB" || got == all, "{case}");
        }
    }
}

#[test]
fn every_form_of_layout_gives_the_same_mosaic() {
    let dir = tempfile::tempdir().unwrap();
    let mut fiji = String::from("# a comment\ndim = 2\n\n");
    let mut csv = String::from("name,x_px,y_px\n");
    let mut json = Vec::new();
    for r in 0..2 {
        for c in 0..3 {
            let (y, x) = (f64::from(r) * 36.0, f64::from(c) * 45.0);
            let name = format!("tile_{r}_{c}.zarr");
            tile(dir.path(), &name, [y, x], [40, 50], 0.0);
            fiji += &format!("{name}; ; ({x}, {y})\n");
            csv += &format!("{name},{x},{y}\n");
            json.push(serde_json::json!({ "path": name, "position": [y, x] }));
        }
    }
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        open_layout(&dir.path().join(name), &LayoutOptions::default()).unwrap()
    };
    let pattern = LayoutOptions {
        pattern: Some("tile_{row}_{col}.zarr".into()),
        overlap: Some(vec![0.1]),
        ..LayoutOptions::default()
    };
    let layouts = [
        write("layout.json", &serde_json::json!({ "tiles": json }).to_string()),
        write("TileConfiguration.txt", &fiji),
        write("stage.csv", &csv),
        open_layout(dir.path(), &pattern).unwrap(),
    ];
    let pixels = |layout: &Layout| {
        let (image, _) = fuse(layout, None, &FuseOptions::default()).unwrap();
        image.compute(&RunOptions::default()).unwrap().bytes().to_vec()
    };
    let first = pixels(&layouts[0]);
    assert!(layouts.iter().all(|l| pixels(l) == first));
}

#[test]
fn images_that_know_their_places_need_no_layout() {
    let dir = tempfile::tempdir().unwrap();
    for (k, x) in [0.0, 10.0].into_iter().enumerate() {
        let spec = petavox::ImageSpec::new([8, 16], Dtype::UInt8).unwrap();
        let mut spec = spec.with_spacing(&[0.5], Some("micrometer".into())).unwrap();
        spec.origin = vec![3.0, x * 0.5];
        let block = Block::from_vec(Region::whole(&[8, 16]), vec![k as u8 + 1; 128]).unwrap();
        let image = Image::from_block(spec, block).unwrap();
        image
            .save(
                &dir.path().join(format!("{k}.zarr")),
                &SaveOptions::default(),
                &RunOptions::default(),
            )
            .unwrap();
    }
    let layout = open_layout(dir.path(), &LayoutOptions::default()).unwrap();
    let (image, _) = fuse(&layout, None, &options("max", "nearest")).unwrap();
    assert_eq!(
        (&image.spec().shape[..], &image.spec().origin[..]),
        (&[8, 26][..], &[3.0, 0.0][..])
    );
    let block = image.compute(&RunOptions::default()).unwrap();
    assert_eq!(block.typed::<u8>().unwrap()[9..11], [1, 2]);
}

#[test]
fn a_turned_tile_shows_the_specimen_where_it_lies() {
    let dir = tempfile::tempdir().unwrap();
    // Tile sample c lies at R c + t of the world; its value is that of the specimen there.
    let (s, c) = (0.6, 0.8);
    let (t, n) = ([30.0, 10.0], 60);
    let samples: Vec<f32> = (0..n * n)
        .map(|i| {
            let (v, u) = ((i / n) as f64, (i % n) as f64);
            plane(c * v - s * u + t[0], s * v + c * u + t[1]) as f32
        })
        .collect();
    let path = dir.path().join("turned.npy");
    Image::from_vec(&[n, n], samples)
        .unwrap()
        .save(&path, &SaveOptions::default(), &RunOptions::default())
        .unwrap();
    let affine = vec![vec![c, -s, t[0]], vec![s, c, t[1]]];
    let tile =
        Tile { path: path.to_string_lossy().into_owned(), affine: Some(affine), ..Tile::default() };
    let layout = Layout { tiles: vec![tile], ..Layout::default() };
    for between in ["linear", "cubic"] {
        let (image, _) = fuse(&layout, None, &options("linear", between)).unwrap();
        let origin = image.spec().origin.clone();
        let width = image.spec().shape[1];
        let block = image.compute(&RunOptions::default()).unwrap();
        let mut n_inside = 0;
        for (i, got) in block.typed::<f32>().unwrap().iter().enumerate().filter(|(_, v)| **v != 0.0)
        {
            let want = plane((i / width) as f64 + origin[0], (i % width) as f64 + origin[1]);
            // A spline is mirrored at the tile's borders, where a plane is not.
            let slack = if between == "cubic" { 4.0 } else { 1e-3 };
            assert!((f64::from(*got) - want).abs() < slack, "{between} {i} {got} {want}");
            n_inside += 1;
        }
        assert!(n_inside > 3300, "{n_inside}");
    }
}

#[test]
fn channels_and_planes_go_where_they_belong() {
    let dir = tempfile::tempdir().unwrap();
    let mut layout = Layout::default();
    for channel in 0..2 {
        for x in [0.0, 8.0] {
            let path = dir.path().join(format!("c{channel}_{x}.npy"));
            let image =
                Image::from_vec(&[2, 5, 10], vec![channel as u16 * 10 + x as u16; 100]).unwrap();
            image.save(&path, &SaveOptions::default(), &RunOptions::default()).unwrap();
            let path = path.to_string_lossy().into_owned();
            layout.tiles.push(Tile { channel: Some(channel), ..placed(path, &[0.0, 0.0, x]) });
        }
    }
    let (image, _) = fuse(&layout, None, &options("max", "nearest")).unwrap();
    assert_eq!(image.spec().shape, [2, 2, 5, 18]);
    assert_eq!(image.spec().axes, Axes::parse("czyx").unwrap());
    let block = image.compute(&RunOptions::default()).unwrap();
    let samples = block.typed::<u16>().unwrap();
    assert_eq!((samples[0], samples[17], samples[180], samples[197]), (0, 8, 10, 18));
    // A mosaic is an image like any other: it can be filtered, and its plan can be written down.
    let again = Image::from_plan(&image.apply("add:value=1").unwrap().to_plan().unwrap()).unwrap();
    let block = again.compute(&RunOptions::default()).unwrap();
    assert_eq!(block.typed::<u16>().unwrap()[197], 19);
}

#[test]
fn a_tile_that_is_not_there_is_named_or_left_out_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut layout = grid(dir.path());
    layout
        .tiles
        .push(placed(dir.path().join("gone.tif").to_string_lossy().into_owned(), &[0.0, 0.0]));
    let refused = fuse(&layout, None, &FuseOptions::default()).err().unwrap();
    assert!(refused.to_string().contains("gone.tif"), "{refused}");
    let skip = FuseOptions { skip_missing: true, ..FuseOptions::default() };
    let (_, mosaic) = fuse(&layout, None, &skip).unwrap();
    assert!(mosaic.tiles.notes[0].contains("gone.tif"), "{:?}", mosaic.tiles.notes);
    let other = dir.path().join("other.npy");
    let block = Block::zeros(Region::whole(&[40, 50]), Dtype::UInt8).unwrap();
    let spec = petavox::ImageSpec::new([40, 50], Dtype::UInt8).unwrap();
    Image::from_block(spec, block)
        .unwrap()
        .save(&other, &SaveOptions::default(), &RunOptions::default())
        .unwrap();
    layout.tiles.last_mut().unwrap().path = other.to_string_lossy().into_owned();
    let refused = fuse(&layout, None, &FuseOptions::default()).err().unwrap();
    assert!(refused.to_string().contains("other.npy: uint8"), "{refused}");
}

#[test]
fn layouts_that_make_no_sense_are_refused_with_their_line() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        open_layout(&path, &LayoutOptions::default()).unwrap_err().to_string()
    };
    assert!(refused("a.csv", "name,x,y\na.tif,1,2\nb.tif,one,2\n").contains("line 3"));
    assert!(refused("b.csv", "name,left,top\na.tif,1,2\n").contains("header"));
    assert!(refused("TileConfiguration.txt", "dim = 2\na.tif; ; (1, 2, 3)\n").contains("line 2"));
    assert!(refused("c.json", "{\"tiles\": [{\"position\": [0, 0]}]}").contains("path"));
    assert!(refused("d.json", "{\"tiles\": []}").contains("no tile"));
    assert!(refused("e.xyz", "").contains("layout"));
    let both = Tile { affine: Some(vec![]), ..placed("a.npy".into(), &[0.0, 0.0]) };
    let layout = Layout { tiles: vec![both], ..Layout::default() };
    assert!(fuse(&layout, None, &FuseOptions::default()).is_err());
}

/// A specimen with detail at any place: waves of all directions.
fn texture(y: f64, x: f64) -> f64 {
    let wave = |k: f64| {
        let (angle, length) = (k * 2.399_963, 5.0 + (k * 1.7) % 14.0);
        ((y * angle.sin() + x * angle.cos()) * std::f64::consts::TAU / length + k * k).sin()
    };
    1000.0 + 60.0 * (1..60).map(|k| wave(f64::from(k))).sum::<f64>()
}

/// Noise that no place of the specimen shows.
fn noise(i: usize) -> f64 {
    let mut v = (i as u64 + 12345).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    v = (v ^ (v >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    1000.0 + ((v >> 40) as f64 / 1e5 - 80.0)
}

#[test]
fn places_are_found_and_a_tile_that_shows_nothing_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let n = 96;
    let (mut told, mut truth) = (Layout::default(), Vec::new());
    for k in 0..12 {
        let (r, c) = ((k / 4) as f64, (k % 4) as f64);
        let at = [r * 72.0 + 3.3 * (k as f64 * 1.9).sin(), c * 70.0 + 4.1 * (k as f64 * 0.7).cos()];
        let samples: Vec<u16> = (0..n * n)
            .map(|i| match k {
                6 => noise(i),
                _ => texture(at[0] + (i / n) as f64, at[1] + (i % n) as f64),
            })
            .map(|v| v.clamp(0.0, 65535.0) as u16)
            .collect();
        let path = dir.path().join(format!("{k}.npy"));
        Image::from_vec(&[n, n], samples)
            .unwrap()
            .save(&path, &SaveOptions::default(), &RunOptions::default())
            .unwrap();
        // Positions in micrometres, half of one a sample.
        let position = vec![r * 36.0, c * 35.0];
        let path = path.to_string_lossy().into_owned();
        told.tiles.push(Tile {
            path,
            position: Some(position),
            spacing: Some(vec![0.5]),
            ..Tile::default()
        });
        truth.push(at);
    }
    let found = stitch(&told, None, &StitchOptions::default(), &RunOptions::default()).unwrap();
    let lost: Vec<usize> = found.unregistered.iter().map(|u| u.tile).collect();
    assert_eq!(lost, [6], "{:?}", found.unregistered);
    let place = |k: usize, a: usize| found.layout.tiles[k].position.as_ref().unwrap()[a] / 0.5;
    for a in 0..2 {
        let off = |k: usize| place(k, a) - truth[k][a];
        let rest: Vec<usize> = (0..12).filter(|k| *k != 6).collect();
        let mean = rest.iter().map(|&k| off(k)).sum::<f64>() / 11.0;
        for k in rest {
            // Overlaps are 24 samples, and every pair of the last tile is at one of its corners.
            assert!(
                (off(k) - mean).abs() < 0.15,
                "tile {k}: {} samples off along {a}",
                off(k) - mean
            );
        }
        assert!((off(6) - mean).abs() < 8.0);
    }
    is_the_same_when_read_again(&found);
}

/// What is written is a layout that gives the same mosaic.
fn is_the_same_when_read_again(found: &Stitched) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("positions.json");
    write_positions(found, &path).unwrap();
    let again = open_layout(&path, &LayoutOptions::default()).unwrap();
    let pixels = |layout: &Layout| {
        let (image, _) = fuse(layout, None, &FuseOptions::default()).unwrap();
        image.compute(&RunOptions::default()).unwrap().bytes().to_vec()
    };
    assert!(pixels(&again) == pixels(&found.layout));
}

#[test]
fn balanced_tiles_meet_without_a_step() {
    let dir = tempfile::tempdir().unwrap();
    let mut layout = Layout::default();
    for (k, gain) in [1.0, 1.15, 0.9].into_iter().enumerate() {
        let x = k as f64 * 40.0;
        let samples: Vec<f32> = (0..50 * 50)
            .map(|i| (gain * texture((i / 50) as f64, x + (i % 50) as f64)) as f32)
            .collect();
        let path = dir.path().join(format!("{k}.npy"));
        Image::from_vec(&[50, 50], samples)
            .unwrap()
            .save(&path, &SaveOptions::default(), &RunOptions::default())
            .unwrap();
        layout.tiles.push(placed(path.to_string_lossy().into_owned(), &[0.0, x]));
    }
    let step = |balance: bool| {
        let how = FuseOptions { balance, ..options("first", "linear") };
        let (image, _) = fuse(&layout, None, &how).unwrap();
        let block = image.compute(&RunOptions::default()).unwrap();
        let samples = block.typed::<f32>().unwrap();
        let ratio = |x: usize| f64::from(samples[130 * 25 + x]) / texture(25.0, x as f64);
        (ratio(49) / ratio(50) - 1.0).abs().max((ratio(89) / ratio(90) - 1.0).abs())
    };
    assert!(step(false) > 0.1);
    assert!(step(true) < 0.01, "{}", step(true));
}

#[test]
fn a_flat_field_is_undone_given_or_told_by_the_tiles() {
    let dir = tempfile::tempdir().unwrap();
    let light = |y: usize, x: usize| {
        1.0 - 0.4 * ((y as f64 - 24.0).powi(2) + (x as f64 - 24.0).powi(2)) / 1152.0
    };
    let save = |name: String, samples: Vec<f32>| {
        let path = dir.path().join(name);
        Image::from_vec(&[48, 48], samples)
            .unwrap()
            .save(&path, &SaveOptions::default(), &RunOptions::default())
            .unwrap();
        path.to_string_lossy().into_owned()
    };
    let flat =
        save("flat.npy".into(), (0..48 * 48).map(|i| light(i / 48, i % 48) as f32).collect());
    let mut layout = Layout::default();
    for k in 0..16 {
        let at = [(k / 4) as f64 * 40.0, (k % 4) as f64 * 40.0];
        let samples = (0..48 * 48)
            .map(|i| {
                (light(i / 48, i % 48)
                    * (500.0 + 0.1 * plane(at[0] + (i / 48) as f64, at[1] + (i % 48) as f64)))
                    as f32
            })
            .collect();
        layout.tiles.push(placed(save(format!("{k}.npy"), samples), &at));
    }
    let unevenness = |flatfield: Option<String>| {
        let how = FuseOptions { flatfield, ..options("mean", "nearest") };
        let (image, _) = fuse(&layout, None, &how).unwrap();
        let width = image.spec().shape[1];
        let block = image.compute(&RunOptions::default()).unwrap();
        let ratios: Vec<f64> = block
            .typed::<f32>()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(i, v)| {
                f64::from(*v) / (500.0 + 0.1 * plane((i / width) as f64, (i % width) as f64))
            })
            .collect();
        let (low, high) =
            ratios.iter().fold((f64::MAX, 0.0f64), |(l, h), r| (l.min(*r), h.max(*r)));
        high / low - 1.0
    };
    let before = unevenness(None);
    assert!(before > 0.2, "{before}");
    assert!(unevenness(Some(flat)) < 1e-5);
    let after = unevenness(Some("auto".into()));
    assert!(after < before / 3.0, "{after} of {before}");
}
