//! Probes on a terminal: what is seen while they are made, and how they are stopped.

use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::http::Server;
use crate::common::observe::silent;
use crate::common::{World, eventually, finish, is_alive};

#[test]
fn what_is_known_so_far_is_seen_at_once() {
    let server = Server::start(|_| 200);
    let world = World::with_probes(&format!(
        "quick: {{http: \"{}\"}}\nbroken: {{command: \"exit 3\"}}\nslow: {{http: \"http://{}/\", timeout: 5s}}\n",
        server.url(),
        silent()
    ));
    let mut pty = world.pty(&["probe", "run"]);
    // The slow one hangs while the others are told, those that are not up first.
    pty.expect("2 of 3").expect("broken").expect("DOWN").expect("[EXIT_CODE] (3) == 0");
    pty.expect("quick").expect("up").expect("slow").expect("…");
    pty.expect("State").expect("slow").expect("timed out after 5s: there was no answer");
    let (code, shown) = pty.finish();
    assert_eq!(code, 1, "{shown}");
    assert!(shown.trim_end().ends_with("1 up, 2 down"), "{shown}");
}

#[test]
fn ctrl_c_stops_everything() {
    let world = World::with_probes(&format!(
        "hung: {{http: \"http://{}/\", timeout: 1h}}\n\
         command: {{command: \"echo $$ > pid; sleep 3600\", timeout: 1h}}\n\
         quick: {{command: \"true\"}}\n",
        silent()
    ));
    let mut pty = world.pty(&["probe", "run", "--repeat", "5"]);
    pty.expect("1 of 5 · 1 of 3");
    eventually("the command runs", || world.read("pid").ends_with('\n'));
    pty.interrupt();
    let (code, shown) = pty.finish();
    assert_eq!(code, 130, "{shown}");
    assert!(shown.contains("stopped before all probes had come to an end; nothing was changed"), "{shown}");
    eventually("the command has ended", || !is_alive(&world.read("pid")));
    assert!(!world.state().exists(), "something was written");
}

#[test]
fn a_signal_stops_it_without_a_terminal_too() {
    let world = World::with_probes("command: {command: \"echo $$ > pid; sleep 3600\", timeout: 1h}\n");
    for signal in [Signal::INT, Signal::TERM] {
        world.write("pid", "");
        let child = world.spawn(&["-o", "json", "probe", "run"]);
        eventually("the command runs", || world.read("pid").ends_with('\n'));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let outcome = finish(child).exits(130);
        assert_eq!(outcome.stdout, "");
        eventually("the command has ended", || !is_alive(&world.read("pid")));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let world = World::with_probes("quick: {command: \"true\"}\n");
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "\"$0\" -C \"$1\" -o json probe run | true", crate::common::OPSCTL]).arg(world.path(""));
    let outcome = command.output().unwrap();
    assert!(!String::from_utf8_lossy(&outcome.stderr).contains("panicked"));
}
