//! A PostgreSQL server of the test's own: its own data directory, its own socket, gone with the test.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use super::{eventually, port};

/// The password of the database's only user.
pub const PASSWORD: &str = "pg-hunter2-secret";

/// Whom the server runs as when the test runs as root.
const NOBODY: u32 = 65534;

/// A running server.
pub struct Postgres {
    root: TempDir,
    server: Child,
    port: Option<u16>,
}

impl Postgres {
    /// Makes a database cluster and starts its server on a socket: nobody else can have it.
    pub fn start() -> Self {
        Self::begin(None, &[]).expect("a database server that starts")
    }

    /// The same on a port of loopback, too.
    pub fn start_tcp() -> Self {
        port::on_a_free_one(|port| Self::begin(Some(port), &[]))
    }

    /// The same with TLS.
    pub fn start_tls(certificate: &Path, key: &Path) -> Self {
        let files = [("ssl_cert_file", certificate), ("ssl_key_file", key)];
        port::on_a_free_one(|port| Self::begin(Some(port), &files))
    }

    /// The server when it is ready; none when it ended before, as it does when somebody else has its port.
    fn begin(port: Option<u16>, tls: &[(&str, &Path)]) -> Option<Self> {
        let root = tempfile::Builder::new().prefix("opsctl-pg-").tempdir().unwrap();
        // The server refuses to run as root, so the directory must be open to the one it runs as.
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let (data, password) = (root.path().join("data"), root.path().join("password"));
        fs::write(&password, PASSWORD).unwrap();
        let made = command("initdb")
            .args(["--no-sync", "--username=app", "--auth=scram-sha-256", "--encoding=UTF8", "--pwfile"])
            .arg(&password)
            .arg("-D")
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut server = command("postgres");
        server.arg("-D").arg(&data).arg("-k").arg(root.path()).args(["-c", "fsync=off"]);
        match port {
            None => server.args(["-c", "listen_addresses="]),
            Some(port) => server.args(["-c", "listen_addresses=127.0.0.1", "-p", &port.to_string()]),
        };
        for (setting, file) in tls {
            let copy = root.path().join(setting);
            fs::copy(file, &copy).unwrap();
            // The server refuses a key that anybody else may read.
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
            if getuid().is_root() {
                chown(&copy, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            server.arg("-c").arg(format!("{setting}={}", copy.display())).args(["-c", "ssl=on"]);
        }
        let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut postgres = Self { root, server, port };
        let mut ended = false;
        eventually("the database server is ready", || {
            ended = postgres.server.try_wait().unwrap().is_some();
            let ready = Command::new("psql").args([&postgres.url(), "-c", "SELECT 1"]).output();
            ended || ready.is_ok_and(|output| output.status.success())
        });
        (!ended).then_some(postgres)
    }

    /// The address, password included.
    pub fn url(&self) -> String {
        let port = self.port.map_or_else(String::new, |port| format!("&port={port}"));
        format!("postgresql://app:{PASSWORD}@/postgres?host={}{port}", self.root.path().display())
    }

    /// `127.0.0.1:port`
    pub fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port.expect("a server with a port"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Asked to stop at once, the server takes its own processes with it.
        if let Some(pid) = i32::try_from(self.server.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::QUIT);
        }
        let _ = self.server.wait();
    }
}

/// A program of the server's, run as somebody who is not root.
fn command(name: &str) -> Command {
    let program = find(name);
    if !getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")]);
    command.args(["--clear-groups", "--"]).arg(program);
    command.current_dir("/");
    command
}

#[allow(clippy::disallowed_methods, reason = "the machine's programs are looked for, not the world's")]
fn find(name: &str) -> PathBuf {
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    // Debian keeps the server's programs out of the PATH.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    dirs.extend(versions.map(|version| version.path().join("bin")));
    let found = dirs.iter().map(|dir| dir.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed: run scripts/test, which installs what the tests need"))
}
