//! One observation as one line in Chinese; the English line is the events' own.

use super::words::{Language, word as worded};
use crate::event::line;
use crate::event::observation::{AuthMethod, CloseReason, Direction, Handling};
use crate::event::{Observation, Tainted};

/// Ids, changes or signs that one line lists.
const FEW: usize = 3;

/// The line in a language. Text of the peer is escaped.
pub(super) fn of(observation: &Observation, language: Language) -> String {
    match language {
        Language::English => line::of(observation),
        Language::Chinese => chinese(observation),
    }
}

fn chinese(observation: &Observation) -> String {
    match observation {
        Observation::Opened { tls } => if *tls { "连接建立（TLS）" } else { "连接建立" }.to_owned(),
        Observation::Closed { reason, bytes_in, bytes_out, .. } => {
            format!("连接结束：{}（收 {bytes_in} 字节，发 {bytes_out} 字节）", ended(*reason))
        }
        Observation::Fingerprint { mark, value } => format!("{}：{}", line::word(mark), value.for_terminal()),
        Observation::AuthAttempt { method, account, secret, accepted } => {
            let outcome = if *accepted { "登录成功" } else { "登录被拒" };
            let secret = secret.as_ref().map(|s| format!("，口令或凭据 {}", quoted(s))).unwrap_or_default();
            format!("{outcome}：账号 {}{secret}（{}）", quoted(account), by(*method))
        }
        Observation::Request { verb, target, status, .. } => {
            format!("请求 {} {} → {status}", verb.for_terminal(), target.for_terminal())
        }
        Observation::Command { line, exit } => {
            let exit = exit.map(|exit| format!(" → {exit}")).unwrap_or_default();
            format!("$ {}{exit}", line.for_terminal())
        }
        Observation::Query { subject, filter, answers, unbounded, .. } => {
            let all = if *unbounded { "，无条件（匹配全部）" } else { "" };
            format!("查询{}：{}，返回 {answers} 条{all}", kind(subject), filter.for_terminal())
        }
        Observation::RecordRead { subject, count, ids } => {
            format!("读出 {count} 条{}{}", kind(subject), few(ids.iter().cloned()))
        }
        Observation::RecordWrite { subject, count, ids } => {
            format!("写入 {count} 条{}{}", kind(subject), few(ids.iter().map(Tainted::for_terminal)))
        }
        Observation::Message { message_type, control_id, answer, .. } => {
            format!("消息 {}，编号 {} → {answer}", message_type.for_terminal(), control_id.for_terminal())
        }
        Observation::Transfer { direction, name, size, sha256 } => {
            let way = if *direction == Direction::Upload { "上传" } else { "下载" };
            format!("{way} {}（{size} 字节，SHA-256 {sha256}）", name.for_terminal())
        }
        Observation::Tunnel { means, target, relayed } => {
            let outcome = if *relayed { "在蜜网内转发" } else { "未转发" };
            format!("要求经 {means} 连接 {}：{outcome}", target.for_terminal())
        }
        Observation::Malformed { rule, sample, length } => {
            format!("畸形输入：{rule}；{length} 字节 {}", sample.get(..64).unwrap_or(sample))
        }
        Observation::ExploitAttempt { weakness, payload } => {
            format!("尝试利用漏洞 {weakness}：{}", payload.for_terminal())
        }
        Observation::Content { sha256, media, found } => {
            let found =
                if found.is_empty() { String::new() } else { format!("，含 {}", found.join("、")) };
            format!("文件 {sha256} 的类型是 {media}{found}")
        }
        Observation::Tampering { subject, id, changes } => {
            let changes = changes.iter().map(|c| format!("{} “{}” → {}", c.field, c.from, quoted(&c.to)));
            format!("试图覆盖{} {id}{}", kind(subject), few(changes))
        }
        Observation::RealData { signs, handling, .. } => {
            format!("误发的真实数据，{}：{}", handled(*handling), signs.join("、"))
        }
        Observation::LureTouched { lure, how } => format!("使用了诱饵 {lure}：{how}"),
        Observation::Probe { means } => format!("探测：{means}"),
    }
}

fn ended(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Peer => "对方关闭",
        CloseReason::PeerReset => "对方中断",
        CloseReason::Decoy => "诱饵关闭",
        CloseReason::DecoyReset => "诱饵中断",
        CloseReason::Timeout => "超时",
        CloseReason::Limit => "达到限制",
        CloseReason::Shutdown => "传感器停止",
        CloseReason::SensorLost => "传感器故障",
    }
}

fn by(method: AuthMethod) -> &'static str {
    match method {
        AuthMethod::Password => "口令",
        AuthMethod::PublicKey => "公钥",
        AuthMethod::Form => "网页表单",
        AuthMethod::Basic => "HTTP Basic",
        AuthMethod::KeyboardInteractive => "键盘交互",
        AuthMethod::DicomUserIdentity => "DICOM 用户身份",
        AuthMethod::ChallengeResponse => "挑战应答",
    }
}

fn handled(handling: Handling) -> &'static str {
    match handling {
        Handling::Sealed => "已加密封存",
        Handling::PixelsDropped => "已去除像素和标识",
        Handling::Kept => "原样保存",
        Handling::NotKept => "未保存",
    }
}

/// The hospital's records, as the pages call them.
fn kind(subject: &impl serde::Serialize) -> String {
    let key = format!("kind_{}", line::word(subject).replace(' ', "_"));
    worded(Language::Chinese, &key).to_owned()
}

fn quoted(text: &Tainted) -> String {
    format!("“{}”", text.for_terminal())
}

fn few(ids: impl Iterator<Item = String>) -> String {
    let mut ids: Vec<_> = ids.take(FEW + 1).collect();
    let more = if ids.len() > FEW { " …" } else { "" };
    ids.truncate(FEW);
    if ids.is_empty() { String::new() } else { format!("：{}{more}", ids.join("、")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::observation::RecordKind;

    #[test]
    fn what_a_peer_sends_can_not_hide_in_chinese_either() {
        let line = Observation::Command { line: "ls\u{1b}[2J\u{202e}".into(), exit: Some(1) };
        assert_eq!(of(&line, Language::Chinese), "$ ls\\u{1b}[2J\\u{202e} → 1");
        let read =
            Observation::RecordRead { subject: RecordKind::LabResult, count: 2, ids: vec!["a".into()] };
        assert_eq!(of(&read, Language::Chinese), "读出 2 条检验结果：a");
    }
}
