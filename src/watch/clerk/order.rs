//! What the clerk is ordered to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use crate::catalog::model::{AlertRule, Probe};
use crate::ground::Time;
use crate::monitor::{Beat, Signal};
use crate::workspace::Workspace;

/// Since when the alert of a rule and a probe is open.
pub(in crate::watch) type OpenAlerts = BTreeMap<(String, String), Time>;

/// What the clerk is ordered to do.
pub(in crate::watch) enum Order {
    /// An alert fires or is over.
    Signal(Signalled),
    /// These are the definitions from now on.
    Workspace(Arc<Workspace>),
    /// A job has said how it is.
    Beat { probe: String, beat: Beat, message: Option<String>, answer: Sender<Result<(), Refused>> },
    /// An Alertmanager has sent alerts; the answer says how many of them are news.
    Incoming { body: String, answer: Sender<Result<usize, Refused>> },
}

/// What a rule says of a probe.
#[derive(Debug)]
pub(in crate::watch) struct Signalled {
    pub rule: Arc<AlertRule>,
    pub probe: Arc<Probe>,
    pub signal: Signal,
    pub at: Time,
}

impl Signalled {
    /// Opens or closes it in a list of alerts.
    pub fn note_in(&self, alerts: &mut OpenAlerts) {
        let key = (self.rule.id.clone(), self.probe.id.clone());
        match self.signal {
            Signal::Fire { .. } => drop(alerts.insert(key, self.at)),
            Signal::Resolve { .. } => drop(alerts.remove(&key)),
        }
    }
}

/// Why something from outside was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::watch) enum Refused {
    /// It makes no sense; sending it again would not help.
    Wrong(String),
    /// There is no such probe.
    Unknown(String),
    /// It could not be written down; it should be sent again.
    Failed(String),
}
