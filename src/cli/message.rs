//! `opsctl message`: the outbox. List, show, approve, send, retry, drop.

use clap::Subcommand;

use crate::error::{Error, Result};
use crate::ground::Time;
use crate::incident::comms::{opened, untold};
use crate::ledger::{About, Ledger};
use crate::message::{Leg, LegState, Mail, MailState, MessageEvent};
use crate::post::{Post, verdict};
use crate::view::count::counted;
use crate::view::message::{MailView, mail_text, mail_view, mails_table};

use super::ids;
use super::send::{approve_and_send, deliver, with_post};
use super::session::Session;
use super::work::Work;

/// The verbs of messages.
#[derive(Debug, Subcommand)]
pub(super) enum MessageCommand {
    /// List the messages that are not over: drafts, and those on their way
    List {
        /// Those that were sent or dropped, too
        #[arg(long)]
        all: bool,
        /// Only those about this incident or maintenance
        #[arg(long, value_name = "ID", add = ids::incidents())]
        incident: Option<String>,
    },
    /// Show a message: its text, its deliveries, and what would be sent byte for byte
    Show {
        /// The message: INC-7.m2
        id: String,
        /// What each channel would be sent, byte for byte
        #[arg(long)]
        preview: bool,
    },
    /// Approve a draft and send it
    Approve {
        /// The message: INC-7.m2
        id: String,
        /// Take it on yourself, where the commander's approval is needed
        #[arg(long)]
        approve: bool,
    },
    /// Try what waits in the outbox now
    Send {
        /// Also what is not due yet because it failed before
        #[arg(long)]
        now: bool,
    },
    /// Try a delivery again that failed, or of which nobody knows whether it arrived
    Retry {
        /// The message: INC-7.m2
        id: String,
        /// Only this channel
        #[arg(long, value_name = "CHANNEL", add = ids::channels())]
        channel: Option<String>,
        /// Also where nobody knows whether it arrived: it may arrive twice
        #[arg(long)]
        uncertain: bool,
    },
    /// Give up what has not arrived
    Drop {
        /// The message: INC-7.m2
        id: String,
        /// Only this channel
        #[arg(long, value_name = "CHANNEL", add = ids::channels())]
        channel: Option<String>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(super) fn run(session: &mut Session<'_>, command: MessageCommand) -> Result<()> {
    match command {
        MessageCommand::List { all, incident } => list(session, all, incident.as_deref()),
        MessageCommand::Show { id, preview } => show(session, &id, preview),
        MessageCommand::Approve { id, approve } => self::approve(session, &id, approve),
        MessageCommand::Send { now } => send(session, now),
        MessageCommand::Retry { id, channel, uncertain } => retry(session, &id, channel.as_deref(), uncertain),
        MessageCommand::Drop { id, channel, reason } => self::drop(session, &id, channel, &reason),
    }
}

fn list(session: &mut Session<'_>, all: bool, incident: Option<&str>) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let correspondence = match incident {
        Some(id) => vec![ledger.about(id)?],
        None => ledger.correspondence()?,
    };
    let is_over = |mail: &Mail| matches!(mail.state(), MailState::Sent | MailState::Dropped);
    let mut shown: Vec<MailView> = Vec::new();
    for about in &correspondence {
        let mails = about.outbox().mails.iter().filter(|mail| all || !is_over(mail));
        shown.extend(mails.map(|mail| mail_view(about.id(), mail)));
    }
    let none = if all { "No messages." } else { "The outbox is empty; --all shows what was sent." };
    session.show_list(&shown, none, |look| mails_table(look, &shown))
}

fn show(session: &mut Session<'_>, id: &str, preview: bool) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let (about, message) = ledger.mail(id)?;
    let mut shown = mail_view(about.id(), about.mail(&message)?);
    let previews = if preview || session.is_json() {
        with_post(session, &workspace, &ledger, |post| post.preview(&about, &message))
    } else {
        Ok(Vec::new())
    };
    // A channel that cannot be used now is no reason not to show what was sent.
    match previews {
        Ok(previews) => shown.add_previews(&previews),
        Err(error) if preview => return Err(error),
        Err(_) => {}
    }
    let now = ledger.now();
    session.show(&shown, |look| mail_text(look, &shown, now))
}

fn approve(session: &mut Session<'_>, id: &str, said: bool) -> Result<()> {
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let (mut about, message) = ledger.mail(id)?;
    let state = about.mail(&message)?.state();
    if !matches!(state, MailState::Draft | MailState::Approved) {
        return Err(Error::usage(format!("{} is {} already", about.full_id(&message), state.word())));
    }
    if state == MailState::Approved {
        // We were stopped between the consent and the outbox.
        with_post(session, &work.workspace, &ledger, |post| post.queue(&mut about, &message))?;
        let delivered = deliver(session, &work.workspace, &ledger, &mut about)?;
        return finish(session, &about, &message, verdict(&delivered));
    }
    let delivered = approve_and_send(session, &work.workspace, &ledger, &mut about, &message, said)?;
    finish(session, &about, &message, verdict(&delivered))
}

fn send(session: &mut Session<'_>, at_once: bool) -> Result<()> {
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let mut all = Vec::new();
    let (mut waiting, mut stuck): (Option<Time>, Vec<String>) = (None, Vec::new());
    for mut about in ledger.correspondence()? {
        if at_once {
            with_post(session, &work.workspace, &ledger, |post| post.settle_lost(&mut about))?;
            hurry(&ledger, &mut about)?;
        }
        all.extend(deliver(session, &work.workspace, &ledger, &mut about)?);
        waiting = waiting.into_iter().chain(Post::next_at(&about)).min();
        let is_stuck = |mail: &&Mail| mail.state() == MailState::Stuck;
        stuck.extend(about.outbox().mails.iter().filter(is_stuck).map(|mail| about.full_id(mail.id())));
        say_when_over(session, &about);
    }
    if all.is_empty() {
        session.terminal.tell(&match waiting {
            Some(at) => format!("Nothing is due before {} UTC; --now tries all the same.", at.format("%H:%M:%S")),
            None if stuck.is_empty() => "The outbox is empty.".to_owned(),
            None => format!("There is nothing to try, but these are stuck: {}.", stuck.join(", ")),
        });
        if !stuck.is_empty() {
            session.terminal.tell("`opsctl message show` tells why; `message retry` or `message drop` decides.");
        }
    }
    let shown: Vec<_> = all.iter().map(super::send::delivered).collect();
    if session.is_json() {
        session.show(&shown, |_| String::new())?;
    } else if !all.is_empty() {
        session.terminal.tell(&format!("Tried: {}.", counted(all.len(), "attempt")));
    }
    verdict(&all)
}

// What failed before waits longer and longer; somebody who is sure that it works now need not.
fn hurry(ledger: &Ledger<'_>, about: &mut About) -> Result<()> {
    let now = ledger.now();
    let mut events = Vec::new();
    for mail in &about.outbox().mails {
        let waiting = mail
            .legs
            .iter()
            .filter(|leg| matches!(leg.state, LegState::Waiting { not_before, .. } if not_before > now));
        events.extend(waiting.map(|leg| MessageEvent::MessageRetried {
            message: mail.id().to_owned(),
            target: leg.target.clone(),
            attempt: None,
        }));
    }
    if events.is_empty() { Ok(()) } else { ledger.record_mail(about, events) }
}

fn retry(session: &mut Session<'_>, id: &str, channel: Option<&str>, uncertain: bool) -> Result<()> {
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let (mut about, message) = ledger.mail(id)?;
    let mail = about.mail(&message)?;
    let is_meant = |state: &LegState| match state {
        LegState::Failed { .. } | LegState::Waiting { .. } => true,
        LegState::Uncertain { .. } | LegState::Trying { .. } => uncertain,
        _ => false,
    };
    let legs = mail.legs.iter().filter(|leg| channel.is_none_or(|channel| leg.target.channel == channel));
    // Another attempt than the one that hangs must not be taken for it.
    let hanging = |leg: &Leg| matches!(leg.state, LegState::Trying { .. }).then_some(leg.attempts);
    let meant = legs.clone().filter(|leg| is_meant(&leg.state));
    let meant: Vec<_> = meant.map(|leg| (leg.target.clone(), hanging(leg))).collect();
    if meant.is_empty() {
        let has_uncertain =
            legs.clone().any(|leg| matches!(leg.state, LegState::Uncertain { .. } | LegState::Trying { .. }));
        let error = Error::usage(format!("nothing of {} is to be tried again", about.full_id(&message)));
        return Err(if has_uncertain {
            error.hint("it may have arrived: look there first; --uncertain sends it again all the same")
        } else {
            error.hint("`opsctl message show` tells where it stands")
        });
    }
    let event = |(target, attempt)| MessageEvent::MessageRetried { message: message.clone(), target, attempt };
    ledger.record_mail(&mut about, meant.into_iter().map(event).collect())?;
    let delivered = deliver(session, &work.workspace, &ledger, &mut about)?;
    finish(session, &about, &message, verdict(&delivered))
}

fn drop(session: &mut Session<'_>, id: &str, channel: Option<String>, reason: &str) -> Result<()> {
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let (mut about, message) = ledger.mail(id)?;
    let reason = session.kept_line(&work.workspace, reason);
    if reason.is_empty() {
        return Err(Error::usage("the reason is empty"));
    }
    ledger.record_mail(&mut about, vec![MessageEvent::MessageDropped { message: message.clone(), channel, reason }])?;
    finish(session, &about, &message, Ok(()))
}

// Where the last of those who were told hears the end, the incident may end, too.
fn say_when_over(session: &mut Session<'_>, about: &About) {
    let Some(incident) = about.incident().filter(|incident| incident.is_open()) else { return };
    if !opened(incident).is_empty() && untold(incident).is_empty() {
        let id = &incident.id;
        session
            .terminal
            .tell(&format!("Everybody who was told of {id} knows that it is over: opsctl incident resolve {id}"));
    }
}

fn finish(session: &mut Session<'_>, about: &About, message: &str, done: Result<()>) -> Result<()> {
    say_when_over(session, about);
    let shown = mail_view(about.id(), about.mail(message)?);
    let now = session.clock.now();
    session.show(&shown, |look| mail_text(look, &shown, now))?;
    done
}
