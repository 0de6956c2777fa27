//! Pure: domain values to text and JSON.

pub mod board;
pub mod difference;
pub mod failure;
pub mod incident;
pub mod look;
pub mod markdown;
pub mod now;
pub mod probe;
pub mod procedure;
pub mod run;
pub mod schedule;
pub mod step;
pub mod table;
pub mod template;
pub mod timeline;
pub mod wrap;
