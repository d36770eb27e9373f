//! Named pipes of the host, behind `IPC$`.

use std::sync::Arc;

use super::behaviour::{Behaviour, ShareKind as Kind};
use super::server::{Server, Who};
use crate::persona::Host;
use crate::rpc::{Caller, Pipe, Rights, Setting, ShareInfo, ShareKind};
use crate::session::Session;

/// Shares as the list of shares has them: by name, those of the system among them.
pub(super) fn infos(behaviour: &Behaviour, host: &Host) -> Vec<ShareInfo> {
    let chinese = host.os.timezone == "Asia/Shanghai";
    let word = |zh: &str, en: &str| if chinese { zh.to_owned() } else { en.to_owned() };
    let hidden = |name: String, comment: String, path: String| ShareInfo {
        name,
        kind: ShareKind::Administrative,
        comment,
        path,
    };
    let mut infos = vec![
        hidden("ADMIN$".to_owned(), word("远程管理", "Remote Admin"), r"C:\Windows".to_owned()),
        ShareInfo {
            name: "IPC$".to_owned(),
            kind: ShareKind::Ipc,
            comment: word("远程 IPC", "Remote IPC"),
            path: String::new(),
        },
    ];
    for drive in &behaviour.volume {
        let path = format!(r"{}:\", drive.letter);
        infos.push(hidden(format!("{}$", drive.letter), word("默认共享", "Default share"), path));
    }
    let disks = behaviour.share.iter().filter(|share| share.kind == Kind::Disk);
    infos.extend(disks.map(|share| ShareInfo {
        name: share.name.clone(),
        kind: ShareKind::Disk,
        comment: share.remark.clone(),
        path: share.path.clone(),
    }));
    infos.sort_by_key(|info| info.name.to_lowercase());
    infos
}

/// Who calls the interfaces behind a pipe.
pub(super) fn setting(server: &Server, session: &Session, who: &Who, domain: &str) -> Setting {
    let (account, rights) = match who {
        Who::Nobody => (String::new(), Rights::Anonymous),
        Who::Guest(_) => ("Guest".to_owned(), Rights::Guest),
        Who::Account { name, administrator: true, .. } => (name.clone(), Rights::Administrator),
        Who::Account { name, administrator: false, .. } => (name.clone(), Rights::User),
    };
    let caller = Caller {
        account,
        domain: domain.to_owned(),
        rights,
        client: session.source().to_string(),
        since: session.now(),
    };
    Setting { caller, ..server.setting.clone() }
}

/// Opens a pipe; `None` when the host has none of this name.
pub(super) fn open(name: &str, setting: &Arc<Setting>) -> Option<Pipe> {
    Pipe::open(name, Arc::clone(setting))
}
