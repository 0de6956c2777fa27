//! What is written down about a demo: where it listens, who it is, and the token of its control endpoint.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::LIFETIME;
use super::files::{PRIVATE, replace};
use crate::error::{Error, Result};
use crate::ground::{Span, Time, time_format};

/// The record's name in the workspace's state directory.
pub const RECORD: &str = "demo.json";

/// How long a token is, in bytes.
const TOKEN: usize = 16;

/// Where the demo's three parts listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The page.
    pub web: SocketAddr,
    /// The API, and the control endpoint beside it.
    pub api: SocketAddr,
    /// The database.
    pub database: SocketAddr,
}

/// What is written down about a demo. It stays when the demo ends, so that the next one listens at the same places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The process; none when the demo has ended.
    pub pid: Option<u32>,
    /// What its control endpoint asks for.
    pub token: String,
    /// Where it listens.
    #[serde(flatten)]
    pub addresses: Addresses,
    /// When it was started.
    #[serde(with = "time_format")]
    pub started_at: Time,
}

impl Record {
    /// The record in a file; none when there is no file, or none that can be understood.
    pub fn read(file: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
    }

    /// Puts the record in its file, which only its owner may read.
    pub fn write(&self, file: &Path) -> Result<()> {
        let failed = |cause: &dyn std::fmt::Display| {
            Error::environment(format!("{} cannot be written", file.display()))
                .cause(cause)
                .hint("make its directory writable for you, or name another with --workspace DIR")
        };
        let text = serde_json::to_string_pretty(self).map_err(|cause| failed(&cause))?;
        replace(file, &format!("{text}\n"), PRIVATE).map_err(|cause| failed(&cause))
    }

    /// The page.
    pub fn web_url(&self) -> String {
        format!("http://{}/", self.addresses.web)
    }

    /// The API, without a path.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.addresses.api)
    }

    /// When the demo ends by itself.
    pub fn ends_at(&self) -> Time {
        self.started_at + Span(LIFETIME).delta()
    }
}

/// A token that nobody guesses.
pub fn fresh_token() -> Result<String> {
    let failed = |cause: io::Error| {
        Error::environment("the system gives no random numbers")
            .cause(cause)
            .hint("see whether /dev/urandom is readable")
    };
    let mut bytes = [0; TOKEN];
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).map_err(failed)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
