//! `opsctl schema`: what editors need to help with definitions.

use clap::Args;

use crate::catalog::schema::{KINDS, schema as schema_of};
use crate::error::Result;

use super::session::Session;
use super::unknown;

/// What `opsctl schema` takes.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The kind of definition
    #[arg(value_parser = KINDS)]
    kind: String,
}

pub(super) fn schema(session: &mut Session<'_>, args: &SchemaArgs) -> Result<()> {
    let schema = text(&args.kind).ok_or_else(|| unknown("kind of definition", &args.kind, KINDS.into_iter(), &[]))?;
    session.terminal.print(&schema);
    Ok(())
}

/// The schema of a kind as it stands in a file; none for a word that is no kind.
pub(super) fn text(kind: &str) -> Option<String> {
    schema_of(kind).map(|schema| format!("{schema:#}\n"))
}
