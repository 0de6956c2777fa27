//! How a delivery ended.

use std::fmt;
use std::time::Duration;

/// What became of a message that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It was taken.
    Delivered {
        /// By whom: `hooks.example.com:443 answered 200 OK`.
        how: String,
        /// The id that the channel gave to what the message belongs to; the next message brings it along.
        remote: Option<String>,
    },
    /// The channel has no way out: nobody was told.
    Nowhere,
}

impl Receipt {
    /// It was taken by somebody who gives no ids.
    pub(super) fn taken(how: impl Into<String>) -> Self {
        Self::Delivered { how: how.into(), remote: None }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered { how, .. } => out.write_str(how),
            Self::Nowhere => out.write_str(
                "the channel has no way out: give it `file`, `webhook`, `slack`, `email`, `statuspage`, `page` or \
                 `command`",
            ),
        }
    }
}

/// Why a message did not arrive, or is not known to have arrived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotDelivered {
    /// A sentence without secrets and without the webhook's URL.
    pub reason: String,
    /// Whether it is worth trying again.
    pub again: bool,
    /// How long the other side wants to be left alone before that, an hour at most.
    pub after: Option<Duration>,
    /// Whether it may have arrived all the same: it was on its way when the answer was lost.
    pub uncertain: bool,
}

impl NotDelivered {
    /// It may work later.
    pub(super) fn for_now(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again: true, after: None, uncertain: false }
    }

    /// It will not work until somebody changes something.
    pub(super) fn finally(reason: impl Into<String>) -> Self {
        Self { again: false, ..Self::for_now(reason) }
    }

    /// It may have arrived.
    pub(super) fn perhaps(reason: impl Into<String>) -> Self {
        Self { uncertain: true, ..Self::for_now(reason) }
    }

    /// Environment variables that are not set.
    pub(super) fn unset(names: &[String]) -> Self {
        Self::finally(match names {
            [one] => format!("the environment variable {one} is not set"),
            some => format!("the environment variables {} are not set", some.join(", ")),
        })
    }
}
