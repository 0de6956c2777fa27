//! When the operator or the system asks this process to stop, and whether another process is still there.

use std::future::pending;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

static ASKED: AtomicBool = AtomicBool::new(false);
static WATCH: Once = Once::new();

/// Resolves when SIGINT, SIGTERM or SIGHUP arrives, and at once when one of the latter two has come before.
pub async fn interrupted() {
    watch();
    if asked_to_stop() {
        return;
    }
    tokio::select! {
        () = came(SignalKind::interrupt()) => {}
        () = came(SignalKind::terminate()) => {}
        () = came(SignalKind::hangup()) => {}
    }
}

/// Resolves when SIGINT or SIGTERM arrives; for a daemon, to which SIGHUP means something else.
pub async fn stopped() {
    tokio::select! {
        () = came(SignalKind::interrupt()) => {}
        () = came(SignalKind::terminate()) => {}
    }
}

/// Whether SIGTERM or SIGHUP has come since the first command was begun. Until then they end the process themselves.
pub fn asked_to_stop() -> bool {
    ASKED.load(Ordering::SeqCst)
}

async fn came(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => pending().await,
    }
}

// Once a signal is handled it is handled for good; between two commands somebody has to listen, too.
fn watch() {
    WATCH.call_once(|| {
        thread::spawn(|| {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                tokio::select! {
                    () = came(SignalKind::terminate()) => {}
                    () = came(SignalKind::hangup()) => {}
                }
            });
            ASKED.store(true, Ordering::SeqCst);
        });
    });
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
