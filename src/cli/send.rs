//! A message sent from the command line: drafted, shown, approved, queued, delivered, and its receipts told.

use crate::catalog::model::Recipient;
use crate::channel::{Courier, placeholder};
use crate::engine::event::Walker;
use crate::error::{Error, Result};
use crate::ledger::{About, Ledger};
use crate::message::{Draft, LegState, Target};
use crate::post::{Consent, Delivered, NewMail, Outcome, Post, consent, readable};
use crate::site::publish;
use crate::view::count::counted;
use crate::view::message::{DeliveredView, delivered_view};
use crate::workspace::{self, Workspace};

use super::ids;
use super::session::Session;

/// How a message is sent.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SendArgs {
    /// A channel; may be given again. Those told before when left out
    #[arg(long, value_name = "CHANNEL", add = ids::channels())]
    pub(super) to: Vec<String>,
    /// Approve a message to customers yourself, without the commander
    #[arg(long, conflicts_with = "draft")]
    pub(super) approve: bool,
    /// Only draft it; `opsctl message approve` sends it
    #[arg(long)]
    pub(super) draft: bool,
    /// Tell people outside of a restricted incident
    #[arg(long)]
    pub(super) disclose: bool,
}

/// A courier for a workspace's channels.
pub(super) fn courier<'a>(session: &'a Session<'_>, workspace: &Workspace) -> Courier<'a> {
    workspace::courier(workspace, &session.surroundings, session.clock)
}

/// Does something with a post of this process.
pub(super) fn with_post<T>(
    session: &Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    work: impl FnOnce(&Post<'_>) -> Result<T>,
) -> Result<T> {
    let courier = courier(session, workspace);
    let surroundings = &session.surroundings;
    let is_alive = |walker: &Walker| surroundings.is_alive(walker);
    let publish = |dir: &str| publish(workspace, surroundings, dir, ledger.clock);
    work(&Post { ledger, courier: &courier, walker: surroundings.walker(), is_alive: &is_alive, publish: &publish })
}

/// Drafts a message and sends it as far as that is allowed. Gives what it is about, its id, and what came of it.
pub(super) fn send(
    session: &mut Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    about: Option<About>,
    new: NewMail,
    args: &SendArgs,
) -> Result<(About, String, Vec<Delivered>)> {
    let new = NewMail { disclose: args.disclose, ..new };
    let (mut about, message) = with_post(session, workspace, ledger, |post| post.draft(about, new))?;
    show_draft(session, &about, &message)?;
    if args.draft {
        let id = about.full_id(&message);
        session.terminal.tell(&format!("Drafted as {id}; `opsctl message approve {id}` sends it."));
        return Ok((about, message, Vec::new()));
    }
    if session.terminal.can_ask() && !session.is_json() && !args.approve && !confirmed(session, &about, &message)? {
        let id = about.full_id(&message);
        session
            .terminal
            .tell(&format!("Not sent; the draft is {id}: `message approve` sends it, `message drop` forgets it."));
        return Ok((about, message, Vec::new()));
    }
    let delivered = approve_and_send(session, workspace, ledger, &mut about, &message, args.approve)?;
    Ok((about, message, delivered))
}

fn confirmed(session: &mut Session<'_>, about: &About, message: &str) -> Result<bool> {
    let to: Vec<&str> = about.mail(message)?.drafted.to.iter().map(|to| to.channel.as_str()).collect();
    Ok(session.terminal.confirm(&format!("Send it to {}?", to.join(", ")), true)?)
}

/// Approves a draft if its sender may, queues it, and tries its deliveries once.
pub(super) fn approve_and_send(
    session: &mut Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    about: &mut About,
    message: &str,
    said: bool,
) -> Result<Vec<Delivered>> {
    let actor = session.actor().0;
    let grounds = match consent(about.incident(), about.mail(message)?, &actor, said) {
        Consent::Given(grounds) => grounds,
        Consent::Needed(commander) => return Err(needs_consent(about, message, commander.as_deref())),
    };
    let id = about.full_id(message);
    with_post(session, workspace, ledger, |post| post.release(about, message, grounds))
        .map_err(|error| error.hint(format!("the draft is kept: opsctl message approve {id}, or message drop {id}")))?;
    let mut delivered = deliver(session, workspace, ledger, about)?;
    let held = held(about, message, &delivered)?;
    tell(session, &held);
    delivered.extend(held);
    Ok(delivered)
}

// What of a message was not even tried: a channel hears things in their order.
fn held(about: &About, message: &str, tried: &[Delivered]) -> Result<Vec<Delivered>> {
    let id = about.full_id(message);
    let is_tried = |target: &Target| tried.iter().any(|one| one.message == id && one.target == *target);
    let why = |state: &LegState| match state {
        LegState::Waiting { .. } => Some("an earlier message has not got through"),
        LegState::Trying { .. } => Some("another process is sending it"),
        _ => None,
    };
    let legs = about.mail(message)?.legs.iter().filter(|leg| !is_tried(&leg.target));
    let held = legs.filter_map(|leg| {
        let outcome = Outcome::Later(why(&leg.state)?.to_owned());
        Some(Delivered { message: id.clone(), target: leg.target.clone(), outcome })
    });
    Ok(held.collect())
}

fn needs_consent(about: &About, message: &str, commander: Option<&str>) -> Error {
    let id = about.full_id(message);
    let who = match (commander, about.maintenance()) {
        (Some(name), _) => format!("the commander, {name}"),
        (None, Some(_)) => "somebody who takes that on".to_owned(),
        (None, None) => "the incident commander (nobody is, yet)".to_owned(),
    };
    Error::input_needed(format!("{id} goes to customers and waits for {who}"))
        .hint(match commander {
            Some(name) => format!("the draft is kept; {name} sends it: opsctl message approve {id}"),
            None => format!("the draft is kept; who commands sends it: opsctl message approve {id}"),
        })
        .hint("or take it on yourself: --approve")
}

/// Tries everything of a stream that is due, and tells what came of it.
pub(super) fn deliver(
    session: &mut Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    about: &mut About,
) -> Result<Vec<Delivered>> {
    let delivered = with_post(session, workspace, ledger, |post| Session::block_on(post.deliver(about))?)?;
    tell(session, &delivered);
    Ok(delivered)
}

fn tell(session: &mut Session<'_>, delivered: &[Delivered]) {
    let (sent, rest): (Vec<_>, Vec<_>) = delivered.iter().partition(|one| matches!(one.outcome, Outcome::Sent(_)));
    // A list of recipients is told in one line, what went wrong in one each.
    let mut told: Vec<(&str, &str, usize, &str)> = Vec::new();
    for one in &sent {
        let Outcome::Sent(how) = &one.outcome else { continue };
        match told.iter_mut().find(|(message, channel, ..)| *message == one.message && *channel == one.target.channel) {
            Some((_, _, count, _)) => *count += 1,
            None => told.push((&one.message, &one.target.channel, 1, how)),
        }
    }
    for (message, channel, count, how) in told {
        let many = if count > 1 { format!("{}, the first: ", counted(count, "recipient")) } else { String::new() };
        session.terminal.tell(&format!("{message} to {channel}: sent ({many}{how})"));
    }
    for one in rest {
        session.terminal.tell(&one.to_string());
    }
}

/// What came of a delivery, for programs.
pub(super) fn delivered(one: &Delivered) -> DeliveredView {
    let (outcome, detail) = match &one.outcome {
        Outcome::Sent(how) => ("sent", Some(how.as_str())),
        Outcome::ByHand => ("by hand", None),
        Outcome::Later(why) => ("later", Some(why.as_str())),
        Outcome::Uncertain(why) => ("uncertain", Some(why.as_str())),
        Outcome::Failed(why) => ("failed", Some(why.as_str())),
    };
    delivered_view(&one.message, &one.target.channel, one.target.recipient.as_deref(), outcome, detail)
}

fn show_draft(session: &mut Session<'_>, about: &About, message: &str) -> Result<()> {
    let mail = about.mail(message)?;
    let to: Vec<&str> = mail.drafted.to.iter().map(|to| to.channel.as_str()).collect();
    session.terminal.tell(&format!("Message {} for {}:\n", about.full_id(message), to.join(", ")));
    let subject = mail.drafted.subject.as_ref().map(|subject| format!("Subject: {subject}\n\n")).unwrap_or_default();
    session.terminal.say(&readable(&format!("{subject}{}", mail.drafted.text)));
    Ok(())
}

/// Gives the fields that every recipient has in a list of their own a place in the text.
pub(super) fn leave_to_recipients(
    courier: &Courier<'_>,
    workspace: &Workspace,
    to: &[String],
    draft: &mut Draft,
) -> Result<()> {
    let channels = &workspace.loaded.catalog.settings.channels;
    let mut lists = Vec::new();
    for channel in to.iter().filter_map(|id| channels.get(id)) {
        let list = courier.recipients(channel).map_err(|why| {
            Error::environment(format!("the recipients of channel {} are not known", channel.id)).cause(why)
        })?;
        lists.push(list);
    }
    for field in draft.missing() {
        let has = |list: &Vec<Recipient>| !list.is_empty() && list.iter().all(|one| one.fields.contains_key(&field));
        if !lists.is_empty() && lists.iter().all(has) {
            draft.set(&field, placeholder(&field));
        }
    }
    Ok(())
}
