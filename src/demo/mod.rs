//! A small application on loopback that can be broken on purpose, so that a newcomer sees a real outage.
//!
//! Its parts are `web` (a page), `api` (`/health`, `/orders`, `/pool`) and `database` (lines over TCP). It runs as a
//! process of its own, and its record in the workspace says where it listens and which token its control endpoint
//! asks for. It ends when it is told to, when its record names it no longer (the workspace was deleted, say), and in
//! any case after [`LIFETIME`].

mod app;
mod client;
mod control;
mod database;
mod fault;
mod files;
mod launch;
mod pack;
mod record;
mod server;
mod site;

use std::time::Duration;

pub use app::{Pool, Standing};
pub use client::{Client, Running, query, running, stop};
pub use fault::Fault;
pub use launch::{LOG, detach, launch, program};
pub use pack::{INCLUDED, adapt, check_included, write_included};
pub use record::{Addresses, RECORD, Record};
pub use server::{Ended, Server};

/// No demo runs longer.
pub const LIFETIME: Duration = Duration::from_hours(12);
