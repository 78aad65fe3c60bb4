//! A server of the test's own, and a client that speaks plain HTTP over a socket.

use petavox::{CancelToken, RunOptions};
use petavox_server::{Layer, Options, Server};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// A server that stops with the test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    cancel: CancelToken,
    thread: Option<JoinHandle<()>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
}

/// Serves one file with steps.
pub(crate) fn serve(path: &std::path::Path, steps: &[&str]) -> Running {
    serve_with(&[layer(path, steps)], &Options::default(), 256 << 20)
}

pub(crate) fn layer(path: &std::path::Path, steps: &[&str]) -> Layer {
    Layer {
        path: path.display().to_string(),
        steps: steps.iter().map(|s| (*s).to_owned()).collect(),
        ..Layer::default()
    }
}

pub(crate) fn serve_with(layers: &[Layer], options: &Options, memory_bytes: u64) -> Running {
    let run = RunOptions {
        memory_bytes: Some(memory_bytes),
        n_threads: Some(2),
        ..RunOptions::default()
    };
    let server = Server::open(layers, options, &run).unwrap();
    let address = server.address();
    let thread = std::thread::spawn(move || server.run().unwrap());
    Running { address, cancel: run.cancel, thread: Some(thread) }
}

impl Running {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(n, _)| *n == "host") {
            request += &format!("host: {}\r\n", self.address);
        }
        headers.iter().for_each(|(n, v)| request += &format!("{n}: {v}\r\n"));
        stream.write_all((request + "\r\n").as_bytes()).unwrap();
        read(BufReader::new(stream))
    }

    /// The samples of a chunk.
    pub(crate) fn samples<T: petavox::Element>(&self, path: &str) -> Vec<T> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let size = size_of::<T>();
        answer.body.chunks_exact(size).map(bytemuck::pod_read_unaligned).collect()
    }
}

fn read(mut stream: BufReader<TcpStream>) -> Answer {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let mut headers = vec![];
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let mut body = vec![];
    let _ = stream.read_to_end(&mut body);
    Answer { status, headers, body }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
