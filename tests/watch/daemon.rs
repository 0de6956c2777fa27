//! A daemon under test, and what it says, keeps and answers.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::{Outcome, PATIENCE, World, eventually, finish};

/// A running daemon; it is killed when the test is over.
pub struct Daemon {
    child: Option<Child>,
    said: Heard,
    printed: Heard,
    address: String,
}

/// What comes out of a pipe, as it comes.
struct Heard {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Heard {
    fn from(pipe: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::<Mutex<String>>::default();
        let heard = Arc::clone(&text);
        let reader = pipe.map(|pipe| {
            thread::spawn(move || {
                let mut lines = BufReader::new(pipe);
                let mut line = String::new();
                while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
                    heard.lock().unwrap().push_str(&line);
                    line.clear();
                }
            })
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.text()
    }
}

impl Daemon {
    /// Watches the world, and listens on this machine.
    #[track_caller]
    pub fn start(world: &World) -> Self {
        Self::spawn(world.command(&["watch", "--listen", "127.0.0.1:0"]))
    }

    /// The same, telling as JSON.
    #[track_caller]
    pub fn start_json(world: &World) -> Self {
        Self::spawn(world.command(&["-o", "json", "watch", "--listen", "127.0.0.1:0"]))
    }

    /// A daemon that is started in some way; it listens somewhere.
    #[track_caller]
    pub fn spawn(mut command: Command) -> Self {
        Self::begun(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// A daemon that has been started; it listens somewhere, and its stderr is a pipe.
    #[track_caller]
    pub fn begun(child: Child) -> Self {
        let mut daemon = Self::deaf(child);
        eventually("it says where it listens", || {
            let said = daemon.said();
            let place = said.split_once("listening on ").and_then(|(_, rest)| rest.split_once(". "));
            daemon.address = place.map(|(place, _)| place.to_owned()).unwrap_or_default();
            let is_over = daemon.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some());
            assert!(!is_over || !daemon.address.is_empty(), "it has ended: {said}");
            !daemon.address.is_empty()
        });
        daemon
    }

    /// A daemon that has been started, and does not listen.
    pub fn deaf(mut child: Child) -> Self {
        let (said, printed) = (Heard::from(child.stderr.take()), Heard::from(child.stdout.take()));
        Self { child: Some(child), said, printed, address: String::new() }
    }

    /// `127.0.0.1:port`
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Its stderr so far, on one line.
    pub fn said(&self) -> String {
        self.said.text().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// How often it has said something.
    pub fn count(&self, what: &str) -> usize {
        self.said().matches(what).count()
    }

    /// Waits until it has said something.
    #[track_caller]
    pub fn says(&self, what: &str) {
        eventually(what, || self.count(what) > 0);
    }

    /// The lines on its stdout so far.
    pub fn lines(&self) -> Vec<Value> {
        self.printed.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Sends a request; the answer's status and body.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, headers: &[&str], body: &str) -> (u16, String) {
        request(&self.address, method, path, headers, body)
    }

    /// What it answers to a question.
    #[track_caller]
    pub fn get(&self, path: &str) -> String {
        let (status, body) = self.request("GET", path, &[], "");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// A number on its page of metrics, by the beginning of its line; none when it is not there.
    #[track_caller]
    pub fn metric(&self, beginning: &str) -> Option<f64> {
        let page = self.get("/metrics");
        let line = page.lines().find(|line| line.starts_with(beginning))?;
        Some(line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    /// How it says that it is.
    #[track_caller]
    pub fn health(&self) -> Value {
        serde_json::from_str(&self.get("/healthz")).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid().cast_signed()).unwrap(), signal).unwrap();
    }

    /// Asks it to end, and waits for that; what it said until then.
    #[track_caller]
    pub fn stop(self) -> Outcome {
        self.signal(Signal::TERM);
        self.ends()
    }

    /// Waits until it ends; what it said until then.
    #[track_caller]
    pub fn ends(mut self) -> Outcome {
        let outcome = finish(self.child.take().unwrap());
        Outcome { stdout: self.printed.whole(), stderr: self.said.whole(), ..outcome }
    }

    /// Kills it as a power failure would.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a request as curl would; the answer's status and body.
#[track_caller]
pub fn request(address: &str, method: &str, path: &str, headers: &[&str], body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let headers = headers.iter().map(|header| format!("{header}\r\n")).collect::<Vec<_>>().concat();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n");
    stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    (status, if is_chunked { unchunked(body) } else { body.to_owned() })
}

fn unchunked(body: &str) -> String {
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((length, tail)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        whole.push_str(&tail[..length]);
        rest = tail[length..].trim_start_matches("\r\n");
    }
    whole
}

/// The events of alerts in the journal.
#[track_caller]
pub fn alert_events(world: &World) -> Vec<Value> {
    let shown = world.run(&["-o", "json", "journal", "show", "--stream", "alert/"]).exits(0);
    shown.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How many events of a kind alerts have in the journal.
#[track_caller]
pub fn count(world: &World, kind: &str) -> usize {
    alert_events(world).iter().filter(|event| event["kind"] == kind).count()
}

/// How often a probe was seen in a state.
#[track_caller]
pub fn seen(world: &World, probe: &str, state: &str) -> u64 {
    world.json(&["probe", "history", probe])["counts"][state].as_u64().unwrap_or(0)
}
