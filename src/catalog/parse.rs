//! One text in, one definition out: the fast path.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{MergeKeyPolicy, Options};

use super::files::FileKind;
use super::lower;
use super::model::{Procedure, Source, Template};
use super::problem::Problem;
use super::raw::{RawProcedure, RawTemplate, RawWorkspace};
use super::tree::{MOST_LEVELS, MOST_VALUES};

/// What a file says.
#[derive(Debug, Clone)]
pub enum Definition {
    /// Something to walk.
    Procedure(Arc<Procedure>),
    /// A message template.
    Template(Arc<Template>),
    /// Settings, which only make sense together.
    Settings(Box<RawWorkspace>),
}

/// A definition, or what is wrong with it.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is good, as far as one file can be.
    Good(Definition),
    /// It is YAML of the right shape, but does not make sense.
    Wrong(Definition, Vec<Problem>),
    /// It is not YAML, or not of the right shape: what the YAML reader says, with line and column from 1.
    Misshapen(String, Option<(usize, usize)>),
}

/// Reads a text of some kind.
pub fn parse(kind: FileKind, id: &str, source: Source) -> Outcome {
    match kind {
        FileKind::Procedure(kind) => match yaml::<RawProcedure>(&source.text) {
            Ok(raw) => {
                let (procedure, problems) = lower::procedure(kind, id, raw, source);
                outcome(Definition::Procedure(Arc::new(procedure)), problems)
            }
            Err(misshapen) => misshapen,
        },
        FileKind::Template => match yaml::<RawTemplate>(&source.text) {
            Ok(raw) => {
                let (template, problems) = lower::template(id, raw, source);
                outcome(Definition::Template(Arc::new(template)), problems)
            }
            Err(misshapen) => misshapen,
        },
        FileKind::Settings => match yaml::<RawWorkspace>(&source.text) {
            Ok(raw) => Outcome::Good(Definition::Settings(Box::new(raw))),
            Err(misshapen) => misshapen,
        },
    }
}

/// The patterns under `include:`, whatever else is wrong with the text; none when it is not YAML.
pub fn includes(text: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct OnlyIncludes {
        #[serde(default)]
        include: Vec<String>,
    }
    serde_saphyr::from_str_with_options::<OnlyIncludes>(text, options()).map(|only| only.include).unwrap_or_default()
}

fn outcome(definition: Definition, problems: Vec<Problem>) -> Outcome {
    if problems.is_empty() { Outcome::Good(definition) } else { Outcome::Wrong(definition, problems) }
}

fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, Outcome> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let error = error.without_snippet();
        let place = error.location().and_then(|at| {
            Some((usize::try_from(at.line()).ok()?, usize::try_from(at.column()).ok()?)).filter(|(line, _)| *line > 0)
        });
        Outcome::Misshapen(error.to_string(), place)
    })
}

/// How all YAML is read: only `true` and `false` are booleans, and nothing grows beyond reason.
pub fn options() -> Options {
    serde_saphyr::options! {
        strict_booleans: true,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: MOST_LEVELS,
            max_nodes: MOST_VALUES,
            max_aliases: 1_000,
            max_documents: 1,
        },
    }
}
