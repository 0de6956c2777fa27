//! Probes: how a service is looked at from outside, and what a good observation is.

use chrono::{NaiveTime, Weekday};
use chrono_tz::Tz;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Command, Retry};
use crate::condition::{Compat, Written};
use crate::ground::{Span, Time};

/// A check of a service from outside.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Unique in the workspace.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// The service it looks at.
    pub service: String,
    /// How it looks.
    pub target: ProbeTarget,
    /// How it connects, and whom it trusts.
    pub client: Client,
    /// What a good observation looks like.
    pub conditions: Vec<Expectation>,
    /// How conditions are understood.
    pub compat: Compat,
    /// How long one attempt may take.
    pub timeout: Span,
    /// How often `opsctl watch` looks.
    pub interval: Span,
    /// How often a bad observation is made again before it counts.
    pub retry: Retry,
    /// Bad observations in a row before `watch` calls it down.
    pub failure_threshold: u32,
    /// Good observations in a row before `watch` calls it up again.
    pub success_threshold: u32,
    /// Probes without which this one can tell nothing.
    pub depends_on: Vec<String>,
    /// When work on it is planned; those of its service included.
    pub maintenance: Vec<MaintenanceWindow>,
    /// Whether `watch` looks, and `probe run` without a name.
    pub enabled: bool,
    /// Words to find it by.
    pub tags: Vec<String>,
}

impl Probe {
    /// Whether a selector means it: its id, its service or one of its tags.
    pub fn is_called(&self, selector: &str) -> bool {
        self.id == selector || self.service == selector || self.tags.iter().any(|tag| tag == selector)
    }
}

/// A condition, and how much it weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The condition, or a group of them.
    pub written: Written,
    /// Whether it only warns: the state is then degraded, not down.
    pub warn: bool,
}

/// How a probe looks. In texts `${NAME}` stands for an environment variable.
#[derive(Debug, Clone, PartialEq)]
pub enum ProbeTarget {
    /// An HTTP request.
    Http(HttpTarget),
    /// A TCP connection, and perhaps a dialogue.
    Tcp(TcpTarget),
    /// A TLS handshake with `host:port`.
    Tls {
        /// `host:port`; the port is 443 when left out.
        address: String,
        /// The protocol that begins in the clear.
        starttls: Option<StartTls>,
    },
    /// A question to a name server.
    Dns(DnsTarget),
    /// An ICMP echo.
    Icmp {
        /// A host's name or address.
        host: String,
    },
    /// A connection to PostgreSQL, and a query.
    Postgres {
        /// `postgresql://…`, or `key=value` words.
        url: String,
        /// What is asked; its first value is the body.
        query: String,
    },
    /// A connection to Redis.
    Redis {
        /// `redis://[user:password@]host[:port][/db]`, or `rediss://`.
        url: String,
        /// What is asked.
        ask: RedisAsk,
    },
    /// A WebSocket.
    Websocket {
        /// `ws://` or `wss://`.
        url: String,
        /// Headers of the upgrade request.
        headers: IndexMap<String, String>,
        /// A message to send; the first message that comes back is then the body.
        send: Option<String>,
    },
    /// The gRPC health protocol.
    Grpc {
        /// `host:port`.
        address: String,
        /// The service asked about; the server itself when empty.
        service: String,
        /// Whether to use TLS.
        tls: bool,
    },
    /// A command.
    Command(Command),
    /// A heartbeat that has to arrive.
    Push {
        /// At most this long after the last one.
        every: Span,
        /// And how late it may be; also how long a started job may take.
        grace: Span,
    },
}

/// An HTTP request and how far it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpTarget {
    /// The address.
    pub url: String,
    /// The method, in capitals.
    pub method: String,
    /// Headers.
    pub headers: IndexMap<String, String>,
    /// The body.
    pub body: Option<String>,
    /// Who asks.
    pub auth: Option<HttpAuth>,
    /// How many redirects are followed; one more is a failure. With 0 the redirect itself is the answer.
    pub redirects: u32,
    /// The version of HTTP; settled with the server when left out.
    pub version: Option<HttpVersion>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpAuth {
    /// A user and a password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// A token.
    Bearer(String),
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1
    One,
    /// HTTP/2; without TLS by prior knowledge.
    Two,
}

/// A TCP connection, and perhaps a dialogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpTarget {
    /// `host:port`.
    pub address: String,
    /// Whether TLS begins at once.
    pub tls: bool,
    /// The protocol in which TLS is asked for in the clear.
    pub starttls: Option<StartTls>,
    /// What is said and expected, in order.
    pub dialogue: Vec<Turn>,
}

/// One turn of a dialogue: first what is sent, then what is waited for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// A text to send.
    pub send: Option<String>,
    /// A regular expression that has to match what came since the turn began.
    pub expect: Option<String>,
}

/// A protocol that begins in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartTls {
    /// SMTP (RFC 3207).
    Smtp,
    /// IMAP (RFC 9051).
    Imap,
    /// POP3 (RFC 2595).
    Pop3,
    /// FTP (RFC 4217).
    Ftp,
    /// PostgreSQL.
    Postgres,
}

/// A question to a name server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsTarget {
    /// The name.
    pub name: String,
    /// What is asked for.
    pub record: RecordType,
    /// `address[:port]` of the name server; the system's first one when left out.
    pub resolver: Option<String>,
}

/// A type of DNS record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordType {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// An alias.
    Cname,
    /// A mail server.
    Mx,
    /// Text.
    Txt,
    /// A name server.
    Ns,
    /// A service.
    Srv,
}

/// What Redis is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisAsk {
    /// `PING`; the body is the answer.
    Ping,
    /// `INFO`; the body is a JSON object with a key for each field.
    Info,
}

/// How a probe connects, and whom it trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// A file with trusted certificates (PEM), in place of the system's; relative to the workspace.
    pub ca: Option<String>,
    /// A file with the client's certificate chain (PEM).
    pub certificate: Option<String>,
    /// A file with the client's private key (PEM).
    pub key: Option<String>,
    /// The name the server's certificate must have, in place of the host's.
    pub server_name: Option<String>,
    /// Whether any certificate will do.
    pub insecure: bool,
    /// `http://[user:password@]host:port` of a proxy, for `http` probes.
    pub proxy: Option<String>,
    /// `address[:port]` of a name server, in place of the system's resolver.
    pub resolver: Option<String>,
    /// The only hosts that may be connected to, redirects included: names, `*.example.com`, addresses, `10.0.0.0/8`.
    pub allow_hosts: Vec<String>,
    /// Whether addresses that are not public (loopback, private, link-local) are refused.
    pub deny_private: bool,
}

/// When work is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaintenanceWindow {
    /// Again and again.
    Recurring {
        /// When it begins, by the clock of the time zone.
        start: NaiveTime,
        /// How long it lasts, at most a day.
        duration: Span,
        /// On these days; on all when empty.
        days: Vec<Weekday>,
        /// The time zone.
        timezone: Tz,
    },
    /// Once.
    Once {
        /// From then on.
        from: Time,
        /// Until then.
        until: Time,
    },
}
