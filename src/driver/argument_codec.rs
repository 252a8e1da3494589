//! Values of JavaScript as bytes, as `argument_codec.js` writes them, read without a copy; and, the other way, objects
//! for JavaScript. The two files are one codec: nothing else knows the tags.

use crate::engine::format::number;
use crate::engine::{Code, Error};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

// What has a value of the user's and no `catch` throws nothing: an exception in the middle of the WebAssembly would end
// every client.
#[wasm_bindgen(module = "/src/driver/argument_codec.js")]
extern "C" {
    fn flatten(value: &JsValue, depth: u32, opaque: &str) -> Vec<u8>;
    /// The entries that a store has when it is opened.
    #[wasm_bindgen(catch)]
    pub fn entries(opened: &JsValue) -> Result<Uint8Array, JsValue>;
    fn inflate(bytes: &[u8]) -> JsValue;
    /// The kind of a value, for an error sentence.
    pub fn kind(value: &JsValue) -> String;
    /// What was thrown says of itself.
    #[wasm_bindgen(js_name = messageOf)]
    pub fn message_of(thrown: &JsValue) -> String;
    /// The bytes of a payload; throws what it is instead, or the length of what is too long.
    #[wasm_bindgen(catch)]
    pub fn payload(value: &JsValue) -> Result<Uint8Array, JsValue>;
    /// Likewise, an item of a batch as JSON text.
    #[wasm_bindgen(catch)]
    pub fn json(value: &JsValue) -> Result<Uint8Array, JsValue>;
}

#[derive(Clone, Copy)]
pub enum Argument<'a> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Array(Items<'a>),
    /// Keys and values in turn.
    Object(Items<'a>),
    /// Nothing to look into, by the name of its kind.
    Other(&'a str),
}

const NUMBER: u8 = 4;
const STRING: u8 = 5;
const BYTES: u8 = 6;
const OBJECT: u8 = 8;

/// A value of JavaScript, `depth` levels deep: see `argument_codec.js`.
pub fn flat(value: &JsValue, depth: u32, opaque: &str) -> Vec<u8> {
    flatten(value, depth, opaque)
}

#[derive(Clone, Copy)]
pub struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = Argument<'a>;

    #[inline(never)]
    fn next(&mut self) -> Option<Argument<'a>> {
        let (&[tag, a, b, c, d], rest) = self.0.split_first_chunk()?;
        let (content, rest) = rest.split_at(u32::from_le_bytes([a, b, c, d]) as usize);
        self.0 = rest;
        let text = || std::str::from_utf8(content).unwrap_or_default();
        Some(match tag {
            0 => Argument::Undefined,
            1 => Argument::Null,
            2 | 3 => Argument::Bool(tag == 3),
            NUMBER => Argument::Number(f64::from_le_bytes(content.try_into().unwrap_or_default())),
            STRING => Argument::Text(text()),
            BYTES => Argument::Bytes(content),
            7 => Argument::Array(Items(content)),
            OBJECT => Argument::Object(Items(content)),
            _ => Argument::Other(text()),
        })
    }
}

impl<'a> Argument<'a> {
    pub fn read(bytes: &'a [u8]) -> Self {
        Items(bytes).next().unwrap_or(Argument::Undefined)
    }

    pub fn is_nothing(self) -> bool {
        matches!(self, Argument::Undefined | Argument::Null)
    }

    pub fn is_undefined(self) -> bool {
        matches!(self, Argument::Undefined)
    }

    pub fn text(self) -> Option<&'a str> {
        match self {
            Argument::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for a sentence.
    pub fn kind(self) -> &'a str {
        match self {
            Argument::Undefined => "undefined",
            Argument::Null => "null",
            Argument::Bool(_) => "a boolean",
            Argument::Number(_) => "a number",
            Argument::Text(_) => "a string",
            Argument::Array(_) => "an array",
            Argument::Bytes(_) => "bytes",
            Argument::Object(_) => "an object",
            Argument::Other(kind) => kind,
        }
    }

    /// Likewise, but a number itself.
    pub fn shown(self) -> String {
        match self {
            Argument::Number(n) => number(n),
            _ => self.kind().to_owned(),
        }
    }

    /// Own enumerable properties; none for undefined and null.
    #[inline(never)]
    pub fn entries(self, place: &str) -> Result<Entries<'a>, Error> {
        match self {
            Argument::Object(items) => Ok(Entries(items)),
            _ if self.is_nothing() => Ok(Entries(Items(&[]))),
            _ => Err(no_object(place, self.kind())),
        }
    }
}

pub fn no_object(place: &str, kind: &str) -> Error {
    Error::format(
        Code::InvalidOption,
        "% must be an object; % was given",
        &[place, kind],
    )
}

pub struct Entries<'a>(Items<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, Argument<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?.text().unwrap_or_default(), self.0.next()?))
    }
}

/// An object on its way to JavaScript. A name that comes again makes an array of the values.
#[derive(Default)]
pub struct Object(Vec<u8>);

impl Object {
    #[inline(never)]
    fn block(&mut self, tag: u8, content: &[u8]) {
        self.0.push(tag);
        self.0.extend_from_slice(&(content.len() as u32).to_le_bytes());
        self.0.extend_from_slice(content);
    }

    pub fn text(&mut self, name: &str, value: &str) {
        self.block(STRING, name.as_bytes());
        self.block(STRING, value.as_bytes());
    }

    pub fn bytes(&mut self, name: &str, value: &[u8]) {
        self.block(STRING, name.as_bytes());
        self.block(BYTES, value);
    }

    pub fn number(&mut self, name: &str, value: f64) {
        self.block(STRING, name.as_bytes());
        self.block(NUMBER, &value.to_le_bytes());
    }

    pub fn flag(&mut self, name: &str, value: bool) {
        self.block(STRING, name.as_bytes());
        self.block(2 + value as u8, &[]);
    }

    pub fn object(&mut self, name: &str, value: Object) {
        self.block(STRING, name.as_bytes());
        self.block(OBJECT, &value.0);
    }

    pub fn to_js(&self) -> JsValue {
        inflate(&self.0)
    }
}
