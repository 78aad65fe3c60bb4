//! Files that are there whole or not at all, and the staging of an output until it is complete.

mod durable;

pub(crate) use durable::Barrier;
pub use durable::{sync_dir, sync_file, sync_tree};

use petavox_core::{Error, Result};
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a file under a temporary name beside it and renames it into place, so that no reader ever sees half of it.
/// Durable after [`sync_tree`] or [`sync_file`].
///
/// # Errors
/// Whatever the system says, naming the file.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// As [`write_whole`], with the contents written by `fill`. The temporary file is removed if `fill` fails.
///
/// # Errors
/// Whatever the system says, naming the file.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<()> {
    let temporary = temporary_beside(path);
    let io = |action: &'static str| move |e| Error::io(path, action, e);
    let mut file = File::create(&temporary).map_err(io("create"))?;
    let written = fill(&mut file).map_err(io("write"));
    drop(file);
    let renamed = written.and_then(|()| std::fs::rename(&temporary, path).map_err(io("rename")));
    if renamed.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
    }
    renamed
}

/// A name beside `path` that no other writer of this or another process uses.
fn temporary_beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Machines that share a folder may have processes of the same number.
    static PROCESS: LazyLock<u64> =
        LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.tmp-{:016x}-{n}", *PROCESS))
}

/// An output while it is written: a lock that keeps other processes away, and a name beside the final one.
///
/// The staging name depends only on the output's name and `fingerprint`, so that an interrupted run finds its work again.
#[derive(Debug)]
pub struct Staging {
    target: PathBuf,
    path: PathBuf,
    overwrite: bool,
    /// From before the first byte was written.
    barrier: Barrier,
    /// Held until dropped; the system lets go of it when the process dies, so a stale lock is no lock.
    lock: Lock,
}

impl Staging {
    /// Locks `target` and chooses the staging path; work of other fingerprints left by dead runs is removed, and that of
    /// this one as well unless `resume`.
    ///
    /// # Errors
    /// [`Error::Exists`] if the target is there and may not be replaced, [`Error::Io`] if another process is writing it.
    pub fn begin(
        target: &Path,
        fingerprint: u32,
        overwrite: bool,
        resume: bool,
    ) -> Result<Staging> {
        let path = Staging::path_of(target, fingerprint)?;
        let name = name_of(target)?;
        let lock = Lock::take(&target.with_file_name(format!(".{name}.lock")), target)?;
        restore(target)?;
        if target.symlink_metadata().is_ok() && !overwrite {
            return Err(Error::Exists { path: target.into() });
        }
        let prefix = format!(".{name}.partial-");
        let parent = parent_of(target);
        for entry in
            std::fs::read_dir(&parent).map_err(|e| Error::io(&parent, "list", e))?.flatten()
        {
            let keep = resume && entry.path().file_name() == path.file_name();
            if entry.file_name().to_string_lossy().starts_with(&prefix) && !keep {
                remove_any(&entry.path())?;
            }
        }
        let barrier = Barrier::before(&parent);
        Ok(Staging { target: target.into(), path, overwrite, barrier, lock })
    }

    /// Where the output `target` of this fingerprint is written, also by processes that do not hold its lock.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the target ends in no name.
    pub fn path_of(target: &Path, fingerprint: u32) -> Result<PathBuf> {
        let name = name_of(target)?;
        Ok(target.with_file_name(format!(".{name}.partial-{fingerprint:08x}")))
    }

    /// Where to write: a name beside the final one. Nothing is there unless a run is resumed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The final name.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Makes a staged file or directory durable and moves it to its final name. What was there before is moved aside first and
    /// removed last.
    ///
    /// # Errors
    /// Whatever the system says, naming the file.
    pub fn commit(&self) -> Result<()> {
        self.commit_after(|| {})
    }

    /// [`commit`](Staging::commit), with `last` done between making durable, which may take a while, and moving: it removes what
    /// a run needs to be resumed.
    ///
    /// # Errors
    /// As [`commit`](Staging::commit).
    pub fn commit_after(&self, last: impl FnOnce()) -> Result<()> {
        if self.path.is_dir() {
            self.barrier.sync_tree(&self.path)?
        } else {
            sync_file(&self.path)?
        }
        last();
        let rename = |from: &Path, to: &Path| {
            std::fs::rename(from, to).map_err(|e| Error::io(to, "move into place", e))
        };
        let is_there = self.target.symlink_metadata().is_ok();
        if is_there && !self.overwrite {
            return Err(Error::Exists { path: self.target.clone() });
        }
        let aside = aside(&self.target);
        if is_there && (self.path.is_dir() || self.target.is_dir()) {
            rename(&self.target, &aside)?;
            if let Err(e) = rename(&self.path, &self.target) {
                rename(&aside, &self.target)?;
                return Err(e);
            }
            remove_any(&aside)?;
        } else {
            rename(&self.path, &self.target)?;
        }
        sync_dir(&parent_of(&self.target))?;
        self.lock.release();
        Ok(())
    }

    /// Removes what was staged.
    pub fn abandon(&self) {
        // Nothing can be done about a file that refuses to go.
        let _ = remove_any(&self.path);
        self.lock.release();
    }
}

fn name_of(target: &Path) -> Result<String> {
    let invalid = || Error::argument("output", target.display(), "a path that ends in a name");
    Ok(target.file_name().ok_or_else(invalid)?.to_string_lossy().into_owned())
}

/// Where what an output replaces waits until the new one stands in its place.
fn aside(target: &Path) -> PathBuf {
    let name = target.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    target.with_file_name(format!(".{name}.replaced"))
}

/// Tidies up after a process that died between moving the old output aside and the new one into its place: the old one comes
/// back; where the new one made it, the old one goes.
fn restore(target: &Path) -> Result<()> {
    let aside = aside(target);
    if aside.symlink_metadata().is_err() {
        return Ok(());
    }
    if target.symlink_metadata().is_ok() {
        return remove_any(&aside);
    }
    std::fs::rename(&aside, target).map_err(|e| Error::io(target, "move back into place", e))
}

/// The folder that holds a path; `.` for a bare name.
fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.into(),
        _ => PathBuf::from("."),
    }
}

/// Removes a file or a directory; one that is not there is fine.
fn remove_any(path: &Path) -> Result<()> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    let removed =
        if meta.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path, "remove", e)),
        _ => Ok(()),
    }
}

/// A file that one process at a time holds.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    fn take(path: &Path, target: &Path) -> Result<Lock> {
        loop {
            let mut options = File::options();
            let mut file = options
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(path)
                .map_err(|e| Error::io(path, "create", e))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut pid = String::new();
                    let _ = file.read_to_string(&mut pid);
                    let who = format!("process {} is writing it now", pid.trim());
                    let source = std::io::Error::new(std::io::ErrorKind::ResourceBusy, who);
                    return Err(Error::io(target, "write", source));
                }
                // A file system without locks: the name still tells people, and staging keeps the output whole.
                Err(TryLockError::Error(_)) => {}
            }
            // The holder before may have removed the name between our opening it and our locking it.
            if !is_still(&file, path) {
                continue;
            }
            let pid = std::process::id().to_string();
            let write = file.set_len(0).and_then(|()| file.write_all(pid.as_bytes()));
            write.map_err(|e| Error::io(path, "write", e))?;
            return Ok(Lock { path: path.into(), file });
        }
    }

    /// Lets go and removes the name; nothing happens the second time.
    fn release(&self) {
        if is_still(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
    }
}

/// True if the open file is the one that has this name.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_whole(&path, b"old").unwrap();
        let failed = write_with(&path, |f| {
            f.write_all(b"ne")?;
            Err(std::io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn one_writer_at_a_time_and_a_dead_ones_lock_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zarr");
        let first = Staging::begin(&path, 1, false, false).unwrap();
        let second = Staging::begin(&path, 2, false, false);
        assert!(second.unwrap_err().to_string().contains(&std::process::id().to_string()));
        drop(first);
        assert!(names(dir.path()).is_empty());
        std::fs::write(dir.path().join(".a.zarr.lock"), "999999").unwrap();
        Staging::begin(&path, 1, false, false).unwrap();
    }

    #[test]
    fn only_a_resumed_run_finds_its_work_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zarr");
        for (resume, fingerprint, found) in [(true, 1, true), (true, 2, false), (false, 1, false)] {
            let staging = Staging::begin(&path, 1, false, false).unwrap();
            std::fs::create_dir(staging.path()).unwrap();
            drop(staging);
            let staging = Staging::begin(&path, fingerprint, false, resume).unwrap();
            assert_eq!(staging.path().exists(), found);
            staging.abandon();
        }
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn a_death_while_replacing_loses_neither_the_old_nor_leaves_it_twice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zarr");
        std::fs::create_dir(dir.path().join(".a.zarr.replaced")).unwrap();
        assert!(matches!(Staging::begin(&path, 1, false, false), Err(Error::Exists { .. })));
        assert_eq!(names(dir.path()), ["a.zarr"]);
        std::fs::create_dir(dir.path().join(".a.zarr.replaced")).unwrap();
        drop(Staging::begin(&path, 1, true, false).unwrap());
        assert_eq!(names(dir.path()), ["a.zarr"]);
    }

    #[test]
    fn replacing_needs_leave_and_keeps_the_old_until_the_new_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zarr");
        std::fs::create_dir(&path).unwrap();
        assert!(matches!(Staging::begin(&path, 1, false, false), Err(Error::Exists { .. })));
        let staging = Staging::begin(&path, 1, true, false).unwrap();
        std::fs::create_dir(staging.path()).unwrap();
        std::fs::write(staging.path().join("new"), "x").unwrap();
        std::fs::write(staging.path().join(".c.tmp-1-2"), "left by a dead process").unwrap();
        assert!(!path.join("new").exists());
        staging.commit().unwrap();
        drop(staging);
        assert_eq!(names(dir.path()), ["a.zarr"]);
        assert_eq!(names(&path), ["new"]);
    }
}
