//! Work that goes on beside a probe.

use std::future::Future;

use tokio::task::AbortHandle;

/// A task that ends with its owner, however that ends.
#[derive(Debug)]
pub(super) struct Task(AbortHandle);

impl Task {
    /// Starts it.
    pub fn spawn<F>(work: F) -> Self
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Self(tokio::spawn(work).abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
