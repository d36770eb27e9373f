//! MySQL's messages.

use super::{Words, last, words};
use crate::database::problem::Problem;

pub(super) fn words_of(problem: &Problem) -> Words {
    let error = |number, sqlstate, text: String| words(number, 16, 1, sqlstate, text);
    match problem {
        Problem::Syntax(near) | Problem::Unclosed(near) | Problem::Unsupported(near) => error(1064, "42000", format!(
            "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '{near}' at line 1")),
        Problem::TooDeep => error(1436, "HY000", "Thread stack overrun:  Use 'mysqld --thread_stack=#' to specify a bigger stack.".into()),
        Problem::NoObject(name) => error(1146, "42S02", format!("Table '{name}' doesn't exist")),
        Problem::NoColumn(name) => error(1054, "42S22", format!("Unknown column '{name}' in 'field list'")),
        Problem::Ambiguous(name) => error(1052, "23000", format!("Column '{}' in field list is ambiguous", last(name))),
        Problem::NoFunction(name) | Problem::NoProcedure(name) => error(1305, "42000", format!("FUNCTION {name} does not exist")),
        Problem::Arguments(name) => error(1582, "42000", format!("Incorrect parameter count in the call to native function '{name}'")),
        Problem::Interrupted | Problem::Killed => error(1317, "70100", "Query execution was interrupted".into()),
        Problem::Offline(name) | Problem::NoDatabase(name) => error(1049, "42000", format!("Unknown database '{name}'")),
        Problem::NoVariable(name) => error(1193, "HY000", format!("Unknown system variable '{}'", name.trim_start_matches('@'))),
        Problem::NoParameter(name, _) => error(1318, "42000", format!("Incorrect number of arguments for PROCEDURE {name}")),
        Problem::Exists(name) => error(1050, "42S01", format!("Table '{}' already exists", last(name))),
        Problem::NotDropped(name) => error(1051, "42S02", format!("Unknown table '{name}'")),
        Problem::Zero => error(1365, "22012", "Division by 0".into()),
        Problem::Conversion(value, ty) => error(1366, "HY000", format!("Incorrect {ty} value: '{value}'")),
        Problem::NoDate => error(1292, "22007", "Incorrect datetime value".into()),
        Problem::Overflow(ty) => error(1690, "22003", format!("{} value is out of range", ty.to_uppercase())),
        Problem::ManyRows => error(1242, "21000", "Subquery returns more than 1 row".into()),
        Problem::Columns => error(1222, "21000", "The used SELECT statements have a different number of columns".into()),
        Problem::NotNull(column, _) => error(1048, "23000", format!("Column '{column}' cannot be null")),
        Problem::Duplicate(_, _) => error(1062, "23000", "Duplicate entry for key 'PRIMARY'".into()),
        Problem::Denied { right, object, account } => error(1142, "42000", format!("{right} command denied to user {account} for table '{}'", last(object))),
        Problem::NotMade { what, object, account, .. } => error(1142, "42000", format!("{what} command denied to user {account} for table '{object}'")),
        Problem::NoRight(what) => error(1227, "42000", format!("Access denied; you need (at least one of) the {what} privilege(s) for this operation")),
        Problem::Resources => error(1317, "70100", "Query execution was interrupted".into()),
        Problem::Full(table) => error(1114, "HY000", format!("The table '{table}' is full")),
        Problem::Disabled(what) | Problem::NoOption(what) => error(1193, "HY000", format!("Unknown system variable '{what}'")),
        Problem::NoLogin(name) => error(1396, "HY000", format!("Operation ALTER USER failed for '{name}'@'%'")),
        Problem::NoServer(name) | Problem::Unreachable(name) => error(1477, "HY000", format!("The foreign server name you are trying to reference does not exist. Data source error:  {name}")),
        Problem::NoFile(_) => error(1290, "HY000", "The MySQL server is running with the --secure-file-priv option so it cannot execute this statement".into()),
        Problem::NotGrouped(name) => error(1111, "HY000", format!("Invalid use of group function {name}").trim_end().to_owned()),
        Problem::NoTransaction(_) => error(1305, "42000", "SAVEPOINT does not exist".into()),
        Problem::NotFirst(word) => words_of(&Problem::Syntax((*word).to_owned())),
        Problem::Unterminated => words_of(&Problem::Syntax(String::new())),
        Problem::Thrown(thrown) => error(thrown.0, "45000", thrown.3.clone()),
        Problem::Said(said) => error(1105, "HY000", said.text.clone()),
        Problem::Raised(number, _, _, text) => error(*number, "45000", text.clone()),
    }
}
