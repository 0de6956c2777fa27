//! Where an incident stands: what folding its events gives.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::event::{ActionKind, Evidence, IncidentEvent, Recorded, Target, Visibility};
use super::impact::Interval;
use super::role::Role;
use super::status::Status;
use crate::ground::{Actor, Time};
use crate::message::{Addressee, Outbox};

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its id: `INC-7`.
    pub id: String,
    /// How many events have been applied.
    pub version: u64,
    /// Its title.
    pub title: String,
    /// Ids of the services it touches.
    pub services: Vec<String>,
    /// Its severity.
    pub severity: String,
    /// Since when it had which severity.
    pub severities: Vec<(Time, String)>,
    /// What is seen.
    pub seen: Option<String>,
    /// Who is affected, and how much.
    pub impact: Option<String>,
    /// When which service suffered.
    pub impacts: Vec<Interval>,
    /// Its status.
    pub status: Status,
    /// Who may see it.
    pub visibility: Visibility,
    /// Who declared it.
    pub declared_by: Actor,
    /// When it was declared.
    pub declared_at: Time,
    /// When that was written down; later where it was told afterwards.
    pub told_at: Time,
    /// When it was noticed.
    pub detected_at: Option<Time>,
    /// By what it was noticed.
    pub detected_by: Option<String>,
    /// When somebody took it.
    pub acknowledged_at: Option<Time>,
    /// When its cause was known.
    pub identified_at: Option<Time>,
    /// When its effects ended.
    pub mitigated_at: Option<Time>,
    /// When it was over.
    pub resolved_at: Option<Time>,
    /// When it was closed, canceled or merged.
    pub ended_at: Option<Time>,
    /// When it was last opened again.
    pub reopened_at: Option<Time>,
    /// When it was over for a while: from its end until it was opened again.
    pub pauses: Vec<(Time, Time)>,
    /// How it was resolved, or why it was canceled.
    pub resolution: Option<String>,
    /// Why a channel was not told that it is over.
    pub untold: Option<String>,
    /// Who has which role.
    pub roles: BTreeMap<Role, String>,
    /// Everybody who did something, in the order in which they came.
    pub responders: Vec<String>,
    /// Ids of the runs that belong to it.
    pub runs: Vec<String>,
    /// Its messages.
    pub outbox: Outbox,
    /// Channels that incidents told of which were merged into this one.
    pub inherited: Vec<Addressee>,
    /// When what was promised: the next update by a moment.
    pub promises: Vec<(Time, Time)>,
    /// What was missed, and when it was due.
    pub breaches: Vec<(Target, Time)>,
    /// Reminders by what they are of: how many, and when the last one was.
    pub reminders: BTreeMap<String, (u32, Time)>,
    /// Who was asked to help.
    pub escalations: Vec<Escalation>,
    /// When somebody last acknowledged it, or an escalation of it.
    pub answered_at: Option<Time>,
    /// What is to be done later.
    pub todos: Vec<Todo>,
    /// What is to be done about the causes.
    pub actions: Vec<Action>,
    /// Evidence that was secured.
    pub evidence: Vec<Evidence>,
    /// The incident that tells it from now on.
    pub merged_into: Option<String>,
    /// Incidents that are told here.
    pub absorbed: Vec<String>,
    /// Where the post-mortem was written, and its SHA-256.
    pub postmortem: Option<(String, String)>,
    /// The time of the last event.
    pub last_at: Time,
}

/// Somebody was asked to help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// The policy.
    pub policy: String,
    /// The level, from 1.
    pub level: u32,
    /// Who.
    pub to: String,
    /// When.
    pub at: Time,
}

/// Something that is to be done later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    /// Its id: `t1`.
    pub id: String,
    /// What.
    pub text: String,
    /// What became of it.
    pub state: TodoState,
}

/// What became of a to-do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TodoState {
    /// Nothing yet.
    Open,
    /// An action, by its id.
    Action(String),
    /// Nothing, and why.
    Dropped(String),
}

/// Something that is to be done about the causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its id: `a1`.
    pub id: String,
    /// What.
    pub title: String,
    /// What it is to do.
    pub kind: ActionKind,
    /// Who does it.
    pub owner: Option<String>,
    /// By when.
    pub due: Option<NaiveDate>,
    /// What became of it.
    pub state: ActionState,
    /// When it was created.
    pub created_at: Time,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionState {
    /// Nothing yet.
    Open,
    /// It is done; what came of it.
    Done(Option<String>),
    /// It will not be done, and why.
    Dropped(String),
}

impl ActionState {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done(_) => "done",
            Self::Dropped(_) => "dropped",
        }
    }
}

impl Incident {
    /// The incident that events come to, corrections included; none when the first is no declaration.
    pub fn fold(id: &str, events: &[Recorded]) -> Option<Self> {
        let corrected = Self::corrected(events);
        let (first, rest) = corrected.split_first()?;
        let mut incident = Self::begin(id, first)?;
        for recorded in rest {
            incident.apply(recorded);
        }
        Some(incident)
    }

    /// The events with the moments that corrections give them.
    pub fn corrected(events: &[Recorded]) -> Cow<'_, [Recorded]> {
        if !events.iter().any(|recorded| Self::rewrites(&recorded.event)) {
            return Cow::Borrowed(events);
        }
        let mut events = events.to_vec();
        for place in 0..events.len() {
            if let IncidentEvent::Corrected { event, at: Some(at), .. } = events[place].event
                && let Some(wrong) = events.iter_mut().find(|recorded| recorded.version == event)
            {
                wrong.at = at;
            }
        }
        Cow::Owned(events)
    }

    /// Whether an event changes what earlier ones say, so that all of them have to be folded again.
    pub const fn rewrites(event: &IncidentEvent) -> bool {
        matches!(event, IncidentEvent::Corrected { at: Some(_), .. })
    }

    /// Whether it is still going on.
    pub const fn is_open(&self) -> bool {
        self.status.is_open()
    }

    /// Who has a role.
    pub fn role(&self, role: Role) -> Option<&str> {
        self.roles.get(&role).map(String::as_str)
    }

    /// Whether it is restricted to those who work on it.
    pub fn is_restricted(&self) -> bool {
        self.visibility == Visibility::Restricted
    }

    /// The impact that goes on now.
    pub fn suffering(&self) -> impl Iterator<Item = &Interval> {
        self.impacts.iter().filter(|interval| interval.to.is_none())
    }

    /// When its effects began, as far as is known.
    pub fn impact_started_at(&self) -> Option<Time> {
        self.impacts.iter().map(|interval| interval.from).min()
    }

    /// When it began, as far as is known: its effects, else its declaration.
    pub fn began_at(&self) -> Time {
        self.impact_started_at().unwrap_or(self.declared_at)
    }

    /// Until when it went on, or until `now`.
    pub fn lasted_until(&self, now: Time) -> Time {
        self.resolved_at.or(self.ended_at).unwrap_or(now)
    }

    /// An action by its id; `2` is short for `a2`.
    pub fn action(&self, id: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.id == id || action.id.strip_prefix('a') == Some(id))
    }

    /// A to-do by its id; `2` is short for `t2`.
    pub fn todo(&self, id: &str) -> Option<&Todo> {
        self.todos.iter().find(|todo| todo.id == id || todo.id.strip_prefix('t') == Some(id))
    }

    /// How many times the team was reminded of something.
    pub fn reminded(&self, of: &str) -> u32 {
        self.reminders.get(of).map_or(0, |(count, _)| *count)
    }

    /// The last escalation that nobody has answered yet.
    pub fn unanswered(&self) -> Option<&Escalation> {
        self.escalations.last().filter(|last| self.answered_at.is_none_or(|at| at < last.at))
    }
}
