//! Streams that have not ended: found by their last event that ends or reopens, so that listings of what is going on
//! cost what is going on, not what ever was.

use std::collections::HashSet;

use rusqlite::Connection;

use super::stored::{self, after_all};

/// The kinds that the index `events_ended` knows, as they stand in `schema_3.sql`.
const INDEXED: [&str; 10] = [
    "resolved",
    "closed",
    "canceled",
    "merged",
    "reopened",
    "maintenance_finished",
    "maintenance_canceled",
    "alert_resolved",
    "run_finished",
    "run_aborted",
];

/// The streams within `prefix` that have not ended, in the order they were begun.
pub fn streams(db: &Connection, prefix: &str, ends: &[&str], reopens: &[&str]) -> rusqlite::Result<Vec<String>> {
    let ended = ended(db, prefix, ends, reopens)?;
    let mut streams = stored::streams(db, prefix)?;
    streams.retain(|stream| !ended.contains(stream));
    Ok(streams)
}

/// One pass over the index in its own order is much faster than a question for each stream.
fn ended(db: &Connection, prefix: &str, ends: &[&str], reopens: &[&str]) -> rusqlite::Result<HashSet<String>> {
    let is_indexed = ends.iter().chain(reopens).all(|kind| INDEXED.contains(kind));
    let mut statement = db.prepare_cached(&query(is_indexed))?;
    let mut rows = statement.query([prefix, &after_all(prefix)])?;
    let mut ended = HashSet::new();
    while let Some(row) = rows.next()? {
        let kind = row.get_ref(1)?.as_str()?;
        if ends.contains(&kind) {
            ended.insert(row.get(0)?);
        } else if reopens.contains(&kind) {
            ended.remove(row.get_ref(0)?.as_str()?);
        }
    }
    Ok(ended)
}

fn query(is_indexed: bool) -> String {
    // SQLite takes a partial index only where the query says the index's own condition.
    let among = if is_indexed { indexed() } else { "true".to_owned() };
    format!("SELECT stream, kind FROM events WHERE {among} AND stream >= ?1 AND stream < ?2 ORDER BY stream, version")
}

fn indexed() -> String {
    format!("kind IN ({})", INDEXED.map(|kind| format!("'{kind}'")).join(", "))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{indexed, query};

    fn plan(is_indexed: bool) -> String {
        let db = Connection::open_in_memory().unwrap();
        for script in [include_str!("schema_1.sql"), include_str!("schema_3.sql")] {
            db.execute_batch(script).unwrap();
        }
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {}", query(is_indexed))).unwrap();
        let lines = statement.query_map(["run/", "run0"], |row| row.get::<_, String>(3)).unwrap();
        lines.collect::<Result<Vec<_>, _>>().unwrap().join("\n")
    }

    #[test]
    fn the_index_has_the_kinds_that_the_query_repeats() {
        assert!(include_str!("schema_3.sql").contains(&format!("WHERE {};", indexed())));
    }

    #[test]
    fn known_kinds_are_found_in_the_index_alone_and_nothing_is_sorted() {
        assert_eq!(plan(true), "SEARCH events USING COVERING INDEX events_ended (stream>? AND stream<?)");
        assert_eq!(plan(false), "SEARCH events USING INDEX sqlite_autoindex_events_1 (stream>? AND stream<?)");
    }
}
