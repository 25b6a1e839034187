//! Stored forms that are objects and nothing else.
//!
//! A derived `Deserialize` takes a list of a struct's fields too, so that `[]` would be settings:
//! all defaults. Here only an object is.

use core::{fmt, marker::PhantomData};

use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

/// Implements serde's traits by those derived with `remote = "Self"`, for objects only.
macro_rules! only_objects {
    ($($type:ty),*) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                <$type>::serialize(self, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                super::object::Object::read(from)
            }
        }

        impl super::object::FromObject for $type {
            fn from_object<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                <$type>::deserialize(from)
            }
        }
    )*};
}
pub(super) use only_objects;

/// What a derived implementation makes of an object.
pub(super) trait FromObject: Sized {
    fn from_object<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;
}

/// Accepts an object, and hands it on.
pub(super) struct Object<T>(PhantomData<T>);

impl<T: FromObject> Object<T> {
    pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        from.deserialize_map(Self(PhantomData))
    }
}

impl<'de, T: FromObject> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::from_object(MapAccessDeserializer::new(map))
    }
}
