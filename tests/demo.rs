//! `opsctl demo`: a real application that is really broken, and healed by walking its runbook.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

mod common;

use common::{Outcome, PATIENCE, World, eventually, finish, is_alive, status, step};

/// A world whose demo ends with it.
struct Demo {
    world: World,
}

impl Demo {
    /// A demo that runs in the directory `shop`.
    fn start() -> Self {
        let demo = Self { world: World::new() };
        demo.world.run(&["demo", "start", "--workspace", "shop"]).exits(0);
        demo
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Outcome {
        self.world.run(&[&["-C", "shop"], args].concat())
    }

    #[track_caller]
    fn status(&self) -> Value {
        self.run(&["-o", "json", "demo", "status"]).exits(0).json()
    }

    /// An address of the demo: `web`, `api` or `database`.
    fn address(&self, part: &str) -> String {
        self.record()[part].as_str().unwrap().to_owned()
    }

    /// The answer of a path on one of its parts.
    fn get(&self, part: &str, path: &str) -> (u16, String) {
        request("GET", &self.address(part), path, "")
    }

    fn health(&self) -> (u16, Value) {
        let (status, body) = self.get("api", "/health");
        (status, serde_json::from_str(&body).unwrap())
    }

    fn record_file(&self) -> PathBuf {
        self.world.path("shop/.opsctl/demo.json")
    }

    fn record(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.record_file()).unwrap()).unwrap()
    }

    fn pid(&self) -> String {
        self.record()["pid"].to_string()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Should even this fail, the demo ends when its record is deleted with the world.
        let _ = self.world.command(&["-C", "shop", "demo", "stop"]).output();
    }
}

/// The status and body of one request.
fn request(method: &str, address: &str, path: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The line that the database answers with.
fn ask_database(address: &str, line: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(line.as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    answer
}

#[test]
fn a_new_demo_is_well() {
    let demo = Demo::start();
    let (status, health) = demo.health();
    assert_eq!(status, 200);
    assert_eq!(
        health,
        json!({"status": "ok", "database": "up", "pool": {"used": 3, "max": 20}, "error_rate": 0.0, "latency_ms": 12})
    );
    let (status, page) = demo.get("web", "/");
    assert_eq!(status, 200);
    assert!(page.contains("<!doctype html>") && page.contains("Open for orders"), "{page}");
    assert_eq!(demo.get("api", "/pool"), (200, "{\"used\":3,\"max\":20}\n".to_owned()));
    assert_eq!(demo.get("api", "/orders").0, 200);
    assert_eq!(demo.get("api", "/nothing").0, 404);
    assert_eq!(ask_database(&demo.address("database"), "PING\n"), "PONG\n");
    assert_eq!(ask_database(&demo.address("database"), "SELECT 1\n"), "1\n");
    assert_eq!(demo.run(&["demo", "query"]).exits(0).stdout, "1\n");
    demo.run(&["demo", "query", "DROP TABLE orders"]).exits(1).says(&["this database knows PING and SELECT 1"]);
    let status = demo.status();
    assert_eq!((&status["running"], &status["faults"]), (&json!(true), &json!([])));
    assert_eq!(status["api"], format!("http://{}", demo.address("api")));
}

#[test]
fn the_workspace_is_complete_and_good() {
    let demo = Demo::start();
    demo.run(&["lint"]).exits(0).says(&["definitions are good."]);
    assert!(demo.world.read("shop/opsctl.yaml").contains("include: [demo.yaml]"));
    assert!(demo.world.read("shop/demo.yaml").contains(&format!("http://{}/health", demo.address("api"))));
    assert!(demo.world.path("shop/schemas/runbook.json").is_file());
    assert_eq!(demo.world.read("shop/.opsctl/.gitignore"), "*\n");
}

#[test]
fn a_broken_database_is_an_outage_until_it_is_healed() {
    let demo = Demo::start();
    let broken = demo.run(&["-o", "json", "demo", "break", "database"]).exits(0).json();
    assert_eq!(broken["faults"], json!(["database"]));
    assert_eq!(broken["pool"], json!({"used": 20, "max": 20}));
    let (status, health) = demo.health();
    assert_eq!((status, &health["status"], &health["database"]), (503, &json!("error"), &json!("down")));
    assert_eq!(health["error"], "Database connection failed");
    let (status, order) = demo.get("api", "/orders");
    assert_eq!((status, order.as_str()), (503, "{\"error\":\"Database connection failed\"}\n"));
    let (status, page) = demo.get("web", "/");
    assert!(status == 503 && page.contains("Database connection failed"), "{status} {page}");
    assert_eq!(demo.get("api", "/pool").1, "{\"used\":20,\"max\":20}\n");
    assert!(ask_database(&demo.address("database"), "PING\n").starts_with("FATAL"));
    let outcome = demo.run(&["demo", "query"]).exits(1);
    outcome.says(&["the connection to the demo's database failed", "too many clients"]);

    let healed = demo.run(&["demo", "heal"]).exits(0);
    assert!(healed.stdout.contains("broken    nothing"), "{healed}");
    assert_eq!(demo.health().0, 200);
    assert_eq!(demo.get("web", "/").0, 200);
    assert_eq!(ask_database(&demo.address("database"), "PING\n"), "PONG\n");
}

#[test]
fn errors_and_latency_degrade_it() {
    let demo = Demo::start();
    demo.run(&["demo", "break", "errors"]).exits(0);
    let (status, health) = demo.health();
    assert_eq!((status, &health["status"], &health["error_rate"]), (200, &json!("degraded"), &json!(0.3)));
    let failed = (0..20).filter(|_| demo.get("api", "/orders").0 == 500).count();
    assert_eq!(failed, 6);
    assert_eq!(demo.run(&["demo", "query"]).exits(0).stdout, "1\n");

    demo.run(&["demo", "break", "latency"]).exits(0);
    demo.run(&["demo", "heal", "errors"]).exits(0);
    assert_eq!(demo.status()["faults"], json!(["latency"]));
    let (status, health) = demo.health();
    assert_eq!((status, &health["status"], &health["latency_ms"]), (200, &json!("degraded"), &json!(1512)));
    demo.run(&["demo", "break", "everything"]).exits(2).says(&["database, errors, latency"]);
}

#[test]
fn nobody_breaks_it_without_the_token() {
    let demo = Demo::start();
    let api = demo.address("api");
    for headers in ["", "Authorization: Bearer wrong\r\n", "Authorization: Bearer \r\n"] {
        for path in ["/demo/break/database", "/demo/heal", "/demo/stop"] {
            assert_eq!(request("POST", &api, path, headers).0, 401, "{path} with {headers:?}");
        }
        assert_eq!(request("GET", &api, "/demo", headers).0, 401);
    }
    assert_eq!(demo.health().0, 200);
    let token = demo.record()["token"].as_str().unwrap().to_owned();
    let headers = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(request("POST", &api, "/demo/break/database", &headers).0, 200);
    assert_eq!(demo.health().0, 503);
    assert_eq!(request("POST", &api, "/demo/break/nothing", &headers).0, 404);
    // The token is nobody else's to read.
    assert_eq!(fs::metadata(demo.record_file()).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!demo.run(&["-o", "json", "demo", "status"]).stdout.contains(&token));
}

#[test]
fn walking_the_runbook_heals_it() {
    let demo = Demo::start();
    demo.run(&["demo", "break", "database"]).exits(0);
    let answers = demo.world.answers(
        "steps:\n  check-database-status: done\n  verify-connection-string: run\n  test-connection: run\n  check-connection-pool: {answer: done, note: all 20 are in use}\n  restart-application: run\n",
    );
    let args = ["-o", "json", "runbook", "run", "db-connection", "--answers", &answers];
    let run = demo.run(&args).exits(0).json();
    assert_eq!(run["outcome"], "succeeded");
    let test = step(&run, "test-connection");
    assert_eq!((status(&run, "test-connection"), &test["exit_code"]), ("done", &json!(1)));
    assert!(test["output"].as_str().unwrap().contains("too many clients"), "{test}");
    assert_eq!(status(&run, "restart-application"), "done");
    assert_eq!(demo.health().0, 200);
    assert_eq!(demo.status()["faults"], json!([]));
    let run = demo.run(&args).exits(0).json();
    assert_eq!(step(&run, "test-connection")["output"], "1\n");
}

#[test]
fn a_second_start_finds_the_first() {
    let demo = Demo::start();
    let pid = demo.pid();
    let outcome = demo.world.run(&["demo", "start", "--workspace", "shop"]).exits(0).says(&["The demo runs already."]);
    assert!(outcome.stdout.contains(&format!("process {pid}")), "{outcome}");
    // From inside its workspace it need not be named.
    demo.run(&["demo", "start"]).exits(0).says(&["The demo runs already."]);
    assert_eq!(demo.pid(), pid);
}

#[test]
fn a_stopped_demo_starts_again_in_the_same_place() {
    let demo = Demo::start();
    let (before, pid, services) = (demo.address("api"), demo.pid(), demo.world.read("shop/demo.yaml"));
    demo.run(&["demo", "break", "database"]).exits(0);
    demo.run(&["demo", "stop"]).exits(0).says(&["The demo was stopped"]);
    eventually("the process ends", || !is_alive(&pid));
    assert!(TcpStream::connect(&before).is_err());
    demo.run(&["demo", "stop"]).exits(0).says(&["No demo runs in this workspace."]);
    let status = demo.run(&["-o", "json", "demo", "status"]).exits(1).says(&["opsctl demo start"]).json();
    assert_eq!((&status["running"], &status["api"]), (&json!(false), &Value::Null));
    demo.run(&["demo", "break", "database"]).exits(1).says(&["no demo runs"]);

    demo.world.write("shop/runbooks/db-connection.yaml", "title: Mine\nsteps: [Look]\n");
    let again = demo.run(&["demo", "start"]).exits(0);
    assert!(!again.stderr.contains("Made a workspace"), "{again}");
    assert_eq!(demo.address("api"), before);
    assert_eq!(demo.health().0, 200);
    assert_eq!(demo.world.read("shop/demo.yaml"), services);
    assert_eq!(demo.world.read("shop/runbooks/db-connection.yaml"), "title: Mine\nsteps: [Look]\n");
}

#[test]
fn a_place_that_is_taken_is_left_to_the_other() {
    let demo = Demo::start();
    let (api, settings) = (demo.address("api"), demo.world.read("shop/opsctl.yaml"));
    demo.run(&["demo", "stop"]).exits(0);
    let taken = TcpListener::bind(&api).unwrap();
    let outcome = demo.run(&["demo", "start"]).exits(0).says(&["addresses are others than before", "demo.yaml"]);
    let new = demo.address("api");
    assert_ne!(new, api, "{outcome}");
    assert!(demo.world.read("shop/demo.yaml").contains(&format!("http://{new}/health")));
    assert_eq!(demo.world.read("shop/opsctl.yaml"), settings);
    drop(taken);
}

#[test]
fn a_crash_is_noticed_and_got_over() {
    let demo = Demo::start();
    let (pid, api) = (demo.pid(), demo.address("api"));
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    eventually("the process is gone", || !is_alive(&pid));
    demo.run(&["demo", "status"]).exits(1).says(&["no demo runs"]);
    demo.run(&["demo", "start"]).exits(0);
    assert_eq!(demo.address("api"), api);
    assert_ne!(demo.pid(), pid);
    // What cannot be read is as good as nothing.
    demo.run(&["demo", "stop"]).exits(0);
    fs::write(demo.record_file(), "{").unwrap();
    demo.run(&["demo", "status"]).exits(1).says(&["no demo runs"]);
    demo.run(&["demo", "start"]).exits(0);
    assert_eq!(demo.health().0, 200);
}

#[test]
fn a_demo_without_its_workspace_ends() {
    let demo = Demo::start();
    let pid = demo.pid();
    fs::remove_dir_all(demo.world.path("shop")).unwrap();
    eventually("the process ends", || !is_alive(&pid));
}

#[test]
fn files_of_others_are_left_alone() {
    let demo = Demo { world: World::new() };
    demo.world.write("shop/opsctl.yaml", "title: Mine\n");
    let outcome = demo.world.run(&["demo", "start", "--workspace", "shop"]).exits(0);
    let outcome = outcome.says(&["warning: no probe looks at the demo", "include: [demo.yaml]"]);
    assert!(!outcome.stderr.contains("Try"), "{outcome}");
    assert_eq!(demo.world.read("shop/opsctl.yaml"), "title: Mine\n");
    assert!(!demo.world.path("shop/runbooks").exists());
    demo.run(&["demo", "stop"]).exits(0);

    demo.world.write("shop/demo.yaml", "title: Mine, too\n");
    let outcome = demo.world.run(&["demo", "start", "--workspace", "shop"]).exits(2);
    outcome.says(&["demo.yaml was not written by a demo", "--workspace"]);
    assert_eq!(demo.world.read("shop/demo.yaml"), "title: Mine, too\n");
    demo.world.run(&["demo", "start", "--workspace", "shop/opsctl.yaml"]).exits(2).says(&["is a file"]);
}

#[test]
fn in_the_foreground_it_ends_with_an_interrupt() {
    let demo = Demo { world: World::new() };
    let child = demo.world.spawn(&["demo", "start", "--workspace", "shop", "--foreground"]);
    eventually("it answers", || demo.run(&["demo", "status"]).code == 0);
    assert_eq!(demo.pid(), child.id().to_string());
    assert_eq!(demo.health().0, 200);
    assert!(Command::new("kill").args(["-INT", &demo.pid()]).status().unwrap().success());
    let outcome = finish(child).exits(0).says(&["Ctrl-C ends the demo.", "The demo has ended."]);
    assert!(outcome.stdout.contains("Demo · runs"), "{outcome}");
    demo.run(&["demo", "status"]).exits(1);
}

#[test]
fn a_silent_client_does_not_keep_it_from_stopping() {
    let demo = Demo::start();
    let pid = demo.pid();
    let mut silent = TcpStream::connect(demo.address("web")).unwrap();
    silent.write_all(b"GET / HT").unwrap();
    let database = TcpStream::connect(demo.address("database")).unwrap();
    demo.run(&["demo", "stop"]).exits(0);
    eventually("the process ends", || !is_alive(&pid));
    drop((silent, database));
}
