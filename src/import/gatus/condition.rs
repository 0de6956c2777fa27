//! Conditions: copied as they are, for `compat: gatus` keeps their meaning.

use crate::condition::{Compat, Condition};
use crate::import::notes::Notes;
use crate::import::phrase::Phrase;
use crate::import::section::{Section, Value};
use crate::import::yaml::Yaml;

/// What no observation has, and why.
const UNKNOWN: [(&str, &str); 2] = [
    ("[DOMAIN_EXPIRATION]", "when a domain ends cannot be found out here: nobody asks whois"),
    ("[CONTEXT]", "there is no context: what one probe sees is not handed to the next"),
];

/// The conditions of an endpoint, as far as they can be judged.
pub(super) fn conditions(endpoint: &mut Section, notes: &mut Notes) -> Vec<Yaml> {
    let at = endpoint.at("conditions");
    let written = endpoint.list("conditions", notes);
    let mut kept = Vec::new();
    for (path, item) in written {
        match condition(item) {
            Ok(text) => kept.push(Yaml::Text(text)),
            Err(why) => notes.leave(path, why),
        }
    }
    if kept.is_empty() {
        notes.leave(at, "no condition is left: what is usual for its kind is expected");
    }
    kept
}

fn condition(item: Value) -> Result<String, String> {
    let Value::Text(text) = item else { return Err("a condition is a text: put it in quotes".to_owned()) };
    let text = Phrase::new(&text).fixed().ok_or("no variable can stand in a condition: write its value")?;
    let capitals = text.to_ascii_uppercase();
    if let Some((_, why)) = UNKNOWN.iter().find(|(name, _)| capitals.contains(name)) {
        return Err((*why).to_owned());
    }
    match Condition::parse_as(&text, Compat::Gatus) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("this is no condition: {error}")),
    }
}
