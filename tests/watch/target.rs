//! What probes look at: servers that the test can break and heal.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::thread;

use crate::common::World;
use crate::common::http::Server;

/// A web server that answers with the status it is set to.
pub struct Target {
    server: Server,
    status: Arc<AtomicU16>,
}

impl Target {
    /// One that answers with 200.
    pub fn start() -> Self {
        let status = Arc::new(AtomicU16::new(200));
        let answered = Arc::clone(&status);
        Self { server: Server::start(move |_| answered.load(Ordering::SeqCst)), status }
    }

    pub fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// How many requests came so far.
    pub fn asked(&self) -> usize {
        self.server.seen()
    }

    /// A probe of it, every second, as YAML under a service.
    pub fn probe(&self, id: &str) -> String {
        format!("{id}: {{http: \"{}\", interval: 1s}}", self.url())
    }
}

/// A server that accepts and never answers.
pub struct Silent {
    pub address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Silent {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&accepted);
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {});
            }
        });
        Self { address, accepted }
    }

    /// How many connections came so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// A probe of it, every second, with patience.
    pub fn probe(&self, id: &str) -> String {
        format!("{id}: {{http: \"http://{}/\", interval: 1s, timeout: 5m}}", self.address)
    }
}

/// Writes settings with these probes of the service `api`, and what else stands in them.
pub fn settings(world: &World, probes: &[String], rest: &str) {
    let probes = probes.iter().map(|probe| format!("      {probe}\n")).collect::<Vec<_>>().concat();
    let severities = "  P1: {title: High, criteria: [Broken], respond_within: 1h}\n  P2: {title: Low, criteria: [Odd], respond_within: 4h}\n";
    world.write(
        "opsctl.yaml",
        &format!(
            "title: Test\nservices:\n  api:\n    title: API\n    probes:\n{probes}severities:\n{severities}{rest}"
        ),
    );
}

/// A world with these probes, and what else stands in the settings.
pub fn world(probes: &[String], rest: &str) -> World {
    let world = World::new();
    settings(&world, probes, rest);
    world.run(&["lint"]).exits(0);
    world
}
