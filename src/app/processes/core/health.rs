//! Watches the appliance itself: what is not as it should be is told once, and once more when it is; and
//! from time to time that the appliance lives.

mod conditions;
mod look;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::conditions::Conditions;
use self::look::{Looked, Looker};
use super::couriers::Voice;
use crate::app::Layout;
use crate::app::launch::Launch;
use crate::event::SystemEvent;
use crate::forward::DestinationState;
use crate::runtime::Shutdown;

/// How often it is looked: a sensor that dies is back within two seconds, and its gap shall be seen.
const PERIOD: Duration = Duration::from_millis(500);

/// How the appliance stands, for the status page.
pub(super) type Shown = Arc<Mutex<Value>>;

/// Watches until told to stop. What it last saw stands in `shown`.
pub(super) async fn run(
    launch: Launch,
    layout: Layout,
    destinations: impl Fn() -> Vec<DestinationState> + Send + 'static,
    voice: Voice,
    shown: Shown,
    mut ear: Shutdown,
) {
    let began = Instant::now();
    let every = Duration::from_secs(launch.config.health.heartbeat_seconds);
    let mut looker = Looker::new(&launch, layout);
    let mut conditions = Conditions::new(launch.config.health.clone());
    let mut beat: Option<Instant> = None;
    loop {
        let seen = tokio::task::block_in_place(|| looker.look(destinations()));
        conditions.news(&seen, began.elapsed()).into_iter().for_each(|event| voice.say(event));
        if beat.is_none_or(|last| last.elapsed() >= every) && conditions.is_settled() {
            beat = Some(Instant::now());
            voice.say(heartbeat(&seen, &conditions, began.elapsed(), every));
        }
        *shown.lock().unwrap_or_else(PoisonError::into_inner) =
            json!({ "failing": conditions.failing(), "heartbeat_seconds": every.as_secs() });
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

fn heartbeat(seen: &Looked, conditions: &Conditions, uptime: Duration, every: Duration) -> SystemEvent {
    let (hosts, services) =
        seen.sensor.as_ref().map_or((0, 0), |sensor| (sensor.hosts.len(), sensor.services));
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    SystemEvent::Heartbeat {
        uptime_s: uptime.as_secs(),
        every_s: every.as_secs(),
        decoys: number(hosts),
        services: number(services),
        synchronised: seen.synchronised,
        failing: conditions.failing().into_iter().map(|failing| failing.name()).collect(),
    }
}
