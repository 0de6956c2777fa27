//! Runs a command in its own process group: live output, limits, a clean end.
