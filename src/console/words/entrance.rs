//! Words of the first start, of the login and of what they refuse.

use super::Word;

pub(super) const WORDS: &[Word] = &[
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
    ("oidc_log_in", "用医院统一身份登录", "Log in with the hospital's account"),
    ("oidc_or", "或使用本地账号：", "Or with a local account:"),
    (
        "oidc_own",
        "您由医院统一身份登录，口令与二次验证在那里管理。",
        "You logged in with the hospital's account: its password and second factor are managed there.",
    ),
    (
        "oidc_away",
        "统一身份平台无法使用，请用本地账号登录",
        "The hospital's login can't be used now: log in with a local account",
    ),
    (
        "oidc_old",
        "登录已过期或不是在这里开始的，请重试",
        "This login did not begin here, or is over: try again",
    ),
    ("oidc_denied", "统一身份平台拒绝了登录", "The hospital's login refused"),
    ("oidc_unproven", "统一身份平台的答复无法验证", "What the hospital's login answered proves nothing"),
    (
        "oidc_no_role",
        "您的账号在这里没有角色，请联系管理员",
        "Your account has no role here: ask an administrator",
    ),
    ("go_on", "继续", "Go on"),
    ("wrong_login", "用户名或口令不正确", "Wrong name or password"),
    ("locked_out", "失败次数过多，请五分钟后再试", "Too many failures: try again in five minutes"),
    ("old_form", "页面已过期，请重试", "The page was too old: try again"),
];
