//! What the SIEM is told of the appliance itself. It is never about an intruder.
//!
//! A health notice is a view of one system record: what it says, in words, and whether somebody must act.
//! Its anchor is the head of the chain before that record.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{SystemEvent, SystemRecord};

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The appliance says that it lives.
    Heartbeat,
    /// One of its processes.
    Process,
    /// The decoys.
    Decoys,
    /// A destination of alerts.
    Destination,
    /// Packet capture.
    Capture,
    /// Room on the disk.
    Disk,
    /// The clock.
    Clock,
    /// Events on their way to core.
    Spool,
    /// The test of what a taken-over decoy could do.
    SelfTest,
}

impl Check {
    /// Its name in records: an ASCII constant that no translation changes.
    pub fn name(self) -> &'static str {
        match self {
            Check::Heartbeat => "heartbeat",
            Check::Process => "process",
            Check::Decoys => "decoys",
            Check::Destination => "destination",
            Check::Capture => "capture",
            Check::Disk => "disk",
            Check::Clock => "clock",
            Check::Spool => "spool",
            Check::SelfTest => "self_test",
        }
    }

    /// Its name for people, Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Check::Heartbeat => "心跳",
            Check::Process => "进程",
            Check::Decoys => "诱饵",
            Check::Destination => "告警目的地",
            Check::Capture => "抓包",
            Check::Disk => "磁盘",
            Check::Clock => "时钟",
            Check::Spool => "事件队列",
            Check::SelfTest => "隔离自检",
        }
    }
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is as it should be, or is so again.
    Ok,
    /// Something happened that does not last: a loss, a step of the clock.
    Warning,
    /// It is not as it should be, until the next notice of the same check and object says otherwise.
    Failing,
}

impl Standing {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Ok => "ok",
            Standing::Warning => "warning",
            Standing::Failing => "failing",
        }
    }
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The same whenever the same record is told: a UUID made from its place in the chain.
    pub id: String,
    /// When it happened, UTC.
    pub at: Timestamp,
    /// What was looked at.
    pub check: Check,
    /// How it stands.
    pub standing: Standing,
    /// Which process, destination, interface or folder; empty where there is only one.
    pub object: String,
    /// In plain words, English.
    pub en: String,
    /// The same, Chinese.
    pub zh: String,
    /// Number of the chain's last record before it.
    pub chain_sequence: u64,
    /// That record's hash, lower-case hex: an anchor outside the box.
    pub chain_head: String,
}

/// Kinds of records that are told as health, as the store names them.
pub const KINDS: [&str; 18] = [
    "system/heartbeat",
    "system/started",
    "system/stopped",
    "system/died",
    "system/decoys",
    "system/hosts_stand",
    "system/hosts_withdrawn",
    "system/address_conflict",
    "system/destination",
    "system/packets_dropped",
    "system/capture_started",
    "system/capture_unavailable",
    "system/disk",
    "system/clock_stepped",
    "system/clock_state",
    "system/spool",
    "system/events_dropped",
    "system/containment_tested",
];

impl Health {
    /// The notice that a record is told as, if it is one: `sequence` is the record's, `before` the hash of
    /// the record before it.
    pub fn of(sequence: u64, before: &str, record: &SystemRecord) -> Option<Self> {
        let Words { check, standing, object, en, zh } = words(record)?;
        Some(Health {
            id: id(sequence, before),
            at: record.at,
            check,
            standing,
            object,
            en,
            zh,
            chain_sequence: sequence.saturating_sub(1),
            chain_head: before.to_owned(),
        })
    }

    /// A rule's id for receivers that want one: `health-disk-failing`.
    pub fn code(&self) -> String {
        format!("health-{}-{}", self.check.name(), self.standing.name())
    }
}

/// A UUID of version 8 (RFC 9562): its bits are ours to choose.
fn id(sequence: u64, before: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"honeyward health 1\n");
    hash.update(sequence.to_be_bytes());
    hash.update(before.as_bytes());
    let bytes = hash.finalize().first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

struct Words {
    check: Check,
    standing: Standing,
    object: String,
    en: String,
    zh: String,
}

fn say(check: Check, standing: Standing, object: &str, en: String, zh: String) -> Option<Words> {
    Some(Words { check, standing, object: object.to_owned(), en, zh })
}

fn words(record: &SystemRecord) -> Option<Words> {
    use Standing::{Failing, Ok, Warning};
    let process = record.process.as_str();
    match &record.event {
        SystemEvent::Heartbeat { uptime_s, decoys, services, failing, .. } => {
            let standing = if failing.is_empty() { Ok } else { Failing };
            let (en, zh) = match failing.is_empty() {
                true => (String::new(), String::new()),
                false => {
                    (format!("; failing: {}", failing.join(", ")), format!("；异常：{}", failing.join("、")))
                }
            };
            let en = format!("Up for {uptime_s} s; {decoys} decoys with {services} services answer{en}");
            let zh = format!("已运行 {uptime_s} 秒；{decoys} 台诱饵、{services} 个服务在线{zh}");
            say(Check::Heartbeat, standing, "", en, zh)
        }
        SystemEvent::Started { .. } => {
            say(Check::Process, Ok, process, format!("{process} runs"), format!("进程 {process} 运行"))
        }
        SystemEvent::Stopped { .. } => {
            let (en, zh) =
                (format!("{process} was stopped in order"), format!("进程 {process} 已按指令停止"));
            say(Check::Process, Warning, process, en, zh)
        }
        SystemEvent::Died { child, cause, restart_in_ms, .. } => {
            let en = format!("{child} died ({cause}); it is started again in {restart_in_ms} ms");
            let zh = format!("进程 {child} 异常退出（{cause}），{restart_in_ms} 毫秒后重启");
            say(Check::Process, Failing, child, en, zh)
        }
        SystemEvent::Decoys { state, hosts, reason } => {
            let (up, list) = (state == "up", hosts.join(", "));
            let en = if up { "answer again" } else { "do not answer" };
            let zh = if up { "诱饵恢复" } else { "诱饵无应答" };
            let (en, zh) = (format!("{list} {en}: {reason}"), format!("{zh}：{list}（{reason}）"));
            say(Check::Decoys, if up { Ok } else { Failing }, "", en, zh)
        }
        SystemEvent::HostsStand { serving, yielded } => {
            let standing = if *yielded == 0 { Ok } else { Warning };
            let en = format!(
                "{serving} decoy hosts stand on their segments; {yielded} gave their address to others"
            );
            let zh = format!("{serving} 台诱饵主机已上线；{yielded} 台因地址冲突让出");
            say(Check::Decoys, standing, "segments", en, zh)
        }
        SystemEvent::HostsWithdrawn { hosts } => {
            let en = format!("{hosts} decoy hosts were taken off their segments: nothing answers for them");
            let zh = format!("{hosts} 台诱饵主机已从网段撤下：无进程应答");
            say(Check::Decoys, Failing, "segments", en, zh)
        }
        SystemEvent::AddressConflict { host, address, .. } => {
            let en = format!("Another machine uses {address}, so the decoy {host} gave it up");
            let zh = format!("其他设备使用了 {address}，诱饵 {host} 已让出该地址");
            say(Check::Decoys, Failing, host, en, zh)
        }
        SystemEvent::Destination { name, state, reason } => {
            let (standing, en, zh) = match state.as_str() {
                "up" => (Ok, "takes alerts", "可接收告警"),
                "down" => (Failing, "takes no alerts", "不可达"),
                _ => (Warning, "refused an alert for good", "拒收一条告警"),
            };
            let more = |open: &str, close: &str| match reason.is_empty() {
                true => String::new(),
                false => format!("{open}{reason}{close}"),
            };
            let (en, zh) =
                (format!("{name} {en}{}", more(": ", "")), format!("{name} {zh}{}", more("（", "）")));
            say(Check::Destination, standing, name, en, zh)
        }
        SystemEvent::PacketsDropped { interface, kernel, interface_dropped, writer } => {
            let lost = kernel + interface_dropped + writer;
            let (en, zh) = (
                format!("{lost} packets were lost on {interface}"),
                format!("接口 {interface} 丢失 {lost} 个数据包"),
            );
            say(Check::Capture, Warning, interface, en, zh)
        }
        SystemEvent::CaptureStarted { interfaces } => {
            let list = interfaces.join(", ");
            say(Check::Capture, Ok, "", format!("Packets of {list} are kept"), format!("正在抓包：{list}"))
        }
        SystemEvent::CaptureUnavailable { reason } => say(
            Check::Capture,
            Failing,
            "",
            format!("No packets are kept: {reason}"),
            format!("未抓包：{reason}"),
        ),
        SystemEvent::Disk { place, state, free_mib, total_mib } => {
            let low = state == "low";
            let en = if low { "nearly full" } else { "no longer nearly full" };
            let zh = if low { "即将写满" } else { "恢复" };
            let en = format!("The disk of {place} is {en}: {free_mib} of {total_mib} MiB are free");
            let zh = format!("{place} 所在磁盘{zh}：剩余 {free_mib} / {total_mib} MiB");
            say(Check::Disk, if low { Failing } else { Ok }, place, en, zh)
        }
        SystemEvent::ClockStepped { by_ms } => say(
            Check::Clock,
            Warning,
            "step",
            format!("The clock was set by {by_ms} ms"),
            format!("时钟跳变 {by_ms} 毫秒"),
        ),
        SystemEvent::ClockState { synchronised, max_error_ms } => {
            let standing = if *synchronised { Ok } else { Failing };
            let en = if *synchronised {
                "A time service keeps the clock"
            } else {
                "No time service keeps the clock"
            };
            let zh = if *synchronised { "时钟已同步" } else { "时钟未同步" };
            let (en, zh) = (
                format!("{en}; error at most {max_error_ms} ms"),
                format!("{zh}，最大误差 {max_error_ms} 毫秒"),
            );
            say(Check::Clock, standing, "", en, zh)
        }
        SystemEvent::Spool { process, state, waiting, mib } => {
            let grows = state == "growing";
            let en = if grows { "wait for core, more and more" } else { "were taken by core" };
            let zh = if grows { "积压增长" } else { "积压已清" };
            let en = format!("Events of {process} {en}: {waiting} wait, {mib} MiB");
            let zh = format!("{process} 的事件{zh}：等待 {waiting} 条，{mib} MiB");
            say(Check::Spool, if grows { Failing } else { Ok }, process, en, zh)
        }
        SystemEvent::EventsDropped { count } => {
            let en = format!("{count} events of {process} were lost: its spool was full");
            let zh = format!("{process} 队列已满，丢失 {count} 条事件");
            say(Check::Spool, Warning, process, en, zh)
        }
        SystemEvent::ContainmentTested { broken, held } => match broken.is_empty() {
            true => {
                let (en, zh) = (
                    format!("The walls around the decoys hold: {} attempts failed", held.len()),
                    format!("诱饵进程隔离有效：{} 项尝试均被拒绝", held.len()),
                );
                say(Check::SelfTest, Ok, "", en, zh)
            }
            false => {
                let list = broken.join(", ");
                let en = format!("The walls around the decoys do not hold: {list}");
                say(Check::SelfTest, Failing, "", en, format!("诱饵进程隔离失效：{list}"))
            }
        },
        SystemEvent::TranscriptDropped { .. }
        | SystemEvent::SegmentClosed { .. }
        | SystemEvent::SegmentWithheld { .. }
        | SystemEvent::SegmentRemoved { .. }
        | SystemEvent::FilesRemoved { .. }
        | SystemEvent::ChainStamp { .. }
        | SystemEvent::StampRefused { .. }
        | SystemEvent::ChainRoot { .. }
        | SystemEvent::Exported { .. }
        | SystemEvent::Console { .. }
        | SystemEvent::Case { .. }
        | SystemEvent::Asked { .. }
        | SystemEvent::Decided { .. }
        | SystemEvent::Done { .. }
        | SystemEvent::Allowance { .. }
        | SystemEvent::Lure { .. }
        | SystemEvent::Neighbour { .. }
        | SystemEvent::FrameRefused { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(event: SystemEvent) -> SystemRecord {
        SystemRecord { process: "core".into(), at: Timestamp::UNIX_EPOCH, event }
    }

    fn kind(event: &SystemEvent) -> String {
        format!("system/{}", serde_json::to_value(event).unwrap()["what"].as_str().unwrap())
    }

    #[test]
    fn what_is_told_is_a_kind_that_is_asked_for() {
        let told = [
            SystemEvent::Started { pid: 1 },
            SystemEvent::Spool { process: "sensor".into(), state: "growing".into(), waiting: 9, mib: 40 },
            SystemEvent::Disk { place: "/data".into(), state: "low".into(), free_mib: 9, total_mib: 900 },
            SystemEvent::Decoys { state: "down".into(), hosts: vec!["his".into()], reason: "x".into() },
            SystemEvent::ClockStepped { by_ms: 3_600_000 },
        ];
        for event in told {
            assert!(KINDS.contains(&kind(&event).as_str()), "{}", kind(&event));
            assert!(Health::of(7, &"ab".repeat(32), &record(event)).is_some());
        }
        let frame = SystemEvent::FrameRefused { rule: "x".into() };
        assert!(Health::of(7, "", &record(frame)).is_none());
    }

    #[test]
    fn a_notice_carries_the_head_before_it_and_one_id() {
        let event =
            SystemEvent::Destination { name: "siem".into(), state: "down".into(), reason: "refused".into() };
        let head = "cd".repeat(32);
        let health = Health::of(42, &head, &record(event)).unwrap();
        assert_eq!((health.chain_sequence, &health.chain_head), (41, &head));
        assert_eq!((health.check, health.standing), (Check::Destination, Standing::Failing));
        assert_eq!(health.en, "siem takes no alerts: refused");
        assert_eq!(health.code(), "health-destination-failing");
        assert_eq!(health.id, id(42, &head));
        assert!(health.id.len() == 36 && health.id != id(43, &head));
    }
}
