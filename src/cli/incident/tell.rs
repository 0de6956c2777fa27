//! Telling people: an update, a message from a template, and what each audience knows.

use serde_json::{Map, Value};

use crate::catalog::model::Settings;
use crate::error::{Error, Kind, Result};
use crate::ground::{Time, rfc3339};
use crate::incident::clock::next_update_due;
use crate::incident::comms::{opened, told};
use crate::incident::{Incident, IncidentEvent, Status, Telling};
use crate::ledger::{About, Happening, Ledger};
use crate::message::Tell;
use crate::moment;
use crate::post::{Delivered, NewMail, check_told, resolved, unmarked, verdict};
use crate::terminal::Question;
use crate::view::incident::comms::{told_table, told_view};

use super::super::compose::fill_in;
use super::super::ids;
use super::super::send::{SendArgs, send};
use super::super::session::Session;
use super::super::work::{Work, record};
use super::course::by_its_own_verb;
use super::show::show_incident;
use super::which::{Which, split_text};

/// What a message is made of.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct TextArgs {
    /// The template; the one that opsctl.yaml names for the status when left out
    #[arg(long, value_name = "ID", add = ids::templates())]
    template: Option<String>,
    /// Which of the template's texts
    #[arg(long, value_name = "NAME", requires = "template")]
    variant: Option<String>,
    /// Give a field of the template its value
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// The subject line
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
}

/// What an update takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct UpdateArgs {
    /// The incident's id, unless it is the one in use, and the text; without a text a template makes it
    #[arg(value_name = "[ID] [TEXT]")]
    words: Vec<String>,
    /// The status from now on, which the update tells; `resolved` resolves it once everybody was told
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Promise the next update: 30m, 14:05
    #[arg(long, value_name = "TIME")]
    next: Option<String>,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    send: SendArgs,
}

/// What a message takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NotifyArgs {
    /// The incident's id, unless it is the one in use, and the text; without a text a template makes it
    #[arg(value_name = "[ID] [TEXT]")]
    words: Vec<String>,
    /// The status that it tells, when it is not the one the incident has
    #[arg(long, value_name = "STATUS")]
    says: Option<String>,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn update(session: &mut Session<'_>, args: UpdateArgs) -> Result<()> {
    let mut words = args.words;
    let which = split_text(&mut words)?;
    let now = session.clock.now();
    let next = args.next.as_deref().map(|next| promised(next, now)).transpose()?;
    let status = args.status.as_deref().map(parse_status).transpose()?;
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let incident = which.find(session, &work.workspace, &ledger)?;
    match status {
        Some(status) if status == incident.status && !incident.is_open() => {
            return Err(Error::usage(format!("{} is {} already", incident.id, status.word()))
                .hint("to tell somebody more: opsctl incident notify"));
        }
        Some(status) if status != incident.status => check_status(&incident, status, now)?,
        _ => {}
    }
    let telling = Telling { status: Some(status.unwrap_or(incident.status)), next };
    let text = words.join(" ");
    let new = compose(session, &work, &ledger, &incident, (&text, &args.text), telling, &args.send.to)?;
    let about = About::Incident(Box::new(incident));
    let (about, message, delivered) = bring(session, &work, &ledger, about, new, &args.send)?;
    let mut incident = ledger.incident(about.id())?;
    // What nobody was told is not so.
    if about.mail(&message)?.queued_at.is_some() {
        advance(&ledger, &mut incident, status, next)?;
    }
    let done = verdict(&delivered);
    if status == Some(Status::Resolved) && !delivered.is_empty() && incident.is_open() {
        finish(session, &ledger, &mut incident, done)?;
        return show_incident(session, &ledger, &incident, false);
    }
    show_incident(session, &ledger, &incident, false)?;
    done
}

// A program hears where the incident stands in any case.
fn bring(
    session: &mut Session<'_>,
    work: &Work,
    ledger: &Ledger<'_>,
    about: About,
    new: NewMail,
    args: &SendArgs,
) -> Result<(About, String, Vec<Delivered>)> {
    let id = about.id().to_owned();
    let sent = send(session, &work.workspace, ledger, Some(about), new, args);
    if matches!(&sent, Err(error) if error.kind == Kind::InputNeeded) && session.is_json() {
        show_incident(session, ledger, &ledger.incident(&id)?, false)?;
    }
    sent
}

fn promised(text: &str, now: Time) -> Result<Time> {
    let by = moment::future(text, now).map_err(Error::usage)?;
    if by - now < chrono::TimeDelta::minutes(1) {
        return Err(Error::usage(format!("nobody can keep a promise for {}", rfc3339(by)))
            .hint("say when the next update comes: --next 30m, --next 14:05"));
    }
    Ok(by)
}

// It is resolved once everybody who was told of it knows.
fn finish(session: &mut Session<'_>, ledger: &Ledger<'_>, incident: &mut Incident, done: Result<()>) -> Result<()> {
    let id = incident.id.clone();
    done.map_err(|error| error.hint(format!("{id} is resolved once everybody knows: opsctl incident resolve {id}")))?;
    check_told(incident, None)?;
    let event = resolved(incident, None, None, None);
    record(ledger, incident, event)?;
    session
        .terminal
        .tell(&format!("{} is resolved; everybody who was told of it is told, as shown above.", incident.id));
    Ok(())
}

// What is told is so: the status, and the promise. The end comes after everybody was told.
fn advance(ledger: &Ledger<'_>, incident: &mut Incident, status: Option<Status>, next: Option<Time>) -> Result<()> {
    let mut events = Vec::new();
    if let Some(status) = status.filter(|status| *status != incident.status && *status != Status::Resolved) {
        if incident.acknowledged_at.is_none() && incident.status == Status::Triage {
            events.push(IncidentEvent::Acknowledged {});
        }
        if status != Status::Investigating || events.is_empty() {
            events.push(IncidentEvent::StatusChanged { status, reason: None });
        }
    }
    events.extend(next.map(|by| IncidentEvent::NextUpdatePromised { by }));
    if events.is_empty() { Ok(()) } else { record(ledger, incident, Happening { events, at: None }) }
}

fn check_status(incident: &Incident, status: Status, now: Time) -> Result<()> {
    // Whether everybody knows of the end is asked once they were told.
    if status != Status::Resolved {
        by_its_own_verb(status, &incident.id)?;
    }
    incident.allows_status(status, now.max(incident.last_at)).map_err(Error::usage)
}

pub(super) fn notify(session: &mut Session<'_>, args: NotifyArgs) -> Result<()> {
    let mut words = args.words;
    let which = split_text(&mut words)?;
    let says = args.says.as_deref().map(parse_status).transpose()?;
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let incident = which.find_or_last(session, &work.workspace, &ledger)?;
    let of_variant = args.text.variant.as_deref().and_then(Status::parse);
    let status = says.or(of_variant).unwrap_or(incident.status);
    if status.is_open() && !incident.is_open() {
        return Err(Error::usage(format!(
            "{} is {}, and this tells {}",
            incident.id,
            incident.status.word(),
            status.word()
        ))
        .hint("if it goes on: opsctl incident reopen; otherwise choose another text or --says"));
    }
    let telling = Telling { status: Some(status), next: None };
    let text = words.join(" ");
    let new = compose(session, &work, &ledger, &incident, (&text, &args.text), telling, &args.send.to)?;
    let about = About::Incident(Box::new(incident));
    let (about, _, delivered) = bring(session, &work, &ledger, about, new, &args.send)?;
    let incident = ledger.incident(about.id())?;
    show_incident(session, &ledger, &incident, false)?;
    verdict(&delivered)
}

pub(super) fn comms(session: &mut Session<'_>, which: &Which) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let incident = which.find_or_last(session, &workspace, &ledger)?;
    let severity = workspace.loaded.catalog.settings.severities.get(&incident.severity);
    let now = ledger.now();
    let all = told(&incident, next_update_due(&incident, severity), now);
    let shown: Vec<_> = all.iter().map(told_view).collect();
    session.show_list(&shown, "Nobody was told of it yet.", |look| told_table(look, &all, now))
}

// The message's text: what was written, or a template filled in.
fn compose(
    session: &mut Session<'_>,
    work: &Work,
    ledger: &Ledger<'_>,
    incident: &Incident,
    (written, args): (&str, &TextArgs),
    telling: Telling,
    to: &[String],
) -> Result<NewMail> {
    let settings = &work.workspace.loaded.catalog.settings;
    let to = if to.is_empty() { usual_channels(settings, incident)? } else { to.to_vec() };
    let status = telling.status.unwrap_or(incident.status);
    // What was learned is another story than how things stand, and pages have a place of its own for it.
    let tell = if status == Status::Postmortem { Tell::Postmortem } else { Tell::Update };
    let mut new = NewMail { tell, to, status: Some(status.word().to_owned()), ..NewMail::default() };
    new.subject = args.subject.as_ref().map(|subject| unmarked(&session.kept_line(&work.workspace, subject)));
    let known = settings.incident.updates.get(status.word());
    let id = args.template.clone().or_else(|| known.map(|known| known.template.clone()));
    let Some(id) = id.filter(|_| written.trim().is_empty()) else {
        new.text = written_text(session, work, written)?;
        return Ok(new);
    };
    let variant = args.variant.clone();
    let variant =
        variant.or_else(|| known.filter(|known| known.template == id).and_then(|known| known.variant.clone()));
    let mut facts = Map::new();
    facts.insert("now".to_owned(), Value::String(rfc3339(ledger.now())));
    facts.insert("incident".to_owned(), ledger.facts(incident, telling));
    fill_in(session, work, &args.set, (id, variant.as_deref()), facts, new)
}

fn written_text(session: &mut Session<'_>, work: &Work, written: &str) -> Result<String> {
    let text = if !written.trim().is_empty() {
        written.to_owned()
    } else if session.terminal.can_ask() {
        session.terminal.ask(&Question::new("What is to be told?"))?
    } else {
        return Err(Error::input_needed("the message has no text").hint(
            "write one, or name a template with --template; `incident.updates` in opsctl.yaml names one per status",
        ));
    };
    Ok(unmarked(&session.kept(&work.workspace, text.trim())))
}

// Those that were told before; at first those outside and the team, but customers only by name.
fn usual_channels(settings: &Settings, incident: &Incident) -> Result<Vec<String>> {
    let known: Vec<String> = opened(incident).into_iter().map(|to| to.channel).collect();
    if !known.is_empty() {
        return Ok(known);
    }
    let is_usual = |audience: Option<&str>| match audience {
        Some("public") => !incident.is_restricted(),
        audience => audience == Some("team"),
    };
    let first = settings.channels.values().filter(|channel| is_usual(channel.audience.as_deref()));
    let first: Vec<String> = first.map(|channel| channel.id.clone()).collect();
    if first.is_empty() {
        return Err(Error::usage("say which channel").hint("--to CHANNEL; opsctl.yaml defines the channels"));
    }
    Ok(first)
}

fn parse_status(word: &str) -> Result<Status> {
    Status::parse(word)
        .ok_or_else(|| super::super::unknown("status", word, Status::ALL.iter().map(|status| status.word()), &[]))
}
