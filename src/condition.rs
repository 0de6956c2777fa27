//! The conditions a probe holds its observations against.
