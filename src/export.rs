//! What exports of the WebAssembly return.

#[cfg(not(feature = "package"))]
use wasm_bindgen::JsValue;

/// What an export gives to JavaScript: never a reference alone. V8 up to Node 22 copies calls of WebAssembly into
/// hot functions, and ends the process if such a function loses its optimised code during a call that returns a
/// reference. Calls that return a `Result`, three arguments, it leaves alone; and the package has no references, but
/// numbers for what the glue keeps (scripts/build.mjs).
#[cfg(not(feature = "package"))]
pub type Export<T> = Result<T, JsValue>;
#[cfg(feature = "package")]
pub type Export<T> = T;

#[cfg(not(feature = "package"))]
pub fn export<T>(value: T) -> Export<T> {
    Ok(value)
}
#[cfg(feature = "package")]
pub fn export<T>(value: T) -> Export<T> {
    value
}
