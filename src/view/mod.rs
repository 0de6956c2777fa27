//! Pure: domain values to text and JSON.
