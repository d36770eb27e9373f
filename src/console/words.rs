//! The console's own words, in Chinese and English. What is attackers' is never translated.

mod entrance;
mod settings;

/// Key, Chinese, English.
type Word = (&'static str, &'static str, &'static str);

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
    let found = all().find(|(known, _, _)| *known == key);
    match (language, found) {
        (Language::Chinese, Some((_, chinese, _))) => chinese,
        (Language::English, Some((_, _, english))) => english,
        (_, None) => key,
    }
}

/// All words there are.
fn all() -> impl Iterator<Item = &'static Word> {
    WORDS.iter().chain(entrance::WORDS).chain(settings::WORDS)
}

const WORDS: &[Word] = &[
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
    ("viewer", "只读", "viewer"),
    ("analyst", "分析员", "analyst"),
    ("administrator", "管理员", "administrator"),
    ("auditor", "审计员", "auditor"),
    ("close", "停用", "Close"),
    ("open_again", "启用", "Open again"),
    ("closed_account", "已停用", "closed"),
    ("open_incidents", "近 30 天未关闭的事件", "Open incidents of the last 30 days"),
    (
        "no_incidents",
        "没有事件。没有人碰过诱饵，或者碰的人没有恶意。",
        "No incidents: nobody touched a decoy, or nobody with ill intent.",
    ),
    ("no_sessions", "没有会话。", "No sessions."),
    ("last_day", "近 24 小时的会话", "Sessions of the last 24 hours"),
    ("last_month", "近 30 天的会话", "Sessions of the last 30 days"),
    ("open_now", "未关闭", "Open"),
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
    (
        "store_away",
        "存放证据的数据库服务器暂时连不上。新发生的事件由传感器保存，服务器恢复后补入，不会丢失。",
        "The database server that keeps the evidence can't be reached. What happens meanwhile is kept by the \
         sensor and follows when the server is back; nothing is lost.",
    ),
    ("failed", "读取失败", "It could not be read"),
    ("test_mark", "测试", "test"),
    ("zone_note", "时间均为本机时区", "Times are in this machine's zone"),
    ("state", "状态", "State"),
    ("state_new", "新", "new"),
    ("state_acknowledged", "已确认", "acknowledged"),
    ("state_in_progress", "处理中", "in progress"),
    ("state_closed_true", "关闭：真实攻击", "closed: an attack"),
    ("state_closed_benign", "关闭：无恶意", "closed: benign"),
    ("state_closed_test", "关闭：测试", "closed: a test"),
    ("not_closed", "未关闭", "not closed"),
    ("with_closed", "含已关闭", "closed ones too"),
    ("assignee", "处理人", "Assignee"),
    ("mine", "我的", "mine"),
    ("nobody", "无人", "nobody"),
    ("nobody_works", "尚无人处理", "Nobody works on it yet"),
    ("marked", "选中的", "Marked"),
    ("mark", "选中", "Mark"),
    ("mark_all", "全选", "Mark all"),
    ("acknowledge", "确认", "Acknowledge"),
    ("take", "由我处理", "Take it"),
    (
        "keys_help",
        "键盘：j k 上下，x 选中，a 确认，o 打开",
        "Keys: j k move, x marks, a acknowledges, o opens",
    ),
    ("unchanged", "不变", "unchanged"),
    ("note", "备注", "Note"),
    ("notes", "备注", "notes"),
    ("save", "保存", "Save"),
    ("forget", "删除", "Forget"),
    ("saved", "保存的查询", "Saved searches"),
    ("search_name", "查询名称", "Name of this search"),
    ("text", "文字", "Text"),
    ("account", "账号", "Account"),
    ("technique", "技术", "Technique"),
    ("since", "从", "From"),
    ("until", "到", "Until"),
    ("too_long", "内容太长", "That is too long"),
    ("attack_path", "攻击路径", "Attack path"),
    ("led_by", "经另一诱饵而来", "by way of another decoy"),
    ("led_on", "由此前往的诱饵", "Went on from here to"),
    ("segment_map", "网段图", "Map of segments"),
    (
        "segment_map_help",
        "近 30 天：左为来源，右为网段；线越粗会话越多，颜色为最高级别。",
        "The last 30 days: sources on the left, segments on the right. A thicker line is more sessions, its colour the worst of them.",
    ),
    ("nobody_touched", "近 30 天没有人接触诱饵。", "Nobody touched a decoy in the last 30 days."),
    ("more_sources", "其他来源", "Other sources"),
    ("elsewhere", "网段以外", "from elsewhere"),
    ("decoys_touched", "被接触的诱饵", "decoys touched"),
    ("untouched", "无人接触", "untouched"),
    ("source_count", "来源", "sources"),
    ("session_count", "会话", "sessions"),
    ("state_serving", "在线", "on the wire"),
    ("state_claiming", "正在占用地址", "taking its address"),
    ("state_yielded", "已让出地址", "has yielded its address"),
    ("state_down", "已撤下", "withdrawn"),
    ("area_data_centre", "信息中心", "Data centre"),
    ("area_imaging", "影像科", "Imaging"),
    ("area_laboratory", "检验科", "Laboratory"),
    ("touched", "接触了什么", "What was touched"),
    ("records_seen", "读出的记录", "Records seen"),
    ("patients_seen", "患者", "patients"),
    ("record_kind", "种类", "Kind"),
    ("given_out", "读出", "given out"),
    ("different", "不同的", "different"),
    ("changed", "改写", "changed"),
    (
        "synthetic_note",
        "诱饵里的患者都是合成的，没有真实个人信息。",
        "All patients of the decoys are synthetic: nobody's data was lost.",
    ),
    ("lures", "诱饵账号", "Baits"),
    ("lure_place", "放置处", "Put in"),
    ("reporting", "报告时限", "Reporting clock"),
    ("who_reports", "谁须报告", "Who must report"),
    ("due", "截止", "Due"),
    ("left", "剩余", "Left"),
    ("over", "已过", "over"),
    ("minutes", "分钟", "minutes"),
    ("clock_cii", "关键信息基础设施运营者：1 小时", "Operator of critical infrastructure: 1 hour"),
    ("clock_central", "中央国家机关及直属单位：2 小时", "Organ of the central government: 2 hours"),
    ("clock_other", "其他网络运营者：4 小时", "All other operators: 4 hours"),
    ("clock_review", "处置结束后的总结报告：30 天", "Report after the handling: 30 days"),
    (
        "reporting_note",
        "《国家网络安全事件报告管理办法》对较大以上事件的时限，从首次判定为高时算起。是否属于较大以上由本单位判断。",
        "Limits of China's rules on reporting of cybersecurity incidents, for a larger incident or worse, counted from when it was first judged high. Whether it is one is for the hospital to judge.",
    ),
    ("journal", "处理记录", "What the team did"),
    ("tactic_reconnaissance", "侦察", "Reconnaissance"),
    ("tactic_initial_access", "初始访问", "Initial access"),
    ("tactic_execution", "执行", "Execution"),
    ("tactic_persistence", "持久化", "Persistence"),
    ("tactic_credential_access", "凭据访问", "Credential access"),
    ("tactic_discovery", "发现", "Discovery"),
    ("tactic_lateral_movement", "横向移动", "Lateral movement"),
    ("tactic_collection", "收集", "Collection"),
    ("tactic_command_and_control", "命令与控制", "Command and control"),
    ("tactic_exfiltration", "渗出", "Exfiltration"),
    ("tactic_impact", "影响", "Impact"),
    ("class_E1", "触碰", "a touch"),
    ("class_E2", "探测", "a probe"),
    ("class_E2s", "扫描多台主机或端口", "a sweep over hosts or ports"),
    ("class_E3", "使用了协议", "the protocol was spoken"),
    ("class_E3c", "已知设备发错了地方", "a known device sent to the wrong place"),
    ("class_E4", "尝试登录", "a login was tried"),
    ("class_E4b", "猜测口令", "logins were guessed"),
    ("class_E5", "使用了诱饵", "a bait was used"),
    ("class_E6", "读出了医疗记录", "hospital records went out"),
    ("class_E7", "对主机或记录动了手", "something was done to the host or its records"),
    ("kind_patient", "患者", "patients"),
    ("kind_encounter", "就诊", "encounters"),
    ("kind_order", "医嘱申请", "orders"),
    ("kind_study", "检查", "studies"),
    ("kind_series", "序列", "series"),
    ("kind_instance", "影像", "images"),
    ("kind_worklist", "工作列表", "worklist entries"),
    ("kind_specimen", "标本", "specimens"),
    ("kind_lab_result", "检验结果", "laboratory results"),
    ("kind_report", "报告", "reports"),
    ("kind_staff", "职工", "staff"),
    ("kind_file", "文件", "files"),
    ("kind_prescription", "处方", "prescriptions"),
    ("kind_charge", "费用", "charges"),
    ("kind_catalogue", "字典", "dictionary rows"),
    ("responder", "处置员", "responder"),
    ("decoded", "解码视图", "Decoded"),
    ("images_touched", "被取走的影像", "Images touched"),
    (
        "images_note",
        "由本系统按虚构病人重新绘制；任何人上传的影像从不显示。",
        "Drawn anew from the invented patients; what anybody sent is never shown.",
    ),
    ("nothing_decoded", "没有可解码的内容。", "There is nothing to decode."),
    ("conversation", "会话摘要与 SHA-256", "Summary and SHA-256"),
    ("payload", "负载", "payload"),
    ("without_payload", "无负载", "without payload"),
    ("entropy", "熵（比特/字节）", "entropy (bits per byte)"),
    (
        "sealed_note",
        "文件只以加密 ZIP（AES-256，口令 infected）下载。",
        "Files come out only as an encrypted ZIP (AES-256, password: infected).",
    ),
    ("find_in_terminal", "在输出中查找", "Find in output"),
    ("tokens", "API 令牌", "API tokens"),
    ("api_page", "API 说明", "What the API does"),
    (
        "api_help",
        "程序用令牌访问，令牌有范围和期限。",
        "Programs come with a token, which has scopes and an end.",
    ),
    ("token_once", "令牌只显示这一次，请立即保存：", "The token is shown this once. Keep it now:"),
    ("purpose", "用途", "Purpose"),
    ("acts_as", "代表用户", "Acts as"),
    ("scopes", "范围", "Scopes"),
    ("ends", "到期", "Ends"),
    ("last_used", "最近使用", "Last used"),
    ("revoke", "撤销", "Revoke"),
    ("days", "天数", "Days"),
    (
        "bad_token",
        "令牌需要用途、至少一个范围和 1 到 366 天的期限",
        "A token needs a purpose, a scope at least, and 1 to 366 days",
    ),
    ("path", "路径", "Path"),
    ("parameters", "参数", "Parameters"),
    ("gives", "返回", "Gives"),
    ("own_account", "我的账号", "My account"),
    ("second_factor", "双因素认证", "Second factor"),
    ("second_on", "已启用：登录时需要验证码。", "On: a login asks for a code."),
    ("second_off", "未启用。", "Off."),
    (
        "second_help",
        "用验证器应用扫描二维码，或输入此密钥（TOTP，SHA-1，6 位，30 秒），然后输入它显示的验证码。",
        "Scan the code with an authenticator app or give it this secret (TOTP, SHA-1, 6 digits, 30 seconds), then type the code that it shows.",
    ),
    ("qr_says", "二维码，内容即上面的密钥", "QR code with the secret above"),
    ("open_app", "在验证器应用中打开", "Open in an authenticator app"),
    ("code", "验证码", "Code"),
    ("code_help", "仅在启用双因素认证后需要", "Only with a second factor"),
    ("wrong_code", "验证码不正确", "That is not the code"),
    ("turn_on", "启用", "Turn on"),
    ("turn_off", "停用", "Turn off"),
    ("change_password", "修改口令", "Change password"),
    ("new_password", "新口令", "New password"),
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
        let mut keys: Vec<_> = all().map(|(key, _, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all().count());
        for name in Site::iter().filter(|name| name.ends_with(".html")) {
            let page = Site::get(&name).unwrap();
            let page = std::str::from_utf8(&page.data).unwrap();
            for (used, rest) in page.split("t(\"").skip(1).filter_map(|rest| rest.split_once('"')) {
                // What is joined to a value is the start of several keys.
                let starts = rest.starts_with(" ~") && keys.iter().any(|key| key.starts_with(used));
                assert!(keys.contains(&used) || starts, "{name}: {used}");
            }
        }
    }
}
