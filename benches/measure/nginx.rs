//! The server that both sides look at: a small answer, and nothing in the way.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use super::port::on_a_free_one;

/// As many addresses of this machine are used, so that the ports of none run out.
const ADDRESSES: usize = 200;

/// An nginx of one process; it ends with this.
pub struct Nginx {
    child: Child,
    port: u16,
    _dir: TempDir,
}

impl Nginx {
    /// Starts it; none where there is no nginx.
    pub fn start() -> Option<Self> {
        let program = program("nginx")?;
        Some(on_a_free_one(|port| Self::at(port, &program)))
    }

    fn at(port: u16, program: &PathBuf) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("nginx.conf");
        fs::write(&config, configuration(port)).unwrap();
        let mut command = Command::new(program);
        command.arg("-p").arg(dir.path()).arg("-e").arg("stderr").arg("-c").arg(config);
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Self { child, port, _dir: dir };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    /// An address of it for the n-th probe.
    pub fn url(&self, n: usize) -> String {
        format!("http://127.0.1.{}:{}/health", 1 + n % ADDRESSES, self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a program is installed; the system's own places are looked at, too.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/bin", "/usr/sbin"])
        .map(|dir| PathBuf::from(dir).join(name))
        .find(|file| file.is_file())
}

fn configuration(port: u16) -> String {
    format!(
        "daemon off; master_process off; pid nginx.pid;
         events {{ worker_connections 8192; }}
         http {{
           access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
           uwsgi_temp_path uwsgi; scgi_temp_path scgi;
           server {{
             listen {port} backlog=4096;
             location / {{ default_type application/json; return 200 '{{\"status\":\"ok\",\"items\":[1,2,3]}}'; }}
           }}
         }}"
    )
}
