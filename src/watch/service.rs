//! What the service manager is told (systemd's notify protocol); nothing where there is none.

use std::time::Duration;

use sd_notify::{NotifyState, notify};

/// The daemon looks.
pub(super) fn ready(status: &str) {
    let _ = notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The daemon reads its definitions again; [`ready`] ends that.
pub(super) fn reloading() {
    let moment = NotifyState::monotonic_usec_now();
    let _ = match moment {
        Ok(moment) => notify(&[NotifyState::Reloading, moment]),
        Err(_) => notify(&[NotifyState::Reloading]),
    };
}

/// The daemon is about to end.
pub(super) fn stopping() {
    let _ = notify(&[NotifyState::Stopping]);
}

/// The daemon is alive.
pub(super) fn alive() {
    let _ = notify(&[NotifyState::Watchdog]);
}

/// How often [`alive`] has to be said, if the service manager wants to hear it: half of its patience.
pub(super) fn patience() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|whole| whole / 2)
}
