//! Shutdown, named tasks and bounded queues that count what they drop.
