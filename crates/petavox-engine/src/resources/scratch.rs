//! Scratch files. They have no name, so that nothing is left behind however the process ends.

use petavox_core::{Error, Result};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The folder in which scratch files are made.
#[derive(Clone, Debug)]
pub struct ScratchDir {
    dir: PathBuf,
}

impl ScratchDir {
    /// Scratch files in `dir`, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be made.
    pub fn new(dir: &Path) -> Result<ScratchDir> {
        std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, "make the scratch folder", e))?;
        Ok(ScratchDir { dir: dir.to_owned() })
    }

    /// The system's folder for temporary files.
    pub fn system() -> ScratchDir {
        ScratchDir { dir: std::env::temp_dir() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// A file of `len` zero bytes that has no name any more.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be written or the disk is full.
    pub fn file(&self, len: u64) -> Result<File> {
        let (file, path) = match nameless(&self.dir) {
            Some(file) => (file, self.dir.clone()),
            None => self.unlinked()?,
        };
        reserve_space(&file, len)
            .map_err(|e| Error::io(&path, format!("reserve {len} bytes of scratch"), e))?;
        Ok(file)
    }

    /// Where the system or the file system has no files without a name: one that loses its name as soon as it is open.
    fn unlinked(&self) -> Result<(File, PathBuf)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.join(format!(".petavox-scratch-{}-{n}", std::process::id()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|e| Error::io(&path, "make a scratch file", e))?;
        std::fs::remove_file(&path).map_err(|e| Error::io(&path, "unlink the scratch file", e))?;
        Ok((file, path))
    }
}

/// A file that never had a name, so that there is no moment at which a killed process leaves it.
#[cfg(target_os = "linux")]
fn nameless(dir: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(dir, flags, Mode::RUSR | Mode::WUSR).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_dir: &Path) -> Option<File> {
    None
}

/// Makes the file `len` bytes long with its disk space allocated: a mapped file on a full disk would be a bus error.
pub(crate) fn reserve_space(file: &File, len: u64) -> std::io::Result<()> {
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, len.max(1)).or_else(|e| {
        // Some file systems cannot allocate ahead: fill with zeros instead.
        if e != rustix::io::Errno::OPNOTSUPP {
            return Err(std::io::Error::from(e));
        }
        use std::os::unix::fs::FileExt;
        let zeros = vec![0u8; 1 << 20];
        let mut at = 0;
        while at < len {
            let n = (len - at).min(zeros.len() as u64);
            file.write_all_at(&zeros[..n as usize], at)?;
            at += n;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_file_has_room_and_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let scratch = ScratchDir::new(dir.path()).unwrap();
        let file = scratch.file(12345).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 12345);
        let (file, _) = scratch.unlinked().unwrap();
        file.set_len(7).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 7);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
