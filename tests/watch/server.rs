//! Prometheus and Alertmanager, real ones, gone with the test.

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{PATIENCE, port};
use crate::daemon::request;

/// A running server with a web interface.
pub struct Server {
    _root: TempDir,
    child: Child,
    address: String,
}

impl Server {
    /// A Prometheus that scrapes `target` every second, with a token.
    pub fn prometheus(target: &str, token: &str) -> Self {
        let scrape = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: opsctl\n  \
             authorization: {{credentials: {token}}}\n  static_configs: [{{targets: [\"{target}\"]}}]\n"
        );
        Self::start("prometheus", &scrape, &["--storage.tsdb.path=data"], "/-/ready")
    }

    /// An Alertmanager that tells `target` at once, and every second again.
    pub fn alertmanager(target: &str) -> Self {
        let route = format!(
            "route: {{receiver: opsctl, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1s}}\n\
             receivers:\n- name: opsctl\n  webhook_configs: [{{url: \"http://{target}/alertmanager\", send_resolved: true}}]\n"
        );
        let alone = ["--storage.path=data", "--cluster.listen-address="];
        Self::start("prometheus-alertmanager", &route, &alone, "/-/ready")
    }

    fn start(program: &str, config: &str, options: &[&str], ready: &str) -> Self {
        port::on_a_free_one(|port| Self::begin(port, program, config, options, ready))
    }

    /// The server when it is ready; none when it ended before, as it does when somebody else has its port.
    fn begin(port: u16, program: &str, config: &str, options: &[&str], ready: &str) -> Option<Self> {
        let root = tempfile::Builder::new().prefix("opsctl-server-").tempdir().unwrap();
        fs::write(root.path().join("config.yml"), config).unwrap();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(program)
            .args(["--config.file=config.yml", &format!("--web.listen-address={address}")])
            .args(options)
            .current_dir(root.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}, which scripts/test installs: {error}"));
        let mut server = Self { _root: root, child, address };
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            if TcpStream::connect(&server.address).is_ok() && server.request("GET", ready, "").0 == 200 {
                return Some(server);
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{program} is never ready");
    }

    /// Sends a request to its interface.
    pub fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        request(&self.address, method, path, &["Content-Type: application/json"], body)
    }

    /// What it answers to a question, as JSON.
    pub fn json(&self, path: &str) -> Value {
        let (status, body) = self.request("GET", path, "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
