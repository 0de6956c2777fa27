//! What has been appended since somebody looked last, by whatever process.

use std::collections::BTreeMap;

use super::{Journal, JournalError};

/// A place in the journal that moves on as events come.
pub struct Tail<'a> {
    journal: &'a dyn Journal,
    seen: u64,
}

impl<'a> Tail<'a> {
    /// The end of the journal as it is now. To be taken before what stands there is read, so that nothing lies between.
    pub fn at_end(journal: &'a dyn Journal) -> Result<Self, JournalError> {
        Ok(Self { journal, seen: journal.head()? })
    }

    /// The streams that were added to since this was asked last, each with the kinds of what was added.
    pub fn touched(&mut self) -> Result<BTreeMap<String, Vec<String>>, JournalError> {
        let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut seen = self.seen;
        loop {
            let newer = self.journal.newer(seen)?;
            let Some(last) = newer.last() else {
                // Only now: what a failure has kept from being told is new the next time.
                self.seen = seen;
                return Ok(streams);
            };
            seen = last.seq;
            for event in newer {
                streams.entry(event.stream).or_default().push(event.kind);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::Tail;
    use crate::ground::Actor;
    use crate::journal::{Context, EmptyJournal, Journal, NewEvent, SqliteJournal};

    fn note(journal: &SqliteJournal, stream: &str, seen: u64, how_many: usize) {
        let at = "2026-11-23T12:00:00Z".parse().unwrap();
        let context = Context { at, actor: Actor("ana".into()), host: "box".into() };
        let events = vec![NewEvent { kind: "noted".into(), body: json!({}) }; how_many];
        journal.append(stream, seen, &context, &events).unwrap();
    }

    #[test]
    fn what_another_connection_appends_is_seen_once_and_however_much_it_is() {
        let dir = TempDir::new().unwrap();
        let (one, other) = (SqliteJournal::open(dir.path()).unwrap(), SqliteJournal::open(dir.path()).unwrap());
        note(&other, "run/a", 0, 3);
        let mut tail = Tail::at_end(&one).unwrap();
        assert!(tail.touched().unwrap().is_empty(), "what was there before is not new");
        note(&other, "run/a", 3, 1200);
        note(&other, "run/b", 0, 1);
        let touched = tail.touched().unwrap();
        assert_eq!((touched["run/a"].len(), touched["run/b"].len(), touched.len()), (1200, 1, 2));
        assert!(tail.touched().unwrap().is_empty());
        assert!(Tail::at_end(&EmptyJournal).unwrap().touched().unwrap().is_empty());
    }
}
