//! `opsctl watch`, the daemon: what it looks at, keeps and tells, and to whom. Everything around it is real.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

#[path = "../common/mod.rs"]
mod common;

mod alerting;
mod alertmanager;
mod clock;
mod crashing;
mod daemon;
mod heartbeats;
use common::hook;
mod incidents;
mod looking;
mod mailing;
mod outbox;
mod postman;
mod prometheus;
mod reloading;
mod scale;
mod server;
mod service;
mod stopping;
mod target;
mod telling;
mod timekeeping;
mod trouble;
