//! How far a run has come: a bar on a terminal, a line now and then in a file.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use petavox::Progress;
use petavox::explain::bytes_text;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One bar per stage on the error output.
pub(crate) struct Bars {
    budget: u64,
    bar: Mutex<Option<ProgressBar>>,
    bytes: std::sync::Arc<AtomicU64>,
}

impl Bars {
    pub(crate) fn new(budget: u64) -> Bars {
        Bars { budget, bar: Mutex::new(None), bytes: Default::default() }
    }

    fn with_bar(&self, f: impl FnOnce(&mut Option<ProgressBar>)) {
        if let Ok(mut bar) = self.bar.lock() {
            f(&mut bar);
        }
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &str, n_blocks: u64) {
        self.bytes.store(0, Ordering::Relaxed);
        let (bytes, budget) = (self.bytes.clone(), self.budget);
        let template = "{prefix:24!} [{bar:28}] {pos}/{len} blocks, {speed}, {memory}, {left}";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ")
            .with_key("speed", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = out.write_str(&speed(bytes.load(Ordering::Relaxed), state.elapsed()));
            })
            .with_key("memory", move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = out.write_str(&memory(budget));
            })
            .with_key("left", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let text = left(state.pos(), state.len().unwrap_or(0), state.elapsed());
                let _ = out.write_str(&text);
            });
        let bar = ProgressBar::with_draw_target(Some(n_blocks), ProgressDrawTarget::stderr());
        bar.set_style(style);
        bar.set_prefix(stage.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        self.with_bar(|slot| *slot = Some(bar));
    }

    fn advance(&self, n_blocks: u64, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.with_bar(|slot| slot.iter().for_each(|bar| bar.inc(n_blocks)));
    }

    fn end(&self) {
        self.with_bar(|slot| {
            if let Some(bar) = slot.take() {
                bar.finish_and_clear();
            }
        });
    }
}

/// A line at most every two seconds and at each stage's end, for logs.
pub(crate) struct Lines {
    budget: u64,
    stage: Mutex<Option<StageLines>>,
}

struct StageLines {
    name: String,
    n_blocks: u64,
    done: u64,
    bytes: u64,
    began: Instant,
    told: Instant,
}

impl Lines {
    pub(crate) fn new(budget: u64) -> Lines {
        Lines { budget, stage: Mutex::new(None) }
    }

    fn line(&self, stage: &StageLines) {
        let elapsed = stage.began.elapsed();
        let _ = writeln!(
            std::io::stderr(),
            "{}: {}/{} blocks, {}, {}, {}",
            stage.name,
            stage.done,
            stage.n_blocks,
            speed(stage.bytes, elapsed),
            memory(self.budget),
            left(stage.done, stage.n_blocks, elapsed)
        );
    }
}

impl Progress for Lines {
    fn begin(&self, stage: &str, n_blocks: u64) {
        let now = Instant::now();
        if let Ok(mut slot) = self.stage.lock() {
            *slot = Some(StageLines {
                name: stage.to_owned(),
                n_blocks,
                done: 0,
                bytes: 0,
                began: now,
                told: now,
            });
        }
    }

    fn advance(&self, n_blocks: u64, bytes: u64) {
        let Ok(mut slot) = self.stage.lock() else { return };
        let Some(stage) = slot.as_mut() else { return };
        stage.done += n_blocks;
        stage.bytes += bytes;
        if stage.told.elapsed() >= Duration::from_secs(2) {
            stage.told = Instant::now();
            self.line(stage);
        }
    }

    fn end(&self) {
        if let Ok(mut slot) = self.stage.lock()
            && let Some(stage) = slot.take()
        {
            self.line(&stage);
        }
    }
}

fn speed(bytes: u64, elapsed: Duration) -> String {
    format!("{:.0} MB/s", bytes as f64 / 1e6 / elapsed.as_secs_f64().max(1e-3))
}

fn memory(budget: u64) -> String {
    match resident_bytes() {
        Some(now) => format!("{} of {}", bytes_text(now), bytes_text(budget)),
        None => format!("limit {}", bytes_text(budget)),
    }
}

fn left(done: u64, n: u64, elapsed: Duration) -> String {
    if done >= n {
        return format!("{:.1} s", elapsed.as_secs_f64());
    }
    if done == 0 {
        return "starting".to_owned();
    }
    let secs = elapsed.as_secs_f64() * (n - done) as f64 / done as f64;
    match secs as u64 {
        s @ 0..120 => format!("{s} s left"),
        s @ 120..7200 => format!("{} min left", s / 60),
        s => format!("{} h {} min left", s / 3600, s % 3600 / 60),
    }
}

/// Resident memory now, where the system tells.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_told_in_fitting_units() {
        let minute = Duration::from_secs(60);
        assert_eq!(left(0, 10, minute), "starting");
        assert_eq!(left(5, 10, minute), "60 s left");
        assert_eq!(left(1, 11, minute), "10 min left");
        assert_eq!(left(1, 181, minute), "3 h 0 min left");
        assert_eq!(left(10, 10, minute), "60.0 s");
        assert_eq!(speed(50_000_000, Duration::from_secs(2)), "25 MB/s");
    }
}
