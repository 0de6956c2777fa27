//! Mail servers that go away, hang or talk nonsense: what is known about the mail then.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread;

use super::{assert_failed, assert_uncertain, channel, courier, email, message, vars};
use crate::catalog::model::Delivery;
use crate::channel::{Courier, NotDelivered, PATIENCE, Patience, Receipt};
use crate::ground::Span;

/// What a server does when its answers are over.
#[derive(Clone, Copy)]
enum Then {
    Closes,
    Hangs,
}

/// A server that gives these answers, one for the greeting and one for each line it is told; a mail is one line.
fn server(answers: &'static [&'static str], then: Then) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let mut in_mail = false;
        for (index, answer) in answers.iter().enumerate() {
            if index > 0 {
                let _ = if in_mail { lines.find(|line| line == ".") } else { lines.next() };
            }
            in_mail = answer.starts_with("354");
            let _ = stream.write_all(format!("{answer}\r\n").as_bytes());
        }
        match then {
            Then::Closes if answers.is_empty() => {}
            // All of it is read before, so that the end is an end and no reset.
            Then::Closes => drop(if in_mail { lines.find(|line| line == ".") } else { lines.next() }),
            Then::Hangs => lines.for_each(drop),
        }
    });
    address
}

async fn send(address: SocketAddr, scheme: &str) -> Result<Receipt, NotDelivered> {
    send_within(PATIENCE.mail, address, scheme).await
}

/// Sends to somebody who does not answer.
async fn send_hung(address: SocketAddr, scheme: &str) -> Result<Receipt, NotDelivered> {
    send_within(Span::seconds(1), address, scheme).await
}

async fn send_within(mail: Span, address: SocketAddr, scheme: &str) -> Result<Receipt, NotDelivered> {
    let vars = vars(&[]);
    let patience = Patience { mail, ..PATIENCE };
    let courier = Courier { patience, ..courier(&vars, Path::new("/")) };
    courier.deliver(&channel(Delivery::Email(email(&format!("{scheme}://{address}")))), &message()).await
}

const UP_TO_DATA: [&str; 5] = ["220 hi", "250 hello", "250 from", "250 to", "354 go on"];

#[tokio::test]
async fn before_the_mail_is_out_it_has_not_arrived() {
    for many in 0..5 {
        let closed = send(server(&UP_TO_DATA[..many], Then::Closes), "smtp+plain").await;
        assert_failed(closed, true, "ended the conversation: ");
        let hung = send_hung(server(&UP_TO_DATA[..many], Then::Hangs), "smtp+plain").await;
        assert_failed(hung, true, "did not answer within 1s");
    }
}

#[tokio::test]
async fn after_it_is_out_nobody_knows() {
    let closed = send(server(&UP_TO_DATA, Then::Closes), "smtp+plain").await;
    assert_uncertain(closed, "got the mail, and then ended the conversation: incomplete response");
    let hung = send_hung(server(&UP_TO_DATA, Then::Hangs), "smtp+plain").await;
    assert_uncertain(hung, "did not answer within 1s");
    // An answer to something else is none.
    let confused = send(
        server(&["220 hi", "250 hello", "250 from", "250 to", "354 go on", "354 go on"], Then::Hangs),
        "smtp+plain",
    )
    .await;
    assert_uncertain(confused, "answered 354 where the mail should have been taken");
}

#[tokio::test]
async fn an_answer_is_an_answer_whoever_hangs_up_then() {
    for then in [Then::Closes, Then::Hangs] {
        let taken =
            send(server(&["220 hi", "250 hello", "250 from", "250 to", "354 go on", "250 queued"], then), "smtp+plain")
                .await;
        assert!(taken.is_ok(), "{taken:?}");
    }
    let nonsense = send(server(&["SSH-2.0-OpenSSH_9.6"], Then::Hangs), "smtp+plain").await;
    assert_failed(nonsense, true, "answered with something that is not SMTP");
    let busy = send(server(&["421 too busy"], Then::Closes), "smtp+plain").await;
    assert_failed(busy, true, "would not be greeted: 421 too busy");
    let no = send(
        server(&["220 hi", "250 hello", "250 from", "250 to", "354 go on", "452 disk full"], Then::Closes),
        "smtp+plain",
    )
    .await;
    assert_failed(no, true, "does not take the mail: 452 disk full");
}

#[tokio::test]
async fn nothing_before_the_handshake_counts_as_said_after_it() {
    // Whoever sits between could put answers of their own behind the last one in the clear.
    let injected: &[&str] =
        &["220 hi", "250 STARTTLS", "220 go\r\n250 hello\r\n250 from\r\n250 to\r\n354\r\n250 queued"];
    assert_failed(send(server(injected, Then::Hangs), "smtp").await, true, "could not connect to");
    let refused: &[&str] = &["220 hi", "250-mail\r\n250 STARTTLS", "502 no"];
    assert_failed(send(server(refused, Then::Closes), "smtp").await, false, "answered `502 no` where 220 was expected");
    let endless: &[&str] = &["220 hi", "250 STARTTLS", "SSH-2.0-OpenSSH_9.6"];
    assert_failed(send(server(endless, Then::Hangs), "smtp").await, true, "where 220 was expected");
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_failed(send(address, "smtp").await, true, &format!("could not connect to {address}: Connection refused"));
}
