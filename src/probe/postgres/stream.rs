//! A connection to a database that cannot fill the memory.
//!
//! The driver reads whole messages, and the server says how long they are.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready as done};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use crate::probe::wire::Wire;

/// The longest row, and the longest that all other messages may be together, in bytes.
const LONGEST: usize = 1024 * 1024;

/// The first byte of a message with a row.
const ROW: u8 = b'D';

/// Before a message stand its kind and its length, which counts itself.
const HEAD: usize = 5;

/// A connection whose messages are measured.
pub(super) struct Measured {
    inner: Box<dyn Wire>,
    end_point: Option<Vec<u8>>,
    meter: Meter,
}

impl Measured {
    /// `end_point` binds the log-in to the server's certificate (RFC 5929, section 4).
    pub fn new(inner: Box<dyn Wire>, end_point: Option<Vec<u8>>) -> Self {
        Self { inner, end_point, meter: Meter::default() }
    }
}

impl AsyncRead for Measured {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        done!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        Poll::Ready(self.meter.pass(&buf.filled()[before..]))
    }
}

impl AsyncWrite for Measured {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl TlsStream for Measured {
    fn channel_binding(&self) -> ChannelBinding {
        self.end_point.clone().map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// What the driver is told about TLS: it is there already, as far as it is wanted.
pub(super) struct AsItIs;

impl TlsConnect<Measured> for AsItIs {
    type Stream = Measured;
    type Error = Infallible;
    type Future = Ready<Result<Measured, Infallible>>;

    fn connect(self, stream: Measured) -> Self::Future {
        ready(Ok(stream))
    }
}

/// Follows the messages that come in.
#[derive(Default)]
struct Meter {
    head: Vec<u8>,
    /// What is still to come of the message under way.
    rest: usize,
    /// What came that was no row.
    others: usize,
}

impl Meter {
    fn pass(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let skipped = self.rest.min(bytes.len());
            self.rest -= skipped;
            bytes = &bytes[skipped..];
            let taken = if self.rest == 0 { (HEAD - self.head.len()).min(bytes.len()) } else { 0 };
            self.head.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if let [kind, length @ ..] = self.head.as_slice()
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                self.begin(*kind, u32::from_be_bytes(length) as usize)?;
                self.head.clear();
            }
        }
        Ok(())
    }

    fn begin(&mut self, kind: u8, length: usize) -> io::Result<()> {
        self.others += if kind == ROW { 0 } else { length };
        if length > LONGEST {
            return Err(io::Error::other("a message is longer than 1 MiB"));
        }
        if self.others > LONGEST {
            return Err(io::Error::other("more than 1 MiB came that are no rows"));
        }
        self.rest = length.saturating_sub(HEAD - 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Meter;

    fn message(kind: u8, length: usize) -> Vec<u8> {
        let mut message = vec![kind];
        message.extend(u32::try_from(length + 4).unwrap().to_be_bytes());
        message.extend(vec![b'D'; length]);
        message
    }

    #[test]
    fn messages_are_measured_however_they_are_cut() {
        let all = [message(b'R', 8), message(b'Z', 0), message(b'D', 1000), message(b'D', 3)].concat();
        for size in [1, 2, 5, 7, 4096] {
            let mut meter = Meter::default();
            for piece in all.chunks(size) {
                meter.pass(piece).unwrap();
            }
            assert_eq!((meter.rest, meter.others, meter.head.len()), (0, 16, 0), "{size}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_before_it_is_read() {
        let refused = |bytes: &[u8]| Meter::default().pass(bytes).unwrap_err().to_string();
        assert!(refused(&[b'D', 0, 16, 0, 1]).contains("longer than 1 MiB"));
        assert!(refused(b"HTTP/1.1 400").contains("longer than 1 MiB"));
        let notices = message(b'N', 1000).repeat(2000);
        assert!(refused(&notices).contains("no rows"));
        let rows = message(b'D', 1000).repeat(2000);
        Meter::default().pass(&rows).unwrap();
    }
}
