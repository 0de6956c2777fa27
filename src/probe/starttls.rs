//! Asks for TLS in a protocol that begins in the clear.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::failure::{self, short};
use super::place::Place;
use super::sight::{Failure, Phase, Sight};
use crate::catalog::model::StartTls;

/// The longest line of a reply, in bytes.
const LONGEST_LINE: usize = 8 * 1024;

/// The most lines of a reply.
const MOST_LINES: usize = 64;

/// What PostgreSQL is sent: the length of the message, and the number that stands for TLS.
pub(super) const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Goes as far as the server's consent; the next bytes on the stream are the handshake's. The greeting counts as the
/// first byte of the answer, what follows it as part of TLS.
pub(super) async fn ask(
    protocol: StartTls,
    stream: &mut TcpStream,
    place: &Place,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let mut talk = Talk { stream, place, protocol: name(protocol), came: Vec::new() };
    if protocol != StartTls::Postgres {
        sight.enter(Phase::FirstByte, format!("{place} sent no greeting"));
        talk.greeting(protocol).await?;
    }
    sight.enter(Phase::Tls, format!("{place} did not answer when TLS was asked for"));
    match protocol {
        StartTls::Smtp => talk.smtp().await?,
        StartTls::Imap => talk.imap().await?,
        StartTls::Pop3 => talk.pop3().await?,
        StartTls::Ftp => talk.ftp().await?,
        StartTls::Postgres => talk.postgres().await?,
    }
    sight.leave();
    if talk.came.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{place} sent more in the clear after it had agreed to TLS: somebody in between may have added it, so nothing \
         of it is believed"
    )
    .into())
}

fn name(protocol: StartTls) -> &'static str {
    match protocol {
        StartTls::Smtp => "SMTP",
        StartTls::Imap => "IMAP",
        StartTls::Pop3 => "POP3",
        StartTls::Ftp => "FTP",
        StartTls::Postgres => "PostgreSQL",
    }
}

/// A conversation in the clear.
struct Talk<'a> {
    stream: &'a mut TcpStream,
    place: &'a Place,
    protocol: &'static str,
    /// What came and was not looked at yet.
    came: Vec<u8>,
}

/// A reply of SMTP or FTP.
struct Reply {
    code: String,
    /// Its lines, codes included.
    lines: Vec<String>,
}

impl Talk<'_> {
    async fn greeting(&mut self, protocol: StartTls) -> Result<(), Failure> {
        match protocol {
            StartTls::Smtp | StartTls::Ftp => {
                let mut greeting = self.reply().await?;
                // FTP may say first how long it takes.
                if greeting.code == "120" {
                    greeting = self.reply().await?;
                }
                if greeting.code != "220" {
                    return Err(self.unwelcome(greeting.last()));
                }
            }
            StartTls::Imap | StartTls::Pop3 => {
                let line = self.line().await?;
                let welcome: &[&str] = if protocol == StartTls::Imap { &["* OK", "* PREAUTH"] } else { &["+OK"] };
                if !welcome.iter().any(|word| begins(&line, word)) {
                    let known = begins(&line, "* BYE") || begins(&line, "-ERR");
                    return Err(if known { self.unwelcome(&line) } else { self.improper(&line) });
                }
            }
            StartTls::Postgres => {}
        }
        Ok(())
    }

    async fn smtp(&mut self) -> Result<(), Failure> {
        // An address is what a client says that has no name of its own (RFC 5321, section 4.1.3).
        let me = match self.stream.local_addr().map(|address| address.ip()) {
            Ok(std::net::IpAddr::V6(v6)) => format!("[IPv6:{v6}]"),
            Ok(std::net::IpAddr::V4(v4)) => format!("[{v4}]"),
            Err(_) => "localhost".to_owned(),
        };
        self.say(&format!("EHLO {me}")).await?;
        let offer = self.reply().await?;
        if offer.code != "250" {
            return Err(self.refused("EHLO", offer.last()));
        }
        if !offer
            .lines
            .iter()
            .any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")))
        {
            return Err(format!("{} does not offer STARTTLS", self.place).into());
        }
        self.say("STARTTLS").await?;
        let answer = self.reply().await?;
        if answer.code == "220" { Ok(()) } else { Err(self.refused("STARTTLS", answer.last())) }
    }

    async fn imap(&mut self) -> Result<(), Failure> {
        self.say("a1 STARTTLS").await?;
        for _ in 0..MOST_LINES {
            let line = self.line().await?;
            if begins(&line, "a1 OK") {
                return Ok(());
            }
            if begins(&line, "a1") || begins(&line, "* BYE") {
                return Err(self.refused("STARTTLS", &line));
            }
            if !begins(&line, "*") {
                return Err(self.improper(&line));
            }
        }
        Err(self.endless())
    }

    async fn pop3(&mut self) -> Result<(), Failure> {
        self.say("STLS").await?;
        let line = self.line().await?;
        if begins(&line, "+OK") { Ok(()) } else { Err(self.refused("STLS", &line)) }
    }

    async fn ftp(&mut self) -> Result<(), Failure> {
        self.say("AUTH TLS").await?;
        let answer = self.reply().await?;
        if answer.code == "234" { Ok(()) } else { Err(self.refused("AUTH TLS", answer.last())) }
    }

    async fn postgres(&mut self) -> Result<(), Failure> {
        self.send(&SSL_REQUEST).await?;
        self.receive().await?;
        match self.came.remove(0) {
            b'S' => Ok(()),
            b'N' => Err(format!("{} does not offer TLS", self.place).into()),
            first => {
                self.came.insert(0, first);
                Err(self.improper(&text(&self.came)))
            }
        }
    }

    async fn say(&mut self, line: &str) -> Result<(), Failure> {
        self.send(format!("{line}\r\n").as_bytes()).await
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let (place, protocol) = (self.place, self.protocol);
        self.stream.write_all(bytes).await.map_err(|error| failure::talking(place, protocol, &error).into())
    }

    /// Waits for more; there is some afterwards.
    async fn receive(&mut self) -> Result<(), Failure> {
        let mut piece = [0; 1024];
        match self.stream.read(&mut piece).await {
            Ok(0) => Err(format!("{} closed the connection before TLS began", self.place).into()),
            Ok(length) => {
                self.came.extend_from_slice(&piece[..length]);
                Ok(())
            }
            Err(error) => Err(failure::talking(self.place, self.protocol, &error).into()),
        }
    }

    async fn line(&mut self) -> Result<String, Failure> {
        loop {
            if let Some(end) = self.came.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.came.drain(..=end).collect();
                return Ok(text(&line));
            }
            if self.came.len() >= LONGEST_LINE {
                return Err(self.endless());
            }
            self.receive().await?;
        }
    }

    /// A reply of SMTP or FTP. Its lines go on until one has the code of the first and no hyphen after it.
    async fn reply(&mut self) -> Result<Reply, Failure> {
        let first = self.line().await?;
        let code = first.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        let code = code.ok_or_else(|| self.improper(&first))?.to_owned();
        let more = |line: &str| line.strip_prefix(code.as_str()).is_none_or(|rest| rest.starts_with('-'));
        let mut lines = vec![first];
        while lines.last().is_some_and(|line| more(line)) {
            if lines.len() >= MOST_LINES {
                return Err(self.endless());
            }
            lines.push(self.line().await?);
        }
        Ok(Reply { code, lines })
    }

    fn unwelcome(&self, line: &str) -> Failure {
        format!("{} does not want to be spoken to: {}", self.place, short(line)).into()
    }

    fn refused(&self, what: &str, line: &str) -> Failure {
        format!("{} refused {what}: {}", self.place, short(line)).into()
    }

    fn improper(&self, line: &str) -> Failure {
        let said = short(line);
        let said = if said.is_empty() { "an empty line" } else { &said };
        format!("{} gave no proper {} answer: {said}", self.place, self.protocol).into()
    }

    fn endless(&self) -> Failure {
        format!("{} gave no proper {} answer: it does not end", self.place, self.protocol).into()
    }
}

impl Reply {
    fn last(&self) -> &str {
        self.lines.last().map_or("", String::as_str)
    }
}

/// Whether a line begins with this word or these words, in capitals or not.
fn begins(line: &str, words: &str) -> bool {
    let (Some(start), rest) = (line.get(..words.len()), line.get(words.len()..)) else { return false };
    start.eq_ignore_ascii_case(words) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

#[cfg(test)]
mod tests;
