//! The database cannot be written for a while: everything waits, nothing is lost, and nobody is told twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use crate::common::{World, eventually};
use crate::daemon::{Daemon, count, seen};
use crate::hook::Hook;
use crate::target::{Target, world};

/// Keeps everybody from writing until it is dropped.
pub struct Locked(Connection);

impl Locked {
    pub fn new(world: &World) -> Self {
        let db = Connection::open(world.state().join("journal.db")).unwrap();
        db.busy_timeout(Duration::from_secs(30)).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(db)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        let _ = self.0.execute_batch("ROLLBACK");
    }
}

const RULE: &str = "alerts: {down: {title: Web is down, state: down, observations: 1, resolve_after: 1, channels: [hook], on_alert: incident}}\n";

fn setting(hook: &Hook) -> String {
    format!("{RULE}channels: {{hook: {{title: Hook, webhook: \"{}\"}}}}\n", hook.url())
}

#[test]
fn alerts_and_samples_wait_for_a_locked_database() {
    let (hook, target) = (Hook::start(|_| 200), Target::start());
    let world = world(&[target.probe("web")], &setting(&hook));
    let daemon = Daemon::start(&world);
    eventually("it is up", || seen(&world, "web", "up") >= 1);
    let locked = Locked::new(&world);
    target.answers(500);
    daemon.says("alerts cannot be written down, and wait: ");
    daemon.says("samples cannot be written, and wait: ");
    assert_eq!(hook.told().len(), 0, "nobody is told what is not written down");
    drop(locked);
    eventually("it fires", || hook.told().len() == 1);
    daemon.says("alerts are written down again");
    daemon.says("samples are written again; nothing was lost");
    target.answers(200);
    eventually("it is over", || hook.kinds() == ["alert_fired", "alert_resolved"]);
    eventually("that is written down", || count(&world, "alert_notified") == 2);
    daemon.stop().exits(0);
    assert_eq!((count(&world, "alert_fired"), count(&world, "incident_opened")), (1, 1));
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn a_receipt_that_cannot_be_written_down_tells_nobody_twice() {
    let is_held = Arc::new(AtomicBool::new(true));
    let held = Arc::clone(&is_held);
    let hook = Hook::start(move |_| {
        while held.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(10));
        }
        200
    });
    let target = Target::start();
    target.answers(500);
    let world = world(&[target.probe("web")], &setting(&hook));
    let daemon = Daemon::start(&world);
    eventually("it is being told", || hook.told().len() == 1);
    let locked = Locked::new(&world);
    is_held.store(false, Ordering::SeqCst);
    daemon.says("alerts cannot be written down, and wait: ");
    drop(locked);
    eventually("it is written down", || count(&world, "alert_notified") == 1);
    target.answers(200);
    eventually("it is over", || count(&world, "alert_notified") == 2);
    daemon.stop().exits(0);
    assert_eq!(hook.kinds(), ["alert_fired", "alert_resolved"]);
}
