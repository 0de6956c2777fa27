//! What is written about channels: mistakes, hints, and the examples of the document.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

#[path = "../common/mod.rs"]
mod common;

mod lint;
