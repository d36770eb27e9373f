//! The steps of a request, one after the other; a query in between is read as far as is asked.

use super::query::Open;
use super::scopes::Scope;
use super::{Connection, Request};
use crate::database::problem::Problem;
use crate::database::script::{self, Placed, Step, Transaction};
use crate::database::{Done, Item, Parameter, Product, Seen, Verb, cell};
use rusqlite::types::Value as Cell;
use sqlparser::ast::{Expr, Query, Statement};
use std::sync::Arc;

/// Most blocks, loops and calls inside of each other.
const MAX_FRAMES: usize = 200;

/// A request that is being answered.
pub(super) struct Run {
    pub frames: Vec<Frame>,
    open: Option<(Open, Placed)>,
    pub rounds: u32,
    /// Whether it is a call from outside: what it returned is given at the end.
    is_call: bool,
    last_failed: bool,
}

pub(super) struct Frame {
    pub steps: Arc<[Placed]>,
    pub at: usize,
    pub kind: Enclosing,
}

/// What a frame is.
#[derive(Clone)]
pub(super) enum Enclosing {
    Block,
    Loop(Box<Expr>),
    Try(Arc<[Placed]>),
    /// The handler of an error that was caught.
    Handler,
    Procedure(Box<Scope>),
    /// Rows that are given inside of it go into a table.
    Capture,
}

impl Connection {
    /// Ends a request where it stands; gives what is told of the query that was being read.
    pub(super) fn abandon(&mut self, run: Run) -> Option<Seen> {
        let (mut open, placed) = run.open?;
        if let Some(tables) = &mut self.engine {
            tables.engine.close(open.opened);
        }
        (open.rows > 0).then(|| self.seen_of(&placed.text, &mut open))
    }

    pub(super) fn start(&mut self, request: Request) {
        let product = self.facts.product();
        let mut run = Run { frames: Vec::new(), open: None, rounds: 0, is_call: false, last_failed: false };
        if product == Product::SqlServer {
            self.variables.clear();
            self.leave_batch();
        }
        let replayed = self.replay();
        match request {
            Request::Batch { text, parameters } => {
                self.bind(&parameters);
                if product == Product::Postgres {
                    self.facts.state().source.clone_from(&text);
                }
                match script::read(&text, product) {
                    Ok(steps) => {
                        run.frames.push(Frame { steps: steps.into(), at: 0, kind: Enclosing::Block })
                    }
                    Err((problem, line)) => {
                        let seen = self.seen_text(&text, Verb::Other);
                        self.failed(&problem, line, seen, Verb::Other);
                        return;
                    }
                }
            }
            Request::Call { procedure, parameters } => {
                run.is_call = true;
                self.running = Some(run);
                self.call_from_outside(&procedure, parameters);
                return;
            }
        }
        if let Err(problem) = replayed {
            self.fail(&problem, 1);
            return;
        }
        self.running = Some(run);
    }

    fn bind(&mut self, parameters: &[Parameter]) {
        for (parameter, at) in parameters.iter().zip(1..) {
            let value = cell::of(&parameter.value, &parameter.ty);
            let ty = Some(parameter.ty.clone());
            if parameter.name.is_empty() {
                for name in [format!("?{at}"), format!("${at}"), format!(":{at}")] {
                    self.variables.insert(name, (value.clone(), ty.clone()));
                }
            } else {
                self.variables.insert(parameter.name.to_lowercase(), (value, ty));
            }
        }
    }

    /// Goes on, giving at most so many rows; `false` when the request is answered.
    pub(super) fn advance(&mut self, rows: usize) -> bool {
        let Some(mut run) = self.running.take() else { return false };
        let goes_on = self.advance_run(&mut run, rows);
        self.capture();
        if goes_on {
            // A step may have put in frames of its own.
            if let Some(added) = self.running.take() {
                run.frames.extend(added.frames);
            }
            self.running = Some(run);
        } else if run.is_call {
            self.out.push_back(Item::Returned(if run.last_failed { 1 } else { self.returned }));
        }
        goes_on
    }

    fn advance_run(&mut self, run: &mut Run, rows: usize) -> bool {
        if let Some((open, placed)) = &mut run.open {
            match self.read(open, rows) {
                Ok(true) => return true,
                Ok(false) => {
                    let placed = placed.clone();
                    if let Some((open, _)) = run.open.take() {
                        self.close(open, &placed, None);
                    }
                }
                Err(problem) => {
                    let placed = placed.clone();
                    if let Some((open, _)) = run.open.take() {
                        self.close(open, &placed, Some(&problem));
                    }
                    return self.go_on(run, &problem);
                }
            }
        }
        let Some(frame) = run.frames.last_mut() else { return false };
        let Some(placed) = frame.steps.get(frame.at).cloned() else {
            return self.leave(run);
        };
        frame.at += 1;
        if let Some(tables) = &self.engine {
            tables.refresh(&self.facts);
        }
        let result = self.step(run, &placed);
        if result.is_ok() {
            self.wait();
        }
        self.tell_glimpsed(&placed.text, verb_of(&placed.step));
        match result {
            Ok(()) => true,
            Err((problem, seen)) => {
                run.last_failed = true;
                self.failed(&problem, placed.line, seen, verb_of(&placed.step));
                self.go_on(run, &problem)
            }
        }
    }

    pub(super) fn truth(&mut self, condition: &Expr) -> Result<bool, Problem> {
        Ok(cell::number(&self.evaluate(condition)?).is_some_and(|number| number != 0.0))
    }

    /// Puts steps in front of what comes next.
    pub(super) fn enter(&mut self, steps: Vec<Placed>, kind: Enclosing) {
        let run = self.running.get_or_insert(Run {
            frames: Vec::new(),
            open: None,
            rounds: 0,
            is_call: false,
            last_failed: false,
        });
        run.frames.push(Frame { steps: steps.into(), at: 0, kind });
    }

    fn step(&mut self, run: &mut Run, placed: &Placed) -> Result<(), (Problem, Seen)> {
        let verb = verb_of(&placed.step);
        let told = |connection: &Connection| connection.seen_text(&placed.text, verb);
        let plain = |result: Result<(), Problem>, connection: &Connection| {
            result.map_err(|problem| (problem, told(connection)))
        };
        if run.frames.len() > MAX_FRAMES {
            return Err((Problem::TooDeep, told(self)));
        }
        match &placed.step {
            Step::Statement(statement) => match statement.as_ref() {
                Statement::Query(query) if into_target(query).is_none() => self.query(run, query, placed),
                other => self.change(other, placed),
            },
            Step::If(condition, then, otherwise) => {
                let on = self.truth(condition).map_err(|problem| (problem, told(self)))?;
                let steps = if on { then } else { otherwise };
                run.frames.push(Frame { steps: steps.clone().into(), at: 0, kind: Enclosing::Block });
                Ok(())
            }
            Step::While(condition, body) => {
                if self.truth(condition).map_err(|problem| (problem, told(self)))? {
                    let kind = Enclosing::Loop(condition.clone());
                    run.frames.push(Frame { steps: body.clone().into(), at: 0, kind });
                }
                Ok(())
            }
            Step::Try(body, handler) => {
                let kind = Enclosing::Try(handler.clone().into());
                run.frames.push(Frame { steps: body.clone().into(), at: 0, kind });
                Ok(())
            }
            Step::Return(value) => {
                self.returned = match value {
                    Some(value) => {
                        let value = self.evaluate(value).map_err(|problem| (problem, told(self)))?;
                        let number = cell::number(&value).map_or(0, cell::truncated);
                        i32::try_from(number).unwrap_or(0)
                    }
                    None => 0,
                };
                while let Some(frame) = self.pop(run) {
                    if matches!(frame.kind, Enclosing::Procedure(_)) {
                        break;
                    }
                }
                Ok(())
            }
            Step::Leave(out) => {
                self.leave_loop(run, *out);
                Ok(())
            }
            Step::Transaction(transaction) => plain(self.transact(*transaction), self),
            other => self.plain_step(other, placed),
        }
    }

    fn query(&mut self, run: &mut Run, query: &Query, placed: &Placed) -> Result<(), (Problem, Seen)> {
        let opened = self.open_query(query);
        let (mut open, assigned) = opened.map_err(|problem| {
            let seen = self.seen_in(&problem, &placed.text, Verb::Select);
            (problem, seen)
        })?;
        if assigned.is_empty() {
            self.wait();
            self.out.push_back(Item::Columns(Arc::clone(&open.columns)));
            if let Some(most) = self.options.row_count {
                open.most = most;
            }
            run.open = Some((open, placed.clone()));
            return Ok(());
        }
        let mut last = None;
        let mut failed = None;
        loop {
            match self.next_row(&mut open) {
                Ok(Some(row)) => last = Some(row),
                Ok(None) => break,
                Err(problem) => {
                    failed = Some(problem);
                    break;
                }
            }
        }
        if let Some(tables) = &mut self.engine {
            tables.engine.close(open.opened);
        }
        for (name, value) in assigned.into_iter().zip(last.unwrap_or_default()) {
            let ty = self.variables.get(&name).and_then(|(_, ty)| ty.clone());
            self.variables.insert(name, (value, ty));
        }
        let seen = self.seen_of(&placed.text, &mut open);
        match failed {
            Some(problem) => Err((problem, seen)),
            None => {
                self.out.push_back(Item::Seen(Box::new(seen)));
                Ok(())
            }
        }
    }

    fn close(&mut self, mut open: Open, placed: &Placed, problem: Option<&Problem>) {
        if let Some(tables) = &mut self.engine {
            tables.engine.close(open.opened);
        }
        let seen = self.seen_of(&placed.text, &mut open);
        match problem {
            Some(problem) => self.failed(problem, placed.line, seen, Verb::Select),
            None => self.done(Verb::Select, Some(open.rows), seen),
        }
    }

    fn transact(&mut self, transaction: Transaction) -> Result<(), Problem> {
        match transaction {
            Transaction::Begin => self.transaction += 1,
            Transaction::Commit if self.transaction > 0 => {
                self.transaction -= 1;
                if self.transaction == 0 {
                    self.keep_changes()?;
                }
            }
            Transaction::Rollback if self.transaction > 0 => {
                self.transaction = 0;
                self.drop_changes();
            }
            Transaction::Commit | Transaction::Rollback => {
                if self.facts.product() == Product::SqlServer {
                    return Err(Problem::NoTransaction(if transaction == Transaction::Commit {
                        "COMMIT"
                    } else {
                        "ROLLBACK"
                    }));
                }
            }
        }
        let seen = self.seen_text("", Verb::Transaction);
        let done = Done {
            verb: Verb::Transaction,
            rows: None,
            failed: false,
            nested: false,
            in_transaction: self.transaction > 0,
        };
        self.out.push_back(Item::Done(done));
        drop(seen);
        Ok(())
    }

    /// Sets a variable.
    pub(super) fn set(&mut self, name: &str, value: Cell) {
        let ty = self.variables.get(name).and_then(|(_, ty)| ty.clone());
        self.variables.insert(name.to_owned(), (value, ty));
    }
}

/// The table that a `SELECT … INTO` makes.
pub(super) fn into_target(query: &Query) -> Option<&Expr> {
    match query.body.as_ref() {
        sqlparser::ast::SetExpr::Select(select) => select.into.as_ref()?.targets.first(),
        _ => None,
    }
}

pub(super) fn verb_of(step: &Step) -> Verb {
    match step {
        Step::Statement(statement) => match statement.as_ref() {
            Statement::Query(_) => Verb::Select,
            Statement::Insert(_) => Verb::Insert,
            Statement::Update(_) => Verb::Update,
            Statement::Delete(_) => Verb::Delete,
            Statement::Merge(_) => Verb::Update,
            Statement::CreateTable(_) | Statement::CreateView(_) => Verb::Create,
            Statement::Drop { .. } => Verb::Drop,
            _ => Verb::Other,
        },
        Step::Words(verb, _) => *verb,
        Step::Use(_) => Verb::Use,
        Step::Call(_) | Step::Text(_) => Verb::Execute,
        Step::Declare(_) | Step::TableVariable(..) | Step::Assign(..) | Step::Option(_) => Verb::Set,
        Step::Transaction(_) => Verb::Transaction,
        Step::If(..)
        | Step::While(..)
        | Step::Try(..)
        | Step::Print(_)
        | Step::Raise(_)
        | Step::Return(_)
        | Step::Throw(_)
        | Step::Leave(_) => Verb::Other,
        Step::Cursor(_) => Verb::Select,
        Step::InsertCalled(..) => Verb::Insert,
        Step::Define(definition) if definition.alters => Verb::Alter,
        Step::Define(_) => Verb::Create,
    }
}
