//! Files read at a position by many threads at once, and boxes of plain samples inside them.

use crate::limits::try_zeroed;
use petavox_core::{Error, Region, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows with gaps between them are fetched together up to this many bytes.
const GATHER_BYTES: usize = 256 << 10;
/// A gap up to this long is read along and left out: that takes no longer than asking the system for each row by itself.
const GAP_BYTES: usize = 16 << 10;
/// Rows from this length on are asked for one by one: the call no longer counts.
const LONG_ROW_BYTES: usize = 64 << 10;

/// A file open for positioned reads, with its length at that moment.
#[derive(Debug)]
pub(crate) struct RawFile {
    file: File,
    path: PathBuf,
    len: u64,
}

impl RawFile {
    /// Opens a regular file.
    pub(crate) fn open(path: &Path) -> Result<RawFile> {
        let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
        let meta = file.metadata().map_err(|e| Error::io(path, "open", e))?;
        if meta.is_dir() {
            return Err(Error::argument("path", path.display(), "a file, not a folder"));
        }
        Ok(RawFile { file, path: path.to_owned(), len: meta.len() })
    }

    /// A file that is open already, known by another's name.
    pub(crate) fn of(file: File, path: &Path) -> Result<RawFile> {
        let len = file.metadata().map_err(|e| Error::io(path, "look at", e))?.len();
        Ok(RawFile { file, path: path.to_owned(), len })
    }

    /// The name it was opened by.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes in the file.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `out` from `pos` on; `part` names what is being read, for the error.
    pub(crate) fn read_at(
        &self,
        out: &mut [u8],
        pos: u64,
        part: impl FnOnce() -> String,
    ) -> Result<()> {
        let end = pos.checked_add(out.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            let problem = format!(
                "{} bytes at offset {pos} lie beyond the end of the file ({} bytes); it may be cut short",
                out.len(),
                self.len
            );
            return Err(Error::corrupt(&self.path, Some(part()), problem));
        }
        read_exact_at(&self.file, out, pos).map_err(|e| Error::io(&self.path, "read", e))
    }

    /// A new buffer of `len` bytes from `pos` on; `len` is held against the file's length before it is allocated.
    pub(crate) fn read_vec(
        &self,
        pos: u64,
        len: u64,
        part: impl FnOnce() -> String,
    ) -> Result<Vec<u8>> {
        if pos.checked_add(len).is_none_or(|end| end > self.len) {
            let problem = format!(
                "{len} bytes at offset {pos} lie beyond the end of the file ({} bytes); it may be cut short",
                self.len
            );
            return Err(Error::corrupt(&self.path, Some(part()), problem));
        }
        let mut out = try_zeroed(&self.path, len as usize)?;
        self.read_at(&mut out, pos, part)?;
        Ok(out)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, out: &mut [u8], pos: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, pos)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut out: &mut [u8], mut pos: u64) -> std::io::Result<()> {
    while !out.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, out, pos)?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        out = &mut out[n..];
        pos += n as u64;
    }
    Ok(())
}

/// Writes all of `bytes` at `pos`.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], pos: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, pos)
}

/// Writes all of `bytes` at `pos`.
#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut pos: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_write(file, bytes, pos)?;
        bytes = &bytes[n..];
        pos += n as u64;
    }
    Ok(())
}

/// Runs third-party decoding; a panic in it is the file's fault, not the end of the program.
pub(crate) fn guarded<T>(
    path: &Path,
    part: impl Fn() -> String,
    decode: impl FnOnce() -> Result<T>,
) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(Error::corrupt(path, Some(part()), "the decoder gave up on it")))
}

/// Turns the byte order of samples of `size` bytes around.
pub(crate) fn swap_samples(bytes: &mut [u8], size: usize) {
    match size {
        2 => bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|s| s.reverse()),
        4 => bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|s| s.reverse()),
        8 => bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|s| s.reverse()),
        _ => {}
    }
}

/// How the common part of two C-order arrays falls into runs of bytes.
struct Runs {
    /// Where each run begins: the common part with its run axes shrunk to one sample.
    outer: Region,
    /// Bytes in a run.
    run: usize,
}

fn runs(common: &Region, a: &Region, b: &Region, size: usize) -> Runs {
    let n = common.ndim();
    let mut first = n.saturating_sub(1);
    while first > 0
        && common.shape()[first] == a.shape()[first]
        && common.shape()[first] == b.shape()[first]
    {
        first -= 1;
    }
    let run = common.shape()[first..].iter().product::<usize>() * size;
    let mut shape = common.shape().to_vec();
    shape[first..].fill(1);
    Runs { outer: Region::new(common.start(), shape), run }
}

/// Copies the common part of two C-order arrays of samples of `size` bytes.
pub(crate) fn copy_box(
    from: &[u8],
    from_region: &Region,
    to: &mut [u8],
    to_region: &Region,
    size: usize,
) {
    let Some(common) = from_region.intersect(to_region) else { return };
    let Runs { outer, run } = runs(&common, from_region, to_region, size);
    for_each_point(&outer, |p| {
        let f = from_region.offset_of(p) * size;
        let t = to_region.offset_of(p) * size;
        to[t..t + run].copy_from_slice(&from[f..f + run]);
    });
}

/// Calls `f` with every point of a region, in raster order.
pub(crate) fn for_each_point(region: &Region, mut f: impl FnMut(&[i64])) {
    let _ = try_for_each_point(region, |p| -> std::result::Result<(), ()> {
        f(p);
        Ok(())
    });
}

/// Calls `f` with every point of a region, in raster order, until it fails.
pub(crate) fn try_for_each_point<E>(
    region: &Region,
    mut f: impl FnMut(&[i64]) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    if region.is_empty() {
        return Ok(());
    }
    let mut point = region.start().to_vec();
    loop {
        f(&point)?;
        let mut a = region.ndim();
        loop {
            if a == 0 {
                return Ok(());
            }
            a -= 1;
            point[a] += 1;
            if point[a] < region.end(a) {
                break;
            }
            point[a] = region.start()[a];
        }
    }
}

/// How many rows of `run` bytes, `pitch` bytes apart in the file, are fetched by one call. With short gaps all that fit;
/// with longer ones as long as at most four times what is wanted is read.
fn rows_together(run: usize, pitch: usize) -> usize {
    let gap = pitch - run;
    let is_worth_it = gap <= GAP_BYTES || (run < LONG_ROW_BYTES && gap <= 3 * run);
    if is_worth_it && run < GATHER_BYTES { 1 + (GATHER_BYTES - run) / pitch.max(1) } else { 1 }
}

/// An array of plain samples in C order inside a file.
pub(crate) struct RawArray<'a> {
    /// The file.
    pub(crate) file: &'a RawFile,
    /// Where the array's first sample is.
    pub(crate) base: u64,
    /// Where the array lies in the image.
    pub(crate) region: &'a Region,
    /// Bytes of a sample.
    pub(crate) size: usize,
    /// True if the samples' byte order is not this machine's.
    pub(crate) swapped: bool,
}

impl RawArray<'_> {
    /// An upper bound on the memory that [`RawArray::read`] takes beyond its output.
    pub(crate) const SCRATCH_BYTES: u64 = GATHER_BYTES as u64;

    /// Reads the samples that lie in `out_region` too.
    pub(crate) fn read(
        &self,
        out: &mut [u8],
        out_region: &Region,
        part: impl Fn() -> String,
    ) -> Result<()> {
        let Some(common) = self.region.intersect(out_region) else { return Ok(()) };
        let Runs { outer, run } = runs(&common, self.region, out_region, self.size);
        // The last axis along which runs follow each other, and how far apart they are in the file.
        let step = (0..outer.ndim()).rev().find(|&a| outer.shape()[a] > 1);
        let pitch = step
            .map_or(run, |a| self.region.shape()[a + 1..].iter().product::<usize>() * self.size);
        let n_together = rows_together(run, pitch);
        let Some(axis) = step.filter(|_| n_together > 1) else {
            return try_for_each_point(&outer, |p| {
                let pos = self.position_of(p);
                let t = out_region.offset_of(p) * self.size;
                self.file.read_at(&mut out[t..t + run], pos, &part)?;
                self.fix(&mut out[t..t + run]);
                Ok(())
            });
        };
        let n_steps = outer.shape()[axis];
        let mut heads = outer.shape().to_vec();
        heads[axis] = 1;
        let mut scratch = vec![0; pitch * (n_together.min(n_steps) - 1) + run];
        try_for_each_point(&Region::new(outer.start(), heads), |p| {
            let mut p = p.to_vec();
            let mut done = 0;
            while done < n_steps {
                let n = n_together.min(n_steps - done);
                let span = &mut scratch[..pitch * (n - 1) + run];
                self.file.read_at(span, self.position_of(&p), &part)?;
                for i in 0..n {
                    let t = out_region.offset_of(&p) * self.size;
                    out[t..t + run].copy_from_slice(&span[i * pitch..i * pitch + run]);
                    self.fix(&mut out[t..t + run]);
                    p[axis] += 1;
                }
                done += n;
            }
            Ok(())
        })
    }

    fn position_of(&self, point: &[i64]) -> u64 {
        self.base.saturating_add((self.region.offset_of(point) * self.size) as u64)
    }

    fn fix(&self, bytes: &mut [u8]) {
        if self.swapped {
            swap_samples(bytes, self.size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_box_read_from_a_file_is_the_box_of_the_array(
            shape in proptest::collection::vec(1usize..7, 1..4),
            seed in 0u64..1000,
            size in prop::sample::select(vec![1usize, 2, 4]),
        ) {
            let n: usize = shape.iter().product();
            let bytes: Vec<u8> = (0..n * size).map(|i| (i * 7 + i / 251) as u8).collect();
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a");
            std::fs::write(&path, [&[9u8; 5][..], &bytes].concat()).unwrap();
            let file = RawFile::open(&path).unwrap();
            let whole = Region::whole(&shape);
            let start: Vec<i64> =
                shape.iter().enumerate().map(|(a, &s)| ((seed >> a) as usize % s) as i64).collect();
            let part: Vec<usize> = shape
                .iter()
                .zip(&start)
                .enumerate()
                .map(|(a, (&s, &b))| 1 + (seed as usize / (a + 2)) % (s - b as usize))
                .collect();
            let region = Region::new(start, part);
            let mut want = vec![0; region.len() * size];
            copy_box(&bytes, &whole, &mut want, &region, size);
            let mut got = vec![0; region.len() * size];
            let array = RawArray { file: &file, base: 5, region: &whole, size, swapped: false };
            array.read(&mut got, &region, || "test".into()).unwrap();
            prop_assert_eq!(got, want);
        }
    }

    #[test]
    fn short_rows_are_fetched_together_within_the_buffer_and_long_or_lonely_ones_alone() {
        assert_eq!(rows_together(512, 2048), 128);
        assert_eq!(rows_together(512, 8192), 32);
        assert_eq!(rows_together(512, 16 << 10), 16);
        assert_eq!(rows_together(512, 32 << 10), 1);
        assert_eq!(rows_together(512, 1 << 20), 1);
        assert_eq!(rows_together(20 << 10, 80 << 10), 3);
        assert_eq!(rows_together(20 << 10, 100 << 10), 1);
        assert_eq!(rows_together(GATHER_BYTES, GATHER_BYTES), 1);
        assert_eq!(rows_together(1 << 30, 1 << 30), 1);
        for run in (1..400_000).step_by(371) {
            for pitch in [run, run + 1, run + 9000, 4 * run] {
                let n = rows_together(run, pitch);
                assert!(n == 1 || (n - 1) * pitch + run <= GATHER_BYTES, "{run} of {pitch}");
            }
        }
    }

    #[test]
    fn wide_rows_are_fetched_together_and_cropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let whole = Region::whole(&[3, 50, 6000]);
        let bytes: Vec<u8> = (0..whole.len() * 2).map(|i| (i * 31 + i / 4093) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let file = RawFile::open(&path).unwrap();
        let array = RawArray { file: &file, base: 0, region: &whole, size: 2, swapped: false };
        // The last piece ends with the file: nothing beyond the last row wanted is asked for.
        for region in [
            Region::new([0, 3, 100], [3, 47, 128]),
            Region::new([2, 7, 5999], [1, 43, 1]),
            Region::new([1, 0, 0], [2, 50, 1]),
        ] {
            let (mut want, mut got) = (vec![0; region.len() * 2], vec![0; region.len() * 2]);
            copy_box(&bytes, &whole, &mut want, &region, 2);
            array.read(&mut got, &region, || "test".into()).unwrap();
            assert!(got == want, "{region}");
        }
    }

    #[test]
    fn reading_beyond_the_end_is_an_error_and_allocates_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, [1u8; 10]).unwrap();
        let file = RawFile::open(&path).unwrap();
        assert!(matches!(
            file.read_vec(5, u64::MAX / 2, || "x".into()),
            Err(Error::Corrupt { .. })
        ));
        assert!(matches!(file.read_vec(u64::MAX, 2, || "x".into()), Err(Error::Corrupt { .. })));
    }

    #[test]
    fn a_panic_in_a_decoder_is_an_error() {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let r: Result<()> =
            guarded(Path::new("a"), || "chunk 1".into(), || panic!("index out of range"));
        std::panic::set_hook(hook);
        assert!(matches!(r, Err(Error::Corrupt { .. })));
    }
}
