//! Making what was written durable: file by file, or a whole file system at once where it keeps that promise.

use petavox_core::{Error, Result};
use std::fs::File;
use std::path::Path;

/// Up to this many files are made durable one by one: cheaper than waiting for whatever else the file system has to write.
const FEW: usize = 64;

/// True for names made while writing: [`sync_tree`] removes them, since only a dead process can have left one.
fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.contains(".tmp-")
}

/// Makes a file durable.
///
/// # Errors
/// Whatever the system says, naming the file.
pub fn sync_file(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
    file.sync_all().map_err(|e| Error::io(path, "sync", e))
}

/// Makes everything below a directory durable and removes temporary files that a dead process left there.
/// Nobody may be writing below it.
///
/// # Errors
/// Whatever the system says, naming the file.
pub fn sync_tree(dir: &Path) -> Result<()> {
    Barrier::before(dir).sync_tree(dir)
}

/// Makes the names in a directory durable.
///
/// # Errors
/// Whatever the system says, naming the directory.
pub fn sync_dir(dir: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(()); // directories cannot be opened as files there
    }
    sync_file(dir)
}

/// Opened before the first of many files is written, it makes them durable later by one call, and learns of every write
/// that failed in between, also of files that were closed long ago.
#[derive(Debug)]
pub(crate) struct Barrier {
    /// A directory of the file system, where that can be synced as a whole.
    handle: Option<File>,
}

impl Barrier {
    /// A barrier for files that will be written in or below `dir`, on its file system.
    pub(crate) fn before(dir: &Path) -> Barrier {
        Barrier { handle: File::open(dir).ok().filter(whole::is_reliable) }
    }

    /// [`sync_tree`], with this barrier where there are many files.
    pub(crate) fn sync_tree(&self, dir: &Path) -> Result<()> {
        let n_files = sweep(dir)?;
        if let Some(handle) = self.handle.as_ref().filter(|_| n_files > FEW)
            && whole::sync(handle).map_err(|e| Error::io(dir, "sync", e))?
        {
            return Ok(());
        }
        sync_each(dir)
    }
}

/// Calls `f` with every file and folder in a directory, and true for folders.
fn for_each_entry(dir: &Path, mut f: impl FnMut(&Path, bool) -> Result<()>) -> Result<()> {
    for entry in std::fs::read_dir(dir).map_err(|e| Error::io(dir, "list", e))? {
        let entry = entry.map_err(|e| Error::io(dir, "list", e))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|e| Error::io(&path, "look at", e))?;
        f(&path, kind.is_dir())?;
    }
    Ok(())
}

/// Removes temporary files; returns how many others there are.
fn sweep(dir: &Path) -> Result<usize> {
    let mut n = 0;
    for_each_entry(dir, |path, is_dir| {
        let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
        if is_dir {
            n += sweep(path)?;
        } else if is_temporary(&name) {
            std::fs::remove_file(path).map_err(|e| Error::io(path, "remove", e))?;
        } else {
            n += 1;
        }
        Ok(())
    })?;
    Ok(n)
}

fn sync_each(dir: &Path) -> Result<()> {
    for_each_entry(dir, |path, is_dir| if is_dir { sync_each(path) } else { sync_file(path) })?;
    sync_dir(dir)
}

/// A whole file system at once.
#[cfg(target_os = "linux")]
mod whole {
    use rustix::io::Errno;
    use std::fs::File;

    /// File systems on which `syncfs` waits until the data are on the disk, and passes on what went wrong: ext2 to ext4,
    /// XFS, Btrfs, F2FS, tmpfs. On others, such as FUSE and overlays, it may do less than `fsync` of each file.
    const RELIABLE: [u64; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994];

    /// True where `syncfs` promises as much as `fsync` of each file: on such a file system, from Linux 5.8 on, which no longer
    /// keeps failed writes to itself.
    pub(super) fn is_reliable(dir: &File) -> bool {
        let name = rustix::system::uname();
        let release = name.release().to_string_lossy();
        let mut numbers = release.split(['.', '-', '+']).map_while(|n| n.parse::<u32>().ok());
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let kind = rustix::fs::fstatfs(dir).map(|s| s.f_type as u64 & 0xFFFF_FFFF);
        version >= (5, 8) && kind.is_ok_and(|k| RELIABLE.contains(&k))
    }

    /// Makes all files of the file system durable; false if the system does not offer that.
    pub(super) fn sync(dir: &File) -> std::io::Result<bool> {
        match rustix::fs::syncfs(dir) {
            Ok(()) => Ok(true),
            // Refused by the kernel or a sandbox: nothing was tried.
            Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM | Errno::INVAL) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

/// No such call here.
#[cfg(not(target_os = "linux"))]
mod whole {
    use std::fs::File;

    pub(super) fn is_reliable(_dir: &File) -> bool {
        false
    }

    pub(super) fn sync(_dir: &File) -> std::io::Result<bool> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_synced_as_few_are_and_leftovers_go() {
        let dir = tempfile::tempdir().unwrap();
        for n_files in [1, 3 * FEW] {
            let root = dir.path().join(n_files.to_string());
            for k in 0..n_files {
                let sub = root.join((k % 7).to_string());
                std::fs::create_dir_all(&sub).unwrap();
                std::fs::write(sub.join(k.to_string()), b"x").unwrap();
                std::fs::write(sub.join(format!(".{k}.tmp-1-{k}")), b"left over").unwrap();
            }
            sync_tree(&root).unwrap();
            assert_eq!(sweep(&root).unwrap(), n_files);
            Barrier { handle: None }.sync_tree(&root).unwrap();
            assert!(!root.join("0/.0.tmp-1-0").exists());
        }
        assert!(sync_tree(&dir.path().join("nowhere")).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_the_file_system_is_synced_as_a_whole_the_call_works() {
        let dir = tempfile::tempdir().unwrap();
        if let Some(handle) = Barrier::before(dir.path()).handle {
            // Refusal is an answer too (a sandbox may forbid the call); an error is none.
            whole::sync(&handle).unwrap();
        }
        let proc = File::open("/proc").unwrap();
        assert!(!whole::is_reliable(&proc));
    }
}
