//! The directory of a TIFF file: header, entries and their values, each checked against the file's length.

use crate::raw::RawFile;
use petavox_core::{Error, Result};

/// More pages than any microscope writes; a chain beyond this is a loop or a lie.
const MAX_PAGES: usize = 4_000_000;

/// The tags that are read, by their names in the TIFF specification.
#[allow(missing_docs)]
pub(crate) mod tag {
    pub(crate) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(crate) const SUBFILE_TYPE: u16 = 255;
    pub(crate) const IMAGE_WIDTH: u16 = 256;
    pub(crate) const IMAGE_LENGTH: u16 = 257;
    pub(crate) const BITS_PER_SAMPLE: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const IMAGE_DESCRIPTION: u16 = 270;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const SAMPLES_PER_PIXEL: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_BYTE_COUNTS: u16 = 279;
    pub(crate) const X_RESOLUTION: u16 = 282;
    pub(crate) const Y_RESOLUTION: u16 = 283;
    pub(crate) const PLANAR_CONFIG: u16 = 284;
    pub(crate) const RESOLUTION_UNIT: u16 = 296;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_LENGTH: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTE_COUNTS: u16 = 325;
    pub(crate) const SUB_IFDS: u16 = 330;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const YCBCR_SUBSAMPLING: u16 = 530;
    pub(crate) const IMAGE_DEPTH: u16 = 32997;
    pub(crate) const FEI_SFEG: u16 = 34680;
    pub(crate) const FEI_HELIOS: u16 = 34682;
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Which field.
    pub(crate) tag: u16,
    kind: u16,
    /// Number of values.
    pub(crate) count: u64,
    /// Where the values are in the file.
    pos: u64,
}

/// A directory: the description of one page.
#[derive(Clone, Debug)]
pub(crate) struct Ifd {
    entries: Vec<Entry>,
    next: u64,
}

impl Ifd {
    /// The entry of this tag, if it is there.
    pub(crate) fn find(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|e| e.tag == tag)
    }
}

/// Reads directories and their values.
#[derive(Debug)]
pub(crate) struct IfdReader<'a> {
    /// The file.
    pub(crate) file: &'a RawFile,
    /// True if numbers are stored with the low byte first.
    pub(crate) little: bool,
    big: bool,
    first: u64,
}

impl<'a> IfdReader<'a> {
    /// Reads the header.
    pub(crate) fn new(file: &'a RawFile) -> Result<IfdReader<'a>> {
        let bad = |problem: &str| Error::corrupt(file.path(), Some("header".into()), problem);
        if file.len() < 8 {
            return Err(bad("too short for a TIFF file"));
        }
        let mut head = [0; 16];
        let n = file.len().min(16) as usize;
        file.read_at(&mut head[..n], 0, || "header".into())?;
        let little = match &head[..2] {
            b"II" => true,
            b"MM" => false,
            _ => return Err(bad("not a TIFF file: it begins with neither II nor MM")),
        };
        let mut reader = IfdReader { file, little, big: false, first: 0 };
        match reader.number(&head[2..4]) {
            42 => reader.first = reader.number(&head[4..8]),
            43 if n == 16 && reader.number(&head[4..6]) == 8 && reader.number(&head[6..8]) == 0 => {
                reader.big = true;
                reader.first = reader.number(&head[8..16]);
            }
            _ => return Err(bad("not a TIFF file: its version is neither 42 nor 43")),
        }
        Ok(reader)
    }

    /// A reader of values in a file whose header has been read before.
    pub(crate) fn over(file: &'a RawFile, little: bool) -> IfdReader<'a> {
        IfdReader { file, little, big: false, first: 0 }
    }

    /// The pages in the order of the chain.
    pub(crate) fn chain(&self) -> Result<Vec<Ifd>> {
        let mut ifds: Vec<Ifd> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut at = self.first;
        while at != 0 {
            let part = || format!("page {}", ifds.len());
            if !seen.insert(at) || ifds.len() >= MAX_PAGES {
                let problem = "the list of pages runs in a circle";
                return Err(Error::corrupt(self.file.path(), Some(part()), problem));
            }
            let ifd = self.ifd(at, &part)?;
            at = ifd.next;
            ifds.push(ifd);
        }
        if ifds.is_empty() {
            return Err(Error::corrupt(self.file.path(), None, "there is no page in it"));
        }
        Ok(ifds)
    }

    /// The directory at this offset.
    pub(crate) fn ifd(&self, at: u64, part: &dyn Fn() -> String) -> Result<Ifd> {
        let (head, entry_len, next_len) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let mut count = [0; 8];
        self.file.read_at(&mut count[..head], at, part)?;
        let n = self.number(&count[..head]);
        if n == 0 || n > 65_535 {
            let problem = format!("a directory with {n} entries");
            return Err(Error::corrupt(self.file.path(), Some(part()), problem));
        }
        let body = at.saturating_add(head as u64);
        let bytes = self.file.read_vec(body, n * entry_len as u64, part)?;
        let mut entries = Vec::with_capacity(n as usize);
        for (i, e) in bytes.chunks_exact(entry_len).enumerate() {
            let (tag, kind) = (self.number(&e[..2]) as u16, self.number(&e[2..4]) as u16);
            let value_at = if self.big { 12 } else { 8 };
            let count = self.number(&e[4..value_at]);
            let inline = count.saturating_mul(kind_size(kind)) <= (entry_len - value_at) as u64;
            let pos = if inline {
                body + (i * entry_len + value_at) as u64
            } else {
                self.number(&e[value_at..])
            };
            entries.push(Entry { tag, kind, count, pos });
        }
        let mut next = [0; 8];
        let next_at = body + n * entry_len as u64;
        // Some writers leave the last link out at the end of the file.
        if next_at + next_len as u64 <= self.file.len() {
            self.file.read_at(&mut next[..next_len], next_at, part)?;
        }
        Ok(Ifd { entries, next: self.number(&next[..next_len]) })
    }

    /// A number of 1 to 8 bytes in the file's byte order.
    pub(crate) fn number(&self, bytes: &[u8]) -> u64 {
        let fold = |n: u64, &b: &u8| n << 8 | u64::from(b);
        if self.little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) }
    }

    /// The bytes of an entry's values `first..first + n`.
    fn raw(&self, entry: &Entry, first: u64, n: u64) -> Result<Vec<u8>> {
        let size = kind_size(entry.kind);
        if size == 0 || first.checked_add(n).is_none_or(|end| end > entry.count) {
            let problem =
                format!("its {} values of type {} cannot be read", entry.count, entry.kind);
            return Err(Error::corrupt(self.file.path(), Some(self.name(entry)), problem));
        }
        let overflow = || {
            Error::corrupt(
                self.file.path(),
                Some(self.name(entry)),
                "more values than a file can hold",
            )
        };
        let len = n.checked_mul(size).ok_or_else(overflow)?;
        let pos = (first * size).checked_add(entry.pos).ok_or_else(overflow)?;
        self.file.read_vec(pos, len, || self.name(entry))
    }

    fn name(&self, entry: &Entry) -> String {
        format!("TIFF field {}", entry.tag)
    }

    /// Unsigned values `first..first + n` of an entry.
    pub(crate) fn uints(&self, entry: &Entry, first: u64, n: u64) -> Result<Vec<u64>> {
        let size = kind_size(entry.kind) as usize;
        if !matches!(entry.kind, 1 | 3 | 4 | 13 | 16 | 18) {
            let problem = format!("values of type {} where whole numbers belong", entry.kind);
            return Err(Error::corrupt(self.file.path(), Some(self.name(entry)), problem));
        }
        Ok(self.raw(entry, first, n)?.chunks_exact(size).map(|b| self.number(b)).collect())
    }

    /// The only, or first, unsigned value of a tag.
    pub(crate) fn uint(&self, ifd: &Ifd, tag: u16) -> Result<Option<u64>> {
        match ifd.find(tag) {
            Some(e) if e.count > 0 => Ok(self.uints(e, 0, 1)?.first().copied()),
            _ => Ok(None),
        }
    }

    /// The same, or `default` if the tag is not there.
    pub(crate) fn uint_or(&self, ifd: &Ifd, tag: u16, default: u64) -> Result<u64> {
        Ok(self.uint(ifd, tag)?.unwrap_or(default))
    }

    /// The bytes of a tag, at most `limit` of them.
    pub(crate) fn bytes(&self, ifd: &Ifd, tag: u16, limit: u64) -> Result<Option<Vec<u8>>> {
        let Some(entry) = ifd.find(tag) else { return Ok(None) };
        let len = entry.count.saturating_mul(kind_size(entry.kind));
        if len > limit {
            let problem = format!("{len} bytes of metadata; at most {limit} are read");
            return Err(Error::corrupt(self.file.path(), Some(self.name(entry)), problem));
        }
        self.raw(entry, 0, entry.count).map(Some)
    }

    /// A text, or `None` if it is not there or cannot be read: texts are never vital.
    pub(crate) fn text(&self, ifd: &Ifd, tag: u16, limit: u64) -> Option<String> {
        let bytes = self.bytes(ifd, tag, limit).ok()??;
        let end = bytes.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
        // ImageJ writes Latin-1; everything else is UTF-8.
        Some(match std::str::from_utf8(&bytes[..end]) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes[..end].iter().map(|&b| char::from(b)).collect(),
        })
    }

    /// A positive fraction, or `None`.
    pub(crate) fn fraction(&self, ifd: &Ifd, tag: u16) -> Option<f64> {
        let entry = ifd.find(tag).filter(|e| e.kind == 5)?;
        let bytes = self.raw(entry, 0, 1).ok()?;
        let value = self.number(&bytes[..4]) as f64 / self.number(&bytes[4..]) as f64;
        (value.is_finite() && value > 0.0).then_some(value)
    }
}

/// Bytes of one value of a TIFF field type; 0 for types that do not exist.
fn kind_size(kind: u16) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 0,
    }
}
