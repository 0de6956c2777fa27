//! Probes by TCP connection, and perhaps a dialogue.

use std::io;

use regex::bytes::{Regex, RegexBuilder};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::connect::connect;
use super::expand::Filler;
use super::failure::{self, short};
use super::place::Place;
use super::sight::{Failure, Phase, Sight};
use super::tls::Towards;
use super::{With, starttls};
use crate::catalog::model::{self, TcpTarget};

/// How much is listened to in one dialogue, in bytes.
const LIMIT: usize = 64 * 1024;

/// One turn, ready to be taken.
struct Turn {
    send: Option<String>,
    expect: Option<Regex>,
}

/// What came so far.
#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    /// Where the part begins that no turn has taken yet.
    from: usize,
}

/// Connects, with TLS where it is asked for, and goes through the dialogue.
pub(super) async fn look(
    target: &TcpTarget,
    fill: &mut Filler<'_>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let address = fill.plain(&target.address);
    let turns: Vec<_> = target.dialogue.iter().map(|turn| ready(turn, fill)).collect();
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let place = Place::parse(&address, None)?;
    let turns = turns.into_iter().collect::<Result<Vec<Turn>, Failure>>()?;
    let mut stream = connect(&place, with.client, sight).await?;
    if let Some(protocol) = target.starttls {
        starttls::ask(protocol, &mut stream, &place, sight).await?;
    }
    if target.tls || target.starttls.is_some() {
        let towards = Towards { client: with.client, dir: with.dir, alpn: &[], now: with.now };
        let stream = with.trust.handshake(stream, &place, towards, sight).await?;
        converse(stream, &turns, &place, sight).await
    } else {
        converse(stream, &turns, &place, sight).await
    }
}

/// Fills a turn in. `^` and `$` stand at the ends of lines, whose `\r` does not count.
fn ready(turn: &model::Turn, fill: &mut Filler<'_>) -> Result<Turn, Failure> {
    let send = turn.send.as_deref().map(|text| fill.key(text));
    let compile = |pattern: &String| {
        let built = RegexBuilder::new(pattern).multi_line(true).crlf(true).build();
        built.map_err(|error| format!("`{pattern}` is not a regular expression: {error}"))
    };
    Ok(Turn { send, expect: turn.expect.as_ref().map(compile).transpose()? })
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    turns: &[Turn],
    place: &Place,
    sight: &mut Sight,
) -> Result<(), Failure> {
    sight.answered();
    let mut heard = Heard::default();
    let mut waiting = format!("{place} sent no greeting");
    for turn in turns {
        if let Some(text) = &turn.send {
            sight.enter(Phase::FirstByte, format!("{place} did not take what was sent"));
            let sent = async {
                stream.write_all(text.as_bytes()).await?;
                stream.flush().await
            };
            sent.await.map_err(|error| failure::talking(place, "TCP", &error))?;
            // What came before the question is no answer to it.
            heard.from = heard.bytes.len();
            waiting = format!("{place} sent nothing back");
        }
        if let Some(pattern) = &turn.expect {
            sight.enter(Phase::FirstByte, waiting.clone());
            heard.until(pattern, &mut stream, place, sight).await?;
        }
    }
    Ok(())
}

impl Heard {
    /// Listens until the pattern matches what no turn has taken yet; what the pattern matched is taken then.
    async fn until<S: AsyncRead + Unpin>(
        &mut self,
        pattern: &Regex,
        stream: &mut S,
        place: &Place,
        sight: &mut Sight,
    ) -> Result<(), Failure> {
        let mut piece = [0; 8 * 1024];
        let mut first = true;
        loop {
            if let Some(found) = Some(self.rest()).filter(|rest| !rest.is_empty()).and_then(|rest| pattern.find(rest)) {
                self.from += found.end();
                return Ok(());
            }
            if self.bytes.len() >= LIMIT {
                return Err(format!("{place} sent 64 KiB, and `{pattern}` did not come").into());
            }
            let length = match stream.read(&mut piece).await {
                Ok(length) => length,
                // TLS without a goodbye.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
                Err(error) => return Err(failure::talking(place, "TCP", &error).into()),
            };
            if length == 0 {
                let why = format!("{place} closed the connection before `{pattern}` came; it sent {}", self.said());
                return Err(why.into());
            }
            if std::mem::take(&mut first) {
                sight.answered();
            }
            self.bytes.extend_from_slice(&piece[..length.min(LIMIT - self.bytes.len())]);
            sight.output = String::from_utf8_lossy(&self.bytes).into_owned();
            sight.facts.body = Some(sight.output.clone());
            sight.enter(Phase::Transfer, format!("`{pattern}` did not come; {place} sent {}", self.said()));
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.from..]
    }

    fn said(&self) -> String {
        match short(&String::from_utf8_lossy(self.rest())) {
            said if said.is_empty() => "nothing".to_owned(),
            said => format!("`{said}`"),
        }
    }
}

#[cfg(test)]
mod tests;
