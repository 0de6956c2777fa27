//! A small HTTP proxy of the test's own: it makes tunnels, and answers plain requests itself with what it was asked, or,
//! for `/moved`, with a way to where no probe should go.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running proxy; it ends with the test.
pub struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one that everybody may use, or only those who send this `Proxy-Authorization`.
    pub fn start(only: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let noted = Arc::clone(&noted);
                // A client that goes away early is none of the proxy's business.
                thread::spawn(move || serve(stream, only, &noted));
            }
        });
        Self { address, asked }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first line of every request.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, only: Option<&str>, noted: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let head = head(&mut reader)?;
    let line = head.first().cloned().unwrap_or_default();
    noted.lock().unwrap().push(line.clone());
    let who = head.iter().find_map(|line| line.strip_prefix("proxy-authorization: "));
    if only.is_some_and(|only| who != Some(only)) {
        return answer(stream, "407 Proxy Authentication Required", "who are you?");
    }
    match line.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) {
        Some(target) => match TcpStream::connect(target) {
            Ok(there) => tunnel(stream, there),
            Err(_) => answer(stream, "502 Bad Gateway", "nobody there"),
        },
        None if line.contains("/moved ") => {
            answer(stream, "302 Found\r\nLocation: http://169.254.169.254/latest", "over there")
        }
        None => answer(stream, "200 OK", &format!("proxied {line}")),
    }
}

/// The lines up to the empty one; the names of headers in small letters. The client sends nothing beyond them.
fn head(reader: &mut impl BufRead) -> io::Result<Vec<String>> {
    let mut head: Vec<String> = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        match line.split_once(": ") {
            _ if line.is_empty() => return Ok(head),
            Some((name, value)) if !head.is_empty() => head.push(format!("{}: {value}", name.to_ascii_lowercase())),
            _ => head.push(line.to_owned()),
        }
    }
}

fn answer(mut stream: TcpStream, status: &str, body: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn tunnel(mut here: TcpStream, mut there: TcpStream) -> io::Result<()> {
    here.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut from_here, mut to_there) = (here.try_clone()?, there.try_clone()?);
    let up = thread::spawn(move || {
        let _ = io::copy(&mut from_here, &mut to_there);
        let _ = to_there.shutdown(std::net::Shutdown::Write);
    });
    let _ = io::copy(&mut there, &mut here);
    let _ = here.shutdown(std::net::Shutdown::Write);
    let _ = up.join();
    Ok(())
}
