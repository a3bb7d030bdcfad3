//! A [`Value`] between a file's format and a struct: serde makes one of any format, and any struct of one.
//!
//! So the structs of [`crate::kfp`] are compiled once, and not for YAML and for JSON each.

use std::collections::HashSet;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::Value;
use super::number::python_float;
use crate::error::{Error, quote};
use crate::nearest::known_words;

impl<'de> Deserialize<'de> for Value {
    /// Of keys the text is read, and none may be there twice.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsItIs;
        impl<'de> Visitor<'de> for AsItIs {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            /// Nothing at all is written.
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
                Ok(Value::Bool(truth))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Number(number.to_string()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Number(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Number(python_float(number)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Value::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let (mut entries, mut keys) = (Vec::new(), HashSet::new());
                while let Some(key) = map.next_key::<String>()? {
                    if !keys.insert(key.clone()) {
                        let message = format!("the key {} is there twice", quote(&key));
                        return Err(de::Error::custom(message));
                    }
                    entries.push((key, map.next_value()?));
                }
                Ok(Value::Dict(entries))
            }
        }
        deserializer.deserialize_any(AsItIs)
    }
}

/// Where and why a value is not what a struct takes.
#[derive(Debug)]
pub struct Misfit {
    /// What leads to it in a message, the last first: `.key`, `[0]`.
    pub path: Vec<String>,
    /// The key there that is the mistake, if it is not the value.
    pub key: Option<String>,
    /// What is the matter.
    pub error: Error,
}

impl Misfit {
    fn of(error: Error) -> Self {
        Self { path: Vec::new(), key: None, error }
    }

    fn not(found: &str, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "a sequence" => "a list".to_owned(),
            "a boolean" => "true or false".to_owned(),
            one if one == "a string" || one.starts_with("enum ") => "text".to_owned(),
            one if one.starts_with("struct ") => "a mapping".to_owned(),
            one => one.to_owned(),
        };
        let error = Error::refused(format!("this is {found}, not {expected}"));
        let is_scalar = expected.contains("text") && !found.starts_with("a ");
        Self::of(if is_scalar { error.help("put quotes around it") } else { error })
    }

    fn inside(mut self, step: String) -> Self {
        self.path.push(step);
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        // What a text may be says `Type`.
        let Some((message, known)) = message.split_once(", expected one of ") else {
            return Self::of(Error::refused(message));
        };
        let word = message.split('`').nth(1).unwrap_or_default();
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        Self::of(Error::refused(message).help(known_words(word, &known, "known are")))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match unexpected {
            Unexpected::Seq => Self::not("a list", expected),
            Unexpected::Map => Self::not("a dict", expected),
            Unexpected::Unit => Self::not("null", expected),
            scalar => Self::not(&scalar.to_string(), expected),
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("`{field}` is missing"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let error = Error::refused(format!("unknown value {}", quote(variant)));
        Self::of(error.help(known_words(variant, expected, "known are")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let error = Error::refused(format!("unknown key {}", quote(field)));
        let misfit = Self::of(error.help(known_words(field, expected, "known are")));
        Self { key: Some(field.to_owned()), ..misfit }
    }
}

impl Value {
    fn is_not(&self, expected: &dyn Expected) -> Misfit {
        Misfit::not(&self.describe(), expected)
    }
}

/// Text is nothing but text, as it is for the types of Python.
impl<'de> Deserializer<'de> for &'de Value {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Number(digits) => match (digits.parse(), digits.parse(), digits.parse()) {
                (Ok(whole), ..) => visitor.visit_i64(whole),
                (_, Ok(whole), _) => visitor.visit_u64(whole),
                (.., Ok(float)) => visitor.visit_f64(float),
                _ => Err(self.is_not(&visitor)),
            },
            Value::Bool(_) => self.deserialize_bool(visitor),
            Value::Text(_) => self.deserialize_str(visitor),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Dict(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let Value::Bool(truth) = self else { return Err(self.is_not(&visitor)) };
        visitor.visit_bool(*truth)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let Value::Text(text) = self else { return Err(self.is_not(&visitor)) };
        visitor.visit_borrowed_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if *self == Value::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let Value::List(items) = self else { return Err(self.is_not(&visitor)) };
        visitor.visit_seq(Items { items, index: 0 })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let Value::Dict(entries) = self else { return Err(self.is_not(&visitor)) };
        visitor.visit_map(Entries { entries, value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let Value::Text(text) = self else { return Err(self.is_not(&visitor)) };
        visitor.visit_enum(BorrowedStrDeserializer::new(text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct identifier
    }
}

struct Items<'de> {
    items: &'de [Value],
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.get(self.index) else { return Ok(None) };
        self.index += 1;
        seed.deserialize(item)
            .map(Some)
            .map_err(|misfit| misfit.inside(format!("[{}]", self.index - 1)))
    }
}

struct Entries<'de> {
    entries: &'de [(String, Value)],
    /// That of the key that was read last.
    value: Option<&'de (String, Value)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((entry, rest)) = self.entries.split_first() else { return Ok(None) };
        (self.entries, self.value) = (rest, Some(entry));
        let (key, _) = entry;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let Some((key, value)) = self.value else { return Err(de::Error::missing_field("value")) };
        seed.deserialize(value).map_err(|misfit| misfit.inside(format!(".{key}")))
    }
}
