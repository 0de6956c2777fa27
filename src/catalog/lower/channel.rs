//! Channels as they are written in, those of the model out.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::required_text;
use super::step::command;
use crate::catalog::model::{
    Channel, Delivery, Email, Recipient, Recipients, Statuspage, Webhook, is_mail_address, mailbox,
};
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::{RawChannel, RawEmail, RawRecipient, RawRecipients, RawStatuspage};

/// Where Atlassian's API is.
const STATUSPAGE: &str = "https://api.statuspage.io";

/// The column with the address.
const EMAIL: &str = "email";

/// A channel, with how messages get there.
pub(super) fn channel(id: &str, raw: RawChannel, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Channel {
    if raw.secret.is_some() && raw.webhook.is_none() {
        let problem = Problem::error("foreign-key", &at.key("secret"), "`secret` belongs to `webhook`");
        problems.push(problem.on_key().suggest("remove it, or add `webhook:` with an address"));
    }
    let secret = raw.secret;
    let mail = raw.email.map(|raw| email(raw, &at.key("email"), problems));
    let ways = [
        ("file", raw.file.map(Delivery::File)),
        ("webhook", raw.webhook.map(|url| Delivery::Webhook(Webhook { url, secret }))),
        ("slack", raw.slack.map(Delivery::Slack)),
        ("email", mail.map(Delivery::Email)),
        ("statuspage", raw.statuspage.map(|raw| Delivery::Statuspage(statuspage(raw, at, problems)))),
        ("page", raw.page.map(Delivery::Page)),
        ("command", raw.command.map(|run| Delivery::Command(command(run)))),
    ];
    let mut found = ways.into_iter().filter_map(|(key, way)| Some((key, way?)));
    let delivery = found.next();
    if let (Some((first, _)), Some((second, _))) = (&delivery, found.next()) {
        let message = format!("a channel has `{first}` or `{second}`, not both");
        problems.push(Problem::error("two-kinds", &at.key(second), message).on_key().suggest("make it two channels"));
    }
    Channel { id: id.to_owned(), title: raw.title, audience: raw.audience, delivery: delivery.map(|(_, way)| way) }
}

fn email(raw: RawEmail, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Email {
    required_text("server", &raw.server, at, problems);
    writer(&raw.from, &at.key("from"), problems);
    if let Some(reply_to) = &raw.reply_to {
        writer(reply_to, &at.key("reply_to"), problems);
    }
    let to = recipients(raw.to, &at.key("to"), problems);
    Email { server: raw.server, insecure: raw.insecure, from: raw.from, reply_to: raw.reply_to, to }
}

fn writer(text: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if !has_variable(text) && mailbox(text).is_none() {
        let problem = Problem::error("invalid-address", at, format!("`{text}` is no address to write from"));
        problems.push(problem.suggest("write it like `Support <support@example.com>`"));
    }
}

fn recipients(raw: RawRecipients, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Recipients {
    match raw {
        RawRecipients::Named(text) if is_csv(&text) => Recipients::File(text),
        RawRecipients::Named(text) => {
            address(&text, at, problems);
            Recipients::List(vec![Recipient { address: text, fields: BTreeMap::new() }])
        }
        RawRecipients::List(list) => {
            if list.is_empty() {
                let problem = Problem::error("no-recipient", at, "the list of recipients is empty").on_key();
                problems.push(problem.suggest("name an address, or a CSV file with a column `email`"));
            }
            let all = list.into_iter().enumerate();
            Recipients::List(all.filter_map(|(index, one)| recipient(one, &at.index(index), problems)).collect())
        }
    }
}

fn is_csv(text: &str) -> bool {
    std::path::Path::new(text).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

fn recipient(raw: RawRecipient, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<Recipient> {
    match raw {
        RawRecipient::Address(text) => {
            address(&text, at, problems);
            Some(Recipient { address: text, fields: BTreeMap::new() })
        }
        RawRecipient::Known(fields) => known(fields, at, problems),
    }
}

fn known(fields: IndexMap<String, String>, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<Recipient> {
    let Some(text) = fields.get(EMAIL).cloned() else {
        let problem = Problem::error("no-address", at, "this recipient has no `email`");
        problems.push(problem.on_key().suggest("add `email:` with an address"));
        return None;
    };
    address(&text, &at.key(EMAIL), problems);
    Some(Recipient { address: text, fields: fields.into_iter().collect() })
}

fn address(text: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if !has_variable(text) && !is_mail_address(text) {
        let problem = Problem::error("invalid-address", at, format!("`{text}` is no address"));
        problems.push(problem.suggest("write it like `ana@example.com`, or name a file that ends with .csv"));
    }
}

fn has_variable(text: &str) -> bool {
    text.contains("${")
}

fn statuspage(raw: RawStatuspage, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Statuspage {
    let at = at.key("statuspage");
    required_text("page", &raw.page, &at, problems);
    let url = raw.url.unwrap_or_else(|| STATUSPAGE.to_owned());
    Statuspage { page: raw.page, key: raw.key, url, components: raw.components }
}
