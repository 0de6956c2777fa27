//! Turns: how many probes are made at the same time, in all and at one host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::look;
use crate::catalog::model::Probe;

/// How much happens at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Probes in all.
    pub at_once: usize,
    /// Probes of one host and port.
    pub per_host: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 512, per_host: 32 }
    }
}

/// Whose turn it is.
#[derive(Debug)]
pub struct Turns {
    limits: Limits,
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The right to make one probe; it ends when this is dropped.
#[derive(Debug)]
pub struct Turn {
    _of_host: Option<OwnedSemaphorePermit>,
    _of_all: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Turns within these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, all: Arc::new(Semaphore::new(limits.at_once.max(1))), hosts: Mutex::default() }
    }

    /// Waits for the probe's turn. First the host's: whoever waits for a host must not keep others from theirs.
    pub async fn take(&self, probe: &Probe) -> Turn {
        let of_host = match self.host(probe) {
            Some(host) => host.acquire_owned().await.ok(),
            None => None,
        };
        Turn { _of_host: of_host, _of_all: Arc::clone(&self.all).acquire_owned().await.ok() }
    }

    fn host(&self, probe: &Probe) -> Option<Arc<Semaphore>> {
        let place = look::place(probe)?;
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Semaphore::new(self.limits.per_host.max(1)));
        Some(Arc::clone(hosts.entry(place).or_insert_with(new)))
    }
}
