//! Alerts by the interfaces of known receivers. None of them can be installed here, so each is a
//! strict stand-in written from its public description: it refuses what the product would refuse.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use honeyward::forward::Destination;
use serde_json::{Value, json};

use crate::posting::{Post, Receiver, answer, settled, work};

fn destination(port: u16, path: &str, api: &str, more: &str) -> Destination {
    let text = format!(
        "name = \"siem\"\nurl = \"http://127.0.0.1:{port}{path}\"\ntransport = \"http\"\napi = \"{api}\"\n{more}"
    );
    let destination: Destination = toml::from_str(&text).unwrap();
    assert!(destination.faults().is_empty(), "{:?}", destination.faults());
    destination
}

fn word(dir: &Path, name: &str, word: &str) -> String {
    fs::write(dir.join(name), format!("{word}\n")).unwrap();
    format!("{name}_file = \"{}\"\n", dir.join(name).display())
}

/// Splunk's collector with indexer acknowledgement: counts its tickets, tells each but once, and only
/// at the second asking.
fn splunk(indexed: Arc<Mutex<Vec<String>>>) -> Receiver {
    let (mut waiting, mut asked) = (Vec::<Vec<String>>::new(), 0);
    Receiver::minded(move |post| {
        if post.header("Authorization") != Some("Splunk 8a7c") {
            return answer("403 Forbidden", r#"{"text":"Invalid token","code":4}"#);
        }
        if post.header("X-Splunk-Request-Channel").is_none() {
            return answer("400 Bad Request", r#"{"text":"Data channel is missing","code":10}"#);
        }
        if post.head.starts_with("POST /services/collector/ack?channel=") {
            asked += 1;
            let ticket = post.body["acks"][0].as_u64().unwrap();
            let told = asked % 2 == 0;
            if told {
                indexed.lock().unwrap().append(&mut waiting[usize::try_from(ticket).unwrap()]);
            }
            return answer("200 OK", &json!({ "acks": { ticket.to_string(): told } }).to_string());
        }
        let events = serde_json::Deserializer::from_str(&post.text).into_iter::<Value>();
        let ids = events.map(|event| {
            let event = event.unwrap();
            assert!(event["time"].as_str().unwrap().parse::<f64>().unwrap() > 1e9, "{event}");
            assert_eq!(event["event"]["event"]["id"], event["fields"]["alert_id"]);
            event["fields"]["alert_id"].as_str().unwrap().to_owned()
        });
        waiting.push(ids.collect());
        answer("200 OK", &json!({ "text": "Success", "code": 0, "ackId": waiting.len() - 1 }).to_string())
    })
}

#[tokio::test]
async fn splunk_settles_what_is_indexed() {
    let dir = tempfile::tempdir().unwrap();
    let indexed = Arc::<Mutex<Vec<String>>>::default();
    let receiver = splunk(Arc::clone(&indexed));
    let token = word(dir.path(), "token", "8a7c");
    let more = format!("format = \"ecs\"\nacknowledge = true\nindex = \"hospital\"\n{token}");
    let to = destination(receiver.serve().await, "/services/collector/event", "splunk", &more);
    let work = work(to, 200, dir.path());
    settled(dir.path(), 200).await;
    assert_eq!(work.end().await, ["up "]);
    let ids: Vec<_> = (0..200).map(|i| format!("alert-{i:05}")).collect();
    assert_eq!(*indexed.lock().unwrap(), ids);
    let posts = receiver.posts(6).await;
    assert_eq!(posts.len(), 6, "two batches, each asked for twice");
    assert!(posts[0].text.contains("\"index\":\"hospital\""));
}

#[tokio::test]
async fn elasticsearch_is_asked_item_by_item() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = 0;
    let receiver = Receiver::minded(move |post| {
        assert_eq!(post.header("Content-Type"), Some("application/x-ndjson"));
        assert_eq!(post.header("Authorization"), Some("ApiKey VnVhQ2ZHY0JDZGJrUW0t"));
        assert!(post.text.ends_with('\n'));
        let lines: Vec<Value> = post.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let items = lines.chunks(2).map(|pair| {
            let (action, document) = (&pair[0]["create"], &pair[1]);
            assert_eq!(action["_index"], "logs-honeyward.alert-default");
            let id = document["event"]["id"].as_str().unwrap();
            assert_eq!(action["_id"], format!("{id}:2"));
            seen += 1;
            // The second is there already, the third can't be mapped, whenever it is sent.
            let status = match id {
                "alert-00001" => 409,
                "alert-00002" => 400,
                _ => 201,
            };
            json!({ "create": { "_id": action["_id"], "status": status, "error": { "type": "x" } } })
        });
        let items: Vec<Value> = items.collect();
        answer("200 OK", &json!({ "took": 1, "errors": true, "items": items }).to_string())
    });
    let more = format!("format = \"ecs\"\n{}", word(dir.path(), "token", "VnVhQ2ZHY0JDZGJrUW0t"));
    let work = work(destination(receiver.serve().await, "/_bulk", "elastic", &more), 5, dir.path());
    settled(dir.path(), 5).await;
    let told = work.end().await;
    assert!(told.iter().any(|line| line.starts_with("poison the receiver answered 400")), "{told:?}");
    assert!(dir.path().join("siem.poison/alert-00002-2").is_file());
    assert_eq!(receiver.posts(3).await.len(), 3, "all at once, then the refused one twice more");
}

fn hmac(key: &str, text: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The value of a key in the query of a POST's path, with `%XX` undone.
fn in_query(post: &Post, key: &str) -> String {
    let path = post.head.split(' ').nth(1).unwrap();
    let pairs = path.split(['?', '&']).filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find(|(name, _)| *name == key).unwrap().1;
    value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
}

/// Whether a robot's message gives away what must stay in the hospital.
fn is_discreet(post: &Post) -> bool {
    !["10.20.30.40", "10.20.9.11", "hisop", "root", "password"].iter().any(|word| post.text.contains(word))
}

#[tokio::test]
async fn robots_are_told_little_in_their_own_way() {
    let dir = tempfile::tempdir().unwrap();
    let secret = word(dir.path(), "secret", "SEC0ff");
    let wecom = Receiver::minded(|post| {
        let fits = post.body["msgtype"] == "markdown" && post.body["markdown"]["content"].is_string();
        answer("200 OK", if fits { r#"{"errcode":0,"errmsg":"ok"}"# } else { r#"{"errcode":40008}"# })
    });
    let dingtalk = Receiver::minded(|post| {
        let at = in_query(post, "timestamp");
        let signed = in_query(post, "sign") == hmac("SEC0ff", &format!("{at}\nSEC0ff"));
        let fits =
            signed && post.body["markdown"]["title"].is_string() && post.body["markdown"]["text"].is_string();
        answer("200 OK", if fits { r#"{"errcode":0,"errmsg":"ok"}"# } else { r#"{"errcode":310000}"# })
    });
    let feishu = Receiver::minded(|post| {
        let at = post.body["timestamp"].as_str().unwrap();
        let signed = post.body["sign"] == hmac(&format!("{at}\nSEC0ff"), "");
        let fits = signed && post.body["card"]["elements"][0]["tag"] == "markdown";
        answer("200 OK", if fits { r#"{"code":0,"msg":"success"}"# } else { r#"{"code":19021}"# })
    });
    let robots = [
        ("wecom", wecom, "/cgi-bin/webhook/send?key=K", ""),
        ("dingtalk", dingtalk, "/robot/send?access_token=T", secret.as_str()),
        ("feishu", feishu, "/open-apis/bot/v2/hook/T", secret.as_str()),
    ];
    for (api, receiver, path, secret) in robots {
        let folder = dir.path().join(api);
        let more = format!("format = \"brief\"\nconsole = \"https://honeyward.hospital.example\"\n{secret}");
        let work = work(destination(receiver.serve().await, path, api, &more), 2, &folder);
        settled(&folder, 2).await;
        assert_eq!(work.end().await, ["up "], "{api}");
        let posts = receiver.posts(2).await;
        assert!(posts.iter().all(is_discreet), "{api}: {}", posts[0].text);
        assert!(posts[0].text.contains("https://honeyward.hospital.example/incidents/alert-00000"), "{api}");
        assert!(posts[0].text.contains("诱饵凭据被使用") && posts[0].text.len() <= 4096, "{api}");
    }
}

#[tokio::test]
async fn what_is_posted_can_be_signed() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    let more = format!("format = \"ocsf\"\n{}", word(dir.path(), "secret", "SEC0ff"));
    let work = work(destination(receiver.serve().await, "/in", "json", &more), 1, dir.path());
    settled(dir.path(), 1).await;
    work.end().await;
    let post = receiver.posts(1).await.remove(0);
    let signature = post.header("X-Honeyward-Signature").unwrap();
    let (at, v1) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let want = STANDARD.decode(hmac("SEC0ff", &format!("{at}.{}", post.text))).unwrap();
    assert_eq!(v1, hex::encode(want));
}

#[tokio::test]
async fn a_proxy_opens_the_way_to_https() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
    let dir = tempfile::tempdir().unwrap();
    crate::siem::make_certificates(dir.path());
    let (port, posts) = crate::posting::over_tls(dir.path()).await;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy_port = proxy.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut near, _) = proxy.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(near.read_u8().await.unwrap());
        }
        assert!(head.starts_with(format!("CONNECT siem.test:{port} HTTP/1.1\r\n").as_bytes()));
        near.write_all(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n").await.unwrap();
        let mut far = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let _ = copy_bidirectional(&mut near, &mut far).await;
    });
    let file = |name: &str| dir.path().join(name).display().to_string();
    let to: Destination = toml::from_str(&format!(
        "name = \"siem\"\nurl = \"https://siem.test:{port}/\"\nformat = \"flat\"\ntransport = \"https\"\n\
         proxy = \"http://127.0.0.1:{proxy_port}\"\nca = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
        file("ca.pem"),
        file("client.pem"),
        file("client.key"),
    ))
    .unwrap();
    assert!(to.faults().is_empty(), "{:?}", to.faults());
    honeyward::forward::send_tests(&to, &crate::delivery::alerts(1)).await.unwrap();
    assert_eq!(posts.lock().unwrap()[0].body["alert_id"], "alert-00000");
}
