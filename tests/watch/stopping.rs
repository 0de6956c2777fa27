//! How it begins and ends: at once where something is wrong, and within its grace whatever hangs.

use std::fs;
use std::io::{PipeReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use opsctl::ground::{Actor, Clock as _, SystemClock};
use opsctl::journal::{Context, Journal as _, NewEvent, SqliteJournal};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::Signal;
use serde_json::Value;

use crate::common::{World, eventually, finish};
use crate::daemon::{Daemon, seen};
use crate::target::{Silent, Target, settings, world};

#[test]
fn it_ends_when_it_is_asked_to_although_a_target_hangs() {
    for signal in [Signal::TERM, Signal::INT] {
        let (silent, target) = (Silent::start(), Target::start());
        let world = world(&[silent.probe("slow"), target.probe("web")], "");
        let daemon = Daemon::start(&world);
        eventually("one hangs", || silent.accepted() == 1);
        eventually("the other is seen", || daemon.metric("opsctl_probe_up{probe=\"web\"").is_some());
        daemon.signal(signal);
        let outcome = daemon.ends().exits(0);
        assert!(!outcome.stderr.contains("trouble"), "{outcome}");
        assert!(seen(&world, "web", "up") > 0, "what was seen last is kept");
    }
}

#[test]
fn a_command_that_hangs_is_ended_with_it() {
    let probe = "job: {command: 'echo $$ > begun; exec sleep 600', interval: 1s, timeout: 5m}".to_owned();
    let world = world(&[probe], "");
    let daemon = Daemon::start(&world);
    eventually("it runs", || world.read("begun").ends_with('\n'));
    daemon.stop().exits(0);
    assert!(!crate::common::is_alive(&world.read("begun")));
}

#[test]
fn without_a_reader_it_goes_on() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let mut command = world.command(&["-o", "json", "watch", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let daemon = Daemon::begun(child);
    eventually("it is seen", || seen(&world, "web", "up") >= 2);
    target.answers(500);
    eventually("it is seen again", || seen(&world, "web", "down") >= 2);
    daemon.stop().exits(0);
}

/// A pipe into which nothing more goes, and its other end.
fn full_pipe() -> (PipeReader, Stdio, usize) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let flags = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    let mut length = 0;
    while let Ok(written) = writer.write(&[b' '; 512]) {
        length += written;
    }
    fcntl_setfl(&writer, flags).unwrap();
    (reader, writer.into(), length)
}

#[test]
fn a_reader_that_does_not_read_keeps_nobody_waiting() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let (mut reader, stdout, filled) = full_pipe();
    let mut command = world.command(&["-o", "json", "watch", "--listen", "127.0.0.1:0"]);
    let child = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    drop(command); // and with it the test's own end of the pipe
    let daemon = Daemon::begun(child);
    eventually("it is seen", || seen(&world, "web", "up") >= 2);
    target.answers(500);
    eventually("it is seen again", || seen(&world, "web", "down") >= 2);
    daemon.signal(Signal::TERM);
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    daemon.ends().exits(0);
    let lines: Vec<Value> = printed[filled..].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["to"].as_str().unwrap()).collect::<Vec<_>>(), ["up", "down"]);
}

#[test]
fn a_workspace_is_watched_by_one() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let daemon = Daemon::start(&world);
    finish(world.spawn(&["watch"])).exits(5).says(&["another `opsctl watch`", "watch.lock"]);
    daemon.kill();
    let daemon = Daemon::start(&world);
    daemon.stop().exits(0);
}

#[test]
fn where_it_cannot_begin_it_says_so_and_ends() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    finish(world.spawn(&["watch", "--listen", &address])).exits(5).says(&[
        "cannot listen on",
        &address,
        "another port",
    ]);
    world.write("opsctl.yaml", "services: {api: {title: API, probes: {web: {htp: \"http://127.0.0.1/\"}}}}\n");
    finish(world.spawn(&["watch"])).exits(3).says(&["opsctl.yaml:1: ", "looks at nothing"]);
    settings(&world, &["web: {http: \"http://127.0.0.1/\", conditions: [\"[STATSU] == 200\"]}".to_owned()], "");
    finish(world.spawn(&["watch"])).exits(3).says(&["opsctl.yaml:6: ", "[STATSU]", "opsctl lint"]);
}

#[test]
fn a_journal_that_it_does_not_understand_keeps_it_from_beginning() {
    let world = world(&["web: {http: \"http://127.0.0.1/\"}".to_owned()], "");
    let journal = SqliteJournal::open(&world.state()).unwrap();
    let context = Context { at: SystemClock.now(), actor: Actor("ana".into()), host: "box".into() };
    let event = NewEvent { kind: "alert_of_the_future".into(), body: serde_json::json!({}) };
    journal.append("alert/x", 0, &context, &[event]).unwrap();
    finish(world.spawn(&["watch", "--listen", "127.0.0.1:0"])).exits(5).says(&["event 1 of alert/x cannot be read"]);
}

#[test]
fn where_nothing_can_be_written_it_does_not_begin() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let state = world.state();
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o555)).unwrap();
    world.run_unprivileged(&["watch"]).exits(5).says(&[".opsctl"]);
}
