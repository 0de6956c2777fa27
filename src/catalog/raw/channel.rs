//! Channels, as they are written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AsWritten, RawCommand};
use crate::catalog::union::by_kind;

/// Where messages go: by one of `file`, `webhook`, `slack`, `email`, `statuspage`, `page` and `command`. In every address
/// and key `${NAME}` stands for an environment variable.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawChannel {
    /// The title people see.
    pub title: String,
    /// Who reads it: customers, team, public.
    pub audience: Option<String>,
    /// A file that gets a line of JSON for each message, relative to the workspace.
    pub file: Option<String>,
    /// An address that gets a POST request with JSON.
    pub webhook: Option<String>,
    /// What the webhook's requests are signed with, in the header `X-Opsctl-Signature`; with `webhook`.
    pub secret: Option<String>,
    /// The address of an incoming webhook of Slack.
    pub slack: Option<String>,
    /// A mail to each recipient.
    pub email: Option<RawEmail>,
    /// A page at Atlassian's Statuspage.
    pub statuspage: Option<RawStatuspage>,
    /// The directory of our own status page, relative to the workspace.
    pub page: Option<String>,
    /// A command that finds the message as JSON in `OPSCTL_MESSAGE`.
    pub command: Option<RawCommand>,
}

/// A mail to each recipient.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawEmail {
    /// The mail server: `smtp://user:password@host:587` (STARTTLS, always), `smtps://…` (TLS from the beginning), or
    /// `smtp+plain://…` (no TLS, on this machine only).
    pub server: String,
    /// Lets `smtp+plain` talk to servers beyond this machine: passwords and mails can then be read on the way.
    #[serde(default)]
    pub insecure: bool,
    /// Who writes: `Support <support@example.com>`.
    pub from: String,
    /// Who gets the answers, when not the one who writes.
    pub reply_to: Option<String>,
    /// Who reads: a CSV file with a column `email`, relative to the workspace, or a list.
    pub to: RawRecipients,
}

/// Who gets a mail.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawRecipients {
    /// A CSV file, or one address.
    Named(String),
    /// Addresses, or maps with `email` and whatever else the message needs.
    List(Vec<RawRecipient>),
}

by_kind!(RawRecipients, "a CSV file, an address, or a list of addresses", {
    text => RawRecipients::Named, list => RawRecipients::List,
});

/// Somebody who gets a mail.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawRecipient {
    /// The address.
    Address(String),
    /// `email`, and whatever else the message needs.
    Known(#[schemars(with = "IndexMap<String, AsWritten>")] IndexMap<String, String>),
}

by_kind!(RawRecipient, "an address, or a map with `email`", {
    text => RawRecipient::Address, map => RawRecipient::Known,
});

/// A page at Atlassian's Statuspage.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawStatuspage {
    /// The page's id.
    #[schemars(with = "AsWritten")]
    pub page: String,
    /// The API key.
    pub key: String,
    /// Where the API is (<https://api.statuspage.io> when left out).
    pub url: Option<String>,
    /// Ids of the page's components by the ids of our services.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, AsWritten>")]
    pub components: IndexMap<String, String>,
}
