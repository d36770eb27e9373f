//! Leads intruders on: a shell of one decoy reaches the services of the others, inside the process.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rand::RngExt;
use tokio::task::JoinSet;

use super::carrier::{Carrier, pipe};
use super::serve::{Shared, conversation};
use super::shop::Service;
use crate::event::{Led, Origin};
use crate::session::{BoxStream, Destination, Lead};

/// Ports that a Linux kernel gives to callers.
const EPHEMERAL: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// The services that an intruder can be led to, and who was.
#[derive(Default)]
pub(super) struct Leading {
    services: HashMap<(String, u16), Arc<Service>>,
    sessions: Mutex<JoinSet<()>>,
}

impl Leading {
    /// By host and port of the persona.
    pub(super) fn new<'a>(services: impl Iterator<Item = &'a Arc<Service>>) -> Self {
        let keyed = services.filter(|service| service.is_stream()).map(|service| {
            let (host, port) = service.place();
            ((host.to_owned(), port), Arc::clone(service))
        });
        Leading { services: keyed.collect(), sessions: Mutex::default() }
    }

    /// Waits until all have ended.
    pub(super) async fn ended(&self) {
        let mut sessions = std::mem::take(&mut *self.sessions.lock().unwrap_or_else(PoisonError::into_inner));
        while sessions.join_next().await.is_some() {}
    }
}

/// What a session holds of the sensor; it must not keep it alive.
pub(super) struct Leader(pub(super) Weak<Shared>);

impl Lead for Leader {
    fn lead(&self, by: &Origin, from: IpAddr, to: &Destination) -> Option<BoxStream> {
        let shared = self.0.upgrade().filter(|shared| !shared.shutdown.is_requested())?;
        let service = Arc::clone(shared.leading.services.get(&(to.host.clone(), to.port))?);
        let Some(admission) = shared.limits.admit(by.source.ip()) else {
            shared.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        service.connections.fetch_add(1, Ordering::Relaxed);
        let (calling, led) = pipe();
        let from = SocketAddr::new(from, rand::rng().random_range(EPHEMERAL));
        let target = SocketAddr::new(service.host.address, to.port);
        let visit = shared.open(&service, by.source, target, Some(Led { by: by.session, from }));
        let task_of = Arc::clone(&shared);
        let mut sessions = shared.leading.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        while sessions.try_join_next().is_some() {}
        sessions.spawn(async move {
            conversation(&task_of, &service, visit, Carrier::Led(led)).await;
            drop(admission);
        });
        Some(Box::new(calling))
    }
}
