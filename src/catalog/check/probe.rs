//! Probes: addresses, requests, patterns, conditions, and what they name.

use super::Context;
use super::names::Scope;
use super::sight;
use super::{command, parameter};
use crate::catalog::model::{HttpAuth, HttpTarget, Probe, ProbeTarget, TcpTarget};
use crate::catalog::problem::{Problem, Segment, Trail};
use crate::condition::{Compat, Rule, Segment as Step, Written};
use crate::error::nearest;
use crate::template::has_marks;

/// Everything that is wrong with a probe beyond its shape.
pub(super) fn probe(probe: &Probe, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    target(&probe.target, at, problems);
    client(probe, &at.key("client"), problems);
    let conditions = at.key("conditions");
    for (index, expectation) in probe.conditions.iter().enumerate() {
        let here = conditions.index(index);
        let warn = here.key("warn");
        let here = if expectation.warn { &warn } else { &here };
        let before = problems.len();
        written(&expectation.written, probe.compat, here, problems);
        // For Gatus what is not seen is zero, and a condition may hold all the same.
        if problems.len() == before && probe.compat == Compat::Strict {
            sight::never_seen(&expectation.written.to_string(), &probe.target, here, problems);
        }
    }
    depends_on(probe, context, &at.key("depends_on"), problems);
}

fn target(target: &ProbeTarget, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    match target {
        ProbeTarget::Http(http) => request(http, &at.key("http"), problems),
        ProbeTarget::Websocket { url, headers, .. } => {
            let at = at.key("websocket");
            address(url, &["ws://", "wss://"], &at.key("url"), problems);
            self::headers(headers.keys(), &at.key("headers"), problems);
        }
        ProbeTarget::Redis { url, .. } => {
            address(url, &["redis://", "rediss://"], &at.key("redis").key("url"), problems);
        }
        ProbeTarget::Postgres { url, query } => {
            let at = at.key("postgres");
            variables(url, &at.key("url"), problems);
            if query.trim().is_empty() {
                problems.push(Problem::error("blank", &at.key("query"), "the query is blank"));
            }
        }
        ProbeTarget::Tcp(tcp) => dialogue(tcp, &at.key("tcp"), problems),
        ProbeTarget::Tls { address, .. } => place(address, false, &at.key("tls").key("address"), problems),
        ProbeTarget::Grpc { address, .. } => place(address, true, &at.key("grpc").key("address"), problems),
        ProbeTarget::Icmp { host } => place(host, false, &at.key("icmp"), problems),
        ProbeTarget::Dns(dns) => {
            let at = at.key("dns");
            place(&dns.name, false, &at.key("name"), problems);
            dns.resolver.iter().for_each(|resolver| place(resolver, false, &at.key("resolver"), problems));
        }
        ProbeTarget::Command(command) => {
            command::command(command, &at.key("command"), &Scope::nothing(), problems);
        }
        ProbeTarget::Push { every, .. } => {
            if every.is_zero() {
                problems.push(Problem::error("zero", &at.key("push"), "a heartbeat comes at most once a second"));
            }
        }
    }
}

fn request(http: &HttpTarget, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    address(&http.url, &["https://", "http://"], &at.key("url"), problems);
    if http.method.is_empty() || !http.method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let message = format!("`{}` is not an HTTP method", http.method);
        problems.push(Problem::error("invalid-request", &at.key("method"), message));
    }
    headers(http.headers.keys(), &at.key("headers"), problems);
    let twice = http.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"));
    if twice && let Some(HttpAuth::Basic { .. } | HttpAuth::Bearer(_)) = http.auth {
        let message = "the header `Authorization` is what `auth` makes";
        problems.push(Problem::error("two-kinds", &at.key("auth"), message).on_key().suggest("keep one of them"));
    }
}

fn headers<'a>(names: impl Iterator<Item = &'a String>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    for name in names.filter(|name| !is_header(name)) {
        let message = format!("`{name}` cannot be the name of a header");
        problems.push(Problem::error("invalid-request", &at.key(name), message).on_key());
    }
}

fn dialogue(tcp: &TcpTarget, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    place(&tcp.address, true, &at.key("address"), problems);
    for turn in &tcp.dialogue {
        if let Some(pattern) = &turn.expect {
            parameter::regex(pattern, &at.key("expect"), problems);
        }
    }
}

fn client(probe: &Probe, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let client = &probe.client;
    if client.certificate.is_some() != client.key.is_some() {
        let message = "a client certificate needs both `certificate` and `key`";
        problems.push(Problem::error("invalid-client", at, message).on_key());
    }
    if let Some(proxy) = &client.proxy {
        let here = at.key("proxy");
        address(proxy, &["http://"], &here, problems);
        if !matches!(probe.target, ProbeTarget::Http(_)) {
            let message = "only `http` probes go through a proxy";
            problems.push(Problem::error("invalid-client", &here, message).on_key());
        }
    }
    if let Some(resolver) = &client.resolver {
        place(resolver, false, &at.key("resolver"), problems);
    }
}

fn depends_on(probe: &Probe, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let all = &context.catalog.settings.probes;
    for (index, id) in probe.depends_on.iter().enumerate() {
        let here = at.index(index);
        if *id == probe.id {
            problems.push(Problem::error("cycle", &here, format!("`{id}` would depend on itself")));
        } else if !all.contains_key(id) {
            if context.settings_known {
                let problem = Problem::error("unknown-reference", &here, format!("there is no probe `{id}`"));
                problems.push(problem.suggest_name(nearest(id, all.keys().map(String::as_str))));
            }
        } else if leads_to(context, id, &probe.id) {
            let problem = Problem::error("cycle", &here, format!("`{id}` depends on `{}` in turn", probe.id));
            problems.push(problem.suggest("let the one that is deeper depend on nothing"));
        }
    }
}

fn leads_to(context: &Context<'_>, from: &str, to: &str) -> bool {
    let (mut seen, mut left) = (Vec::new(), vec![from]);
    while let Some(id) = left.pop() {
        if id == to {
            return true;
        }
        if !seen.contains(&id) {
            seen.push(id);
            let probe = context.catalog.settings.probes.get(id);
            left.extend(probe.into_iter().flat_map(|probe| probe.depends_on.iter().map(String::as_str)));
        }
    }
    false
}

fn written(written: &Written, compat: Compat, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    for wrong in Rule::problems(written, compat) {
        let text = wrong.text(written);
        let meant: String = text.chars().skip(wrong.error.column.saturating_sub(1)).collect();
        let mut problem = Problem::error("invalid-condition", at, wrong.error.message);
        problem.path.extend(wrong.path.into_iter().map(|segment| match segment {
            Step::Key(key) => Segment::Key(key),
            Step::Index(index) => Segment::Index(index),
        }));
        let problem = if meant.trim().is_empty() { problem } else { problem.word(meant) };
        problems.push(match wrong.error.suggestion {
            Some(suggestion) => problem.suggest(format!("for example: {suggestion}")),
            None => problem,
        });
    }
}

/// An address that begins so, or with a variable.
pub(super) fn address(url: &str, schemes: &[&str], at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if !schemes.iter().chain(&["${"]).any(|start| url.starts_with(start)) && !has_marks(url) {
        let problem = Problem::error("invalid-request", at, format!("`{url}` is not an address"));
        let starts = schemes.iter().map(|scheme| format!("`{scheme}`")).collect::<Vec<_>>().join(", ");
        problems.push(problem.suggest(format!("begin it with {starts} or `${{NAME}}`")));
    }
    variables(url, at, problems);
}

/// `host:port`, or a host alone where a port is known anyway.
fn place(text: &str, needs_port: bool, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let known = !text.contains("${") && !has_marks(text);
    let port = text.rsplit_once(':').map(|(_, port)| port).filter(|_| !text.ends_with(']'));
    let port = port.filter(|_| text.matches(':').count() == 1 || text.starts_with('['));
    if text.trim().is_empty() || text.contains("://") || text.contains(' ') {
        let problem = Problem::error("invalid-request", at, format!("`{text}` is not a host"));
        problems.push(problem.suggest("write `host` or `host:port`, without `https://`"));
    } else if known && port.is_none() && needs_port {
        let problem = Problem::error("invalid-request", at, format!("`{text}` has no port"));
        problems.push(problem.suggest(format!("write it like `{text}:443`")));
    } else if known && port.is_some_and(|port| port.parse::<u16>().is_err()) {
        let problem = Problem::error("invalid-request", at, format!("`{}` is no port", port.unwrap_or_default()));
        problems.push(problem.suggest("ports are numbers from 1 to 65535"));
    }
    variables(text, at, problems);
}

/// The variables in a text, which is no template.
pub(super) fn variables(text: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if has_marks(text) {
        let problem = Problem::error("not-a-template", at, "an address is not a template").word("{{");
        problems.push(problem.suggest("`${NAME}` stands for an environment variable"));
    }
    let names = text.split("${").skip(1).map(|rest| rest.split('}').next().unwrap_or(rest));
    for name in names.filter(|name| !parameter::is_identifier(name)) {
        let problem = Problem::error("invalid-name", at, format!("`{name}` cannot be an environment variable"));
        problems.push(problem.word(format!("${{{name}")));
    }
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
