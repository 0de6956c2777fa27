//! What a probe saw, as conditions look at it.

use serde::{Deserialize, Serialize};

/// How long each part of an observation took, in microseconds; 0 where a part did not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Phases {
    /// Resolving the host's name.
    pub dns: u64,
    /// Connecting.
    pub connect: u64,
    /// The TLS handshake.
    pub tls: u64,
    /// From the request to the first byte of the answer.
    pub first_byte: u64,
    /// From the first byte of the answer to its last.
    pub transfer: u64,
    /// Everything, from the beginning to the end.
    pub total: u64,
}

/// What a probe saw. A fact that it did not see is `None` and fails the conditions that ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The HTTP status, or the status of a gRPC call.
    pub status: Option<u16>,
    /// The body as text; the first value of a query, the answers of a name server, what a dialogue brought.
    pub body: Option<String>,
    /// The headers of the response, by name.
    pub headers: Option<Vec<(String, String)>>,
    /// How long the answer took, in milliseconds.
    pub response_time_ms: Option<u64>,
    /// Whether there was a connection.
    pub connected: Option<bool>,
    /// The address that was connected to, without port.
    pub ip: Option<String>,
    /// The code of a name server's answer: `NOERROR`, `NXDOMAIN`.
    pub dns_rcode: Option<String>,
    /// How long until the first certificate of the chain ends, in milliseconds; negative when it has ended.
    pub certificate_expiration_ms: Option<i64>,
    /// How long until the registration of the domain ends, in milliseconds. No probe of ours sees it.
    pub domain_expiration_ms: Option<i64>,
    /// How many rows a query gave, or how many records a name server.
    pub rows: Option<u64>,
    /// The version of TLS: `1.2`, `1.3`.
    pub tls_version: Option<String>,
    /// How many redirects were followed.
    pub redirects: Option<u32>,
    /// How long each part took.
    pub phases: Option<Phases>,
    /// The exit code of a command.
    pub exit_code: Option<i32>,
    /// What a command wrote to its standard output.
    pub stdout: Option<String>,
    /// Why the probe could not be made to its end. Strict conditions do not hold then.
    pub error: Option<String>,
}
