//! The starter pack: the repository's own definitions, built into the binary.

use include_dir::{Dir, include_dir};

use super::files::{FileKind, Found, Place, SETTINGS_FILE};

static RUNBOOKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runbooks");
static CHECKLISTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/checklists");
static PLAYBOOKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/playbooks");
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static SETTINGS: &str = include_str!("../../opsctl.yaml");

/// Every file of the pack: its path relative to the workspace, and its text.
pub fn pack() -> Vec<(String, &'static str)> {
    let folders = [&RUNBOOKS, &CHECKLISTS, &PLAYBOOKS, &TEMPLATES];
    let names = FileKind::WITH_FOLDER.into_iter().filter_map(FileKind::folder);
    let mut files: Vec<(String, &'static str)> = folders
        .into_iter()
        .zip(names)
        .flat_map(|(folder, name)| folder.files().map(move |file| (name, file)))
        .filter_map(|(name, file)| {
            let path = file.path();
            let path = path.extension().filter(|extension| *extension == "yaml").and(path.to_str())?;
            Some((format!("{name}/{path}"), file.contents_utf8()?))
        })
        .collect();
    files.sort();
    files.insert(0, (SETTINGS_FILE.to_owned(), SETTINGS));
    files
}

pub(super) fn settings() -> Found {
    found(SETTINGS_FILE.to_owned(), SETTINGS)
}

pub(super) fn definitions() -> Vec<Found> {
    pack().into_iter().skip(1).map(|(path, text)| found(path, text)).collect()
}

fn found(path: String, text: &'static str) -> Found {
    Found { kind: FileKind::of_path(&path), path, place: Place::Text(text), refusal: None }
}

#[cfg(test)]
mod tests {
    use super::pack;

    #[test]
    fn the_pack_has_every_folder() {
        let paths: Vec<String> = pack().into_iter().map(|(path, _)| path).collect();
        for start in ["opsctl.yaml", "runbooks/", "checklists/", "playbooks/", "templates/"] {
            assert!(paths.iter().any(|path| path.starts_with(start)), "{start} is missing");
        }
    }
}
