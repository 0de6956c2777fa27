//! The journal's file, its neighbours and its disk, without touching them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use crate::error::Error;
use crate::ground::{Time, rfc3339};
use crate::journal::{Journal, JournalError, SqliteJournal, companions, database};
use crate::view::count::{bytes, counted};
use crate::view::doctor::CheckView;

use super::problem;

/// Less free space than this is a warning: an incident writes a lot of output.
const LITTLE: u64 = 100_000_000;

/// Every check of the journal in a directory.
pub(super) fn checks(dir: &Path, now: Time) -> Vec<CheckView> {
    let mut checks = Vec::new();
    match SqliteJournal::open_read(dir) {
        Err(error) => checks.push(problem("journal", &error.into())),
        Ok(None) => {
            checks.push(CheckView::ok("journal", format!("none yet; the first run makes {}", database(dir).display())));
        }
        Ok(Some(journal)) => {
            checks.push(CheckView::ok("journal", place(dir)));
            checks.push(integrity(&journal));
            checks.push(clock(&journal, now));
        }
    }
    checks.push(writable(dir));
    checks.extend(permissions(dir));
    checks.push(space(dir));
    checks
}

fn place(dir: &Path) -> String {
    let file = database(dir);
    let size = fs::metadata(&file).map(|file| bytes(file.len())).unwrap_or_default();
    format!("{}, {size}", file.display())
}

fn integrity(journal: &dyn Journal) -> CheckView {
    let check = "integrity";
    match journal.verify() {
        Err(error) => problem(check, &error.into()),
        Ok(found) if found.findings.is_empty() => {
            let count = |count, one| counted(usize::try_from(count).unwrap_or(usize::MAX), one);
            let detail =
                format!("{} in {}, every hash fits", count(found.events, "event"), count(found.streams, "stream"));
            CheckView::ok(check, detail)
        }
        Ok(found) => CheckView::problem(
            check,
            format!("the journal is not as it was written: {}", counted(found.findings.len(), "finding")),
            "`opsctl journal verify` names each; keep the file and make a copy of it",
        ),
    }
}

/// A clock that runs behind the journal writes times that are wrong.
fn clock(journal: &dyn Journal, now: Time) -> CheckView {
    let check = "clock";
    let newest = |journal: &dyn Journal| -> Result<Option<Time>, JournalError> {
        Ok(journal.read_all("")?.into_iter().map(|event| event.at).max())
    };
    match newest(journal) {
        Err(error) => problem(check, &Error::from(error)),
        Ok(Some(newest)) if newest > now => CheckView::problem(
            check,
            format!("it is {}, and the newest event is of {}", rfc3339(now), rfc3339(newest)),
            "set the clock; until then new events get the time of the last one",
        ),
        Ok(_) => CheckView::ok(check, rfc3339(now)),
    }
}

fn writable(dir: &Path) -> CheckView {
    let check = "writing";
    let file = database(dir);
    let existing = dir.ancestors().find(|dir| dir.exists()).unwrap_or(dir);
    let refused = |path: &Path| access(path, Access::WRITE_OK).err().map(|cause| (path.to_owned(), cause));
    let refusal = refused(existing).or_else(|| file.exists().then(|| refused(&file)).flatten());
    match refusal {
        Some((path, cause)) => CheckView::problem(
            check,
            format!("{} cannot be written: {}", path.display(), std::io::Error::from(cause)),
            "make it writable for you, or choose another workspace with -C DIR",
        ),
        None if !existing.is_dir() => CheckView::problem(
            check,
            format!("{} is a file where a directory is needed", existing.display()),
            "move that file away",
        ),
        None => CheckView::ok(check, existing.display().to_string()),
    }
}

fn permissions(dir: &Path) -> Option<CheckView> {
    let check = "permissions";
    let [log, memory] = companions(dir);
    let too_open: Vec<String> = [(dir.to_owned(), 0o700), (database(dir), 0o600), (log, 0o600), (memory, 0o600)]
        .into_iter()
        .filter_map(|(path, most)| {
            let mode = fs::metadata(&path).ok()?.permissions().mode() & 0o777;
            (mode & !most != 0).then(|| format!("{} has {mode:04o}, not {most:04o}", path.display()))
        })
        .collect();
    if !dir.exists() {
        return None;
    }
    Some(if too_open.is_empty() {
        CheckView::ok(check, "only you can read the journal")
    } else {
        CheckView::warning(
            check,
            format!("others can get at the journal: {}", too_open.join("; ")),
            format!("chmod -R go= {}; the next run does it too", dir.display()),
        )
    })
}

fn space(dir: &Path) -> CheckView {
    let check = "disk space";
    let existing = dir.ancestors().find(|dir| dir.exists()).unwrap_or(dir);
    match statvfs(existing) {
        Err(cause) => CheckView::warning(check, std::io::Error::from(cause).to_string(), "look at the disk with `df`"),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let detail = format!("{} free at {}", bytes(free), existing.display());
            if free < LITTLE {
                CheckView::warning(check, detail, "free some space there")
            } else {
                CheckView::ok(check, detail)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::checks;
    use crate::ground::{Actor, Clock as _, SystemClock, Time};
    use crate::journal::{Context, Journal as _, NewEvent, SqliteJournal};
    use crate::view::doctor::{CheckStatus, CheckView};

    fn written(dir: &std::path::Path, at: Time) {
        let context = Context { at, actor: Actor("alice".to_owned()), host: "box".to_owned() };
        let event = NewEvent { kind: "note_added".to_owned(), body: json!({"text": "x"}) };
        SqliteJournal::open(dir).unwrap().append("run/a.1", 0, &context, &[event]).unwrap();
    }

    fn status(checks: &[CheckView], name: &str) -> Option<CheckStatus> {
        checks.iter().find(|check| check.check == name).map(|check| check.status)
    }

    #[test]
    fn looking_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/b");
        let checks = checks(&state, SystemClock.now());
        assert!(checks.iter().all(|check| check.status == CheckStatus::Ok), "{checks:?}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_clock_behind_the_journal_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemClock.now();
        written(dir.path(), now);
        assert_eq!(status(&checks(dir.path(), now + TimeDelta::hours(1)), "clock"), Some(CheckStatus::Ok));
        assert_eq!(status(&checks(dir.path(), now - TimeDelta::hours(1)), "clock"), Some(CheckStatus::Problem));
    }

    #[test]
    fn a_file_in_the_way_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        std::fs::write(&state, "x").unwrap();
        let checks = checks(&state, SystemClock.now());
        assert!(checks.iter().any(|check| check.status == CheckStatus::Problem), "{checks:?}");
    }
}
