//! opsctl walks operators through runbooks, checklists, playbooks and incidents, and writes everything that
//! happens into one tamper-evident journal.
//!
//! The modules below stand in layer order: each may use those above it and none below it.
//! `tests/architecture.rs` reads the `use crate::` lines and fails on an arrow that points the wrong way.
//!
//! ```text
//! YAML in git ──► catalog ──► engine ──► journal ──► view
//!                 (checked)   (pure)   (append-only) (text, JSON)
//! ```

// Ground: they know nothing of the product. Blank lines keep the order, which has a meaning.

pub mod ground;

pub mod error;

// Pure, one job each.

pub mod fact;

pub mod diagnostic;

pub mod markdown;

pub mod redact;

pub mod expand;

pub mod template;

pub mod condition;

pub mod moment;

pub mod schedule;

pub mod percentile;

// What is written down, and what follows from it.

pub mod catalog;

pub mod import;

pub mod engine;

pub mod message;

pub mod incident;

pub mod maintenance;

pub mod postmortem;

pub mod monitor;

// The edges to the store and to other processes.

pub mod journal;

pub mod sample;

pub mod process;

pub mod probe;

pub mod channel;

pub mod listen;

pub mod demo;

// What people and programs see.

pub mod view;

pub mod terminal;

// What ties them together.

pub mod ledger;

pub mod workspace;

pub mod post;

pub mod walk;

pub mod site;

pub mod watch;

pub mod cli;
