//! The page, ready to be handed out: made when somebody asks, and again when it is some seconds old.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use axum::body::Bytes;
use chrono::TimeDelta;

use crate::error::Result;
use crate::ground::{Clock, Time};
use crate::view::page::{Page, files};

/// For so long a page that was made is handed out.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// Makes the page.
type Make = Box<dyn Fn(Time) -> Result<Page> + Send + Sync>;

/// Hands out the files of the page, to many at the same time.
pub struct Publisher {
    make: Make,
    clock: &'static dyn Clock,
    kept: Mutex<Option<Arc<Kept>>>,
    /// Held by the one who is making the page.
    making: Mutex<()>,
}

/// The page as it was made.
struct Kept {
    at: Time,
    files: BTreeMap<String, Bytes>,
}

impl Publisher {
    /// A publisher of what `make` makes.
    pub fn new(clock: &'static dyn Clock, make: impl Fn(Time) -> Result<Page> + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), clock, kept: Mutex::new(None), making: Mutex::new(()) }
    }

    /// A file of the page by its path in it; none when it has no such file. It may take as long as the store does.
    pub fn file(&self, path: &str) -> Result<Option<Bytes>> {
        Ok(self.current()?.files.get(path).cloned())
    }

    /// However many ask, one of them makes the page anew; the others get the one before, or wait for the first.
    fn current(&self) -> Result<Arc<Kept>> {
        let kept = lock(&self.kept).clone();
        let _making = match (kept, self.making.try_lock()) {
            (Some(kept), _) if self.is_fresh(&kept) => return Ok(kept),
            (_, Ok(making)) => making,
            (_, Err(TryLockError::Poisoned(broken))) => broken.into_inner(),
            (Some(kept), Err(TryLockError::WouldBlock)) => return Ok(kept),
            (None, Err(TryLockError::WouldBlock)) => lock(&self.making),
        };
        // While the first was being made, others came to wait for it.
        if let Some(kept) = lock(&self.kept).clone().filter(|kept| self.is_fresh(kept)) {
            return Ok(kept);
        }
        let at = self.clock.now();
        let files = files(&(self.make)(at)?);
        let files = files.into_iter().map(|(path, bytes)| (path, Bytes::from(bytes))).collect();
        let made = Arc::new(Kept { at, files });
        *lock(&self.kept) = Some(Arc::clone(&made));
        Ok(made)
    }

    fn is_fresh(&self, kept: &Kept) -> bool {
        let age = self.clock.now() - kept.at;
        // A clock that was set back makes nothing fresh.
        age >= TimeDelta::zero() && age < FRESH
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
