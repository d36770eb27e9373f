//! Oracle's messages.

use super::{Words, last, words};
use crate::database::Language;
use crate::database::problem::Problem;

pub(super) fn words_of(problem: &Problem, language: Language) -> Words {
    let (number, sqlstate, chinese, english) = parts(problem);
    let text = if language == Language::Chinese { chinese } else { english };
    words(number, 16, 1, sqlstate, format!("ORA-{number:05}: {text}"))
}

fn parts(problem: &Problem) -> (u32, &'static str, String, String) {
    let both = |number, sqlstate, chinese: &str, english: &str| {
        (number, sqlstate, chinese.to_owned(), english.to_owned())
    };
    match problem {
        Problem::Syntax(_) | Problem::Unsupported(_) => {
            both(933, "42000", "SQL 命令未正确结束", "SQL command not properly ended")
        }
        Problem::Unclosed(_) => {
            both(1756, "42000", "引号内的字符串没有正确结束", "quoted string not properly terminated")
        }
        Problem::TooDeep => both(913, "42000", "值过多", "too many values"),
        Problem::NoObject(_) | Problem::NotDropped(_) => {
            both(942, "42000", "表或视图不存在", "table or view does not exist")
        }
        Problem::NoColumn(name) | Problem::NoFunction(name) => {
            let name = name
                .split('.')
                .map(|part| format!("\"{}\"", part.to_uppercase()))
                .collect::<Vec<_>>()
                .join(".");
            (904, "42000", format!("{name}: 标识符无效"), format!("{name}: invalid identifier"))
        }
        Problem::Ambiguous(_) => both(918, "42000", "未明确定义列", "column ambiguously defined"),
        Problem::Arguments(_) => both(909, "42000", "参数个数无效", "invalid number of arguments"),
        Problem::NoProcedure(name) => (
            6550,
            "65000",
            format!("第 1 行, 第 7 列: \nPLS-00201: 必须声明标识符 '{}'", name.to_uppercase()),
            format!("line 1, column 7:\nPLS-00201: identifier '{}' must be declared", name.to_uppercase()),
        ),
        Problem::Offline(_) | Problem::NoDatabase(_) | Problem::NoServer(_) => both(
            2019,
            "42000",
            "未找到远程数据库的连接说明",
            "connection description for remote database not found",
        ),
        Problem::NoVariable(_) | Problem::NoParameter(..) => {
            both(1008, "42000", "并非所有变量都已绑定", "not all variables bound")
        }
        Problem::Exists(_) => {
            both(955, "42000", "名称已由现有对象使用", "name is already used by an existing object")
        }
        Problem::Zero => both(1476, "22012", "除数为 0", "divisor is equal to zero"),
        Problem::Conversion(..) => both(1722, "42000", "无效数字", "invalid number"),
        Problem::NoDate => {
            both(1861, "22008", "文字与格式字符串不匹配", "literal does not match format string")
        }
        Problem::Overflow(_) => both(1426, "22003", "数字溢出", "numeric overflow"),
        Problem::ManyRows => {
            both(1427, "21000", "单行子查询返回多个行", "single-row subquery returns more than one row")
        }
        Problem::Columns => both(
            1789,
            "42000",
            "查询块具有不正确的结果列数",
            "query block has incorrect number of result columns",
        ),
        Problem::NotNull(column, table) => (
            1400,
            "23000",
            format!("无法将 NULL 插入 (\"{}\".\"{}\")", last(table).to_uppercase(), column.to_uppercase()),
            format!(
                "cannot insert NULL into (\"{}\".\"{}\")",
                last(table).to_uppercase(),
                column.to_uppercase()
            ),
        ),
        Problem::Duplicate(_, table) => (
            1,
            "23000",
            format!("违反唯一约束条件 (PK_{})", last(table).to_uppercase()),
            format!("unique constraint (PK_{}) violated", last(table).to_uppercase()),
        ),
        Problem::Denied { .. } | Problem::NotMade { .. } | Problem::NoRight(_) => {
            both(1031, "42000", "权限不足", "insufficient privileges")
        }
        Problem::Killed => both(28, "72000", "您的会话己被终止", "your session has been killed"),
        Problem::Resources | Problem::Interrupted => {
            both(1013, "72000", "用户请求取消当前的操作", "user requested cancel of current operation")
        }
        Problem::Full(table) => (
            1653,
            "72000",
            format!("表 {table} 无法通过 128 (在表空间 USERS 中) 扩展"),
            format!("unable to extend table {table} by 128 in tablespace USERS"),
        ),
        Problem::Disabled(_) | Problem::NoOption(_) => {
            both(2248, "42000", "无效的 ALTER SESSION 选项", "invalid option for ALTER SESSION")
        }
        Problem::NoLogin(name) => (
            1918,
            "42000",
            format!("用户 '{}' 不存在", name.to_uppercase()),
            format!("user '{}' does not exist", name.to_uppercase()),
        ),
        Problem::Unreachable(_) => both(12170, "66000", "TNS: 连接超时", "TNS:Connect timeout occurred"),
        Problem::NoFile(_) => both(29283, "99999", "文件操作无效", "invalid file operation"),
        Problem::NotGrouped(_) => both(979, "42000", "不是 GROUP BY 表达式", "not a GROUP BY expression"),
        Problem::NoTransaction(_) => both(1086, "42000", "从未创建保存点", "savepoint never established"),
        Problem::NotFirst(_) | Problem::Unterminated => {
            both(900, "42000", "无效 SQL 语句", "invalid SQL statement")
        }
        Problem::Thrown(thrown) => (thrown.0, "72000", thrown.3.clone(), thrown.3.clone()),
        Problem::Said(said) => (20_000, "72000", said.text.clone(), said.text.clone()),
        Problem::Raised(number, _, _, text) => (*number, "72000", text.clone(), text.clone()),
    }
}
