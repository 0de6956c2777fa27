//! A fact as the journal stores it: the kind of an adjacently tagged enum, and its body as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The kind and body of a fact whose enum is tagged with `kind` and `body`.
pub fn to_parts<T: Serialize>(fact: &T) -> (String, Value) {
    let mut value = serde_json::to_value(fact).unwrap_or_default();
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    (kind, value.get_mut("body").map(Value::take).unwrap_or_default())
}

/// The fact that a stored kind and body stand for. The error names the kind.
pub fn from_parts<T: DeserializeOwned>(kind: &str, body: &Value) -> Result<T, String> {
    serde_json::from_value(json!({ "kind": kind, "body": body })).map_err(|error| format!("event {kind}: {error}"))
}
