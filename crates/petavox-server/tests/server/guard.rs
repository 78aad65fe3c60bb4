//! Who may ask, and for how much.

use crate::client::{Running, layer, serve, serve_with};
use crate::zarr::saved;
use petavox::Image;
use petavox_server::{Options, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn small(folder: &tempfile::TempDir) -> std::path::PathBuf {
    saved(folder.path(), &Image::from_vec(&[8, 8], vec![3u8; 64]).unwrap())
}

#[test]
fn other_names_and_other_pages_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&small(&folder), &[]);
    let with =
        |name: &'static str, value: &'static str| server.get_with("/images", &[(name, value)]);
    assert_eq!(with("host", "evil.example").status, 421);
    assert_eq!(with("host", "localhost:1").status, 200);
    assert_eq!(with("origin", "https://evil.example").status, 403);
    assert_eq!(with("origin", "null").status, 403);
    let allowed = with("origin", "http://localhost:8888");
    assert_eq!(allowed.header("access-control-allow-origin"), Some("http://localhost:8888"));
    let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")];
    assert_eq!(server.get_with("/images/image/array", &headers).status, 403);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        assert_eq!(server.ask(method, "/images", &[]).status, 405, "{method}");
    }
    let asks = [("origin", "http://localhost:1"), ("access-control-request-method", "GET")];
    assert_eq!(server.ask("OPTIONS", "/images", &asks).status, 204);
}

#[test]
fn a_token_is_needed_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { token: Some("secret".to_owned()), ..Options::default() };
    let server = serve_with(&[layer(&small(&folder), &[])], &options, 128 << 20);
    let paths =
        ["/images", "/health", "/events", "/images/image/zarr/zarr.json", "/images/image/array"];
    for path in paths {
        assert_eq!(server.get(path).status, 401, "{path}");
        assert_eq!(server.get(&format!("{path}?token=secre")).status, 401, "{path}");
    }
    assert_eq!(server.get("/").status, 200);
    assert_eq!(server.get_with("/images", &[("authorization", "Bearer secret")]).status, 200);
    assert_eq!(server.get("/images/image/array?slice=0&token=secret").status, 200);
    let page = server.get("/?token=secret");
    let cookie = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(server.get_with("/images", &[("cookie", &cookie)]).status, 200);
}

#[test]
fn a_token_may_have_any_characters() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { token: Some("a b+c/&=%;".to_owned()), ..Options::default() };
    let server = serve_with(&[layer(&small(&folder), &[])], &options, 128 << 20);
    let address = "/?token=a%20b%2Bc%2F%26%3D%25%3B";
    assert_eq!(server.get(&address.replace("/?", "/images?")).status, 200);
    let cookie =
        server.get(address).header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(server.get_with("/images", &[("cookie", &cookie)]).status, 200);
    assert_eq!(server.get("/images?token=a").status, 401);
}

#[test]
fn others_can_reach_a_server_only_with_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { host: [0, 0, 0, 0].into(), ..Options::default() };
    let refused = Server::open(&[layer(&small(&folder), &[])], &options, &Default::default());
    assert!(refused.err().unwrap().to_string().contains("a token"));
}

#[test]
fn nothing_but_the_images_and_the_viewer_can_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    std::fs::create_dir(folder.path().join("page")).unwrap();
    std::fs::write(folder.path().join("page/index.html"), "a page").unwrap();
    let path = small(&folder);
    let options = Options { viewer: Some(folder.path().join("page")), ..Options::default() };
    let server = serve_with(&[layer(&path, &[])], &options, 128 << 20);
    assert_eq!(server.get("/").text(), "a page");
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/page/../../secret.txt",
        "//etc/passwd",
        "/etc/passwd",
        "/images/../secret.txt",
        "/images/image/zarr/../../../secret.txt",
        "/images/image/zarr/0/c/../../../secret.txt",
        "/images/%2e%2e/zarr/zarr.json",
        "/images/image/zarr/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/..\\secret.txt",
        "/.",
    ] {
        let answer = server.get(path);
        assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains("secret\n") && answer.text() != "secret", "{path}");
    }
}

#[test]
fn half_requests_and_nonsense_leave_the_server_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&small(&folder), &[]);
    let half: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(b"GET /images HTTP/1.1\r\nhost: loc").unwrap();
            stream
        })
        .collect();
    for nonsense in
        [&b"\x16\x03\x01\x02"[..], b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", &[0u8; 4096]]
    {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let _ = stream.write_all(nonsense);
        let _ = stream.read(&mut [0; 64]);
    }
    let long = format!("/images?{}", "x".repeat(10_000));
    assert!(server.get(&long).status >= 400);
    assert_eq!(server.get("/health").status, 200);
    drop(half);
}

#[test]
fn connections_have_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_connections: 3, ..Options::default() };
    let server: Running = serve_with(&[layer(&small(&folder), &[])], &options, 128 << 20);
    let held: Vec<TcpStream> = (0..3)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            let request = format!("GET /health HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
            stream.write_all(request.as_bytes()).unwrap();
            assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
            stream
        })
        .collect();
    let refused = server.get("/health");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert!(refused.text().contains("3 connections"), "{}", refused.text());
    // One that asks nothing is hung up on.
    let mut silent = TcpStream::connect(server.address).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(silent.read(&mut [0; 16]).unwrap(), 0);
    drop(held);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(server.get("/health").status, 200);
}
