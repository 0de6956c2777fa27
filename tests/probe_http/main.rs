//! Probes by HTTP from outside: against nginx, through proxies, over bad certificates, and against servers that are of
//! no use.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]
#![allow(clippy::format_push_string, clippy::format_collect, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod certificates;
mod nginx;
mod proxies;
mod useless;
