//! Where an alert stands: what folding its events gives, and what may be said about it next.

use std::collections::BTreeMap;

use super::event::{AlertEvent, Notice, Recorded, Source};
use crate::ground::Time;

/// Where an alert stands: one episode, from firing to resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The id of its stream.
    pub id: String,
    /// How many events have been applied.
    pub version: u64,
    /// The rule's id, or the fingerprint of one that came in.
    pub alert: String,
    /// Its name, by which runbooks are found.
    pub title: String,
    /// The probe's id; none for one that came in.
    pub probe: Option<String>,
    /// The service it is about.
    pub service: Option<String>,
    /// Why it fired.
    pub reason: String,
    /// The severity of an incident that it opens.
    pub severity: Option<String>,
    /// The id of the runbook that helps.
    pub runbook: Option<String>,
    /// Who says so.
    pub source: Source,
    /// Since when it is so.
    pub starts_at: Time,
    /// Labels of one that came in.
    pub labels: BTreeMap<String, String>,
    /// What each channel was told, by the channel's id.
    pub told: BTreeMap<String, Told>,
    /// The incident that was opened for it, or that it was added to.
    pub incident: Option<String>,
    /// How it ended; none while it is open.
    pub ended: Option<Ended>,
    /// The time of the last event.
    pub last_at: Time,
}

/// What a channel was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// When it was told that the alert began.
    pub firing: Option<Time>,
    /// When it was told that it is over.
    pub resolved: Option<Time>,
    /// What it could not be told, until it is.
    pub failure: Option<Failure>,
}

/// What a channel could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it was to be told.
    pub notice: Notice,
    /// Why not.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When that was recorded.
    pub at: Time,
}

/// How an alert ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How that is known.
    pub reason: String,
    /// When it ended.
    pub at: Time,
}

impl Alert {
    /// The alert that a first event begins; none when it is not one.
    pub fn begin(id: &str, recorded: &Recorded) -> Option<Self> {
        let AlertEvent::AlertFired {
            alert,
            title,
            probe,
            service,
            reason,
            severity,
            runbook,
            source,
            starts_at,
            labels,
        } = recorded.event.clone()
        else {
            return None;
        };
        Some(Self {
            id: id.to_owned(),
            version: recorded.version,
            alert,
            title,
            probe,
            service,
            reason,
            severity,
            runbook,
            source,
            starts_at,
            labels,
            told: BTreeMap::new(),
            incident: None,
            ended: None,
            last_at: recorded.at,
        })
    }

    /// Applies a further event.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.version = recorded.version;
        self.last_at = recorded.at;
        match &recorded.event {
            AlertEvent::AlertFired { .. } => {}
            AlertEvent::AlertNotified { channel, notice } => self.told_at(channel, *notice, recorded.at),
            AlertEvent::AlertNotifyFailed { channel, notice, error, attempts } => {
                let failure = Failure { notice: *notice, error: error.clone(), attempts: *attempts, at: recorded.at };
                self.told.entry(channel.clone()).or_default().failure = Some(failure);
            }
            AlertEvent::IncidentOpened { incident } | AlertEvent::IncidentJoined { incident } => {
                self.incident = Some(incident.clone());
            }
            AlertEvent::AlertResolved { reason, ends_at } => {
                self.ended = Some(Ended { reason: reason.clone(), at: *ends_at });
            }
        }
    }

    fn told_at(&mut self, channel: &str, notice: Notice, at: Time) {
        let told = self.told.entry(channel.to_owned()).or_default();
        let when = match notice {
            Notice::Firing => &mut told.firing,
            Notice::Resolved => &mut told.resolved,
        };
        when.get_or_insert(at);
        told.failure.take_if(|failure| failure.notice == notice);
    }

    /// Whether it is still going on.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// What a channel has still to be told: that it fired while it is open, and that it is over when it was told that
    /// it fired. Who never heard of it need not hear that it is over.
    pub fn owes(&self, channel: &str) -> Option<Notice> {
        let told = self.told.get(channel);
        let knows = told.is_some_and(|told| told.firing.is_some());
        let is_done = told.is_some_and(|told| told.resolved.is_some());
        match (self.is_open(), knows) {
            (true, false) => Some(Notice::Firing),
            (false, true) if !is_done => Some(Notice::Resolved),
            _ => None,
        }
    }

    /// Whether an event may follow here; the error says why not.
    pub fn allows(&self, event: &AlertEvent) -> Result<(), String> {
        match (event, &self.incident) {
            (AlertEvent::AlertFired { .. }, _) => Err(format!("alert {} has fired already", self.id)),
            (AlertEvent::AlertResolved { .. }, _) if !self.is_open() => {
                Err(format!("alert {} is resolved already", self.id))
            }
            (AlertEvent::IncidentOpened { .. } | AlertEvent::IncidentJoined { .. }, Some(incident)) => {
                Err(format!("alert {} belongs to {incident} already", self.id))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;

    use super::Alert;
    use crate::ground::{Actor, Time};
    use crate::monitor::event::{AlertEvent, Notice, Recorded, Source};

    fn minute(number: u64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::minutes(i64::try_from(number).unwrap())
    }

    fn recorded(version: u64, event: AlertEvent) -> Recorded {
        Recorded { version, at: minute(version), actor: Actor("watch".to_owned()), event }
    }

    fn fired() -> AlertEvent {
        AlertEvent::AlertFired {
            alert: "web-down".to_owned(),
            title: "Web is down".to_owned(),
            probe: Some("web".to_owned()),
            service: Some("shop".to_owned()),
            reason: "down".to_owned(),
            severity: None,
            runbook: None,
            source: Source::Watch,
            starts_at: minute(0),
            labels: BTreeMap::new(),
        }
    }

    fn notified(channel: &str, notice: Notice) -> AlertEvent {
        AlertEvent::AlertNotified { channel: channel.to_owned(), notice }
    }

    fn failed(channel: &str, notice: Notice) -> AlertEvent {
        AlertEvent::AlertNotifyFailed { channel: channel.to_owned(), notice, error: "no route".to_owned(), attempts: 5 }
    }

    fn resolved() -> AlertEvent {
        AlertEvent::AlertResolved { reason: "it no longer holds".to_owned(), ends_at: minute(9) }
    }

    fn incident() -> AlertEvent {
        AlertEvent::IncidentOpened { incident: "INC-7".to_owned() }
    }

    fn fold(events: &[AlertEvent]) -> Alert {
        let mut alert = Alert::begin("web-down/web/1", &recorded(1, fired())).unwrap();
        for (event, version) in events.iter().zip(2..) {
            alert.apply(&recorded(version, event.clone()));
        }
        alert
    }

    #[test]
    fn only_firing_begins_it() {
        assert_eq!(Alert::begin("x", &recorded(1, resolved())), None);
        let alert = fold(&[incident(), resolved()]);
        assert_eq!((alert.version, alert.last_at), (3, minute(3)));
        assert_eq!((alert.title.as_str(), alert.incident.as_deref()), ("Web is down", Some("INC-7")));
        assert_eq!(alert.ended.map(|ended| ended.at), Some(minute(9)));
    }

    #[test]
    fn who_was_told_that_it_began_is_told_that_it_is_over() {
        use Notice::{Firing, Resolved};
        for (events, owed) in [
            (vec![], Some(Firing)),
            (vec![notified("other", Firing)], Some(Firing)),
            (vec![failed("ops", Firing)], Some(Firing)),
            (vec![notified("ops", Firing)], None),
            (vec![resolved()], None),
            (vec![failed("ops", Firing), resolved()], None),
            (vec![notified("ops", Firing), resolved()], Some(Resolved)),
            (vec![resolved(), notified("ops", Firing)], Some(Resolved)),
            (vec![notified("ops", Firing), resolved(), failed("ops", Resolved)], Some(Resolved)),
            (vec![notified("ops", Firing), resolved(), notified("ops", Resolved)], None),
        ] {
            assert_eq!(fold(&events).owes("ops"), owed, "{events:?}");
        }
    }

    #[test]
    fn a_failure_stands_until_the_channel_is_told() {
        let failing = fold(&[failed("ops", Notice::Firing)]);
        let failure = failing.told["ops"].failure.as_ref().unwrap();
        assert_eq!((failure.error.as_str(), failure.attempts, failure.at), ("no route", 5, minute(2)));
        let told = fold(&[failed("ops", Notice::Firing), notified("ops", Notice::Firing)]);
        assert_eq!((&told.told["ops"].failure, told.told["ops"].firing), (&None, Some(minute(3))));
        let still =
            fold(&[notified("ops", Notice::Firing), failed("ops", Notice::Resolved), notified("ops", Notice::Firing)]);
        assert!(still.told["ops"].failure.is_some());
        assert_eq!(still.told["ops"].firing, Some(minute(2)), "the first time counts");
    }

    #[test]
    fn it_fires_resolves_and_gets_its_incident_once() {
        let open = fold(&[]);
        assert!(open.is_open() && open.allows(&resolved()).is_ok() && open.allows(&incident()).is_ok());
        assert_eq!(open.allows(&fired()), Err("alert web-down/web/1 has fired already".to_owned()));
        let over = fold(&[incident(), resolved()]);
        assert_eq!(over.allows(&resolved()), Err("alert web-down/web/1 is resolved already".to_owned()));
        assert_eq!(over.allows(&incident()), Err("alert web-down/web/1 belongs to INC-7 already".to_owned()));
        assert!(over.allows(&notified("ops", Notice::Resolved)).is_ok());
    }
}
