//! The one loop: need, effect, event, view.
