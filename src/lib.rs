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

// Ground: ids, time, errors; they know nothing of the product.
pub mod error;
pub mod ground;

// Pure, one job each.
pub mod condition;
pub mod diagnostic;
pub mod redact;
pub mod schedule;
pub mod template;

// What is written down, and what follows from it.
pub mod catalog;
pub mod engine;
pub mod incident;
pub mod message;

// The edges: store, probes, processes.
pub mod journal;
pub mod probe;
pub mod process;

// What people see, and the door to them.
pub mod view;

pub mod terminal;

// What ties them together.
pub mod cli;
pub mod walk;
pub mod workspace;
