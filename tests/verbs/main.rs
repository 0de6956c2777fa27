//! The small verbs from outside: what they print for people and for programs, and how they fail.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

#[path = "../common/mod.rs"]
mod common;

mod completion;
mod doctor;
mod init;
mod journal;
mod lint;
mod lists;
mod man;
mod schema;
mod transfer;
