//! A map of a foreign document that knows where it stands: what is taken from it is understood, what remains is not.

use indexmap::IndexMap;

use super::duration::span;
use super::notes::Notes;
use super::phrase::Phrase;
use crate::error::nearest;
use crate::ground::Span;

/// A value as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Blank, `~` or `null`.
    Nothing,
    /// A text, a number or a boolean.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map, in its order.
    Map(IndexMap<String, Value>),
}

/// A map and the way to it.
#[derive(Debug, Default)]
pub(super) struct Section {
    fields: IndexMap<String, Value>,
    path: String,
}

impl Section {
    /// A map that stands at `path`.
    pub fn new(fields: IndexMap<String, Value>, path: impl Into<String>) -> Self {
        Self { fields, path: path.into() }
    }

    /// The same map as if the document began there.
    pub fn rooted(self) -> Self {
        Self { path: String::new(), ..self }
    }

    /// The way to the map itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The way to a key.
    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether something stands under a key.
    pub fn has(&self, key: &str) -> bool {
        self.fields.get(key).is_some_and(|value| *value != Value::Nothing)
    }

    /// What stands under a key, taken out.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.fields.shift_remove(key).filter(|value| *value != Value::Nothing)
    }

    /// The text under a key as it is written.
    pub fn written(&self, key: &str) -> Option<&str> {
        match self.fields.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Puts a text in place of what stands under a key.
    pub fn put(&mut self, key: &str, text: String) {
        self.fields.insert(key.to_owned(), Value::Text(text));
    }

    /// The keys that are still there.
    pub fn keys(&self) -> Vec<String> {
        self.fields.keys().cloned().collect()
    }

    /// Takes out what means nothing here.
    pub fn drop(&mut self, keys: &[&str]) {
        for key in keys {
            self.fields.shift_remove(*key);
        }
    }

    /// Leaves out what stands under a key.
    pub fn leave(&mut self, key: &str, why: &str, notes: &mut Notes) {
        if self.take(key).is_some() {
            notes.leave(self.at(key), why);
        }
    }

    /// A text in which variables may stand.
    pub fn phrase(&mut self, key: &str, notes: &mut Notes) -> Option<Phrase> {
        if let Value::Text(text) = self.take(key)? {
            return Some(Phrase::new(&text));
        }
        notes.leave(self.at(key), "a text is expected here");
        None
    }

    /// A text in which variables are filled in here, too.
    pub fn filled(&mut self, key: &str, notes: &mut Notes) -> Option<String> {
        let phrase = self.phrase(key, notes)?;
        Some(phrase.filled(&self.at(key), notes))
    }

    /// A text in which no variable can stand here.
    pub fn fixed(&mut self, key: &str, notes: &mut Notes) -> Option<String> {
        let phrase = self.phrase(key, notes)?;
        let fixed = phrase.fixed();
        if fixed.is_none() {
            notes.leave(self.at(key), "no variable can stand here: write its value");
        }
        fixed
    }

    /// A text that is no text when it is empty.
    pub fn text(&mut self, key: &str, notes: &mut Notes) -> Option<String> {
        self.fixed(key, notes).filter(|text| !text.is_empty())
    }

    /// `true` or `false`, in any of the ways YAML has known.
    pub fn flag(&mut self, key: &str, notes: &mut Notes) -> Option<bool> {
        let text = self.fixed(key, notes)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Some(true),
            "false" | "no" | "off" | "n" => Some(false),
            _ => {
                notes.leave(self.at(key), "`true` or `false` is expected here");
                None
            }
        }
    }

    /// A number above zero; zero stands for what is usual.
    pub fn count(&mut self, key: &str, notes: &mut Notes) -> Option<u32> {
        let text = self.fixed(key, notes)?;
        let number = text.parse::<i64>().ok().map(|number| u32::try_from(number.max(0)));
        let Some(Ok(number)) = number else {
            notes.leave(self.at(key), "a number is expected here");
            return None;
        };
        Some(number).filter(|number| *number > 0)
    }

    /// A duration as Go writes it.
    pub fn span(&mut self, key: &str, notes: &mut Notes) -> Option<Span> {
        let text = self.fixed(key, notes)?;
        match span(&text) {
            Ok(span) => Some(span),
            Err(why) => {
                notes.leave(self.at(key), why);
                None
            }
        }
    }

    /// A map below.
    pub fn section(&mut self, key: &str, notes: &mut Notes) -> Option<Section> {
        let path = self.at(key);
        let value = self.take(key)?;
        section(value, path, notes)
    }

    /// The items of a list below, each with its way.
    pub fn list(&mut self, key: &str, notes: &mut Notes) -> Vec<(String, Value)> {
        let path = self.at(key);
        match self.take(key) {
            None => Vec::new(),
            Some(Value::List(items)) => {
                items.into_iter().enumerate().map(|(index, item)| (format!("{path}[{index}]"), item)).collect()
            }
            Some(_) => {
                notes.leave(path, "a list is expected here");
                Vec::new()
            }
        }
    }

    /// The maps of a list below.
    pub fn sections(&mut self, key: &str, notes: &mut Notes) -> Vec<Section> {
        let items = self.list(key, notes);
        items.into_iter().filter_map(|(path, item)| section(item, path, notes)).collect()
    }

    /// Leaves out what nobody took; `known` are the keys that could have been meant.
    pub fn rest(self, known: &[&str], notes: &mut Notes) {
        for key in self.fields.keys() {
            let why = match nearest(key, known.iter().copied()) {
                Some(near) => format!("this key is not known; is `{near}` meant?"),
                None => "this key is not known".to_owned(),
            };
            notes.leave(self.at(key), why);
        }
    }
}

fn section(value: Value, path: String, notes: &mut Notes) -> Option<Section> {
    if let Value::Map(fields) = value {
        return Some(Section::new(fields, path));
    }
    notes.leave(path, "a map is expected here");
    None
}
