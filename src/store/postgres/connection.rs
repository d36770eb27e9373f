//! One connection to the server, driven by a runtime of its own: callers are synchronous.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error as _;
use std::fmt::Write as _;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Statement};

use super::tls;
use crate::store::StoreError;
use crate::store::engine::{Ask, Line, Take, Value};
use crate::store::place::{Settings, Tls};

/// How long a connection may take to come about: a shutdown waits for it.
const CONNECT: Duration = Duration::from_secs(4);

/// How long a dead peer goes unnoticed: idle time before the first probe, between probes, and for
/// bytes that nobody acknowledges.
const KEEPALIVE: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(5)];
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// What every session says first: the server gives a dead writer's lock up as soon as we would.
const OPTIONS: &str = "-c client_min_messages=warning -c tcp_keepalives_idle=10 \
     -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=15000";

/// Statements kept prepared: more than the questions that there are, but for the filters' mixtures.
const STATEMENTS: usize = 96;

/// A connection.
pub(super) struct Connection {
    /// There until the end.
    runtime: Option<Runtime>,
    client: Client,
    shown: String,
    /// How long an answer may take.
    patience: Duration,
    statements: RefCell<HashMap<String, Statement>>,
    spent: Cell<bool>,
}

impl Connection {
    /// Connects, logs in, and looks only into the store's schema.
    pub(super) fn open(settings: &Settings, patience: Duration) -> Result<Self, StoreError> {
        let shown = settings.shown();
        let unreachable = |why: String| StoreError::Unreachable { server: shown.clone(), why };
        let config = config(settings).map_err(unreachable)?;
        let tls = match settings.tls {
            Tls::Require => Some(tls::MakeTls(tls::config(settings).map_err(unreachable)?)),
            Tls::Off => None,
        };
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| unreachable(error.to_string()))?;
        let connecting = async {
            match tls {
                Some(tls) => config.connect(tls).await.map(|(client, driver)| {
                    tokio::spawn(async move { drop(driver.await) });
                    client
                }),
                None => config.connect(NoTls).await.map(|(client, driver)| {
                    tokio::spawn(async move { drop(driver.await) });
                    client
                }),
            }
        };
        let connected = drive(&runtime, async { tokio::time::timeout(CONNECT, connecting).await });
        let client = match connected {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => {
                runtime.shutdown_background();
                return Err(fault(&shown, &error));
            }
            Err(_) => {
                runtime.shutdown_background();
                return Err(unreachable(format!("no connection within {} s", CONNECT.as_secs())));
            }
        };
        Ok(Connection {
            runtime: Some(runtime),
            client,
            shown,
            patience,
            statements: RefCell::default(),
            spent: Cell::new(false),
        })
    }

    /// Whether nothing more can be asked through it.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.get() || self.client.is_closed()
    }

    /// Lets it not be used again: it may be in the middle of something.
    pub(super) fn spend(&self) {
        self.spent.set(true);
    }

    /// Runs statements that have no values and no rows.
    pub(super) fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.wait(self.client.batch_execute(sql))
    }

    /// Gives the locks up at once: the server would notice the end of the connection a moment later.
    pub(super) fn release(&self) {
        if !self.is_spent() {
            let _ = self.run("SELECT pg_advisory_unlock_all()");
        }
    }

    /// Whether the server still answers.
    pub(super) fn answers(&self) -> bool {
        self.wait(self.client.check_connection()).is_ok()
    }

    /// Runs a statement with a list of values for each place.
    pub(super) fn execute(&self, sql: &str, values: &[Vec<Value>]) -> Result<(), StoreError> {
        let statement = self.prepared(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as &(dyn ToSql + Sync)).collect();
        self.wait(self.client.execute(&statement, &values)).map(drop)
    }

    /// Copies rows in.
    pub(super) fn copy(&self, sql: &str, types: &[Type], lines: &[Vec<Value>]) -> Result<(), StoreError> {
        self.wait(async {
            let sink = self.client.copy_in(sql).await?;
            let mut writer = pin!(tokio_postgres::binary_copy::BinaryCopyInWriter::new(sink, types));
            for line in lines {
                writer.as_mut().write_raw(line.iter()).await?;
            }
            writer.finish().await
        })
        .map(drop)
    }

    fn prepared(&self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(&translated(sql)))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        self.wait_for(async { self.in_time(answer).await })
    }

    /// An answer, if it comes in time.
    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.patience, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(fault(&self.shown, &error)),
            Err(_) => {
                let why = format!("no answer within {} s", self.patience.as_secs());
                Err(StoreError::Unreachable { server: self.shown.clone(), why })
            }
        }
    }

    fn wait_for<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let gone = || StoreError::Unreachable { server: self.shown.clone(), why: "it is closed".into() };
        let result = drive(self.runtime.as_ref().ok_or_else(gone)?, work);
        if matches!(result, Err(StoreError::Unreachable { .. })) {
            self.spend();
        }
        result
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Where it is dropped inside another runtime, it may not wait for its own.
            runtime.shutdown_background();
        }
    }
}

impl Ask for Connection {
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError> {
        let statement = self.prepared(sql)?;
        self.wait_for(async {
            let rows = self.in_time(self.client.query_raw(&statement, values)).await?;
            let mut rows = pin!(rows);
            while let Some(row) = self.in_time(async { rows.next().await.transpose() }).await? {
                let columns = 0..row.len();
                let line: Result<Vec<Value>, _> = columns.map(|column| row.try_get(column)).collect();
                if let ControlFlow::Break(()) = take(Line(line.map_err(|e| fault(&self.shown, &e))?))? {
                    // The server would still send the rest.
                    self.spend();
                    break;
                }
            }
            Ok(())
        })
    }
}

/// Waits for `work` on this thread, also where the thread serves another runtime of many threads.
fn drive<T>(runtime: &Runtime, work: impl Future<Output = T>) -> T {
    match Handle::try_current() {
        Ok(outer) if outer.runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(|| runtime.block_on(work))
        }
        _ => runtime.block_on(work),
    }
}

/// A question as this engine understands it: its places for values, and without the hints that the
/// other engine needs.
fn translated(sql: &str) -> String {
    sql.replace('?', "$").replace(" CROSS JOIN ", " JOIN ").replace(" INDEXED BY records_beside", "")
}

fn config(settings: &Settings) -> Result<tokio_postgres::Config, String> {
    let mut config = tokio_postgres::Config::new();
    config
        .host(&settings.host)
        .port(settings.port)
        .dbname(&settings.database)
        .user(&settings.user)
        .application_name("honeyward")
        .options(format!("{OPTIONS} -c search_path={}", settings.schema))
        .ssl_mode(match settings.tls {
            Tls::Require => SslMode::Require,
            Tls::Off => SslMode::Disable,
        })
        .connect_timeout(CONNECT)
        .tcp_user_timeout(UNACKNOWLEDGED)
        .keepalives_idle(KEEPALIVE[0])
        .keepalives_interval(KEEPALIVE[1])
        .keepalives_retries(3);
    if let Some(password) = password(settings)? {
        config.password(password);
    }
    Ok(config)
}

/// The first line of the password's file. It is read at every connection, so that it may change.
pub(super) fn password(settings: &Settings) -> Result<Option<String>, String> {
    let Some(file) = &settings.password_file else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("password_file: {}: {error}", file.display()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Some(line.to_owned())),
        _ => Err(format!("password_file: {}: expected the password in its first line", file.display())),
    }
}

/// What went wrong, in the server's words where it has some.
fn fault(shown: &str, error: &tokio_postgres::Error) -> StoreError {
    let server = shown.to_owned();
    let Some(words) = error.as_db_error() else {
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let _ = write!(why, ": {cause}");
            source = cause.source();
        }
        return StoreError::Unreachable { server, why };
    };
    let code = words.code();
    let why = format!("{} (SQLSTATE {})", words.message(), code.code());
    // 08: connection; 57P: the server ends or starts; 53300: no more connections; 25006: a standby.
    let is_away = ["08", "57P"].iter().any(|class| code.code().starts_with(class));
    if *code == SqlState::DISK_FULL {
        StoreError::Full
    } else if is_away || *code == SqlState::TOO_MANY_CONNECTIONS {
        StoreError::Unreachable { server, why }
    } else {
        StoreError::Refused { server, why }
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            Value::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::TEXT => Value::Text(String::from_sql(ty, raw)?),
            _ => Value::Bytes(raw.to_vec()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        <Value as ToSql>::accepts(ty)
    }
}
