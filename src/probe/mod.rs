//! A probe definition in, an observation out.
