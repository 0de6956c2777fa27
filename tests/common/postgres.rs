//! A PostgreSQL server of the test's own: its own data directory, its own socket, gone with the test.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use super::eventually;

/// The password of the database's only user.
pub const PASSWORD: &str = "pg-hunter2-secret";

/// A running server.
pub struct Postgres {
    root: TempDir,
    server: Child,
}

impl Postgres {
    /// Makes a database cluster and starts its server.
    pub fn start() -> Self {
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
        // No TCP port: a socket in the directory is enough, and nobody else can have it.
        let mut server = command("postgres");
        server.arg("-D").arg(&data).arg("-k").arg(root.path()).args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let postgres = Self { root, server };
        eventually("the database server is ready", || {
            let ready = Command::new("psql").args([&postgres.url(), "-c", "SELECT 1"]).output();
            ready.is_ok_and(|output| output.status.success())
        });
        postgres
    }

    /// The address, password included.
    pub fn url(&self) -> String {
        format!("postgresql://app:{PASSWORD}@/postgres?host={}", self.root.path().display())
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
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program);
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
