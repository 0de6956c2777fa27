//! How a delivery ended.

use std::fmt;
use std::time::Duration;

/// What became of a message that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It was taken; the words say by whom: `hooks.example.com:443 answered 200 OK`.
    Delivered(String),
    /// The channel has no way out: nobody was told.
    Nowhere,
}

impl fmt::Display for Receipt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered(how) => out.write_str(how),
            Self::Nowhere => out.write_str("the channel has no way out: give it `file`, `webhook` or `command`"),
        }
    }
}

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotDelivered {
    /// A sentence without secrets and without the webhook's URL.
    pub reason: String,
    /// Whether it is worth trying again.
    pub again: bool,
    /// How long the other side wants to be left alone before that, an hour at most.
    pub after: Option<Duration>,
}

impl NotDelivered {
    /// It may work later.
    pub(super) fn for_now(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again: true, after: None }
    }

    /// It will not work until somebody changes something.
    pub(super) fn finally(reason: impl Into<String>) -> Self {
        Self { again: false, ..Self::for_now(reason) }
    }

    /// Environment variables that are not set.
    pub(super) fn unset(names: &[String]) -> Self {
        Self::finally(match names {
            [one] => format!("the environment variable {one} is not set"),
            some => format!("the environment variables {} are not set", some.join(", ")),
        })
    }
}
