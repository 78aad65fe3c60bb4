//! The run folder: what a run needs to go on after it was interrupted.
//!
//! It holds the plan's identity, a journal of finished blocks, and the mapped working volumes. A block is journalled only
//! after the volume it went into was flushed, so that whatever the journal names is on the disk.

use petavox_core::{Error, Result};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A folder that belongs to one run at a time.
pub struct RunFolder {
    dir: PathBuf,
    journal: Mutex<File>,
    rows: Mutex<HashSet<String>>,
    resumed: bool,
    _lock: File,
}

impl RunFolder {
    /// Takes the folder `dir` for a run that is known by `identity`. With `resume`, what an interrupted run with the same
    /// identity left is kept, if all of it is there; otherwise it is emptied.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if another process has it, or if `resume` is asked for and the identity differs;
    /// [`Error::Io`] if it cannot be made.
    pub fn open(dir: &Path, identity: &str, resume: bool) -> Result<RunFolder> {
        std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, "make the run folder", e))?;
        let lock = lock(dir)?;
        let plan = dir.join("plan");
        let journal = dir.join("journal");
        let before = std::fs::read_to_string(&plan).ok();
        let same = before.as_deref() == Some(identity);
        if resume && !same && before.is_some() {
            let expected = "the same input and options as the interrupted run; without --resume it starts anew";
            return Err(Error::argument("--resume", "a different computation", expected));
        }
        let rows = read_rows(&journal)?;
        let resumed = resume && same && volumes_are_there(dir, &rows);
        let rows = if resumed { rows } else { HashSet::new() };
        if !resumed {
            forget(dir)?;
            for entry in std::fs::read_dir(dir).map_err(|e| Error::io(dir, "list", e))?.flatten() {
                if entry.file_name() != "lock" {
                    let path = entry.path();
                    std::fs::remove_file(&path).map_err(|e| Error::io(&path, "remove", e))?;
                }
            }
            // Whole or not at all: half an identity would be another computation's.
            let new = dir.join("plan.new");
            std::fs::write(&new, identity)
                .and_then(|()| std::fs::rename(&new, &plan))
                .map_err(|e| Error::io(&plan, "write", e))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&journal)
            .map_err(|e| Error::io(&journal, "open the journal", e))?;
        Ok(RunFolder {
            dir: dir.to_owned(),
            journal: Mutex::new(file),
            rows: Mutex::new(rows),
            resumed,
            _lock: lock,
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// True if it goes on with what an interrupted run left.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// True if this was journalled, in this run or the one before.
    pub fn has(&self, row: &str) -> bool {
        self.rows.lock().is_ok_and(|rows| rows.contains(row))
    }

    /// The rest of the first row that begins with `prefix`.
    pub fn find(&self, prefix: &str) -> Option<String> {
        let rows = self.rows.lock().ok()?;
        rows.iter().find_map(|row| row.strip_prefix(prefix).map(str::to_owned))
    }

    /// The path of a working volume of so many bytes in the folder. The journal remembers it: without it nothing is continued,
    /// because the blocks that were done are in it.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk is full.
    pub fn volume(&self, name: &str, bytes: u64) -> Result<PathBuf> {
        let row = format!("{VOLUME}{bytes} {name}");
        if !self.has(&row) {
            self.add(&[row])?;
        }
        Ok(self.dir.join(name))
    }

    /// Writes down what is done, durably. Rows are single lines.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk is full.
    pub fn add(&self, new: &[String]) -> Result<()> {
        let failed = |e| Error::io(self.dir.join("journal"), "write the journal", e);
        let mut text = String::new();
        for row in new {
            text.push_str(&format!("{:08x} {row}\n", crc32c::crc32c(row.as_bytes())));
        }
        let mut file = self.journal.lock().map_err(|_| Error::internal("journal", "lock"))?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        if let Ok(mut rows) = self.rows.lock() {
            rows.extend(new.iter().cloned());
        }
        Ok(())
    }

    /// Removes the folder and everything in it; called when the run is done, or failed for good.
    pub fn remove(&self) {
        // What cannot be removed now is removed by the next run with this output.
        let _ = forget(&self.dir);
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Begins the row of a working volume.
const VOLUME: &str = "volume ";

/// True if every working volume of the journal is in the folder, and as long as it was made.
fn volumes_are_there(dir: &Path, rows: &HashSet<String>) -> bool {
    rows.iter().filter_map(|row| row.strip_prefix(VOLUME)).all(|row| {
        row.split_once(' ').is_some_and(|(bytes, name)| {
            std::fs::metadata(dir.join(name)).is_ok_and(|m| m.len().to_string() == bytes)
        })
    })
}

/// Removes what says whose work this is, before the work is removed: a removal that is cut short leaves nothing that could be
/// continued.
fn forget(dir: &Path) -> Result<()> {
    let plan = dir.join("plan");
    match std::fs::remove_file(&plan) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&plan, "remove", e)),
        _ => Ok(()),
    }
}

/// Rows whose checksum is right; a torn last line is not one.
fn read_rows(journal: &Path) -> Result<HashSet<String>> {
    let mut bytes = Vec::new();
    match File::open(journal) {
        Ok(mut file) => {
            file.read_to_end(&mut bytes).map_err(|e| Error::io(journal, "read the journal", e))?;
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(Error::io(journal, "open the journal", e)),
    }
    let text = String::from_utf8_lossy(&bytes);
    let rows = text.lines().filter_map(|line| {
        let (sum, row) = line.split_once(' ')?;
        let sum = u32::from_str_radix(sum, 16).ok()?;
        (sum == crc32c::crc32c(row.as_bytes())).then(|| row.to_owned())
    });
    Ok(rows.collect())
}

/// The system's lock on the folder's lock file: gone with the process, however it ends.
fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| Error::io(&path, "open the lock", e))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let expected = "no other process at work on it: wait for it, or choose another output";
            Err(Error::argument("output", format!("{} is being written", dir.display()), expected))
        }
        Err(e) => Err(Error::io(&path, "lock", e.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_and_torn_ones_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("run");
        let run = RunFolder::open(&at, "plan A", false).unwrap();
        assert!(RunFolder::open(&at, "plan A", true).is_err(), "a second run is refused");
        run.add(&["block 1".into(), "value 3.5".into()]).unwrap();
        drop(run);
        let mut file = OpenOptions::new().append(true).open(at.join("journal")).unwrap();
        file.write_all(b"12345678 block 2\nabc").unwrap();
        drop(file);
        let run = RunFolder::open(&at, "plan A", true).unwrap();
        assert!(run.is_resumed() && run.has("block 1") && !run.has("block 2"));
        assert_eq!(run.find("value ").as_deref(), Some("3.5"));
        let volume = run.volume("a.words", 8).unwrap();
        std::fs::write(&volume, [1; 8]).unwrap();
        drop(run);
        let run = RunFolder::open(&at, "plan A", true).unwrap();
        assert!(run.is_resumed() && run.has("block 1"));
        drop(run);
        assert!(
            RunFolder::open(&at, "plan B", true).is_err(),
            "another computation is not continued"
        );
        let run = RunFolder::open(&at, "plan A", false).unwrap();
        assert!(!run.is_resumed() && !run.has("block 1"));
        run.add(&["block 1".into()]).unwrap();
        let volume = run.volume("a.words", 8).unwrap();
        std::fs::write(&volume, [1; 7]).unwrap();
        drop(run);
        let run = RunFolder::open(&at, "plan A", true).unwrap();
        assert!(!run.is_resumed() && !run.has("block 1"), "its volume is not whole");
        run.remove();
        assert!(!at.exists());
    }
}
