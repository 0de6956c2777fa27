//! What is wrong with single incidents.

use std::collections::BTreeMap;

use tokio::time::Instant;

/// What is wrong with incidents, by their ids: why, and when it is tried again.
#[derive(Default)]
pub(super) struct Troubles(BTreeMap<String, (String, Instant)>);

impl Troubles {
    /// Something is wrong with one. Whether that is news.
    pub fn begin(&mut self, id: &str, why: &str, again: Instant) -> bool {
        let before = self.0.insert(id.to_owned(), (why.to_owned(), again));
        before.is_none_or(|(known, _)| known != why)
    }

    /// Nothing is wrong with one. Whether that is news.
    pub fn over(&mut self, id: &str) -> bool {
        self.0.remove(id).is_some()
    }

    /// Whether one is left alone for now.
    pub fn is_resting(&self, id: &str, now: Instant) -> bool {
        self.0.get(id).is_some_and(|(_, again)| now < *again)
    }

    /// Those that are to be tried again.
    pub fn due(&self, now: Instant) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(_, (_, again))| *again <= now).map(|(id, _)| id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Troubles;

    #[test]
    fn the_same_is_news_once_and_it_is_tried_again_later() {
        let (mut troubles, now) = (Troubles::default(), Instant::now());
        let later = now + Duration::from_secs(5);
        assert!(troubles.begin("INC-1", "no disk", later));
        assert!(!troubles.begin("INC-1", "no disk", later));
        assert!(troubles.begin("INC-1", "no light", later), "that is something else");
        assert!(troubles.is_resting("INC-1", now) && !troubles.is_resting("INC-2", now));
        assert_eq!(troubles.due(now).count(), 0);
        assert_eq!(troubles.due(later).collect::<Vec<_>>(), ["INC-1"]);
        assert!(troubles.over("INC-1") && !troubles.over("INC-1"));
        assert!(troubles.begin("INC-1", "no light", later), "it has come back");
    }
}
