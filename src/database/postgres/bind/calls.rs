//! Calls of functions: which there are, and what each gives.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList,
    FunctionArguments, ObjectName, ObjectNamePart, Spanned, WindowType,
};
use sqlparser::tokenizer::Span;

use super::expressions::taken;
use super::{Binder, folded, quoted};
use crate::database::postgres::builtin::builtin;
use crate::database::postgres::format_type;
use crate::database::postgres::types::{PgType, oid};
use crate::database::problem::{Problem, Said};
use crate::database::rewrite::literal;

/// A function as `pg_proc` has it.
struct Known {
    arguments: Vec<u32>,
    gives: u32,
    variadic: bool,
    defaults: usize,
    rows: bool,
}

/// All functions by name.
static ALL: LazyLock<BTreeMap<&'static str, Vec<Known>>> = LazyLock::new(|| {
    let mut all: BTreeMap<&'static str, Vec<Known>> = BTreeMap::new();
    let Some(table) = builtin().get("pg_catalog.pg_proc") else { return all };
    for row in &table.rows {
        let text = |name| table.value(row, name).unwrap_or_default();
        let arguments = text("proargtypes").split(' ').filter_map(|part| part.parse().ok()).collect();
        let known = Known {
            arguments,
            gives: text("prorettype").parse().unwrap_or(0),
            variadic: text("provariadic") != "0",
            defaults: text("pronargdefaults").parse().unwrap_or(0),
            rows: text("proretset") == "true",
        };
        all.entry(text("proname")).or_default().push(known);
    }
    all
});

/// Functions that the engine has under the same name, or another one.
const ENGINES: &[(&str, &str)] = &[
    ("count", "count"),
    ("sum", "sum"),
    ("min", "min"),
    ("max", "max"),
    ("avg", "pg_avg"),
    ("string_agg", "string_agg"),
    ("array_agg", "pg_array_agg"),
    ("json_build_object", "json_object"),
    ("json_build_array", "json_array"),
    ("json_agg", "json_group_array"),
    ("jsonb_agg", "json_group_array"),
    ("bool_and", "min"),
    ("bool_or", "max"),
    ("every", "min"),
    ("lower", "f_pg_lower"),
    ("upper", "f_pg_upper"),
    ("length", "length"),
    ("char_length", "length"),
    ("character_length", "length"),
    ("abs", "abs"),
    ("replace", "replace"),
    ("substr", "substr"),
    ("substring", "substr"),
    ("btrim", "trim"),
    ("ltrim", "ltrim"),
    ("rtrim", "rtrim"),
    ("row_number", "row_number"),
    ("rank", "rank"),
    ("dense_rank", "dense_rank"),
    ("percent_rank", "percent_rank"),
    ("cume_dist", "cume_dist"),
    ("ntile", "ntile"),
    ("lag", "lag"),
    ("lead", "lead"),
    ("first_value", "first_value"),
    ("last_value", "last_value"),
    ("nth_value", "nth_value"),
];

/// Polymorphic types, which are those of the arguments.
const ANY: [u32; 4] = [2283, 2776, 3500, 5077];
const ANY_ARRAY: [u32; 2] = [2277, 5078];

impl Binder<'_> {
    pub(super) fn function(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let span = expr.span();
        let Expr::Function(function) = expr else { return Ok(PgType::of(oid::UNKNOWN)) };
        let parts: Vec<String> = function
            .name
            .0
            .iter()
            .map(|part| match part {
                ObjectNamePart::Identifier(ident) => folded(ident),
                ObjectNamePart::Function(function) => function.to_string(),
            })
            .collect();
        let name = parts.last().cloned().unwrap_or_default();
        if let FunctionArguments::Subquery(query) = &mut function.args {
            let (made, ty) = self.array_of_query(query)?;
            *expr = made;
            return Ok(ty);
        }
        let mut types = Vec::new();
        if let FunctionArguments::List(list) = &mut function.args {
            self.arguments(list, &mut types)?;
        }
        if let Some(condition) = function.filter.as_deref_mut() {
            self.condition(condition, "FILTER")?;
        }
        if let Some(WindowType::WindowSpec(spec)) = &mut function.over {
            self.window(spec)?;
        }
        if let Some(WindowType::NamedWindow(window)) = &mut function.over {
            *window = quoted(folded(window));
        }
        if types.is_empty()
            && function.over.is_none()
            && !has_arguments(function)
            && let Some((value, ty)) = self.names.constant(&name)
        {
            *expr = literal(&value);
            return Ok(ty);
        }
        self.known(expr, &name, &types, span)
    }

    fn arguments(&mut self, list: &mut FunctionArgumentList, types: &mut Vec<PgType>) -> Result<(), Problem> {
        for arg in &mut list.args {
            match arg {
                FunctionArg::Unnamed(
                    FunctionArgExpr::Expr(Expr::Wildcard(_)) | FunctionArgExpr::Wildcard,
                ) => {}
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => types.push(self.expr(expr)?),
                FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(_)) => {
                    *arg = FunctionArg::Unnamed(FunctionArgExpr::Wildcard);
                }
                FunctionArg::Unnamed(_) => {}
                FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expr), .. } => {
                    types.push(self.expr(expr)?);
                    let expr = taken(expr);
                    *arg = FunctionArg::Unnamed(FunctionArgExpr::Expr(expr));
                }
                FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => {}
            }
        }
        for clause in &mut list.clauses {
            if let FunctionArgumentClause::OrderBy(order) = clause {
                for one in order {
                    self.expr(&mut one.expr)?;
                }
            }
        }
        Ok(())
    }

    /// A function by its name and the types of its arguments.
    fn known(
        &mut self,
        expr: &mut Expr,
        name: &str,
        types: &[PgType],
        span: Span,
    ) -> Result<PgType, Problem> {
        let Expr::Function(function) = expr else { return Ok(PgType::of(oid::UNKNOWN)) };
        match name {
            "coalesce" | "greatest" | "least" => {
                let ty = self.common_type(types, &name.to_uppercase(), span)?;
                self.give(function, types, ty)?;
                if name != "coalesce" {
                    rename(function, &format!("f_pg_{name}"));
                } else if types.len() == 1 {
                    *expr = first(function);
                } else {
                    rename(function, name);
                }
                return Ok(ty);
            }
            "nullif" => {
                let ty = types.first().copied().unwrap_or(PgType::of(oid::TEXT));
                self.give(function, types, ty)?;
                rename(function, name);
                return Ok(if ty.oid == oid::UNKNOWN { PgType::of(oid::TEXT) } else { ty });
            }
            _ => {}
        }
        let Some(found) = choose(name, types) else { return Err(self.no_function(name, types, span)) };
        if !self.names.may_call(name) {
            let text = format!("permission denied for function {name}");
            return Err(self.error("42501", text, Span::empty()));
        }
        let gives = given(found, types);
        let wanted: Vec<u32> = found.arguments.clone();
        if found.rows {
            return self.rows_in_list(expr, name, types, span);
        }
        self.give_each(function, types, &wanted)?;
        let engine = ENGINES.iter().find(|(known, _)| *known == name).map(|(_, engine)| *engine);
        match engine {
            Some("pg_array_agg") => {
                let element = types.first().copied().unwrap_or(PgType::of(oid::TEXT));
                insert(function, literal(&Cell::Text(super::coerce::type_word(element))));
                rename(function, "pg_array_agg");
            }
            Some(engine) => rename(function, engine),
            None if self.names.has_function(&format!("pg_{name}")) => {
                rename(function, &format!("f_pg_{name}"))
            }
            None if self.names.has_function(name) => rename(function, &format!("f_{name}")),
            None => return Err(self.no_function(name, types, span)),
        }
        // What sums and averages add up keeps the digits of what they are made of.
        let keeps = matches!(name, "sum" | "min" | "max") && gives.oid == oid::NUMERIC;
        let modifier = types.first().filter(|_| keeps).map_or(-1, |ty| ty.modifier);
        Ok(PgType { modifier, ..gives })
    }

    /// A function of rows in a select list becomes a table.
    fn rows_in_list(
        &mut self,
        expr: &mut Expr,
        name: &str,
        types: &[PgType],
        span: Span,
    ) -> Result<PgType, Problem> {
        let Expr::Function(function) = expr else { return Ok(PgType::of(oid::UNKNOWN)) };
        let FunctionArguments::List(list) = &mut function.args else {
            return Err(self.no_function(name, &[], span));
        };
        let arguments: Vec<Expr> = list
            .args
            .iter_mut()
            .filter_map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(taken(expr)),
                _ => None,
            })
            .collect();
        let (rows, out) = self.rows_of(name, arguments, types, span)?;
        let Some(scope) = self.scope() else { return Err(Problem::Unsupported(name.to_owned())) };
        let alias = format!("$rows{}", scope.added.len());
        let text = format!("SELECT 1 FROM json_each(1) AS \"{alias}\"");
        let parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::SQLiteDialect {}, &text);
        let Some(sqlparser::ast::Statement::Query(mut query)) = parsed.ok().and_then(|mut all| all.pop())
        else {
            return Err(Problem::Unsupported(name.to_owned()));
        };
        if let sqlparser::ast::SetExpr::Select(select) = query.body.as_mut()
            && let Some(mut from) = select.from.pop()
        {
            if let sqlparser::ast::TableFactor::Table { args: Some(args), .. } = &mut from.relation {
                args.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(rows))];
            }
            scope.added.push(from);
        }
        *expr = Expr::CompoundIdentifier(vec![quoted(alias), quoted("value")]);
        Ok(out.first().map_or(PgType::of(oid::TEXT), |out| out.ty))
    }

    /// Gives arguments without a type the one that all have.
    fn give(&mut self, function: &mut Function, types: &[PgType], ty: PgType) -> Result<(), Problem> {
        if ty.oid == oid::UNKNOWN {
            return Ok(());
        }
        let FunctionArguments::List(list) = &mut function.args else { return Ok(()) };
        for (arg, found) in list.args.iter_mut().zip(types) {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg
                && found.oid == oid::UNKNOWN
            {
                self.assign(expr, *found, ty)?;
            }
        }
        Ok(())
    }

    fn give_each(
        &mut self,
        function: &mut Function,
        types: &[PgType],
        wanted: &[u32],
    ) -> Result<(), Problem> {
        let FunctionArguments::List(list) = &mut function.args else { return Ok(()) };
        let mut types = types.iter();
        for (at, arg) in list.args.iter_mut().enumerate() {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg else { continue };
            let Some(found) = types.next().copied() else { continue };
            let wanted = wanted.get(at).or(wanted.last()).copied().map(PgType::of);
            let Some(wanted) = wanted.filter(|ty| ty.known().is_some_and(|known| known.category != 'P'))
            else {
                continue;
            };
            let text = wanted.oid == oid::TEXT && super::coerce::is_object(found);
            if found.oid == oid::UNKNOWN || text || wanted.oid == oid::TEXT && found.oid == oid::BOOL {
                self.assign(expr, found, wanted)?;
            }
        }
        Ok(())
    }

    pub(super) fn no_function(&self, name: &str, types: &[PgType], span: Span) -> Problem {
        let shown = |ty: &PgType| {
            if ty.oid == oid::UNKNOWN {
                "unknown".to_owned()
            } else {
                format_type(PgType { modifier: -1, ..*ty })
            }
        };
        let list: Vec<String> = types.iter().map(shown).collect();
        let text = format!("function {name}({}) does not exist", list.join(", "));
        let hint = "No function matches the given name and argument types. You might need to add explicit type casts.";
        let position = self.at(span);
        Problem::Said(Box::new(Said {
            code: "42883",
            text,
            hint: hint.to_owned(),
            position,
            ..Said::default()
        }))
    }
}

/// The function of a name that arguments fit best.
fn choose(name: &str, types: &[PgType]) -> Option<&'static Known> {
    let fits = |known: &&Known| {
        let count = known.arguments.len();
        types.len() == count
            || types.len() < count && types.len() + known.defaults >= count
            || known.variadic && types.len() + 1 >= count
            || name == "count"
    };
    let score = |known: &&Known| {
        let one = |(at, ty): (usize, &PgType)| {
            let Some(wanted) = known.arguments.get(at).or(known.arguments.last()) else { return 0 };
            if *wanted == ty.oid {
                return 20;
            }
            let (to, from) = (PgType::of(*wanted).known(), ty.known());
            let category = |known: Option<crate::database::postgres::types::Known>| known.map(|k| k.category);
            match (category(to), category(from)) {
                (Some('P'), _) => 4,
                (Some('S'), Some('X')) if *wanted == oid::TEXT => 8,
                (Some(_), Some('X')) => 6,
                (to, from) if to == from && to.is_some() => {
                    10 - i32::from(super::queries::widens(PgType::of(*wanted), *ty)) * 4
                }
                (Some('S'), _) => 1,
                _ => -30,
            }
        };
        types.iter().enumerate().map(one).sum::<i32>()
    };
    let best = ALL.get(name)?.iter().filter(fits).max_by_key(score)?;
    (score(&best) >= 0).then_some(best)
}

/// What a function gives for arguments of these types.
fn given(known: &Known, types: &[PgType]) -> PgType {
    let concrete = |at: usize| types.get(at).copied().filter(|ty| ty.oid != oid::UNKNOWN);
    if ANY.contains(&known.gives) {
        let array = known.arguments.iter().position(|oid| ANY_ARRAY.contains(oid));
        if let Some(element) = array.and_then(concrete).and_then(PgType::element) {
            return element;
        }
        let any = known.arguments.iter().position(|oid| ANY.contains(oid));
        return any.and_then(concrete).map_or(PgType::of(oid::TEXT), |ty| PgType { modifier: -1, ..ty });
    }
    if ANY_ARRAY.contains(&known.gives) {
        let array = known.arguments.iter().position(|oid| ANY_ARRAY.contains(oid)).and_then(concrete);
        let any = known.arguments.iter().position(|oid| ANY.contains(oid)).and_then(concrete);
        return array.or_else(|| any.and_then(PgType::array)).unwrap_or(PgType::of(oid::TEXT_ARRAY));
    }
    PgType::of(known.gives)
}

fn has_arguments(function: &Function) -> bool {
    matches!(&function.args, FunctionArguments::List(list) if !list.args.is_empty())
}

fn rename(function: &mut Function, name: &str) {
    function.name = ObjectName(vec![ObjectNamePart::Identifier(quoted(name))]);
    if let FunctionArguments::None = function.args {
        function.args = FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![],
            clauses: vec![],
        });
    }
}

fn insert(function: &mut Function, expr: Expr) {
    if let FunctionArguments::List(list) = &mut function.args {
        list.args.insert(0, FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)));
    }
}

fn first(function: &mut Function) -> Expr {
    match &mut function.args {
        FunctionArguments::List(list) => match list.args.first_mut() {
            Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) => taken(expr),
            _ => literal(&Cell::Null),
        },
        FunctionArguments::None | FunctionArguments::Subquery(_) => literal(&Cell::Null),
    }
}
