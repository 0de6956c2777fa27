//! The public status page: what programs read, what browsers show, and what bad input becomes.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

#[path = "../common/mod.rs"]
mod common;

mod accessible;
mod browser;
mod built;
mod client;
mod days;
mod feed;
mod folder;
mod hostile;
mod npm;
mod overall;
mod pictures;
mod sample;
mod served;
mod shapes;
