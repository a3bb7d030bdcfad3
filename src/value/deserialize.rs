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
use crate::error::quote;
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
    /// The keys and indices that lead to it, the last first.
    pub path: Vec<String>,
    /// The key there that is the mistake, if it is not the value.
    pub key: Option<String>,
    /// What is the matter.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Misfit {
    fn inside(mut self, step: &dyn ToString) -> Self {
        self.path.push(step.to_string());
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        // What a text may be says `Type`.
        let (message, help) = match message.split_once(", expected one of ") {
            Some((message, known)) => {
                let word = message.split('`').nth(1).unwrap_or_default();
                let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
                (message.to_owned(), Some(known_words(word, &known, "known are")))
            }
            None => (message, None),
        };
        Self { path: Vec::new(), key: None, message, help }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match unexpected {
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "a mapping".to_owned(),
            Unexpected::Unit => "null".to_owned(),
            scalar => scalar.to_string(),
        };
        let expected = match expected.to_string().as_str() {
            "a sequence" => "a list".to_owned(),
            "a string" => "text".to_owned(),
            one if one.starts_with("enum ") => "text".to_owned(),
            "a boolean" => "true or false".to_owned(),
            one if one.starts_with("struct ") => "a mapping".to_owned(),
            one => one.to_owned(),
        };
        let is_number = matches!(
            unexpected,
            Unexpected::Bool(_) | Unexpected::Signed(_) | Unexpected::Float(_)
        );
        let help = is_number && expected.contains("text");
        let help = help.then(|| "put quotes around it".to_owned());
        Self { help, ..Self::custom(format_args!("this is {found}, not {expected}")) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("`{field}` is missing"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let help = Some(known_words(variant, expected, "known are"));
        Self { help, ..Self::custom(format_args!("unknown value {}", quote(variant))) }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let help = Some(known_words(field, expected, "known are"));
        let key = Some(field.to_owned());
        Self { key, help, ..Self::custom(format_args!("unknown key {}", quote(field))) }
    }
}

impl Value {
    fn is_not(&self, expected: &dyn Expected) -> Misfit {
        let found = match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(truth) => Unexpected::Bool(*truth),
            Self::Number(digits) => match digits.parse() {
                Ok(whole) => Unexpected::Signed(whole),
                Err(_) => Unexpected::Float(digits.parse().unwrap_or(f64::NAN)),
            },
            Self::Text(text) => Unexpected::Str(text),
            Self::List(_) => Unexpected::Seq,
            Self::Dict(_) => Unexpected::Map,
        };
        de::Error::invalid_type(found, expected)
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
        seed.deserialize(item).map(Some).map_err(|misfit| misfit.inside(&(self.index - 1)))
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
        seed.deserialize(value).map_err(|misfit| misfit.inside(key))
    }
}
