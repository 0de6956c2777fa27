//! Channels: where messages go, and how they get there.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::Command;

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its key in `opsctl.yaml`.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// Who reads it.
    pub audience: Option<String>,
    /// How messages get there; nobody is told when left out.
    pub delivery: Option<Delivery>,
}

/// How a message leaves the house. In every address and key `${NAME}` stands for an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A line of JSON at the end of a file, relative to the workspace.
    File(String),
    /// A POST request with JSON.
    Webhook(Webhook),
    /// An incoming webhook of Slack.
    Slack(String),
    /// A mail to each recipient.
    Email(Email),
    /// A page at Atlassian's Statuspage.
    Statuspage(Statuspage),
    /// Our own status page, in a directory relative to the workspace.
    Page(String),
    /// A command that finds the JSON in the environment variable `OPSCTL_MESSAGE`.
    Command(Command),
}

/// A POST request with JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where it goes.
    pub url: String,
    /// What the request is signed with.
    pub secret: Option<String>,
}

/// A mail to each recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The mail server: `smtp://user:password@host:587`.
    pub server: String,
    /// Whether a server beyond this machine may be talked to without TLS.
    pub insecure: bool,
    /// Who writes: `Support <support@example.com>`.
    pub from: String,
    /// Who gets the answers, when not the one who writes.
    pub reply_to: Option<String>,
    /// Who reads.
    pub to: Recipients,
}

/// Who gets a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// The rows of a CSV file, relative to the workspace.
    File(String),
    /// These.
    List(Vec<Recipient>),
}

/// Somebody who gets a mail of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// What else is known of them, by column.
    pub fields: BTreeMap<String, String>,
}

/// A page at Atlassian's Statuspage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuspage {
    /// The page's id.
    pub page: String,
    /// The API key.
    pub key: String,
    /// Where the API is.
    pub url: String,
    /// The page's components by the ids of our services.
    pub components: IndexMap<String, String>,
}

/// What can be known about a message that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// The channel is asked before anything is sent.
    Known,
    /// The receiver is given a key to tell by.
    Keyed,
    /// Nobody can tell.
    Unknown,
}

impl Repeat {
    /// What that means, in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Known => "At most once: opsctl looks whether the message is there already before it sends it again.",
            Self::Keyed => {
                "At most once for a receiver that remembers keys: whatever is sent again has the same Idempotency-Key."
            }
            Self::Unknown => {
                "The channel cannot be asked: when its answer is lost, the message may have arrived, and sending it \
                 again may make it arrive twice."
            }
        }
    }
}

impl Delivery {
    /// The key it is written with: `webhook`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Webhook(_) => "webhook",
            Self::Slack(_) => "slack",
            Self::Email(_) => "email",
            Self::Statuspage(_) => "statuspage",
            Self::Page(_) => "page",
            Self::Command(_) => "command",
        }
    }

    /// What can be known about a message that is sent again.
    pub const fn repeat(&self) -> Repeat {
        match self {
            Self::File(_) | Self::Statuspage(_) | Self::Page(_) => Repeat::Known,
            Self::Webhook(_) => Repeat::Keyed,
            Self::Slack(_) | Self::Email(_) | Self::Command(_) => Repeat::Unknown,
        }
    }
}

/// The name and the address of `Support <support@example.com>`, or an address alone; none when it is neither.
pub fn mailbox(text: &str) -> Option<(Option<&str>, &str)> {
    let text = text.trim();
    let Some(start) = text.strip_suffix('>').and_then(|rest| rest.rfind('<')) else {
        return is_mail_address(text).then_some((None, text));
    };
    let (name, address) = (text[..start].trim().trim_matches('"').trim(), &text[start + 1..text.len() - 1]);
    let is_good = is_mail_address(address) && !name.contains(|c: char| c.is_control() || matches!(c, '<' | '>' | '"'));
    // What looks like an encoded word would be decoded by whoever reads it.
    let is_good = is_good && !name.contains("=?");
    is_good.then_some((Some(name).filter(|name| !name.is_empty()), address))
}

/// Whether mail can be sent to an address. Narrower than the standard: what stands before the `@` is ASCII without
/// quotes, so that an address can stand in a header and in a command as it is.
pub fn is_mail_address(text: &str) -> bool {
    let Some((user, host)) = text.rsplit_once('@') else { return false };
    let is_user = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let is_label = |label: &str| {
        let is_inside = label.chars().all(|c| c.is_alphanumeric() || c == '-');
        is_inside && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    let has_good_dots = !user.starts_with('.') && !user.ends_with('.') && !user.contains("..");
    let is_good_user = !user.is_empty() && user.len() <= 64 && user.chars().all(is_user) && has_good_dots;
    // What ends with a number is no name (and an address of a machine is no place for mail).
    let is_named = host.rsplit('.').next().is_some_and(|last| !last.chars().all(|c| c.is_ascii_digit()));
    is_good_user && is_named && host.len() <= 253 && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::{is_mail_address, mailbox};

    #[test]
    fn addresses_are_those_that_can_stand_in_a_header() {
        for good in ["a@b", "first.last+tag@mail.example.com", "o'neil@example.com", "x@bücher.example"] {
            assert!(is_mail_address(good), "{good}");
        }
        for wrong in [
            "",
            "a",
            "@b",
            "a@",
            "a b@c",
            "a@b c",
            "a@b..c",
            ".a@b",
            "a.@b",
            "a..b@c",
            "a@-b",
            "a@b-",
            "a\n@b",
            "a@b\r",
            "\"a\"@b",
            "a@b,c@d",
            "a@b>",
            "<a@b>",
            "ü@b",
            "a@b@c d",
            "a@[::1]",
            "a@1.2.3.4",
            "a@b\u{202e}c",
        ] {
            assert!(!is_mail_address(wrong), "{wrong:?}");
        }
        assert!(!is_mail_address(&format!("{}@b", "x".repeat(65))));
    }

    #[test]
    fn who_writes_may_have_a_name() {
        assert_eq!(mailbox("a@b.c"), Some((None, "a@b.c")));
        assert_eq!(mailbox(" Support, Ltd <a@b.c> "), Some((Some("Support, Ltd"), "a@b.c")));
        assert_eq!(mailbox("\"Max M.\" <a@b.c>"), Some((Some("Max M."), "a@b.c")));
        assert_eq!(mailbox("<a@b.c>"), Some((None, "a@b.c")));
        for wrong in [
            "Support",
            "Support <a b@c>",
            "A <a@b> <c@d>",
            "A\nBcc: x@y <a@b>",
            "A <a@b",
            "a@b.c (Support)",
            "=?utf-8?q?x?= <a@b>",
        ] {
            assert_eq!(mailbox(wrong), None, "{wrong:?}");
        }
    }
}
