//! Probes as they are written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AsWritten, OneOrMany, RawCommand, RawRetry};
use crate::catalog::model::Client;
use crate::catalog::union::by_kind;
use crate::ground::Span;

/// A check of a service from outside; which one of `http`, `tcp`, `tls`, `dns`, `icmp`, `postgres`, `redis`,
/// `websocket`, `grpc`, `command` and `push` it carries says how it looks.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawProbe {
    /// The title people see.
    pub title: Option<String>,
    /// An address, or a request; `${NAME}` stands for an environment variable.
    pub http: Option<RawHttp>,
    /// `host:port`, or a connection with a dialogue.
    pub tcp: Option<RawTcp>,
    /// `host:port` whose certificates are looked at.
    pub tls: Option<RawTls>,
    /// A question to a name server.
    pub dns: Option<RawDns>,
    /// A host that answers a ping.
    pub icmp: Option<String>,
    /// A connection string, or a connection with a query.
    pub postgres: Option<RawPostgres>,
    /// An address, or what is asked there.
    pub redis: Option<RawRedis>,
    /// An address, or a message to send there.
    pub websocket: Option<RawWebsocket>,
    /// `host:port` of a gRPC server with the health protocol.
    pub grpc: Option<RawGrpc>,
    /// A command whose exit code and output are looked at.
    pub command: Option<RawCommand>,
    /// A heartbeat that has to arrive, at most this long after the last one.
    pub push: Option<RawPush>,
    /// What a good observation looks like; when left out, what is usual for its kind.
    pub conditions: Vec<RawCondition>,
    /// Whose meaning the conditions have.
    pub compat: Option<RawCompat>,
    /// How it connects, and whom it trusts.
    pub client: Client,
    /// How long one attempt may take (10s when left out).
    pub timeout: Option<Span>,
    /// How often `opsctl watch` looks (60s when left out).
    pub interval: Option<Span>,
    /// How often a bad observation is made again before it counts.
    pub retry: Option<RawRetry>,
    /// Bad observations in a row before `opsctl watch` calls it down (1 when left out).
    pub failure_threshold: Option<u32>,
    /// Good observations in a row before `opsctl watch` calls it up again (1 when left out).
    pub success_threshold: Option<u32>,
    /// Probes without which this one can tell nothing: behind one that is down it is unknown.
    pub depends_on: Vec<String>,
    /// When work is planned.
    pub maintenance: Vec<RawMaintenance>,
    /// With `false`, only `probe run` with its id looks.
    pub enabled: Option<bool>,
    /// Words to find it by.
    pub tags: Vec<String>,
}

/// A condition, or a group of conditions.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawCondition {
    /// `[STATUS] == 200`
    Text(String),
    /// A group, or a condition that only warns.
    Group(RawGroup),
}

by_kind!(RawCondition, "a condition, or a map with `and`, `or`, `not` or `warn`", {
    text => RawCondition::Text, map => RawCondition::Group,
});

/// A group of conditions, or one that only warns: exactly one of the keys.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawGroup {
    /// All must hold.
    pub and: Option<Vec<RawCondition>>,
    /// One must hold.
    pub or: Option<Vec<RawCondition>>,
    /// It must not hold.
    pub not: Option<Box<RawCondition>>,
    /// When it does not hold, the probe is degraded and not down.
    pub warn: Option<Box<RawCondition>>,
}

/// Whose meaning conditions have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawCompat {
    /// Gatus's.
    Gatus,
}

/// An address, or a request.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawHttp {
    /// An address.
    Url(String),
    /// A request.
    Full(Box<RawRequest>),
}

by_kind!(RawHttp, "an address, or a map with `url`", { text => RawHttp::Url, map => RawHttp::Full });

/// A request.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRequest {
    /// The address; `${NAME}` stands for an environment variable.
    pub url: String,
    /// The method (GET when left out).
    pub method: Option<String>,
    /// Headers.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// The body.
    pub body: Option<String>,
    /// Who asks.
    pub auth: Option<RawAuth>,
    /// How many redirects are followed (10 when left out); with 0 the redirect itself is looked at.
    pub redirects: Option<u32>,
    /// The version of HTTP, `1.1` or `2`; settled with the server when left out.
    #[schemars(with = "Option<AsWritten>")]
    pub version: Option<String>,
}

/// Who asks: `basic` or `bearer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawAuth {
    /// A user and a password.
    pub basic: Option<RawBasic>,
    /// A token, best as `${NAME}`.
    pub bearer: Option<String>,
}

/// A user and a password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawBasic {
    /// The user.
    pub username: String,
    /// The password, best as `${NAME}`.
    pub password: String,
}

/// `host:port`, or a connection with a dialogue.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawTcp {
    /// `host:port`
    Address(String),
    /// A connection with a dialogue.
    Full(RawFullTcp),
}

by_kind!(RawTcp, "`host:port`, or a map with `address`", { text => RawTcp::Address, map => RawTcp::Full });

/// A connection with a dialogue.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullTcp {
    /// `host:port`; `${NAME}` stands for an environment variable.
    pub address: String,
    /// Whether TLS begins at once.
    #[serde(default)]
    pub tls: bool,
    /// The protocol in which TLS is asked for.
    pub starttls: Option<RawStartTls>,
    /// A text to send; `\n` and the like mean what they usually do in double quotes.
    pub send: Option<String>,
    /// A regular expression that the answer has to match.
    pub expect: Option<String>,
    /// Several turns of `send` and `expect`.
    #[serde(default)]
    pub dialogue: Vec<RawTurn>,
}

/// One turn of a dialogue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawTurn {
    /// A text to send.
    pub send: Option<String>,
    /// A regular expression that has to match what comes back.
    pub expect: Option<String>,
}

/// A protocol that begins in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawStartTls {
    /// SMTP.
    Smtp,
    /// IMAP.
    Imap,
    /// POP3.
    Pop3,
    /// FTP.
    Ftp,
    /// PostgreSQL.
    Postgres,
}

/// `host:port`, or with the protocol in which TLS is asked for.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawTls {
    /// `host:port`
    Address(String),
    /// With the protocol in which TLS is asked for.
    Full(RawFullTls),
}

by_kind!(RawTls, "`host:port`, or a map with `address`", { text => RawTls::Address, map => RawTls::Full });

/// `host:port`, and the protocol in which TLS is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullTls {
    /// `host:port`; the port is 443 when left out.
    pub address: String,
    /// The protocol in which TLS is asked for.
    pub starttls: Option<RawStartTls>,
}

/// A question to a name server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDns {
    /// The name.
    pub name: String,
    /// What is asked for (A when left out).
    #[serde(rename = "type")]
    pub record: Option<RawRecordType>,
    /// `address[:port]` of the name server; the system's first one when left out.
    pub resolver: Option<String>,
}

/// A type of DNS record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RawRecordType {
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

/// A connection string, or a connection with a query.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawPostgres {
    /// A connection string.
    Url(String),
    /// A connection with a query.
    Full(RawFullPostgres),
}

by_kind!(RawPostgres, "a connection string, or a map with `url`", {
    text => RawPostgres::Url, map => RawPostgres::Full,
});

/// A connection with a query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullPostgres {
    /// The connection string, best as `${NAME}`.
    pub url: String,
    /// What is asked (`SELECT 1` when left out).
    pub query: Option<String>,
}

/// An address, or what is asked there.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawRedis {
    /// An address.
    Url(String),
    /// What is asked there.
    Full(RawFullRedis),
}

by_kind!(RawRedis, "an address, or a map with `url`", { text => RawRedis::Url, map => RawRedis::Full });

/// An address of a Redis server, and what is asked there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullRedis {
    /// `redis://[user:password@]host[:port][/db]`, or `rediss://`.
    pub url: String,
    /// What is asked (`ping` when left out).
    pub ask: Option<RawRedisAsk>,
}

/// What Redis is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawRedisAsk {
    /// `[BODY]` is `PONG`.
    Ping,
    /// `[BODY].connected_clients` and all other fields of `INFO`.
    Info,
}

/// An address, or a message to send there.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawWebsocket {
    /// An address.
    Url(String),
    /// A message to send there.
    Full(RawFullWebsocket),
}

by_kind!(RawWebsocket, "an address, or a map with `url`", { text => RawWebsocket::Url, map => RawWebsocket::Full });

/// An address of a WebSocket, and a message to send there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullWebsocket {
    /// `ws://` or `wss://`.
    pub url: String,
    /// Headers of the request.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// A message to send; the first answer is then the body.
    pub send: Option<String>,
}

/// `host:port`, or a service there.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawGrpc {
    /// `host:port`
    Address(String),
    /// A service there.
    Full(RawFullGrpc),
}

by_kind!(RawGrpc, "`host:port`, or a map with `address`", { text => RawGrpc::Address, map => RawGrpc::Full });

/// A gRPC server and the service asked about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullGrpc {
    /// `host:port`
    pub address: String,
    /// The service asked about; the server itself when left out.
    #[serde(default)]
    pub service: String,
    /// Whether to use TLS.
    #[serde(default)]
    pub tls: bool,
}

/// How often a heartbeat comes, or how often and how late it may be.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawPush {
    /// How often.
    Every(Span),
    /// How often, and how late.
    Full(RawFullPush),
}

by_kind!(RawPush, "a duration, or a map with `every`", { text => RawPush::Every, map => RawPush::Full });

/// How often a heartbeat comes, and how late it may be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullPush {
    /// At most this long after the last one.
    pub every: Span,
    /// How late it may be, and how long a started job may take (a tenth of `every` when left out, at least 30s).
    pub grace: Option<Span>,
}

/// When work is planned: `start` and `duration` again and again, or `from` and `until` once.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawMaintenance {
    /// The time of day it begins, as HH:MM.
    pub start: Option<String>,
    /// How long it lasts, at most 24h.
    pub duration: Option<Span>,
    /// The days on which it begins, by name; every day when left out.
    pub every: Option<OneOrMany<String>>,
    /// The time zone, such as `Europe/Berlin` (UTC when left out).
    pub timezone: Option<String>,
    /// Once: the beginning, as 2026-12-01T02:00:00Z.
    pub from: Option<String>,
    /// Once: the end.
    pub until: Option<String>,
}
