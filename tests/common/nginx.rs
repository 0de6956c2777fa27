//! An nginx of the test's own: its own directory, a port of loopback, gone with the test.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use super::port;

/// A running server.
pub struct Nginx {
    root: TempDir,
    server: Child,
    /// The port it listens on, on every address that its configuration names.
    pub port: u16,
}

impl Nginx {
    /// Starts one. `files` fills its directory; `servers` are its `server` blocks, in which `PORT` stands for its port
    /// and `ROOT` for its directory. One of them listens on 127.0.0.1.
    pub fn start(files: impl Fn(&Path), servers: &str) -> Self {
        port::on_a_free_one(|port| Self::begin(port, &files, servers))
    }

    /// Its directory.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The server when it listens; none when it ended before, as it does when somebody else has its port.
    fn begin(port: u16, files: &impl Fn(&Path), servers: &str) -> Option<Self> {
        let root = tempfile::Builder::new().prefix("opsctl-nginx-").tempdir().unwrap();
        files(root.path());
        let dir = root.path().display().to_string();
        let config = root.path().join("nginx.conf");
        let servers = servers.replace("PORT", &port.to_string()).replace("ROOT", &dir);
        fs::write(&config, format!("{}{servers}}}\n", frame(&dir))).unwrap();
        let log = fs::File::create(root.path().join("stderr")).unwrap();
        let server = Command::new(program())
            .arg("-p")
            .arg(root.path())
            .arg("-e")
            .arg(root.path().join("error.log"))
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let mut started = Self { root, server: server.expect("nginx is there"), port };
        for _ in 0..400 {
            if started.server.try_wait().unwrap().is_some() {
                let said = fs::read_to_string(started.root.path().join("stderr")).unwrap();
                assert!(said.contains("Address already in use"), "nginx: {said}");
                return None;
            }
            // It writes its pid when it has its ports, so that nobody else's server is taken for it.
            if started.root.path().join("pid").exists() && TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(started);
            }
            sleep(Duration::from_millis(25));
        }
        panic!("nginx does not listen");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One process that stays in the foreground and writes nowhere but into its directory.
fn frame(dir: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {dir}/{what};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {dir}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n\
         default_type text/plain;\n{temporary}"
    )
}

/// Debian keeps it out of the PATH of ordinary users.
fn program() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/nginx");
    if debian.exists() { debian } else { PathBuf::from("nginx") }
}
