//! A machine without a network sees no outages.

use std::process::Command;

use crate::common::observe::{nobody, silent};
use crate::common::{OPSCTL, World};

/// Nobody can be asked for this name: there is no such name server.
fn unresolved() -> String {
    format!("{{tcp: \"db.test:5432\", client: {{resolver: \"{}\"}}, timeout: 1s}}", nobody())
}

#[test]
fn what_cannot_be_reached_is_unknown_when_nothing_can() {
    let (closed, target) = (nobody(), nobody());
    let world = World::with_probes(&format!("far: {}\nhere: {{tcp: \"{closed}\"}}\n", unresolved()));
    let settings = world.read("opsctl.yaml");
    // Without a check of its own, whether there is a way out is this machine's business; with one it is ours.
    world.write("opsctl.yaml", &format!("{settings}connectivity: {{targets: [\"{target}\"], timeout: 1s}}\n"));
    let seen = world.look(&[]);
    assert_eq!((seen.state("far"), seen.state("here")), ("unknown", "down"), "{}", seen.outcome);
    let why = seen.of("far")["error"].as_str().unwrap();
    assert!(
        why.starts_with(&format!("this machine reaches none of {target} (connectivity) (could not resolve")),
        "{why}"
    );
    seen.outcome.exits(1);
    world.run(&["-o", "nagios", "probe", "run", "far"]).exits(3);
    // One target that answers is a network.
    let alive = silent();
    world.write("opsctl.yaml", &format!("{settings}connectivity: {{targets: [\"{target}\", \"{alive}\"]}}\n"));
    let seen = world.look(&[]);
    seen.is_down("far", "could not resolve the host db.test");
    seen.is_down("here", "refused the connection");
}

/// Says nothing to whoever asks for a name, and after the program prints how often somebody asked.
const MUTE: &str = "
import socket, subprocess, sys
asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked.bind(('127.0.0.1', 53))
asked.setblocking(False)
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
count = 0
try:
    while asked.recv(4096):
        count += 1
except BlockingIOError:
    print(count)";

#[test]
fn a_name_that_is_never_resolved_holds_nobody_up() {
    let alone = ["--user", "--map-root-user", "--net", "--mount"];
    if !is_possible(&alone) {
        return;
    }
    let world = World::with_probes("far: {http: \"http://db.test/\", timeout: 500ms}\n");
    world.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:3 attempts:5\n");
    let script = "ip link set lo up && mount --bind resolv.conf /etc/resolv.conf && exec python3 -c \"$@\"";
    let outcome = Command::new("unshare")
        .args(alone)
        .args(["sh", "-c", script, "sh", MUTE, OPSCTL, "probe", "run"])
        .current_dir(world.path(""))
        .output()
        .unwrap();
    let asked: u32 = String::from_utf8_lossy(&outcome.stdout).trim().parse().unwrap_or_else(|_| panic!("{outcome:?}"));
    // Once for each family; the system would ask again and again, were it waited for.
    assert!((1..=2).contains(&asked), "{asked}");
}

/// Whether this system lets somebody leave what all share.
fn is_possible(alone: &[&str]) -> bool {
    Command::new("unshare").args(alone).arg("true").status().is_ok_and(|status| status.success())
}

#[test]
fn without_any_network_only_this_machine_itself_is_known() {
    let alone = ["--user", "--map-root-user", "--net"];
    if !is_possible(&alone) {
        return; // the test of targets above has asked the same question
    }
    let world = World::with_probes(
        "far: {http: \"http://192.0.2.1/\", timeout: 5s}\n\
         six: {http: \"http://[2001:db8::1]/\", timeout: 5s}\n\
         behind: {http: \"http://127.0.0.1:9/\", depends_on: [far], timeout: 5s}\n\
         here: {tcp: \"127.0.0.1:9\", timeout: 5s}\n\
         denied: {http: \"http://192.0.2.1/\", client: {allow_hosts: [example.com]}}\n\
         command: {command: \"true\"}\n",
    );
    let outcome = Command::new("unshare")
        .args(alone)
        .arg(OPSCTL)
        .args(["-o", "json", "probe", "run"])
        .current_dir(world.path(""))
        .output()
        .unwrap();
    let seen: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let states: Vec<&str> = seen.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    // What stands on something that nobody knows is judged by itself.
    assert_eq!(states, ["unknown", "unknown", "down", "down", "down", "up"], "{seen:#}");
    let why = seen[0]["error"].as_str().unwrap();
    assert!(why.starts_with("this machine has no way into any network (192.0.2.1:80 cannot be reached"), "{why}");
    assert!(seen[4]["error"].as_str().unwrap().contains("allow_hosts"), "{seen:#}");
    assert_eq!(outcome.status.code(), Some(1));
}
