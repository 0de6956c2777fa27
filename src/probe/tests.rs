use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use indexmap::IndexMap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Limits, Observation, Prober, State, Verdict, unset, verdict};
use crate::catalog::model::{Client, Command, Expectation, HttpTarget, Probe, ProbeTarget, Retry};
use crate::condition::{Compat, Written};
use crate::ground::{Span, SystemClock};
use crate::redact::Redactor;

fn request(url: impl Into<String>) -> HttpTarget {
    HttpTarget {
        url: url.into(),
        method: "GET".into(),
        headers: IndexMap::new(),
        body: None,
        auth: None,
        redirects: 10,
        version: None,
    }
}

fn http(url: impl Into<String>) -> Probe {
    Probe {
        id: "api".into(),
        title: "API".into(),
        service: "backend".into(),
        target: ProbeTarget::Http(request(url)),
        client: Client::default(),
        conditions: vec![],
        compat: Compat::Strict,
        timeout: Span::seconds(10),
        interval: Span::seconds(60),
        retry: Retry::default(),
        failure_threshold: 1,
        success_threshold: 1,
        depends_on: vec![],
        maintenance: vec![],
        enabled: true,
        tags: vec![],
    }
}

fn command(command: Command) -> Probe {
    Probe { target: ProbeTarget::Command(command), ..http("") }
}

fn shell(script: &str) -> Probe {
    command(Command::Shell(script.into()))
}

fn expecting(conditions: &[&str], probe: Probe) -> Probe {
    let one = |text: &&str| Expectation { written: Written::Text((*text).to_owned()), warn: false };
    Probe { conditions: conditions.iter().map(one).collect(), ..probe }
}

fn vars() -> BTreeMap<String, String> {
    [("TOKEN", "tok-123456"), ("SHORT", "ab"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

async fn look(probe: &Probe) -> Observation {
    let redactor = Redactor::new(["hunter2secret".to_owned()]);
    Prober::new(&vars(), std::env::temp_dir(), &SystemClock, redactor).observe(probe).await
}

#[track_caller]
fn assert_error(seen: &Observation, expected: &str) {
    assert_eq!(seen.state, State::Down, "{seen:?}");
    let error = seen.error.as_deref().unwrap_or_default();
    assert!(error.contains(expected), "{error}");
}

/// A server on a port the system chose, with everything the tests ask for.
async fn server() -> SocketAddr {
    let echo = |headers: HeaderMap, body: String| async move {
        let token = headers.get("authorization").map_or("", |value| value.to_str().unwrap_or(""));
        format!("{token} sent {body}")
    };
    let routes = Router::new()
        .route("/", get(|| async { ([("x-version", "7")], "  fine\n") }))
        .route("/json", get(|| async { r#"{"status":"UP","queue":{"length":12},"user":"hunter2secret"}"# }))
        .route("/broken", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "out of \u{1b}[31mmemory") }))
        .route("/moved", get(|| async { Redirect::temporary("/") }))
        .route("/loop", get(|| async { Redirect::temporary("/loop?key=1") }))
        .route("/slow", get(|| async { std::future::pending::<()>().await }))
        .route("/big", get(|| async { "x".repeat(10 * 1024 * 1024) }))
        .route("/echo", post(echo));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    address
}

/// A server that says one thing to everyone, whatever it is asked, and then does `after` with the connection.
fn blunt(answer: &'static [u8], after: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
            after(stream);
        }
    });
    address
}

fn hang_up(_: TcpStream) {}

fn hang_on(stream: TcpStream) {
    thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = (&stream).read_to_end(&mut rest);
    });
}

#[tokio::test]
async fn a_good_answer_is_up() {
    let address = server().await;
    let seen = look(&http(format!("http://{address}/"))).await;
    assert_eq!((seen.state, seen.status, seen.error.as_deref()), (State::Up, Some(200), None));
    assert_eq!(seen.conditions[0].shown, "[STATUS] (200) < 400");
    assert_eq!(seen.output.as_deref(), Some("fine"));
    let wanted = [
        "[BODY] == fine",
        "[HEADERS].X-Version == 7",
        "[RESPONSE_TIME] < 10s",
        "[CONNECTED] == true",
        "has([EXIT_CODE]) == false",
    ];
    let seen = look(&expecting(&wanted, http(format!("http://{address}/moved")))).await;
    assert_eq!(seen.state, State::Up, "{seen:?}");
    let json = serde_json::to_value(&seen).unwrap();
    assert_eq!((&json["state"], &json["kind"], &json["id"]), (&"up".into(), &"http".into(), &"api".into()));
}

#[tokio::test]
async fn a_bad_answer_is_down() {
    let address = server().await;
    let seen = look(&http(format!("http://{address}/broken"))).await;
    assert_eq!((seen.state, seen.status, seen.error.as_deref()), (State::Down, Some(500), None));
    assert_eq!(seen.conditions[0].shown, "[STATUS] (500) < 400");
    assert_eq!(seen.output.as_deref(), Some("out of memory"));
    let wanted = ["[BODY].status == UP", "[BODY].queue.length < 10", "[BODY].missing <= 5", "[STATUS] = 200"];
    let seen = look(&expecting(&wanted, http(format!("http://{address}/json")))).await;
    let held: Vec<bool> = seen.conditions.iter().map(|condition| condition.passed).collect();
    assert_eq!((seen.state, held), (State::Down, vec![true, false, false, false]));
    assert!(seen.conditions[3].shown.contains("is no operator"), "{:?}", seen.conditions);
}

#[tokio::test]
async fn redirects_without_end_are_down() {
    let address = server().await;
    let seen = look(&http(format!("http://{address}/loop"))).await;
    assert_error(&seen, &format!("gave up after 10 redirects, the last one at {address}"));
}

#[tokio::test]
async fn no_answer_in_time_is_down() {
    let hurried = |url: String| Probe { timeout: Span(Duration::from_millis(200)), ..http(url) };
    let seen = look(&hurried(format!("http://{}/slow", server().await))).await;
    assert_error(&seen, "timed out after 200ms: there was no answer");
    assert_eq!(seen.status, None);
    let endless = blunt(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun", hang_on);
    let probe = expecting(&["[STATUS] == 200"], http(format!("http://{endless}/")));
    let seen = look(&Probe { timeout: Span::seconds(2), ..probe }).await;
    assert_error(&seen, "timed out after 2s: the answer did not end");
    assert_eq!((seen.status, seen.conditions[0].passed), (Some(200), false)); // half an answer proves nothing
}

#[tokio::test]
async fn nobody_there_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let seen = look(&expecting(&["[CONNECTED] == false"], http(format!("http://{address}/")))).await;
    assert_error(&seen, &format!("{address} refused the connection"));
    assert!(!seen.conditions[0].passed);
    let host = "x".repeat(70); // too long for a name, so that nobody needs to be asked
    let seen = look(&http(format!("http://{host}.invalid/path?key=1"))).await;
    assert_error(&seen, &format!("could not resolve the host {host}.invalid"));
    assert!(!seen.error.unwrap().contains("key"));
}

#[tokio::test]
async fn nonsense_is_down() {
    for (answer, expected) in [
        (&b"SSH-2.0-OpenSSH_9.6\r\n"[..], "gave no proper HTTP answer"),
        (b"", "closed the connection before it had answered"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut", "broke the connection off"),
        (b"HTTP/1.1 999999 WHAT\r\n\r\n", "gave no proper HTTP answer"),
    ] {
        let address = blunt(answer, hang_up);
        assert_error(&look(&http(format!("http://{address}/"))).await, &format!("{address} {expected}"));
    }
}

#[tokio::test]
async fn a_body_without_measure_is_not_read_to_its_end() {
    let url = format!("http://{}/big", server().await);
    let seen = look(&http(&url)).await;
    assert_eq!((seen.state, seen.status), (State::Up, Some(200)));
    assert!(seen.output.unwrap().chars().count() <= 1001);
    let seen = look(&expecting(&["len([BODY]) > 1000", "[STATUS] == 200"], http(&url))).await;
    assert_eq!(seen.state, State::Down);
    assert!(seen.conditions[0].shown.contains("longer than 1 MiB"), "{:?}", seen.conditions);
    assert!(seen.conditions[1].passed);
}

/// Shows one certificate to one visitor.
fn tls(certificate: &str) -> SocketAddr {
    let fixture = |name: &str| format!("{}/tests/fixtures/tls/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let chain = vec![CertificateDer::from_pem_file(fixture(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(fixture("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::new(config)).unwrap(), stream);
        let _ = stream.read(&mut [0; 4096]);
    });
    address
}

#[tokio::test]
async fn a_bad_certificate_is_down_and_named() {
    for (certificate, expected) in
        [("expired", "the certificate has expired"), ("untrusted", "the certificate is self-signed")]
    {
        let address = tls(certificate);
        let seen = look(&http(format!("https://{address}/"))).await;
        assert_error(&seen, &format!("TLS with {address} failed: {expected}"));
    }
    let address = blunt(b"HTTP/1.1 400 Bad Request\r\n\r\n", hang_up);
    let seen = look(&http(format!("https://{address}/"))).await;
    assert_error(&seen, &format!("TLS with {address} failed: the other side does not speak TLS"));
}

fn echo(url: String, header: &str, body: &str) -> Probe {
    let headers = IndexMap::from([("Authorization".to_owned(), header.to_owned())]);
    let target =
        ProbeTarget::Http(HttpTarget { method: "post".into(), headers, body: Some(body.into()), ..request(url) });
    Probe { target, ..http("") }
}

#[tokio::test]
async fn the_environment_fills_requests_and_stays_hidden() {
    let url = format!("http://{}/echo", server().await);
    let probe = echo(url, "Bearer ${TOKEN}", "${SHORT} $5");
    let seen = look(&expecting(&["[BODY] == Bearer tok-123456 sent ab $5", "[BODY] != ok"], probe)).await;
    assert_eq!(seen.state, State::Up, "{seen:?}");
    // The condition as written is the author's; what came from the environment is not shown beside it.
    assert_eq!(seen.output.as_deref(), Some("Bearer ••• sent ab $5"));
    assert_eq!(seen.conditions[1].shown, "[BODY] (Bearer ••• sent ab $5) != ok");
    let seen = look(&expecting(&["[BODY].user == x"], http(format!("http://{}/json", server().await)))).await;
    assert!(!format!("{seen:?}").contains("hunter2secret"));
}

#[tokio::test]
async fn an_unset_variable_means_not_configured() {
    let seen = look(&http("${API_URL}/health")).await;
    assert_eq!((seen.state, seen.conditions.len()), (State::NotConfigured, 0));
    assert_eq!(seen.error.as_deref(), Some("the environment variable API_URL is not set"));
    let seen = look(&echo("http://${HOST}/${EMPTY}".into(), "${TOKEN}${KEY}", "${HOST}")).await;
    assert_eq!(seen.error.as_deref(), Some("the environment variables HOST, EMPTY, KEY are not set"));
    assert_eq!(serde_json::to_value(seen.state).unwrap(), "not_configured");
}

#[tokio::test]
async fn a_request_that_cannot_be_is_down_and_says_why() {
    for (probe, expected) in [
        (http("api.test/health"), "`api.test` is not an address"),
        (http("ftp://api.test"), "is not an http or https address"),
        (http("${TOKEN}"), "`${TOKEN}` is not an address"),
        (echo("http://127.0.0.1:1".into(), "a\nb", ""), "the header Authorization has characters that cannot be sent"),
    ] {
        assert_error(&look(&probe).await, expected);
    }
}

#[tokio::test]
async fn commands_are_probes_too() {
    let seen = look(&shell("echo fine; echo noise >&2")).await;
    assert_eq!((seen.state, seen.exit_code, seen.error.as_deref()), (State::Up, Some(0), None));
    assert_eq!(seen.conditions[0].shown, "[EXIT_CODE] (0) == 0");
    assert!(seen.output.unwrap().contains("fine"));
    let seen = look(&shell("echo broken; exit 3")).await;
    assert_eq!((seen.state, seen.exit_code), (State::Down, Some(3)));
    let seen =
        look(&expecting(&["[EXIT_CODE] == 3", "[STDOUT] > 41", "[STDOUT] == 42"], shell("echo 42; exit 3"))).await;
    assert_eq!(seen.state, State::Up, "{seen:?}");
    let seen = look(&command(Command::Argv(vec!["echo".into(), "$(exit 3)".into()]))).await;
    assert_eq!(seen.output.as_deref(), Some("$(exit 3)"));
    let seen = look(&expecting(&["[STDOUT] == x"], shell("echo hunter2secret"))).await;
    assert!(!format!("{seen:?}").contains("hunter2secret"), "{seen:?}");
}

#[tokio::test]
async fn commands_that_do_not_end_well_are_down() {
    let always = |probe: Probe| expecting(&["has([EXIT_CODE]) == false"], probe);
    assert_error(&look(&always(shell("kill -9 $$"))).await, "the command was ended by signal 9");
    let slow = Probe { timeout: Span(Duration::from_millis(200)), ..always(shell("sleep 60")) };
    assert_error(&look(&slow).await, "timed out after 200ms");
    let missing = look(&always(command(Command::Argv(vec!["no-such-program-here".into()])))).await;
    assert_error(&missing, "no-such-program-here");
}

async fn look_all(probes: &[Probe]) -> Vec<Observation> {
    let all: Vec<&Probe> = probes.iter().collect();
    let vars = vars();
    let eye = Prober::new(&vars, std::env::temp_dir(), &SystemClock, Redactor::default());
    eye.observe_all(&all, Limits::default(), &mut |_| {}).await
}

#[tokio::test]
async fn many_are_made_side_by_side_and_judged_together() {
    let address = server().await;
    let named = |id: &str, probe: Probe| Probe { id: id.into(), ..probe };
    let mut probes: Vec<Probe> = (0..40).map(|_| http(format!("http://{address}/"))).collect();
    let seen = look_all(&probes).await;
    assert_eq!((seen.len(), verdict(&seen)), (40, Verdict::Up(None)));
    probes = vec![
        named("web", http(format!("http://{address}/"))),
        named("api", http(format!("http://{address}/broken"))),
        named("db", http("${DB_URL}")),
        named("disk", command(Command::Argv(vec!["no-such-program-here".into()]))),
    ];
    let seen = look_all(&probes).await;
    assert_eq!(seen.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["web", "api", "db", "disk"]);
    let down = verdict(&seen);
    let begins = "api is down: [STATUS] (500) < 400; disk is down: ";
    assert!(matches!(&down, Verdict::Down(reason) if reason.starts_with(begins)), "{down:?}");
    let remark = "db is not configured: the environment variable DB_URL is not set".to_owned();
    assert_eq!(verdict(&seen[2..3]), Verdict::NotConfigured(remark.clone()));
    let web_and_db = [seen[0].clone(), seen[2].clone()];
    assert_eq!(verdict(&web_and_db), Verdict::Up(Some(remark)));
    assert_eq!(verdict(&[]), Verdict::Up(None));
}

#[test]
fn a_probe_names_what_it_needs_and_is_not_set() {
    let argv = Command::Argv(vec!["psql".into(), "${DB_URL}".into(), "${DB_URL}".into()]);
    assert_eq!(unset(&command(argv), &vars()), ["DB_URL"]);
    assert_eq!(unset(&http("${WEB}/x"), &vars()), ["WEB"]);
    assert!(unset(&http("http://localhost/"), &vars()).is_empty());
}

#[tokio::test]
async fn arguments_of_a_command_get_their_variables_and_hide_them() {
    let argv = Command::Argv(vec!["printf".into(), "seen %s".into(), "${DB_URL}".into()]);
    let vars = BTreeMap::from([("DB_URL".to_owned(), "postgres://user:pw@host/db".to_owned())]);
    let with = |vars| Prober::new(vars, std::env::temp_dir(), &SystemClock, Redactor::default());
    let seen = with(&vars).observe(&command(argv.clone())).await;
    assert_eq!((seen.state, seen.output.as_deref()), (State::Up, Some("seen •••")));
    let seen = with(&BTreeMap::new()).observe(&command(argv)).await;
    assert_eq!(seen.state, State::NotConfigured);
}
