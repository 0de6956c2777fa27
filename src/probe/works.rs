//! Work on services that somebody has begun, as probers know it.

use std::sync::{Arc, PoisonError, RwLock};

use crate::ground::Time;
use crate::maintenance::{Maintenance, Underway};

/// Work that goes on. Whoever has a copy sees what the others set.
#[derive(Debug, Clone, Default)]
pub struct Works(Arc<RwLock<Vec<Underway>>>);

impl Works {
    /// What goes on of all that was planned.
    pub fn of(planned: &[Maintenance]) -> Self {
        let works = Self::default();
        works.set(planned);
        works
    }

    /// Takes over how planned work stands now.
    pub fn set(&self, planned: &[Maintenance]) {
        let works = planned.iter().filter_map(Maintenance::underway).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = works;
    }

    /// Whether a service is being worked on at a moment.
    pub(super) fn cover(&self, service: &str, at: Time) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().any(|work| work.covers(service, at))
    }
}
