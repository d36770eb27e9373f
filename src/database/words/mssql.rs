//! SQL Server's messages (`sys.messages`, 2052 and 1033).

use super::{Words, last, words};
use crate::database::Language;
use crate::database::problem::Problem;

pub(super) fn words_of(problem: &Problem, language: Language) -> Words {
    let zh = language == Language::Chinese;
    let say = |chinese: String, english: String| if zh { chinese } else { english };
    match problem {
        Problem::Syntax(near) => words(102, 15, 1, "42000", say(format!("“{near}”附近有语法错误。"), format!("Incorrect syntax near '{near}'."))),
        Problem::Unclosed(text) => words(105, 15, 1, "42000", say(
            format!("字符串“{text}”后的引号不完整。"), format!("Unclosed quotation mark after the character string '{text}'."))),
        Problem::TooDeep => words(191, 15, 1, "42000", say(
            "SQL 语句的某些部分嵌套过深。请重写查询或将其分解为若干较小的查询。".into(),
            "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller queries.".into())),
        Problem::NoObject(name) => words(208, 16, 1, "42S02", say(format!("对象名 '{name}' 无效。"), format!("Invalid object name '{name}'."))),
        Problem::NoColumn(name) if name.contains('.') => words(4104, 16, 1, "42000", say(
            format!("无法绑定由多个部分组成的标识符 \"{name}\"。"), format!("The multi-part identifier \"{name}\" could not be bound."))),
        Problem::NoColumn(name) => words(207, 16, 1, "42S22", say(format!("列名 '{name}' 无效。"), format!("Invalid column name '{name}'."))),
        Problem::Ambiguous(name) => words(209, 16, 1, "42000", say(format!("列名 '{}' 不明确。", last(name)), format!("Ambiguous column name '{}'.", last(name)))),
        Problem::NoFunction(name) => words(195, 15, 10, "42000", say(
            format!("'{name}' 不是可以识别的 内置函数名称。"), format!("'{name}' is not a recognized built-in function name."))),
        Problem::Arguments(name) => words(174, 15, 1, "42000", say(format!("{name} 函数的参数个数无效。"), format!("The {name} function has a wrong number of arguments."))),
        Problem::NoProcedure(name) => words(2812, 16, 62, "42000", say(format!("找不到存储过程 '{name}'。"), format!("Could not find stored procedure '{name}'."))),
        Problem::Offline(name) => words(942, 14, 4, "42000", say(
            format!("数据库 '{name}' 无法打开，因为它处于离线状态。"),
            format!("Database '{name}' cannot be opened because it is offline."))),
        Problem::Interrupted => words(0, 11, 0, "HY000", say(
            "当前命令发生了严重错误。应放弃任何可能产生的结果。".into(),
            "A severe error occurred on the current command.  The results, if any, should be discarded.".into())),
        Problem::Killed => words(596, 21, 1, "HY000", say(
            "无法继续执行，因为会话处于终止状态。".into(),
            "Cannot continue the execution because the session is in the kill state.".into())),
        Problem::NoDatabase(name) => words(911, 16, 1, "08004", say(
            format!("数据库 '{name}' 不存在。请确保正确地输入了该名称。"),
            format!("Database '{name}' does not exist. Make sure that the name is entered correctly."))),
        Problem::NoVariable(name) => words(137, 15, 2, "42000", say(format!("必须声明标量变量 \"{name}\"。"), format!("Must declare the scalar variable \"{name}\"."))),
        Problem::NoParameter(procedure, name) => words(201, 16, 4, "42000", say(
            format!("过程或函数 '{procedure}' 需要参数 '{name}'，但未提供该参数。"),
            format!("Procedure or function '{procedure}' expects parameter '{name}', which was not supplied."))),
        Problem::Exists(name) => words(2714, 16, 6, "42S01", say(
            format!("数据库中已存在名为 '{}' 的对象。", last(name)), format!("There is already an object named '{}' in the database.", last(name)))),
        Problem::NotDropped(name) => words(3701, 11, 5, "42S02", say(
            format!("无法对 表 '{name}' 执行 删除，因为它不存在，或者您没有所需的权限。"),
            format!("Cannot drop the table '{name}', because it does not exist or you do not have permission."))),
        Problem::Zero => words(8134, 16, 1, "22012", say("遇到以零作除数错误。".into(), "Divide by zero error encountered.".into())),
        Problem::Conversion(value, ty) => words(245, 16, 1, "22018", say(
            format!("在将 varchar 值 '{value}' 转换成数据类型 {ty} 时失败。"),
            format!("Conversion failed when converting the varchar value '{value}' to data type {ty}."))),
        Problem::NoDate => words(241, 16, 1, "22007", say(
            "从字符串转换日期和/或时间时，转换失败。".into(), "Conversion failed when converting date and/or time from character string.".into())),
        Problem::Overflow(ty) => words(8115, 16, 2, "22003", say(
            format!("将 expression 转换为数据类型 {ty} 时出现算术溢出错误。"), format!("Arithmetic overflow error converting expression to data type {ty}."))),
        Problem::ManyRows => words(512, 16, 1, "21000", say(
            "子查询返回的值不止一个。当子查询跟随在 =、!=、<、<=、>、>= 之后，或子查询用作表达式时，这种情况是不允许的。".into(),
            "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.".into())),
        Problem::Columns => words(205, 16, 1, "42000", say(
            "使用 UNION、INTERSECT 或 EXCEPT 运算符合并的所有查询必须在其目标列表中有相同数目的表达式。".into(),
            "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.".into())),
        Problem::NotNull(column, table) => words(515, 16, 2, "23000", say(
            format!("不能将值 NULL 插入列 '{column}'，表 '{table}'；列不允许有 Null 值。INSERT 失败。"),
            format!("Cannot insert the value NULL into column '{column}', table '{table}'; column does not allow nulls. INSERT fails."))),
        Problem::Duplicate(key, table) => words(2627, 14, 1, "23000", say(
            format!("违反了 PRIMARY KEY 约束“{key}”。不能在对象“{table}”中插入重复键。"),
            format!("Violation of PRIMARY KEY constraint '{key}'. Cannot insert duplicate key in object '{table}'."))),
        Problem::Denied { right, object, .. } => words(229, 14, 5, "42000", say(
            format!("拒绝了对对象 '{}' (数据库 '{}'，架构 'dbo')的 {right} 权限。", last(object), object.split('.').next().unwrap_or_default()),
            format!("The {right} permission was denied on the object '{}', database '{}', schema 'dbo'.", last(object), object.split('.').next().unwrap_or_default()))),
        Problem::NotMade { what, database, .. } => words(262, 14, 1, "42000", say(
            format!("在数据库 '{database}' 中拒绝了 {what} 权限。"),
            format!("{what} permission denied in database '{database}'."))),
        Problem::NoRight(_) => words(15247, 16, 1, "42000", say("用户没有执行此操作的权限。".into(), "User does not have permission to perform this action.".into())),
        Problem::Resources => words(701, 17, 123, "HY000", say(
            "资源池 'default' 没有足够的系统内存来运行此查询。".into(), "There is insufficient system memory in resource pool 'default' to run this query.".into())),
        Problem::Full(database) => words(9002, 17, 2, "HY000", say(
            format!("数据库 '{database}' 的事务日志已满，原因为“LOG_BACKUP”。"), format!("The transaction log for database '{database}' is full due to 'LOG_BACKUP'."))),
        Problem::Disabled(component) => words(15281, 16, 1, "42000", say(
            format!("SQL Server 阻止了对组件 '{component}' 的 过程 'sys.{component}' 的访问，因为此组件已作为此服务器安全配置的一部分而被关闭。系统管理员可以通过使用 sp_configure 启用 '{component}'。有关启用 '{component}' 的详细信息，请参阅 SQL Server 联机丛书中的 \"外围应用配置器\"。"),
            format!("SQL Server blocked access to procedure 'sys.{component}' of component '{component}' because this component is turned off as part of the security configuration for this server. A system administrator can enable the use of '{component}' by using sp_configure. For more information about enabling '{component}', see \"Surface Area Configuration\" in SQL Server Books Online."))),
        Problem::NoOption(name) => words(15123, 16, 1, "42000", say(
            format!("配置选项 '{name}' 不存在，也可能是高级选项。"), format!("The configuration option '{name}' does not exist, or it may be an advanced option."))),
        Problem::NoLogin(name) => words(15151, 16, 1, "42000", say(
            format!("无法对 登录名 '{name}' 执行 更改，因为它不存在，或者您没有所需的权限。"),
            format!("Cannot alter the login '{name}', because it does not exist or you do not have permission."))),
        Problem::NoServer(name) => words(7202, 11, 2, "42000", say(
            format!("在 sys.servers 中找不到服务器 '{name}'。请验证指定的服务器名称是否正确。如果需要，请执行存储过程 sp_addlinkedserver 以将服务器添加到 sys.servers。"),
            format!("Could not find server '{name}' in sys.servers. Verify that the correct server name was specified. If necessary, execute the stored procedure sp_addlinkedserver to add the server to sys.servers."))),
        Problem::Unreachable(name) => words(10060, 16, 1, "08001", say(
            format!("链接服务器\"{name}\"的 OLE DB 访问接口 \"SQLNCLI11\" 返回了消息 \"登录超时已过期\"。\r\nTCP 访问接口: 由于连接方在一段时间后没有正确答复或连接的主机没有反应，连接尝试失败。"),
            format!("OLE DB provider \"SQLNCLI11\" for linked server \"{name}\" returned message \"Login timeout expired\".\r\nTCP Provider: A connection attempt failed because the connected party did not properly respond after a period of time."))),
        Problem::NoFile(path) => words(4860, 16, 1, "42000", say(
            format!("无法大容量加载。文件\"{path}\"不存在。"), format!("Cannot bulk load. The file \"{path}\" does not exist."))),
        Problem::Unsupported(what) => words(102, 15, 1, "42000", say(format!("“{what}”附近有语法错误。"), format!("Incorrect syntax near '{what}'."))),
        Problem::NotGrouped(name) => words(8120, 16, 1, "42000", say(
            format!("选择列表中的列 '{name}' 无效，因为该列没有包含在聚合函数或 GROUP BY 子句中。"),
            format!("Column '{name}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause."))),
        Problem::NoTransaction(verb) => {
            let number = if *verb == "COMMIT" { 3902 } else { 3903 };
            words(number, 16, 1, "25000", say(
                format!("{verb} TRANSACTION 请求没有对应的 BEGIN TRANSACTION。"), format!("The {verb} TRANSACTION request has no corresponding BEGIN TRANSACTION.")))
        }
        Problem::NotFirst(kind) => {
            let shown = if *kind == "VIEW" { "CREATE VIEW".to_owned() } else { format!("CREATE/ALTER {kind}") };
            words(111, 15, 1, "42000", say(
                format!("'{shown}' 必须是查询批次中的第一个语句。"),
                format!("'{shown}' must be the first statement in a query batch.")))
        }
        Problem::Unterminated => words(10_713, 15, 1, "42000", say(
            "MERGE 语句必须以分号(;)终止。".into(), "A MERGE statement must be terminated by a semi-colon (;).".into())),
        Problem::Thrown(thrown) => words(thrown.0, thrown.1, thrown.2, "42000", thrown.3.clone()),
        Problem::Said(said) => words(50_000, 16, 1, "42000", said.text.clone()),
        Problem::Raised(number, class, state, text) => words(*number, *class, *state, "42000", text.clone()),
    }
}

/// 5701.
pub(in crate::database) fn changed_database(name: &str, language: Language) -> String {
    match language {
        Language::Chinese => format!("已将数据库上下文更改为 '{name}'。"),
        Language::English => format!("Changed database context to '{name}'."),
    }
}

/// 5703.
pub(in crate::database) fn changed_language(name: &str, language: Language) -> String {
    match language {
        Language::Chinese => format!("已将语言设置更改为 {name}。"),
        Language::English => format!("Changed language setting to {name}."),
    }
}

/// 15457.
pub(in crate::database) fn configured(option: &str, from: i64, to: i64, language: Language) -> String {
    match language {
        Language::Chinese => {
            format!("配置选项 '{option}' 已从 {from} 更改为 {to}。请运行 RECONFIGURE 语句进行安装。")
        }
        Language::English => {
            format!(
                "Configuration option '{option}' changed from {from} to {to}. Run the RECONFIGURE statement to install."
            )
        }
    }
}
