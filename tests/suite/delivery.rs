//! Couriers against receivers that come and go.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use honeyward::event::Alert;
use honeyward::forward::{AlertSource, Courier, Destination, Notice};
use honeyward::runtime::shutdown;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Alerts, numbered from 1.
pub(crate) struct Store(pub(crate) Mutex<Vec<Alert>>);

impl AlertSource for Store {
    fn notices_after(
        &self,
        sequence: u64,
        to: &Destination,
        limit: usize,
    ) -> Result<Vec<(u64, Notice)>, String> {
        let alerts = self.0.lock().unwrap();
        let numbered = (1..).zip(alerts.iter().cloned());
        let wanted = numbered.filter(|(n, alert)| *n > sequence && alert.severity >= to.min_severity);
        Ok(wanted.take(limit).map(|(n, alert)| (n, Notice::Alert(Box::new(alert)))).collect())
    }
}

pub(crate) fn alerts(count: usize) -> Vec<Alert> {
    let number = |i| {
        let mut alert = crate::golden::guessing();
        alert.id = format!("alert-{i:05}");
        alert
    };
    (0..count).map(number).collect()
}

fn destination(address: SocketAddr) -> Destination {
    let text = format!("name = \"siem\"\naddress = \"{address}\"\nformat = \"cef\"\ntransport = \"tcp\"\n");
    toml::from_str(&text).unwrap()
}

/// Takes one connection and reads octet-counted messages until `limit` or the end.
async fn receive(listener: &TcpListener, limit: usize, ids: &mut BTreeSet<String>, repeats: &mut usize) {
    let (mut stream, _) = listener.accept().await.unwrap();
    for _ in 0..limit {
        let mut length = Vec::new();
        loop {
            match stream.read_u8().await {
                Ok(b' ') => break,
                Ok(digit) => length.push(digit),
                Err(_) => return,
            }
        }
        let length: usize = String::from_utf8(length).unwrap().parse().unwrap();
        let mut message = vec![0; length];
        if stream.read_exact(&mut message).await.is_err() {
            return;
        }
        let text = String::from_utf8(message).unwrap();
        let id = text.split("externalId=").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        if !ids.insert(id) {
            *repeats += 1;
        }
    }
}

#[tokio::test]
async fn a_receiver_that_dies_again_and_again_gets_every_alert() {
    const TOTAL: usize = 2000;
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = Arc::new(Store(Mutex::new(alerts(TOTAL))));
    let (_news, heard) = watch::channel(0);
    let (stop, ear) = shutdown();
    let destination = destination(listener.local_addr().unwrap());
    let courier = Courier::new(destination, store, dir.path(), Box::new(|_| {})).unwrap();
    let running = tokio::spawn(courier.run(heard, ear));
    let (mut ids, mut repeats) = (BTreeSet::new(), 0);
    // Twice the receiver dies with bytes that it never read in its buffer.
    receive(&listener, 300, &mut ids, &mut repeats).await;
    receive(&listener, 700, &mut ids, &mut repeats).await;
    tokio::time::timeout(Duration::from_secs(30), receive(&listener, TOTAL, &mut ids, &mut repeats))
        .await
        .unwrap();
    assert_eq!(ids.len(), TOTAL, "{repeats} repeats");
    stop.fire();
    running.await.unwrap();
}

#[tokio::test]
async fn a_stopped_courier_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = Arc::new(Store(Mutex::new(alerts(3))));
    let (mut ids, mut repeats) = (BTreeSet::new(), 0);
    for expected in [3, 5] {
        store.0.lock().unwrap().clone_from(&alerts(expected));
        let (_news, heard) = watch::channel(0);
        let (stop, ear) = shutdown();
        let destination = destination(listener.local_addr().unwrap());
        let courier =
            Courier::new(destination, Arc::clone(&store) as _, dir.path(), Box::new(|_| {})).unwrap();
        let running = tokio::spawn(courier.run(heard, ear));
        let fresh = expected - ids.len();
        receive(&listener, fresh, &mut ids, &mut repeats).await;
        assert_eq!(ids.len(), expected);
        stop.fire();
        running.await.unwrap();
    }
    assert_eq!(repeats, 0, "an orderly end settles what was sent");
}
