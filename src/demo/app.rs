//! The application itself: how it stands, and what it answers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;

/// What the application says when its database turns it away; the handbook's runbook knows the symptom.
pub const NO_DATABASE: &str = "Database connection failed";

/// How many connections the pool holds.
const POOL: u32 = 20;

/// How many of them an ordinary day needs.
const ORDINARY: u32 = 3;

/// How long an answer takes on an ordinary day, as the application says of itself.
const QUICK: Duration = Duration::from_millis(12);

/// How much later answers are when latency is broken.
const LATE: Duration = Duration::from_millis(1500);

/// The connections to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pool {
    /// How many are in use.
    pub used: u32,
    /// How many there can be.
    pub max: u32,
}

/// What is broken, and what that did to the pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What is broken.
    pub faults: Vec<Fault>,
    /// The connections to the database.
    pub pool: Pool,
}

/// The answer of `/health`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Health {
    /// `ok`, `degraded` or `error`.
    pub status: &'static str,
    /// `up` or `down`.
    pub database: &'static str,
    /// The connections to the database.
    pub pool: Pool,
    /// Which part of the orders fails, from 0 to 1.
    pub error_rate: f64,
    /// How long an answer takes, in milliseconds.
    pub latency_ms: u64,
    /// What is wrong, when the application can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
}

impl Health {
    /// Whether requests are served at all.
    pub fn serves(&self) -> bool {
        self.status != "error"
    }
}

/// Why an order is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The database turns the application away.
    Database,
    /// One of those that fail.
    Error,
}

/// The application. It is told what is broken while it serves.
#[derive(Debug, Default)]
pub struct App {
    broken: [AtomicBool; Fault::ALL.len()],
    orders: AtomicU64,
}

impl App {
    /// Breaks one thing.
    pub fn break_on_purpose(&self, fault: Fault) {
        self.broken[fault as usize].store(true, Ordering::SeqCst);
    }

    /// Mends one thing.
    pub fn heal(&self, fault: Fault) {
        self.broken[fault as usize].store(false, Ordering::SeqCst);
    }

    /// Mends everything.
    pub fn heal_all(&self) {
        for fault in Fault::ALL {
            self.heal(fault);
        }
    }

    /// Whether it is broken.
    pub fn has(&self, fault: Fault) -> bool {
        self.broken[fault as usize].load(Ordering::SeqCst)
    }

    /// What is broken, and what that did to the pool.
    pub fn standing(&self) -> Standing {
        Standing { faults: Fault::ALL.into_iter().filter(|fault| self.has(*fault)).collect(), pool: self.pool() }
    }

    /// The connections to the database.
    pub fn pool(&self) -> Pool {
        Pool { used: if self.has(Fault::Database) { POOL } else { ORDINARY }, max: POOL }
    }

    /// What every answer waits for.
    pub fn lag(&self) -> Duration {
        if self.has(Fault::Latency) { LATE } else { Duration::ZERO }
    }

    /// What `/health` says.
    pub fn health(&self) -> Health {
        let is_down = self.has(Fault::Database);
        let is_degraded = self.has(Fault::Errors) || self.has(Fault::Latency);
        Health {
            status: if is_down {
                "error"
            } else if is_degraded {
                "degraded"
            } else {
                "ok"
            },
            database: if is_down { "down" } else { "up" },
            pool: self.pool(),
            error_rate: if is_down {
                1.0
            } else if self.has(Fault::Errors) {
                0.3
            } else {
                0.0
            },
            latency_ms: u64::try_from((QUICK + self.lag()).as_millis()).unwrap_or(u64::MAX),
            error: is_down.then_some(NO_DATABASE),
        }
    }

    /// Takes an order, or says why not. With errors on, three of every ten in a row fail.
    pub fn order(&self) -> Result<(), Refusal> {
        if self.has(Fault::Database) {
            return Err(Refusal::Database);
        }
        let number = self.orders.fetch_add(1, Ordering::SeqCst);
        let fails = self.has(Fault::Errors) && matches!(number % 10, 2 | 5 | 8);
        if fails { Err(Refusal::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{App, Refusal};
    use crate::demo::Fault;

    #[test]
    fn health_says_what_is_broken() {
        let app = App::default();
        let text = serde_json::to_string(&app.health()).unwrap();
        let good = r#"{"status":"ok","database":"up","pool":{"used":3,"max":20},"error_rate":0.0,"latency_ms":12}"#;
        assert_eq!(text, good);

        app.break_on_purpose(Fault::Errors);
        app.break_on_purpose(Fault::Latency);
        let text = serde_json::to_string(&app.health()).unwrap();
        let late =
            r#"{"status":"degraded","database":"up","pool":{"used":3,"max":20},"error_rate":0.3,"latency_ms":1512}"#;
        assert_eq!(text, late);
        assert!(app.health().serves());

        app.break_on_purpose(Fault::Database);
        let health = app.health();
        assert_eq!((health.status, health.database, health.pool.used), ("error", "down", 20));
        assert_eq!(health.error, Some("Database connection failed"));
        assert!(!health.serves());

        app.heal_all();
        assert_eq!(serde_json::to_string(&app.health()).unwrap(), good);
    }

    #[test]
    fn three_of_any_ten_orders_fail() {
        let app = App::default();
        assert!((0..10).all(|_| app.order().is_ok()));
        app.order().unwrap();
        app.break_on_purpose(Fault::Errors);
        let failed = (0..10).filter(|_| app.order() == Err(Refusal::Error)).count();
        assert_eq!(failed, 3);
        app.break_on_purpose(Fault::Database);
        assert_eq!(app.order(), Err(Refusal::Database));
    }
}
