//! Probes as they are written in, probes of the model out.

use indexmap::IndexMap;

use super::maintenance::windows;
use super::step::{command, retry_of};
use crate::catalog::model::{
    DnsTarget, Expectation, HttpAuth, HttpTarget, HttpVersion, MaintenanceWindow, Probe, ProbeTarget, RecordType,
    RedisAsk, StartTls, TcpTarget, Turn,
};
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::{
    RawAuth, RawCompat, RawCondition, RawDns, RawFullTcp, RawGroup, RawGrpc, RawHttp, RawPostgres, RawProbe, RawPush,
    RawRecordType, RawRedis, RawRedisAsk, RawRequest, RawStartTls, RawTcp, RawTls, RawWebsocket,
};
use crate::condition::{Compat, Written};
use crate::ground::Span;

const TIMEOUT: Span = Span::seconds(10);
const INTERVAL: Span = Span::seconds(60);
const REDIRECTS: u32 = 10;
const SHORTEST_INTERVAL: Span = Span::seconds(1);

/// The keys of which a probe carries exactly one.
const KINDS: [&str; 11] =
    ["http", "tcp", "tls", "dns", "icmp", "postgres", "redis", "websocket", "grpc", "command", "push"];

/// Makes a probe of what is written at `at`.
pub(super) fn probe(
    id: &str,
    service: &str,
    mut raw: RawProbe,
    of_service: &[MaintenanceWindow],
    at: &Trail<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Probe> {
    let target = target(id, &mut raw, at, problems)?;
    let conditions = at.key("conditions");
    let expectation = |(index, raw)| expectation(raw, &conditions.index(index), problems);
    let conditions = raw.conditions.into_iter().enumerate().filter_map(expectation).collect();
    let mut maintenance = windows(raw.maintenance, &at.key("maintenance"), problems);
    maintenance.extend_from_slice(of_service);
    let interval = raw.interval.unwrap_or(INTERVAL);
    if interval < SHORTEST_INTERVAL {
        let problem = Problem::error("too-often", &at.key("interval"), "a second is the shortest interval");
        problems.push(problem.suggest("probes that look more often hurt what they look at"));
    }
    Some(Probe {
        id: id.to_owned(),
        title: raw.title.unwrap_or_else(|| id.to_owned()),
        service: service.to_owned(),
        target,
        client: raw.client,
        conditions,
        compat: raw.compat.map_or(Compat::Strict, |RawCompat::Gatus| Compat::Gatus),
        timeout: above_zero(raw.timeout.unwrap_or(TIMEOUT), &at.key("timeout"), problems),
        interval,
        retry: raw.retry.map(|retry| retry_of(retry, &at.key("retry"), problems)).unwrap_or_default(),
        failure_threshold: threshold(raw.failure_threshold, &at.key("failure_threshold"), problems),
        success_threshold: threshold(raw.success_threshold, &at.key("success_threshold"), problems),
        depends_on: raw.depends_on,
        maintenance,
        enabled: raw.enabled.unwrap_or(true),
        tags: raw.tags,
    })
}

pub(super) fn above_zero(span: Span, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Span {
    if span.is_zero() {
        problems.push(Problem::error("zero", at, "nothing can be done in no time").suggest("write it like 10s"));
    }
    span
}

fn threshold(count: Option<u32>, at: &Trail<'_>, problems: &mut Vec<Problem>) -> u32 {
    if count == Some(0) {
        problems.push(Problem::error("zero", at, "a threshold counts observations: 1 is the least"));
    }
    count.unwrap_or(1).max(1)
}

fn target(id: &str, raw: &mut RawProbe, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<ProbeTarget> {
    let targets = [
        raw.http.take().map(|http| ProbeTarget::Http(self::http(http, &at.key("http"), problems))),
        raw.tcp.take().map(|tcp| ProbeTarget::Tcp(self::tcp(tcp, &at.key("tcp"), problems))),
        raw.tls.take().map(tls),
        raw.dns.take().map(dns),
        raw.icmp.take().map(|host| ProbeTarget::Icmp { host }),
        raw.postgres.take().map(postgres),
        raw.redis.take().map(redis),
        raw.websocket.take().map(websocket),
        raw.grpc.take().map(grpc),
        raw.command.take().map(|run| ProbeTarget::Command(command(run))),
        raw.push.take().map(push),
    ];
    let mut found = KINDS.into_iter().zip(targets).filter_map(|(key, target)| Some((key, target?)));
    let Some((first, target)) = found.next() else {
        let problem = Problem::error("no-check", at, format!("the probe `{id}` looks at nothing"));
        problems
            .push(problem.on_key().suggest(format!("give it one of {}", KINDS.map(|k| format!("`{k}:`")).join(", "))));
        return None;
    };
    if let Some((second, _)) = found.next() {
        let message = format!("a probe has `{first}` or `{second}`, not both");
        let problem = Problem::error("two-kinds", &at.key(second), message);
        problems.push(problem.on_key().suggest("split it into two probes"));
        return None;
    }
    Some(target)
}

fn http(raw: RawHttp, at: &Trail<'_>, problems: &mut Vec<Problem>) -> HttpTarget {
    let request = match raw {
        RawHttp::Full(request) => *request,
        RawHttp::Url(url) => RawRequest {
            url,
            method: None,
            headers: IndexMap::new(),
            body: None,
            auth: None,
            redirects: None,
            version: None,
        },
    };
    let version = request.version.as_deref().and_then(|written| match written.trim_start_matches("HTTP/") {
        "1.1" | "1" => Some(HttpVersion::One),
        "2" | "2.0" => Some(HttpVersion::Two),
        _ => {
            let message = format!("`{written}` is no version of HTTP that can be asked for");
            problems.push(Problem::error("invalid-request", &at.key("version"), message).suggest("write 1.1 or 2"));
            None
        }
    });
    HttpTarget {
        url: request.url,
        method: request.method.map_or_else(|| "GET".to_owned(), |method| method.to_ascii_uppercase()),
        headers: request.headers,
        body: request.body,
        auth: request.auth.and_then(|auth| http_auth(auth, &at.key("auth"), problems)),
        redirects: request.redirects.unwrap_or(REDIRECTS),
        version,
    }
}

fn http_auth(raw: RawAuth, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<HttpAuth> {
    match (raw.basic, raw.bearer) {
        (Some(basic), None) => Some(HttpAuth::Basic { username: basic.username, password: basic.password }),
        (None, Some(token)) => Some(HttpAuth::Bearer(token)),
        _ => {
            let problem = Problem::error("invalid-request", at, "`auth` has either `basic` or `bearer`");
            problems.push(problem.suggest("auth: {bearer: \"${API_TOKEN}\"}"));
            None
        }
    }
}

fn tcp(raw: RawTcp, at: &Trail<'_>, problems: &mut Vec<Problem>) -> TcpTarget {
    let full = match raw {
        RawTcp::Address(address) => {
            return TcpTarget { address, tls: false, starttls: None, dialogue: Vec::new() };
        }
        RawTcp::Full(full) => full,
    };
    if full.tls && full.starttls.is_some() {
        let problem = Problem::error("two-kinds", &at.key("starttls"), "TLS begins at once or is asked for, not both");
        problems.push(problem.on_key().suggest("remove `tls` or `starttls`"));
    }
    let RawFullTcp { address, tls, starttls, send, expect, dialogue } = full;
    let first = (send.is_some() || expect.is_some()).then_some(Turn { send, expect });
    let rest = dialogue.into_iter().map(|turn| Turn { send: turn.send, expect: turn.expect });
    TcpTarget { address, tls, starttls: starttls.map(start_tls), dialogue: first.into_iter().chain(rest).collect() }
}

fn tls(raw: RawTls) -> ProbeTarget {
    match raw {
        RawTls::Address(address) => ProbeTarget::Tls { address, starttls: None },
        RawTls::Full(full) => ProbeTarget::Tls { address: full.address, starttls: full.starttls.map(start_tls) },
    }
}

fn start_tls(raw: RawStartTls) -> StartTls {
    match raw {
        RawStartTls::Smtp => StartTls::Smtp,
        RawStartTls::Imap => StartTls::Imap,
        RawStartTls::Pop3 => StartTls::Pop3,
        RawStartTls::Ftp => StartTls::Ftp,
        RawStartTls::Postgres => StartTls::Postgres,
    }
}

fn dns(raw: RawDns) -> ProbeTarget {
    let record = match raw.record.unwrap_or(RawRecordType::A) {
        RawRecordType::A => RecordType::A,
        RawRecordType::Aaaa => RecordType::Aaaa,
        RawRecordType::Cname => RecordType::Cname,
        RawRecordType::Mx => RecordType::Mx,
        RawRecordType::Txt => RecordType::Txt,
        RawRecordType::Ns => RecordType::Ns,
        RawRecordType::Srv => RecordType::Srv,
    };
    ProbeTarget::Dns(DnsTarget { name: raw.name, record, resolver: raw.resolver })
}

fn postgres(raw: RawPostgres) -> ProbeTarget {
    let (url, query) = match raw {
        RawPostgres::Url(url) => (url, None),
        RawPostgres::Full(full) => (full.url, full.query),
    };
    ProbeTarget::Postgres { url, query: query.unwrap_or_else(|| "SELECT 1".to_owned()) }
}

fn redis(raw: RawRedis) -> ProbeTarget {
    let (url, ask) = match raw {
        RawRedis::Url(url) => (url, None),
        RawRedis::Full(full) => (full.url, full.ask),
    };
    let ask = match ask.unwrap_or(RawRedisAsk::Ping) {
        RawRedisAsk::Ping => RedisAsk::Ping,
        RawRedisAsk::Info => RedisAsk::Info,
    };
    ProbeTarget::Redis { url, ask }
}

fn websocket(raw: RawWebsocket) -> ProbeTarget {
    match raw {
        RawWebsocket::Url(url) => ProbeTarget::Websocket { url, headers: IndexMap::new(), send: None },
        RawWebsocket::Full(full) => ProbeTarget::Websocket { url: full.url, headers: full.headers, send: full.send },
    }
}

fn grpc(raw: RawGrpc) -> ProbeTarget {
    match raw {
        RawGrpc::Address(address) => ProbeTarget::Grpc { address, service: String::new(), tls: false },
        RawGrpc::Full(full) => ProbeTarget::Grpc { address: full.address, service: full.service, tls: full.tls },
    }
}

fn push(raw: RawPush) -> ProbeTarget {
    let (every, grace) = match raw {
        RawPush::Every(every) => (every, None),
        RawPush::Full(full) => (full.every, full.grace),
    };
    let usual = || Span(every.0 / 10).max(Span::seconds(30));
    ProbeTarget::Push { every, grace: grace.unwrap_or_else(usual) }
}

fn expectation(raw: RawCondition, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<Expectation> {
    match raw {
        RawCondition::Group(RawGroup { and: None, or: None, not: None, warn: Some(warned) }) => {
            Some(Expectation { written: written(*warned, &at.key("warn"), problems)?, warn: true })
        }
        other => Some(Expectation { written: written(other, at, problems)?, warn: false }),
    }
}

fn written(raw: RawCondition, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<Written> {
    let mut list = |raw: Vec<RawCondition>, key: &str| {
        let at = at.key(key);
        if raw.is_empty() {
            problems.push(Problem::error("no-check", &at, format!("`{key}` lists no conditions")).on_key());
        }
        let one = |(index, raw)| written(raw, &at.index(index), problems);
        raw.into_iter().enumerate().map(one).collect::<Option<Vec<_>>>()
    };
    match raw {
        RawCondition::Text(text) => Some(Written::Text(text)),
        RawCondition::Group(RawGroup { and: Some(and), or: None, not: None, warn: None }) => {
            list(and, "and").map(Written::And)
        }
        RawCondition::Group(RawGroup { and: None, or: Some(or), not: None, warn: None }) => {
            list(or, "or").map(Written::Or)
        }
        RawCondition::Group(RawGroup { and: None, or: None, not: Some(not), warn: None }) => {
            written(*not, &at.key("not"), problems).map(|part| Written::Not(Box::new(part)))
        }
        RawCondition::Group(_) => {
            let message = "a group has exactly one of `and`, `or` and `not`; `warn` stands outside of groups";
            let problem = Problem::error("invalid-condition", at, message);
            problems.push(problem.suggest("for example: {or: [\"[STATUS] == 200\", \"[STATUS] == 204\"]}"));
            None
        }
    }
}
