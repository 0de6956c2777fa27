//! Telling people how planned maintenance stands, together with what changes it.

use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result};
use crate::ground::{Time, rfc3339};
use crate::ledger::{About, Ledger};
use crate::maintenance::{Maintenance, MaintenanceEvent, Occasion, Status, wording};
use crate::message::Tell;
use crate::post::{NewMail, unmarked, verdict};

use super::super::compose::fill_in;
use super::super::ids;
use super::super::send::{SendArgs, send};
use super::super::session::Session;
use super::super::work::Work;
use super::show::show_one;
use super::which::Which;

/// Who is told, and how.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct TellArgs {
    /// A channel that is told; may be given again. Those told before when left out
    #[arg(long, value_name = "CHANNEL", add = ids::channels())]
    to: Vec<String>,
    /// Tell nobody this time
    #[arg(long, conflicts_with_all = ["to", "approve", "draft", "template", "subject"])]
    quiet: bool,
    /// Approve a message to customers
    #[arg(long, conflicts_with = "draft")]
    approve: bool,
    /// Only draft the message; `opsctl message approve` sends it
    #[arg(long)]
    draft: bool,
    /// Make the text with this template, which sees `maintenance`
    #[arg(long, value_name = "ID", add = ids::templates())]
    template: Option<String>,
    /// Which of the template's texts
    #[arg(long, value_name = "NAME", requires = "template")]
    variant: Option<String>,
    /// Give a field of the template its value
    #[arg(long = "set", value_name = "FIELD=VALUE", requires = "template")]
    set: Vec<String>,
    /// The subject line
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
}

impl TellArgs {
    /// Whether nobody is to be told.
    pub(super) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn wants_message(&self) -> bool {
        self.approve || self.draft || self.template.is_some() || self.subject.is_some()
    }
}

/// A change, and what is told of it.
pub(super) struct Change<'a> {
    /// What happened; nothing where people are only told something.
    pub events: Vec<MaintenanceEvent>,
    /// When, where that was earlier.
    pub at: Option<Time>,
    /// What it is; by its status when left out.
    pub occasion: Option<Occasion>,
    /// What somebody wrote; empty when nobody did.
    pub written: &'a str,
}

/// Finds maintenance, changes it as `decide` says, tells those who are to know, and shows how it stands then.
pub(super) fn change<'a>(
    session: &mut Session<'_>,
    which: &Which,
    args: &TellArgs,
    decide: impl FnOnce(&mut Session<'_>, &Work, &Maintenance) -> Result<Change<'a>>,
) -> Result<()> {
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let mut maintenance = which.find(&ledger)?;
    let change = decide(session, &work, &maintenance)?;
    // What is told is composed before anything changes: a wrong template leaves everything as it was.
    let then =
        ledger.would_be(&maintenance, &change.events, change.at).map_err(|error| refused(error, &maintenance.id))?;
    let new = compose(session, &work, &ledger, &then, &change, args)?;
    if change.events.is_empty() && new.is_none() {
        return Err(Error::usage("say what is to change, or who is to be told")
            .hint(format!("opsctl maintenance update {} --to CHANNEL", maintenance.id)));
    }
    if !change.events.is_empty() {
        ledger
            .record_maintenance(&mut maintenance, &change.events, change.at)
            .map_err(|error| refused(error, &then.id))?;
    }
    finish(session, &work, &ledger, maintenance, new, args)
}

fn refused(error: Error, id: &str) -> Error {
    match error.kind {
        Kind::Usage => error.hint(format!("`opsctl maintenance show {id}` tells where it stands")),
        _ => error,
    }
}

/// Sends what there is to tell, and shows how the maintenance stands; what went wrong with the message comes last.
pub(super) fn finish(
    session: &mut Session<'_>,
    work: &Work,
    ledger: &Ledger<'_>,
    maintenance: Maintenance,
    new: Option<NewMail>,
    args: &TellArgs,
) -> Result<()> {
    let Some(new) = new else { return show_one(session, ledger, &maintenance, false) };
    let how = SendArgs { to: args.to.clone(), approve: args.approve, draft: args.draft, ..SendArgs::default() };
    let id = maintenance.id.clone();
    let about = About::Maintenance(Box::new(maintenance));
    let sent = send(session, &work.workspace, ledger, Some(about), new, &how);
    show_one(session, ledger, &ledger.maintenance(&id)?, false)?;
    verdict(&sent?.2)
}

/// The message for those who are to know; none when nobody is.
pub(super) fn compose(
    session: &mut Session<'_>,
    work: &Work,
    ledger: &Ledger<'_>,
    then: &Maintenance,
    change: &Change<'_>,
    args: &TellArgs,
) -> Result<Option<NewMail>> {
    if args.quiet {
        return if change.written.trim().is_empty() {
            Ok(None)
        } else {
            Err(Error::usage("--quiet tells nobody the text"))
        };
    }
    let to = channels(session, work, then, args)?;
    if to.is_empty() {
        if args.wants_message() || !change.written.trim().is_empty() {
            return Err(Error::usage(format!("say who is told: nobody was told of {} before", then.id))
                .hint("--to CHANNEL; opsctl.yaml defines the channels"));
        }
        return Ok(None);
    }
    let status = Some(then.status.word().to_owned());
    let mut new = NewMail { tell: Tell::Maintenance, to, status, ..NewMail::default() };
    new.subject = args.subject.as_ref().map(|subject| unmarked(&session.kept_line(&work.workspace, subject)));
    if let Some(id) = args.template.clone().filter(|_| change.written.trim().is_empty()) {
        let mut facts = Map::new();
        facts.insert("now".to_owned(), Value::String(rfc3339(ledger.now())));
        facts.insert("maintenance".to_owned(), ledger.maintenance_facts(then));
        return fill_in(session, work, &args.set, (id, args.variant.as_deref()), facts, new).map(Some);
    }
    let occasion = change.occasion.unwrap_or_else(|| usual(then.status));
    let worded = wording(then, &ledger.service_titles(&then.services), occasion);
    let written = session.kept(&work.workspace, change.written.trim());
    // Somebody's own words between two occasions are news of neither.
    let is_between = change.occasion.is_none() && !written.is_empty();
    let subject = if is_between { format!("Maintenance: {}", then.title) } else { worded.subject };
    new.subject = new.subject.or(Some(unmarked(&subject)));
    new.text = unmarked(if written.is_empty() { &worded.text } else { &written });
    Ok(Some(new))
}

const fn usual(status: Status) -> Occasion {
    match status {
        Status::Scheduled => Occasion::Planned,
        Status::InProgress => Occasion::Started,
        Status::Verifying => Occasion::Verifying,
        Status::Completed => Occasion::Finished,
        Status::Canceled => Occasion::Canceled,
    }
}

// Those that were named, else those that were told before.
fn channels(session: &mut Session<'_>, work: &Work, then: &Maintenance, args: &TellArgs) -> Result<Vec<String>> {
    let known = &work.workspace.loaded.catalog.settings.channels;
    if let Some(wrong) = args.to.iter().find(|id| !known.contains_key(*id)) {
        return Err(super::super::unknown("channel", wrong, known.keys().map(String::as_str), &[]));
    }
    if !args.to.is_empty() {
        return Ok(args.to.clone());
    }
    let (there, gone): (Vec<String>, Vec<String>) = then.told().into_iter().partition(|id| known.contains_key(id));
    if !gone.is_empty() {
        let gone = gone.join(", ");
        session.terminal.tell(&format!("warning: told before, and defined no more: {gone}"));
    }
    Ok(there)
}
