//! What a probe brings back: its state, what was seen, and how long each part took.

use serde::{Deserialize, Serialize};

use crate::condition::Phases;
use crate::ground::{Time, optional_time_format, plain_line, time_format};
use crate::monitor::State;

/// How a probe looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// By an HTTP request.
    Http,
    /// By a TCP connection.
    Tcp,
    /// By a TLS handshake.
    Tls,
    /// By a question to a name server.
    Dns,
    /// By a ping.
    Icmp,
    /// By a query to PostgreSQL.
    Postgres,
    /// By a question to Redis.
    Redis,
    /// By a WebSocket.
    Websocket,
    /// By a gRPC health check.
    Grpc,
    /// By a command.
    Command,
    /// By waiting for its heartbeat.
    Push,
}

impl Kind {
    /// The word for it: `http`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Dns => "dns",
            Self::Icmp => "icmp",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Websocket => "websocket",
            Self::Grpc => "grpc",
            Self::Command => "command",
            Self::Push => "push",
        }
    }
}

/// One condition and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// As it is written.
    pub condition: String,
    /// Whether it holds.
    pub passed: bool,
    /// With what was seen: `[STATUS] (500) == 200`.
    pub shown: String,
    /// Whether it only warns.
    pub warn: bool,
}

/// One request of a chain of redirects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// Scheme, host and port; paths and queries may hold keys.
    pub origin: String,
    /// The HTTP status.
    pub status: u16,
    /// The address that was connected to.
    pub address: Option<String>,
    /// How long each part took.
    pub phases_us: Phases,
}

/// What a probe saw. It holds no secret that the redactor knows, and none that a header or body was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// The probe's id.
    pub id: String,
    /// The service it looks at.
    pub service: String,
    /// How it looks.
    pub kind: Kind,
    /// How it came out.
    pub state: State,
    /// When its last attempt began.
    #[serde(with = "time_format")]
    pub started_at: Time,
    /// Its conditions, in order; none when it was not configured.
    pub conditions: Vec<Checked>,
    /// The HTTP status, or the status of a gRPC call.
    pub status: Option<u16>,
    /// The address that was connected to, with its port.
    pub address: Option<String>,
    /// How long each part took, in microseconds; with redirects, all requests together.
    pub phases_us: Phases,
    /// When the first certificate of the chain ends.
    #[serde(with = "optional_time_format")]
    pub certificate_expires_at: Option<Time>,
    /// Why it could not be made, or why nobody can tell; a sentence.
    pub error: Option<String>,
    /// How many times it was made.
    pub attempts: u32,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: u64,
    /// How long the answer took, in milliseconds; what `[RESPONSE_TIME]` looks at.
    pub response_time_ms: Option<u64>,
    /// The exit code, when there was one.
    pub exit_code: Option<i32>,
    /// The version of TLS.
    pub tls_version: Option<String>,
    /// The requests of a chain of redirects; empty without one.
    pub hops: Vec<Hop>,
    /// The beginning of the body or output.
    pub output: Option<String>,
    /// It did not come to a connection with another machine: perhaps this one has no network.
    #[serde(skip)]
    pub unreached: bool,
}

impl Observation {
    /// How long the answer took, in microseconds; none when there was none.
    pub fn response_us(&self) -> Option<u64> {
        let Phases { dns, connect, tls, first_byte, total, .. } = self.phases_us;
        let until_answer = dns + connect + tls + first_byte;
        self.response_time_ms.map(|_| if until_answer > 0 { until_answer } else { total })
    }

    /// Why it is not up, on one line: the error, or the conditions that do not hold.
    pub fn why(&self) -> Option<String> {
        let unmet = || {
            let shown = self.conditions.iter().filter(|checked| !checked.passed).map(|checked| checked.shown.as_str());
            shown.collect::<Vec<_>>().join(", ")
        };
        let why = self.error.clone().unwrap_or_else(unmet);
        (!why.is_empty()).then(|| plain_line(&why))
    }
}
