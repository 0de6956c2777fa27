//! Who is asked to help next, while nobody acknowledges.

use super::state::Incident;
use crate::catalog::model::{EscalationLevel, Settings};
use crate::ground::{Time, later};

/// Somebody who is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The policy.
    pub policy: String,
    /// The level, from 1.
    pub level: u32,
    /// Who, and by which channels.
    pub who: EscalationLevel,
    /// Since when they are to be asked.
    pub due: Time,
}

/// Who is to be asked by now, if anybody: at first by the policy of the severity while nobody has acknowledged, then,
/// level by level, while nobody answers whom somebody or the clock has asked.
pub fn next(incident: &Incident, settings: &Settings, now: Time) -> Option<Step> {
    following(incident, settings).filter(|step| step.due <= now)
}

/// Who is asked next unless somebody acknowledges before, and when.
pub fn following(incident: &Incident, settings: &Settings) -> Option<Step> {
    let (policy, level, from) = after_last(incident, settings)?;
    let steps = settings.escalation.get(&policy)?.steps();
    let who = steps.get(usize::try_from(level).ok()?.checked_sub(1)?)?.clone();
    let due = later(from, who.after.delta());
    Some(Step { policy, level, who, due })
}

// The policy and level that come next, and from when their time counts.
fn after_last(incident: &Incident, settings: &Settings) -> Option<(String, u32, Time)> {
    if !incident.is_open() {
        return None;
    }
    if let Some(last) = incident.unanswered() {
        return Some((last.policy.clone(), last.level.checked_add(1)?, last.at));
    }
    if incident.acknowledged_at.is_some() || !incident.escalations.is_empty() {
        return None;
    }
    let policy = settings.severities.get(&incident.severity)?.escalate.clone()?;
    // Not before anybody here knew of it.
    Some((policy, 1, incident.declared_at.max(incident.told_at)))
}

impl Incident {
    /// Whether the clock may ask a level of a policy: the first while nobody has acknowledged, else the one after the
    /// last that nobody has answered.
    pub(super) fn leads_to(&self, policy: &str, level: u32) -> bool {
        match self.unanswered() {
            Some(last) => last.policy == policy && last.level.checked_add(1) == Some(level),
            None => level == 1 && self.acknowledged_at.is_none() && self.escalations.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{Step, following, next};
    use crate::catalog::model::{EscalationLevel, EscalationRoute, Settings, Severity};
    use crate::ground::{Actor, Span, Time};
    use crate::incident::tests::grown;
    use crate::incident::{IncidentEvent, Recorded};

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn settings() -> Settings {
        let level =
            |to: &str, after| EscalationLevel { to: to.into(), after: Span::seconds(after), channels: Vec::new() };
        let route = |levels| EscalationRoute { topic: "Topic".into(), to: "Team".into(), levels };
        let severity = Severity {
            title: "Critical".into(),
            criteria: Vec::new(),
            respond_within: Span::default(),
            inform_customers: false,
            first_update_within: None,
            update_every: None,
            needs_commander: false,
            escalate: Some("engineering".into()),
        };
        let mut settings = Settings::default();
        settings.severities.insert("P2".into(), Severity { escalate: None, ..severity.clone() });
        settings.severities.insert("P0".into(), severity);
        settings.escalation.insert("engineering".into(), route(vec![level("on call", 60), level("head", 300)]));
        settings.escalation.insert("finance".into(), route(Vec::new()));
        settings
    }

    fn asked(policy: &str, level: u32) -> IncidentEvent {
        IncidentEvent::Escalated { policy: policy.into(), level, to: "x".into(), reason: None, by_itself: true }
    }

    fn short(step: Option<Step>) -> Option<(String, u32, i64)> {
        step.map(|step| (step.who.to, step.level, (step.due - at(0)).num_seconds()))
    }

    fn is(step: Option<Step>, who: &str, level: u32, due: i64) -> bool {
        short(step) == Some((who.to_owned(), level, due))
    }

    #[test]
    fn levels_are_asked_one_after_another_each_after_its_own_time() {
        let settings = settings();
        let fresh = grown("P0", &[]);
        assert_eq!(next(&fresh, &settings, at(59)), None);
        assert!(is(next(&fresh, &settings, at(60)), "on call", 1, 60));
        // The second level's time counts from when the first was asked, however late that was.
        let once = grown("P0", &[(100, asked("engineering", 1))]);
        assert_eq!(next(&once, &settings, at(399)), None);
        assert!(is(next(&once, &settings, at(400)), "head", 2, 400));
        let twice = grown("P0", &[(100, asked("engineering", 1)), (400, asked("engineering", 2))]);
        assert_eq!(following(&twice, &settings), None, "there is nobody left");
    }

    #[test]
    fn an_answer_ends_it_and_asking_somebody_else_begins_it_again() {
        let settings = settings();
        let acknowledged = IncidentEvent::Acknowledged {};
        assert_eq!(following(&grown("P0", &[(10, acknowledged.clone())]), &settings), None);
        let answered = [(100, asked("engineering", 1)), (110, acknowledged)];
        assert_eq!(following(&grown("P0", &answered), &settings), None);
        let again = [&answered[..], &[(200, asked("engineering", 1))]].concat();
        assert!(is(following(&grown("P0", &again), &settings), "head", 2, 500));
        let elsewhere = [&answered[..], &[(200, asked("finance", 1))]].concat();
        assert_eq!(following(&grown("P0", &elsewhere), &settings), None, "one level is all it has");
    }

    #[test]
    fn who_acknowledges_late_for_an_earlier_moment_answers_all_the_same() {
        let mut late = grown("P0", &[(100, asked("engineering", 1))]);
        let event = IncidentEvent::Acknowledged {};
        let told = Recorded { version: 3, at: at(50), recorded_at: at(120), actor: Actor("bob".into()), event };
        late.apply(&told);
        assert_eq!(late.acknowledged_at, Some(at(50)));
        assert_eq!(following(&late, &settings()), None);
    }

    #[test]
    fn nobody_is_asked_without_a_policy_or_when_it_is_over() {
        let settings = settings();
        assert_eq!(following(&grown("P2", &[]), &settings), None);
        assert_eq!(following(&grown("P9", &[]), &settings), None);
        let over = IncidentEvent::Canceled { reason: "a test".into(), untold: None };
        assert_eq!(following(&grown("P0", &[(10, over)]), &settings), None);
        let unknown = grown("P0", &[(10, asked("gone", 1))]);
        assert_eq!(following(&unknown, &settings), None, "the policy is not defined any more");
    }

    #[test]
    fn the_clock_asks_each_level_once() {
        let fresh = grown("P0", &[]);
        assert_eq!(fresh.allows(&asked("engineering", 1), at(60)), Ok(()));
        assert!(fresh.allows(&asked("engineering", 2), at(60)).is_err());
        let once = grown("P0", &[(100, asked("engineering", 1))]);
        assert!(once.allows(&asked("engineering", 1), at(101)).is_err());
        assert_eq!(once.allows(&asked("engineering", 2), at(400)), Ok(()));
    }
}
