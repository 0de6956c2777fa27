//! Incidents: pure state, transitions and durations.
