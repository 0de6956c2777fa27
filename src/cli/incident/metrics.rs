//! `opsctl incident metrics`: how long things take, over many incidents or in one.

use crate::error::{Error, Result};
use crate::ground::Time;
use crate::incident::metrics::{Metrics, by_severity, counts, metrics};
use crate::incident::{Incident, Status};
use crate::moment;
use crate::view::incident::figures::{incident_metrics_text, incident_metrics_view};
use crate::view::incident::metrics::{Asked, metrics_text, metrics_view};

use super::super::ids;
use super::super::session::Session;

/// What the metrics take.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct MetricsArgs {
    /// Only incidents declared since then: 30d, 2026-11-01
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only incidents declared before then
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// The same for each group, too
    #[arg(long, value_name = "GROUP", value_parser = ["severity"])]
    by: Option<String>,
    /// The figures of this incident alone, with the formulas used
    #[arg(long, value_name = "ID", add = ids::incidents(), conflicts_with_all = ["since", "until", "by"])]
    incident: Option<String>,
}

pub(super) fn show(session: &mut Session<'_>, args: &MetricsArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let severities = &workspace.loaded.catalog.settings.severities;
    let now = ledger.now();
    if let Some(id) = &args.incident {
        let incident = ledger.incident(id)?;
        let view = incident_metrics_view(&incident, severities.get(&incident.severity), now);
        return session.show(&view, |look| incident_metrics_text(look, &view));
    }
    let (since, until) = (bound(args.since.as_deref(), now)?, bound(args.until.as_deref(), now)?);
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(Error::usage("--since lies after --until, so that nothing lies between"));
    }
    let incidents: Vec<Incident> =
        ledger.incidents()?.into_iter().filter(|incident| is_between(incident, since, until)).collect();
    let counted: Vec<&Incident> = incidents.iter().filter(|incident| counts(incident)).collect();
    let left_out = |status: Status| incidents.iter().filter(|incident| incident.status == status).count();
    let asked = Asked { since, until, canceled: left_out(Status::Canceled), merged: left_out(Status::Merged) };
    let groups: Option<Vec<(String, Metrics)>> = args.by.as_ref().map(|_| {
        let groups = by_severity(&counted, severities).into_iter();
        groups.map(|(severity, of)| (severity, metrics(&of, severities, now))).collect()
    });
    let view = metrics_view(asked, &metrics(&counted, severities, now), groups.as_deref());
    session.show(&view, |look| metrics_text(look, &view))
}

/// Whether an incident was declared from one moment on and before another.
pub(crate) fn is_between(incident: &Incident, since: Option<Time>, until: Option<Time>) -> bool {
    let declared = incident.declared_at;
    since.is_none_or(|since| declared >= since) && until.is_none_or(|until| declared < until)
}

fn bound(said: Option<&str>, now: Time) -> Result<Option<Time>> {
    said.map(|said| moment::bound(said, now).map_err(Error::usage)).transpose()
}
