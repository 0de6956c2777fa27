use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use crate::catalog::model::{Probe, ProbeTarget, StartTls, TcpTarget, Turn};
use crate::probe::trial::ca::{Authority, NOW, secured};
use crate::probe::trial::{assert_error, assert_up, expecting, hurried, look, probe, serve, trusting};

/// What a server says in the clear: a greeting, then an answer to each line that it knows the beginning of.
type Script = (&'static str, &'static [(&'static str, &'static str)]);

const SMTP: Script = (
    "220-mail.test\r\n220 ESMTP\r\n",
    &[("EHLO [127.0.0.1]", "250-mail.test\r\n250-STARTTLS\r\n250 SIZE\r\n"), ("STARTTLS", "220 go ahead\r\n")],
);
const IMAP: Script = ("* OK [CAPABILITY IMAP4rev2] ready\r\n", &[("a1 STARTTLS", "* CAPABILITY x\r\na1 OK begin\r\n")]);
const POP3: Script = ("+OK ready\r\n", &[("STLS", "+OK begin\r\n")]);
const FTP: Script =
    ("120 in a moment\r\n220-Welcome\r\n to the archive\r\n220 ready\r\n", &[("AUTH TLS", "234-yes\r\n234 begin\r\n")]);

/// Says it; whether the last answer was the last of the script, and so the handshake may begin.
fn say(stream: &TcpStream, (greeting, answers): Script) -> bool {
    let mut stream = BufReader::new(stream);
    let _ = stream.get_mut().write_all(greeting.as_bytes());
    for (begins, answer) in answers {
        let mut line = String::new();
        let _ = stream.read_line(&mut line);
        if !line.starts_with(begins) || !line.ends_with("\r\n") {
            return false;
        }
        let _ = stream.get_mut().write_all(answer.as_bytes());
    }
    true
}

/// Says it, and nothing more.
fn plain(script: Script) -> SocketAddr {
    serve(move |stream| {
        say(&stream, script);
        let _ = (&stream).read_to_end(&mut Vec::new());
    })
}

fn tls(protocol: StartTls, address: SocketAddr) -> Probe {
    probe(ProbeTarget::Tls { address: address.to_string(), starttls: Some(protocol) })
}

#[tokio::test]
async fn every_protocol_comes_to_its_handshake() {
    let (root, dir) = (Authority::new("Root"), tempfile::tempdir().unwrap());
    let config = root.issue(&["127.0.0.1"], NOW).server();
    for (protocol, script) in
        [(StartTls::Smtp, SMTP), (StartTls::Imap, IMAP), (StartTls::Pop3, POP3), (StartTls::Ftp, FTP)]
    {
        let config = Arc::clone(&config);
        let address = serve(move |stream| {
            if say(&stream, script) {
                let mut stream = secured(&config, stream);
                let _ = stream.write_all(b"secret greeting\r\n");
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        let ca = root.file(dir.path());
        let seen = look(&expecting(&["[CERTIFICATE_EXPIRATION] > 14d"], trusting(&ca, tls(protocol, address)))).await;
        assert_up(&seen);
        // The same with a dialogue: what was said in the clear is no part of it.
        let greeted = Turn { send: None, expect: Some("greeting$".into()) };
        let address = address.to_string();
        let target = TcpTarget { address, tls: false, starttls: Some(protocol), dialogue: vec![greeted] };
        let talk = expecting(&["[BODY] == pat(secret greeting*)"], probe(ProbeTarget::Tcp(target)));
        assert_up(&look(&trusting(&ca, talk)).await);
    }
}

#[tokio::test]
async fn postgresql_says_yes_with_one_letter() {
    let (root, dir) = (Authority::new("Root"), tempfile::tempdir().unwrap());
    let config = root.issue(&["127.0.0.1"], NOW).server();
    let answering = |answer: &'static [u8]| {
        let config = Arc::clone(&config);
        serve(move |mut stream| {
            let mut asked = [0; 8];
            let _ = stream.read_exact(&mut asked);
            if asked == [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f] {
                let _ = stream.write_all(answer);
                let _ = secured(&config, stream).read(&mut [0; 16]);
            }
        })
    };
    let ask = |answer| trusting(&root.file(dir.path()), tls(StartTls::Postgres, answering(answer)));
    assert_up(&look(&ask(b"S")).await);
    assert_error(&look(&ask(b"N")).await, "does not offer TLS");
    assert_error(&look(&ask(b"HTTP/1.1 400")).await, "gave no proper PostgreSQL answer: HTTP/1.1 400");
    assert_error(&look(&ask(b"SZ")).await, "sent more in the clear after it had agreed to TLS");
}

#[tokio::test]
async fn a_refusal_has_the_servers_own_words() {
    let (smtp, imap, pop3, ftp) = (StartTls::Smtp, StartTls::Imap, StartTls::Pop3, StartTls::Ftp);
    let no_offer = "250-mail.test\r\n250 STARTTLSX\r\n";
    let offer = "250-mail.test\r\n250 STARTTLS\r\n";
    let scripts: [(StartTls, Script, &str); 17] = [
        (smtp, ("554-no\r\n554 not \u{1b}[31mtoday\r\n", &[]), "does not want to be spoken to: 554 not today"),
        (smtp, ("220 a\r\n", Box::leak(Box::new([("EHLO", no_offer)]))), "does not offer STARTTLS"),
        (smtp, ("220 a\r\n", &[("EHLO", "502 what?\r\n")]), "refused EHLO: 502 what?"),
        (
            smtp,
            ("220 a\r\n", Box::leak(Box::new([("EHLO", offer), ("STARTTLS", "454 no key\r\n")]))),
            "refused STARTTLS: 454 no key",
        ),
        (smtp, ("SSH-2.0-OpenSSH_9.6\r\n", &[]), "gave no proper SMTP answer: SSH-2.0-OpenSSH_9.6"),
        (imap, ("* BYE full\r\n", &[]), "does not want to be spoken to: * BYE full"),
        (imap, ("* OK a\r\n", &[("a1", "a1 BAD no such thing\r\n")]), "refused STARTTLS: a1 BAD no such thing"),
        (imap, ("* OK a\r\n", &[("a1", "* BYE bored\r\n")]), "refused STARTTLS: * BYE bored"),
        (imap, ("* OK a\r\n", &[("a1", "a1OK\r\n")]), "gave no proper IMAP answer: a1OK"),
        (imap, ("+OK a\r\n", &[]), "gave no proper IMAP answer: +OK a"),
        (pop3, ("-ERR full\r\n", &[]), "does not want to be spoken to: -ERR full"),
        (pop3, ("+OK a\r\n", &[("STLS", "-ERR unknown\r\n")]), "refused STLS: -ERR unknown"),
        (pop3, ("+OKAY\r\n", &[]), "gave no proper POP3 answer: +OKAY"),
        (ftp, ("421 full\r\n", &[]), "does not want to be spoken to: 421 full"),
        (ftp, ("220 a\r\n", &[("AUTH TLS", "530 log in\r\n")]), "refused AUTH TLS: 530 log in"),
        (ftp, ("220 a\r\n", &[("AUTH TLS", "\r\n")]), "gave no proper FTP answer: an empty line"),
        (pop3, ("+OK a\r\n", &[("STLS", "+OK\r\n+OK injected\r\n")]), "sent more in the clear after it had agreed"),
    ];
    for (protocol, script, expected) in scripts {
        let address = plain(script);
        let seen = look(&tls(protocol, address)).await;
        assert_error(&seen, &format!("{address} {expected}"));
    }
}

#[tokio::test]
async fn silence_and_chatter_end() {
    let silent = plain(("", &[]));
    let seen = look(&hurried(tls(StartTls::Smtp, silent))).await;
    assert_error(&seen, &format!("timed out after 500ms: {silent} sent no greeting"));
    let deaf = plain(("220 a\r\n", &[]));
    let seen = look(&hurried(tls(StartTls::Ftp, deaf))).await;
    assert_error(&seen, &format!("timed out after 500ms: {deaf} did not answer when TLS was asked for"));
    let gone = serve(drop);
    assert_error(&look(&tls(StartTls::Pop3, gone)).await, &format!("{gone} closed the connection before TLS began"));
    for endless in ["220-again\r\n", "220 x"] {
        let address = serve(move |mut stream| while stream.write_all(endless.as_bytes()).is_ok() {});
        let seen = look(&tls(StartTls::Smtp, address)).await;
        assert_error(&seen, &format!("{address} gave no proper SMTP answer: it does not end"));
    }
}
