//! The part of the registry that is asked for from afar, made of what is known of the host.

use super::setting::Setting;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// REG_SZ.
    Text(String),
    /// REG_EXPAND_SZ.
    Expand(String),
    /// REG_DWORD.
    Number(u32),
}

impl Value {
    /// MS-RRP 3.1.1.5.
    pub(super) fn kind(&self) -> u32 {
        match self {
            Value::Text(_) => 1,
            Value::Expand(_) => 2,
            Value::Number(_) => 4,
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Value::Text(text) | Value::Expand(text) => {
                text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
            }
            Value::Number(number) => number.to_le_bytes().to_vec(),
        }
    }

    /// A value that was sent, for people.
    pub(super) fn shown(kind: u32, bytes: &[u8]) -> String {
        match (kind, bytes) {
            (1 | 2 | 7, _) => {
                let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
                let text: String =
                    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
                text.trim_end_matches('\0').to_owned()
            }
            (4, [a, b, c, d]) => u32::from_le_bytes([*a, *b, *c, *d]).to_string(),
            _ => hex::encode(bytes.get(..bytes.len().min(64)).unwrap_or_default()),
        }
    }
}

/// Keys that are there, in the case in which they are written. A key that leads to one is there too.
const KEYS: &[&str] = &[
    "HKLM\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0",
    "HKLM\\SAM\\SAM",
    "HKLM\\SECURITY\\Policy\\Secrets",
    "HKLM\\SECURITY\\Cache",
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run",
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System",
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\Data",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\GBG",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\JD",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\Skew1",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation",
    "HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters",
    "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters",
    "HKLM\\SYSTEM\\Select",
    "HKLM\\SYSTEM\\Setup",
    "HKU\\.DEFAULT",
    "HKU\\S-1-5-18",
    "HKU\\S-1-5-19",
    "HKU\\S-1-5-20",
    "HKCR\\.exe",
];

/// Paths compare without case; the current control set is the first.
fn normal(path: &str) -> String {
    path.to_lowercase().replace("\\controlset001\\", "\\currentcontrolset\\")
}

fn is_under(key: &str, path: &str) -> bool {
    key == path || key.strip_prefix(path).is_some_and(|rest| rest.starts_with('\\'))
}

/// Whether a key is there.
pub(super) fn exists(setting: &Setting, path: &str) -> bool {
    let path = normal(path);
    let sql = setting.has_sql_server && is_under("hklm\\software\\microsoft\\microsoft sql server", &path);
    sql || KEYS.iter().any(|key| is_under(&key.to_lowercase(), &path))
}

/// Names of the keys in one.
pub(super) fn keys(setting: &Setting, path: &str) -> Vec<String> {
    let prefix = format!("{}\\", normal(path));
    let mut names: Vec<String> = KEYS
        .iter()
        .filter(|key| key.to_lowercase().starts_with(&prefix))
        .filter_map(|key| key.get(prefix.len()..)?.split('\\').next())
        .map(str::to_owned)
        .collect();
    if setting.has_sql_server && prefix == "hklm\\software\\microsoft\\" {
        names.push("Microsoft SQL Server".to_owned());
    }
    names.sort_by_key(|name| name.to_lowercase());
    names.dedup();
    names
}

/// The class of a key: those of which the boot key is made are the installation's own.
pub(super) fn class(setting: &Setting, path: &str) -> String {
    let path = normal(path);
    match path.strip_prefix("hklm\\system\\currentcontrolset\\control\\lsa\\") {
        Some(part @ ("jd" | "skew1" | "gbg" | "data")) => {
            setting.installation.fill(&format!("rpc/{}/boot key/{part}", setting.host), "{8x}")
        }
        Some(_) | None => String::new(),
    }
}

/// The values of a key.
pub(super) fn values(setting: &Setting, path: &str) -> Vec<(&'static str, Value)> {
    let (text, number) = (|text: &str| Value::Text(text.to_owned()), Value::Number);
    let windows = &setting.windows;
    match normal(path).as_str() {
        "hklm\\software\\microsoft\\windows nt\\currentversion" => version(setting),
        "hklm\\software\\microsoft\\windows nt\\currentversion\\winlogon" => vec![
            ("AutoAdminLogon", text("0")),
            ("CachedLogonsCount", text("10")),
            ("DefaultDomainName", text(&setting.names.netbios_computer)),
            ("DefaultUserName", text("Administrator")),
            ("Shell", text("explorer.exe")),
            ("Userinit", text("C:\\Windows\\system32\\userinit.exe,")),
        ],
        "hklm\\software\\microsoft\\windows\\currentversion\\policies\\system" => {
            vec![("ConsentPromptBehaviorAdmin", number(5)), ("EnableLUA", number(1))]
        }
        "hklm\\system\\currentcontrolset\\control\\computername\\computername" => {
            vec![("ComputerName", text(&setting.names.netbios_computer))]
        }
        "hklm\\system\\currentcontrolset\\control\\lsa" => vec![
            ("auditbaseobjects", number(0)),
            ("disabledomaincreds", number(0)),
            ("everyoneincludesanonymous", number(0)),
            ("LimitBlankPasswordUse", number(1)),
            ("LsaPid", number(528)),
            ("NoLmHash", number(1)),
            ("restrictanonymous", number(0)),
            ("restrictanonymoussam", number(1)),
        ],
        "hklm\\system\\currentcontrolset\\control\\productoptions" => {
            vec![("ProductType", text(if windows.is_server { "ServerNT" } else { "WinNT" }))]
        }
        "hklm\\system\\currentcontrolset\\control\\terminal server" => {
            vec![("fDenyTSConnections", number(0)), ("fSingleSessionPerUser", number(1))]
        }
        "hklm\\system\\currentcontrolset\\control\\terminal server\\winstations\\rdp-tcp" => {
            vec![("PortNumber", number(3389)), ("UserAuthentication", number(1))]
        }
        "hklm\\system\\currentcontrolset\\control\\timezoneinformation" => {
            vec![("TimeZoneKeyName", text("China Standard Time"))]
        }
        "hklm\\system\\currentcontrolset\\services\\tcpip\\parameters" => vec![
            ("Domain", text(setting.names.dns_tree.as_deref().unwrap_or(""))),
            ("Hostname", text(setting.names.dns_computer.split('.').next().unwrap_or_default())),
        ],
        "hklm\\system\\select" => {
            vec![
                ("Current", number(1)),
                ("Default", number(1)),
                ("Failed", number(0)),
                ("LastKnownGood", number(1)),
            ]
        }
        _ => Vec::new(),
    }
}

fn version(setting: &Setting) -> Vec<(&'static str, Value)> {
    let windows = &setting.windows;
    let text = |text: &str| Value::Text(text.to_owned());
    let installed = u32::try_from(setting.installed_at().as_second()).unwrap_or(0);
    let shown =
        if windows.major >= 10 { "6.3".to_owned() } else { format!("{}.{}", windows.major, windows.minor) };
    let build = windows.build.to_string();
    let mut values = vec![
        ("CurrentBuild", text(&build)),
        ("CurrentBuildNumber", text(&build)),
        ("CurrentType", text("Multiprocessor Free")),
        ("CurrentVersion", text(&shown)),
        ("InstallationType", text(if windows.is_server { "Server" } else { "Client" })),
        ("InstallDate", Value::Number(installed)),
        ("PathName", text("C:\\Windows")),
        ("ProductName", text(&windows.name)),
        ("RegisteredOrganization", text("")),
        ("RegisteredOwner", text("Windows 用户")),
        ("SystemRoot", Value::Expand("C:\\Windows".to_owned())),
    ];
    if windows.major >= 10 {
        values.push(("CurrentMajorVersionNumber", Value::Number(windows.major)));
        values.push(("CurrentMinorVersionNumber", Value::Number(windows.minor)));
    }
    values
}
