//! When a server wants to be asked again.

use std::time::Duration;

use chrono::DateTime;

use crate::ground::Time;

/// Nobody is left without word for longer than this.
const LONGEST: Duration = Duration::from_hours(1);

/// What a `Retry-After` header comes to: seconds, or a date.
pub(super) fn retry_after(text: &str, now: Time) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now).to_std().unwrap_or_default(),
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::retry_after;
    use chrono::{TimeZone as _, Utc};
    use std::time::Duration;

    #[test]
    fn seconds_and_dates_are_understood_and_bounded() {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 3, 0, 0).unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("86400", Some(3600)),
            ("Mon, 23 Nov 2026 03:00:30 GMT", Some(30)),
            ("Mon, 23 Nov 2026 02:00:00 GMT", Some(0)),
            ("Tue, 24 Nov 2026 03:00:00 GMT", Some(3600)),
            ("soon", None),
            ("-5", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
