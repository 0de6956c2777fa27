//! What is to be done by when, and what was done in time.

use chrono::TimeDelta;

use super::event::Target;
use super::role::Role;
use super::state::Incident;
use crate::catalog::model::Severity;
use crate::ground::{Time, later};
use crate::message::Tell;

/// Nobody can respond in the very moment. Where that is asked for, so much counts as at once.
const AT_ONCE: TimeDelta = TimeDelta::minutes(5);

/// Something that is to be done by a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub target: Target,
    /// Since when there was time for it.
    pub from: Time,
    /// By when.
    pub by: Time,
    /// When it was done.
    pub met: Option<Time>,
}

impl Due {
    /// Whether it was missed, as far as is known at a moment.
    pub fn is_missed(&self, now: Time) -> bool {
        self.met.unwrap_or(now) > self.by
    }
}

/// Everything that was or is to be done by some moment, in order of time. What an incident that is over left undone is
/// not asked for any more.
pub fn dues(incident: &Incident, severity: Option<&Severity>) -> Vec<Due> {
    let mut dues = Vec::new();
    dues.extend(respond(incident, severity));
    dues.extend(updates(incident, severity));
    dues
}

/// What was missed and is not written down yet. What was due before anybody told of the incident here may have been done
/// elsewhere; it is no breach.
pub fn breaches(incident: &Incident, severity: Option<&Severity>, now: Time) -> Vec<Due> {
    let is_news = |due: &Due| {
        due.by >= incident.told_at && due.is_missed(now) && !incident.breaches.contains(&(due.target, due.by))
    };
    dues(incident, severity).into_iter().filter(is_news).collect()
}

/// When people outside are to hear of it next; none when nobody asks for that.
pub fn next_update_due(incident: &Incident, severity: Option<&Severity>) -> Option<Time> {
    if !incident.is_open() {
        return None;
    }
    updates(incident, severity).into_iter().find(|due| due.met.is_none()).map(|due| due.by)
}

/// What is still to be done by some moment, or should have been, in order of time; nothing once it is over.
pub fn open_dues(incident: &Incident, severity: Option<&Severity>) -> Vec<Due> {
    let mut open = dues(incident, severity);
    open.retain(|due| due.met.is_none() && incident.is_open());
    open.sort_by_key(|due| due.by);
    open
}

/// Whether it is open and nobody commands it, though its severity asks for that.
pub fn lacks_commander(incident: &Incident, severity: Option<&Severity>) -> bool {
    incident.is_open()
        && incident.role(Role::Commander).is_none()
        && severity.is_some_and(|severity| severity.needs_commander)
}

/// By when somebody has to have responded; none for a severity the workspace does not know.
pub fn respond_by(incident: &Incident, severity: Option<&Severity>) -> Option<Time> {
    Some(later(incident.declared_at, severity?.respond_within.delta()))
}

fn respond(incident: &Incident, severity: Option<&Severity>) -> Option<Due> {
    let severity = severity?;
    let grace = if severity.respond_within.is_zero() { AT_ONCE } else { TimeDelta::zero() };
    let by = later(respond_by(incident, Some(severity))?, grace);
    let due = Due { target: Target::Respond, from: incident.declared_at, by, met: incident.acknowledged_at };
    (due.met.is_some() || incident.is_open()).then_some(due)
}

/// When people outside were told how things stand, in order.
pub fn public_updates(incident: &Incident) -> Vec<Time> {
    let updates = incident.outbox.mails.iter().filter(|mail| mail.drafted.tell == Tell::Update);
    let mut told: Vec<Time> = updates.filter_map(crate::message::Mail::told_outside_at).collect();
    told.sort();
    told
}

// Each update is due by what was promised after the one before, else by what the severity asks for.
fn updates(incident: &Incident, severity: Option<&Severity>) -> Vec<Due> {
    let first = severity.and_then(|severity| severity.first_update_within);
    let every = severity.and_then(|severity| severity.update_every);
    let told = public_updates(incident);
    let promised_after = |from: Time, until: Option<Time>| {
        let mut made = incident.promises.iter().filter(|(at, _)| *at >= from && until.is_none_or(|until| *at < until));
        made.next_back().map(|(_, by)| *by)
    };
    let mut dues = Vec::new();
    let mut from = incident.reopened_at.unwrap_or(incident.declared_at);
    let told: Vec<Time> = told.into_iter().filter(|at| *at >= from).collect();
    for place in 0..=told.len() {
        let met = told.get(place).copied();
        let rule = if place == 0 { first } else { every };
        // Nobody outside hears of a restricted one because of a rule.
        let rule = rule.filter(|_| !incident.is_restricted()).map(|span| later(from, span.delta()));
        let target = if place == 0 { Target::FirstUpdate } else { Target::NextUpdate };
        if let Some(by) = promised_after(from, met).or(rule)
            && (met.is_some() || incident.is_open())
        {
            dues.push(Due { target, from, by, met });
        }
        from = met.unwrap_or(from);
    }
    dues
}
