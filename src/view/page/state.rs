//! The words of Statuspage for how things are, and the words of our page for them.

use crate::monitor::ServiceState;

/// How bad an incident is for those who use the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    /// Nobody feels it.
    None,
    /// Something is slower or harder than usual.
    Minor,
    /// Much does not work.
    Major,
    /// Nothing works.
    Critical,
}

impl Impact {
    /// The impact that a word names; what nobody knows is minor.
    pub fn parse(word: &str) -> Self {
        let all = [Self::None, Self::Minor, Self::Major, Self::Critical];
        all.into_iter().find(|impact| impact.word() == word).unwrap_or(Self::Minor)
    }

    /// The word for programs and people: `minor`.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// A service in such an incident, as far as nothing better is known.
    pub fn state(self) -> ServiceState {
        match self {
            Self::None => ServiceState::Operational,
            Self::Minor => ServiceState::DegradedPerformance,
            Self::Major => ServiceState::PartialOutage,
            Self::Critical => ServiceState::MajorOutage,
        }
    }
}

/// How far an incident or planned work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// An incident: the cause is looked for.
    Investigating,
    /// An incident: the cause is known.
    Identified,
    /// An incident: it seems to be over.
    Monitoring,
    /// An incident: it is over.
    Resolved,
    /// An incident: it is over, and what it was is told.
    Postmortem,
    /// Planned work: it is to come.
    Scheduled,
    /// Planned work: it is being done.
    InProgress,
    /// Planned work: it is done, and is being looked at.
    Verifying,
    /// Planned work: it is done.
    Completed,
}

impl Status {
    /// The status that a word names; what nobody knows is being looked into.
    pub fn parse(word: &str) -> Self {
        let all = [
            Self::Investigating,
            Self::Identified,
            Self::Monitoring,
            Self::Resolved,
            Self::Postmortem,
            Self::Scheduled,
            Self::InProgress,
            Self::Verifying,
            Self::Completed,
        ];
        all.into_iter().find(|status| status.word() == word).unwrap_or(Self::Investigating)
    }

    /// The word for programs: `in_progress`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
            Self::Postmortem => "postmortem",
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Verifying => "verifying",
            Self::Completed => "completed",
        }
    }

    /// The words for people: `In progress`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Investigating => "Investigating",
            Self::Identified => "Identified",
            Self::Monitoring => "Monitoring",
            Self::Resolved => "Resolved",
            Self::Postmortem => "Post-mortem",
            Self::Scheduled => "Scheduled",
            Self::InProgress => "In progress",
            Self::Verifying => "Verifying",
            Self::Completed => "Completed",
        }
    }

    /// Whether nothing more is to be done.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Resolved | Self::Postmortem | Self::Completed)
    }
}
