//! What is written on paper afterwards: metrics, post-mortems, exports, reports.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

#[path = "../common/mod.rs"]
mod common;

mod export;
mod lint;
mod metrics;
mod postmortem;
mod report;
mod world;
