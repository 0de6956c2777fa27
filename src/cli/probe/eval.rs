//! `opsctl probe eval`: tries one condition on an observation.

use std::io::Read as _;
use std::path::PathBuf;

use crate::cli::session::Session;
use crate::condition::{Compat, Condition, Facts};
use crate::error::{Error, Kind, Result};
use crate::ground::plain_line;
use crate::view::probe::eval::{EvalView, eval_text};

/// What `probe eval` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct EvalArgs {
    /// The condition: '[STATUS] == 200'
    #[arg(allow_hyphen_values = true)]
    condition: String,
    /// A file with the observation as JSON, `-` for standard input: {"status":200,"body":"…","response_time_ms":12}
    #[arg(long, value_name = "FILE")]
    observation: PathBuf,
    /// Whose meaning the condition has
    #[arg(long, value_name = "PROGRAM")]
    compat: Option<CompatArg>,
}

/// Whose meaning a condition has.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum CompatArg {
    /// Gatus's
    Gatus,
}

pub(super) fn eval(session: &mut Session<'_>, args: &EvalArgs) -> Result<()> {
    let compat = args.compat.map_or(Compat::Strict, |CompatArg::Gatus| Compat::Gatus);
    let facts = observation(session, args)?;
    let condition = match Condition::parse_as(&args.condition, compat) {
        Ok(condition) => condition,
        Err(wrong) => {
            let shown = plain_line(args.condition.trim());
            let view = EvalView { passed: false, shown, error: Some(wrong.to_string()) };
            if session.is_json() {
                session.show(&view, |_| String::new())?;
            }
            let colour = session.terminal.look_err().colour;
            session.terminal.say(&wrong.picture(&args.condition, colour));
            return Err(Error::said(Kind::Usage.exit_code()));
        }
    };
    let outcome = condition.evaluate(&facts);
    let view = EvalView { passed: outcome.passed, shown: outcome.shown, error: outcome.error };
    session.show(&view, |look| eval_text(look, &view))?;
    if view.passed { Ok(()) } else { Err(Error::said(Kind::Negative.exit_code())) }
}

fn observation(session: &Session<'_>, args: &EvalArgs) -> Result<Facts> {
    let file = session.surroundings.cwd.join(&args.observation);
    let is_stdin = args.observation.as_os_str() == "-";
    let read = if is_stdin {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(&file)
    };
    let name = if is_stdin { "standard input".to_owned() } else { args.observation.display().to_string() };
    let text = read.map_err(|cause| {
        Error::usage(format!("the observation {name} cannot be read")).cause(cause).hint("say a file with JSON in it")
    })?;
    Facts::from_json(&text, session.clock.now()).map_err(|why| {
        Error::usage(format!("{name} is no observation: {why}")).hint(
            "for example: {\"status\":200,\"body\":\"ok\",\"response_time_ms\":12,\"headers\":{\"server\":\"x\"}}",
        )
    })
}
