//! The threads of the daemon, which end together.

use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle};

use tokio::sync::Notify;

use crate::error::{Error, Result};

/// Threads that have been begun.
pub(super) struct Parts<'scope, 'env> {
    threads: &'scope Scope<'scope, 'env>,
    broken_down: Arc<Notify>,
    begun: Vec<(&'static str, ScopedJoinHandle<'scope, Result<()>>)>,
}

/// Tells, however a thread ends, that it has ended.
struct End(Arc<Notify>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl<'scope, 'env> Parts<'scope, 'env> {
    /// No threads yet.
    pub fn new(threads: &'scope Scope<'scope, 'env>) -> Self {
        Self { threads, broken_down: Arc::default(), begun: Vec::new() }
    }

    /// Is notified when a thread has ended.
    pub fn broken_down(&self) -> Arc<Notify> {
        Arc::clone(&self.broken_down)
    }

    /// Begins a thread.
    pub fn begin(&mut self, name: &'static str, work: impl FnOnce() -> Result<()> + Send + 'scope) {
        let end = End(self.broken_down());
        let thread = self.threads.spawn(move || {
            let _end = end;
            work()
        });
        self.begun.push((name, thread));
    }

    /// Waits for all of them. Gives the first failure, in the order they were begun.
    pub fn join(self) -> Result<()> {
        let ends = self.begun.into_iter().map(|(name, thread)| thread.join().unwrap_or_else(|_| Err(panicked(name))));
        ends.fold(Ok(()), Result::and)
    }
}

fn panicked(name: &str) -> Error {
    Error::environment(format!("the {name} of the daemon broke down"))
        .hint("this is a fault of opsctl; please report it")
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::Parts;
    use crate::error::Error;

    #[test]
    fn one_that_ends_is_noticed_and_all_are_waited_for() {
        let done = thread::scope(|threads| {
            let mut parts = Parts::new(threads);
            let broken_down = parts.broken_down();
            parts.begin("good", || Ok(()));
            parts.begin("bad", || Err(Error::environment("no disk")));
            parts.begin("panicking", || std::panic::resume_unwind(Box::new("a test")));
            parts.begin("watching", move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(broken_down.notified());
                Ok(())
            });
            parts.join()
        });
        assert_eq!(done.unwrap_err().message, "no disk");
        let panicked = thread::scope(|threads| {
            let mut parts = Parts::new(threads);
            parts.begin("clerk", || std::panic::resume_unwind(Box::new("a test")));
            parts.join()
        });
        assert_eq!(panicked.unwrap_err().message, "the clerk of the daemon broke down");
    }
}
