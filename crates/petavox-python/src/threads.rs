//! One crew of threads for the process, whichever Python threads compute; a forked process begins with a new one.

use petavox::Crew;
use pyo3::prelude::*;
use std::ffi::c_int;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The crew of the process that has this number.
struct Process {
    id: u32,
    crew: Arc<Crew>,
}

/// Never locked: whoever forks while another thread is in here must not leave a lock behind that nobody opens.
static PROCESS: AtomicPtr<Process> = AtomicPtr::new(null_mut());

/// The crew of this process.
pub(crate) fn crew() -> Arc<Crew> {
    let id = std::process::id();
    let known = PROCESS.load(Ordering::Acquire);
    // SAFETY: what the pointer was ever set to is never freed nor changed.
    let before = unsafe { known.as_ref() };
    if let Some(process) = before
        && process.id == id
    {
        return process.crew.clone();
    }
    // The threads of the process that forked are not here, and its count of them means nothing; its limit does.
    let crew = Crew::new();
    crew.set_limit(before.and_then(|process| process.crew.limit()));
    let new = Box::into_raw(Box::new(Process { id, crew: crew.clone() }));
    match PROCESS.compare_exchange(known, new, Ordering::AcqRel, Ordering::Acquire) {
        // What was there before stays: a thread may be looking at it.
        Ok(_) => crew,
        Err(_) => {
            // SAFETY: `new` was made above and nobody else has seen it.
            drop(unsafe { Box::from_raw(new) });
            self::crew()
        }
    }
}

/// The threads that compute at once where nothing is said.
#[pyfunction]
pub(crate) fn default_threads() -> usize {
    petavox::default_threads()
}

/// The most threads that may compute at once, whatever runs ask for; None if there is no limit.
#[pyfunction]
pub(crate) fn thread_limit() -> Option<usize> {
    crew().limit()
}

/// Limits the threads that compute at once in this process; None for no limit.
#[pyfunction]
#[pyo3(signature = (limit=None))]
pub(crate) fn set_thread_limit(limit: Option<usize>) {
    crew().set_limit(limit);
}

/// The threads that compute now.
#[pyfunction]
pub(crate) fn working_threads() -> usize {
    crew().working()
}

/// For programs that know libraries by their C functions: the threads that compute at once.
// SAFETY: no other library has functions that begin with this one's name.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn petavox_get_num_threads() -> c_int {
    let n = crew().limit().unwrap_or_else(petavox::default_threads);
    c_int::try_from(n).unwrap_or(c_int::MAX)
}

/// Limits the threads that compute at once; 0 or less for no limit.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn petavox_set_num_threads(n: c_int) {
    crew().set_limit(usize::try_from(n).ok().filter(|n| *n > 0));
}
