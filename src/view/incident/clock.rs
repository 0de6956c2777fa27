//! An incident's clocks on one line: what is due, what is overdue, what nobody has seen to.

use crate::catalog::model::Severity;
use crate::ground::{Time, elapsed};
use crate::incident::Incident;
use crate::incident::clock::{Due, lacks_commander, open_dues};
use crate::incident::event::Target;
use crate::message::{Mail, MailState};
use crate::view::look::{Look, Style, paint};

/// A line that says so when something is overdue, due within the last half of its time, or left to nobody; for whoever
/// does something else meanwhile.
pub fn banner(look: Look, incident: &Incident, severity: Option<&Severity>, now: Time) -> Option<String> {
    let is_near = |due: &Due| now >= due.by - (due.by - due.from) / 2;
    let parts = parts(look, incident, severity, now, is_near);
    (!parts.is_empty()).then(|| format!("{} {} · {}", incident.id, incident.severity, parts.join(" · ")))
}

/// All its clocks, and what it lacks; empty when nothing is to be done by a moment.
pub fn clocks(look: Look, incident: &Incident, severity: Option<&Severity>, now: Time) -> Vec<String> {
    let mut parts = parts(look, incident, severity, now, |_| true);
    parts.extend(messages(look, incident));
    parts
}

fn parts(
    look: Look,
    incident: &Incident,
    severity: Option<&Severity>,
    now: Time,
    is_shown: impl Fn(&Due) -> bool,
) -> Vec<String> {
    let dues = open_dues(incident, severity).into_iter().filter(is_shown);
    let mut parts: Vec<String> = dues.map(|due| countdown(look, &due, severity, now)).collect();
    if lacks_commander(incident, severity) {
        parts.push(paint(look, Style::Bad, "nobody commands"));
    }
    parts
}

fn countdown(look: Look, due: &Due, severity: Option<&Severity>, now: Time) -> String {
    // Where an immediate response is asked for, what counts is how long nobody has responded.
    if due.target == Target::Respond && severity.is_some_and(|severity| severity.respond_within.is_zero()) {
        return paint(look, Style::Bad, &format!("nobody has responded for {}", elapsed(due.from, now)));
    }
    let what = due.target.words();
    if due.is_missed(now) {
        return paint(look, Style::Bad, &format!("{what} overdue by {}", elapsed(due.by, now)));
    }
    paint(look, Style::Warn, &format!("{what} in {}", elapsed(now, due.by)))
}

/// How many of its messages have not arrived: those that are stuck, and those that wait.
fn messages(look: Look, incident: &Incident) -> Vec<String> {
    let count = |state: MailState| incident.outbox.mails.iter().filter(|mail: &&Mail| mail.state() == state).count();
    let words = |count: usize, word: &str| format!("{} {word}", crate::view::count::counted(count, "message"));
    let (stuck, waiting) = (count(MailState::Stuck), count(MailState::Queued));
    let stuck = (stuck > 0).then(|| paint(look, Style::Bad, &words(stuck, "stuck")));
    let waiting = (waiting > 0).then(|| paint(look, Style::Warn, &words(waiting, "on the way")));
    stuck.into_iter().chain(waiting).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::banner;
    use crate::catalog::model::Severity;
    use crate::ground::{Actor, Span, Time};
    use crate::incident::{Incident, IncidentEvent, Recorded, Visibility};
    use crate::view::look::Look;

    fn shown(respond_within: u64, needs_commander: bool, minutes: i64) -> Option<String> {
        let severity = Severity {
            title: "High".into(),
            criteria: Vec::new(),
            respond_within: Span::seconds(respond_within),
            inform_customers: false,
            first_update_within: Some(Span::seconds(3600)),
            update_every: None,
            needs_commander,
            escalate: None,
        };
        let declared = IncidentEvent::Declared {
            title: "Secret".into(),
            services: Vec::new(),
            severity: "P1".into(),
            seen: None,
            visibility: Visibility::Restricted,
        };
        let at = Time::UNIX_EPOCH;
        let event = Recorded { version: 1, at, recorded_at: at, actor: Actor("ana".into()), event: declared };
        let mut incident = Incident::begin("INC-7", &event).unwrap();
        incident.visibility = Visibility::Normal;
        banner(Look { width: 80, colour: false }, &incident, Some(&severity), at + TimeDelta::minutes(minutes))
    }

    #[test]
    fn what_is_not_near_is_not_told() {
        assert_eq!(shown(7200, false, 29), None);
        assert_eq!(shown(7200, false, 31).unwrap(), "INC-7 P1 · first public update in 29:00");
        assert_eq!(
            shown(7200, true, 66).unwrap(),
            "INC-7 P1 · first public update overdue by 6:00 · response in 54:00 · nobody commands"
        );
        assert_eq!(shown(0, false, 4).unwrap(), "INC-7 P1 · nobody has responded for 4:00");
    }
}
