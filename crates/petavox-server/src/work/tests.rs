//! Work is done once for all who want it, and not for those who went away.

use super::*;
use petavox::RunOptions;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;

fn works(memory_bytes: u64, n_threads: usize) -> (Works, CancelToken) {
    let run = RunOptions {
        memory_bytes: Some(memory_bytes),
        n_threads: Some(n_threads),
        ..RunOptions::default()
    };
    let context = RunContext::new(&run).unwrap();
    (Works::start(context, n_threads, 1 << 20), run.cancel)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn task(run: impl FnOnce(&CancelToken) -> Result<Tile> + Send + 'static) -> Task {
    Task { peak_bytes: 1000, run: Box::new(run) }
}

#[test]
fn what_many_ask_for_is_made_once_and_then_remembered() {
    let (works, cancel) = works(64 << 20, 2);
    let made = Arc::new(AtomicUsize::new(0));
    runtime().block_on(async {
        let ask = || {
            let made = made.clone();
            works.ask(Some((0, 0, 7)), move || {
                task(move |_| {
                    std::thread::sleep(Duration::from_millis(30));
                    made.fetch_add(1, Ordering::SeqCst);
                    Ok(Tile::from(vec![5; 10]))
                })
            })
        };
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        for tile in [a, b, c, ask().await] {
            assert_eq!((*tile.unwrap()).as_ref(), [5; 10]);
        }
    });
    assert_eq!(made.load(Ordering::SeqCst), 1);
    let told = works.told();
    assert_eq!((&told["shared"], &told["from_memory"]), (&2.into(), &1.into()));
    cancel.cancel();
}

#[test]
fn nobody_works_for_those_who_went_away() {
    let (works, cancel) = works(64 << 20, 1);
    let runtime = runtime();
    let (began, has_begun) = mpsc::channel();
    let queued = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let running = works.ask(Some((0, 0, 0)), move || {
            task(move |cancel| {
                let _ = began.send(());
                while !cancel.is_cancelled() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(Error::Cancelled)
            })
        });
        let count = queued.clone();
        let waiting = works.ask(Some((0, 0, 1)), move || {
            task(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(Tile::from(vec![]))
            })
        });
        let both = async { tokio::join!(running, waiting) };
        let gone = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        tokio::select! { _ = both => panic!("they were to be dropped"), () = gone => {} }
    });
    has_begun.recv().unwrap();
    // The one thread is free again, and what was waiting was not done.
    let next = runtime.block_on(works.ask(None, || task(|_| Ok(Tile::from(vec![1])))));
    assert_eq!((*next.unwrap()).as_ref(), [1]);
    assert_eq!(queued.load(Ordering::SeqCst), 0);
    assert_eq!(works.told()["cancelled"], 2);
    cancel.cancel();
}

#[test]
fn a_task_that_panics_or_does_not_fit_is_an_error_and_the_next_is_done() {
    let (works, cancel) = works(40 << 20, 1);
    let runtime = runtime();
    let ask = |task: Task| runtime.block_on(works.ask(None, || task)).map(|t| t.len());
    let panics = ask(task(|_| panic!("on purpose"))).unwrap_err();
    assert!(panics.to_string().contains("on purpose"));
    let large = Task { peak_bytes: 1 << 40, run: Box::new(|_| Ok(Tile::from(vec![]))) };
    assert!(matches!(&*ask(large).unwrap_err(), Error::Budget { .. }));
    assert_eq!(ask(task(|_| Ok(Tile::from(vec![0; 3])))).unwrap(), 3);
    cancel.cancel();
}

#[test]
fn kept_tiles_make_room_for_work() {
    let (works, cancel) = works(32 << 20, 1);
    let runtime = runtime();
    for n in 0..40 {
        let run = |_: &CancelToken| Ok(Tile::from(vec![1; 100_000]));
        runtime.block_on(works.ask(Some((0, 0, n)), || task(run))).unwrap();
    }
    assert!(works.told()["kept_bytes"].as_u64().unwrap() <= 1 << 20);
    let free = works.shared.context.budget.free();
    let most = Task { peak_bytes: free + 500_000, run: Box::new(|_| Ok(Tile::from(vec![]))) };
    runtime.block_on(works.ask(None, || most)).unwrap();
    cancel.cancel();
}
