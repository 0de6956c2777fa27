//! One problem in a definition: where, what, what was meant; drawn with a caret.
