//! The engine: pure state, need, decide, apply. No clock, no files, no randomness, no async.
