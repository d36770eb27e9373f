//! What happens to the appliance itself: gaps, losses, starts and stops.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::origin::is_false;
use super::wish::{Decision, Wish};
use super::{CaseChange, Root, SessionId, Stamp, Tainted};

/// What gets old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aged {
    /// Transcripts, terminals and secrets of TLS of sessions.
    Sessions,
    /// Files that peers handed over.
    Artefacts,
}

/// A fact about our own processes. Each is evidence too: it says what could not be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum SystemEvent {
    /// A process is up and does its work.
    Started {
        /// Its process id.
        pid: u32,
    },
    /// A process ended in order.
    Stopped {
        /// Its process id.
        pid: u32,
    },
    /// A process died; from then until its next `Started` it saw nothing.
    Died {
        /// Which process.
        child: String,
        /// Its process id.
        pid: u32,
        /// Exit status or signal, in words.
        cause: String,
        /// Milliseconds until it is started again.
        restart_in_ms: u64,
    },
    /// Events that could not be kept because the spool was full.
    EventsDropped {
        /// How many.
        count: u64,
    },
    /// Transcript bytes that gave way.
    TranscriptDropped {
        /// The session.
        session: SessionId,
        /// How many bytes.
        bytes: u64,
    },
    /// Packets that the kernel or we could not keep, since the last such event of this interface.
    PacketsDropped {
        /// Interface.
        interface: String,
        /// Dropped in the kernel's ring.
        kernel: u64,
        /// Dropped by the interface.
        interface_dropped: u64,
        /// Dropped on our way to the disk.
        writer: u64,
    },
    /// Packet capture runs on these interfaces.
    CaptureStarted {
        /// Interfaces.
        interfaces: Vec<String>,
    },
    /// Packet capture can't run; the reason in plain words.
    CaptureUnavailable {
        /// Why, and what it needs.
        reason: String,
    },
    /// A packet segment is whole; from now on its bytes never change.
    SegmentClosed {
        /// Its file name.
        segment: String,
        /// Its size in bytes.
        bytes: u64,
        /// Packets in it.
        packets: u64,
        /// SHA-256 of the file, lower-case hex.
        sha256: String,
    },
    /// In a closed packet segment, what the peer of a session sent was made blank, because it was real
    /// patients' data that came by mistake. From now on the file is this one.
    SegmentWithheld {
        /// The session whose packets they were.
        session: SessionId,
        /// Its file name.
        segment: String,
        /// Its size in bytes, as before.
        bytes: u64,
        /// Packets that were made blank.
        packets: u64,
        /// SHA-256 of the file as it is now, lower-case hex.
        sha256: String,
    },
    /// A packet segment was removed.
    SegmentRemoved {
        /// Its file name.
        segment: String,
        /// Its size in bytes.
        bytes: u64,
        /// Sources of open incidents whose packets it held: they alone filled the quota.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        incidents: Vec<IpAddr>,
        /// It was not the quota: its packets are older than the hospital keeps them.
        #[serde(default, skip_serializing_if = "is_false")]
        old: bool,
    },
    /// Files that are older than the hospital keeps them are removed now; their records stay.
    FilesRemoved {
        /// Of what.
        kind: Aged,
        /// Everything from before then, but for incidents that are not over.
        before: Timestamp,
        /// How many files.
        files: u64,
        /// Their size in bytes.
        bytes: u64,
    },
    /// The system's clock was set: times of records before and after differ by this much more or less
    /// than time went by.
    ClockStepped {
        /// By how many milliseconds it went forward; below zero, back.
        by_ms: i64,
    },
    /// Whether a time service keeps the clock, at the start and whenever that changes. It holds for
    /// all records up to the next of these.
    ClockState {
        /// Whether one says that it does.
        synchronised: bool,
        /// How far off the clock may be at most, by the kernel's reckoning, in milliseconds.
        max_error_ms: u64,
    },
    /// The appliance signed what its chain holds.
    ChainRoot {
        /// What was signed.
        root: Root,
    },
    /// An authority stamped a root with its time.
    ChainStamp {
        /// What it says.
        stamp: Stamp,
    },
    /// No time stamp could be had of the authority. Told once until one is had.
    StampRefused {
        /// Where the authority was asked.
        authority: String,
        /// Why, in plain words.
        reason: String,
    },
    /// Evidence was taken out by the command line.
    Exported {
        /// Who said so.
        by: String,
        /// Why.
        reason: String,
        /// The session or the incident.
        subject: String,
        /// SHA-256 of the bundle's `tagmanifest-sha256.txt`, lower-case hex: it stands for all of it.
        digest: String,
    },
    /// A user of the console looked at evidence or changed something.
    Console {
        /// Who; empty before the first account.
        account: String,
        /// From where.
        from: IpAddr,
        /// What was done: a constant.
        act: String,
        /// To what: a session, an incident, an account. Of a failed login the name as it was typed.
        object: Tainted,
    },
    /// A user of the console changed the state of an incident, gave it to somebody, or wrote a note.
    Case {
        /// The incident's id.
        incident: String,
        /// Who.
        account: String,
        /// From where.
        from: IpAddr,
        /// What.
        change: CaseChange,
    },
    /// A user of the console wants something changed or taken out.
    Asked {
        /// Names the wish in what follows.
        id: String,
        /// Who.
        account: String,
        /// From where.
        from: IpAddr,
        /// What.
        wish: Wish,
        /// Whether a second person must agree.
        second: bool,
        /// Until when somebody may.
        ends: Timestamp,
    },
    /// A wish was approved, refused or withdrawn, or nobody decided in time.
    Decided {
        /// The wish.
        id: String,
        /// Who; empty when time decided.
        account: String,
        /// From where; absent when time decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<IpAddr>,
        /// What.
        decision: Decision,
        /// Why, in his words.
        reason: String,
    },
    /// A wish was done, or could not be.
    Done {
        /// The wish.
        id: String,
        /// Whether it was.
        done: bool,
        /// Why not, in plain words.
        reason: String,
        /// Version of the settings that it led to; 0 where it changed none.
        version: u64,
    },
    /// A destination changed its state, or refused an alert for good.
    Destination {
        /// Its name in the config.
        name: String,
        /// `up`, `down`; `poison`: it refused one alert again and again, which was set aside.
        state: String,
        /// Why, in plain words.
        reason: String,
    },
    /// An allowance of the config is about to end, or has ended.
    Allowance {
        /// Its name in the config.
        name: String,
        /// `expiring`, `expired`.
        state: String,
        /// Its last day (`2026-12-31`).
        expires: String,
        /// Who answers for it.
        owner: String,
    },
    /// The decoy hosts stand on their segments.
    HostsStand {
        /// Hosts that answer.
        serving: u64,
        /// Hosts whose address another machine uses, so that they don't.
        yielded: u64,
    },
    /// All decoy hosts were taken off their segments, since nothing answers for them.
    HostsWithdrawn {
        /// How many.
        hosts: u64,
    },
    /// Another machine uses a decoy host's address; the host gave it up.
    AddressConflict {
        /// The host.
        host: String,
        /// Its address.
        address: IpAddr,
        /// Whether the host had it in use; otherwise it was about to take it.
        in_use: bool,
    },
    /// A machine of a decoy's segment has spoken with a decoy: whose card speaks for its address. Told when it
    /// is new or another, and again each hour.
    Neighbour {
        /// The address.
        address: IpAddr,
        /// The card's hardware address, `52:54:00:12:34:56`.
        card: String,
    },
    /// What a taken-over process could do was tried, under the same walls.
    ContainmentTested {
        /// Attempts that failed, as they must.
        held: Vec<String>,
        /// Attempts that went through; empty: the walls hold.
        broken: Vec<String>,
    },
    /// A bait for the hospital's own machines was made or withdrawn: from now on detection knows it so.
    Lure {
        /// Its id.
        lure: String,
        /// What it is: `database`, `docx`.
        kind: String,
        /// Where it is put.
        place: String,
        /// `minted`, `revoked`.
        state: String,
    },
    /// The appliance lives. Told at the interval of the config, so that silence says something too; the head
    /// of the chain that goes with it is this record's `prev`.
    Heartbeat {
        /// Seconds since core started.
        uptime_s: u64,
        /// Seconds until the next one.
        every_s: u64,
        /// Deception hosts that answer.
        decoys: u64,
        /// Their services.
        services: u64,
        /// Whether a time service keeps the clock; absent where the kernel does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        synchronised: Option<bool>,
        /// What is not as it should be, by its name: `disk`, `destination siem`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failing: Vec<String>,
    },
    /// Deception hosts do not answer any more, or answer again.
    Decoys {
        /// `up`, `down`.
        state: String,
        /// Which.
        hosts: Vec<String>,
        /// Why, in plain words.
        reason: String,
    },
    /// A disk is nearly full, or is so no longer.
    Disk {
        /// What is kept on it: `data`, `packets`.
        place: String,
        /// `low`, `ok`.
        state: String,
        /// MiB that are free.
        free_mib: u64,
        /// MiB that it has.
        total_mib: u64,
    },
    /// A process's events wait for core and become more, or were taken after all.
    Spool {
        /// The process.
        process: String,
        /// `growing`, `ok`.
        state: String,
        /// Events that wait.
        waiting: u64,
        /// MiB of its spool.
        mib: u64,
    },
    /// A frame from another process was refused.
    FrameRefused {
        /// Which rule it broke.
        rule: String,
    },
}
