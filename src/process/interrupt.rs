//! When the operator or the system asks this process to stop, and whether another process is still there.

use std::future::pending;

use tokio::signal::unix::{SignalKind, signal};

/// Resolves when SIGINT, SIGTERM or SIGHUP arrives. Signals that came before the call are not seen.
pub async fn interrupted() {
    let wait = async |kind| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
        () = wait(SignalKind::hangup()) => {}
    }
}

/// Whether a process is there. One on another machine cannot be seen and counts as there.
pub fn is_alive(pid: u32, host: &str, own_host: &str) -> bool {
    if host != own_host {
        return true;
    }
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// The ids of processes whose environment has all of these variables: what a command left running. Where the system
/// does not tell (no `/proc`), none.
pub fn with_environment(marks: &[(&str, &str)]) -> Vec<u32> {
    let wanted: Vec<String> = marks.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut found: Vec<u32> = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| *pid != std::process::id())
        .filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let has = |wanted: &String| environment.split(|byte| *byte == 0).any(|one| one == wanted.as_bytes());
            wanted.iter().all(has)
        })
        .collect();
    found.sort_unstable();
    found
}
