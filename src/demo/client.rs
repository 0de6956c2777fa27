//! Talks to a running demo: to its control endpoint, and to its database.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{Fault, Record, Standing};
use crate::error::{Error, Kind, Result};
use crate::ground::plain_line;
use crate::process::is_alive;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a demo that is stopping is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long an answer may be, in bytes.
const LONGEST: usize = 64 * 1024;

/// A demo that answers.
#[derive(Debug, Clone)]
pub struct Running {
    /// What is written down about it.
    pub record: Record,
    /// How it stands.
    pub standing: Standing,
}

/// The demo that the record in a file names; none when it has ended, however it did.
pub async fn running(file: &Path) -> Result<Option<Running>> {
    let Some(record) = Record::read(file) else { return Ok(None) };
    let Some(pid) = record.pid.filter(|pid| is_there(*pid)) else { return Ok(None) };
    match timeout(PATIENCE, Client::of(&record).ask(Method::GET, "/demo")).await {
        Ok(Ok((StatusCode::OK, body))) => {
            Ok(serde_json::from_slice(&body).ok().map(|standing| Running { record, standing }))
        }
        // Whoever has its number or its place now is another.
        Ok(_) => Ok(None),
        Err(_) => Err(no_answer(&record.addresses.api).hint(format!("end it with `kill {pid}`, and start it again"))),
    }
}

// A demo listens on loopback only, so it is looked for on this machine.
fn is_there(pid: u32) -> bool {
    is_alive(pid, "localhost", "localhost")
}

/// The way to a demo's control endpoint.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    token: String,
}

impl Client {
    /// The way to the demo of a record.
    pub fn of(record: &Record) -> Self {
        Self { address: record.addresses.api, token: record.token.clone() }
    }

    /// Breaks one thing, and says how the demo stands then.
    pub async fn break_on_purpose(&self, fault: Fault) -> Result<Standing> {
        self.tell(&format!("/demo/break/{}", fault.word())).await
    }

    /// Mends one thing, or everything, and says how the demo stands then.
    pub async fn heal(&self, fault: Option<Fault>) -> Result<Standing> {
        self.tell(&fault.map_or_else(|| "/demo/heal".to_owned(), |fault| format!("/demo/heal/{}", fault.word()))).await
    }

    async fn tell(&self, path: &str) -> Result<Standing> {
        match timeout(PATIENCE, self.ask(Method::POST, path)).await {
            Ok(Ok((StatusCode::OK, body))) => {
                serde_json::from_slice(&body).map_err(|cause| self.strange().cause(cause))
            }
            Ok(Ok((status, _))) => Err(self.strange().cause(format!("its status is {status}"))),
            Ok(Err(cause)) => Err(no_answer(&self.address).cause(cause).hint("`opsctl demo start` starts it again")),
            Err(_) => Err(no_answer(&self.address).hint("`opsctl demo status` shows its process")),
        }
    }

    fn strange(&self) -> Error {
        Error::environment(format!("the demo at {} gives an answer that is not understood", self.address))
            .hint("is it from another version of opsctl? `opsctl demo stop`, then `opsctl demo start`")
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())?;
        let answer = async {
            let response = sender.send_request(request).await?;
            let status = response.status();
            Ok((status, Limited::new(response.into_body(), LONGEST).collect().await?.to_bytes()))
        };
        let (answer, _) = tokio::join!(answer, connection);
        answer
    }
}

/// Stops the demo whose record stands in a file, and waits until its answers under way are finished.
pub async fn stop(file: &Path, record: &Record) -> Result<()> {
    Client::of(record).tell("/demo/stop").await?;
    let gone = async {
        while Record::read(file).is_some_and(|now| now.pid == record.pid) && record.pid.is_some_and(is_there) {
            sleep(LOOK).await;
        }
    };
    let late = |_| no_answer(&record.addresses.api).hint("it was told to stop; `opsctl demo status` shows its process");
    timeout(PATIENCE, gone).await.map_err(late)
}

/// Sends one statement to the demo's database and gives the line it answers with.
pub async fn query(address: SocketAddr, statement: &str) -> Result<String> {
    let failed = |why: &str| {
        Error::new(Kind::Negative, "the connection to the demo's database failed")
            .cause(plain_line(why))
            .hint("`opsctl demo status` shows what is broken")
    };
    match timeout(PATIENCE, exchange(address, statement)).await {
        Ok(Ok(line)) if line.is_empty() => Err(failed("it closed the connection")),
        Ok(Ok(line)) if line.starts_with("FATAL") || line.starts_with("ERROR") => Err(failed(&line)),
        Ok(Ok(line)) => Ok(plain_line(&line)),
        Ok(Err(cause)) => Err(failed(&cause.to_string())),
        Err(_) => Err(failed("it does not answer")),
    }
}

async fn exchange(address: SocketAddr, statement: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let (read, mut write) = stream.split();
    write.write_all(format!("{}\n", plain_line(statement)).as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(read.take(LONGEST as u64)).read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}

fn no_answer(address: &SocketAddr) -> Error {
    Error::environment(format!("the demo at {address} does not answer"))
}
