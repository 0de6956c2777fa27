//! A Redis server of the test's own, on loopback, gone with the test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use super::port;

/// A running server.
pub struct Redis {
    _root: TempDir,
    server: Child,
    port: u16,
}

impl Redis {
    /// Starts a server with some more options.
    pub fn start(options: &[&str]) -> Self {
        port::on_a_free_one(|port| Self::begin(port, &[&["--port", &port.to_string()], options].concat()))
    }

    /// Starts a server that speaks TLS only.
    pub fn start_tls(certificate: &Path, key: &Path) -> Self {
        port::on_a_free_one(|port| {
            let (port_text, certificate, key) = (port.to_string(), certificate.to_str()?, key.to_str()?);
            let tls = ["--port", "0", "--tls-port", &port_text, "--tls-cert-file", certificate, "--tls-key-file", key];
            let anyone = ["--tls-auth-clients", "no", "--tls-ca-cert-file", certificate];
            Self::begin(port, &[&tls[..], &anyone].concat())
        })
    }

    /// The server when it is ready; none when it ended before, as it does when somebody else has its port.
    fn begin(port: u16, options: &[&str]) -> Option<Self> {
        let root = tempfile::Builder::new().prefix("opsctl-redis-").tempdir().unwrap();
        let server = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(options)
            .current_dir(root.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server, which scripts/test installs");
        let mut redis = Self { _root: root, server, port };
        let mut lines = BufReader::new(redis.server.stdout.take()?).lines().map_while(Result::ok);
        let ready = lines.by_ref().any(|line| line.contains("Ready to accept connections"));
        // Somebody has to read what it goes on to say.
        thread::spawn(move || lines.for_each(drop));
        ready.then_some(redis)
    }

    /// `127.0.0.1:port`
    pub fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
