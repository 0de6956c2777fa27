//! One question and its answer: by UDP, and by TCP when the answer does not fit.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::Message;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep_until};

use super::answer::Answer;
use super::question::{Asked, Question};
use crate::probe::sight::Failure;

/// How long until the question is asked a second time.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest answer by UDP that is taken, in bytes; more than was asked for.
const LONGEST: usize = 4096;

/// Asks, and waits as long as it takes; `waiting` is told what there is not yet.
pub(super) async fn ask(
    server: SocketAddr,
    question: &Question,
    waiting: &mut (dyn FnMut(String) + Send),
) -> Result<Answer, Failure> {
    let asked = question.ask()?;
    let mut message = by_udp(server, &asked, waiting).await?;
    if message.metadata.truncation {
        waiting(format!("the name server {server} cut its answer short and did not give all of it by TCP"));
        message = by_tcp(server, &asked).await?;
    }
    Ok(Answer::new(&message, question))
}

async fn by_udp(
    server: SocketAddr,
    asked: &Asked,
    waiting: &mut (dyn FnMut(String) + Send),
) -> Result<Message, Failure> {
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("{server} refused the question: no name server listens there"),
        _ => format!("the name server {server} cannot be asked: {error}"),
    };
    let any = if server.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.map_err(broken)?;
    // From now on only the server's packets come in.
    socket.connect(server).await.map_err(broken)?;
    socket.send(&asked.bytes).await.map_err(broken)?;
    let (mut again, second) = (true, Instant::now() + PATIENCE);
    let mut packet = [0; LONGEST];
    loop {
        let length = tokio::select! {
            came = socket.recv(&mut packet) => came.map_err(broken)?,
            () = sleep_until(second), if again => {
                again = false;
                socket.send(&asked.bytes).await.map_err(broken)?;
                continue;
            }
        };
        match asked.read(&packet[..length]) {
            Ok(answer) => return Ok(answer),
            // Whoever sent it, the true answer may still come.
            Err(why) => waiting(format!("the name server {server} did not answer the question (what it sent: {why})")),
        }
    }
}

async fn by_tcp(server: SocketAddr, asked: &Asked) -> Result<Message, Failure> {
    let broken = |error: io::Error| {
        format!("the name server {server} cut its answer short and did not give all of it by TCP: {error}")
    };
    let length = u16::try_from(asked.bytes.len()).map_err(|_| "the question is too long to be asked")?;
    let mut stream = TcpStream::connect(server).await.map_err(broken)?;
    let question = [&length.to_be_bytes()[..], &asked.bytes].concat();
    stream.write_all(&question).await.map_err(broken)?;
    let length = stream.read_u16().await.map_err(broken)?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.map_err(broken)?;
    asked
        .read(&answer)
        .map_err(|why| format!("the answer of the name server {server} by TCP is of no use: {why}").into())
}
