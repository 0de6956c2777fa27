//! Messages for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::channel::{Preview, placeholder, placeholders};
use crate::ground::{Time, elapsed, plain, plain_line, rfc3339};
use crate::message::{Leg, LegState, Mail};
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;
use crate::view::table::table;

/// A message for programs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MailView {
    /// Its id everywhere: INC-7.m2.
    pub id: String,
    /// What it is about: INC-7.
    pub about: String,
    /// draft, approved, queued, sent, stuck or dropped.
    pub state: String,
    /// The status that it tells.
    pub status: Option<String>,
    /// Ids of its channels.
    pub to: Vec<String>,
    /// The template.
    pub template: Option<String>,
    /// Which of the template's texts.
    pub variant: Option<String>,
    /// The subject line.
    pub subject: Option<String>,
    /// The text; `[column]` stands for a field of the recipient.
    pub text: String,
    /// The values that went in, by field.
    pub facts: BTreeMap<String, Value>,
    /// When it was drafted, RFC 3339 in UTC.
    pub drafted_at: String,
    /// By whom.
    pub drafted_by: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// On what grounds: commander, said so, not needed.
    pub approved_on: Option<String>,
    /// When it was queued.
    pub queued_at: Option<String>,
    /// Its deliveries.
    pub deliveries: Vec<LegView>,
    /// What each channel is sent, byte for byte.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub previews: Vec<PreviewView>,
}

/// A delivery for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LegView {
    /// The channel.
    pub channel: String,
    /// The recipient's address.
    pub recipient: Option<String>,
    /// waiting, trying, sent, by hand, uncertain, failed or dropped.
    pub state: String,
    /// How many attempts were begun.
    pub attempts: u32,
    /// When it arrived.
    pub sent_at: Option<String>,
    /// When it is tried next, at the earliest; none when it is tried as soon as may be.
    pub not_before: Option<String>,
    /// The receipt, or why it did not arrive.
    pub detail: Option<String>,
}

/// What a channel is sent, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PreviewView {
    /// The channel.
    pub channel: String,
    /// The kind of channel.
    pub kind: String,
    /// Where it goes.
    pub to: String,
    /// How many recipients; the preview is that of the first.
    pub recipients: usize,
    /// The bytes.
    pub body: String,
}

/// What came of a delivery, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeliveredView {
    /// The message: INC-7.m2.
    pub message: String,
    /// The channel.
    pub channel: String,
    /// The recipient's address.
    pub recipient: Option<String>,
    /// sent, by hand, later, uncertain or failed.
    pub outcome: String,
    /// The receipt, or why it did not arrive.
    pub detail: Option<String>,
}

impl MailView {
    /// Adds what each channel is sent, with the number of its recipients.
    pub fn add_previews(&mut self, previews: &[(String, Preview, usize)]) {
        let view = |(channel, preview, recipients): &(String, Preview, usize)| PreviewView {
            channel: channel.clone(),
            kind: preview.kind.to_owned(),
            to: preview.to.clone(),
            recipients: *recipients,
            body: preview.body.clone(),
        };
        self.previews = previews.iter().map(view).collect();
    }
}

/// A message for programs.
pub fn mail_view(about: &str, mail: &Mail) -> MailView {
    let drafted = &mail.drafted;
    MailView {
        id: format!("{about}.{}", mail.id()),
        about: about.to_owned(),
        state: mail.state().word().to_owned(),
        status: drafted.status.clone(),
        to: drafted.to.iter().map(|to| to.channel.clone()).collect(),
        template: drafted.template.clone(),
        variant: drafted.variant.clone(),
        subject: drafted.subject.as_deref().map(readable),
        text: readable(&drafted.text),
        facts: drafted.facts.clone(),
        drafted_at: rfc3339(mail.drafted_at),
        drafted_by: mail.drafted_by.0.clone(),
        approved_by: mail.approved.as_ref().map(|(who, ..)| who.0.clone()),
        approved_on: mail.approved.as_ref().map(|(_, _, grounds)| grounds.clone()),
        queued_at: mail.queued_at.map(rfc3339),
        deliveries: mail.legs.iter().map(leg_view).collect(),
        previews: Vec::new(),
    }
}

fn leg_view(leg: &Leg) -> LegView {
    let (sent_at, not_before, detail) = match &leg.state {
        LegState::Waiting { last, .. } => (None, leg.waits_until().map(rfc3339), last.clone()),
        LegState::Trying { pid, host, .. } => (None, None, Some(format!("process {pid} on {host}"))),
        LegState::Sent { at, how, .. } => (Some(rfc3339(*at)), None, Some(how.clone())),
        LegState::Uncertain { reason } | LegState::Failed { reason } | LegState::Dropped { reason } => {
            (None, None, Some(reason.clone()))
        }
    };
    LegView {
        channel: leg.target.channel.clone(),
        recipient: leg.target.recipient.clone(),
        state: leg.state.word().to_owned(),
        attempts: leg.attempts,
        sent_at,
        not_before,
        detail,
    }
}

// The places of recipients' fields, for eyes.
fn readable(text: &str) -> String {
    let columns = placeholders(text);
    columns.iter().fold(text.to_owned(), |text, column| text.replace(&placeholder(column), &format!("[{column}]")))
}

/// What came of a delivery.
pub fn delivered_view(
    message: &str,
    channel: &str,
    recipient: Option<&str>,
    outcome: &str,
    detail: Option<&str>,
) -> DeliveredView {
    DeliveredView {
        message: message.to_owned(),
        channel: channel.to_owned(),
        recipient: recipient.map(str::to_owned),
        outcome: outcome.to_owned(),
        detail: detail.map(str::to_owned),
    }
}

/// Messages as a table.
pub fn mails_table(look: Look, mails: &[MailView]) -> String {
    let row = |mail: &MailView| {
        let first = mail.subject.as_deref().or_else(|| mail.text.lines().find(|line| !line.trim().is_empty()));
        let arrived = mail.deliveries.iter().filter(|leg| leg.sent_at.is_some()).count();
        let deliveries =
            if mail.deliveries.is_empty() { String::new() } else { format!("{arrived} of {}", mail.deliveries.len()) };
        vec![
            mail.id.clone(),
            paint(look, style(&mail.state), &mail.state),
            mail.status.clone().unwrap_or_default(),
            mail.to.join(", "),
            deliveries,
            plain_line(first.unwrap_or_default()),
        ]
    };
    let rows: Vec<Vec<String>> = mails.iter().map(row).collect();
    table(look, &["Message", "State", "Tells", "To", "Arrived", "Text"], rows)
}

/// A message for people.
pub fn mail_text(look: Look, mail: &MailView, now: Time) -> String {
    let mut text =
        format!("{} · {}\n", paint(look, Style::Heading, &mail.id), paint(look, style(&mail.state), &mail.state));
    let _ = writeln!(text, "Drafted   {} by {}", moment(&mail.drafted_at), plain_line(&mail.drafted_by));
    if let (Some(who), Some(grounds)) = (&mail.approved_by, &mail.approved_on) {
        let _ = writeln!(text, "Approved  by {} ({grounds})", plain_line(who));
    }
    for leg in &mail.deliveries {
        let _ = writeln!(text, "{}", leg_text(look, leg, now));
    }
    if mail.deliveries.is_empty() {
        let _ = writeln!(text, "For       {}", mail.to.join(", "));
    }
    text.push('\n');
    if let Some(subject) = &mail.subject {
        let _ = writeln!(text, "Subject: {}\n", plain_line(subject));
    }
    text.push_str(plain(&mail.text).trim_end());
    text.push('\n');
    for preview in &mail.previews {
        let many =
            if preview.recipients > 1 { format!(" (the first of {})", preview.recipients) } else { String::new() };
        let title = format!("{} · {} · {}{many}", preview.channel, preview.kind, plain_line(&preview.to));
        let _ = write!(text, "\n{}\n{}\n", paint(look, Style::Heading, &title), plain(&preview.body).trim_end());
    }
    text
}

fn leg_text(look: Look, leg: &LegView, now: Time) -> String {
    let place = leg
        .recipient
        .as_ref()
        .map_or_else(|| leg.channel.clone(), |recipient| format!("{} ({recipient})", leg.channel));
    let detail = leg.detail.as_ref().map(|detail| format!(": {}", plain_line(detail))).unwrap_or_default();
    let next = leg.not_before.as_deref().and_then(|at| at.parse::<Time>().ok()).filter(|at| *at > now);
    let next = next.map(|at| format!(", again in {}", elapsed(now, at))).unwrap_or_default();
    let sent = leg.sent_at.as_deref().map(|at| format!(" {}", moment(at))).unwrap_or_default();
    format!("To        {} · {}{sent}{next}{detail}", plain_line(&place), paint(look, style(&leg.state), &leg.state))
}

fn moment(at: &str) -> String {
    at.parse::<Time>().map(|at| format!("{} UTC", short_time(at))).unwrap_or_default()
}

fn style(state: &str) -> Style {
    match state {
        "sent" | "by hand" => Style::Good,
        "stuck" | "failed" | "uncertain" => Style::Bad,
        "dropped" => Style::Faint,
        _ => Style::Warn,
    }
}
