//! The public status page: what programs read, what browsers show, and what bad input becomes.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

#[path = "../common/mod.rs"]
mod common;

mod folder;
mod pictures;
mod sample;
