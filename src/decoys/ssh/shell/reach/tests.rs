use super::certificate::{Certificate, fault};
use super::fetch::{Trouble, Url, exchange};
use super::meter;
use crate::session::BoxStream;

#[test]
fn urls_are_read_as_curl_reads_them() {
    let url = Url::read("HTTPS://a:b@clzx-his01:8443/x/y?z=1#f").unwrap();
    assert_eq!((url.scheme.as_str(), url.host.as_str(), url.port), ("https", "clzx-his01", 8443));
    assert_eq!((url.path.as_str(), url.user.as_deref()), ("/x/y?z=1", Some("a:b")));
    assert_eq!(url.follow("z").unwrap().path, "/x/z");
    assert_eq!(url.follow("/w").unwrap().text(), "https://clzx-his01:8443/w");
    assert_eq!(Url::read("10.1.1.1").unwrap().path, "/");
    assert_eq!(Url::read("h?q").unwrap().path, "/?q");
    assert_eq!(Url::read("h:x/"), None);
}

fn answer(bytes: &'static [u8], split: usize) -> Result<(u16, Vec<u8>, bool), Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async move {
        use tokio::io::AsyncWriteExt;
        let (calling, mut serving) = tokio::io::duplex(4096);
        tokio::spawn(async move {
            let (first, second) = bytes.split_at(split);
            serving.write_all(first).await.unwrap();
            tokio::task::yield_now().await;
            serving.write_all(second).await.unwrap();
        });
        let mut stream: BoxStream = Box::new(calling);
        exchange(&mut stream, b"GET / HTTP/1.1\r\n\r\n", false).await.map(|a| (a.status, a.body, a.whole))
    })
}

#[test]
fn answers_are_read_however_they_are_cut() {
    let cases: [(&'static [u8], u16, &[u8], bool); 4] = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", true),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, b"hello", false),
        (b"HTTP/1.0 404 No\r\n\r\nhello", 404, b"hello", true),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n",
            200,
            b"hello",
            true,
        ),
    ];
    for (bytes, status, body, whole) in cases {
        for split in 0..bytes.len() {
            assert_eq!(answer(bytes, split), Ok((status, body.to_vec(), whole)), "cut at {split}");
        }
    }
    assert_eq!(answer(b"SSH-2.0-x\r\n", 3), Err(Trouble::NotHttp));
    assert_eq!(answer(b"", 0), Err(Trouble::Empty));
}

#[test]
fn certificates_are_shown_as_openssl_shows_them() {
    let bench = crate::session::bench::Bench::new();
    let host = bench.pack.host("his").unwrap();
    let made = crate::persona::certificate(&bench.pack, host).unwrap();
    let chain: Vec<_> = made.chain.iter().map(|der| Certificate::read(der).unwrap()).collect();
    assert!(chain[0].subject.contains("CN="), "{:?}", chain[0]);
    assert!(chain[0].from.ends_with(" GMT"), "{:?}", chain[0]);
    assert!([18, 19, 20].contains(&fault(&chain).1));
    assert_eq!(Certificate::read(b"\x30\x03\x02\x01"), None);
}

#[test]
fn the_meter_is_as_wide_as_curls() {
    assert_eq!(
        meter::last(600, 0, 10_269),
        "\r100   600  100   600    0     0  58428      0 --:--:-- --:--:-- --:--:-- 58428\n"
    );
}
