//! The statuses of an incident, and the ways between them: forward only, but for reopening.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An incident's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Declared, and nobody has taken it.
    Triage,
    /// Somebody is at it.
    Investigating,
    /// The cause is known.
    Identified,
    /// Its effects have ended; the cause may still be there.
    Mitigated,
    /// It is over.
    Resolved,
    /// It is over, and what was learned is being written down.
    Postmortem,
    /// Nothing more is to be done about it.
    Closed,
    /// It was none.
    Canceled,
    /// It is told in another incident.
    Merged,
}

impl Status {
    /// All of them, in the order of an incident's life.
    pub const ALL: [Self; 9] = [
        Self::Triage,
        Self::Investigating,
        Self::Identified,
        Self::Mitigated,
        Self::Resolved,
        Self::Postmortem,
        Self::Closed,
        Self::Canceled,
        Self::Merged,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Postmortem => "postmortem",
            Self::Closed => "closed",
            Self::Canceled => "canceled",
            Self::Merged => "merged",
        }
    }

    /// The status that a word names. Others say "monitoring" where we say mitigated.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        let ours = if word == "monitoring" { "mitigated" } else { &word };
        Self::ALL.into_iter().find(|status| status.word() == ours)
    }

    /// The word that status pages have for it.
    pub const fn public_word(self) -> &'static str {
        match self {
            Self::Triage | Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Mitigated => "monitoring",
            Self::Postmortem => "postmortem",
            Self::Resolved | Self::Closed | Self::Canceled | Self::Merged => "resolved",
        }
    }

    /// Whether it is still going on.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Triage | Self::Investigating | Self::Identified | Self::Mitigated)
    }

    /// Whether `next` may follow: an open one only goes forward, or is canceled or merged; a resolved one is looked
    /// back at and closed. Reopening is another matter.
    pub fn may_become(self, next: Self) -> bool {
        match next {
            Self::Canceled | Self::Merged => self.is_open(),
            Self::Closed => matches!(self, Self::Resolved | Self::Postmortem),
            Self::Postmortem => self == Self::Resolved,
            _ => self.is_open() && self < next,
        }
    }

    /// The statuses that may follow.
    pub fn next(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |next| self.may_become(*next))
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn it_only_goes_forward() {
        use Status::{Canceled, Closed, Identified, Investigating, Merged, Mitigated, Postmortem, Resolved, Triage};
        for (from, to) in [
            (Triage, vec![Investigating, Identified, Mitigated, Resolved, Canceled, Merged]),
            (Investigating, vec![Identified, Mitigated, Resolved, Canceled, Merged]),
            (Identified, vec![Mitigated, Resolved, Canceled, Merged]),
            (Mitigated, vec![Resolved, Canceled, Merged]),
            (Resolved, vec![Postmortem, Closed]),
            (Postmortem, vec![Closed]),
            (Closed, vec![]),
            (Canceled, vec![]),
            (Merged, vec![]),
        ] {
            assert_eq!(from.next().collect::<Vec<_>>(), to, "{from:?}");
        }
    }

    #[test]
    fn words_are_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.word()), Some(status));
        }
        assert_eq!(Status::parse("Monitoring"), Some(Status::Mitigated));
        assert_eq!(Status::parse("done"), None);
    }
}
