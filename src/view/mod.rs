//! Pure: domain values to text and JSON.

pub mod look;
pub mod markdown;
pub mod table;
pub mod wrap;
