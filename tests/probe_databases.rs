//! Probes of PostgreSQL and Redis against the real servers, and against some that are none.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::net::SocketAddr;
use std::path::Path;

use opsctl::catalog::model::{Client, Probe, ProbeTarget, RedisAsk};
use opsctl::probe::State;

mod common;

use common::ca::{Authority, NOW};
use common::observe::{
    assert_error, assert_up, blunt, endless, expecting, look, look_with, probe, silent, talker, within,
};
use common::postgres::{PASSWORD, Postgres};
use common::redis::Redis;

fn postgres(url: impl Into<String>, query: &str) -> Probe {
    probe(ProbeTarget::Postgres { url: url.into(), query: query.to_owned() })
}

fn trusting(ca: &Path, probe: Probe) -> Probe {
    Probe { client: Client { ca: Some(ca.display().to_string()), ..Client::default() }, ..probe }
}

// ---- PostgreSQL ----

#[tokio::test]
async fn the_first_value_of_a_query_is_the_body() {
    let server = Postgres::start();
    for (query, conditions) in [
        ("SELECT 1", &["[CONNECTED] == true", "[BODY] == 1", "[ROWS] == 1"][..]),
        ("SELECT 'é', 2 UNION SELECT 'é', 3", &["[BODY] == é", "[ROWS] == 2"]),
        ("SELECT '{\"lag\": 3}'::json", &["[BODY].lag < 10"]),
        ("SELECT NULL::int FROM generate_series(1, 3)", &["has([BODY]) == false", "[ROWS] == 3"]),
        ("SELECT 1 WHERE false", &["has([BODY]) == false", "[ROWS] == 0"]),
        ("SELECT", &["has([BODY]) == false", "[ROWS] == 1"]),
        ("SHOW statement_timeout", &["[BODY] == 30s"]),
        ("SELECT 1; SELECT 2 -- two of them", &["[BODY] == 1", "[ROWS] == 2"]),
        ("", &["[ROWS] == 0"]),
        ("SELECT generate_series(1, 200000)", &["[BODY] == 1", "[ROWS] > 100000"]),
        ("SELECT repeat('é', 32768)", &["len([BODY]) == 65536"]),
        ("SHOW application_name", &["[BODY] == opsctl"]),
    ] {
        let seen = look(&expecting(conditions, postgres(server.url(), query))).await;
        assert_up(&seen);
    }
    let seen = look(&postgres(server.url(), "SELECT 42")).await;
    assert_eq!((seen.output.as_deref(), seen.conditions[0].condition.as_str()), (Some("42"), "[CONNECTED] == true"));
    assert!(seen.address.unwrap().ends_with("/.s.PGSQL.5432"));
    assert!(seen.response_time_ms.is_some() && seen.phases_us.connect > 0 && seen.phases_us.first_byte > 0);
}

#[tokio::test]
async fn what_the_database_refuses_is_said_in_its_words() {
    let server = Postgres::start();
    let wrong = server.url().replace(PASSWORD, "hunter3-wrong");
    for (url, query, expected) in [
        (wrong.clone(), "SELECT 1", "did not let us in: password authentication failed for user \"app\" (28P01)"),
        (server.url().replace("/postgres?", "/none?"), "SELECT 1", "database \"none\" does not exist (3D000)"),
        (
            server.url().replace(&format!(":{PASSWORD}"), ""),
            "SELECT 1",
            "asks for a password, and the address has none",
        ),
        (server.url(), "SELECT * FROM none", "did not answer the query: relation \"none\" does not exist (42P01)"),
        (server.url(), "SELECT 1/0", "division by zero (22012)"),
        (server.url(), "CREATE TABLE a ()", "cannot execute CREATE TABLE in a read-only transaction (25006)"),
        (server.url(), "COPY pg_class TO STDOUT", "gave no proper PostgreSQL answer: unexpected message from server"),
        (server.url(), "SELECT pg_terminate_backend(pg_backend_pid())", "due to administrator command (57P01)"),
        (server.url(), "SELECT repeat('x', 2000000)", "a message is longer than 1 MiB"),
        (server.url() + "&channel_binding=require", "SELECT 1", "server did not use channel binding"),
        (
            server.url() + "&target_session_attrs=read-only",
            "SELECT 1",
            "takes writes, and the address asks for another",
        ),
        ("postgresql://app@/x?host=/no/such".into(), "SELECT 1", "there is no socket /no/such/.s.PGSQL.5432"),
    ] {
        let seen = look(&postgres(url, query)).await;
        assert_error(&seen, expected);
        let all = format!("{seen:?}");
        assert!(!all.contains(PASSWORD) && !all.contains("hunter3-wrong"), "{all}");
    }
    let long = expecting(&["[BODY] == x", "[ROWS] == 1"], postgres(server.url(), "SELECT repeat('x', 100000)"));
    let seen = look(&long).await;
    assert_eq!((seen.state, seen.conditions[1].passed), (State::Down, true));
    assert!(seen.conditions[0].shown.contains("longer than 64 KiB"), "{seen:?}");
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_ended_there_too() {
    let server = Postgres::start();
    let seen = look(&within(3000, postgres(server.url(), "SELECT pg_sleep(600)"))).await;
    assert_error(&seen, "timed out after 3s: /");
    assert_error(&seen, ".s.PGSQL.5432 did not answer the query");
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND state = 'active'";
    let ended = async { while look(&postgres(server.url(), sleeping)).await.output.as_deref() != Some("0") {} };
    tokio::time::timeout(common::PATIENCE, ended).await.expect("the server ends the query");
}

#[tokio::test]
async fn addresses_from_the_environment_stay_hidden() {
    let server = Postgres::start();
    let url = server.url();
    let whole = expecting(&["[BODY] != x"], postgres("${DATABASE_URL}", &format!("SELECT '{url} {PASSWORD}'")));
    let seen = look_with(&whole, &[("DATABASE_URL", &url)]).await;
    assert_up(&seen);
    assert_eq!(seen.conditions[0].shown, "[BODY] (••• •••) != x");
    let seen = look(&whole).await;
    assert_eq!(seen.error.as_deref(), Some("the environment variable DATABASE_URL is not set"));
    // A password that is written out does not show either.
    let seen = look(&postgres(url, &format!("SELECT '<{PASSWORD}>'"))).await;
    assert_eq!(seen.output.as_deref(), Some("<•••>"));
}

#[tokio::test]
async fn servers_are_tried_in_order() {
    let server = Postgres::start_tcp();
    let (place, dead) = (server.place(), common::observe::nobody());
    let url = format!("postgresql://app:{PASSWORD}@{dead},{place}/postgres?target_session_attrs=read-write");
    let seen = look(&postgres(url.clone(), "SELECT 1")).await;
    assert_up(&seen);
    assert_eq!(seen.address.as_deref(), Some(place.as_str()));
    let seen = look(&postgres(url.replace("read-write", "read-only"), "SELECT 1")).await;
    assert_error(&seen, &format!("{dead} refused the connection; {place} takes writes"));
    let hanging = silent();
    let url = format!("host=127.0.0.1,127.0.0.1 port={},{} ", hanging.port(), place.rsplit(':').next().unwrap());
    let url = url + &format!("user=app password={PASSWORD} dbname=postgres connect_timeout=3");
    assert_up(&look(&postgres(url, "SELECT 1")).await);
    let seen = look(&postgres(format!("postgresql://app@{hanging}/x?connect_timeout=1"), "SELECT 1")).await;
    assert_error(
        &seen,
        &format!("timed out after 1s (connect_timeout): {hanging} did not answer whether it speaks TLS"),
    );
}

#[tokio::test]
async fn tls_is_used_where_the_server_has_it_and_checked_where_somebody_asks() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new("Ours"), Authority::new("Theirs"));
    let (certificate, key) = ours.issue(&["127.0.0.1"], NOW).files(dir.path(), "server");
    let (ours, theirs) = (ours.file(dir.path()), theirs.file(dir.path()));
    let server = Postgres::start_tls(&certificate, &key);
    let url = format!("postgresql://app:{PASSWORD}@{}/postgres", server.place());
    let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let ask = |mode: &str| expecting(&["[BODY] == t"], postgres(format!("{url}?{mode}"), encrypted));
    for mode in ["application_name=x", "sslmode=require", "sslmode=require&channel_binding=require"] {
        let seen = look(&ask(mode)).await;
        assert_up(&seen);
        assert_eq!(seen.tls_version.as_deref(), Some("1.3"));
        assert!(seen.certificate_expires_at.is_some() && seen.phases_us.tls > 0);
        assert_up(&look(&trusting(&ours, ask(mode))).await);
    }
    assert_up(&look(&trusting(&ours, ask("sslmode=verify-full"))).await);
    let plain = expecting(&["[BODY] == f"], ask("sslmode=disable"));
    assert_up(&look(&plain).await);
    let unknown = "nobody this machine trusts has issued the certificate";
    assert_error(&look(&ask("sslmode=verify-full")).await, unknown);
    assert_error(&look(&trusting(&theirs, ask("sslmode=prefer"))).await, unknown);
    let by_name = url.replace("127.0.0.1", "localhost");
    let seen = look(&trusting(&ours, postgres(by_name, "SELECT 1"))).await;
    assert_error(&seen, "the certificate is for another name");
}

#[tokio::test]
async fn a_database_without_tls_is_refused_where_tls_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let (server, ours) = (Postgres::start_tcp(), Authority::new("Ours").file(dir.path()));
    let url = format!("postgresql://app:{PASSWORD}@{}/postgres", server.place());
    assert_up(&look(&postgres(url.clone(), "SELECT 1")).await);
    let expected = format!("{} does not speak TLS, and the probe wants it", server.place());
    assert_error(&look(&postgres(format!("{url}?sslmode=require"), "SELECT 1")).await, &expected);
    assert_error(&look(&trusting(&ours, postgres(url, "SELECT 1"))).await, &expected);
}

/// Lets everyone in, begins the transaction, and takes a query for a row of one column.
const GULLIBLE: [&[u8]; 3] = [
    b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I",
    b"C\0\0\0\x0aBEGIN\0C\0\0\0\x08SET\0Z\0\0\0\x05T",
    b"T\0\0\0\x1a\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0",
];

#[tokio::test]
async fn a_database_that_is_none_is_down_and_says_how_far_it_came() {
    let ask =
        |address: SocketAddr, mode: &str| postgres(format!("postgresql://app@{address}/x?sslmode={mode}"), "SELECT 1");
    let silent = silent();
    for (mode, expected) in [("prefer", "whether it speaks TLS"), ("disable", "the log-in")] {
        let seen = look(&within(300, ask(silent, mode))).await;
        assert_error(&seen, &format!("timed out after 300ms: {silent} did not answer {expected}"));
    }
    let nonsense = blunt(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let seen = look(&ask(nonsense, "prefer")).await;
    assert_error(&seen, &format!("{nonsense} gave no proper PostgreSQL answer: it does not say whether it speaks TLS"));
    assert_error(&look(&ask(nonsense, "disable")).await, "gave no proper PostgreSQL answer: a message is longer");
    assert_error(&look(&ask(blunt(b""), "prefer")).await, "broke the connection off");
    assert_error(&look(&ask(talker(&[b"N", b""]), "prefer")).await, "broke the connection off");
    let closing = talker(&[GULLIBLE[0], GULLIBLE[1], b""]);
    assert_error(&look(&ask(closing, "disable")).await, &format!("{closing} broke the connection off"));
    assert_error(&look(&ask(talker(&[b"S", b"no TLS"]), "prefer")).await, "the other side does not speak TLS");
}

#[tokio::test]
async fn a_database_that_never_stops_does_not_fill_the_memory() {
    let ask = |address: SocketAddr| postgres(format!("postgresql://app@{address}/x?sslmode=disable"), "SELECT 1");
    let notices = endless(&[b"R\0\0\0\x08\0\0\0\0"], b"N\0\0\0\x06x\0");
    assert_error(&look(&ask(notices)).await, "more than 1 MiB came that are no rows");
    let settings = endless(&GULLIBLE[..1], b"S\0\0\0\x08a\0b\0");
    assert_error(&look(&ask(settings)).await, "more than 1 MiB came that are no rows");
    let value = endless(&GULLIBLE, b"D\x7f\0\0\0\0\x01\x7e\0\0\0xxxxxxxxxxxxxxxxxx");
    assert_error(&look(&ask(value)).await, "a message is longer than 1 MiB");
    let rows = endless(&GULLIBLE, b"D\0\0\0\x0b\0\x01\0\0\0\x01x");
    assert_up(&look(&expecting(&["[ROWS] > 100000", "[BODY] == x"], ask(rows))).await);
}

// ---- Redis ----

fn redis(url: impl Into<String>, ask: RedisAsk) -> Probe {
    probe(ProbeTarget::Redis { url: url.into(), ask })
}

fn ping(url: impl Into<String>) -> Probe {
    redis(url, RedisAsk::Ping)
}

#[tokio::test]
async fn redis_is_pinged_and_tells_its_fields() {
    let server = Redis::start(&[]);
    let url = format!("redis://{}/3", server.place());
    let seen = look(&ping(&url)).await;
    assert_up(&seen);
    assert_eq!((seen.output.as_deref(), seen.address), (Some("PONG"), Some(server.place())));
    assert_eq!(seen.conditions[0].condition, "[CONNECTED] == true");
    assert!(seen.response_time_ms.is_some() && seen.phases_us.connect > 0 && seen.phases_us.first_byte > 0);
    assert_up(&look(&expecting(&["[BODY] == PONG"], ping(&url))).await);
    let wanted = [
        "[BODY].role == master",
        "[BODY].connected_clients < 100",
        "[BODY].redis_version == pat(*.*.*)",
        "has([BODY].x) == false",
    ];
    assert_up(&look(&expecting(&wanted, redis(&url, RedisAsk::Info))).await);
    let seen = look(&ping(format!("redis://{}/99", server.place()))).await;
    assert_error(&seen, &format!("{} refused SELECT: ERR DB index is out of range", server.place()));
}

#[tokio::test]
async fn redis_wants_a_password_and_nobody_sees_it() {
    let server = Redis::start(&["--requirepass", "hunter2+secret", "--user", "ops", "on", ">other-secret", "+@all"]);
    let place = server.place();
    assert_up(&look(&ping(format!("redis://:hunter2+secret@{place}"))).await);
    assert_up(&look(&ping(format!("redis://ops:other%2Dsecret@{place}"))).await);
    assert_up(
        &look_with(&ping("redis://:${PASSWORD}@${PLACE}"), &[("PASSWORD", "hunter2+secret"), ("PLACE", &place)]).await,
    );
    let seen = look(&ping(format!("redis://{place}"))).await;
    assert_error(&seen, &format!("{place} refused PING: NOAUTH Authentication required"));
    let seen = look(&ping(format!("redis://:hunter3@{place}"))).await;
    assert_error(&seen, &format!("{place} refused AUTH: WRONGPASS invalid username-password pair"));
    let parrot = blunt(b"-ERR unknown command 'AUTH', with args beginning with: 'pw1'\r\n");
    let seen = look(&ping(format!("redis://:pw1@{parrot}"))).await;
    assert_error(&seen, "refused AUTH: ERR unknown command 'AUTH', with args beginning with: '•••'");
    let parrot = blunt(b"+hunter2+secret\r\n");
    let seen = look(&ping(format!("redis://{parrot}/1"))).await;
    assert_error(&seen, "broke the connection off");
    let seen = look(&ping(format!("redis://:hunter2+secret@{}", talker(&[b"+OK\r\n", b"+hunter2+secret\r\n"])))).await;
    assert_error(&seen, "did not answer PING with PONG");
    assert_eq!(seen.output.as_deref(), Some("•••"));
}

#[tokio::test]
async fn redis_over_tls_is_trusted_when_its_issuer_is() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new("Ours"));
    let (certificate, key) = authority.issue(&["127.0.0.1"], NOW).files(dir.path(), "server");
    let ours = authority.file(dir.path());
    let server = Redis::start_tls(&certificate, &key);
    let probe = ping(format!("rediss://{}", server.place()));
    let seen = look(&trusting(&ours, probe.clone())).await;
    assert_up(&seen);
    assert!(seen.certificate_expires_at.is_some() && seen.tls_version.is_some());
    assert_error(&look(&probe).await, "nobody this machine trusts has issued the certificate");
    let seen = look(&ping(format!("redis://{}", server.place()))).await;
    assert_eq!(seen.state, State::Down, "{seen:?}");
}

#[tokio::test]
async fn a_redis_that_is_none_is_down_and_says_how_far_it_came() {
    let ask = |address: SocketAddr| ping(format!("redis://{address}"));
    let silent = silent();
    assert_error(
        &look(&within(300, ask(silent))).await,
        &format!("timed out after 300ms: {silent} did not answer PING"),
    );
    let slow = talker(&[b"$100\r\nbegun", b"", b""]);
    let seen = look(&within(3000, ask(slow))).await;
    assert_error(&seen, &format!("timed out after 3s: the answer of {slow} to PING did not end"));
    let nonsense = blunt(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_error(&look(&ask(nonsense)).await, &format!("{nonsense} gave no proper Redis answer: it does not begin as"));
    assert_error(&look(&ask(blunt(b""))).await, "broke the connection off");
    let loading = blunt(b"-LOADING Redis is loading the dataset in memory\r\n");
    assert_error(&look(&ask(loading)).await, "refused PING: LOADING Redis is loading the dataset in memory");
    let nobody = common::observe::nobody();
    assert_error(&look(&ask(nobody)).await, &format!("{nobody} refused the connection"));
    assert_error(&look(&ping("http://:pw@h")).await, "it begins neither with redis:// nor with rediss://");
}

#[tokio::test]
async fn a_redis_that_never_stops_does_not_fill_the_memory() {
    let ask = |address: SocketAddr| redis(format!("redis://{address}"), RedisAsk::Info);
    assert_error(&look(&ask(endless(&[b"$10737418240\r\n"], b"xxxxxxxx"))).await, "a text is longer than 1 MiB");
    assert_error(&look(&ask(endless(&[b"+"], b"xxxxxxxx"))).await, "a line is longer than 64 KiB");
}
