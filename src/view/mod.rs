//! Pure: domain values to text and JSON.

pub mod board;
pub mod count;
pub mod dashboard;
pub mod demo;
pub mod difference;
pub mod doctor;
pub mod failure;
pub mod files;
pub mod import;
pub mod incident;
pub mod journal;
pub mod lint;
pub mod look;
pub mod markdown;
pub mod now;
pub mod objective;
pub mod probe;
pub mod procedure;
pub mod run;
pub mod schedule;
pub mod severity;
pub mod step;
pub mod table;
pub mod template;
pub mod timeline;
pub mod wrap;
