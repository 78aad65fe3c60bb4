//! Listening: connections, and how long they may take.

mod full;
mod steady;

use crate::answer::routes;
use crate::app::App;
use crate::escape::escaped;
use crate::{Layer, Options};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use petavox::{CancelToken, Error, Result, RunContext, RunOptions};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// A request's head has to arrive within this time, and a connection that asks nothing is kept as long.
const HEAD_SECS: u64 = 30;
/// Longest head of a request.
const HEAD_BYTES: usize = 16 << 10;
/// What is under way when the server stops may take as long.
const STOP_SECS: u64 = 2;
/// How often a request to stop is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Memory that connections and their threads take, beside the program's own.
const BASE_BYTES: u64 = 16 << 20;

/// A server that has opened its images and its port.
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    address: SocketAddr,
    cancel: CancelToken,
}

impl Server {
    /// Opens the images and the port; answers are given once [`Server::run`] is called.
    ///
    /// # Errors
    /// What a file or an operation says; a port that is taken; an address that others can reach, without a token.
    pub fn open(layers: &[Layer], options: &Options, run: &RunOptions) -> Result<Server> {
        if !options.host.is_loopback() && options.token.is_none() {
            let expected = "a token, since others can reach this address";
            return Err(Error::argument("host", options.host, expected));
        }
        let context = RunContext::new(run)?;
        let base = context.budget.base() + BASE_BYTES;
        let context = RunContext::new(&RunOptions { base_bytes: Some(base), ..run.clone() })?;
        let app = App::open(layers, options, context)?;
        let wanted = SocketAddr::new(options.host, options.port);
        let failed = |e| Error::io(wanted.to_string(), "listen at this address", e);
        let listener = TcpListener::bind(wanted).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { app: Arc::new(app), listener, address, cancel: run.cancel.clone() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser.
    pub fn url(&self) -> String {
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
            ip => ip.to_string(),
        };
        let token = self.app.options.token.as_ref().map(|t| format!("?token={}", escaped(t)));
        format!("http://{host}:{}/{}", self.address.port(), token.unwrap_or_default())
    }

    /// The names of the images.
    pub fn names(&self) -> Vec<String> {
        self.app.images.iter().map(|i| i.name.clone()).collect()
    }

    /// Answers until the run's cancel token is set.
    ///
    /// # Errors
    /// If the system has no threads.
    pub fn run(self) -> Result<()> {
        let failed = |e| Error::io("threads of the server", "start", e);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.app.context.n_threads.clamp(1, 4))
            .thread_name("petavox-http")
            .enable_all()
            .build()
            .map_err(failed)?;
        let app = self.app.clone();
        let watch = move || crate::watch::watch(&app);
        std::thread::Builder::new()
            .name("petavox-watch".to_owned())
            .spawn(watch)
            .map_err(failed)?;
        let ended = runtime.block_on(self.answer());
        runtime.shutdown_timeout(Duration::from_millis(200));
        ended
    }

    async fn answer(self) -> Result<()> {
        let failed = |e| Error::io(self.address.to_string(), "listen at this address", e);
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(failed)?;
        let router = routes(self.app.clone());
        let most = self.app.options.max_connections.max(1);
        let places = Arc::new(Semaphore::new(most));
        let refusals = Arc::new(Semaphore::new(full::MOST_AT_ONCE));
        let (stop, stopped) = watch::channel(false);
        let mut look = tokio::time::interval(LOOK_AGAIN);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = look.tick() => {
                    if self.cancel.is_cancelled() { break }
                    continue;
                }
            };
            // A client that went away before it was welcomed, or no file handles left for a moment.
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let Ok(place) = places.clone().try_acquire_owned() else {
                // Those for whom not even a refusal is left are hung up on.
                if let Ok(refusal) = refusals.clone().try_acquire_owned() {
                    tokio::spawn(async move {
                        full::refuse(stream, most).await;
                        drop(refusal);
                    });
                }
                continue;
            };
            let service = TowerToHyperService::new(router.clone());
            let mut stopped = stopped.clone();
            tokio::spawn(async move {
                let io = TokioIo::new(steady::Steady::new(stream));
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(Duration::from_secs(HEAD_SECS))
                    .max_buf_size(HEAD_BYTES)
                    .serve_connection(io, service);
                tokio::pin!(connection);
                tokio::select! {
                    _ = connection.as_mut() => {}
                    _ = stopped.changed() => {
                        connection.as_mut().graceful_shutdown();
                        let rest = Duration::from_secs(STOP_SECS);
                        let _ = tokio::time::timeout(rest, connection).await;
                    }
                }
                drop(place);
            });
        }
        stop.send_replace(true);
        drop(stopped);
        // Connections hold the other ends.
        let _ = tokio::time::timeout(Duration::from_secs(STOP_SECS), stop.closed()).await;
        Ok(())
    }
}
