//! `wmic`: the classes that are asked for most.

use super::{Shell, lines, system};

/// A class as a table: names of properties, and rows of values.
type Rows = (Vec<&'static str>, Vec<Vec<String>>);

impl Shell<'_> {
    pub(super) fn wmic(&mut self, arguments: &[&str]) -> Vec<String> {
        self.facts.wait(0.3);
        let lower: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
        let words: Vec<&str> =
            lower.iter().map(String::as_str).filter(|word| !word.starts_with('/')).collect();
        if lower.iter().any(|word| word.starts_with("/node:")) {
            let node =
                lower.iter().find_map(|word| word.strip_prefix("/node:")).unwrap_or_default().to_owned();
            self.seen.deeds.push(crate::database::Deed::Reach { means: "wmic", target: node.clone() });
            self.facts.wait(21.0);
            return vec![
                format!("节点 - {}", node.to_uppercase()),
                "错误:".to_owned(),
                "描述 = RPC 服务器不可用。".to_owned(),
            ];
        }
        if words.first() == Some(&"process") && words.contains(&"create") {
            return self.created();
        }
        if words.first() == Some(&"shadowcopy") || words.contains(&"delete") {
            return self.fault("拒绝访问。");
        }
        let Some((properties, rows)) = words.first().and_then(|class| self.class(class)) else {
            return vec![format!("{} - 找不到别名。", arguments.first().copied().unwrap_or_default())];
        };
        let at = words.iter().position(|word| *word == "get");
        let wanted: Vec<String> = at
            .map(|at| {
                words
                    .iter()
                    .skip(at + 1)
                    .flat_map(|word| word.split(','))
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        let mut places: Vec<usize> = (0..properties.len()).collect();
        if !wanted.is_empty() {
            places.retain(|at| {
                properties
                    .get(*at)
                    .is_some_and(|name| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)))
            });
        }
        if places.is_empty() {
            return self.fault("无效查询");
        }
        let pick = |row: &[String]| places.iter().filter_map(|at| row.get(*at).cloned()).collect::<Vec<_>>();
        let heads: Vec<String> =
            places.iter().filter_map(|at| properties.get(*at)).map(|name| (*name).to_owned()).collect();
        let rows: Vec<Vec<String>> = rows.iter().map(|row| pick(row)).collect();
        if lower.iter().any(|word| word.starts_with("/value") || word.contains("format:list")) {
            return rows
                .iter()
                .flat_map(|row| {
                    let pairs = heads.iter().zip(row).map(|(head, value)| format!("{head}={value}"));
                    [String::new(), String::new()].into_iter().chain(pairs).collect::<Vec<_>>()
                })
                .chain([String::new(), String::new()])
                .collect();
        }
        in_columns(&heads, &rows)
    }

    fn fault(&self, text: &str) -> Vec<String> {
        vec![
            format!("节点 - {}", self.facts.catalog.machine.computer()),
            "错误:".to_owned(),
            format!("描述 = {text}"),
        ]
    }

    fn created(&self) -> Vec<String> {
        let id = 5_000 + self.facts.catalog.machine.number("created", 900) * 4;
        vec![
            "执行(Win32_Process)->Create()".to_owned(),
            "方法执行成功。".to_owned(),
            "外参数:".to_owned(),
            "instance of __PARAMETERS".to_owned(),
            "{".to_owned(),
            format!("\tProcessId = {id};"),
            "\tReturnValue = 0;".to_owned(),
            "};".to_owned(),
            String::new(),
        ]
    }

    fn class(&self, class: &str) -> Option<Rows> {
        let machine = &self.facts.catalog.machine;
        let (name, build) = machine.system();
        let text = |text: &str| text.to_owned();
        Some(match class {
            "os" => (
                vec![
                    "BuildNumber",
                    "Caption",
                    "CSName",
                    "LastBootUpTime",
                    "OSArchitecture",
                    "SystemDirectory",
                    "Version",
                ],
                vec![vec![
                    build.rsplit('.').next().unwrap_or(build).to_owned(),
                    format!("Microsoft {name}"),
                    machine.computer(),
                    machine
                        .booted(self.facts.state().view.now())
                        .strftime("%Y%m%d%H%M%S.500000+480")
                        .to_string(),
                    text("64 位"),
                    text(super::HERE),
                    build.to_owned(),
                ]],
            ),
            "computersystem" => (
                vec!["Domain", "Manufacturer", "Model", "Name", "TotalPhysicalMemory", "UserName"],
                vec![vec![
                    if machine.domain().is_empty() {
                        text("WORKGROUP")
                    } else {
                        machine.hospital.domain.clone()
                    },
                    text("HP"),
                    text("ProLiant DL380 Gen9"),
                    machine.computer(),
                    text("68609871872"),
                    String::new(),
                ]],
            ),
            "logicaldisk" => (
                vec![
                    "Caption",
                    "DriveType",
                    "FileSystem",
                    "FreeSpace",
                    "Size",
                    "VolumeName",
                    "VolumeSerialNumber",
                ],
                machine
                    .drives
                    .all
                    .iter()
                    .map(|drive| {
                        vec![
                            format!("{}:", drive.letter),
                            text("3"),
                            text("NTFS"),
                            drive.free(self.facts.state().view.now()).to_string(),
                            drive.size.to_string(),
                            drive.label.clone(),
                            format!("{:08X}", drive.serial),
                        ]
                    })
                    .collect(),
            ),
            "process" => (
                vec!["HandleCount", "Name", "Priority", "ProcessId", "ThreadCount", "WorkingSetSize"],
                self.processes()
                    .into_iter()
                    .map(|(name, id, _, kib)| {
                        vec![
                            (id % 700 + 40).to_string(),
                            name,
                            text("8"),
                            id.to_string(),
                            (id % 31 + 3).to_string(),
                            (kib * 1024).to_string(),
                        ]
                    })
                    .collect(),
            ),
            "qfe" => (
                vec!["Caption", "CSName", "Description", "HotFixID", "InstalledBy", "InstalledOn"],
                system::PATCHES
                    .iter()
                    .map(|patch| {
                        let on = machine.installed().strftime("%-m/%-d/%Y").to_string();
                        vec![
                            format!("http://support.microsoft.com/?kbid={}", patch.trim_start_matches("KB")),
                            machine.computer(),
                            text("Update"),
                            text(patch),
                            text(r"NT AUTHORITY\SYSTEM"),
                            on,
                        ]
                    })
                    .collect(),
            ),
            "cpu" => (
                vec!["MaxClockSpeed", "Name", "NumberOfCores", "NumberOfLogicalProcessors"],
                vec![
                    vec![
                        text("2401"),
                        text("Intel(R) Xeon(R) CPU E5-2630 v3 @ 2.40GHz"),
                        text("8"),
                        text("16")
                    ];
                    2
                ],
            ),
            "bios" => (
                vec!["Manufacturer", "Name", "SerialNumber", "SMBIOSBIOSVersion"],
                vec![vec![text("HP"), text("P89"), self.chassis(), text("P89")]],
            ),
            "useraccount" => (
                vec!["Disabled", "Domain", "Name"],
                ["Administrator", "Guest"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(machine.users().into_iter().map(|account| account.name.clone()))
                    .map(|name| {
                        vec![
                            if name == "Guest" { text("TRUE") } else { text("FALSE") },
                            machine.computer(),
                            name,
                        ]
                    })
                    .collect(),
            ),
            _ => return None,
        })
    }

    /// The maker's serial number of the machine.
    fn chassis(&self) -> String {
        let machine = &self.facts.catalog.machine;
        let letters = b"BCDFGHJKLMNPQRSTVWXYZ0123456789";
        let tail = machine.derive("chassis").into_iter().take(4);
        let tail =
            tail.filter_map(|byte| letters.get(usize::from(byte) % letters.len()).map(|c| char::from(*c)));
        format!("6CU5{:02}{}", machine.number("chassis/week", 52) + 1, tail.collect::<String>())
    }
}

fn in_columns(heads: &[String], rows: &[Vec<String>]) -> Vec<String> {
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(at, head)| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(|value| wide(value))
                .chain([wide(head)])
                .max()
                .unwrap_or(0)
                + 2
        })
        .collect();
    let line = |values: &[String]| {
        values
            .iter()
            .zip(&widths)
            .map(|(value, width)| format!("{value}{}", " ".repeat(width.saturating_sub(wide(value)))))
            .collect::<String>()
    };
    let mut printed = vec![line(heads)];
    printed.extend(rows.iter().map(|row| line(row)));
    printed.extend(lines(&["", ""]));
    printed
}
