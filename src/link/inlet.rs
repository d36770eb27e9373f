//! The receiving end, in core: takes frames, checks them, hands them over in batches.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bytes::{Buf, BytesMut};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::hello::Hello;
use crate::event::frame::{self, FrameError};
use crate::event::{Event, SystemEvent, SystemRecord};
use crate::runtime::Shutdown;

/// Most events of one batch: one transaction of the store.
const BATCH: usize = 1024;

/// Batches of one connection that may wait for their commit: more would only be memory.
const IN_FLIGHT: usize = 4;

/// Read from the socket at once.
const READ: usize = 256 << 10;

/// Events of one process, in order. Core answers on `done` once they are committed.
#[derive(Debug)]
pub struct Batch {
    /// The spool that they come from.
    pub stream: Uuid,
    /// The process that sent them.
    pub process: String,
    /// The events by position, ascending.
    pub items: Vec<Item>,
    /// To be answered when all items are committed; dropping it makes the sender send them again.
    pub done: oneshot::Sender<()>,
}

/// One event and its place in its stream.
#[derive(Debug)]
pub struct Item {
    /// Its place, from 0, without gaps.
    pub position: u64,
    /// The event.
    pub event: Event,
}

/// Core's socket.
pub struct Inlet {
    listener: UnixListener,
}

impl Inlet {
    /// Binds the socket, only for this user; a socket that a dead core left is replaced.
    ///
    /// # Errors
    /// When the socket can't be bound.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let _ = std::fs::remove_file(path);
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Inlet { listener })
    }

    /// Takes connections and hands batches over until told to stop.
    pub async fn serve(self, batches: mpsc::Sender<Batch>, mut shutdown: Shutdown) {
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = shutdown.requested() => return,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (batches, mut shutdown) = (batches.clone(), shutdown.clone());
                    tokio::spawn(async move {
                        tokio::select! {
                            result = connection(stream, batches) => report(result),
                            () = shutdown.requested() => {}
                        }
                    });
                }
                // Only our own processes can reach the socket; being out of descriptors passes.
                Err(error) => {
                    tracing::warn!(%error, "core's socket can't accept");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            }
        }
    }
}

fn report(result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != io::ErrorKind::UnexpectedEof
    {
        tracing::warn!(%error, "a process's connection ended");
    }
}

async fn connection(stream: UnixStream, batches: mpsc::Sender<Batch>) -> io::Result<()> {
    let (mut input, mut output) = stream.into_split();
    let hello = Hello::read(&mut input).await?;
    let (committed, mut waiting) = mpsc::channel::<(u64, oneshot::Receiver<()>)>(IN_FLIGHT);
    let acknowledge = async {
        while let Some((position, done)) = waiting.recv().await {
            done.await.map_err(|_| io::Error::other("core could not commit"))?;
            output.write_u64(position).await?;
        }
        Ok(())
    };
    let take = take(&mut input, hello, batches, committed);
    tokio::pin!(acknowledge);
    tokio::select! {
        result = take => { result?; acknowledge.await }
        result = &mut acknowledge => result,
    }
}

async fn take(
    input: &mut OwnedReadHalf,
    hello: Hello,
    batches: mpsc::Sender<Batch>,
    committed: mpsc::Sender<(u64, oneshot::Receiver<()>)>,
) -> io::Result<()> {
    let mut position = hello.position;
    let mut bytes = BytesMut::with_capacity(READ);
    loop {
        let items = cut_frames(&mut bytes, &hello.process, &mut position)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.to_string()))?;
        if items.is_empty() {
            bytes.reserve(READ);
            if input.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            continue;
        }
        let (done, committing) = oneshot::channel();
        let batch = Batch { stream: hello.stream, process: hello.process.clone(), items, done };
        let closed = || io::Error::other("core takes no more");
        batches.send(batch).await.map_err(|_| closed())?;
        committed.send((position, committing)).await.map_err(|_| closed())?;
    }
}

/// Takes whole frames off the front, at most a batch.
fn cut_frames(bytes: &mut BytesMut, process: &str, position: &mut u64) -> Result<Vec<Item>, FrameError> {
    let mut items = Vec::new();
    while items.len() < BATCH
        && let Some(length) = frame::frame_length(bytes)?
    {
        let event = checked(frame::decode(bytes.get(..length).unwrap_or_default()), process);
        items.push(Item { position: *position, event });
        *position += 1;
        bytes.advance(length);
    }
    Ok(items)
}

/// An event that this process may send, or the fact that it sent another.
fn checked(event: Result<Event, FrameError>, process: &str) -> Event {
    let rule = match event {
        Ok(Event::Session(_)) if process != "sensor" => format!("{process} sent a session's event"),
        Ok(Event::System(record)) if record.process != process => {
            format!("{process} spoke as another process")
        }
        Ok(event) => return event,
        Err(error) => error.to_string(),
    };
    tracing::warn!(%rule, process, "a frame was refused");
    Event::System(SystemRecord {
        process: "core".into(),
        at: Timestamp::now(),
        event: SystemEvent::FrameRefused { rule },
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::link::Outlet;
    use crate::runtime::shutdown;

    fn dropped(count: u64) -> SystemEvent {
        SystemEvent::EventsDropped { count }
    }

    fn counts(batch: &Batch) -> Vec<(u64, u64)> {
        batch
            .items
            .iter()
            .map(|i| match &i.event {
                Event::System(SystemRecord { event: SystemEvent::EventsDropped { count }, .. }) => {
                    (i.position, *count)
                }
                other => panic!("unexpected {other:?}"),
            })
            .collect()
    }

    #[tokio::test]
    async fn what_was_not_committed_is_sent_again() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("core.sock");
        let outlet = Outlet::open(&dir.path().join("spool"), "capd", 1 << 20).unwrap();
        let (stop, ear) = shutdown();
        outlet.system(dropped(0));
        outlet.system(dropped(1));
        let shipping = tokio::spawn(outlet.clone().ship(socket.clone(), ear.clone()));
        let (batches, mut taken) = mpsc::channel(1);
        tokio::spawn(Inlet::bind(&socket).unwrap().serve(batches, ear.clone()));
        let first = taken.recv().await.unwrap();
        assert_eq!(counts(&first).first(), Some(&(0, 0)));
        assert_eq!(outlet.state().waiting, 2);
        drop(first);
        let mut seen = Vec::new();
        while seen.len() < 2 {
            let batch = taken.recv().await.unwrap();
            seen.extend(counts(&batch));
            batch.done.send(()).unwrap();
        }
        assert_eq!(seen, [(0, 0), (1, 1)]);
        assert!(outlet.drained(Duration::from_secs(5)).await);
        outlet.system(dropped(2));
        let batch = taken.recv().await.unwrap();
        assert_eq!(counts(&batch), [(2, 2)]);
        batch.done.send(()).unwrap();
        assert!(outlet.drained(Duration::from_secs(5)).await);
        stop.fire();
        shipping.await.unwrap();
    }

    #[tokio::test]
    async fn many_events_over_many_segments_arrive_once_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("core.sock");
        let outlet = Outlet::open(&dir.path().join("spool"), "capd", 64 << 20).unwrap();
        let (_stop, ear) = shutdown();
        let (batches, mut taken) = mpsc::channel(1);
        tokio::spawn(Inlet::bind(&socket).unwrap().serve(batches, ear.clone()));
        tokio::spawn(outlet.clone().ship(socket, ear));
        let total = 60_000;
        let emitting = outlet.clone();
        tokio::task::spawn_blocking(move || (0..total).for_each(|i| emitting.system(dropped(i))));
        let mut next = 0;
        while next < total {
            let batch = taken.recv().await.unwrap();
            for (position, count) in counts(&batch) {
                assert_eq!((position, count), (next, next));
                next += 1;
            }
            batch.done.send(()).unwrap();
        }
        assert!(outlet.drained(Duration::from_secs(5)).await);
        assert!(outlet.state().spool_bytes < 8 << 20);
    }

    #[test]
    fn a_process_speaks_only_for_itself() {
        let mut bytes = Vec::new();
        let event = Event::System(SystemRecord {
            process: "core".into(),
            at: Timestamp::UNIX_EPOCH,
            event: dropped(1),
        });
        frame::encode(&event, &mut bytes).unwrap();
        let items = cut_frames(&mut BytesMut::from(&bytes[..]), "sensor", &mut 0).unwrap();
        assert!(matches!(
            &items[0].event,
            Event::System(SystemRecord { event: SystemEvent::FrameRefused { .. }, .. })
        ));
    }
}
