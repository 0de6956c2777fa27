//! Alerts that are open: what somebody is to look at.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ground::{Time, elapsed, plain_line, time_format};
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;
use crate::view::wrap::hanging;

/// An open alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AlertView {
    /// The id of its rule, or the name that another system gave it.
    pub id: String,
    /// The name of the alert.
    pub title: String,
    /// The probe it is about; null when it came from another system.
    pub probe: Option<String>,
    /// The service it is about.
    pub service: Option<String>,
    /// Since when it is open.
    #[serde(with = "time_format")]
    #[schemars(with = "String")]
    pub since: Time,
    /// Why it is open; a sentence.
    pub reason: String,
    /// The incident that it opened or was added to.
    pub incident: Option<String>,
    /// The runbook that helps.
    pub runbook: Option<String>,
}

/// Open alerts for people, each with what to do next.
pub fn alerts_text(look: Look, alerts: &[AlertView], now: Time) -> String {
    let mut text = String::new();
    for alert in alerts {
        let title = paint(look, Style::Bad, &plain_line(&alert.title));
        let about = [alert.probe.as_deref(), alert.service.as_deref().filter(|id| alert.probe.as_deref() != Some(*id))];
        let about = about.into_iter().flatten().map(plain_line).fold(String::new(), |all, one| all + " · " + &one);
        let _ =
            writeln!(text, "  {title}{about} · since {} UTC ({})", short_time(alert.since), elapsed(alert.since, now));
        let _ = writeln!(text, "      {}", plain_line(&alert.reason));
        for (noun, verb, id) in [("incident", "show", &alert.incident), ("runbook", "run", &alert.runbook)] {
            if let Some(id) = id {
                let command = format!("opsctl {noun} {verb} {}", plain_line(id));
                let _ = writeln!(text, "      → {}", paint(look, Style::Command, &command));
            }
        }
    }
    hanging(&text, look.width, 2)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{AlertView, alerts_text};
    use crate::view::look::Look;
    use crate::view::probe::tests::{HOSTILE, is_plain, now};

    fn alert(text: &str) -> AlertView {
        let text = text.to_owned();
        AlertView {
            id: text.clone(),
            title: text.clone(),
            probe: Some(text.clone()),
            service: Some(text.clone()),
            since: now() - TimeDelta::minutes(12),
            reason: text.clone(),
            incident: Some(text.clone()),
            runbook: Some(text),
        }
    }

    fn alerts() -> [AlertView; 2] {
        let database = AlertView {
            title: "Database does not answer".to_owned(),
            service: Some("database".to_owned()),
            reason: "down 3 times in a row: db.example:5432 refused the connection".to_owned(),
            incident: Some("INC-2026-0007".to_owned()),
            runbook: Some("db-connection".to_owned()),
            ..alert("db")
        };
        let disk = AlertView {
            title: "DiskFull".to_owned(),
            probe: None,
            service: None,
            reason: "/var is at 97 %".to_owned(),
            since: now() - TimeDelta::hours(27),
            incident: None,
            runbook: None,
            ..alert("disk")
        };
        [database, disk]
    }

    #[test]
    fn an_alert_says_why_since_when_and_what_to_do() {
        insta::assert_snapshot!(alerts_text(Look::PLAIN, &alerts(), now()), @"
        Database does not answer · db · database · since 2026-11-23 14:48 UTC (12:00)
            down 3 times in a row: db.example:5432 refused the connection
            → opsctl incident show INC-2026-0007
            → opsctl runbook run db-connection
        DiskFull · since 2026-11-22 12:00 UTC (1 d 3 h)
            /var is at 97 %
        ");
        insta::assert_snapshot!(alerts_text(Look { width: 60, colour: false }, &alerts(), now()), @"
        Database does not answer · db · database · since
          2026-11-23 14:48 UTC (12:00)
            down 3 times in a row: db.example:5432 refused the
              connection
            → opsctl incident show INC-2026-0007
            → opsctl runbook run db-connection
        DiskFull · since 2026-11-22 12:00 UTC (1 d 3 h)
            /var is at 97 %
        ");
        is_plain(&alerts_text(Look::PLAIN, &[alert(HOSTILE)], now()));
    }

    #[test]
    fn programs_get_it_all() {
        insta::assert_snapshot!(serde_json::to_string(&alerts()[1]).unwrap(), @r#"
        {"id":"disk","title":"DiskFull","probe":null,"service":null,"since":"2026-11-22T12:00:21.250Z","reason":"/var is at 97 %","incident":null,"runbook":null}
        "#);
    }
}
