//! What the clerk is ordered to do, and what the operator is told.

use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use crate::catalog::model::{AlertRule, Probe};
use crate::ground::Time;
use crate::monitor::threshold::Change;
use crate::monitor::{Alert, Beat, Signal};
use crate::probe::Observation;
use crate::view::watch::News;
use crate::workspace::Workspace;

/// What the clerk is ordered to do.
pub(in crate::watch) enum Order {
    /// An alert fires or is over.
    Signal { rule: Arc<AlertRule>, probe: Arc<Probe>, signal: Signal, at: Time },
    /// The definitions are others from now on.
    Workspace(Arc<Workspace>),
    /// A job has said how it is.
    Beat { probe: String, beat: Beat, message: Option<String>, answer: Sender<Result<(), Refused>> },
    /// An Alertmanager has sent alerts; the answer says how many of them are news.
    Incoming { body: String, answer: Sender<Result<usize, Refused>> },
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

/// What the operator is told.
#[derive(Debug)]
pub(in crate::watch) enum Told {
    /// Something about the daemon itself.
    Trouble(String),
    /// A probe is called something else from now on.
    Changed { change: Change, observation: Box<Observation> },
    /// An alert has fired, or is over.
    Alert(Box<Alert>),
    /// A channel could not be told.
    Undelivered { alert: String, channel: String, why: String },
}

impl Told {
    /// The same for a view.
    pub fn news(&self) -> News<'_> {
        match self {
            Self::Trouble(text) => News::Trouble(text),
            Self::Changed { change, observation } => News::Changed(change, observation),
            Self::Alert(alert) => News::Alert(alert),
            Self::Undelivered { alert, channel, why } => News::Undelivered { alert, channel, why },
        }
    }
}
