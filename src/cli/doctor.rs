//! `opsctl doctor`: whether all is there that a walk will need. It only looks; nothing is made or changed.

mod needs;
mod store;

use std::path::{Path, PathBuf};

use clap::Args;
use rustix::fs::{Access, access};

use crate::error::{Error, Kind, Result};
use crate::view::count::{counted, together};
use crate::view::doctor::{CheckStatus, CheckView, checks_text, verdict};
use crate::workspace::{Surroundings, Workspace};

use super::session::Session;

/// What `opsctl doctor` takes.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {}

pub(super) fn doctor(session: &mut Session<'_>, _: &DoctorArgs) -> Result<()> {
    let mut checks = vec![CheckView::ok("opsctl", env!("CARGO_PKG_VERSION"))];
    let workspace = session.quiet_workspace();
    checks.push(found(&workspace));
    if let Ok(workspace) = &workspace {
        checks.push(definitions(workspace));
        checks.push(revision(workspace, &session.surroundings));
        checks.extend(tools(workspace, &session.surroundings));
        checks.extend(variables(workspace, &session.surroundings));
    }
    checks.push(shell());
    checks.push(terminal(session));
    checks.push(locale(&session.surroundings));
    if let Ok(workspace) = &workspace {
        match workspace.state_dir() {
            Ok(state_dir) => checks.extend(store::checks(state_dir, session.clock.now())),
            Err(error) => checks.push(problem("store", &error)),
        }
    }
    session.show(&checks, |look| checks_text(look, &checks))?;
    let verdict = verdict(&checks);
    if checks.iter().any(|check| check.status == CheckStatus::Problem) {
        return Err(Error::new(Kind::Negative, verdict));
    }
    session.terminal.tell(if verdict.is_empty() { "All is well." } else { &verdict });
    Ok(())
}

/// What a failure says, as one line, and its first way out.
fn problem(check: &str, error: &Error) -> CheckView {
    let hint = error.hints.first().map_or("", String::as_str);
    CheckView::problem(check, error.to_string(), hint)
}

fn found(workspace: &Result<Workspace>) -> CheckView {
    match workspace {
        Ok(Workspace { dir: Some(dir), .. }) => CheckView::ok("workspace", dir.display().to_string()),
        Ok(_) => CheckView::ok("workspace", "none here or above; the pack built into opsctl serves"),
        Err(error) => problem("workspace", error),
    }
}

fn definitions(workspace: &Workspace) -> CheckView {
    let problems = workspace.loaded.diagnose();
    let mut paths: Vec<&str> = workspace.loaded.paths().collect();
    let all = paths.len();
    paths.retain(|path| !problems.iter().any(|problem| problem.is_error() && problem.file == *path));
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let good = format!("{} of {} good", paths.len(), counted(all, "definition"));
    let what = together(&[(errors, "error"), (problems.len() - errors, "warning")]);
    let detail = if what.is_empty() { good } else { format!("{good}; {what}") };
    match (errors, problems.len()) {
        (0, 0) => CheckView::ok("definitions", detail),
        (0, _) => CheckView::warning("definitions", detail, SEE_LINT),
        _ => CheckView::problem("definitions", detail, SEE_LINT),
    }
}

const SEE_LINT: &str = "`opsctl lint` shows where and why";

fn revision(workspace: &Workspace, surroundings: &Surroundings) -> CheckView {
    let check = "revision";
    if workspace.dir.is_none() {
        return CheckView::ok(check, concat!("the pack of opsctl ", env!("CARGO_PKG_VERSION")));
    }
    match workspace.revision() {
        Some(revision) => {
            let state = if revision.dirty { "with changes that are not committed" } else { "clean" };
            CheckView::ok(check, format!("{} ({state})", revision.commit))
        }
        None if on_path("git", surroundings).is_none() => CheckView::warning(
            check,
            "git is not on the PATH",
            "install git, so that runs note the revision they followed",
        ),
        None => CheckView::warning(
            check,
            "the workspace is in no git repository, or nothing is committed there",
            "keep it in git, so that runs note the revision they followed",
        ),
    }
}

fn tools(workspace: &Workspace, surroundings: &Surroundings) -> Vec<CheckView> {
    let tools = needs::tools(&workspace.loaded.catalog).into_iter();
    let check = |(tool, wanted_by): (String, Vec<String>)| {
        let wanted_by = wanted_by.join(", ");
        let check = format!("tool {tool}");
        match on_path_or_in(&tool, surroundings, workspace.working_dir(surroundings)) {
            Some(place) => CheckView::ok(check, place.display().to_string()),
            None => CheckView::warning(
                check,
                format!("not found; wanted by {wanted_by}"),
                format!("install {tool}, or add its directory to the PATH"),
            ),
        }
    };
    tools.map(check).collect()
}

fn variables(workspace: &Workspace, surroundings: &Surroundings) -> Vec<CheckView> {
    let variables = needs::variables(&workspace.loaded.catalog).into_iter();
    let check = |(name, wanted_by): (String, Vec<String>)| {
        let check = format!("variable {name}");
        // The value is nobody's business, not even its length.
        match surroundings.var(&name) {
            Some(_) => CheckView::ok(check, "set"),
            None => CheckView::warning(
                check,
                format!("not set; wanted by {}", wanted_by.join(", ")),
                format!("export {name} before a walk that needs it"),
            ),
        }
    };
    variables.map(check).collect()
}

/// Where a shell finds a tool; none when it is on no directory of the PATH.
pub(super) fn on_path(tool: &str, surroundings: &Surroundings) -> Option<PathBuf> {
    let path = surroundings.var("PATH")?;
    let places = path.split(':').map(|dir| surroundings.cwd.join(dir).join(tool));
    places.into_iter().find(|place| is_program(place))
}

/// A tool with a slash in its name is looked for from the directory that commands run in, as a shell does.
fn on_path_or_in(tool: &str, surroundings: &Surroundings, dir: &Path) -> Option<PathBuf> {
    if tool.contains('/') {
        Some(dir.join(tool)).filter(|place| is_program(place))
    } else {
        on_path(tool, surroundings)
    }
}

fn is_program(place: &Path) -> bool {
    place.is_file() && access(place, Access::EXEC_OK).is_ok()
}

fn shell() -> CheckView {
    const SHELL: &str = "/bin/sh";
    if is_program(Path::new(SHELL)) {
        CheckView::ok("shell", SHELL)
    } else {
        CheckView::problem(
            "shell",
            format!("{SHELL} cannot be run"),
            "commands written as one text need it; install a POSIX shell",
        )
    }
}

fn terminal(session: &Session<'_>) -> CheckView {
    let look = session.terminal.look_err();
    let colour = if look.colour { "colour" } else { "no colour" };
    if session.terminal.can_ask() {
        return CheckView::ok("terminal", format!("{} columns, {colour}", look.width));
    }
    CheckView::warning(
        "terminal",
        "nobody can be asked: stdin or stderr is no terminal, or --no-input was said",
        "a walk stops with exit code 4 where it needs an answer; give them with --answers FILE",
    )
}

fn locale(surroundings: &Surroundings) -> CheckView {
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| surroundings.var(name)).unwrap_or("C");
    let plain = name.to_lowercase().replace('-', "");
    if plain.contains("utf8") {
        CheckView::ok("locale", name)
    } else {
        CheckView::warning(
            "locale",
            format!("{name} is not UTF-8; marks and umlauts may look wrong"),
            "export LC_ALL=C.UTF-8",
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::{locale, on_path_or_in};
    use crate::view::doctor::CheckStatus;
    use crate::workspace::Surroundings;

    fn surroundings(vars: &[(&str, &str)]) -> Surroundings {
        Surroundings {
            vars: vars
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            cwd: PathBuf::from("/"),
            host: "box".to_owned(),
            pid: 1,
        }
    }

    #[test]
    fn a_locale_is_utf8_however_it_is_spelled() {
        for (vars, status) in [
            (vec![("LANG", "en_US.UTF-8")], CheckStatus::Ok),
            (vec![("LANG", "de_DE.utf8")], CheckStatus::Ok),
            (vec![("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], CheckStatus::Warning),
            (vec![], CheckStatus::Warning),
        ] {
            assert_eq!(locale(&surroundings(&vars)).status, status, "{vars:?}");
        }
    }

    #[test]
    fn tools_are_found_as_a_shell_finds_them() {
        let surroundings = surroundings(&[("PATH", "/nowhere:/bin")]);
        let find = |tool| on_path_or_in(tool, &surroundings, Path::new("/bin"));
        assert_eq!(find("sh"), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find("./sh"), Some(PathBuf::from("/bin/./sh")));
        assert_eq!(find("no-such-tool"), None);
        assert_eq!(find("../etc/passwd"), None, "a file that is no program");
    }
}
