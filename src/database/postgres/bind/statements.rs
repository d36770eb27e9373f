//! Statements that change a table.

use sqlparser::ast::{
    Assignment, AssignmentTarget, FromTable, SetExpr, Statement, TableFactor, TableObject, TableWithJoins,
};

use super::{Binder, Out, Table, folded, quoted};
use crate::database::postgres::types::PgType;
use crate::database::problem::Problem;
use crate::database::rewrite::parse_name;

impl Binder<'_> {
    /// Binds a statement.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::database) fn statement(&mut self, statement: &mut Statement) -> Result<(), Problem> {
        match statement {
            Statement::Query(query) => self.top(query).map(|_| ()),
            Statement::Insert(insert) => {
                let TableObject::TableName(name) = &insert.table else { return Ok(()) };
                let parts: Vec<String> = parse_name(name).iter().map(|part| part.to_lowercase()).collect();
                let columns = self.columns(&parts)?;
                let named: Vec<String> =
                    insert.columns.iter().filter_map(|column| parse_name(column).pop()).collect();
                let wanted: Vec<Option<PgType>> = if named.is_empty() {
                    columns.iter().map(|column| Some(column.ty)).collect()
                } else {
                    named.iter().map(|name| Binder::column_of(&columns, &name.to_lowercase())).collect()
                };
                let Some(source) = insert.source.as_deref_mut() else { return Ok(()) };
                if let SetExpr::Values(values) = source.body.as_mut() {
                    for row in &mut values.rows {
                        for (expr, wanted) in row.content.iter_mut().zip(&wanted) {
                            self.value(expr, *wanted)?;
                        }
                    }
                    return Ok(());
                }
                self.query(source).map(|_| ())
            }
            Statement::Update(update) => {
                self.changed(&mut update.table)?;
                for assignment in &mut update.assignments {
                    self.assignment(assignment)?;
                }
                update.selection.iter_mut().try_for_each(|condition| self.condition(condition, "WHERE"))
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &mut delete.from;
                from.iter_mut().try_for_each(|table| self.changed(table))?;
                delete.selection.iter_mut().try_for_each(|condition| self.condition(condition, "WHERE"))
            }
            Statement::CreateTable(create) => match create.query.as_deref_mut() {
                Some(query) => self.query(query).map(|_| ()),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn columns(&mut self, parts: &[String]) -> Result<Vec<Out>, Problem> {
        match self.names.table(parts)? {
            Table::Columns(columns) => Ok(columns),
            Table::View(_) => Ok(Vec::new()),
        }
    }

    /// The table that is changed: its columns are in scope.
    fn changed(&mut self, table: &mut TableWithJoins) -> Result<(), Problem> {
        let TableFactor::Table { name, alias, .. } = &table.relation else { return Ok(()) };
        let parts: Vec<String> = parse_name(name).iter().map(|part| part.to_lowercase()).collect();
        let shown = alias.as_ref().map_or_else(|| parts.last().cloned(), |alias| Some(folded(&alias.name)));
        let columns = self.columns(&parts)?;
        self.enter(&shown.unwrap_or_default(), columns);
        Ok(())
    }

    fn assignment(&mut self, assignment: &mut Assignment) -> Result<(), Problem> {
        let wanted = match &mut assignment.target {
            AssignmentTarget::ColumnName(name) => {
                let column = parse_name(name).pop().unwrap_or_default().to_lowercase();
                let known = self.scopes.last().and_then(|scope| scope.items.first());
                let found = known.and_then(|item| Binder::column_of(&item.columns, &column));
                if found.is_none() {
                    return Err(Problem::NoColumn(column));
                }
                *name = sqlparser::ast::ObjectName(vec![sqlparser::ast::ObjectNamePart::Identifier(quoted(
                    column,
                ))]);
                found
            }
            AssignmentTarget::Tuple(_) => None,
        };
        self.value(&mut assignment.value, wanted)
    }
}
