//! The public status page at work: what is known is gathered, written to a directory, and kept ready to be served.

mod folder;
mod gather;
mod publisher;
mod told;
mod tree;

pub use folder::{Folder, Written, write};
pub use gather::gather;
pub use publisher::Publisher;

use std::path::Path;

use crate::error::Result;
use crate::ground::Clock;
use crate::workspace::{Surroundings, Workspace};

/// Makes the page anew in a directory, which is relative to the workspace.
pub fn publish(workspace: &Workspace, surroundings: &Surroundings, dir: &str, clock: &dyn Clock) -> Result<()> {
    let folder = Folder::take(&workspace.working_dir(surroundings).join(Path::new(dir)))?;
    // Only now: what another has queued meanwhile belongs on it.
    let page = gather(workspace, None, clock.now())?;
    folder.write(&crate::view::page::files(&page)).map(drop)
}
