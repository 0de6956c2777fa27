//! Channels: addresses, keys that stand in the open, and the services they name.

use super::names::Scope;
use super::probe::{address, variables};
use super::{Context, command, reference};
use crate::catalog::model::{AlertRule, Channel, Delivery, Email, Recipients, Statuspage, Webhook};
use crate::catalog::problem::{Problem, Trail};

const WEB: [&str; 2] = ["https://", "http://"];

const MAIL: [&str; 3] = ["smtp://", "smtps://", "smtp+plain://"];

/// Everything that is wrong with a channel beyond its shape.
pub(super) fn channel(channel: &Channel, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    match &channel.delivery {
        None | Some(Delivery::File(_) | Delivery::Page(_)) => {}
        Some(Delivery::Webhook(hook)) => webhook(hook, at, problems),
        Some(Delivery::Slack(url)) => {
            let at = at.key("slack");
            address(url, &WEB, &at, problems);
            if url.contains("/services/") && !url.contains("${") {
                problems.push(literal("whoever knows this address can write to the channel", "SLACK_URL", &at));
            }
        }
        Some(Delivery::Email(mail)) => email(mail, &at.key("email"), problems),
        Some(Delivery::Statuspage(page)) => statuspage(page, context, &at.key("statuspage"), problems),
        Some(Delivery::Command(run)) => command::command(run, &at.key("command"), &Scope::nothing(), problems),
    }
}

fn webhook(hook: &Webhook, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    address(&hook.url, &WEB, &at.key("webhook"), problems);
    if let Some(secret) = &hook.secret {
        key(secret, "WEBHOOK_SECRET", &at.key("secret"), problems);
    }
}

fn email(mail: &Email, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let here = at.key("server");
    address(&mail.server, &MAIL, &here, problems);
    let user = mail.server.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(user, _)| user);
    if user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.contains("${")) {
        problems.push(literal("this password stands in the open", "SMTP_URL", &here));
    }
    if let Some(host) = in_the_open(mail) {
        let message = format!("mails and passwords would go to {host} readable for everybody on the way");
        let problem = Problem::error("insecure", &here, message);
        problems.push(problem.suggest("use smtp:// (with STARTTLS) or smtps://, or say `insecure: true`"));
    }
    let more = [("from", Some(&mail.from)), ("reply_to", mail.reply_to.as_ref())];
    for (key, text) in more.into_iter().filter_map(|(key, text)| Some((key, text?))) {
        variables(text, &at.key(key), problems);
    }
    if let Recipients::List(list) = &mail.to {
        let at = at.key("to");
        list.iter().enumerate().for_each(|(index, one)| variables(&one.address, &at.index(index), problems));
    }
}

/// The other machine that would be talked to without TLS, though nobody has said that it may.
fn in_the_open(mail: &Email) -> Option<&str> {
    let rest = mail.server.strip_prefix("smtp+plain://").filter(|_| !mail.insecure)?;
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let end = if place.starts_with('[') { place.find(']').map(|end| end + 1) } else { place.find([':', '/']) };
    let host = &place[..end.unwrap_or(place.len())];
    let is_here = host == "localhost" || host == "[::1]" || host.starts_with("127.") || host.contains("${");
    (!is_here).then_some(host)
}

fn statuspage(page: &Statuspage, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    variables(&page.page, &at.key("page"), problems);
    key(&page.key, "STATUSPAGE_KEY", &at.key("key"), problems);
    address(&page.url, &WEB, &at.key("url"), problems);
    let components = at.key("components");
    for service in page.components.keys() {
        let (known, here) = (context.catalog.settings.services.keys(), components.key(service));
        let mut unknown = Vec::new();
        reference::setting("service", service, known, &here, context, &mut unknown);
        problems.extend(unknown.into_iter().map(Problem::on_key));
    }
}

fn key(text: &str, name: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    variables(text, at, problems);
    if text.trim().is_empty() {
        problems.push(Problem::error("blank", at, "the key is blank"));
    } else if !text.contains("${") {
        problems.push(literal("this key stands in the open", name, at));
    }
}

fn literal(what: &str, name: &str, at: &Trail<'_>) -> Problem {
    let message = format!("{what}, in this file and in the history of its repository");
    Problem::warning("literal-secret", at, message)
        .suggest(format!("keep it in an environment variable: \"${{{name}}}\""))
}

/// Warns of alerts that go where only incidents can go.
pub(super) fn of_alert(rule: &AlertRule, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    for (index, id) in rule.channels.iter().enumerate() {
        let found = context.catalog.settings.channels.get(id).and_then(|channel| channel.delivery.as_ref());
        if let Some(Delivery::Statuspage(_)) = found {
            let message = format!("`{id}` is a status page: it takes incidents and maintenance, no alerts");
            let problem = Problem::warning("never-sent", &at.key("channels").index(index), message);
            problems.push(problem.suggest("name another channel; an incident's updates go to the page"));
        }
    }
}
