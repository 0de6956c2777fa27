//! Templates and expressions: strict, small, and without side effects.
