//! How the threads of the daemon tell the operator something, without ever waiting for one who does not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::ground::{Clock, Time};
use crate::monitor::Alert;
use crate::monitor::threshold::Change;
use crate::terminal::Terminal;
use crate::view::watch::{News, Posted, json_line, line};

/// So many things wait for a reader; those beyond are counted and left out.
const MOST: usize = 10_000;

/// What the operator is told.
#[derive(Debug)]
pub(super) enum Told {
    /// What the daemon does; for people only.
    Aside(String),
    /// Something is wrong with the daemon itself.
    Trouble(String),
    /// A probe is called something else from now on.
    Changed { probe: String, service: String, change: Change, why: Option<String> },
    /// An alert has fired, or is over.
    Alert(Box<Alert>),
    /// A message from the outbox was tried.
    Posted(Posted),
    /// Something was not done in time.
    Missed { incident: String, what: &'static str, due: Time },
    /// The team was reminded of something.
    Reminded { incident: String, of: Vec<String>, to: Vec<String> },
    /// Somebody is asked to help.
    Escalated { incident: String, policy: String, level: u32, who: String, to: Vec<String> },
    /// A channel could not be told.
    Undelivered { alert: String, channel: String, why: String },
}

/// Tells the operator.
#[derive(Clone)]
pub(super) struct Voice {
    to: Sender<(Time, Told)>,
    unheard: Arc<AtomicU64>,
    clock: &'static dyn Clock,
}

/// Brings to the terminal what is told.
pub(super) struct Teller {
    from: Receiver<(Time, Told)>,
    unheard: Arc<AtomicU64>,
    clock: &'static dyn Clock,
    is_json: bool,
}

/// A voice, and the one who hears it.
pub(super) fn voice(clock: &'static dyn Clock, is_json: bool) -> (Voice, Teller) {
    let (to, from) = mpsc::channel(MOST);
    let unheard = Arc::default();
    (Voice { to, unheard: Arc::clone(&unheard), clock }, Teller { from, unheard, clock, is_json })
}

impl Voice {
    /// Tells something.
    pub fn say(&self, told: Told) {
        if self.to.try_send((self.clock.now(), told)).is_err() {
            self.unheard.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells what the daemon does.
    pub fn aside(&self, text: impl Into<String>) {
        self.say(Told::Aside(text.into()));
    }

    /// Tells what is wrong.
    pub fn trouble(&self, text: impl Into<String>) {
        self.say(Told::Trouble(text.into()));
    }
}

impl Teller {
    /// Tells everything, until nobody has a voice any more.
    pub fn tell_all(mut self, terminal: &mut dyn Terminal) {
        while let Some((at, told)) = self.from.blocking_recv() {
            self.tell(&told, at, terminal);
            let unheard = self.unheard.swap(0, Ordering::Relaxed);
            if unheard > 0 {
                let text = format!("{unheard} things were left out here: nobody read them in time");
                self.tell(&Told::Trouble(text), self.clock.now(), terminal);
            }
        }
    }

    fn tell(&self, told: &Told, at: Time, terminal: &mut dyn Terminal) {
        let news = match told {
            Told::Aside(text) => return terminal.tell(text),
            Told::Trouble(text) => News::Trouble(text),
            Told::Changed { probe, service, change, why } => {
                News::Changed { probe, service, change, why: why.as_deref() }
            }
            Told::Alert(alert) => News::Alert(alert),
            Told::Posted(posted) => News::Posted(posted),
            Told::Missed { incident, what, due } => News::Missed { incident, what, due: *due },
            Told::Reminded { incident, of, to } => News::Reminded { incident, of, to },
            Told::Escalated { incident, policy, level, who, to } => {
                News::Escalated { incident, policy, level: *level, who, to }
            }
            Told::Undelivered { alert, channel, why } => News::Undelivered { alert, channel, why },
        };
        if self.is_json {
            terminal.print(&json_line(&news, at));
        } else {
            terminal.say(&line(terminal.look_err(), &news, self.clock.local(at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Told, voice};
    use crate::ground::SystemClock;
    use crate::terminal::Scripted;

    #[test]
    fn who_does_not_read_is_told_how_much_was_left_out() {
        let (voice, teller) = voice(&SystemClock, false);
        for number in 0..MOST + 7 {
            voice.say(Told::Aside(number.to_string()));
        }
        drop(voice);
        let mut terminal = Scripted::unattended();
        teller.tell_all(&mut terminal);
        assert_eq!(terminal.said().matches("7 things were left out here").count(), 1);
    }
}
