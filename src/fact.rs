//! A fact as the journal stores it: the kind of an adjacently tagged enum, and its body as JSON.

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use serde_json::{Error, Value};

/// The kind and body of a fact whose enum is tagged with `kind` and `body`.
pub fn to_parts<T: Serialize>(fact: &T) -> (String, Value) {
    let mut value = serde_json::to_value(fact).unwrap_or_default();
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    (kind, value.get_mut("body").map(Value::take).unwrap_or_default())
}

/// The fact that a stored kind and body stand for. The error names the kind.
pub fn from_parts<T: DeserializeOwned>(kind: &str, body: &Value) -> Result<T, String> {
    let parts = [("kind", Part::Kind(kind)), ("body", Part::Body(body))];
    T::deserialize(MapDeserializer::new(parts.into_iter())).map_err(|error: Error| format!("event {kind}: {error}"))
}

/// One of the two, read where it lies: a listing reads many events, and copies of their bodies would cost the most.
enum Part<'de> {
    Kind(&'de str),
    Body(&'de Value),
}

impl<'de> IntoDeserializer<'de, Error> for Part<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Part<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Kind(kind) => visitor.visit_borrowed_str(kind),
            Self::Body(body) => body.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Kind(_) => visitor.visit_some(self),
            Self::Body(body) => body.deserialize_option(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Kind(kind) => visitor.visit_enum(kind.into_deserializer()),
            Self::Body(body) => body.deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Kind(_) => visitor.visit_newtype_struct(self),
            Self::Body(body) => body.deserialize_newtype_struct(name, visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    use super::{from_parts, to_parts};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", content = "body", rename_all = "snake_case")]
    enum Fact {
        Begun { title: String, share: f64, by: Option<String>, way: Way },
        Boxed(Box<Inner>),
        Ended {},
        Bare,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Way {
        Left,
        Turn { times: u64 },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        list: Vec<i64>,
        #[serde(default)]
        later: bool,
    }

    #[test]
    fn facts_come_back_as_they_went() {
        for fact in [
            Fact::Begun { title: "ü".into(), share: 0.1, by: None, way: Way::Left },
            Fact::Begun { title: String::new(), share: 1.0, by: Some("ana".into()), way: Way::Turn { times: 3 } },
            Fact::Boxed(Box::new(Inner { list: vec![-1, 2], later: true })),
            Fact::Ended {},
            Fact::Bare,
        ] {
            let (kind, body) = to_parts(&fact);
            assert_eq!(from_parts::<Fact>(&kind, &body).unwrap(), fact, "{kind} {body}");
        }
    }

    #[test]
    fn keys_that_came_later_do_no_harm_and_those_that_are_missing_are_named() {
        let read = |kind: &str, body: &Value| from_parts::<Fact>(kind, body);
        let newer = json!({"list": [], "and": {"more": [1]}});
        assert_eq!(read("boxed", &newer), Ok(Fact::Boxed(Box::new(Inner { list: vec![], later: false }))));
        assert_eq!(read("ended", &json!({"why": "over"})), Ok(Fact::Ended {}));
        assert_eq!(read("boxed", &json!({})).unwrap_err(), "event boxed: missing field `list`");
        let unknown = read("forgotten", &json!({})).unwrap_err();
        assert!(unknown.starts_with("event forgotten: unknown variant `forgotten`"), "{unknown}");
    }
}
