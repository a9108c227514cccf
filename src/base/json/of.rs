//! Values of types that serde can write, as JSON that objects share.

use std::fmt::{self, Display};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{
    Error, Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, Serializer,
};
use serde_json::Number;

use super::{Entry, Json, Map};

/// Why a value is none that JSON has.
#[derive(Debug)]
pub struct NotJson(String);

impl Display for NotJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NotJson {}

impl Error for NotJson {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl Json {
    /// A value as its type is written. To go through `serde_json::Value` would make every part of
    /// it twice.
    ///
    /// # Errors
    ///
    /// If a key is no string, or a part is something that no type of ours has: bytes, or a variant
    /// or tuple with a name and values.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, NotJson> {
        value.serialize(Writer)
    }
}

type Written = Result<Json, NotJson>;

struct Writer;

fn unknown(what: &str) -> NotJson {
    NotJson(format!("{what} can't be written as JSON here"))
}

impl Serializer for Writer {
    type Ok = Json;
    type Error = NotJson;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = Impossible<Json, NotJson>;
    type SerializeTupleVariant = Impossible<Json, NotJson>;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Impossible<Json, NotJson>;

    fn serialize_bool(self, value: bool) -> Written {
        Ok(Json::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Written {
        Ok(Json::Number(value.into()))
    }

    fn serialize_u8(self, value: u8) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Written {
        Ok(Json::Number(value.into()))
    }

    fn serialize_f32(self, value: f32) -> Written {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Written {
        // As `serde_json` does, what is no number is null.
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn serialize_char(self, value: char) -> Written {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Written {
        Ok(Json::String(value.into()))
    }

    fn serialize_bytes(self, _value: &[u8]) -> Written {
        Err(unknown("bytes"))
    }

    fn serialize_none(self) -> Written {
        Ok(Json::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        Ok(Json::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Written {
        Ok(Json::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Written {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Written {
        Err(unknown(name))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, NotJson> {
        Ok(List(Vec::with_capacity(length.unwrap_or(0))))
    }

    fn serialize_tuple(self, length: usize) -> Result<List, NotJson> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleStruct, NotJson> {
        Err(unknown(name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, NotJson> {
        Err(unknown(name))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Fields, NotJson> {
        Ok(Fields {
            entries: Vec::with_capacity(length.unwrap_or(0)),
            key: None,
        })
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Fields, NotJson> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, NotJson> {
        Err(unknown(name))
    }
}

struct List(Vec<Json>);

impl SerializeSeq for List {
    type Ok = Json;
    type Error = NotJson;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        self.0.push(Json::of(value)?);
        Ok(())
    }

    fn end(self) -> Written {
        Ok(Json::List(self.0.into()))
    }
}

impl SerializeTuple for List {
    type Ok = Json;
    type Error = NotJson;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Written {
        SerializeSeq::end(self)
    }
}

struct Fields {
    entries: Vec<Entry>,
    /// The key whose value comes next.
    key: Option<Arc<str>>,
}

impl SerializeMap for Fields {
    type Ok = Json;
    type Error = NotJson;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotJson> {
        let Json::String(key) = Json::of(key)? else {
            return Err(unknown("a key that is no string"));
        };
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        let key = self
            .key
            .take()
            .ok_or_else(|| unknown("a value without a key"))?;
        self.entries.push((key, Json::of(value)?));
        Ok(())
    }

    fn end(self) -> Written {
        Ok(Json::Map(Map::new(self.entries)))
    }
}

impl SerializeStruct for Fields {
    type Ok = Json;
    type Error = NotJson;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        self.entries.push((key.into(), Json::of(value)?));
        Ok(())
    }

    fn end(self) -> Written {
        SerializeMap::end(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::json;

    use super::Json;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    enum Unit {
        OneWord,
    }

    #[derive(Serialize)]
    struct Parts<'a> {
        b: Option<bool>,
        a: (i8, u64, f64),
        unit: Unit,
        map: BTreeMap<&'a str, Vec<Option<char>>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        none: Option<()>,
    }

    #[test]
    fn a_value_is_what_serde_json_makes_of_it() {
        let parts = Parts {
            b: None,
            a: (-1, u64::MAX, 0.5),
            unit: Unit::OneWord,
            map: BTreeMap::from([("x", vec![None, Some('é')]), ("", Vec::new())]),
            none: None,
        };
        let json = Json::of(&parts).unwrap();
        let text = serde_json::to_string(&parts).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
        let value = json!({"a": [1, null, {"b": 1.5, "c": -2}]});
        assert_eq!(Json::of(&value).unwrap(), Json::from(value));
    }

    #[test]
    fn what_json_lacks_is_an_error() {
        assert!(Json::of(&BTreeMap::from([(1, 2)])).is_err());
        assert!(Json::of(&Err::<u8, _>(1)).is_err());
    }
}
