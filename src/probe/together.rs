//! Runs futures side by side, some at a time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs all of them, at most `at_once` at the same time; the results come in their order.
pub async fn run<F: Future>(work: impl Iterator<Item = F>, at_once: usize) -> Vec<F::Output> {
    let mut waiting = work.enumerate();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut done: Vec<(usize, F::Output)> = Vec::new();
    poll_fn(|context| {
        loop {
            let free = at_once.max(1) - running.len();
            running.extend(waiting.by_ref().take(free).map(|(place, future)| (place, Box::pin(future))));
            let before = done.len();
            running.retain_mut(|(place, future)| match future.as_mut().poll(context) {
                Poll::Ready(output) => {
                    done.push((*place, output));
                    false
                }
                Poll::Pending => true,
            });
            match (running.is_empty(), done.len() > before) {
                (_, true) => {} // there is room for the next ones
                (true, false) => return Poll::Ready(()),
                (false, false) => return Poll::Pending,
            }
        }
    })
    .await;
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use super::run;
    use std::cell::Cell;
    use tokio::task::yield_now;

    #[tokio::test(flavor = "current_thread")]
    async fn some_run_at_a_time_and_all_come_back_in_order() {
        let (now, most) = (Cell::new(0), Cell::new(0));
        let (now, most) = (&now, &most);
        let work = (0..50_usize).map(|number| async move {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            for _ in 0..(number * 7) % 5 {
                yield_now().await;
            }
            now.set(now.get() - 1);
            number
        });
        assert_eq!(run(work, 4).await, (0..50).collect::<Vec<_>>());
        assert!((2..=4).contains(&most.get()), "{}", most.get());
        assert!(run(std::iter::empty::<std::future::Ready<()>>(), 4).await.is_empty());
    }
}
