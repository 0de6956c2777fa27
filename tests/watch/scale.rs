//! Many probes.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::common::{World, eventually};
use crate::daemon::Daemon;

/// How many probes there are.
const MANY: usize = 2000;

/// So much memory they may take, in KiB; this is no optimized build.
const MOST: u64 = 200 * 1024;

/// A server that says that all is well.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

#[test]
fn two_thousand_probes_are_all_looked_at_in_little_memory() {
    let world = World::new();
    let address = server();
    let probe = |nth: usize| format!("      p{nth}: {{http: \"http://{address}/{nth}\", interval: 1m}}\n");
    let probes = (0..MANY).map(probe).collect::<Vec<_>>().concat();
    let alerts = "alerts: {down: {title: Down, state: down}, errors: {title: Errors, error_rate: {above: 5%}}}\n";
    world.write("opsctl.yaml", &format!("services:\n  api:\n    title: API\n    probes:\n{probes}{alerts}"));
    let daemon = Daemon::start(&world);
    assert_eq!(daemon.health()["probes"], MANY);
    let up = || daemon.get("/metrics").lines().filter(|line| line.starts_with("opsctl_probe_up{")).count();
    eventually("all are seen", || up() == MANY);
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let memory: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(memory < MOST, "{memory} KiB");
    daemon.stop().exits(0);
    let seen = world.json(&["probe", "list"]);
    let seen = seen.as_array().unwrap().iter().filter(|probe| probe["state"] == "up").count();
    assert_eq!(seen, MANY);
}
