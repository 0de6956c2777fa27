//! The only door to stdout, stderr and prompts.
