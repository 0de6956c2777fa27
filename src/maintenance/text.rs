//! What is told of planned work when nobody writes it. Notes and reasons stay in the journal: they were written for
//! colleagues.

use std::fmt::Write as _;

use crate::ground::{Span, Time};

use super::state::Maintenance;

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It is planned.
    Planned,
    /// It takes place at another time.
    Moved,
    /// It has begun.
    Started,
    /// It takes longer, or is over sooner.
    Extended,
    /// Somebody looks whether everything works.
    Verifying,
    /// It is over.
    Finished,
    /// It does not take place.
    Canceled,
}

/// A subject line and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The subject line.
    pub subject: String,
    /// The text, which says everything by itself.
    pub text: String,
}

/// What is told, with the titles of its services.
pub fn wording(maintenance: &Maintenance, titles: &[String], occasion: Occasion) -> Wording {
    let title = &maintenance.title;
    let (from, until) = (moment(maintenance.scheduled_for), moment(maintenance.scheduled_until));
    let span = span(maintenance.scheduled_for, maintenance.scheduled_until);
    let ended = moment(maintenance.finished_at.unwrap_or(maintenance.last_at));
    let (headline, sentence) = match occasion {
        Occasion::Planned => ("Planned maintenance", format!("{title}: planned from {from} until {until} ({span}).")),
        Occasion::Moved => (
            "Maintenance at another time",
            format!("{title}: it takes place at another time, from {from} until {until} ({span})."),
        ),
        Occasion::Started => ("Maintenance has begun", format!("{title}: it has begun, and is to be over by {until}.")),
        Occasion::Extended => ("Maintenance has a new end", format!("{title}: it is to be over by {until} now.")),
        Occasion::Verifying => (
            "Maintenance is being verified",
            format!("{title}: the work is done, and we make sure that everything works."),
        ),
        Occasion::Finished => ("Maintenance is over", format!("{title}: it was over at {ended}.")),
        Occasion::Canceled => {
            ("Maintenance is canceled", format!("{title}: planned from {from} until {until}, it does not take place."))
        }
    };
    let mut text = sentence;
    if !titles.is_empty() {
        let _ = write!(text, "\nServices: {}", titles.join(", "));
    }
    let more = maintenance.text.as_deref().filter(|_| matches!(occasion, Occasion::Planned | Occasion::Moved));
    if let Some(more) = more {
        let _ = write!(text, "\n\n{more}");
    }
    Wording { subject: format!("{headline}: {title}"), text }
}

/// A moment as people outside read it.
pub(super) fn moment(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// How long something lasts, as people outside read it.
pub(super) fn span(from: Time, until: Time) -> String {
    let minutes = u64::try_from((until - from).num_minutes()).unwrap_or(0).max(1);
    Span::seconds(60 * minutes).to_string()
}
