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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier};
    use std::thread;

    use chrono::{DateTime, FixedOffset, TimeDelta};

    use super::Publisher;
    use crate::error::Error;
    use crate::ground::{Clock, Time};
    use crate::view::page::Page;

    /// A clock that is set by hand, in seconds.
    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Time {
            Time::UNIX_EPOCH + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
        }

        fn local(&self, time: Time) -> DateTime<FixedOffset> {
            time.fixed_offset()
        }
    }

    fn page(at: Time) -> Page {
        Page { title: "Test".to_owned(), url: None, at, services: vec![], incidents: vec![], maintenances: vec![] }
    }

    fn publisher() -> (Arc<Publisher>, &'static Hand, Arc<AtomicUsize>) {
        let (hand, made): (&'static Hand, Arc<AtomicUsize>) = (Box::leak(Box::default()), Arc::default());
        let count = Arc::clone(&made);
        let publisher = Publisher::new(hand, move |at| {
            thread::sleep(std::time::Duration::from_millis(50));
            match count.fetch_add(1, Ordering::SeqCst) {
                3 => Err(Error::environment("no disk")),
                _ => Ok(page(at)),
            }
        });
        (Arc::new(publisher), hand, made)
    }

    #[test]
    fn it_is_made_once_for_many_and_again_when_it_is_old() {
        let (publisher, hand, made) = publisher();
        let together = Barrier::new(20);
        thread::scope(|threads| {
            for _ in 0..20 {
                threads.spawn(|| {
                    together.wait();
                    assert!(publisher.file("index.html").unwrap().is_some());
                });
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
        for (seconds, expected) in [(4, 1), (5, 2), (9, 2), (3, 3)] {
            hand.0.store(seconds, Ordering::SeqCst);
            assert_eq!(publisher.file("nothing").unwrap(), None);
            assert_eq!(made.load(Ordering::SeqCst), expected, "at {seconds}");
        }
        hand.0.store(100, Ordering::SeqCst);
        assert_eq!(publisher.file("index.html").unwrap_err().message, "no disk");
        assert!(publisher.file("index.html").is_ok());
    }
}
