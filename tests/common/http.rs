//! A real HTTP server on loopback that answers as the test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A running server; it ends with the test.
pub struct Server {
    address: SocketAddr,
    seen: Arc<AtomicUsize>,
}

impl Server {
    /// Starts a server whose nth request, from 1, is answered with the status that `status` gives.
    pub fn start(status: impl Fn(usize) -> u16 + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
                // A client that goes away early is none of the server's business.
                let _ = answer(stream, status(number));
            }
        });
        Self { address, seen }
    }

    /// The address of a page on it.
    pub fn url(&self) -> String {
        format!("http://{}/health", self.address)
    }

    /// How many requests came so far.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: TcpStream, status: u16) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    write!(stream, "HTTP/1.1 {status} Status\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
}
