//! Probes of PostgreSQL: connect, log in, ask, and keep the first value.
//!
//! The question is asked inside a transaction that cannot write and that the server ends when the probe's time is up.
//! Several servers are tried in order; `load_balance_hosts` is not used. TLS follows `sslmode`; [`door`] says how.

mod address;
mod door;
mod stream;

use std::error::Error as _;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, SslNegotiation, TargetSessionAttrs};
use tokio_postgres::{Client, Config, Connection, Error, SimpleQueryMessage, SimpleQueryRow};

use super::expand::Filler;
use super::sight::{Failure, Phase, Sight};
use super::{With, failure};
use crate::ground::Span;
use address::{Address, Server};
use stream::{AsItIs, Measured};

/// The longest value that is looked at, in bytes.
const LONGEST_VALUE: usize = 64 * 1024;

/// Rows are counted up to one more than this, so that it is known that there are more.
const MOST_ROWS: u64 = 100_000;

/// Logs in and asks.
pub(super) async fn look(
    url: &str,
    query: &str,
    fill: &mut Filler<'_>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let (url, query) = (fill.key(url), fill.key(query));
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let address = Address::parse(&url)?;
    fill.hide(&String::from_utf8_lossy(address.config.get_password().unwrap_or_default()));
    let mut refusals = Vec::new();
    for server in &address.servers {
        match enter(server, &address, with, sight).await {
            Ok(session) => return session.look(&query, with.limit, sight).await,
            Err(failure) if failure.blind => return Err(failure),
            Err(failure) => refusals.push(failure.message),
        }
    }
    Err(refusals.join("; ").into())
}

/// Logs in at one server, in the time that the address gives for that.
async fn enter(server: &Server, address: &Address, with: &With<'_>, sight: &mut Sight) -> Result<Session, Failure> {
    let Some(limit) = address.config.get_connect_timeout() else {
        return Session::begin(server, address, with, sight).await;
    };
    match timeout(*limit, Session::begin(server, address, with, sight)).await {
        Ok(entered) => entered,
        Err(_) => Err(format!("timed out after {} (connect_timeout): {}", Span(*limit), sight.doing()).into()),
    }
}

/// Somebody who has logged in.
struct Session {
    client: Client,
    connection: Connection<Measured, Measured>,
    /// Where, for people.
    at: String,
}

impl Session {
    async fn begin(server: &Server, address: &Address, with: &With<'_>, sight: &mut Sight) -> Result<Self, Failure> {
        let at = match server {
            Server::Tcp(place, _) => place.to_string(),
            Server::Unix(path) => path.display().to_string(),
        };
        let stream = door::open(server, address, with, sight).await?;
        sight.enter(Phase::FirstByte, format!("{at} did not answer the log-in"));
        let config = settled(&address.config);
        let (client, connection) =
            config.connect_raw(stream, AsItIs).await.map_err(|error| Refused::to("let us in")(error).words(&at))?;
        let mut session = Self { client, connection, at };
        session.expect(address.config.get_target_session_attrs()).await?;
        Ok(session)
    }

    /// Leaves a server that is not what the address asks for.
    async fn expect(&mut self, wanted: TargetSessionAttrs) -> Result<(), Failure> {
        let Self { client, connection, at } = self;
        let (read_only, other) = match wanted {
            TargetSessionAttrs::ReadWrite => (false, "takes no writes"),
            TargetSessionAttrs::ReadOnly => (true, "takes writes"),
            _ => return Ok(()),
        };
        if beside(connection, is_read_only(client)).await.map_err(|refused| refused.words(at))? == read_only {
            return Ok(());
        }
        Err(format!("{at} {other}, and the address asks for another (target_session_attrs)").into())
    }

    /// Asks, and says farewell as far as that needs no waiting.
    async fn look(mut self, query: &str, limit: Span, sight: &mut Sight) -> Result<(), Failure> {
        let Self { client, connection, at } = &mut self;
        beside(connection, ask(client, query, limit, at, sight)).await.map_err(|refused| refused.words(at))?;
        let Self { client, connection, .. } = self;
        drop(client);
        let _ = connection.now_or_never();
        Ok(())
    }
}

/// TLS is our own affair, and the server's log names us.
fn settled(config: &Config) -> Config {
    let mut config = config.clone();
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    if config.get_application_name().is_none() {
        config.application_name("opsctl");
    }
    config
}

/// Does some work while the connection goes on. The connection knows better why it ended.
async fn beside<T>(
    connection: &mut Connection<Measured, Measured>,
    work: impl Future<Output = Result<T, Refused>>,
) -> Result<T, Refused> {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => done,
        // What came before the end is still to be looked at.
        Err(error) = connection => work.now_or_never().unwrap_or(Err(Refused { what: "answer", error })),
    }
}

async fn is_read_only(client: &Client) -> Result<bool, Refused> {
    let refused = Refused::to("tell whether it takes writes");
    let mut rows = pin!(client.simple_query_raw("SHOW transaction_read_only").await.map_err(&refused)?);
    while let Some(message) = rows.next().await {
        if let SimpleQueryMessage::Row(row) = message.map_err(&refused)? {
            return Ok(value(&row) == Some("on"));
        }
    }
    Ok(false)
}

/// Asks the question, counts the rows and keeps the first value.
async fn ask(client: &Client, query: &str, limit: Span, at: &str, sight: &mut Sight) -> Result<(), Refused> {
    sight.enter(Phase::FirstByte, format!("{at} did not begin a transaction"));
    let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {}", milliseconds(limit.0));
    client.batch_execute(&begin).await.map_err(Refused::to("begin a transaction that cannot write"))?;
    sight.enter(Phase::FirstByte, format!("{at} did not answer the query"));
    let refused = Refused::to("answer the query");
    let mut messages = pin!(client.simple_query_raw(query).await.map_err(&refused)?);
    let mut next = messages.next().await;
    sight.answered();
    sight.enter(Phase::Transfer, format!("the answer of {at} did not end"));
    let mut rows = 0;
    while let Some(message) = next {
        if let SimpleQueryMessage::Row(row) = message.map_err(&refused)? {
            if rows == 0 {
                keep(value(&row), sight);
            }
            rows += 1;
            sight.facts.rows = Some(rows);
        }
        if rows > MOST_ROWS {
            return Ok(());
        }
        next = messages.next().await;
    }
    sight.facts.rows = Some(rows);
    // Poolers keep the connection; it must not keep the transaction.
    let _ = client.batch_execute("ROLLBACK").await;
    Ok(())
}

fn milliseconds(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1)
}

/// The first value of a row; none where it is NULL, and where there are no columns.
fn value(row: &SimpleQueryRow) -> Option<&str> {
    (!row.is_empty()).then(|| row.try_get(0).ok().flatten()).flatten()
}

fn keep(value: Option<&str>, sight: &mut Sight) {
    let Some(value) = value else { return };
    if value.len() > LONGEST_VALUE {
        value[..value.floor_char_boundary(LONGEST_VALUE)].clone_into(&mut sight.output);
        sight.unread = Some("the first value is longer than 64 KiB".to_owned());
        return;
    }
    value.clone_into(&mut sight.output);
    sight.facts.body = Some(value.to_owned());
}

/// What a server would not do, and why.
struct Refused {
    what: &'static str,
    error: Error,
}

impl Refused {
    fn to(what: &'static str) -> impl Fn(Error) -> Self {
        move |error| Self { what, error }
    }

    fn words(&self, at: &str) -> Failure {
        let Self { what, error } = self;
        if let Some(said) = error.as_db_error() {
            let (words, code) = (failure::short(said.message()), said.code().code());
            return format!("the database at {at} did not {what}: {words} ({code})").into();
        }
        if error.is_closed() {
            return format!("{at} broke the connection off").into();
        }
        if error.source().is_some_and(|cause| cause.to_string() == "password missing") {
            return format!("{at} asks for a password, and the address has none").into();
        }
        failure::talking(&at, "PostgreSQL", error).into()
    }
}
