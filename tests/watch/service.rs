//! A service manager is told how the daemon is, as systemd wants to hear it.

use std::os::unix::net::UnixDatagram;

use rustix::process::Signal;

use crate::common::PATIENCE;
use crate::daemon::Daemon;
use crate::target::{Target, world};

#[test]
fn a_service_manager_hears_of_the_beginning_of_a_reload_and_of_the_end() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let path = world.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let hears = |what: &str| loop {
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{what} is never said: {error}"));
        let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if said.lines().any(|line| line == what) {
            return said;
        }
    };
    let mut command = world.command(&["watch", "--listen", "127.0.0.1:0"]);
    // A watchdog that is heard from every tenth of a second.
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let daemon = Daemon::spawn(command);
    let ready = hears("READY=1");
    assert!(ready.contains("STATUS=watching 1 probe, listening on 127.0.0.1:"), "{ready}");
    hears("WATCHDOG=1");
    daemon.signal(Signal::HUP);
    let reloading = hears("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    hears("READY=1");
    daemon.signal(Signal::TERM);
    hears("STOPPING=1");
    daemon.ends().exits(0);
}
