//! Many probes at once: nobody waits for those that hang, and nobody is asked more at once than was allowed.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::common::World;

/// How long a target may hang, in seconds: all that is well has to begin before.
const HANGS: u64 = 5;

fn listen(on: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((on, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// When a probe's last attempt began and ended, in milliseconds.
fn times(one: &Value) -> (i64, i64) {
    let begun = chrono::DateTime::parse_from_rfc3339(one["started_at"].as_str().unwrap()).unwrap().timestamp_millis();
    (begun, begun + one["duration_ms"].as_i64().unwrap())
}

#[test]
fn two_hundred_that_hang_do_not_delay_two_hundred_that_are_well() {
    // Every address of loopback is a host of its own.
    let (hanging, hung) = listen("0.0.0.0");
    thread::spawn(move || hanging.incoming().map_while(Result::ok).collect::<Vec<_>>());
    let (well, healthy) = listen("127.0.0.1");
    thread::spawn(move || {
        for mut stream in well.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            });
        }
    });
    let mut probes = String::new();
    for n in 1..=200 {
        let port = hung.port();
        probes.push_str(&format!("hung-{n}: {{http: \"http://127.1.0.{n}:{port}/\", timeout: {HANGS}s}}\n"));
        probes.push_str(&format!("well-{n}: {{http: \"http://{healthy}/{n}\", timeout: 30s}}\n"));
    }
    let seen = World::with_probes(&probes).look(&[]);
    let (hung, well): (Vec<&Value>, Vec<&Value>) =
        seen.all.iter().partition(|one| one["id"].as_str().unwrap().starts_with("hung"));
    assert_eq!((hung.len(), well.len()), (200, 200));
    let bad: Vec<&&Value> = well.iter().filter(|one| one["state"] != "up").collect();
    assert!(bad.is_empty(), "{bad:?}");
    let timed_out = |one: &&&Value| one["error"] == format!("timed out after {HANGS}s: there was no answer");
    assert_eq!(hung.iter().filter(timed_out).count(), 200, "{hung:?}");
    let first_to_give_up = hung.iter().map(|one| times(one).1).min().unwrap();
    let last_to_begin = well.iter().map(|one| times(one).0).max().unwrap();
    assert!(last_to_begin < first_to_give_up, "{last_to_begin} {first_to_give_up}");
}

/// A server that answers `at_once` visitors when all of them are there, and never fewer; and how many there were at
/// most.
fn only_together(at_once: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let (listener, address) = listen("0.0.0.0");
    let (most, there) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, together) = (Arc::clone(&most), Arc::new(Barrier::new(at_once)));
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (counted, there, together) = (Arc::clone(&counted), Arc::clone(&there), Arc::clone(&together));
            thread::spawn(move || {
                counted.fetch_max(there.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]);
                together.wait();
                // Whoever comes although he should not, comes about now.
                thread::sleep(Duration::from_millis(50));
                there.fetch_sub(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            });
        }
    });
    (address, most)
}

#[test]
fn no_more_are_made_at_once_than_was_allowed() {
    for (flags, hosts, at_once) in [
        (&["--per-host", "3"][..], 1, 3),
        (&["--concurrency", "4"], 12, 4),
        (&["--concurrency", "4", "--per-host", "12"], 1, 4),
        (&["--concurrency", "1"], 12, 1),
        (&[], 12, 12),
        (&[], 1, 12),
    ] {
        let (address, most) = only_together(at_once);
        let host = |n: usize| format!("127.2.0.{}:{}", n % hosts + 1, address.port());
        let probes: String = (0..12).map(|n| format!("p{n}: {{http: \"http://{}/{n}\"}}\n", host(n))).collect();
        let seen = World::with_probes(&probes).look(flags);
        assert_eq!(seen.not_up(), [""; 0], "{flags:?} {hosts}");
        assert_eq!(most.load(Ordering::SeqCst), at_once, "{flags:?} {hosts}");
    }
}

#[test]
fn one_host_is_one_host_whoever_asks_it() {
    let (address, most) = only_together(2);
    let users = ["", "a@", "b:c@", "${USER_NAME}@"];
    let probes: BTreeMap<usize, String> =
        users.iter().enumerate().map(|(n, user)| (n, format!("http://{user}{address}/{n}?x=@"))).collect();
    let probes: String = probes.iter().map(|(n, url)| format!("p{n}: {{http: \"{url}\"}}\n")).collect();
    let world = World::with_probes(&probes.replace("0.0.0.0", "127.0.0.1"));
    let seen = world.look_with(&["--per-host", "2"], &[("USER_NAME", "somebody")]);
    assert_eq!(seen.not_up(), [""; 0]);
    assert_eq!(most.load(Ordering::SeqCst), 2);
}
