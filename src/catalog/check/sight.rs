//! What each kind of probe can see: a condition on anything else never holds.

use crate::catalog::model::ProbeTarget;
use crate::catalog::problem::{Problem, Trail};

/// What every probe that connects can see.
const CONNECTED: [&str; 9] =
    ["CONNECTED", "RESPONSE_TIME", "IP", "DNS", "CONNECT", "TLS", "FIRST_BYTE", "TRANSFER", "TOTAL"];

/// What can be seen where there may be TLS.
const SECURE: [&str; 2] = ["CERTIFICATE_EXPIRATION", "TLS_VERSION"];

/// Everything that only some can see.
const SOME: [&str; 8] = ["STATUS", "BODY", "HEADERS", "REDIRECTS", "DNS_RCODE", "ROWS", "EXIT_CODE", "STDOUT"];

/// Warns of what a kind of probe never sees in a condition.
pub(super) fn never_seen(condition: &str, target: &ProbeTarget, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let (kind, own) = own(target);
    let connects = !matches!(target, ProbeTarget::Command(_) | ProbeTarget::Push { .. });
    let may_be_secure = connects && !matches!(target, ProbeTarget::Dns(_) | ProbeTarget::Icmp { .. });
    let is_seen = |name: &str| {
        own.contains(&name)
            || (connects && CONNECTED.contains(&name))
            || (may_be_secure && SECURE.contains(&name))
            || ["RESPONSE_TIME", "TOTAL"].contains(&name)
    };
    for written in condition.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(name, _)| name) {
        let name = written.to_ascii_uppercase();
        let is_known = [&CONNECTED[..], &SECURE, &SOME].iter().any(|names| names.contains(&name.as_str()));
        if is_known && !is_seen(&name) {
            let message = format!("`[{written}]` is nothing that a `{kind}` probe sees: the condition never holds");
            let problem = Problem::warning("never-seen", at, message).word(format!("[{written}]"));
            problems.push(problem.suggest("docs/probes.md says what each kind sees"));
        }
    }
}

/// The word for a kind, and what it sees beside what all see.
const fn own(target: &ProbeTarget) -> (&'static str, &'static [&'static str]) {
    match target {
        ProbeTarget::Http(_) => ("http", &["STATUS", "BODY", "HEADERS", "REDIRECTS"]),
        ProbeTarget::Tcp(_) => ("tcp", &["BODY"]),
        ProbeTarget::Tls { .. } => ("tls", &[]),
        ProbeTarget::Dns(_) => ("dns", &["BODY", "ROWS", "DNS_RCODE"]),
        ProbeTarget::Icmp { .. } => ("icmp", &[]),
        ProbeTarget::Postgres { .. } => ("postgres", &["BODY", "ROWS"]),
        ProbeTarget::Redis { .. } => ("redis", &["BODY"]),
        ProbeTarget::Websocket { .. } => ("websocket", &["STATUS", "BODY", "HEADERS"]),
        ProbeTarget::Grpc { .. } => ("grpc", &["STATUS", "BODY"]),
        ProbeTarget::Command(_) => ("command", &["EXIT_CODE", "STDOUT"]),
        ProbeTarget::Push { .. } => ("push", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::never_seen;
    use crate::catalog::model::{Command, ProbeTarget};
    use crate::catalog::problem::Trail;

    fn warnings(condition: &str, target: &ProbeTarget) -> usize {
        let mut problems = Vec::new();
        never_seen(condition, target, &Trail::ROOT, &mut problems);
        problems.len()
    }

    #[test]
    fn what_a_kind_never_sees_is_warned_of() {
        let icmp = ProbeTarget::Icmp { host: "a".to_owned() };
        let command = ProbeTarget::Command(Command::Shell("true".to_owned()));
        let tls = ProbeTarget::Tls { address: "a".to_owned(), starttls: None };
        for (condition, target, count) in [
            ("[STATUS] == 200", &icmp, 1),
            ("([status] == 200 or len([BODY].items[0]) > 1)", &icmp, 2),
            ("[CONNECTED] == true", &icmp, 0),
            ("[RESPONSE_TIME] < 10", &command, 0),
            ("[CONNECTED] == true", &command, 1),
            ("[EXIT_CODE] == 0", &command, 0),
            ("[CERTIFICATE_EXPIRATION] > 14d", &tls, 0),
            ("[CERTIFICATE_EXPIRATION] > 14d", &icmp, 1),
            ("[BODY] == pat([a-z]*)", &tls, 1),
        ] {
            assert_eq!(warnings(condition, target), count, "{condition}");
        }
    }
}
