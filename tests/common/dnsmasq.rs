//! A name server of the test's own: dnsmasq on a port of this machine, gone with the test.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A running server.
pub struct Dnsmasq {
    server: Child,
    /// Where it listens, by UDP and TCP.
    pub address: SocketAddr,
}

impl Dnsmasq {
    /// Starts one that knows these records, as options of dnsmasq, and that below `.test` there is nothing else. It asks
    /// nobody: whatever else it is asked about, it refuses.
    pub fn start(records: &[&str]) -> Self {
        // Between finding a port and taking it, somebody else may have it.
        (0..20).find_map(|_| Self::try_start(records)).expect("dnsmasq (Debian: dnsmasq-base) starts")
    }

    fn try_start(records: &[&str]) -> Option<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
        let address = listener.local_addr().ok()?;
        let socket = UdpSocket::bind(address).ok()?;
        drop((listener, socket));
        // Debian keeps it out of the PATH of ordinary users.
        let debian = "/usr/sbin/dnsmasq";
        let server = Command::new(if Path::new(debian).exists() { debian } else { "dnsmasq" })
            .args(["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--bind-interfaces"])
            .args(["--no-resolv", "--no-hosts", "--local=/test/", "--listen-address=127.0.0.1", "--log-facility=-"])
            .arg(format!("--port={}", address.port()))
            .args(records)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut started = Self { server: server.expect("dnsmasq (Debian: dnsmasq-base) is there"), address };
        for _ in 0..400 {
            if started.server.try_wait().ok()?.is_some() {
                return None;
            }
            if TcpStream::connect(address).is_ok() {
                return Some(started);
            }
            sleep(Duration::from_millis(25));
        }
        None
    }
}

impl Drop for Dnsmasq {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
