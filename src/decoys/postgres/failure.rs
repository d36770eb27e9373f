//! Errors and notices with the fields that PostgreSQL 15.18 gives them, its source places included.

use super::backend::Backend;
use crate::database::Message;

/// One error or notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `FATAL`: the connection ends; `ERROR`, `WARNING`, `NOTICE`.
    pub severity: &'static str,
    /// SQLSTATE.
    pub code: String,
    /// Text.
    pub message: String,
    /// More of it; may be empty.
    pub detail: String,
    /// What to do; may be empty.
    pub hint: String,
    /// Character of the statement, from 1; 0 for none.
    pub position: u32,
    /// Where the server's source reports it.
    pub place: Place,
}

/// A place in the server's source: file, line, routine.
pub type Place = (&'static str, u32, &'static str);

/// Where the server's parser reports errors.
pub(super) const SYNTAX: Place = ("scan.l", 1188, "scanner_yyerror");

/// Where errors of the database are reported: SQLSTATE, beginning of the text, place.
const PLACES: &[(&str, &str, Place)] = &[
    ("42601", "syntax error at end", ("scan.l", 1180, "scanner_yyerror")),
    ("42601", "each UNION", ("analyze.c", 2149, "transformSetOperationTree")),
    ("42601", "", SYNTAX),
    ("42P01", "missing FROM", ("parse_relation.c", 3620, "errorMissingRTE")),
    ("42P01", "relation", ("parse_relation.c", 1392, "parserOpenTable")),
    ("42P01", "table", ("tablecmds.c", 1345, "DropErrorMsgNonExistent")),
    ("42703", "", ("parse_relation.c", 3665, "errorMissingColumn")),
    ("42702", "", ("parse_relation.c", 711, "colNameToVar")),
    ("42883", "function", ("parse_func.c", 629, "ParseFuncOrColumn")),
    ("42883", "operator", ("parse_oper.c", 746, "op_error")),
    ("42883", "", ("parse_func.c", 618, "ParseFuncOrColumn")),
    ("42803", "aggregate", ("parse_agg.c", 579, "check_agglevels_and_constraints")),
    ("42803", "", ("parse_agg.c", 1445, "check_ungrouped_columns_walker")),
    ("42804", "", ("parse_coerce.c", 1212, "coerce_to_specific_type_typmod")),
    ("42704", "type", ("parse_type.c", 270, "typenameType")),
    ("42704", "role", ("acl.c", 5186, "get_role_oid")),
    ("42704", "unrecognized", ("guc.c", 5766, "find_option")),
    ("42704", "", ("parse_type.c", 270, "typenameType")),
    ("42501", "permission denied for", ("aclchk.c", 2883, "aclcheck_error")),
    ("42501", "must be owner", ("aclchk.c", 3001, "aclcheck_error")),
    ("42501", "permission denied to create database", ("dbcommands.c", 769, "createdb")),
    ("42501", "permission denied to create role", ("user.c", 305, "CreateRole")),
    ("42501", "", ("aclchk.c", 2883, "aclcheck_error")),
    ("42P07", "", ("heap.c", 1145, "heap_create_with_catalog")),
    ("42P02", "", ("parse_param.c", 113, "fixed_paramref_hook")),
    ("42P18", "", ("parse_param.c", 291, "check_parameter_resolution_walker")),
    ("22012", "", ("int.c", 869, "int4div")),
    ("22003", "integer", ("int.c", 782, "int4pl")),
    ("22003", "", ("numeric.c", 7653, "apply_typmod")),
    ("22007", "", ("datetime.c", 4021, "DateTimeParseError")),
    ("22008", "", ("datetime.c", 4006, "DateTimeParseError")),
    ("22P02", "invalid input syntax for type boolean", ("bool.c", 151, "boolin")),
    ("22P02", "invalid input syntax for type smallint", ("numutils.c", 129, "pg_strtoint16")),
    ("22P02", "invalid input syntax for type bigint", ("numutils.c", 335, "pg_strtoint64")),
    ("22P02", "invalid input syntax for type oid", ("numutils.c", 419, "uint32in_subr")),
    ("22P02", "invalid input syntax for type numeric", ("numeric.c", 7098, "set_var_from_str")),
    ("22P02", "invalid input syntax for type double", ("float.c", 420, "float8in_internal_opt_error")),
    ("22P02", "invalid input syntax for type uuid", ("uuid.c", 133, "string_to_uuid")),
    ("22P02", "invalid input syntax for type json", ("jsonfuncs.c", 629, "json_ereport_error")),
    ("22P02", "malformed array", ("arrayfuncs.c", 268, "array_in")),
    ("22P02", "", ("numutils.c", 232, "pg_strtoint32")),
    ("22001", "", ("varchar.c", 635, "varchar")),
    ("21000", "", ("nodeSubplan.c", 319, "ExecSubPlan")),
    ("23502", "", ("execMain.c", 1979, "ExecConstraints")),
    ("23505", "", ("nbtinsert.c", 664, "_bt_check_unique")),
    ("3D000", "", ("postinit.c", 1014, "InitPostgres")),
    ("3F000", "", ("namespace.c", 3066, "get_namespace_oid")),
    ("54001", "", ("postgres.c", 3429, "check_stack_depth")),
    ("57014", "", ("postgres.c", 3251, "ProcessInterrupts")),
    ("58P01", "", ("genfile.c", 102, "read_binary_file")),
    ("53100", "", ("md.c", 480, "mdextend")),
    ("0A000", "", ("parse_clause.c", 1102, "transformFromClauseItem")),
];

impl Failure {
    /// An error that ends the connection.
    pub fn fatal(code: &str, message: impl Into<String>, place: Place) -> Self {
        Failure { severity: "FATAL", ..Failure::error(code, message, place) }
    }

    /// An error of one statement.
    pub fn error(code: &str, message: impl Into<String>, place: Place) -> Self {
        Failure {
            severity: "ERROR",
            code: code.to_owned(),
            message: message.into(),
            detail: String::new(),
            hint: String::new(),
            position: 0,
            place,
        }
    }

    /// A warning.
    pub fn warning(code: &str, message: impl Into<String>, place: Place) -> Self {
        Failure { severity: "WARNING", ..Failure::error(code, message, place) }
    }

    /// What the database says.
    pub fn of(message: &Message) -> Self {
        let fits = |(code, start, _): &&(&str, &str, Place)| {
            message.sqlstate == *code && message.text.starts_with(start)
        };
        let place = PLACES.iter().find(fits).map_or(("elog.c", 0, "errfinish"), |(_, _, place)| *place);
        let made = Failure::error(&message.sqlstate, message.text.as_str(), place);
        Failure {
            severity: if message.is_error() { "ERROR" } else { "NOTICE" },
            detail: message.detail.clone(),
            hint: message.hint.clone(),
            position: message.line,
            ..made
        }
    }

    /// The same with a second sentence.
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Failure { detail: detail.into(), ..self }
    }

    /// The same with advice.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Failure { hint: hint.into(), ..self }
    }

    /// The same at a character of the statement, from 1.
    pub fn at(self, position: u32) -> Self {
        Failure { position, ..self }
    }

    /// Appends it as ErrorResponse, or as NoticeResponse where it is none.
    pub fn put(&self, out: &mut Backend) {
        let (file, line, routine) = self.place;
        let (position, line) = (self.position.to_string(), line.to_string());
        let position = if self.position == 0 { "" } else { position.as_str() };
        let fields = [
            (b'S', self.severity),
            (b'V', self.severity),
            (b'C', self.code.as_str()),
            (b'M', self.message.as_str()),
            (b'D', self.detail.as_str()),
            (b'H', self.hint.as_str()),
            (b'P', position),
            (b'F', file),
            (b'L', line.as_str()),
            (b'R', routine),
        ];
        let mut body = Vec::new();
        for (field, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
            body.push(field);
            body.extend(text.bytes().filter(|byte| *byte != 0));
            body.push(0);
        }
        body.push(0);
        let notice = matches!(self.severity, "WARNING" | "NOTICE");
        out.message(if notice { b'N' } else { b'E' }, &body);
    }

    pub(super) fn unsupported_version(major: u16, minor: u16) -> Self {
        let message = format!("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0");
        Failure::fatal("0A000", message, ("postmaster.c", 2222, "ProcessStartupPacket"))
    }

    pub(super) fn bad_layout() -> Self {
        let message = "invalid startup packet layout: expected terminator as last byte";
        Failure::fatal("08P01", message, ("postmaster.c", 2334, "ProcessStartupPacket"))
    }

    pub(super) fn no_user() -> Self {
        let message = "no PostgreSQL user name specified in startup packet";
        Failure::fatal("28000", message, ("postmaster.c", 2351, "ProcessStartupPacket"))
    }

    pub(super) fn wrong_password(user: &str) -> Self {
        let message = format!("password authentication failed for user \"{user}\"");
        Failure::fatal("28P01", message, ("auth.c", 334, "auth_failed"))
    }

    pub(super) fn expected_sasl(kind: u8) -> Self {
        let message = format!("expected SASL response, got message type {kind}");
        Failure::fatal("08P01", message, ("auth-sasl.c", 95, "CheckSASLAuth"))
    }

    pub(super) fn expected_password(kind: u8) -> Self {
        let message = format!("expected password response, got message type {kind}");
        Failure::fatal("08P01", message, ("auth.c", 717, "recv_password_packet"))
    }

    pub(super) fn bad_mechanism() -> Self {
        let message = "client selected an invalid SASL authentication mechanism";
        Failure::fatal("08P01", message, ("auth-scram.c", 256, "scram_init"))
    }

    pub(super) fn malformed_first() -> Self {
        Failure::fatal(
            "08P01",
            "malformed SCRAM message",
            ("auth-scram.c", 1025, "read_client_first_message"),
        )
        .with_detail("Expected attribute \"r\" but found something else.")
    }

    pub(super) fn malformed_final() -> Self {
        Failure::fatal(
            "08P01",
            "malformed SCRAM message",
            ("auth-scram.c", 1353, "read_client_final_message"),
        )
        .with_detail("Malformed proof in client-final-message.")
    }

    pub(super) fn binding() -> Self {
        let place = ("auth-scram.c", 1321, "read_client_final_message");
        Failure::fatal("28000", "SCRAM channel binding check failed", place)
    }

    pub(super) fn no_walsender() -> Self {
        let message = "must be superuser or replication role to start walsender";
        Failure::fatal("42501", message, ("postinit.c", 928, "InitPostgres"))
    }

    pub(super) fn bad_message(kind: u8) -> Self {
        let message = format!("invalid frontend message type {kind}");
        Failure::fatal("08P01", message, ("postgres.c", 4741, "PostgresMain"))
    }

    pub(super) fn short_message() -> Self {
        let message = "insufficient data left in message";
        Failure::error("08P01", message, ("pqformat.c", 529, "pq_copymsgbytes"))
    }

    pub(super) fn bad_string() -> Self {
        Failure::error("08P01", "invalid string in message", ("pqformat.c", 594, "pq_getmsgstring"))
    }

    pub(super) fn in_failed_transaction(place: Place) -> Self {
        let message = "current transaction is aborted, commands ignored until end of transaction block";
        Failure::error("25P02", message, place)
    }

    pub(super) fn no_statement(name: &str, place: Place) -> Self {
        Failure::error("26000", format!("prepared statement \"{name}\" does not exist"), place)
    }

    pub(super) fn cancelled(why: &str) -> Self {
        let message = format!("canceling statement due to {why}");
        let line = match why {
            "statement timeout" => 3251,
            _ => 3273,
        };
        Failure::error("57014", message, ("postgres.c", line, "ProcessInterrupts"))
    }

    pub(super) fn memory() -> Self {
        Failure::error("53200", "out of memory", ("mcxt.c", 1051, "MemoryContextAllocExtended"))
    }

    pub(super) fn syntax(near: &str) -> Self {
        Failure::error("42601", format!("syntax error at or near \"{near}\""), SYNTAX)
    }

    pub(super) fn ended() -> Self {
        let end = ("scan.l", 1180, "scanner_yyerror");
        Failure::error("42601", "syntax error at end of input", end)
    }
}
