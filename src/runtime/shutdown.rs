//! One signal that every task hears.

use tokio::sync::watch;

/// Gives the signal. Dropping it gives it too, so a lost owner can't leave tasks behind.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// Hears the signal. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// A signal and its ear.
#[must_use]
pub fn shutdown() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Gives the signal; more than once is the same as once.
    pub fn fire(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Waits until the signal was given.
    pub async fn requested(&mut self) {
        // An error means that the trigger is gone, which is the signal too.
        let _ = self.0.wait_for(|fired| *fired).await;
    }

    /// Whether the signal was given.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_ears_hear_and_a_lost_trigger_counts() {
        let (trigger, mut a) = shutdown();
        let mut b = a.clone();
        assert!(!a.is_requested());
        trigger.fire();
        a.requested().await;
        b.requested().await;
        assert!(b.is_requested());
        let (trigger, mut c) = shutdown();
        drop(trigger);
        c.requested().await;
        assert!(c.is_requested());
    }
}
