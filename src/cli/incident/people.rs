//! Who does what, and who else is asked to help.

use crate::error::{Error, Kind, Result};
use crate::incident::{Incident, IncidentEvent, Role};
use crate::ledger::{About, Happening, Ledger};
use crate::post::{Asked, Delivered, escalation};

use super::super::ids;
use super::super::send::{deliver, with_post};
use super::super::session::Session;
use super::super::work::{Work, record};
use super::course::{change, kept};
use super::show::show_incident;
use super::which::split;

/// What a role takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RoleArgs {
    /// The incident's id, unless it is the one in use; the role (commander, communications, operations, scribe); and who,
    /// you when left out
    #[arg(value_name = "[ID] ROLE [PERSON]", required = true, num_args = 1..=3)]
    words: Vec<String>,
    /// What the next one has to know, when it is handed over
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// What escalating takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct EscalateArgs {
    /// The incident's id, unless it is the one in use, and the policy
    #[arg(value_name = "[ID] POLICY", required = true, num_args = 1..=2, add = ids::escalations())]
    words: Vec<String>,
    /// The level, from 1; the one after the last when left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    level: Option<u32>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn role(session: &mut Session<'_>, args: RoleArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    if words.len() > 2 {
        return Err(
            Error::usage(format!("`{}` is one word too many", words[2])).hint("put a name of several words in quotes")
        );
    }
    let mut words = words.into_iter();
    let word = words.next().ok_or_else(|| {
        let roles = Role::ALL.map(Role::word).join(", ");
        Error::usage("say which role").hint(format!("the roles: {roles}"))
    })?;
    let role = Role::parse(&word)
        .ok_or_else(|| super::super::unknown("role", &word, Role::ALL.iter().map(|role| role.word()), &[]))?;
    let person = words.next();
    change(session, &which, |session, work, incident| {
        let person = person.unwrap_or_else(|| session.actor().0);
        let person = session.kept_line(&work.workspace, &person);
        let note = kept(session, &work.workspace, args.note.as_deref());
        assigned(incident, role, person, note).map(Into::into)
    })
}

/// That somebody has a role, handed over by whoever had it.
pub(crate) fn assigned(incident: &Incident, role: Role, person: String, note: Option<String>) -> Result<IncidentEvent> {
    if person.is_empty() {
        return Err(Error::usage("say who"));
    }
    match incident.role(role) {
        Some(from) if from == person => {
            Err(Error::usage(format!("{person} is {} of {} already", role.title(), incident.id)))
        }
        Some(from) => Ok(IncidentEvent::RoleHandedOver { role, from: from.to_owned(), person, note }),
        None => Ok(IncidentEvent::RoleAssigned { role, person }),
    }
}

pub(super) fn escalate(session: &mut Session<'_>, args: EscalateArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let policy = super::course::one(words, "which policy")?;
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let incident = which.find(session, &work.workspace, &ledger)?;
    let known = &work.workspace.loaded.catalog.settings.escalation;
    let Some(route) = known.get(&policy) else {
        return Err(super::super::unknown("escalation policy", &policy, known.keys().map(String::as_str), &[]));
    };
    let steps = route.steps();
    let level = args.level.unwrap_or_else(|| next_level(&incident, &policy));
    let Some(step) = usize::try_from(level).ok().and_then(|level| steps.get(level - 1)) else {
        return Err(Error::usage(format!("policy {policy} has {} levels, not {level}", steps.len()))
            .hint("name a level with --level, or another policy"));
    };
    let reason = kept(session, &work.workspace, args.reason.as_deref());
    let asked = Asked { policy: &policy, level, to: &step.to, reason: reason.as_deref() };
    let delivered = ask(session, &work, &ledger, incident, &asked, &step.channels)?;
    session.terminal.tell(&format!("Asked: {} ({policy}, level {level}).", step.to));
    if let Some(next) = usize::try_from(level).ok().and_then(|level| steps.get(level)) {
        session
            .terminal
            .tell(&format!("Unless somebody acknowledges it, `opsctl watch` asks {} after {}.", next.to, next.after));
    }
    crate::post::verdict(&delivered)
}

// Writes it down together with the message that tells them, sends that, and shows how the incident stands then.
fn ask(
    session: &mut Session<'_>,
    work: &Work,
    ledger: &Ledger<'_>,
    mut incident: Incident,
    asked: &Asked<'_>,
    channels: &[String],
) -> Result<Vec<Delivered>> {
    let event = IncidentEvent::Escalated {
        policy: asked.policy.to_owned(),
        level: asked.level,
        to: asked.to.to_owned(),
        reason: asked.reason.map(str::to_owned),
        by_itself: false,
    };
    if channels.is_empty() {
        session.terminal.tell(&format!(
            "No channel is named for {}: opsctl tells nobody. Tell {} yourself.",
            asked.policy, asked.to
        ));
    }
    loop {
        let mut events = vec![event.clone()];
        let message = incident.outbox.next_id();
        if !channels.is_empty() {
            let about = About::Incident(Box::new(incident.clone()));
            let mail = escalation(&incident, asked, channels.to_vec());
            let mail = with_post(session, &work.workspace, ledger, |post| post.ready(&about, mail))?;
            events.extend(mail.into_iter().map(IncidentEvent::Message));
        }
        match record(ledger, &mut incident, Happening { events, at: None }) {
            // Somebody else took that number meanwhile; what we know is up to date now.
            Err(error) if error.kind == Kind::Usage && incident.outbox.next_id() != message => {}
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    let mut about = About::Incident(Box::new(incident));
    let delivered = deliver(session, &work.workspace, ledger, &mut about)?;
    let incident = ledger.incident(about.id())?;
    show_incident(session, ledger, &incident, false)?;
    Ok(delivered)
}

// The one after the last level that was asked.
fn next_level(incident: &Incident, policy: &str) -> u32 {
    let asked = incident.escalations.iter().filter(|escalation| escalation.policy == policy);
    asked.map(|escalation| escalation.level).max().unwrap_or(0).saturating_add(1)
}
