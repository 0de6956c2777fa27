//! How long whoever could not deliver something waits before it tries again.

use std::time::Duration;

/// The wait before the second attempt; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The wait after so many attempts, the last of which failed; as long as the other side asked for, where it did.
pub fn backoff(attempts: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(LONGEST_WAIT);
    asked.map_or(doubled, |asked| asked.max(FIRST_WAIT))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::backoff;

    #[test]
    fn it_doubles_up_to_some_minutes_unless_the_other_side_says_when() {
        for (attempts, asked, seconds) in [
            (0, None, 2),
            (1, None, 2),
            (2, None, 4),
            (8, None, 256),
            (9, None, 300),
            (u32::MAX, None, 300),
            (9, Some(0), 2),
            (1, Some(3600), 3600),
        ] {
            let wait = backoff(attempts, asked.map(Duration::from_secs));
            assert_eq!(wait.as_secs(), seconds, "{attempts} attempts, asked for {asked:?}");
        }
    }
}
