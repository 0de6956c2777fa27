//! Takes declared secrets out of text, whole, split or encoded.
