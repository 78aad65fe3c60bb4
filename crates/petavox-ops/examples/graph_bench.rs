//! Times graph and table of a boolean skeleton stored as .npy, as bench/graph.py does with skan:
//!
//! ```text
//! cargo run --release -p petavox-ops --example graph_bench -- skeleton.npy [THREADS] [REPEATS]
//! ```
//!
//! Prints one JSON object: voxels, branches, total length, best seconds of each part and peak resident memory.

#![allow(clippy::print_stdout)]

use petavox_core::Workers;
use petavox_ops::skeleton::{GraphOptions, Heap, SkeletonGraph, TableOptions, summarize};
use std::error::Error;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

struct Threads(usize);

impl Workers for Threads {
    fn n_threads(&self) -> usize {
        self.0
    }

    fn for_each(&self, n_items: usize, task: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= n_items {
                    break;
                }
                task(i);
            }
        };
        std::thread::scope(|scope| {
            (1..self.0.min(n_items)).for_each(|_| {
                scope.spawn(work);
            });
            work();
        });
    }
}

/// Shape and ranks of the true samples, read in pieces so that the image itself is never held.
fn read_npy(path: &str) -> Result<(Vec<usize>, Vec<u64>), Box<dyn Error>> {
    let mut file = std::fs::File::open(path)?;
    let mut start = [0; 10];
    file.read_exact(&mut start)?;
    let mut header = vec![0; usize::from(u16::from_le_bytes([start[8], start[9]]))];
    file.read_exact(&mut header)?;
    let header = String::from_utf8(header)?;
    if &start[..7] != b"\x93NUMPY\x01" || !header.contains("'|b1'") || header.contains("True") {
        return Err("a version 1 .npy of booleans in C order is needed".into());
    }
    let inside = header.split(['(', ')']).nth(1).ok_or("no shape")?;
    let numbers = inside.split(',').map(str::trim).filter(|s| !s.is_empty());
    let shape = numbers.map(str::parse).collect::<Result<Vec<usize>, _>>()?;
    let (mut ranks, mut rank) = (Vec::new(), 0);
    let mut piece = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            ranks.shrink_to_fit();
            return Ok((shape, ranks));
        }
        for (at, word) in piece[..n].chunks(8).enumerate() {
            if word.iter().any(|&b| b != 0) {
                let true_ones = word.iter().enumerate().filter(|(_, b)| **b != 0);
                ranks.extend(true_ones.map(|(i, _)| rank + (8 * at + i) as u64));
            }
        }
        rank += n as u64;
    }
}

/// Peak resident memory of this process so far, from the kernel; 0 where that is not told.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let path = args.get(1).ok_or("usage: graph_bench SKELETON.npy [THREADS] [REPEATS]")?;
    let threads = Threads(args.get(2).map_or(Ok(1), |t| t.parse())?);
    let n_repeats: usize = args.get(3).map_or(Ok(5), |t| t.parse())?;
    let start = Instant::now();
    let (shape, ranks) = read_npy(path)?;
    let read_secs = start.elapsed().as_secs_f64();
    let peak_before = peak_bytes();
    let (mut graph_secs, mut table_secs) = (f64::INFINITY, f64::INFINITY);
    let (mut n_branches, mut total_length) = (0, 0.0);
    for _ in 0..n_repeats.max(1) {
        let start = Instant::now();
        let graph = SkeletonGraph::new(&shape, &ranks, &GraphOptions::default(), &Heap, &threads)?;
        graph_secs = graph_secs.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let table = summarize(&graph, &TableOptions::default(), &threads)?;
        table_secs = table_secs.min(start.elapsed().as_secs_f64());
        n_branches = table.n_rows();
        total_length = graph.summary().total_length;
    }
    println!(
        "{{\"shape\": {shape:?}, \"threads\": {}, \"voxels\": {}, \"branches\": {n_branches}, \
         \"total_length\": {total_length}, \"read_secs\": {read_secs:.4}, \"graph_secs\": {graph_secs:.4}, \
         \"table_secs\": {table_secs:.4}, \"peak_bytes_before\": {peak_before}, \"peak_bytes\": {}}}",
        threads.0,
        ranks.len(),
        peak_bytes()
    );
    Ok(())
}
