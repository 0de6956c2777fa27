use std::fs;
use std::future::{Future, pending};
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Ending, Finished, Job, Program, run};
use crate::redact::{HIDDEN, Redactor};

fn shell(script: &str) -> Job {
    job(Program::Shell(script.to_owned()))
}

fn argv(words: &[&str]) -> Job {
    job(Program::Argv(words.iter().map(ToString::to_string).collect()))
}

fn job(program: Program) -> Job {
    Job { program, env: Vec::new(), dir: "/".into(), timeout: None, grace: Duration::from_secs(20) }
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn finish(job: Job) -> Finished {
    block(run(job, &Redactor::default(), &mut |_| {}, pending()))
}

fn why(job: Job) -> String {
    match finish(job).ending {
        Ending::NotStarted(why) => why,
        other => panic!("{other:?}"),
    }
}

/// Process ids, as a script wrote them into a file.
fn pids(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap().split_whitespace().map(str::to_owned).collect()
}

fn is_alive(pid: &str) -> bool {
    // Who has ended but was not yet waited for, by an init that does not care, still has an id.
    let is_zombie = fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "));
    let kill = format!("kill -0 {pid} 2>/dev/null");
    !is_zombie && std::process::Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success()
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ready once `file` is there: the command under test has come so far.
async fn appears(file: &Path) {
    while !file.exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn exit_codes_and_signals_are_told_apart() {
    assert_eq!(finish(shell("exit 0")).ending, Ending::Exited(0));
    assert_eq!(finish(shell("exit 7")).ending, Ending::Exited(7));
    assert_eq!(finish(shell("kill -9 $$")).ending, Ending::Signaled(9));
    assert_eq!(finish(argv(&["false"])).ending, Ending::Exited(1));
}

#[test]
fn both_streams_come_in_order_and_apart() {
    let finished = finish(shell("echo one; sleep 0.2; echo two >&2; sleep 0.2; printf three"));
    assert_eq!(finished.output, "one\ntwo\nthree");
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("one\nthree", "two\n"));
    assert_eq!(finished.truncated_bytes, 0);
}

#[test]
fn standard_input_is_empty() {
    assert_eq!(finish(shell("cat; echo done")).output, "done\n");
}

#[test]
fn an_unfinished_line_is_shown_when_it_rests() {
    let dir = tempfile::tempdir().unwrap();
    let go = dir.path().join("go");
    let mut seen = String::new();
    let mut job = shell("printf 'Waiting: '; while [ ! -e \"$GO\" ]; do sleep 0.05; done; echo done");
    job.env.push(("GO".to_owned(), go.display().to_string()));
    // The command goes on only after its unfinished line has been seen.
    let mut live = |text: &str| {
        seen.push_str(text);
        if seen == "Waiting: " {
            fs::write(&go, "").unwrap();
        }
    };
    let finished = block(run(job, &Redactor::default(), &mut live, pending()));
    assert_eq!(finished.output, "Waiting: done\n");
    assert_eq!(seen, finished.output);
}

#[test]
fn a_secret_is_hidden_even_when_it_comes_in_parts() {
    let redactor = Redactor::new(["hunter2-secret".to_owned()]);
    let mut seen = String::new();
    let script = "printf 'a hunter2'; sleep 0.3; printf -- '-sec'; sleep 0.3; echo 'ret b'; sleep 0.3; \
                  printf 'hunter2\\033[1m-secret\\n' >&2";
    let finished = block(run(shell(script), &redactor, &mut |text| seen.push_str(text), pending()));
    assert_eq!(finished.output, format!("a {HIDDEN} b\n{HIDDEN}\n"));
    assert_eq!(seen, finished.output);
    assert_eq!(finished.stdout, "a hunter2-secret b\n");
}

#[test]
fn output_is_cleaned_and_need_not_be_utf8() {
    let finished = finish(shell(r"printf '\033[2Jred \377\033]0;title\007 caf\303'; sleep 0.3; printf '\251\r\n'"));
    assert_eq!(finished.output, "red \u{fffd} café\n");
}

#[test]
fn big_output_is_bounded() {
    let mut shown = 0;
    let job = shell("yes 0123456 | head -c 20000000");
    let finished = block(run(job, &Redactor::default(), &mut |text| shown += text.len(), pending()));
    assert_eq!(finished.ending, Ending::Exited(0));
    assert_eq!(shown, 20_000_000);
    for text in [&finished.output, &finished.stdout] {
        assert!(text.len() <= 1024 * 1024 + 100, "{}", text.len());
        assert!(text.contains("bytes left out …\n"));
    }
    let notice = finished.output.lines().find(|line| line.starts_with('…')).unwrap().len() as u64 + 1;
    assert_eq!(finished.output.len() as u64 - notice + finished.truncated_bytes, 20_000_000);
}

#[test]
fn values_reach_the_command_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let value = "$(touch x); \"' \n`touch y` \\ * ~ ä";
    let mut by_env = shell("printf %s \"$VALUE\"");
    by_env.env.push(("VALUE".to_owned(), value.to_owned()));
    let mut by_argv = argv(&["printf", "%s", value]);
    for job in [&mut by_env, &mut by_argv] {
        job.dir = dir.path().to_owned();
        assert_eq!(finish(job.clone()).stdout, value);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "something in the value ran");
}

#[test]
fn a_time_limit_stops_the_command_and_what_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let mut job = shell(&format!("sleep 600 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", file.display()));
    job.timeout = Some(Duration::from_secs(2));
    let finished = finish(job);
    assert_eq!(finished.ending, Ending::TimedOut);
    for pid in pids(&file) {
        wait_until("the process is gone", || !is_alive(&pid));
    }
}

#[test]
fn a_command_that_obeys_term_can_clean_up() {
    let mut job = shell("trap 'echo cleaned; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
    job.timeout = Some(Duration::from_secs(1));
    let finished = finish(job);
    assert_eq!(finished.ending, Ending::TimedOut);
    // The shell may add on stderr that its own child was terminated.
    assert_eq!(finished.stdout, "ready\ncleaned\n");
}

#[test]
fn a_command_that_ignores_term_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let script = format!(
        "trap '' TERM; sh -c 'while :; do sleep 0.05; done' & echo $$ $! > {0}.new; mv {0}.new {0}; while :; do sleep 0.05; done",
        file.display()
    );
    let mut job = shell(&script);
    job.grace = Duration::from_millis(200);
    let finished = block(run(job, &Redactor::default(), &mut |_| {}, appears(&file)));
    assert_eq!(finished.ending, Ending::Cancelled);
    let pids = pids(&file);
    assert_eq!(pids.len(), 2);
    for pid in pids {
        wait_until("the process is gone", || !is_alive(&pid));
    }
}

#[test]
fn a_grandchild_that_outlives_its_stopped_parent_is_killed_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    // The parent obeys TERM; its child ignores it and has closed its output.
    let script = format!(
        "sh -c 'trap \"\" TERM; echo $$ > {0}.new; mv {0}.new {0}; while :; do sleep 0.05; done' >/dev/null 2>&1 & wait",
        file.display()
    );
    let mut job = shell(&script);
    job.grace = Duration::from_millis(200);
    assert_eq!(block(run(job, &Redactor::default(), &mut |_| {}, appears(&file))).ending, Ending::Cancelled);
    for pid in pids(&file) {
        wait_until("the grandchild is gone", || !is_alive(&pid));
    }
}

#[test]
fn a_process_left_in_the_background_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let finished = finish(shell(&format!("sleep 600 & echo $! > {}; echo started", file.display())));
    let pid = pids(&file).remove(0);
    assert_eq!((finished.ending, finished.output.as_str()), (Ending::Exited(0), "started\n"));
    assert!(is_alive(&pid), "it was meant to stay");
    assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
}

#[test]
fn a_dropped_run_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let job = shell(&format!("sleep 600 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", file.display()));
    block(async {
        let redactor = Redactor::default();
        let mut ignore = |_: &str| {};
        tokio::select! {
            _ = run(job, &redactor, &mut ignore, pending()) => panic!("it does not end by itself"),
            () = appears(&file) => {}
        }
    });
    for pid in pids(&file) {
        wait_until("the process is gone", || !is_alive(&pid));
    }
}

#[test]
fn what_cannot_be_started_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| dir.path().join(path).display().to_string();
    fs::write(at("plain"), "not a program").unwrap();
    fs::write(at("script"), "#!/no/such/interpreter\n").unwrap();
    assert!(std::process::Command::new("chmod").args(["+x", &at("script")]).status().unwrap().success());

    assert!(why(argv(&["no-such-program-here"])).contains("`no-such-program-here` was not found: install it"));
    assert!(why(argv(&["/no/such/program"])).contains("`/no/such/program` does not exist"));
    assert!(why(argv(&[&at("plain")])).contains("may not be run"));
    assert!(why(argv(&[&at("script")])).contains("interpreter"));
    assert!(why(argv(&[])).contains("the command is empty"));
    assert!(why(argv(&["echo", "a\0b"])).contains("NUL"));
    assert!(why(shell("echo \0")).contains("NUL"));

    let mut job = shell("true");
    job.env = vec![("NAME".to_owned(), "a\0b".to_owned())];
    assert!(why(job.clone()).contains("the value of NAME has a NUL"));
    job.env = vec![("A=B".to_owned(), "x".to_owned())];
    assert!(why(job.clone()).contains("`A=B` cannot be the name"));
    job.env.clear();
    job.dir = dir.path().join("missing");
    assert!(why(job.clone()).contains("which does not exist"));
    job.dir = dir.path().join("plain");
    assert!(why(job).contains("which is not a directory"));
    assert!(why(argv(&["echo", &"x".repeat(8_000_000)])).contains("longer than the system allows"));
}
