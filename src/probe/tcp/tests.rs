use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use crate::catalog::model::{Probe, ProbeTarget, TcpTarget, Turn};
use crate::probe::State;
use crate::probe::trial::ca::{Authority, NOW, secured};
use crate::probe::trial::{assert_error, assert_up, expecting, hurried, look, probe, serve, trusting};

fn target(address: &str, dialogue: &[(&str, &str)]) -> TcpTarget {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let dialogue = dialogue.iter().map(|(send, expect)| Turn { send: text(send), expect: text(expect) }).collect();
    TcpTarget { address: address.into(), tls: false, starttls: None, dialogue }
}

/// A dialogue of what is sent and what is expected; either may be nothing.
fn written(address: &str, dialogue: &[(&str, &str)]) -> Probe {
    probe(ProbeTarget::Tcp(target(address, dialogue)))
}

fn tcp(address: SocketAddr, dialogue: &[(&str, &str)]) -> Probe {
    written(&address.to_string(), dialogue)
}

/// Greets, then answers what it knows, line by line, and says nothing to the rest.
fn talk(mut stream: impl Read + Write, greeting: &str, answers: &[(&str, &str)]) {
    let _ = stream.write_all(greeting.as_bytes());
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).is_ok_and(|length| length > 0) {
        if let Some((_, answer)) = answers.iter().find(|(asked, _)| *asked == line.trim()) {
            let _ = stream.get_mut().write_all(answer.as_bytes());
        }
        line.clear();
    }
}

const MAIL: [(&str, &str); 2] =
    [("EHLO me", "250-mail.test\r\n250-SIZE 1000\r\n250 HELP\r\n"), ("QUIT", "221 bye, \u{1b}[1mfriend\u{1b}[0m\r\n")];

fn mail_server() -> SocketAddr {
    serve(|stream| talk(stream, "220 mail.test ESMTP\r\n", &MAIL))
}

#[tokio::test]
async fn a_connection_is_enough() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = look(&tcp(address, &[])).await;
    assert_up(&seen);
    assert_eq!(seen.conditions[0].shown, "[CONNECTED] (true) == true");
    assert_eq!(seen.address, Some(address.to_string()));
    assert!(seen.response_time_ms.is_some());
    drop(listener);
    assert_error(&look(&tcp(address, &[])).await, &format!("{address} refused the connection"));
    assert_error(&look(&written("localhost", &[])).await, "`localhost` is not a host with a port");
}

#[tokio::test]
async fn a_dialogue_goes_turn_by_turn() {
    let dialogue = [("", "^220 .*ESMTP$"), ("EHLO me\r\n", "^250 HELP$"), ("QUIT\r\n", "^221 ")];
    let seen = look(&expecting(&["[BODY] == pat(220*bye*)"], tcp(mail_server(), &dialogue))).await;
    assert_up(&seen);
    let said = "220 mail.test ESMTP\n250-mail.test\n250-SIZE 1000\n250 HELP\n221 bye, friend";
    assert_eq!(seen.output.as_deref(), Some(said));
}

#[tokio::test]
async fn what_comes_in_pieces_is_one_answer() {
    let address = serve(|mut stream| {
        let _ = stream.set_nodelay(true);
        for byte in b"\xff\x00+PONG\r\n" {
            let _ = stream.write_all(&[*byte]);
            thread::yield_now();
        }
    });
    let seen = look(&expecting(&["[BODY] == pat(*+PONG*)"], tcp(address, &[("PING\r\n", r"\+PONG")]))).await;
    assert_up(&seen);
}

#[tokio::test]
async fn an_answer_counts_once() {
    let both = |stream| talk(stream, "one two\r\n", &[]);
    assert_up(&look(&tcp(serve(both), &[("", "one"), ("", "two")])).await);
    // What was said before the question is no answer to it.
    let address = serve(both);
    let seen = look(&hurried(tcp(address, &[("", "one two"), ("again\r\n", "one")]))).await;
    assert_error(&seen, &format!("timed out after 500ms: {address} sent nothing back"));
    // Nothing is not an answer, whatever would match it.
    let silent = serve(|stream| talk(stream, "", &[]));
    assert_error(&look(&hurried(tcp(silent, &[("", ".*")]))).await, "sent no greeting");
    // A turn that only sends waits for nothing.
    let seen = look(&expecting(&["has([BODY]) == false", "[CONNECTED] == true"], tcp(silent, &[("hello", "")]))).await;
    assert_up(&seen);
}

#[tokio::test]
async fn what_does_not_come_is_said() {
    let silent = serve(|stream| talk(stream, "", &[]));
    let seen = look(&hurried(tcp(silent, &[("", "^220 ")]))).await;
    assert_error(&seen, &format!("timed out after 500ms: {silent} sent no greeting"));
    let busy = serve(|stream| talk(stream, "554 \u{1b}[31mgo away\r\n", &[]));
    let seen = look(&hurried(tcp(busy, &[("", "^220 ")]))).await;
    assert_error(&seen, &format!("timed out after 500ms: `^220 ` did not come; {busy} sent `554 go away`"));
    assert_eq!(seen.output.as_deref(), Some("554 go away"));
}

#[tokio::test]
async fn a_closed_connection_says_what_came_before() {
    let address = serve(|mut stream| {
        let _ = stream.write_all(b"421 too many\r\n");
    });
    let seen = look(&tcp(address, &[("", "^220 ")])).await;
    assert_error(&seen, &format!("{address} closed the connection before `^220 ` came; it sent `421 too many`"));
    let address = serve(drop);
    let seen = look(&tcp(address, &[("", "^220 ")])).await;
    assert_error(&seen, &format!("{address} closed the connection before `^220 ` came; it sent nothing"));
}

#[tokio::test]
async fn nobody_is_listened_to_for_ever() {
    let address = serve(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    let seen = look(&tcp(address, &[("", "y")])).await;
    assert_error(&seen, &format!("{address} sent 64 KiB, and `y` did not come"));
    assert!(seen.output.unwrap().chars().count() <= 1001);
}

#[tokio::test]
async fn what_is_sent_may_hold_a_key() {
    let echo = serve(|stream| talk(stream, "", &[("AUTH tok-123456", "-ERR wrong: tok-123456\r\n")]));
    let seen = look(&hurried(tcp(echo, &[("AUTH ${TOKEN}\r\n", r"\+OK")]))).await;
    assert_error(&seen, "sent `-ERR wrong: •••`");
    assert_eq!(seen.output.as_deref(), Some("-ERR wrong: •••"));
    let seen = look(&written("${HOST}:25", &[("${TOKEN}${KEY}", "")])).await;
    assert_eq!(seen.state, State::NotConfigured);
    assert_eq!(seen.error.as_deref(), Some("the environment variables HOST, KEY are not set"));
}

#[tokio::test]
async fn a_pattern_that_is_none_is_down() {
    assert_error(&look(&written("127.0.0.1:1", &[("", "(")])).await, "`(` is not a regular expression");
}

#[tokio::test]
async fn a_dialogue_goes_over_tls() {
    let (root, dir) = (Authority::new("Root"), tempfile::tempdir().unwrap());
    let config = root.issue(&["127.0.0.1"], NOW).server();
    let address = serve(move |stream| talk(secured(&config, stream), "220 mail.test ESMTP\r\n", &MAIL));
    let secure = |dialogue| ProbeTarget::Tcp(TcpTarget { tls: true, ..target(&address.to_string(), dialogue) });
    let ask = probe(secure(&[("", "^220 "), ("QUIT\r\n", "^221 ")]));
    assert_error(&look(&ask).await, &format!("TLS with {address} failed: nobody this machine trusts"));
    let seen = look(&expecting(&["[TLS_VERSION] == 1.3"], trusting(&root.file(dir.path()), ask))).await;
    assert_up(&seen);
    assert!(seen.certificate_expires_at.is_some());
    // The other side hangs up without a goodbye, as many do.
    let config = root.issue(&["127.0.0.1"], NOW).server();
    let address = serve(move |stream| {
        let _ = secured(&config, stream).write_all(b"220 ");
    });
    let target = TcpTarget { tls: true, ..target(&address.to_string(), &[("", "^250 ")]) };
    let seen = look(&trusting(&root.file(dir.path()), probe(ProbeTarget::Tcp(target)))).await;
    assert_error(&seen, &format!("{address} closed the connection before `^250 ` came; it sent `220`"));
}
