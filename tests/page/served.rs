//! The page over HTTP: from the daemon, and as a preview.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::{World, eventually, finish};

/// A program that serves, and where.
struct Serving {
    child: Option<Child>,
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Serving {
    /// The daemon, which asks for a token.
    fn daemon(world: &World) -> Self {
        let mut command = world.command(&["watch", "--listen", "127.0.0.1:0"]);
        let child = command.env("OPSCTL_TOKEN", "s3cret").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        Self::of(child, |child| Box::new(child.stderr.take().unwrap()), "listening on ", ". ")
    }

    fn preview(world: &World) -> Self {
        let child = world.spawn(&["status-page", "preview", "--no-open"]);
        Self::of(child, |child| Box::new(child.stdout.take().unwrap()), "http://", "/status/")
    }

    fn of(mut child: Child, pipe: fn(&mut Child) -> Box<dyn std::io::Read>, before: &str, after: &str) -> Self {
        let mut lines = BufReader::new(pipe(&mut child)).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            Some(line.split_once(before)?.1.split_once(after)?.0.to_owned())
        });
        Self { child: Some(child), address: address.unwrap() }
    }

    /// The head, in lower case, and the body of an answer.
    fn ask(&self, request: &str, headers: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: status.example.com\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_ascii_lowercase(), body.to_owned())
    }

    fn status(&self, request: &str) -> String {
        self.ask(request, "").0[9..12].to_owned()
    }
}

fn world() -> World {
    World::with_probes("home:\n  tcp: 127.0.0.1:1\n  interval: 1s\n  failure_threshold: 1\n")
}

#[test]
fn the_daemon_serves_it_to_everybody() {
    let world = world();
    let daemon = Serving::daemon(&world);
    assert_eq!(daemon.status("GET /metrics"), "401");
    let (head, body) = daemon.ask("GET /status/", "Origin: https://evil.test\r\n");
    assert!(head.starts_with("http/1.1 200 ") && head.contains("content-type: text/html; charset=utf-8"), "{head}");
    assert!(!head.contains("access-control"), "{head}");
    assert!(body.contains("<bdi>API</bdi>"), "{body}");
    for (path, location) in [("/", "/status/"), ("/status", "/status/")] {
        let (head, _) = daemon.ask(&format!("GET {path}"), "");
        assert!(head.starts_with("http/1.1 307 ") && head.contains(&format!("location: {location}\r\n")), "{head}");
    }
    for (path, kind) in [
        ("/status/feed.atom", "application/atom+xml; charset=utf-8"),
        ("/status/api/v2/summary.json", "application/json; charset=utf-8"),
        ("/api/v2/incidents/unresolved.json", "application/json; charset=utf-8"),
    ] {
        let (head, _) = daemon.ask(&format!("GET {path}"), "");
        assert!(head.starts_with("http/1.1 200 ") && head.contains(&format!("content-type: {kind}")), "{path}: {head}");
        assert_eq!(head.contains("access-control-allow-origin: *"), kind.contains("json"), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    }
    for path in ["/status/nothing", "/status/../metrics", "/status/%2e%2e/metrics", "/status//index.html", "/api/v2/"] {
        let status = daemon.status(&format!("GET {path}"));
        assert!(["404", "401"].contains(&status.as_str()), "{path}: {status}");
    }
    assert_eq!(daemon.status("POST /status/"), "405");
    assert_eq!(daemon.ask("HEAD /status/", "").1, "");
}

#[test]
fn the_daemon_shows_what_it_sees() {
    let world = world();
    let daemon = Serving::daemon(&world);
    let summary = || serde_json::from_str::<Value>(&daemon.ask("GET /api/v2/summary.json", "").1).unwrap();
    eventually("a service that is down is shown so", || summary()["components"][0]["status"] == "major_outage");
    assert_eq!(summary()["status"]["description"], "Major System Outage");
    let shown = world.json(&["status-page", "show"]);
    assert_eq!(shown["components"][0]["status"], "major_outage");
    let text = world.run(&["status-page", "show"]).exits(0).stdout;
    assert!(text.contains("Major System Outage") && text.contains("API"), "{text}");
    // New definitions are taken over.
    world.set_probes("away:\n  tcp: 127.0.0.1:1\n  enabled: false\n");
    eventually("a service that nobody looks at is not down", || summary()["components"][0]["status"] == "operational");
}

#[test]
fn what_a_reader_has_is_not_sent_again() {
    let world = World::new();
    let preview = Serving::preview(&world);
    let (head, _) = preview.ask("GET /status/history.html", "");
    let tag = head.split("etag: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let (head, body) = preview.ask("GET /status/history.html", &format!("If-None-Match: {known}\r\n"));
        assert!(head.starts_with("http/1.1 304 ") && head.contains("etag: "), "{head}");
        assert_eq!(body, "");
    }
    let (head, _) = preview.ask("GET /status/history.html", "If-None-Match: \"other\"\r\n");
    assert!(head.starts_with("http/1.1 200 "), "{head}");
}

#[test]
fn a_preview_is_for_this_machine_and_ends_with_ctrl_c() {
    let world = World::new();
    world.run(&["status-page", "preview", "--listen", "0.0.0.0:0"]).exits(2).says(&["other machines", "127.0.0.1:0"]);
    let mut preview = Serving::preview(&world);
    assert_eq!(preview.status("GET /status/"), "200");
    let child = preview.child.take().unwrap();
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), Signal::INT).unwrap();
    finish(child).exits(0);
}
