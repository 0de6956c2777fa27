//! `opsctl report`: the handover of a shift, the week on Friday, the month.

mod period;
mod shift;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Subcommand, ValueHint};
use serde::Serialize;

use crate::error::Result;
use crate::incident::Incident;

use super::run::write_new;
use super::session::Session;

/// The reports.
#[derive(Debug, Subcommand)]
pub(super) enum ReportCommand {
    /// The handover: what goes on, what happened, what waits
    Shift {
        /// From when: 12h, 2026-11-24 08:00 (UTC)
        #[arg(long, value_name = "WHEN", default_value = "12h")]
        since: String,
        #[command(flatten)]
        common: Common,
    },
    /// The Friday summary of a week
    Weekly {
        /// The week: 2026-W47; that of the last Friday when left out
        #[arg(long, value_name = "WEEK")]
        week: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// The report of a month
    Monthly {
        /// The month: 2026-11; when left out, this month in its last week, else the last one
        #[arg(long, value_name = "MONTH")]
        month: Option<String>,
        #[command(flatten)]
        common: Common,
    },
}

/// What all reports take.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// Write it to this file, which must not be there yet
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Include restricted incidents, which are left out otherwise
    #[arg(long)]
    restricted: bool,
}

pub(super) fn run(session: &mut Session<'_>, command: ReportCommand) -> Result<()> {
    match command {
        ReportCommand::Shift { since, common } => shift::shift(session, &since, &common),
        ReportCommand::Weekly { week, common } => {
            let period = period::week(week.as_deref(), session.clock.now())?;
            period::report(session, &period, &common)
        }
        ReportCommand::Monthly { month, common } => {
            let period = period::month(month.as_deref(), session.clock.now())?;
            period::report(session, &period, &common)
        }
    }
}

// Prints a report, or writes it to a file: Markdown for people, JSON for programs.
fn give<T: Serialize>(session: &mut Session<'_>, view: &T, markdown: &str, out: Option<&PathBuf>) -> Result<()> {
    let Some(out) = out else { return session.show(view, |_| markdown.to_owned()) };
    let path = session.surroundings.cwd.join(out);
    if session.is_json() {
        write_new(&path, &serde_json::to_string_pretty(view).context("the report cannot be written as JSON")?)?;
    } else {
        write_new(&path, markdown)?;
    }
    session.terminal.tell(&format!("Written to {}.", super::paper::shown(out)));
    Ok(())
}

/// Leaves restricted incidents out, unless they are asked for, and counts them.
fn seen(incidents: Vec<Incident>, common: &Common) -> (Vec<Incident>, usize) {
    let (restricted, mut seen): (Vec<Incident>, Vec<Incident>) =
        incidents.into_iter().partition(|incident| incident.is_restricted() && !common.restricted);
    // Stable, so that they stay in the order in which they were declared.
    seen.sort_by_key(|incident| incident.declared_at);
    (seen, restricted.len())
}
