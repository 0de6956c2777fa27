//! A foreign YAML document as texts, lists and maps; anchors and merge keys are followed.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{MergeKeyPolicy, Options, Spanned};

use super::ImportError;
use super::section::Value;
use super::syntax::explained;

/// The most bytes that are looked at.
const MOST_BYTES: usize = 16 << 20;
/// The most levels of nesting.
const MOST_LEVELS: usize = 48;
/// The most values, those of aliases counted each time.
const MOST_VALUES: usize = 500_000;
/// The most values that are kept for aliases.
const MOST_KEPT: usize = 100_000;

/// Reads a document. Numbers and booleans stay as they are written.
pub(super) fn read(text: &str) -> Result<Value, ImportError> {
    if text.len() > MOST_BYTES {
        let message = format!("this file has {} bytes, and {MOST_BYTES} (16 MiB) are the most", text.len());
        return Err(ImportError::whole(message, "split it, and import one part after the other"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_saphyr::from_str_with_options::<Node>(text, options()) {
        Ok(node) => Ok(value(node, text)),
        Err(error) => Err(explained(error.without_snippet())),
    }
}

/// A few anchors serve hundreds of endpoints: their number says nothing, what comes of them does.
fn options() -> Options {
    serde_saphyr::options! {
        strict_booleans: true,
        merge_keys: MergeKeyPolicy::Merge,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_VALUES },
        budget: serde_saphyr::budget! {
            max_depth: MOST_LEVELS,
            max_nodes: MOST_VALUES,
            max_events: 3 * MOST_VALUES,
            max_recorded_anchor_events: MOST_KEPT,
            max_merge_keys: 100_000,
            max_documents: 1,
            enforce_alias_anchor_ratio: false,
        },
    }
}

type Node = Spanned<Written>;

enum Written {
    Nothing,
    Text(String),
    /// A number or a boolean, whose text stands in the document.
    Loose(String),
    List(Vec<Node>),
    Map(IndexMap<String, Node>),
}

/// Takes the texts of numbers and booleans from where they stand: `1.10` is not 1.1.
fn value(node: Node, text: &str) -> Value {
    match node.value {
        Written::Nothing => Value::Nothing,
        Written::Text(said) => Value::Text(said),
        Written::Loose(read) => {
            let span = node.defined.span();
            let at = |offset: Option<u64>| usize::try_from(offset?).ok();
            let range = at(span.byte_offset()).zip(at(span.byte_len())).map(|(start, length)| start..start + length);
            let written = range.and_then(|range| text.get(range)).map(str::trim).filter(|text| !text.is_empty());
            Value::Text(written.map_or(read, str::to_owned))
        }
        Written::List(items) => Value::List(items.into_iter().map(|item| value(item, text)).collect()),
        Written::Map(entries) => Value::Map(entries.into_iter().map(|(key, node)| (key, value(node, text))).collect()),
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Written;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Written, E> {
        Ok(Written::Nothing)
    }

    fn visit_none<E>(self) -> Result<Written, E> {
        Ok(Written::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Written, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_str<E>(self, text: &str) -> Result<Written, E> {
        Ok(Written::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Written, E> {
        Ok(Written::Loose(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Written, E> {
        Ok(Written::Loose(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Written, E> {
        Ok(Written::Loose(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Written, E> {
        Ok(Written::Loose(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Written, E> {
        Ok(Written::Loose(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Written, E> {
        Ok(Written::Loose(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Written::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let mut entries = IndexMap::new();
        while let Some((key, value)) = map.next_entry::<String, Node>()? {
            if entries.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format_args!("the key `{key}` stands here a second time")));
            }
        }
        Ok(Written::Map(entries))
    }
}
