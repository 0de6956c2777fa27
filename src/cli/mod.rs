//! One verb a file: its clap struct, then its function.
