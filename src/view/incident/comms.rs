//! What each audience was last told, and whether it is out of date.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ground::{Time, elapsed, plain_line, rfc3339};
use crate::incident::comms::Told;
use crate::view::look::{Look, Style, paint};
use crate::view::table::table;

/// What a channel knows of an incident, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToldView {
    /// The channel.
    pub channel: String,
    /// Who reads it.
    pub audience: Option<String>,
    /// The last message that arrived there; null when none has.
    pub message: Option<String>,
    /// When it arrived, RFC 3339 in UTC.
    pub told_at: Option<String>,
    /// The status it told.
    pub status: Option<String>,
    /// Messages on their way there.
    pub pending: Vec<String>,
    /// Messages whose delivery there needs somebody to decide.
    pub stuck: Vec<String>,
    /// Whether what it knows does not hold any more.
    pub is_out_of_date: bool,
    /// Why, in words.
    pub why: Option<String>,
}

/// What a channel knows, for programs.
pub fn told_view(told: &Told) -> ToldView {
    let last = told.last.as_ref();
    ToldView {
        channel: told.to.channel.clone(),
        audience: told.to.audience.clone(),
        message: last.map(|last| last.message.clone()),
        told_at: last.map(|last| rfc3339(last.at)),
        status: last.and_then(|last| last.status.clone()),
        pending: told.pending.clone(),
        stuck: told.stuck.clone(),
        is_out_of_date: told.out_of_date.is_some(),
        why: told.out_of_date.clone(),
    }
}

/// What every channel knows, for people.
pub fn told_table(look: Look, all: &[Told], now: Time) -> String {
    let row = |told: &Told| {
        let last = told.last.as_ref().map_or_else(
            || "nothing".to_owned(),
            |last| format!("{} {} ago", last.status.as_deref().unwrap_or("a message"), elapsed(last.at, now)),
        );
        let on_its_way = told.pending.iter().map(|id| format!("{id} waits"));
        let stuck = told.stuck.iter().map(|id| format!("{id} is stuck"));
        let open: Vec<String> = on_its_way.chain(stuck).collect();
        let standing = match &told.out_of_date {
            Some(why) => paint(look, Style::Bad, &format!("out of date: {}", plain_line(why))),
            None => paint(look, Style::Good, "up to date"),
        };
        let audience = told.to.audience.clone().unwrap_or_default();
        vec![told.to.channel.clone(), audience, last, open.join(", "), standing]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    table(look, &["Channel", "Audience", "Last told", "On its way", "Standing"], rows)
}
