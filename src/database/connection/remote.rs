//! `OPENROWSET`, `OPENDATASOURCE` and `OPENQUERY`: other servers, and files as rows. None is reached.

use super::Connection;
use crate::database::problem::Problem;
use crate::database::procedures;
use crate::database::{Deed, Language, Seen};

/// Seconds after which a server that does not answer is given up.
const LOGIN_TIMEOUT: f64 = 15.0;

impl Connection {
    /// Answers a statement that names one of them, from that word on.
    pub(super) fn remote(&mut self, words: &[String], seen: &mut Seen) -> Result<(), Problem> {
        let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
        let name = word(0).to_lowercase();
        if name == "openquery" {
            let server = word(2).to_owned();
            seen.deeds.push(Deed::Reach { means: "linked server", target: server.clone() });
            let known =
                self.facts.catalog.linked.iter().any(|linked| linked.name.eq_ignore_ascii_case(&server));
            if !known {
                return Err(Problem::NoServer(server));
            }
            self.facts.wait(LOGIN_TIMEOUT);
            return Err(Problem::Unreachable(server));
        }
        if word(2).eq_ignore_ascii_case("bulk") {
            return self.bulk(word(3), seen);
        }
        let target = words.iter().skip(3).find(|word| word.contains(['=', '.', '\\', ';'])).cloned();
        let target = target.unwrap_or_else(|| word(2).to_owned());
        seen.deeds.push(Deed::Reach { means: "OPENROWSET", target });
        let allowed =
            self.facts.state().options.get("ad hoc distributed queries").is_some_and(|(_, on)| *on == 1);
        if !allowed {
            return Err(Problem::Raised(15281, 16, 1, match self.facts.language() {
                Language::Chinese => "SQL Server 阻止了对组件 'Ad Hoc Distributed Queries' 的 STATEMENT 'OpenRowset/OpenDatasource' 的访问，因为此组件已作为此服务器安全配置的一部分而被关闭。系统管理员可以通过使用 sp_configure 启用 'Ad Hoc Distributed Queries'。有关启用 'Ad Hoc Distributed Queries' 的详细信息，请搜索 SQL Server 联机丛书中的 'Ad Hoc Distributed Queries'。".to_owned(),
                Language::English => "SQL Server blocked access to STATEMENT 'OpenRowset/OpenDatasource' of component 'Ad Hoc Distributed Queries' because this component is turned off as part of the security configuration for this server. A system administrator can enable the use of 'Ad Hoc Distributed Queries' by using sp_configure.".to_owned(),
            }));
        }
        self.facts.wait(LOGIN_TIMEOUT);
        Err(Problem::Unreachable("(null)".to_owned()))
    }

    /// `OPENROWSET(BULK 'path', SINGLE_CLOB)`.
    fn bulk(&mut self, path: &str, seen: &mut Seen) -> Result<(), Problem> {
        seen.deeds.push(Deed::Files { means: "OPENROWSET BULK", path: path.to_owned() });
        let chinese = self.facts.language() == Language::Chinese;
        let said = |number, zh: String, en: String| {
            Err(Problem::Raised(number, 16, 1, if chinese { zh } else { en }))
        };
        if !self.facts.administrator {
            return said(
                4834,
                "您没有使用大容量加载语句的权限。".to_owned(),
                "You do not have permission to use the bulk load statement.".to_owned(),
            );
        }
        match procedures::file_exists(path, &self.facts) {
            false => said(
                4860,
                format!("无法大容量加载。文件 \"{path}\" 不存在。"),
                format!("Cannot bulk load. The file \"{path}\" does not exist."),
            ),
            true => said(
                4861,
                format!("无法大容量加载，因为无法打开文件 \"{path}\"。操作系统错误代码为 5(拒绝访问。)。"),
                format!(
                    "Cannot bulk load because the file \"{path}\" could not be opened. Operating system error code 5(Access is denied.)."
                ),
            ),
        }
    }
}
