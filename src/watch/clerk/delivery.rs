//! Telling channels, again and again where that helps.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::{Clerk, Told};
use crate::catalog::model::Channel;
use crate::channel::{Message, MessageKind, NotDelivered, Receipt};
use crate::ground::rfc3339;
use crate::monitor::event::Notice;
use crate::monitor::{Alert, AlertEvent};

/// The wait before the second attempt; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// How a delivery ended.
pub(super) struct Delivered {
    alert: String,
    channel: String,
    notice: Notice,
    attempts: u32,
    outcome: Result<Receipt, NotDelivered>,
}

impl<'a> Clerk<'a> {
    /// Takes up what was owed when the daemon ended last.
    pub(super) fn deliver_owed(&mut self) {
        let ids: Vec<String> = self.alerts.keys().cloned().collect();
        for id in &ids {
            self.deliver(id);
        }
    }

    /// Tells every channel of an alert what it does not know yet.
    pub(super) fn deliver(&mut self, id: &str) {
        let Some(alert) = self.alerts.get(id) else { return };
        for channel in self.channels(alert) {
            if let Some(notice) = alert.owes(&channel.id) {
                self.sending.push(Box::pin(self.sent(alert, channel, notice, 1, Duration::ZERO)));
            }
        }
    }

    /// Notes how a delivery ended, and tries again where that may help.
    pub(super) fn delivered(&mut self, delivered: &Delivered) {
        self.note_delivered(delivered);
        let Some(alert) = self.alerts.get(&delivered.alert) else { return };
        let owed = alert.owes(&delivered.channel);
        let channel = self.channels(alert).into_iter().find(|channel| channel.id == delivered.channel);
        let (Some(notice), Some(channel)) = (owed, channel) else { return self.let_go() };
        match &delivered.outcome {
            // It was told that it began, and is over by now.
            Ok(_) => self.sending.push(Box::pin(self.sent(alert, channel, notice, 1, Duration::ZERO))),
            Err(failed) if failed.again => {
                let doubled = FIRST_WAIT * 2_u32.saturating_pow(delivered.attempts.saturating_sub(1).min(10));
                let wait = failed
                    .after
                    .unwrap_or(doubled)
                    .clamp(FIRST_WAIT, LONGEST_WAIT.max(failed.after.unwrap_or_default()));
                self.sending.push(Box::pin(self.sent(alert, channel, notice, delivered.attempts + 1, wait)));
            }
            Err(_) => {}
        }
    }

    /// Notes how a delivery ended.
    pub(super) fn note_delivered(&mut self, delivered: &Delivered) {
        let Some(mut alert) = self.alerts.remove(&delivered.alert) else { return };
        let (channel, notice) = (delivered.channel.clone(), delivered.notice);
        let event = match &delivered.outcome {
            Ok(_) => Some(AlertEvent::AlertNotified { channel, notice }),
            // The first failure and the last one are facts worth keeping; what lies between is noise.
            Err(failed) if delivered.attempts == 1 || !failed.again => {
                let error = failed.reason.clone();
                Some(AlertEvent::AlertNotifyFailed { channel, notice, error, attempts: delivered.attempts })
            }
            Err(_) => None,
        };
        let recorded = event.map_or(Ok(()), |event| self.ledger().record_alert(&mut alert, &event));
        if let Err(failed) = &delivered.outcome
            && (delivered.attempts == 1 || !failed.again)
        {
            let why = failed.reason.clone();
            self.say(Told::Undelivered { alert: alert.title.clone(), channel: delivered.channel.clone(), why });
        }
        if let Err(error) = recorded {
            self.say(Told::Trouble(format!("a delivery could not be written down: {error}")));
        }
        self.alerts.insert(delivered.alert.clone(), alert);
    }

    /// Whether some channel is still to be told something about an alert.
    pub(super) fn owes_anyone(&self, alert: &Alert) -> bool {
        self.channels(alert).iter().any(|channel| alert.owes(&channel.id).is_some())
    }

    // The channels of the rule that raised it; those with a way out.
    fn channels(&self, alert: &Alert) -> Vec<Channel> {
        let settings = &self.workspace.loaded.catalog.settings;
        let by_title = || settings.alerts.values().find(|rule| rule.title.eq_ignore_ascii_case(&alert.title));
        let rule = settings.alerts.get(&alert.alert).or_else(by_title);
        let named = rule.into_iter().flat_map(|rule| &rule.channels).filter_map(|id| settings.channels.get(id));
        named.filter(|channel| channel.delivery.is_some()).cloned().collect()
    }

    fn sent(
        &self,
        alert: &Alert,
        channel: Channel,
        notice: Notice,
        attempts: u32,
        wait: Duration,
    ) -> impl Future<Output = Delivered> + use<'a> {
        let message = message(alert, notice);
        let (courier, alert) = (Arc::clone(&self.courier), alert.id.clone());
        async move {
            sleep(wait).await;
            let outcome = courier.deliver(&channel, &message).await;
            Delivered { alert, channel: channel.id, notice, attempts, outcome }
        }
    }
}

fn message(alert: &Alert, notice: Notice) -> Message {
    let about = alert.probe.as_deref().or(alert.service.as_deref());
    let about = about.map(|about| format!(" · {about}")).unwrap_or_default();
    let (kind, word, at, why) = match (notice, &alert.ended) {
        (Notice::Resolved, Some(ended)) => (MessageKind::AlertResolved, "Resolved", ended.at, &ended.reason),
        _ => (MessageKind::AlertFired, "Firing", alert.starts_at, &alert.reason),
    };
    let mut text = format!("{word}: {}{about}\n{why}", alert.title);
    if kind == MessageKind::AlertFired
        && let Some(runbook) = &alert.runbook
    {
        let incident = alert.incident.as_ref().map(|id| format!(" --incident {id}")).unwrap_or_default();
        let _ = write!(text, "\nWhat to do: opsctl runbook run {runbook}{incident}");
    }
    Message {
        id: format!("{}.{}", alert.id, notice.word()),
        kind,
        title: format!("{word}: {}{about}", alert.title),
        text,
        at,
        data: json!({
            "alert": alert.alert,
            "title": alert.title,
            "probe": alert.probe,
            "service": alert.service,
            "reason": why,
            "severity": alert.severity,
            "runbook": alert.runbook,
            "incident": alert.incident,
            "starts_at": rfc3339(alert.starts_at),
            "ends_at": alert.ended.as_ref().map(|ended| rfc3339(ended.at)),
            "labels": alert.labels,
        }),
    }
}
