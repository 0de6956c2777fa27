//! How each fact changes an incident.

use super::event::{IncidentEvent, Recorded};
use super::impact::Interval;
use super::state::{Action, ActionState, Escalation, Incident, Todo, TodoState};
use super::status::Status;
use crate::ground::Time;

impl Incident {
    /// The incident that a first event begins; none when it is not one.
    pub fn begin(id: &str, recorded: &Recorded) -> Option<Self> {
        let IncidentEvent::Declared { title, services, severity, seen, visibility } = &recorded.event else {
            return None;
        };
        Some(Self {
            id: id.to_owned(),
            version: recorded.version,
            title: title.clone(),
            services: services.clone(),
            severity: severity.clone(),
            severities: vec![(recorded.at, severity.clone())],
            seen: seen.clone(),
            impact: None,
            impacts: Vec::new(),
            status: Status::Triage,
            visibility: *visibility,
            declared_by: recorded.actor.clone(),
            declared_at: recorded.at,
            told_at: recorded.recorded_at,
            detected_at: None,
            detected_by: None,
            acknowledged_at: None,
            identified_at: None,
            mitigated_at: None,
            resolved_at: None,
            ended_at: None,
            reopened_at: None,
            pauses: Vec::new(),
            resolution: None,
            untold: None,
            roles: std::collections::BTreeMap::new(),
            responders: vec![recorded.actor.0.clone()],
            runs: Vec::new(),
            outbox: crate::message::Outbox::default(),
            inherited: Vec::new(),
            promises: Vec::new(),
            breaches: Vec::new(),
            reminders: std::collections::BTreeMap::new(),
            escalations: Vec::new(),
            answered_at: None,
            todos: Vec::new(),
            actions: Vec::new(),
            evidence: Vec::new(),
            merged_into: None,
            absorbed: Vec::new(),
            postmortem: None,
            last_at: recorded.recorded_at,
        })
    }

    /// Applies a further event. One that [rewrites](Incident::rewrites) what was is folded with all others instead.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.version = recorded.version;
        self.last_at = recorded.recorded_at;
        let at = recorded.at;
        if !is_clockwork(&recorded.event) && !self.responders.contains(&recorded.actor.0) {
            self.responders.push(recorded.actor.0.clone());
        }
        if recorded.event == (IncidentEvent::Acknowledged {}) {
            // Whoever tells late that he was at it answers now.
            self.answered_at = Some(recorded.recorded_at);
        }
        match &recorded.event {
            IncidentEvent::Message(event) => self.outbox.apply(at, &recorded.actor, event),
            IncidentEvent::RunAttached { run, .. } => push_new(&mut self.runs, run),
            IncidentEvent::EvidenceAdded(evidence) => self.evidence.push(evidence.clone()),
            IncidentEvent::NextUpdatePromised { by } => self.promises.push((at, *by)),
            IncidentEvent::TargetBreached { target, due } => self.breaches.push((*target, *due)),
            IncidentEvent::Reminded { of, count } => drop(self.reminders.insert(of.clone(), (*count, at))),
            IncidentEvent::Escalated { policy, level, to, .. } => {
                self.escalations.push(Escalation { policy: policy.clone(), level: *level, to: to.clone(), at });
            }
            IncidentEvent::RoleAssigned { role, person } | IncidentEvent::RoleHandedOver { role, person, .. } => {
                self.roles.insert(*role, person.clone());
                push_new(&mut self.responders, person);
            }
            IncidentEvent::PostmortemWritten { path, sha256 } => {
                self.postmortem = Some((path.clone(), sha256.clone()));
            }
            IncidentEvent::Absorbed { incident, channels, .. } => {
                push_new(&mut self.absorbed, incident);
                self.inherited.extend(channels.iter().cloned());
            }
            event => {
                self.apply_course(event, at);
                self.apply_work(event, at);
            }
        }
    }

    // How it goes: status, severity, impact.
    fn apply_course(&mut self, event: &IncidentEvent, at: Time) {
        match event {
            IncidentEvent::Detected { source } => {
                self.detected_at = Some(at);
                self.detected_by.clone_from(source);
            }
            IncidentEvent::Acknowledged {} => {
                self.acknowledged_at.get_or_insert(at);
                self.status = self.status.max(Status::Investigating);
            }
            IncidentEvent::SeverityChanged { severity, .. } => {
                self.severity.clone_from(severity);
                self.severities.push((at, severity.clone()));
            }
            IncidentEvent::StatusChanged { status, .. } => self.enter(*status, at),
            IncidentEvent::ImpactRecorded { text } => self.impact = Some(text.clone()),
            IncidentEvent::ImpactStarted { service, level } => {
                // A service that gets worse begins a new stretch.
                self.end_impact(service, at);
                let (service, level) = (service.clone(), level.clone());
                push_new(&mut self.services, &service);
                self.impacts.push(Interval { service, level, from: at, to: None });
            }
            IncidentEvent::ImpactEnded { service } => self.end_impact(service, at),
            IncidentEvent::Resolved { reason, untold } => {
                self.enter(Status::Resolved, at);
                self.resolution.clone_from(reason);
                self.untold.clone_from(untold);
            }
            IncidentEvent::Canceled { reason, untold } => {
                self.enter(Status::Canceled, at);
                self.resolution = Some(reason.clone());
                self.untold.clone_from(untold);
            }
            IncidentEvent::Closed { .. } => self.enter(Status::Closed, at),
            IncidentEvent::Merged { into, reason } => {
                self.enter(Status::Merged, at);
                self.merged_into = Some(into.clone());
                self.resolution.clone_from(reason);
            }
            IncidentEvent::Reopened { .. } => self.reopen(at),
            _ => {}
        }
    }

    // What is to be done.
    fn apply_work(&mut self, event: &IncidentEvent, at: Time) {
        match event {
            IncidentEvent::TodoAdded { todo, text } => {
                self.todos.push(Todo { id: todo.clone(), text: text.clone(), state: TodoState::Open });
            }
            IncidentEvent::TodoDropped { todo, reason } => {
                self.settle_todo(todo, TodoState::Dropped(reason.clone()));
            }
            IncidentEvent::ActionCreated { action, title, action_kind, owner, due, todo } => {
                if let Some(todo) = todo {
                    self.settle_todo(todo, TodoState::Action(action.clone()));
                }
                self.actions.push(Action {
                    id: action.clone(),
                    title: title.clone(),
                    kind: *action_kind,
                    owner: owner.clone(),
                    due: *due,
                    state: ActionState::Open,
                    created_at: at,
                });
            }
            IncidentEvent::ActionChanged { action, owner, due } => {
                if let Some(action) = self.actions.iter_mut().find(|known| known.id == *action) {
                    action.owner = owner.clone().or(action.owner.take());
                    action.due = due.or(action.due);
                }
            }
            IncidentEvent::ActionDone { action, note } => {
                self.settle_action(action, ActionState::Done(note.clone()));
            }
            IncidentEvent::ActionDropped { action, reason } => {
                self.settle_action(action, ActionState::Dropped(reason.clone()));
            }
            _ => {}
        }
    }

    fn enter(&mut self, status: Status, at: Time) {
        self.status = status;
        match status {
            Status::Identified => drop(self.identified_at.get_or_insert(at)),
            Status::Mitigated => drop(self.mitigated_at.get_or_insert(at)),
            Status::Resolved => self.resolved_at = Some(at),
            Status::Closed | Status::Canceled | Status::Merged => self.ended_at = Some(at),
            Status::Triage | Status::Investigating | Status::Postmortem => {}
        }
    }

    fn reopen(&mut self, at: Time) {
        self.status = Status::Investigating;
        self.reopened_at = Some(at);
        self.pauses.push((self.lasted_until(at), at));
        self.mitigated_at = None;
        self.resolved_at = None;
        self.ended_at = None;
        self.resolution = None;
        self.untold = None;
    }

    fn end_impact(&mut self, service: &str, at: Time) {
        for open in self.impacts.iter_mut().filter(|open| open.to.is_none() && open.service == service) {
            open.to = Some(at.max(open.from));
        }
    }

    fn settle_todo(&mut self, id: &str, state: TodoState) {
        if let Some(todo) = self.todos.iter_mut().find(|todo| todo.id == id) {
            todo.state = state;
        }
    }

    fn settle_action(&mut self, id: &str, state: ActionState) {
        if let Some(action) = self.actions.iter_mut().find(|action| action.id == id) {
            action.state = state;
        }
    }
}

// What the clock or the post does makes nobody a responder.
fn is_clockwork(event: &IncidentEvent) -> bool {
    use crate::message::MessageEvent;
    match event {
        IncidentEvent::TargetBreached { .. }
        | IncidentEvent::Reminded { .. }
        | IncidentEvent::Escalated { by_itself: true, .. } => true,
        IncidentEvent::Message(event) => {
            !matches!(event, MessageEvent::MessageDrafted(_) | MessageEvent::MessageApproved { .. })
        }
        _ => false,
    }
}

fn push_new(list: &mut Vec<String>, item: &str) {
    if !list.iter().any(|known| known == item) {
        list.push(item.to_owned());
    }
}
