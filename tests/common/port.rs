//! Ports for servers that want to be told theirs.

use std::net::TcpListener;

/// How often a server is started anew because somebody else has taken its port.
const ATTEMPTS: usize = 20;

/// A port that was free a moment ago.
fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What `start` makes of a free port; it gives none where the port was taken.
#[track_caller]
pub fn on_a_free_one<T>(start: impl Fn(u16) -> Option<T>) -> T {
    (0..ATTEMPTS).find_map(|_| start(free())).expect("a server that starts")
}
