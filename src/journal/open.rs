//! Streams that have not ended: found by their last event that ends or reopens, so that listings of what is going on
//! cost what is going on, not what ever was.

use rusqlite::types::Value;

use super::stored::after_all;

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

/// What follows `SELECT … FROM events` for the events of open streams, and its parameters.
pub fn query(prefix: &str, ends: &[&str], reopens: &[&str]) -> (String, Vec<Value>) {
    let places = |from: usize, count: usize| {
        (from..from + count).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ")
    };
    let (ending, all) = (places(3, ends.len()), places(3, ends.len() + reopens.len()));
    // SQLite takes a partial index only where the query says the index's own condition.
    let is_indexed = ends.iter().chain(reopens).all(|kind| INDEXED.contains(kind));
    let among = if is_indexed { indexed() } else { "true".to_owned() };
    let sql = format!(
        "JOIN (SELECT stream, seq AS begun FROM events AS first
               WHERE version = 1 AND stream >= ?1 AND stream < ?2
               AND NOT coalesce((SELECT kind IN ({ending}) FROM events AS last
                                 WHERE last.stream = first.stream AND {among} AND kind IN ({all})
                                 ORDER BY version DESC LIMIT 1), false))
         USING (stream) ORDER BY begun, version"
    );
    let kinds = ends.iter().chain(reopens).map(|kind| (*kind).to_owned());
    (sql, [prefix.to_owned(), after_all(prefix)].into_iter().chain(kinds).map(Value::Text).collect())
}

fn indexed() -> String {
    format!("kind IN ({})", INDEXED.map(|kind| format!("'{kind}'")).join(", "))
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params_from_iter};

    use super::{indexed, query};

    fn plan(ends: &[&str], reopens: &[&str]) -> String {
        let db = Connection::open_in_memory().unwrap();
        for script in [include_str!("schema_1.sql"), include_str!("schema_3.sql")] {
            db.execute_batch(script).unwrap();
        }
        let (which, params) = query("incident/", ends, reopens);
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN SELECT body FROM events {which}")).unwrap();
        let lines = statement.query_map(params_from_iter(params), |row| row.get::<_, String>(3)).unwrap();
        lines.collect::<Result<Vec<_>, _>>().unwrap().join("\n")
    }

    #[test]
    fn the_index_has_the_kinds_that_the_query_repeats() {
        assert!(include_str!("schema_3.sql").trim_end().ends_with(&format!("WHERE {};", indexed())));
    }

    #[test]
    fn known_kinds_are_found_by_the_index_and_others_without() {
        let known = plan(&["resolved", "closed"], &["reopened"]);
        assert!(known.contains("SEARCH last USING COVERING INDEX events_ended (stream=?)"), "{known}");
        assert!(known.contains("SEARCH first USING COVERING INDEX events_begun (stream>? AND stream<?)"), "{known}");
        let others = plan(&["resolved", "forgotten"], &[]);
        assert!(!others.contains("events_ended") && !others.contains("SCAN"), "{others}");
    }
}
