//! One page of a TIFF file: how its samples are cut into strips or tiles, and where those are.

use super::ifd::{Entry, Ifd, IfdReader, tag};
use crate::limits::Limits;
use crate::raw::RawFile;
use petavox_core::{Dtype, Error, Result};
use std::path::Path;
use std::sync::Arc;

/// Chunk tables up to this many numbers per page are kept in memory; longer ones are looked up in the file.
const TABLE_IN_MEMORY: u64 = 1 << 12;

/// What a sample's bits mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Unsigned numbers.
    Uint,
    /// Signed numbers.
    Int,
    /// IEEE floats.
    Float,
}

/// Everything of a page but the places of its chunks; pages that agree share one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) samples: usize,
    pub(crate) bits: u32,
    pub(crate) format: Format,
    pub(crate) dtype: Dtype,
    pub(crate) compression: u64,
    pub(crate) predictor: u64,
    pub(crate) photometric: u64,
    /// Samples of a pixel lie in planes of their own.
    pub(crate) separate: bool,
    pub(crate) tiled: bool,
    pub(crate) chunk_width: usize,
    pub(crate) chunk_height: usize,
    /// Bits of a byte are stored in reverse.
    pub(crate) reversed_bits: bool,
    pub(crate) little: bool,
    pub(crate) jpeg_tables: Option<Arc<[u8]>>,
}

/// Numbers of a page's chunks: in memory if few, looked up in the file if many.
#[derive(Clone, Debug)]
enum Table {
    Here(Box<[u64]>),
    InFile(Entry),
}

/// A page and where its chunks are.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) layout: Arc<Layout>,
    offsets: Table,
    counts: Table,
    /// Byte order and size of numbers, to look up tables that stayed in the file.
    little: bool,
    /// Its number in the chain, for messages.
    pub(crate) number: usize,
}

impl Layout {
    /// Samples per pixel inside one chunk.
    pub(crate) fn chunk_samples(&self) -> usize {
        if self.separate { 1 } else { self.samples }
    }

    /// Chunks down, across and per sample plane.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.height.div_ceil(self.chunk_height), self.width.div_ceil(self.chunk_width))
    }

    /// Number of chunks of the page.
    pub(crate) fn n_chunks(&self) -> usize {
        let (down, across) = self.counts();
        down * across * if self.separate { self.samples } else { 1 }
    }

    /// Rows that are stored in a chunk of this row of chunks.
    pub(crate) fn stored_rows(&self, chunk_row: usize) -> usize {
        if self.tiled {
            self.chunk_height
        } else {
            self.chunk_height.min(self.height - chunk_row * self.chunk_height)
        }
    }

    /// Bytes of one stored row of a chunk, before compression.
    pub(crate) fn row_bytes(&self) -> usize {
        (self.chunk_width * self.chunk_samples() * self.bits as usize).div_ceil(8)
    }

    /// True if samples can be fetched one by one: no compression and whole bytes.
    pub(crate) fn is_plain(&self) -> bool {
        self.compression == 1
            && self.bits as usize == self.dtype.size() * 8
            && self.dtype != Dtype::Bool
            && self.predictor == 1
            && !self.reversed_bits
    }

    /// True if a page with the other layout can lie beside one with this in the same image.
    pub(crate) fn agrees(&self, other: &Layout) -> bool {
        self.width == other.width
            && self.height == other.height
            && self.samples == other.samples
            && self.dtype == other.dtype
            && self.separate == other.separate
    }

    /// Bytes of a decoded chunk.
    pub(crate) fn decoded_bytes(&self) -> usize {
        self.chunk_width * self.chunk_height * self.chunk_samples() * self.dtype.size()
    }

    /// An upper bound on the memory that reading a part of the page takes.
    pub(crate) fn scratch_bytes(&self) -> u64 {
        if self.is_plain() {
            return crate::raw::RawArray::SCRATCH_BYTES + 4096;
        }
        let decoded = self.decoded_bytes() as u64;
        let stored = (self.row_bytes() * self.chunk_height) as u64;
        // A compressed chunk is refused if it is longer than `max_stored`; JPEG keeps coefficients besides.
        let codec = if matches!(self.compression, 7) { 4 * decoded } else { 0 };
        decoded + stored + self.max_stored() + codec + (1 << 20)
    }

    /// The longest a compressed chunk may be: no codec grows data by more than half and a few tables.
    pub(crate) fn max_stored(&self) -> u64 {
        let stored = (self.row_bytes() * self.chunk_height) as u64;
        stored + stored / 2 + (64 << 10)
    }
}

impl Page {
    /// Reads and checks the description of a page.
    pub(crate) fn read(
        reader: &IfdReader<'_>,
        ifd: &Ifd,
        number: usize,
        limits: &Limits,
        same: Option<&Arc<Layout>>,
    ) -> Result<Page> {
        let layout = read_layout(reader, ifd, number, limits)?;
        let mut page = Page {
            layout: match same {
                Some(same) if **same == layout => same.clone(),
                _ => Arc::new(layout),
            },
            offsets: Table::Here(Box::default()),
            counts: Table::Here(Box::default()),
            little: reader.little,
            number,
        };
        page.find_chunks(reader, ifd)?;
        Ok(page)
    }

    /// A page whose chunks are known already.
    pub(crate) fn placed(
        layout: Arc<Layout>,
        offsets: Vec<u64>,
        counts: Vec<u64>,
        number: usize,
    ) -> Page {
        let little = layout.little;
        let (offsets, counts) = (Table::Here(offsets.into()), Table::Here(counts.into()));
        Page { layout, offsets, counts, little, number }
    }

    fn find_chunks(&mut self, reader: &IfdReader<'_>, ifd: &Ifd) -> Result<()> {
        let layout = &*self.layout;
        let n = layout.n_chunks() as u64;
        let (offset_tag, count_tag) = if layout.tiled && ifd.find(tag::TILE_OFFSETS).is_some() {
            (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
        };
        let corrupt = |problem: String| {
            Error::corrupt(reader.file.path(), Some(format!("page {}", self.number)), problem)
        };
        let offsets = ifd.find(offset_tag).ok_or_else(|| corrupt("it has no image data".into()))?;
        if offsets.count < n {
            return Err(corrupt(format!(
                "{} strips or tiles are listed where {n} are needed",
                offsets.count
            )));
        }
        let counts = ifd.find(count_tag).filter(|e| e.count >= n);
        // The very last numbers stand for the rest: a table that lies beyond the file is found now.
        reader.uints(offsets, n - 1, 1)?;
        if let Some(e) = counts {
            reader.uints(e, n - 1, 1)?;
        } else if layout.compression != 1 && n != 1 {
            return Err(corrupt("the lengths of its strips or tiles are missing".into()));
        }
        if layout.is_plain()
            && !layout.tiled
            && n > 1
            && !layout.separate
            && let Some(first) = one_run(reader, offsets, n, layout)?
        {
            // Strips that follow each other are one strip: the whole page is one array in the file.
            let bytes = (layout.row_bytes() * layout.height) as u64;
            self.layout =
                Arc::new(Layout { chunk_height: layout.height, ..(*self.layout).clone() });
            self.offsets = Table::Here([first].into());
            self.counts = Table::Here([bytes].into());
            return Ok(());
        }
        let table = |entry: &Entry| -> Result<Table> {
            if n <= TABLE_IN_MEMORY {
                Ok(Table::Here(reader.uints(entry, 0, n)?.into()))
            } else {
                Ok(Table::InFile(*entry))
            }
        };
        let offset_table = table(offsets)?;
        let count_table = match counts {
            Some(e) => table(e)?,
            None if n == 1 && layout.compression != 1 => {
                let first = reader.uints(offsets, 0, 1)?[0];
                Table::Here([reader.file.len().saturating_sub(first)].into())
            }
            None => Table::Here(Box::default()),
        };
        self.offsets = offset_table;
        self.counts = count_table;
        Ok(())
    }

    /// Where chunk `i` begins and how long it is.
    pub(crate) fn chunk(&self, file: &RawFile, i: usize) -> Result<(u64, u64)> {
        let offset = self.look_up(&self.offsets, file, i)?.unwrap_or(0);
        let (down, across) = self.layout.counts();
        let row = i % (down * across) / across;
        let plain = (self.layout.row_bytes() * self.layout.stored_rows(row)) as u64;
        Ok((offset, self.look_up(&self.counts, file, i)?.unwrap_or(plain)))
    }

    fn look_up(&self, table: &Table, file: &RawFile, i: usize) -> Result<Option<u64>> {
        match table {
            Table::Here(numbers) => Ok(numbers.get(i).copied()),
            Table::InFile(entry) => {
                let reader = IfdReader::over(file, self.little);
                Ok(reader.uints(entry, i as u64, 1)?.first().copied())
            }
        }
    }

    /// The same page with its data `bytes` further on, for stacks that list their first page only.
    pub(crate) fn moved_by(&self, bytes: u64, number: usize) -> Page {
        let mut page = self.clone();
        page.number = number;
        if let Table::Here(offsets) = &mut page.offsets {
            offsets.iter_mut().for_each(|o| *o = o.saturating_add(bytes));
        }
        page
    }

    /// Where the page's samples begin, if they are one plain array in the file.
    pub(crate) fn plain_array(&self) -> Option<u64> {
        let one = self.layout.n_chunks() == 1 && self.layout.is_plain();
        match &self.offsets {
            Table::Here(o) if one && !self.layout.tiled => o.first().copied(),
            _ => None,
        }
    }
}

/// The offset of the first strip if every strip begins where the one before it ends.
fn one_run(
    reader: &IfdReader<'_>,
    offsets: &Entry,
    n: u64,
    layout: &Layout,
) -> Result<Option<u64>> {
    let strip = (layout.row_bytes() * layout.chunk_height) as u64;
    let first = reader.uints(offsets, 0, 1)?[0];
    let mut at = 0;
    while at < n {
        let some = reader.uints(offsets, at, (n - at).min(4096))?;
        let follows = |(i, o): (usize, &u64)| {
            (at + i as u64).checked_mul(strip).and_then(|d| d.checked_add(first)) == Some(*o)
        };
        if !some.iter().enumerate().all(follows) {
            return Ok(None);
        }
        at += some.len() as u64;
    }
    Ok(Some(first))
}

fn read_layout(
    reader: &IfdReader<'_>,
    ifd: &Ifd,
    number: usize,
    limits: &Limits,
) -> Result<Layout> {
    let path = reader.file.path();
    let part = || Some(format!("page {number}"));
    let corrupt = |problem: String| Error::corrupt(path, part(), problem);
    let size = |t: u16, what: &str| -> Result<usize> {
        let v = reader.uint(ifd, t)?.ok_or_else(|| corrupt(format!("its {what} is missing")))?;
        if v == 0 || v > 1 << 31 {
            return Err(corrupt(format!("its {what} is {v}")));
        }
        Ok(v as usize)
    };
    let width = size(tag::IMAGE_WIDTH, "width")?;
    let height = size(tag::IMAGE_LENGTH, "height")?;
    let samples = reader.uint_or(ifd, tag::SAMPLES_PER_PIXEL, 1)?;
    if samples == 0 || samples > 1 << 16 {
        return Err(corrupt(format!("{samples} samples per pixel")));
    }
    let samples = samples as usize;
    let bits = all_equal(reader, ifd, tag::BITS_PER_SAMPLE, samples, 1, path)?;
    let format = all_equal(reader, ifd, tag::SAMPLE_FORMAT, samples, 1, path)?;
    let (format, dtype) = sample_type(format, bits, path)?;
    let compression = reader.uint_or(ifd, tag::COMPRESSION, 1)?;
    let compression = if compression == 0 { 1 } else { compression };
    let predictor = reader.uint_or(ifd, tag::PREDICTOR, 1)?;
    let photometric = reader.uint_or(ifd, tag::PHOTOMETRIC, 1)?;
    if reader.uint_or(ifd, tag::IMAGE_DEPTH, 1)? > 1 {
        return Err(Error::unsupported(
            path,
            "a page with a depth of its own (ImageDepth)",
            "volumes as one page per slice are read",
        ));
    }
    let separate = samples > 1 && reader.uint_or(ifd, tag::PLANAR_CONFIG, 1)? == 2;
    let tiled = ifd.find(tag::TILE_WIDTH).is_some();
    let (chunk_width, chunk_height) = if tiled {
        (size(tag::TILE_WIDTH, "tile width")?, size(tag::TILE_LENGTH, "tile length")?)
    } else {
        let rows = reader.uint_or(ifd, tag::ROWS_PER_STRIP, height as u64)?;
        if rows == 0 {
            return Err(corrupt("strips of 0 rows".into()));
        }
        (width, rows.min(height as u64) as usize)
    };
    let jpeg_tables = match compression {
        7 => reader.bytes(ifd, tag::JPEG_TABLES, 1 << 20)?.map(Into::into),
        _ => None,
    };
    if photometric == 6 && compression != 7 {
        let pair = match ifd.find(tag::YCBCR_SUBSAMPLING) {
            Some(e) if e.count >= 2 => reader.uints(e, 0, 2)?,
            _ => vec![2, 2],
        };
        if pair != [1, 1] {
            return Err(Error::unsupported(
                path,
                format!(
                    "colour stored at a lower resolution than brightness ({pair:?}) outside JPEG"
                ),
                "save it as RGB",
            ));
        }
    }
    let layout = Layout {
        width,
        height,
        samples,
        bits: bits as u32,
        format,
        dtype,
        compression,
        predictor,
        photometric,
        separate,
        tiled,
        chunk_width,
        chunk_height,
        reversed_bits: reader.uint_or(ifd, tag::FILL_ORDER, 1)? == 2,
        little: reader.little,
        jpeg_tables,
    };
    super::decode::check(&layout, path)?;
    let shape = [height, width, samples];
    limits.check_image(path, &shape, dtype)?;
    if !layout.is_plain() {
        let chunk = [chunk_height, chunk_width, layout.chunk_samples()];
        limits.check_chunk(path, &chunk, dtype)?;
    }
    Ok(layout)
}

/// The value that a field holds for every sample of a pixel.
fn all_equal(
    reader: &IfdReader<'_>,
    ifd: &Ifd,
    t: u16,
    samples: usize,
    default: u64,
    path: &Path,
) -> Result<u64> {
    let Some(entry) = ifd.find(t).filter(|e| e.count > 0) else { return Ok(default) };
    let values = reader.uints(entry, 0, entry.count.min(samples as u64))?;
    if values.iter().any(|v| *v != values[0]) {
        return Err(Error::unsupported(
            path,
            format!("a pixel whose samples have different types ({values:?})"),
            "all samples of a pixel must have one type",
        ));
    }
    Ok(values[0])
}

fn sample_type(format: u64, bits: u64, path: &Path) -> Result<(Format, Dtype)> {
    Ok(match (format, bits) {
        (0 | 1 | 4, 1) => (Format::Uint, Dtype::Bool),
        (0 | 1 | 4, 2..=8) => (Format::Uint, Dtype::UInt8),
        (0 | 1 | 4, 9..=16) => (Format::Uint, Dtype::UInt16),
        (0 | 1 | 4, 17..=32) => (Format::Uint, Dtype::UInt32),
        (0 | 1 | 4, 64) => (Format::Uint, Dtype::UInt64),
        (2, 8) => (Format::Int, Dtype::Int8),
        (2, 16) => (Format::Int, Dtype::Int16),
        (2, 32) => (Format::Int, Dtype::Int32),
        (2, 64) => (Format::Int, Dtype::Int64),
        (3, 16 | 32) => (Format::Float, Dtype::Float32),
        (3, 64) => (Format::Float, Dtype::Float64),
        _ => {
            return Err(Error::unsupported(
                path,
                format!("samples of {bits} bits in sample format {format}"),
                "unsigned 1 to 32 and 64 bits, signed 8 to 64 bits and floats of 16, 32 and 64 bits are read",
            ));
        }
    })
}
