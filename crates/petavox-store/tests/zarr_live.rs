//! Small Zarr images in every flavour, for other programs' readers; driven by tests/live/check_zarr.py, which sets the folder.
//!
//! Each sample's value is its C-order number (modulo what the dtype holds), so that a reader needs nothing else to check it.

#![allow(clippy::print_stderr)]

use petavox_core::{Axes, Block, Dtype, Element, ImageSpec, Result, dispatch};
use petavox_store::{Channel, Codec, CreateOptions, create};
use std::path::Path;

#[test]
fn images_for_other_programs() -> Result<()> {
    let Ok(folder) = std::env::var("PETAVOX_OUT") else {
        eprintln!("skipped: PETAVOX_OUT is not set (tests/live/check_zarr.py sets it)");
        return Ok(());
    };
    for &dtype in Dtype::ALL {
        for zarr_format in [2, 3] {
            let options = CreateOptions { zarr_format, n_levels: Some(2), ..chunks(&[8, 16, 16]) };
            write(
                &folder,
                &format!("{dtype}-v{zarr_format}"),
                "zyx",
                &[10, 33, 40],
                dtype,
                &options,
            )?;
        }
    }
    for codec in ["none", "gzip:6", "zstd:9", "blosc:lz4", "blosc:zstd:3", "blosc:zlib"] {
        for (name, zarr_format, shard_shape) in
            [("v2", 2, None), ("v3", 3, None), ("sharded", 3, Some(vec![16, 32, 32]))]
        {
            let codec_parsed = Codec::parse(codec)?;
            let options = CreateOptions {
                zarr_format,
                shard_shape,
                codec: codec_parsed,
                ..chunks(&[8, 16, 16])
            };
            let name = format!("{}-{name}", codec.replace(':', "-"));
            write(&folder, &name, "zyx", &[20, 70, 33], Dtype::UInt16, &options)?;
        }
    }
    let channel = |name: &str, color: &str| Channel {
        name: Some(name.into()),
        color: Some(color.into()),
        window: Some((0.0, 1000.0)),
    };
    for zarr_format in [2, 3] {
        let base = CreateOptions { zarr_format, n_levels: Some(3), ..CreateOptions::default() };
        let options = CreateOptions {
            channels: vec![channel("DAPI", "0000FF"), channel("GFP", "00FF00")],
            ..base.clone()
        };
        write(
            &folder,
            &format!("tczyx-v{zarr_format}"),
            "tczyx",
            &[2, 2, 9, 40, 50],
            Dtype::UInt16,
            &options,
        )?;
        let labels = CreateOptions { is_labels: true, ..base.clone() };
        write(
            &folder,
            &format!("labels-v{zarr_format}"),
            "yx",
            &[600, 500],
            Dtype::UInt32,
            &labels,
        )?;
        let plain = CreateOptions { n_levels: None, ..base };
        write(
            &folder,
            &format!("plain-v{zarr_format}"),
            "yxc",
            &[30, 20, 3],
            Dtype::UInt8,
            &plain,
        )?;
    }
    Ok(())
}

fn chunks(chunk: &[usize]) -> CreateOptions {
    CreateOptions { chunk_shape: Some(chunk.to_vec()), ..CreateOptions::default() }
}

fn write(
    folder: &str,
    name: &str,
    axes: &str,
    shape: &[usize],
    dtype: Dtype,
    options: &CreateOptions,
) -> Result<()> {
    let mut spec = ImageSpec::new(shape, dtype)?.with_axes(Axes::parse(axes)?)?;
    spec.spacing.unit = Some("micrometer".into());
    for a in (0..spec.ndim()).filter(|&a| spec.axes.is_spatial(a)) {
        spec.spacing.values[a] = if axes.as_bytes()[a] == b'z' { 2.0 } else { 0.5 };
        spec.origin[a] = 10.0;
    }
    let writer = create(&Path::new(folder).join(format!("{name}.zarr")), &spec, options)?;
    for (k, level) in writer.levels().iter().enumerate() {
        let mut block = Block::zeros(level.region(), dtype)?;
        dispatch!(dtype, T => {
            for (i, v) in block.typed_mut::<T>()?.iter_mut().enumerate() {
                *v = <T as Element>::from_f64((i % if dtype == Dtype::Bool { 2 } else { 101 }) as f64);
            }
        });
        writer.sink(k)?.write(&block)?;
    }
    writer.finish()
}
