//! The protocol of Redis (RESP, version 2), as much of it as a probe hears.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};

/// The longest line, in bytes.
const LONGEST_LINE: usize = 64 * 1024;

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 1024 * 1024;

/// What Redis answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// A text.
    Text(String),
    /// An error, in the server's words.
    Refusal(String),
}

/// Both sides of a connection.
#[derive(Debug)]
pub(super) struct Talk<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    pub fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// Says a command.
    pub async fn say(&mut self, words: &[&str]) -> io::Result<()> {
        let texts = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
        let command = format!("*{}\r\n{}", words.len(), texts.collect::<String>());
        self.stream.write_all(command.as_bytes()).await?;
        self.stream.flush().await
    }

    /// Waits until an answer begins.
    pub async fn wait(&mut self) -> io::Result<()> {
        if self.stream.fill_buf().await?.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Reads an answer.
    pub async fn hear(&mut self) -> io::Result<Reply> {
        let line = self.line().await?;
        let (first, rest) = line.split_at_checked(1).unwrap_or(("", &line));
        match first {
            "+" => Ok(Reply::Text(rest.to_owned())),
            "-" => Ok(Reply::Refusal(rest.to_owned())),
            "$" => self.text(rest).await.map(Reply::Text),
            _ => Err(io::Error::other("it does not begin as an answer of Redis does")),
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        (&mut self.stream).take(LONGEST_LINE as u64).read_until(b'\n', &mut line).await?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            None if line.len() >= LONGEST_LINE => Err(io::Error::other("a line is longer than 64 KiB")),
            None if line.ends_with(b"\n") => Err(io::Error::other("a line does not end as lines of Redis do")),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    async fn text(&mut self, length: &str) -> io::Result<String> {
        let length: i64 = length.parse().map_err(|_| io::Error::other("the length of a text is no number"))?;
        let length = usize::try_from(length).map_err(|_| io::Error::other("there is no text in it"))?;
        if length > LONGEST_TEXT {
            return Err(io::Error::other("a text is longer than 1 MiB"));
        }
        let mut text = vec![0; length + 2];
        self.stream.read_exact(&mut text).await?;
        text.truncate(length);
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Reply, Talk};

    async fn heard(bytes: &[u8]) -> Result<Reply, String> {
        Talk::new(std::io::Cursor::new(bytes.to_vec())).hear().await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn answers_are_read() {
        let text = |text: &str| Ok(Reply::Text(text.to_owned()));
        assert_eq!(heard(b"+PONG\r\n").await, text("PONG"));
        assert_eq!(heard(b"-NOAUTH Log in.\r\n").await, Ok(Reply::Refusal("NOAUTH Log in.".into())));
        assert_eq!(heard(b"$4\r\na\r\nb\r\n").await, text("a\r\nb"));
        assert_eq!(heard(b"$0\r\n\r\n").await, text(""));
    }

    #[tokio::test]
    async fn what_is_no_answer_is_refused() {
        for (bytes, expected) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], "does not begin as an answer"),
            (b"\r\n", "does not begin as an answer"),
            (b"\xc3\xa9\r\n", "does not begin as an answer"),
            (b"+PONG\n", "does not end as lines"),
            (b"+PON", "unexpected end of file"),
            (b"", "unexpected end of file"),
            (b"$-1\r\n", "no text"),
            (b"$x\r\n", "no number"),
            (b"$4\r\nab", "early eof"),
            (b"$99999999999\r\n", "longer than 1 MiB"),
            (b"+".repeat(70_000).as_slice(), "longer than 64 KiB"),
        ] {
            let why = heard(bytes).await.unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }

    #[tokio::test]
    async fn commands_are_arrays_of_texts() {
        let mut talk = Talk::new(std::io::Cursor::new(Vec::new()));
        talk.say(&["AUTH", "mé", "a b"]).await.unwrap();
        let sent = String::from_utf8(talk.stream.into_inner().into_inner()).unwrap();
        assert_eq!(sent, "*3\r\n$4\r\nAUTH\r\n$3\r\nmé\r\n$3\r\na b\r\n");
    }
}
