//! The console's own words, in Chinese and English. What is attackers' is never translated.

/// A language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Language {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// By its tag.
    pub(super) fn named(tag: &str) -> Option<Self> {
        match tag {
            "zh" => Some(Language::Chinese),
            "en" => Some(Language::English),
            _ => None,
        }
    }

    /// Its tag.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh",
            Language::English => "en",
        }
    }

    /// The other one's tag.
    pub(super) fn other(self) -> &'static str {
        match self {
            Language::Chinese => "en",
            Language::English => "zh",
        }
    }
}

/// A word by its key; the key itself when there is none, which a test forbids.
pub(super) fn word(language: Language, key: &str) -> &str {
    let found = WORDS.iter().find(|(known, _, _)| *known == key);
    match (language, found) {
        (Language::Chinese, Some((_, chinese, _))) => chinese,
        (Language::English, Some((_, _, english))) => english,
        (_, None) => key,
    }
}

/// Key, Chinese, English.
const WORDS: &[(&str, &str, &str)] = &[
    ("product", "护望 Honeyward", "Honeyward"),
    ("overview", "概览", "Overview"),
    ("incidents", "事件", "Incidents"),
    ("incident", "事件", "Incident"),
    ("sessions", "会话", "Sessions"),
    ("session", "会话", "Session"),
    ("decoys", "诱饵", "Decoys"),
    ("audit", "审计", "Audit"),
    ("accounts", "用户", "Accounts"),
    ("log_out", "退出", "Log out"),
    ("log_in", "登录", "Log in"),
    ("name", "用户名", "Name"),
    ("password", "口令", "Password"),
    ("role", "角色", "Role"),
    ("language", "English", "中文"),
    ("setup_title", "首次使用：创建管理员", "First start: make an administrator"),
    (
        "setup_help",
        "一次性密钥显示在本机屏幕上。",
        "The one-time secret is shown on the appliance's own screen.",
    ),
    ("setup_secret", "一次性密钥", "One-time secret"),
    ("create", "创建", "Create"),
    ("password_help", "至少 12 个字符", "At least 12 characters"),
    ("bad_name", "用户名只能用字母、数字和 - _ . @", "A name has letters, digits and - _ . @ only"),
    (
        "bad_password",
        "口令至少 12 个字符，至多 256 字节",
        "A password has 12 characters at least, 256 bytes at most",
    ),
    ("bad_secret", "一次性密钥不正确", "That is not the one-time secret"),
    ("setup_done", "管理员已经创建", "There is an administrator already"),
    ("name_taken", "该用户名已存在", "That name is taken"),
    ("not_saved", "未能保存", "It could not be saved"),
    ("no_account", "没有该用户", "There is no such account"),
    ("last_administrator", "至少保留一个管理员", "One administrator must stay"),
    ("wrong_login", "用户名或口令不正确", "Wrong name or password"),
    ("locked_out", "失败次数过多，请五分钟后再试", "Too many failures: try again in five minutes"),
    ("old_form", "页面已过期，请重试", "The page was too old: try again"),
    ("viewer", "只读", "viewer"),
    ("analyst", "分析员", "analyst"),
    ("administrator", "管理员", "administrator"),
    ("auditor", "审计员", "auditor"),
    ("close", "停用", "Close"),
    ("open_again", "启用", "Open again"),
    ("closed_account", "已停用", "closed"),
    ("open_incidents", "近 30 天的事件", "Incidents of the last 30 days"),
    (
        "no_incidents",
        "没有事件。没有人碰过诱饵，或者碰的人没有恶意。",
        "No incidents: nobody touched a decoy, or nobody with ill intent.",
    ),
    ("no_sessions", "没有会话。", "No sessions."),
    ("last_day", "近 24 小时的会话", "Sessions of the last 24 hours"),
    ("health", "运行状况", "Health"),
    ("up", "正常", "up"),
    ("down", "停止", "down"),
    ("processes", "进程", "Processes"),
    ("capture", "抓包", "Capture"),
    ("capture_off", "未抓包", "not capturing"),
    ("capture_on", "抓包中", "capturing"),
    ("dropped", "丢弃", "dropped"),
    ("destinations", "SIEM", "SIEM"),
    ("no_destination", "未配置", "none configured"),
    ("severity", "级别", "Severity"),
    ("high", "高", "high"),
    ("medium", "中", "medium"),
    ("low", "低", "low"),
    ("info", "提示", "info"),
    ("confidence", "置信度", "Confidence"),
    ("what", "事情", "What"),
    ("software", "客户端软件", "Software"),
    ("source", "来源", "Source"),
    ("hosts", "诱饵主机", "Decoys touched"),
    ("first_seen", "首次", "First seen"),
    ("last_seen", "最近", "Last seen"),
    ("revision", "修订", "Revision"),
    ("why", "为什么判定", "Why"),
    ("evidence", "证据", "Evidence"),
    ("class", "类别", "Class"),
    ("probability", "概率", "Probability"),
    ("record", "记录号", "Record"),
    ("techniques", "ATT&CK 技术", "ATT&CK techniques"),
    ("used_accounts", "尝试过的账号", "Accounts tried"),
    ("chain", "证据链", "Evidence chain"),
    ("history", "经过", "History"),
    ("all", "全部", "All"),
    ("from", "起点", "From"),
    ("to", "目标", "To"),
    ("host", "主机", "Host"),
    ("service", "服务", "Service"),
    ("opened", "开始", "Opened"),
    ("closed", "结束", "Closed"),
    ("still_open", "进行中", "still open"),
    ("duration", "时长", "Duration"),
    ("bytes", "字节 收/发", "Bytes in/out"),
    ("events", "记录", "Events"),
    ("did", "做了什么", "What was done"),
    ("tried_accounts", "账号", "Accounts"),
    ("got_in", "已登录", "got in"),
    ("commands", "命令", "commands"),
    ("queries", "查询", "queries"),
    ("records_read", "读出的记录", "records read"),
    ("records_written", "改写的记录", "records written"),
    ("messages", "消息", "messages"),
    ("uploads", "上传", "uploads"),
    ("downloads", "下载", "downloads"),
    ("requests", "请求", "requests"),
    ("malformed", "畸形输入", "malformed"),
    ("search", "查找", "Find"),
    ("address", "地址", "Address"),
    ("older", "更早", "Older"),
    ("timeline", "时间线", "Timeline"),
    ("files", "文件", "Files"),
    ("transcript", "原始字节", "Transcript"),
    ("terminal", "终端录像", "Terminal"),
    ("packets", "数据包", "Packets"),
    ("take_packets", "下载 pcapng", "Download pcapng"),
    ("no_packets", "没有保存该会话的数据包", "No packets of this session are kept"),
    ("not_kept", "未保存（配额）", "not kept (quota)"),
    ("bytes_only", "字节", "bytes"),
    ("lost_events", "缺失的记录", "Events lost"),
    ("play", "播放", "Play"),
    ("pause", "暂停", "Pause"),
    ("speed", "倍速", "Speed"),
    ("skip_idle", "跳过空闲", "Skip idle time"),
    ("no_terminal", "没有终端录像", "No terminal recording"),
    ("peer", "对方", "peer"),
    ("decoy", "诱饵", "decoy"),
    ("shortened", "太长，只显示开头", "Too long: only the beginning is shown"),
    ("pretends", "扮演", "Pretends to be"),
    ("system", "操作系统", "System"),
    ("services", "服务", "Services"),
    ("when", "时间", "When"),
    ("who", "谁", "Who"),
    ("act", "操作", "Act"),
    ("object", "对象", "Object"),
    ("not_found", "没有这个页面", "There is no such page"),
    ("not_allowed", "您的角色不能做这件事", "Your role may not do that"),
    ("failed", "读取失败", "It could not be read"),
    ("test_mark", "测试", "test"),
    ("zone_note", "时间均为本机时区", "Times are in this machine's zone"),
    ("next_steps", "下一步", "What to do next"),
    (
        "step_isolate",
        "查出该地址是哪台设备、谁在用；若不是已知的扫描器，断开其网络但不要关机。",
        "Find out which device and whose it is; unless it is a known scanner, cut its network, but leave it running.",
    ),
    (
        "step_accounts",
        "修改上面出现过的真实账号的口令；诱饵账号不必改。",
        "Change the passwords of real accounts named above; bait accounts need none.",
    ),
    (
        "step_evidence",
        "下载数据包和会话记录，与证据链的摘要一起保存。",
        "Take out packets and transcripts and keep them with the chain's head.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::site::Site;

    #[test]
    fn every_word_of_the_pages_is_there_once() {
        let mut keys: Vec<_> = WORDS.iter().map(|(key, _, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), WORDS.len());
        for name in Site::iter().filter(|name| name.ends_with(".html")) {
            let page = Site::get(&name).unwrap();
            let page = std::str::from_utf8(&page.data).unwrap();
            for used in page.split("t(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(keys.contains(&used), "{name}: {used}");
            }
        }
    }
}
