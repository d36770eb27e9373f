//! Definitions of views and procedures: they reach to the end of the batch.

use super::{Read, Reader};
use crate::database::SqlType;
use crate::database::problem::Problem;
use crate::database::script::{self, DefinedKind, Definition, Formal, Step};
use sqlparser::ast::{SelectItem, SetExpr, Statement};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token};

/// Most parameters of a procedure: the product's own limit.
const MAX_FORMALS: usize = 2_100;

impl Reader<'_> {
    /// What is defined here, if something is.
    pub(super) fn defines(&self) -> Option<DefinedKind> {
        if !matches!(self.word(0).as_str(), "create" | "alter") {
            return None;
        }
        match self.word(1).as_str() {
            "view" => Some(DefinedKind::View),
            "procedure" | "proc" => Some(DefinedKind::Procedure),
            "function" => Some(DefinedKind::Function),
            "trigger" => Some(DefinedKind::Trigger),
            _ => None,
        }
    }

    pub(super) fn definition(&mut self, kind: DefinedKind, first: bool) -> Read<Step> {
        let line = self.line();
        if !first {
            return Err((Problem::NotFirst(kind.word()), line));
        }
        let from = self.offset();
        let alters = self.word(0) == "alter";
        self.parser.next_token();
        self.parser.next_token();
        let name = self.object_name()?;
        let named = if kind == DefinedKind::View { self.column_names()? } else { Vec::new() };
        let parameters = if kind == DefinedKind::Procedure { self.formals()? } else { Vec::new() };
        while self.word(0) != "as" {
            if matches!(self.parser.peek_token().token, Token::EOF) {
                return self.syntax();
            }
            self.parser.next_token();
        }
        self.parser.next_token();
        let at = self.offset();
        let assembly = self.assembly();
        while !matches!(self.parser.peek_token().token, Token::EOF) {
            self.parser.next_token();
        }
        let text = self.source.get(from..).unwrap_or_default().trim_end().to_owned();
        let mut body = self.source.get(at..).unwrap_or_default().trim().to_owned();
        match kind {
            DefinedKind::View => body = view_query(&body, &named, line)?,
            DefinedKind::Procedure if assembly.is_none() => {
                script::read(&body, self.product).map_err(|(problem, at)| (problem, line + at - 1))?;
            }
            DefinedKind::Procedure | DefinedKind::Function | DefinedKind::Trigger => {}
        }
        let definition = Definition { kind, alters, name, parameters, text, body, assembly };
        Ok(Step::Define(Box::new(definition)))
    }

    pub(super) fn object_name(&mut self) -> Read<Vec<String>> {
        let mut name = vec![self.name_part()?];
        while self.parser.consume_token(&Token::Period) {
            while self.parser.consume_token(&Token::Period) {
                name.push(String::new());
            }
            name.push(self.name_part()?);
        }
        Ok(name)
    }

    /// `(a, b)`, if it is there.
    pub(super) fn column_names(&mut self) -> Read<Vec<String>> {
        let mut names = Vec::new();
        if !self.parser.consume_token(&Token::LParen) {
            return Ok(names);
        }
        loop {
            names.push(self.name_part()?);
            if !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        if self.parser.consume_token(&Token::RParen) { Ok(names) } else { self.syntax() }
    }

    fn formals(&mut self) -> Read<Vec<Formal>> {
        let mut formals = Vec::new();
        let parentheses = self.parser.consume_token(&Token::LParen);
        while self.word(0).starts_with('@') {
            formals.push(self.formal()?);
            if !self.parser.consume_token(&Token::Comma) || formals.len() > MAX_FORMALS {
                break;
            }
        }
        if parentheses && !self.parser.consume_token(&Token::RParen) {
            return self.syntax();
        }
        Ok(formals)
    }

    fn formal(&mut self) -> Read<Formal> {
        let name = self.variable()?;
        let _ = self.parser.parse_keyword(Keyword::AS);
        let line = self.line();
        let ty = self.parser.parse_data_type().map_err(|error| self.fault(&error, line))?;
        let ty = SqlType::parse(&ty.to_string().replace(['[', ']'], ""));
        let default = if self.parser.consume_token(&Token::Eq) { Some(self.expression()?) } else { None };
        while matches!(self.word(0).as_str(), "output" | "out" | "varying" | "readonly") {
            self.parser.next_token();
        }
        Ok(Formal { name, ty: ty.unwrap_or_else(|| SqlType::nvarchar(None)), default })
    }

    /// `EXTERNAL NAME assembly.class.method`.
    fn assembly(&self) -> Option<String> {
        ((self.word(0), self.word(1)) == ("external".to_owned(), "name".to_owned()))
            .then(|| self.parser.peek_nth_token(2).token.to_string().replace(['[', ']', '"'], ""))
    }

    /// Where the next token begins in the text.
    fn offset(&self) -> usize {
        let Location { line, column } = self.parser.peek_token().span.start;
        let line = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let column = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut lines = self.source.split_inclusive('\n');
        let before: usize = lines.by_ref().take(line).map(str::len).sum();
        let within = lines.next().unwrap_or_default();
        before + within.char_indices().nth(column).map_or(within.len(), |(at, _)| at)
    }
}

/// A view's query, its columns under the names that were given.
fn view_query(body: &str, names: &[String], line: u32) -> Read<String> {
    let steps = script::read(body, crate::database::Product::SqlServer)
        .map_err(|(problem, at)| (problem, line + at - 1))?;
    let mut steps = steps.into_iter();
    let (Some(Step::Statement(statement)), None) = (steps.next().map(|placed| placed.step), steps.next())
    else {
        return Err((Problem::Syntax("AS".to_owned()), line));
    };
    let Statement::Query(mut query) = *statement else {
        return Err((Problem::Syntax("AS".to_owned()), line));
    };
    if let (SetExpr::Select(select), false) = (query.body.as_mut(), names.is_empty()) {
        for (item, name) in select.projection.iter_mut().zip(names) {
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = &*item else {
                break;
            };
            let alias = sqlparser::ast::Ident::with_quote('[', name);
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
    Ok(query.to_string())
}
