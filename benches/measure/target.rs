//! The server that is looked at: a small answer, and nothing in the way.

use std::path::{Path, PathBuf};

use super::nginx::Nginx;

/// As many addresses of this machine are used, so that the ports of none run out.
const ADDRESSES: usize = 200;

const SERVER: &str = r#"server {
    listen PORT backlog=4096;
    location / { default_type application/json; return 200 '{"status":"ok","items":[1,2,3]}'; }
}"#;

/// A running server; it ends with this.
pub struct Target(Nginx);

impl Target {
    /// Starts it; none where there is no nginx.
    pub fn start() -> Option<Self> {
        program("nginx").map(|_| Self(Nginx::start(|_| (), SERVER)))
    }

    /// An address of it for the n-th probe.
    pub fn url(&self, n: usize) -> String {
        format!("http://127.0.1.{}:{}/health", 1 + n % ADDRESSES, self.0.port)
    }
}

/// Where a program of the system is installed; none where it is not.
pub fn program(name: &str) -> Option<PathBuf> {
    let places = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin"];
    places.iter().map(|place| Path::new(place).join(name)).find(|file| file.is_file())
}
