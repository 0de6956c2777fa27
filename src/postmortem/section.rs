//! The sections of a post-mortem, in the order in which a new one has them.

/// A section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Its id, as it stands in the marker.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Whether the journal tells a part of it, in a block of the same name.
    pub has_block: bool,
    /// What people are to write there; empty when the journal tells all of it.
    pub prompt: &'static str,
}

/// What a line begins with that stands in for a text nobody has written yet.
pub const TO_WRITE: &str = "_To write:_";

const fn section(id: &'static str, title: &'static str, has_block: bool, prompt: &'static str) -> Section {
    Section { id, title, has_block, prompt }
}

/// All of them.
pub const SECTIONS: [Section; 15] = [
    section(
        "summary",
        "Summary",
        false,
        "three sentences for somebody who was not there: what broke, for whom, what ended it.",
    ),
    section(
        "impact",
        "Impact",
        true,
        "who could not do what, with a number and its unit: 1,200 users, 35 minutes, 4 % of orders.",
    ),
    section("detection", "Detection", true, "what told us, and what could have told us sooner."),
    section("trigger", "Trigger", false, "the one event after which it was broken: a deploy, a load, a date."),
    section(
        "factors",
        "Contributing factors",
        false,
        "a list of what had to be so for the trigger to do harm. People act on what they see; say what made it look right.",
    ),
    section(
        "resolution",
        "Resolution",
        true,
        "what ended the impact, what was tried before, and whether the cause is gone.",
    ),
    section("timeline", "Timeline (UTC)", true, ""),
    section("responders", "Responders", true, ""),
    section("well", "What went well", false, "what helped, so that we keep it."),
    section("wrong", "What went wrong", false, "what hindered or delayed us."),
    section("lucky", "Where we were lucky", false, "what could have made it worse and did not, by chance only."),
    section("surprised", "Why we were surprised", false, "what we believed before that turned out not to be so."),
    section("actions", "Actions", true, ""),
    section("messages", "Messages sent", true, ""),
    section("metrics", "Metrics", true, ""),
];
