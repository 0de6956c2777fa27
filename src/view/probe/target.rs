//! What a probe looks at, as it is written: variables are not filled in, and what may be a password is hidden.

use crate::catalog::model::{ProbeTarget, RecordType, StartTls};
use crate::engine::command::display;
use crate::ground::plain_line;

/// What stands where a password or a user stood.
const HIDDEN: &str = "***";

/// What a probe looks at, in one line: `https://api.example/health`, `MX example.com`, `a heartbeat every 1h`.
pub fn looks_at(target: &ProbeTarget) -> String {
    let text = match target {
        ProbeTarget::Http(http) if http.method == "GET" => http.url.clone(),
        ProbeTarget::Http(http) => format!("{} {}", http.method, http.url),
        ProbeTarget::Tcp(tcp) if tcp.tls => format!("{} (TLS)", tcp.address),
        ProbeTarget::Tcp(tcp) => with_starttls(&tcp.address, tcp.starttls),
        ProbeTarget::Tls { address, starttls } => with_starttls(address, *starttls),
        ProbeTarget::Dns(dns) => match &dns.resolver {
            Some(resolver) => format!("{} {} at {resolver}", record(dns.record), dns.name),
            None => format!("{} {}", record(dns.record), dns.name),
        },
        ProbeTarget::Icmp { host } => host.clone(),
        ProbeTarget::Postgres { url, .. } | ProbeTarget::Redis { url, .. } | ProbeTarget::Websocket { url, .. } => {
            url.clone()
        }
        ProbeTarget::Grpc { address, service, .. } if service.is_empty() => address.clone(),
        ProbeTarget::Grpc { address, service, .. } => format!("{service} at {address}"),
        ProbeTarget::Command(command) => display(command),
        ProbeTarget::Push { every, grace } => format!("a heartbeat every {every}, at most {grace} late"),
    };
    plain_line(&hide(&text))
}

/// A text without users and passwords in its addresses, and without `password=` words.
pub(super) fn hide(text: &str) -> String {
    without_passwords(&without_users(text))
}

fn with_starttls(address: &str, starttls: Option<StartTls>) -> String {
    let protocol = match starttls {
        None => return address.to_owned(),
        Some(StartTls::Smtp) => "SMTP",
        Some(StartTls::Imap) => "IMAP",
        Some(StartTls::Pop3) => "POP3",
        Some(StartTls::Ftp) => "FTP",
        Some(StartTls::Postgres) => "PostgreSQL",
    };
    format!("{address} (STARTTLS in {protocol})")
}

const fn record(record: RecordType) -> &'static str {
    match record {
        RecordType::A => "A",
        RecordType::Aaaa => "AAAA",
        RecordType::Cname => "CNAME",
        RecordType::Mx => "MX",
        RecordType::Txt => "TXT",
        RecordType::Ns => "NS",
        RecordType::Srv => "SRV",
    }
}

fn without_users(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (before, after) = rest.split_at(scheme + "://".len());
        hidden.push_str(before);
        let end = after.find(|c: char| "/?#'\"".contains(c) || c.is_whitespace()).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(user) => {
                hidden.push_str(HIDDEN);
                &after[user..]
            }
            None => after,
        };
    }
    hidden + rest
}

fn without_passwords(text: &str) -> String {
    const WORD: &str = "password=";
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.to_ascii_lowercase().find(WORD) {
        let (before, after) = rest.split_at(at + WORD.len());
        hidden.push_str(before);
        hidden.push_str(HIDDEN);
        rest = &after[length(after)..];
    }
    hidden + rest
}

/// How long the value is that stands here: to its closing quote, or to a space or `&`.
fn length(text: &str) -> usize {
    let Some(quoted) = text.strip_prefix('\'') else {
        return text.find(|c: char| c.is_whitespace() || c == '&').unwrap_or(text.len());
    };
    let mut is_escaped = false;
    let closing = quoted.find(|c: char| {
        let closes = c == '\'' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        closes
    });
    closing.map_or(text.len(), |at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::hide;

    #[test]
    fn passwords_are_not_shown() {
        for (written, shown) in [
            ("https://me:pass@host:8080/@x", "https://***@host:8080/@x"),
            ("https://me:p@ss@host", "https://***@host"),
            ("https://${USER}:${PASS}@${HOST}/health", "https://***@${HOST}/health"),
            ("${API_URL}/health", "${API_URL}/health"),
            ("https://host/a@b", "https://host/a@b"),
            ("redis://:pass@cache/1 redis://cache", "redis://***@cache/1 redis://cache"),
            ("psql 'postgres://me:pass@db/x' -c 'SELECT 1'", "psql 'postgres://***@db/x' -c 'SELECT 1'"),
            ("host=db password=secret user=me", "host=db password=*** user=me"),
            (r"PASSWORD='it\'s a secret' host=db", "PASSWORD=*** host=db"),
            ("postgres://db/x?sslpassword=secret&a=b", "postgres://db/x?sslpassword=***&a=b"),
            ("password='never ends", "password=***"),
            ("ü://ä", "ü://ä"),
        ] {
            assert_eq!(hide(written), shown);
        }
    }
}
