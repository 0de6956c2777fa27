//! A real mail server, aiosmtpd, with TLS and a user.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The user that a server with users lets in, and the password: it has every sign that means something in an address.
pub const USER: &str = "postman";
pub const PASSWORD: &str = "hunter2 secret@/:?#%&+";

/// The password as it stands in an address.
pub const PASSWORD_IN_URL: &str = "hunter2%20secret%40%2F%3A%3F%23%25%26%2B";

/// Debian's own Python has Debian's aiosmtpd; another one may have it, too.
const PYTHONS: [&str; 2] = ["/usr/bin/python3", "python3"];

/// A mail server; it ends with the test.
pub struct Smtpd {
    pub port: u16,
    process: Child,
    mails: Arc<Mutex<Vec<Mail>>>,
}

/// A mail that it took.
#[derive(Debug, Clone)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub user: Option<String>,
    pub tls: bool,
    /// As it came over the wire.
    pub text: String,
}

impl Smtpd {
    /// A server without TLS and without users.
    pub fn plain() -> Self {
        Self::start(&[])
    }

    /// A server that takes nothing before STARTTLS and a password.
    pub fn starttls(certificate: &Path, key: &Path) -> Self {
        Self::secured("starttls", certificate, key)
    }

    /// A server with TLS from the beginning that takes nothing before a password.
    pub fn tls(certificate: &Path, key: &Path) -> Self {
        Self::secured("tls", certificate, key)
    }

    fn secured(security: &str, certificate: &Path, key: &Path) -> Self {
        let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
        let files = ["--security", security, "--certificate", certificate, "--key", key];
        Self::start(&[&files[..], &["--user", USER, "--password", PASSWORD]].concat())
    }

    fn start(args: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/smtpd.py");
        let mut command = Command::new(python());
        command.arg(script).args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().expect("a mail server that starts").unwrap().parse().unwrap();
        let mails = Arc::<Mutex<Vec<Mail>>>::default();
        let taken = Arc::clone(&mails);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                taken.lock().unwrap().push(Mail::read(&line));
            }
        });
        Self { port, process, mails }
    }

    /// The mails that it has taken, when there are so many.
    #[track_caller]
    pub fn mails(&self, count: usize) -> Vec<Mail> {
        let begun = Instant::now();
        loop {
            let mails = self.mails.lock().unwrap().clone();
            if mails.len() >= count || begun.elapsed() > Duration::from_mins(1) {
                assert_eq!(mails.len(), count, "{mails:#?}");
                return mails;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Mail {
    fn read(line: &str) -> Self {
        let seen: Value = serde_json::from_str(line).unwrap();
        let text = STANDARD.decode(seen["mail"].as_str().unwrap()).unwrap();
        let to = seen["to"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
        Self {
            from: seen["from"].as_str().unwrap().to_owned(),
            to: to.collect(),
            user: seen["user"].as_str().map(str::to_owned),
            tls: seen["tls"].as_bool().unwrap(),
            text: String::from_utf8(text).unwrap(),
        }
    }

    /// The names of its headers, those of its parts left out.
    pub fn header_names(&self) -> Vec<String> {
        let head = self.text.split("\r\n\r\n").next().unwrap();
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        lines.map(|line| line.split(':').next().unwrap().to_owned()).collect()
    }
}

/// What Python's own mail library reads in a mail: its headers and both parts, decoded.
#[track_caller]
pub fn understood(text: &str) -> Value {
    const SCRIPT: &str = "import sys, json, email, email.policy\n\
        mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)\n\
        part = lambda kind: mail.get_body((kind,)).get_content().replace('\\r\\n', '\\n')\n\
        kinds = [part.get_content_type() for part in mail.walk()]\n\
        heads = {name: str(value) for name, value in mail.items()}\n\
        print(json.dumps({'headers': heads, 'plain': part('plain'), 'html': part('html'), 'kinds': kinds,\n\
            'defects': [str(defect) for defect in mail.defects]}))";
    let output = assert_cmd::Command::new(python()).args(["-c", SCRIPT]).write_stdin(text).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn python() -> &'static str {
    let has = |python: &&&str| {
        let asked = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    PYTHONS.iter().find(has).expect("a Python with aiosmtpd: install python3-aiosmtpd")
}
