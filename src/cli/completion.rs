//! `opsctl completion`: lets a shell ask opsctl what may come next.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use crate::error::Result;

use super::session::Session;

/// What `opsctl completion` takes.
#[derive(Debug, Args)]
#[command(after_help = INSTALL)]
pub(super) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

const INSTALL: &str = "Add one line to the start-up file of the shell; ids are then completed from the workspace:
  bash        source <(opsctl completion bash)                      in ~/.bashrc
  zsh         source <(opsctl completion zsh)                       in ~/.zshrc, after compinit
  fish        opsctl completion fish | source                       in ~/.config/fish/config.fish
  elvish      eval (opsctl completion elvish | slurp)               in ~/.elvish/rc.elv
  powershell  opsctl completion powershell | Out-String | Invoke-Expression    in $PROFILE";

/// A shell that can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// Bourne again
    Bash,
    /// Z
    Zsh,
    /// Friendly interactive
    Fish,
    /// Elvish
    Elvish,
    /// PowerShell
    Powershell,
}

impl Shell {
    const fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
            Self::Elvish => &Elvish,
            Self::Powershell => &Powershell,
        }
    }
}

/// The variable by which a shell says that it asks; `clap_complete`'s own.
const ASKING: &str = "COMPLETE";

pub(super) fn completion(session: &mut Session<'_>, args: &CompletionArgs) -> Result<()> {
    let mut script = Vec::new();
    args.shell
        .completer()
        .write_registration(ASKING, "opsctl", "opsctl", &program(session), &mut script)
        .context("the script cannot be made")?;
    session.terminal.print(&String::from_utf8_lossy(&script));
    Ok(())
}

/// How this program was called; a path is made absolute, so that it works from every directory.
fn program(session: &Session<'_>) -> String {
    let called = std::env::args_os().next().map_or_else(|| "opsctl".into(), std::path::PathBuf::from);
    let path = if called.components().count() > 1 { session.surroundings.cwd.join(called) } else { called };
    path.to_string_lossy().into_owned()
}
