//! What a page is gathered from.
