//! Thins a mask and prints how long it took: `thin MASK.npy|phantom:N [--method M] [--threads N] [--slab PLANES] [--repeat N] [--out OUT.npy]`.
//!
//! A mask is a C-order `.npy` of `bool` or `uint8`; `phantom:512` is the made-up vessel tree of that edge, which `--save` writes.
#![allow(clippy::print_stdout)]

use petavox_core::{Block, CancelToken, Dtype, Error, Region, Result, Workers};
use petavox_engine::ThreadPool;
use petavox_kernels::bits::BitLayout;
use petavox_ops::phantom::{VesselOptions, Vessels};
use petavox_ops::thin::{ThinMethod, ThinOptions, thin};
use std::time::Instant;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option =
        |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).cloned();
    let number = |name: &str| option(name).and_then(|v| v.parse::<usize>().ok());
    let input = args.first().ok_or_else(|| Error::argument("MASK", "nothing", "a path"))?;
    let pool = ThreadPool::new(number("--threads").unwrap_or(2));
    let mask = match input.strip_prefix("phantom:").and_then(|n| n.parse::<usize>().ok()) {
        Some(n) => phantom(n, &pool)?,
        None => read_npy(input)?,
    };
    if let Some(path) = option("--save") {
        write_npy(&path, &mask)?;
    }
    let method = match option("--method") {
        Some(m) => m.parse()?,
        None => ThinMethod::default_for(mask.shape().len()),
    };
    let layout = BitLayout::new(mask.shape())?;
    let mut packed = vec![0; layout.n_words()];
    let clock = Instant::now();
    layout.pack(&mut packed, &mask)?;
    let pack_secs = clock.elapsed().as_secs_f64();
    let options = ThinOptions { method, slab_planes: number("--slab") };
    let n_planes = layout.shape()[0];
    println!(
        "{:?} {method:?}: {} of {} voxels, packed in {pack_secs:.3} s, {:.1} MB of bits, {:.1} MB beside",
        mask.shape(),
        layout.count(&packed, 0..n_planes),
        mask.region().len(),
        layout.n_bytes() as f64 / 1e6,
        options.scratch_bytes(&layout) as f64 / 1e6,
    );
    let mut words = packed.clone();
    for _ in 0..number("--repeat").unwrap_or(3) {
        words.copy_from_slice(&packed);
        let clock = Instant::now();
        let stats = thin(&mut words, &layout, &options, &pool, &CancelToken::new())?;
        println!(
            "{:.4} s, {} rounds, {} voxels left",
            clock.elapsed().as_secs_f64(),
            stats.n_rounds,
            layout.count(&words, 0..n_planes)
        );
    }
    if let Some(path) = option("--out") {
        let mut out = Block::zeros(mask.region().clone(), Dtype::Bool)?;
        layout.unpack(&words, &mut out)?;
        write_npy(&path, &out)?;
    }
    Ok(())
}

fn phantom(n: usize, pool: &dyn Workers) -> Result<Block> {
    let vessels = Vessels::new([n; 3], &VesselOptions::default())?;
    let slabs: Vec<std::sync::Mutex<Option<Block>>> =
        (0..n.div_ceil(16)).map(|_| std::sync::Mutex::new(None)).collect();
    pool.for_each(slabs.len(), &|i| {
        let z = i * 16;
        let region = Region::new([z as i64, 0, 0], [16.min(n - z), n, n]);
        if let (Ok(block), Ok(mut slot)) = (vessels.mask(&region), slabs[i].lock()) {
            *slot = Some(block);
        }
    });
    let mut whole = Block::zeros(Region::whole(&[n; 3]), Dtype::Bool)?;
    for slab in slabs {
        if let Ok(Some(block)) = slab.into_inner() {
            whole.copy_from(&block)?;
        }
    }
    Ok(whole)
}

fn read_npy(path: &str) -> Result<Block> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, "open", e))?;
    let bad = || Error::corrupt(path, None, "not a C-order .npy of bool or uint8");
    let header = bytes.get(10..).ok_or_else(bad)?;
    let len = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = std::str::from_utf8(header.get(..len).ok_or_else(bad)?).map_err(|_| bad())?;
    if text.contains("True") || !(text.contains("|b1") || text.contains("|u1")) {
        return Err(bad());
    }
    let inside = text.split_once('(').and_then(|t| t.1.split_once(')')).ok_or_else(bad)?.0;
    let shape: Vec<usize> = inside.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    Block::from_vec(Region::whole(&shape), header[len..].to_vec())
}

fn write_npy(path: &str, block: &Block) -> Result<()> {
    let shape: Vec<String> = block.shape().iter().map(|n| format!("{n},")).collect();
    let mut text =
        format!("{{'descr': '|b1', 'fortran_order': False, 'shape': ({}), }}", shape.concat());
    while (10 + text.len()) % 64 != 63 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(block.bytes());
    std::fs::write(path, bytes).map_err(|e| Error::io(path, "write", e))
}
