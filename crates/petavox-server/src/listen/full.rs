//! The answer to a connection for which there is no place.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

/// So many are told at once that there is no place.
pub(super) const MOST_AT_ONCE: usize = 64;
/// They have to ask, and to take the answer, within this time.
const PATIENCE: Duration = Duration::from_secs(1);
/// What is read of a request at once; nothing is made of it.
const PART_BYTES: usize = 4096;

/// Says that all `most` connections are taken, and hangs up.
pub(super) async fn refuse(stream: TcpStream, most: usize) {
    let reason = format!(
        "this server answers {most} connections at once and has as many: ask again in a moment, \
         or close other pages and programs that look at it\n"
    );
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: {}\r\nretry-after: 1\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{reason}",
        reason.len()
    );
    // A client that does neither is hung up on.
    let _ = tokio::time::timeout(PATIENCE, told(stream, answer.as_bytes())).await;
}

async fn told(mut stream: TcpStream, answer: &[u8]) -> io::Result<()> {
    // Hanging up on a request that was not read would destroy the answer on its way.
    let mut asked = vec![0; PART_BYTES];
    read(&stream, &mut asked).await?;
    stream.writable().await?;
    stream.try_write(answer)?;
    poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await?;
    while read(&stream, &mut asked).await? > 0 {}
    Ok(())
}

async fn read(stream: &TcpStream, part: &mut [u8]) -> io::Result<usize> {
    loop {
        stream.readable().await?;
        match stream.try_read(part) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
    }
}
