//! The clock is set while it watches.

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use chrono::{DateTime, FixedOffset, TimeDelta};
use opsctl::ground::{Clock, SystemClock, Time};
use opsctl::probe::Limits;
use opsctl::terminal::Scripted;
use opsctl::watch::{Options, Place, watch};
use opsctl::workspace::{Surroundings, Workspace};
use rustix::process::{Signal, getpid, kill_process};

use crate::common::eventually;
use crate::target::{Target, world};

/// The system's clock, set by so many seconds.
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> Time {
        SystemClock.now() + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }

    fn local(&self, time: Time) -> DateTime<FixedOffset> {
        time.fixed_offset()
    }
}

/// Ends the daemon however the test goes. It listens to signals by then, so that nothing else ends.
struct Stop;

impl Drop for Stop {
    fn drop(&mut self) {
        let _ = kill_process(getpid(), Signal::TERM);
    }
}

static CLOCK: Set = Set(AtomicI64::new(0));

#[test]
fn a_clock_that_is_set_back_or_ahead_makes_nobody_blind() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let root = world.path("");
    let vars = [("HOME".to_owned(), root.display().to_string())].into();
    let surroundings = Surroundings { vars, cwd: root.clone(), host: "it".to_owned(), pid: 1 };
    let reopen = || Workspace::open(Some(&root), &surroundings);
    let options = Options { listen: None, token: None, url: None, limits: Limits::default(), is_json: false };
    thread::scope(|threads| {
        let daemon = threads.spawn(|| {
            let place = Place { surroundings: &surroundings, clock: &CLOCK, reopen: &reopen };
            watch(reopen()?, &place, &options, &mut Scripted::unattended())
        });
        let stop = Stop;
        eventually("it is looked at", || target.asked() >= 2);
        for hours in [-5, 7] {
            CLOCK.0.store(hours * 3600, Ordering::SeqCst);
            let before = target.asked();
            eventually("it is still looked at", || target.asked() >= before + 3);
        }
        drop(stop);
        daemon.join().unwrap().unwrap();
    });
}
