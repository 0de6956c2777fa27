//! Values that may be written in several shapes, told apart by what stands there: text, number, list or map.
//!
//! Serde's own `untagged` reads a value into a buffer first and tries each shape in turn: that loses how a number was
//! written, hides the real error and costs time. Here the kind of the node decides at once.

/// Implements `Deserialize` for an enum whose variants differ by the kind of YAML node.
macro_rules! by_kind {
    ($type:ident $(<$generic:ident>)?, $expected:literal, { $($kind:ident => $make:expr),+ $(,)? }) => {
        impl<'de $(, $generic: serde::Deserialize<'de>)?> serde::Deserialize<'de> for $type $(<$generic>)? {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Kinds $(<$generic>(std::marker::PhantomData<$generic>))?;
                impl<'de $(, $generic: serde::Deserialize<'de>)?> serde::de::Visitor<'de> for Kinds $(<$generic>)? {
                    type Value = $type $(<$generic>)?;

                    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        out.write_str($expected)
                    }

                    $($crate::catalog::union::visit!($kind, $make);)+
                }
                from.deserialize_any($crate::catalog::union::visitor!(Kinds $(, $generic)?))
            }
        }
    };
}

macro_rules! visitor {
    ($kinds:ident) => {
        $kinds
    };
    ($kinds:ident, $generic:ident) => {
        $kinds::<$generic>(std::marker::PhantomData)
    };
}

macro_rules! visit {
    (text, $make:expr) => {
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            serde::Deserialize::deserialize(serde::de::IntoDeserializer::<E>::into_deserializer(text)).map($make)
        }
    };
    (boolean, $make:expr) => {
        fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
            Ok($make(value))
        }
    };
    (number, $make:expr) => {
        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
            serde::Deserialize::deserialize(serde::de::IntoDeserializer::<E>::into_deserializer(value)).map($make)
        }

        fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
            serde::Deserialize::deserialize(serde::de::IntoDeserializer::<E>::into_deserializer(value)).map($make)
        }
    };
    (list, $make:expr) => {
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            serde::Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(list)).map($make)
        }
    };
    (map, $make:expr) => {
        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map($make)
        }
    };
}

pub(crate) use {by_kind, visit, visitor};
