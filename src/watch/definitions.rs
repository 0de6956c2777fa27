//! Whether the definitions can be taken over.

use crate::catalog::files::FileKind;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::workspace::Workspace;

/// The workspace without what the daemon does not need. Fails with the first mistake in the settings: a probe that is
/// missing would end its alerts, and one with a mistake would raise some. What else is broken does not concern it.
pub fn checked(mut workspace: Workspace) -> Result<Workspace> {
    let loaded = &mut workspace.loaded;
    let settings = loaded.paths().filter(|path| FileKind::of_path(path) == FileKind::Settings);
    let settings: Vec<String> = settings.map(str::to_owned).collect();
    match loaded.diagnose_for(&settings).into_iter().find(Diagnostic::is_error) {
        None => {
            loaded.let_go();
            Ok(workspace)
        }
        Some(Diagnostic { file, line, message, .. }) => {
            Err(Error::definition(format!("{file}:{line}: {message}")).hint("`opsctl lint` says everything at once"))
        }
    }
}
