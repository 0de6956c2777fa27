//! Atlassian's API as far as a page's incidents are written: what came is remembered.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// What was written to a server: the request's first line, and its JSON.
pub type Came = Arc<Mutex<Vec<(String, Value)>>>;

/// A status page that takes everything.
pub fn status_page() -> (SocketAddr, Came) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, came) = (listener.local_addr().unwrap(), Came::default());
    let noted = Arc::clone(&came);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                match line.to_lowercase().trim().split_once(": ") {
                    Some(("content-length", said)) => length = said.parse().unwrap(),
                    Some(_) => {}
                    None => break,
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let asked = first.rsplit_once(" HTTP").unwrap().0.to_owned();
            let answer = if asked.contains("GET") && !asked.ends_with("/i1") { "[]" } else { "{\"id\":\"i1\"}" };
            if length > 0 {
                noted.lock().unwrap().push((asked, serde_json::from_slice(&body).unwrap()));
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
            stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
        }
    });
    (address, came)
}
