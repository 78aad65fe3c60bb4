//! Images that change while they are shown.

use crate::client::serve;
use crate::zarr::saved;
use petavox::Image;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn a_chunk_that_is_written_is_told_and_shown_within_half_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::from_vec(&[38, 38], vec![1u8; 38 * 38]).unwrap();
    let other = Image::from_vec(&[38, 38], vec![2u8; 38 * 38]).unwrap();
    let path = saved(folder.path(), &image);
    std::fs::create_dir(folder.path().join("other")).unwrap();
    let written = saved(&folder.path().join("other"), &other);
    let server = serve(&path, &[]);
    let chunk = "/images/image/zarr/@chunk=19x19/0/c/1/0";
    let before = server.get(chunk);
    assert!(before.body.iter().all(|s| *s == 1));

    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!("GET /events HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|l| l.starts_with("retry:")));

    // The first look at the files is over by now.
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    std::fs::rename(written.join("0/c/1/0"), path.join("0/c/1/0")).unwrap();
    assert!(lines.any(|l| l == "event: changed"));
    let told = lines.next().unwrap();
    let secs = began.elapsed().as_secs_f64();
    let told: serde_json::Value =
        serde_json::from_str(told.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(told["image"], "image");
    assert_eq!(told["regions"], serde_json::json!([{ "start": [19, 0], "shape": [19, 19] }]));
    // Half a second on a machine that is not busy with other tests.
    assert!(secs < 5.0, "{secs}");
    let etag = before.header("etag").unwrap();
    let after = server.get_with(chunk, &[("if-none-match", etag)]);
    assert_eq!(after.status, 200);
    assert!(after.body.iter().all(|s| *s == 2));
    assert_eq!(server.get("/images/image/zarr/@chunk=19x19/0/c/0/0").body, vec![1; 19 * 19]);
}

#[test]
fn an_array_that_grows_is_shown_at_its_new_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(folder.path(), &Image::from_vec(&[19, 19], vec![1u8; 361]).unwrap());
    let server = serve(&path, &[]);
    assert_eq!(server.get("/images/image").json()["shape"], serde_json::json!([19, 19]));
    std::thread::sleep(Duration::from_millis(300));
    let file = path.join("0/zarr.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["shape"] = serde_json::json!([38, 19]);
    std::fs::write(&file, document.to_string()).unwrap();
    let grown = || server.get("/images/image").json()["shape"] == serde_json::json!([38, 19]);
    let began = Instant::now();
    while !grown() {
        assert!(began.elapsed().as_secs() < 20, "it was not seen");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.get("/images/image/zarr/0/zarr.json").json()["shape"][0], 38);
}
