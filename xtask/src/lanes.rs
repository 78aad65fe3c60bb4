//! Runs steps side by side: as many at a time as the machine has cores, at most two, each as a process of its own.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use crate::steps::Step;

/// What has been begun and what has passed.
#[derive(Default)]
struct Board {
    begun: Vec<&'static str>,
    passed: Vec<&'static str>,
    failed: Option<String>,
}

/// What a lane does next.
enum Next {
    Run(&'static Step),
    Wait,
    Stop,
}

/// Runs the steps. What a step printed is shown when it ends; after the first failure no other begins.
pub(crate) fn run(steps: &[&'static Step]) -> Result<(), String> {
    let begin = Instant::now();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (board, changed) = (Mutex::new(Board::default()), Condvar::new());
    std::thread::scope(|scope| {
        for _ in 0..cores.min(2) {
            scope.spawn(|| lane(steps, &board, &changed));
        }
    });
    match board.into_inner().unwrap_or_else(PoisonError::into_inner).failed {
        Some(message) => Err(message),
        None => {
            println!("all passed in {} s", begin.elapsed().as_secs());
            Ok(())
        }
    }
}

fn lane(steps: &[&'static Step], board: &Mutex<Board>, changed: &Condvar) {
    let mut now = board.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match next(steps, &now) {
            Next::Stop => return,
            Next::Wait => now = changed.wait(now).unwrap_or_else(PoisonError::into_inner),
            Next::Run(step) => {
                now.begun.push(step.name);
                drop(now);
                println!("== {}", step.name);
                let begin = Instant::now();
                let (outcome, output) = call(step);
                now = board.lock().unwrap_or_else(PoisonError::into_inner);
                print!("{output}");
                match outcome {
                    Ok(()) => {
                        println!(
                            "== {}: passed in {:.1} s",
                            step.name,
                            begin.elapsed().as_secs_f64()
                        );
                        now.passed.push(step.name);
                    }
                    Err(message) => {
                        println!(
                            "== {}: FAILED after {:.1} s",
                            step.name,
                            begin.elapsed().as_secs_f64()
                        );
                        now.failed.get_or_insert(message);
                    }
                }
                changed.notify_all();
            }
        }
    }
}

fn next(steps: &[&'static Step], board: &Board) -> Next {
    let mut left = steps.iter().filter(|step| !board.begun.contains(&step.name)).peekable();
    if board.failed.is_some() || left.peek().is_none() {
        return Next::Stop;
    }
    left.find(|step| step.needs.iter().all(|need| board.passed.contains(need)))
        .map_or(Next::Wait, |step| Next::Run(step))
}

/// Runs one step as a process and gives all that it printed.
fn call(step: &Step) -> (Result<(), String>, String) {
    let mut printed = Vec::new();
    let outcome = std::env::current_exe().and_then(|program| {
        let (mut reader, writer) = std::io::pipe()?;
        let mut command = Command::new(program);
        command
            .args(["--alone", step.name])
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let mut child = command.spawn()?;
        // The command holds the pipe's other end: without this the reader would never see its end.
        drop(command);
        reader.read_to_end(&mut printed)?;
        child.wait()
    });
    let outcome = match outcome {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", step.name)),
        Err(error) => Err(format!("{}: {error}", step.name)),
    };
    (outcome, String::from_utf8_lossy(&printed).into_owned())
}
