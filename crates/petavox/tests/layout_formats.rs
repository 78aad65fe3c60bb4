//! Layouts in the forms in which microscopes leave them, with files written by their rules.

use petavox::RunOptions;
use petavox::mosaic::{FuseOptions, Layout, LayoutOptions, fuse, open_layout};
use std::path::Path;

const SHAPE: [usize; 2] = [24, 32];
/// Where the six tiles lie, in samples: two rows of three.
const AT: [[usize; 2]; 6] = [[0, 0], [0, 26], [0, 52], [20, 0], [20, 26], [20, 52]];

fn specimen(y: usize, x: usize, channel: usize) -> u16 {
    (1000 * channel + 7 * y + 3 * x + (y * x) % 11) as u16
}

/// A TIFF of one page, 16 bits, with a description, byte by byte.
fn tiff(path: &Path, k: usize, channel: usize, description: &str) {
    let mut text = description.as_bytes().to_vec();
    text.push(0);
    text.resize(text.len().max(8).next_multiple_of(2), 0);
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, 4, 1, SHAPE[1] as u32),
        (257, 4, 1, SHAPE[0] as u32),
        (258, 3, 1, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (270, 2, text.len() as u32, 8 + 2 + 9 * 12 + 4),
        (273, 4, 1, (8 + 2 + 9 * 12 + 4 + text.len()) as u32),
        (278, 4, 1, SHAPE[0] as u32),
        (279, 4, 1, (SHAPE[0] * SHAPE[1] * 2) as u32),
    ];
    let mut bytes = b"II*\0\x08\0\0\0\x09\0".to_vec();
    for (tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(text);
    for i in 0..SHAPE[0] * SHAPE[1] {
        let (y, x) = (AT[k][0] + i / SHAPE[1], AT[k][1] + i % SHAPE[1]);
        bytes.extend(specimen(y, x, channel).to_le_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

fn open(path: &Path, options: LayoutOptions) -> petavox::Result<Layout> {
    open_layout(path, &options)
}

/// The mosaic of a layout is the specimen.
fn shows_the_specimen(layout: &Layout, n_channels: usize) {
    let options = FuseOptions {
        blend: "max".into(),
        interpolation: "nearest".into(),
        ..FuseOptions::default()
    };
    let (image, _) = fuse(layout, None, &options).unwrap();
    let expected: &[usize] = if n_channels > 1 { &[n_channels, 44, 84] } else { &[44, 84] };
    assert_eq!(image.spec().shape, expected);
    let block = image.compute(&RunOptions::default()).unwrap();
    for (i, got) in block.typed::<u16>().unwrap().iter().enumerate() {
        assert_eq!(*got, specimen(i / 84 % 44, i % 84, i / (84 * 44)), "sample {i}");
    }
}

fn metaseries(k: usize, wave: usize, stage: bool) -> String {
    let (y, x) = (AT[k][0] as f64 * 0.65 - 300.0, AT[k][1] as f64 * 0.65 + 12_000.0);
    let place = if stage {
        format!(
            "<prop id=\"stage-position-x\" type=\"float\" value=\"0\"/><prop id=\"stage-position-y\" type=\"float\" value=\"0\"/>\
             <custom-prop id=\"ImageXpress Micro X\" type=\"float\" value=\"{x}\"/><custom-prop id=\"ImageXpress Micro Y\" type=\"float\" value=\"{y}\"/>"
        )
    } else {
        String::new()
    };
    format!(
        "<MetaData>\r\n<prop id=\"Description\" type=\"string\" value=\"Exposure: 50 ms&#13;&#10;\"/>\r\n<PlaneInfo>\r\n\
         <prop id=\"pixel-size-x\" type=\"int\" value=\"32\"/><prop id=\"spatial-calibration-state\" type=\"bool\" value=\"on\"/>\
         <prop id=\"spatial-calibration-x\" type=\"float\" value=\"0.65\"/><prop id=\"spatial-calibration-y\" type=\"float\" value=\"0.65\"/>\
         <prop id=\"spatial-calibration-units\" type=\"string\" value=\"um\"/>{place}\
         <custom-prop id=\"wavelength\" type=\"float\" value=\"{wave}\"/>\r\n</PlaneInfo>\r\n<SetInfo></SetInfo>\r\n</MetaData>\r\n"
    )
}

fn plate(dir: &Path, wells: &[&str], stage: bool) -> std::path::PathBuf {
    let time = dir.join("TimePoint_1");
    std::fs::create_dir_all(&time).unwrap();
    for (n, well) in wells.iter().enumerate() {
        for k in 0..6 {
            for wave in 0..2 {
                let id =
                    format!("{:08X}-0C4B-4B6E-9A51-0123456789AB", 7919 * (n * 12 + k * 2 + wave));
                let name = format!("run_{well}_s{}_w{}{id}.tif", k + 1, wave + 1);
                tiff(&time.join(name), k, wave, &metaseries(k, wave + 1, stage));
                std::fs::write(
                    time.join(format!("run_{well}_s{}_w{}_thumb{id}.tif", k + 1, wave + 1)),
                    "small",
                )
                .unwrap();
            }
        }
    }
    let text = "\"HTSInfoFile\", Version 1.0\r\n\"Description\", \"\"\r\n\"TimePoints\", 1\r\n\"ZSeries\", FALSE\r\n\"XWells\", 12\r\n\
                \"YWells\", 8\r\n\"WellsSelection1\", TRUE, FALSE\r\n\"Sites\", TRUE\r\n\"XSites\", 3\r\n\"YSites\", 2\r\n\
                \"SiteSelection1\", TRUE, TRUE, TRUE\r\n\"SiteSelection2\", TRUE, TRUE, TRUE\r\n\"Waves\", TRUE\r\n\"NWavelengths\", 2\r\n\
                \"WaveName1\", \"DAPI\"\r\n\"WaveName2\", \"FITC\"\r\n\"EndFile\"\r\n";
    let path = dir.join("run.HTD");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_well_of_an_imagexpress_plate() {
    let dir = tempfile::tempdir().unwrap();
    let path = plate(dir.path(), &["A01"], true);
    let layout = open(&path, LayoutOptions::default()).unwrap();
    assert_eq!((layout.tiles.len(), layout.unit.as_deref()), (12, Some("micrometer")));
    assert_eq!(layout.tiles[0].spacing.as_deref(), Some(&[0.65, 0.65][..]));
    shows_the_specimen(&layout, 2);
    // The folder is as good as its file.
    shows_the_specimen(&open(dir.path(), LayoutOptions::default()).unwrap(), 2);
}

/// Writes the planes of z-stacks into folders of their own; the sample says plane and wavelength.
fn steps(time: &Path, n_steps: usize) {
    for step in 1..=n_steps {
        let folder = time.join(format!("ZStep_{step}"));
        std::fs::create_dir_all(&folder).unwrap();
        for k in 0..6 {
            for wave in 0..2 {
                let id = format!(
                    "{:08X}-0C4B-4B6E-9A51-0123456789AB",
                    7919 * (step * 12 + k * 2 + wave)
                );
                let name = format!("run_A01_s{}_w{}{id}.tif", k + 1, wave + 1);
                tiff(&folder.join(name), k, wave * n_steps + step, &metaseries(k, wave + 1, true));
            }
        }
    }
}

#[test]
fn z_stacks_and_times_of_a_plate_are_taken_whole_or_one_by_a_pattern() {
    let dir = tempfile::tempdir().unwrap();
    let path = plate(dir.path(), &["A01"], true);
    let pattern = |p: &str| LayoutOptions { pattern: Some(p.into()), ..LayoutOptions::default() };
    let samples = |layout: &Layout| {
        let (image, _) = fuse(layout, None, &FuseOptions::default()).unwrap();
        let block = image.compute(&RunOptions::default()).unwrap();
        (image.spec().shape.clone(), block.typed::<u16>().unwrap().to_vec())
    };
    // A second time with stacks and no projections.
    let second = dir.path().join("TimePoint_2");
    steps(&second, 11);
    let first = open(&path, LayoutOptions::default()).unwrap();
    assert!(first.notes.iter().any(|n| n.contains("TimePoint_2/*")), "{:?}", first.notes);
    shows_the_specimen(&first, 2);
    let stack = open(&path, pattern("TimePoint_2/*")).unwrap();
    assert!(stack.notes.iter().any(|n| n.contains("stack of 11 planes")), "{:?}", stack.notes);
    let (shape, values) = samples(&stack);
    assert_eq!(shape, [2, 11, 44, 84]);
    for (i, got) in values.iter().enumerate() {
        // The tenth plane comes behind the ninth.
        let plane = i / (84 * 44);
        let channel = plane / 11 * 11 + plane % 11 + 1;
        assert_eq!(*got, specimen(i / 84 % 44, i % 84, channel), "sample {i}");
    }
    let (shape, values) = samples(&open(&path, pattern("TimePoint_2/ZStep_3/*")).unwrap());
    assert_eq!(shape, [2, 44, 84]);
    assert_eq!(values[84 * 44], specimen(0, 0, 11 + 3));
    let several = open(&path, pattern("TimePoint_*")).unwrap_err().to_string();
    assert!(several.contains("TimePoint_1 and TimePoint_2"), "{several}");
    // Projections beside stacks are what is taken.
    steps(&dir.path().join("TimePoint_1"), 2);
    let projected = open(&path, LayoutOptions::default()).unwrap();
    assert!(projected.notes.iter().any(|n| n.contains("projections")), "{:?}", projected.notes);
    shows_the_specimen(&projected, 2);
    let missing = std::fs::read_dir(second.join("ZStep_4")).unwrap().flatten().next().unwrap();
    std::fs::remove_file(missing.path()).unwrap();
    let uneven = open(&path, pattern("TimePoint_2/*")).unwrap_err().to_string();
    assert!(uneven.contains("has 10 planes, others have 11"), "{uneven}");
}

#[test]
fn sites_without_places_lie_on_the_plates_grid() {
    let dir = tempfile::tempdir().unwrap();
    let path = plate(dir.path(), &["A01"], false);
    let refused = open(&path, LayoutOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("overlap"), "{refused}");
    let overlap = Some(vec![4.0 / 24.0, 6.0 / 32.0]);
    let layout = open(&path, LayoutOptions { overlap, ..LayoutOptions::default() }).unwrap();
    shows_the_specimen(&layout, 2);
    assert!(layout.notes.iter().any(|n| n.contains("grid")), "{:?}", layout.notes);
}

#[test]
fn plates_that_lack_images_have_too_many_or_several_wells_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = plate(dir.path(), &["A01", "B03"], true);
    let refused = open(&path, LayoutOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("A01, B03") && refused.contains("--pattern"), "{refused}");
    let pattern = |p: &str| LayoutOptions { pattern: Some(p.into()), ..LayoutOptions::default() };
    shows_the_specimen(&open(&path, pattern("*_B03_*")).unwrap(), 2);
    let time = dir.path().join("TimePoint_1");
    let file = |start: &str| {
        std::fs::read_dir(&time)
            .unwrap()
            .flatten()
            .map(|e| e.path())
            .find(|p| {
                let name = p.file_name().unwrap().to_string_lossy();
                name.starts_with(start) && !name.contains("thumb")
            })
            .unwrap()
    };
    let one = file("run_B03_s4_w2");
    std::fs::copy(&one, time.join("run_B03_s4_w2.tif")).unwrap();
    let refused = open(&path, pattern("*_B03_*")).unwrap_err().to_string();
    assert!(refused.contains("two images of well B03, site 4, wavelength 2"), "{refused}");
    std::fs::remove_file(time.join("run_B03_s4_w2.tif")).unwrap();
    std::fs::remove_file(one).unwrap();
    let refused = open(&path, pattern("*_B03_*")).unwrap_err().to_string();
    assert!(
        refused.contains("site 4, wavelength 2") && refused.contains("--skip-missing"),
        "{refused}"
    );
    let layout = open(&path, LayoutOptions { skip_missing: true, ..pattern("*_B03_*") }).unwrap();
    assert_eq!(layout.tiles.len(), 11);
    assert!(layout.notes[0].contains("site 4, wavelength 2"), "{:?}", layout.notes);
}

fn plane(k: usize, channel: usize, name: &str, pixel: f64) -> serde_json::Value {
    serde_json::json!({
        "FileName": name, "PositionIndex": k, "PositionName": format!("Pos{k}"), "ChannelIndex": channel, "Channel": "DAPI", "SliceIndex": 0,
        "FrameIndex": 0, "PixelSizeUm": pixel, "XPositionUm": AT[k][1] as f64 * 0.5 + 4000.0, "YPositionUm": AT[k][0] as f64 * 0.5,
        "ZPositionUm": 31.5, "Width": 32, "Height": 24, "PixelType": "GRAY16",
    })
}

#[test]
fn micromanager_files_of_one_plane_in_folders_of_positions() {
    let dir = tempfile::tempdir().unwrap();
    for k in 0..6 {
        let folder = dir.path().join(format!("1-Pos_{:03}_{:03}", k % 3, k / 3));
        std::fs::create_dir(&folder).unwrap();
        let mut all = serde_json::json!({ "Summary": { "Channels": 2, "Slices": 1, "Frames": 1, "Positions": 6, "z-step_um": 0 } });
        for channel in 0..2 {
            let name = format!("img_channel00{channel}_position00{k}_time000000000_z000.tif");
            tiff(&folder.join(&name), k, channel, "");
            all[format!("FrameKey-0-{channel}-0")] = plane(k, channel, &name, 0.5);
        }
        let text = all.to_string();
        // The last one was stopped before its end.
        let text = if k == 5 { text.trim_end_matches('}').to_owned() + "}" } else { text };
        std::fs::write(folder.join("metadata.txt"), text).unwrap();
    }
    let layout = open(dir.path(), LayoutOptions::default()).unwrap();
    assert_eq!(layout.tiles.len(), 12);
    assert!(layout.notes.iter().any(|n| n.contains("ends early")), "{:?}", layout.notes);
    shows_the_specimen(&layout, 2);
}

#[test]
fn micromanager_version_2_in_one_folder_and_slices_of_a_stack() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = serde_json::json!({ "Summary": { "Channels": 1 } });
    for k in 0..6 {
        let folder = dir.path().join(format!("Pos{k}"));
        std::fs::create_dir(&folder).unwrap();
        let name = "img_channel000_position000_time000000000_z000.tif";
        tiff(&folder.join(name), k, 0, "");
        let mut fields = plane(k, 0, name, 0.5);
        fields.as_object_mut().unwrap().remove("FileName");
        let text = serde_json::json!({
            "Summary": {}, format!("Metadata-Pos{k}/{name}"): fields, format!("Coords-Pos{k}/{name}"): { "channel": 0, "z": 0, "time": 0 },
        });
        std::fs::write(folder.join("metadata.txt"), text.to_string()).unwrap();
    }
    let layout = open(dir.path(), LayoutOptions::default()).unwrap();
    assert!(layout.tiles.iter().all(|t| t.channel.is_none()));
    shows_the_specimen(&layout, 1);
    // Slices of one position in files of their own: one tile with a z axis.
    for z in 0..3 {
        let name = format!("img_channel000_position000_time000000000_z{z:03}.tif");
        tiff(&dir.path().join(&name), 2, z, "");
        let mut fields = plane(0, 0, &name, 0.5);
        fields["SliceIndex"] = z.into();
        fields["ZPositionUm"] = (30.0 + 2.0 * z as f64).into();
        all[format!("FrameKey-0-0-{z}")] = fields;
    }
    all["Summary"]["z-step_um"] = 2.0.into();
    std::fs::write(dir.path().join("metadata.txt"), all.to_string()).unwrap();
    let layout = open(&dir.path().join("metadata.txt"), LayoutOptions::default()).unwrap();
    assert_eq!(layout.tiles.len(), 1);
    assert_eq!(layout.tiles[0].position.as_deref(), Some(&[30.0, 0.0, 4000.0][..]));
    let (image, _) = fuse(&layout, None, &FuseOptions::default()).unwrap();
    assert_eq!((&image.spec().shape[..], image.spec().axes.as_str()), (&[3, 24, 32][..], "zyx"));
    assert_eq!(image.spec().spacing.values, [2.0, 0.5, 0.5]);
    // Without a calibration nothing is known of places in samples.
    all["FrameKey-0-0-0"]["PixelSizeUm"] = 0.into();
    std::fs::write(dir.path().join("metadata.txt"), all.to_string()).unwrap();
    let refused =
        open(&dir.path().join("metadata.txt"), LayoutOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("--spacing"), "{refused}");
}

#[test]
fn micromanagers_position_lists_of_both_versions() {
    let dir = tempfile::tempdir().unwrap();
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for (k, at) in AT.iter().enumerate() {
        tiff(&dir.path().join(format!("Pos{k}.tif")), k, 0, "");
        let (y, x) = (at[0] as f64 * 0.5, at[1] as f64 * 0.5);
        old.push(serde_json::json!({
            "GRID_COL": k % 3, "GRID_ROW": k / 3, "LABEL": format!("Pos{k}"), "DEFAULT_XY_STAGE": "XY", "DEFAULT_Z_STAGE": "Z", "PROPERTIES": {},
            "DEVICES": [{"DEVICE": "Z", "AXES": 1, "X": 5, "Y": 0, "Z": 0}, {"DEVICE": "XY", "AXES": 2, "X": x, "Y": y, "Z": 0}],
        }));
        let text = |v: &str| serde_json::json!({"type": "STRING", "scalar": v});
        let device = |name: &str, at: &[f64]| serde_json::json!({"Device": text(name), "Position_um": {"type": "DOUBLE", "array": at}});
        new.push(serde_json::json!({
            "Label": text(&format!("Pos{k}")), "DefaultXYStage": text("XY"), "GridRow": {"type": "INTEGER", "scalar": k / 3},
            "DevicePositions": {"type": "PROPERTY_MAP", "array": [device("PFS", &[5.0]), device("XY", &[x, y])]},
        }));
    }
    let old =
        serde_json::json!({"VERSION": 3, "ID": "Micro-Manager XY-position list", "POSITIONS": old});
    let new = serde_json::json!({"format": "Micro-Manager Property Map", "map": {"StagePositions": {"type": "PROPERTY_MAP", "array": new}}});
    for (name, list) in [("old.pos", old), ("new.pos", new)] {
        let path = dir.path().join(name);
        std::fs::write(&path, list.to_string()).unwrap();
        let refused = open(&path, LayoutOptions::default()).unwrap_err().to_string();
        assert!(refused.contains("--spacing"), "{refused}");
        let spacing = Some(vec![0.5]);
        shows_the_specimen(
            &open(&path, LayoutOptions { spacing, ..LayoutOptions::default() }).unwrap(),
            1,
        );
    }
}

fn ome_image(k: usize, files: &[(usize, String)], place: bool) -> String {
    let data: String = files
        .iter()
        .map(|(c, f)| format!("<TiffData FirstC=\"{c}\" FirstT=\"0\" FirstZ=\"0\" IFD=\"0\" PlaneCount=\"1\"><UUID FileName=\"{f}\">urn:uuid:{k}-{c}</UUID></TiffData>"))
        .collect();
    let (y, x) = (AT[k][0] as f64 * 500.0, AT[k][1] as f64 * 0.5);
    let place = if place {
        format!(
            "<Plane TheC=\"0\" TheT=\"0\" TheZ=\"0\" PositionX=\"{x}\" PositionXUnit=\"µm\" PositionY=\"{y}\" PositionYUnit=\"nm\"/>"
        )
    } else {
        String::new()
    };
    format!(
        "<Image ID=\"Image:{k}\" Name=\"tile {k}\"><Pixels ID=\"Pixels:{k}\" DimensionOrder=\"XYZCT\" Type=\"uint16\" SizeX=\"32\" SizeY=\"24\" SizeZ=\"1\" \
         SizeC=\"{}\" SizeT=\"1\" PhysicalSizeX=\"0.5\" PhysicalSizeY=\"0.5\">{data}{place}</Pixels></Image>",
        files.len()
    )
}

fn document(images: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\" UUID=\"urn:uuid:companion\">{images}</OME>"
    )
}

#[test]
fn an_ome_companion_with_files_that_name_it_or_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let name = |k: usize, c: usize| format!("tile_{k}_{c}.ome.tif");
    for is_named in [true, false] {
        let mut images = String::new();
        for k in 0..6 {
            let files: Vec<(usize, String)> = (0..2).map(|c| (c, name(k, c))).collect();
            images += &ome_image(k, &files, true);
            for c in 0..2 {
                let only = "<?xml version=\"1.0\"?><OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\"><BinaryOnly MetadataFile=\"scan.companion.ome\" UUID=\"urn:uuid:companion\"/></OME>";
                tiff(&dir.path().join(name(k, c)), k, c, if is_named { only } else { "" });
            }
        }
        let path = dir.path().join("scan.companion.ome");
        std::fs::write(&path, document(&images)).unwrap();
        let layout = open(&path, LayoutOptions::default()).unwrap();
        assert_eq!(layout.tiles.len(), if is_named { 6 } else { 12 });
        assert_eq!(layout.unit.as_deref(), Some("micrometer"));
        shows_the_specimen(&layout, 2);
        shows_the_specimen(&open(dir.path(), LayoutOptions::default()).unwrap(), 2);
    }
    let path = dir.path().join("bad.companion.ome");
    let one = |f: &str| vec![(0, f.to_owned())];
    std::fs::write(
        &path,
        document(&(ome_image(0, &one("a.tif"), true) + &ome_image(1, &one("a.tif"), true))),
    )
    .unwrap();
    let refused = open(&path, LayoutOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("a.tif is in image 0 too"), "{refused}");
    std::fs::write(&path, document(&ome_image(3, &one("a.tif"), false))).unwrap();
    let refused = open(&path, LayoutOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("image 0") && refused.contains("PositionX"), "{refused}");
}

#[test]
fn ome_tiffs_that_describe_all_positions_are_each_their_own() {
    // As Micro-Manager writes positions: every file holds the document of all.
    let dir = tempfile::tempdir().unwrap();
    let name = |k: usize| format!("scan_MMStack_Pos{k}.ome.tif");
    let images: String = (0..6).map(|k| ome_image(k, &[(0, name(k))], true)).collect();
    (0..6).for_each(|k| tiff(&dir.path().join(name(k)), k, 0, &document(&images)));
    let layout = open(dir.path(), LayoutOptions::default()).unwrap();
    shows_the_specimen(&layout, 1);
}

#[test]
fn tile_configurations_in_three_dimensions_and_tiles_named_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = String::from(
        "# Define the number of dimensions we are working on\r\n  dim = 3\r\n\r\n# Define the image coordinates\r\n",
    );
    for (k, at) in AT.iter().enumerate() {
        let image = petavox::Image::from_vec(
            &[2, 24, 32],
            (0..2 * 24 * 32).map(|i| (i / 768 * 500 + k) as u16).collect::<Vec<_>>(),
        )
        .unwrap();
        let path = dir.path().join(format!("my tile {k}.npy"));
        image.save(&path, &petavox::SaveOptions::default(), &RunOptions::default()).unwrap();
        text += &format!("my tile {k}.npy;  ; ({}.0, {:e}, 0.0)\r\n", at[1], at[0] as f64);
    }
    let path = dir.path().join("TileConfiguration.txt");
    std::fs::write(&path, &text).unwrap();
    let layout = open(&path, LayoutOptions::default()).unwrap();
    let options = FuseOptions { blend: "first".into(), ..FuseOptions::default() };
    let (image, _) = fuse(&layout, None, &options).unwrap();
    assert_eq!((&image.spec().shape[..], image.spec().axes.as_str()), (&[2, 44, 84][..], "zyx"));
    let refused = |more: &str| {
        std::fs::write(&path, text.clone() + more).unwrap();
        open(&path, LayoutOptions::default()).unwrap_err().to_string()
    };
    let twice = refused("my tile 1.npy; ; (3, 4, 0)\n");
    assert!(
        twice.contains("my tile 1.npy is named twice, at (0, 0, 26) and at (0, 4, 3)"),
        "{twice}"
    );
    let layout =
        open(&path, LayoutOptions { skip_missing: true, ..LayoutOptions::default() }).unwrap();
    assert_eq!(layout.tiles.len(), 6);
    assert!(layout.notes[0].contains("named twice"), "{:?}", layout.notes);
    let several =
        refused("multiseries = true\nscan.ome.tif; 0; (0, 0, 0)\nscan.ome.tif; 1; (9, 0, 0)\n");
    assert!(
        several.contains("scan.ome.tif: series 1") && several.contains("bfconvert"),
        "{several}"
    );
    // The first series of every file is what is read of it.
    std::fs::write(&path, format!("multiseries = true\n{}", text.replace("; ;", "; 0;"))).unwrap();
    assert_eq!(open(&path, LayoutOptions::default()).unwrap().tiles.len(), 6);
}
