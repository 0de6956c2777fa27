//! A webhook's receiver: a real HTTP server that remembers what it was told.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// One request.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its `Idempotency-Key`.
    pub key: String,
    pub message: Value,
}

/// A receiver; it ends with the test.
pub struct Hook {
    address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Hook {
    /// A receiver that answers the nth request, from 1, with the status that `status` gives, when it has given it; with 0 it
    /// hears it and says nothing.
    pub fn start(status: impl Fn(usize) -> u16 + Send + Sync + 'static) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), status)
    }

    /// The same at an address that nobody listens at.
    pub fn start_at(at: SocketAddr, status: impl Fn(usize) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(at).unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::<Mutex<Vec<Told>>>::default();
        let (heard, status) = (Arc::clone(&told), Arc::new(status));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, status) = (Arc::clone(&heard), Arc::clone(&status));
                thread::spawn(move || hear(stream, &heard, &*status));
            }
        });
        Self { address, told }
    }

    /// Where it is, as a setting of a channel.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Everything that came, whatever was answered.
    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// The kinds of messages that came.
    pub fn kinds(&self) -> Vec<String> {
        self.told().iter().map(|told| told.message["kind"].as_str().unwrap().to_owned()).collect()
    }
}

fn hear(mut stream: TcpStream, told: &Mutex<Vec<Told>>, status: &dyn Fn(usize) -> u16) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? <= 2 {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => value.trim().clone_into(&mut key),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let nth = {
        let mut told = told.lock().unwrap();
        told.push(Told { key, message: serde_json::from_slice(&body).ok()? });
        told.len()
    };
    let status = status(nth);
    if status == 0 {
        return None;
    }
    write!(stream, "HTTP/1.1 {status} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()
}
