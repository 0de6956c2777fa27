//! From when until when.

use crate::error::{Error, Result};
use crate::ground::{Span, Time};
use crate::moment;

/// From when until when.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Times {
    /// When it is to begin: "2026-12-01 22:00" (UTC), 22:00 for the next such time, 3d, now, RFC 3339
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// When it is to be over: the same, 02:00 being the next such time after its beginning
    #[arg(long, value_name = "TIME", conflicts_with = "lasting")]
    until: Option<String>,
    /// How long it is to last: 2h, 90m
    #[arg(long = "for", id = "lasting", value_name = "DURATION")]
    lasting: Option<Span>,
}

impl Times {
    /// Whether anything was said.
    pub(super) fn is_empty(&self) -> bool {
        self.from.is_none() && !self.has_end()
    }

    /// Whether its beginning was said.
    pub(super) fn has_beginning(&self) -> bool {
        self.from.is_some()
    }

    /// Whether its end was said.
    pub(super) fn has_end(&self) -> bool {
        self.until.is_some() || self.lasting.is_some()
    }

    /// When it is to begin, if that was said.
    pub(super) fn beginning(&self, now: Time) -> Result<Option<Time>> {
        self.from.as_deref().map(|from| moment::future(from, now).map_err(Error::usage)).transpose()
    }

    /// When it is to be over, if that was said, seen from its beginning.
    pub(super) fn end(&self, from: Time) -> Result<Option<Time>> {
        match (&self.until, self.lasting) {
            (Some(until), _) => end(until, from).map(Some).map_err(Error::usage),
            (None, Some(span)) => Ok(Some(from + span.delta())),
            (None, None) => Ok(None),
        }
    }
}

/// The end that a text names, seen from the beginning.
pub(super) fn end(text: &str, from: Time) -> Result<Time, String> {
    moment::future(text, from)
}
