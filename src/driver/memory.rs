//! The memory that all clients of the WebAssembly have together: an allocation that fails is a trap, which ends all of
//! them. So what users and brokers decide the size of is judged before it is copied.

#[cfg(feature = "package")]
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use crate::engine::{Code, Error};

/// Bytes in use; 0 where the program has an allocator of its own.
static USED: AtomicUsize = AtomicUsize::new(0);

/// An allocator that counts what is in use.
#[cfg(feature = "package")]
pub struct Counted<A>(pub A);

// SAFETY: the calls are passed on as they are.
#[cfg(feature = "package")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counted<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let place = self.0.alloc(layout);
        if !place.is_null() {
            USED.fetch_add(layout.size(), Relaxed);
        }
        place
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        self.0.dealloc(place, layout);
    }
}

/// Up to so many bytes in use a message of the user's is taken; the address space has twice as many.
const MOST: usize = 2 << 30;
/// Likewise what a broker sends.
pub const MOST_RECEIVED: usize = 3 << 30;
/// Beyond this many bytes there may be free pieces enough, and none long enough.
const LARGE: usize = 1 << 20;
/// A message has so many copies at a time: the argument, the one that is kept, and a buffer that has grown for it.
const COPIES: usize = 4;

/// Whether there is room for `len` bytes and their copies.
#[inline(always)]
pub fn has_room(len: usize, most: usize) -> bool {
    let all = len.saturating_mul(COPIES);
    USED.load(Relaxed).saturating_add(all) <= most && (len < LARGE || is_in_one_piece(all))
}

/// Whether so many bytes are free side by side.
#[cold]
fn is_in_one_piece(len: usize) -> bool {
    Vec::<u8>::new().try_reserve_exact(len).is_ok()
}

/// The error of a message that finds no room.
///
/// # Errors
/// `QUEUE_FULL`.
#[inline(always)]
pub fn check(len: usize) -> Result<(), Error> {
    match has_room(len, MOST) {
        true => Ok(()),
        false => Err(full()),
    }
}

#[cold]
fn full() -> Error {
    Error::new(
        Code::QueueFull,
        "the clients of this process or page keep 2 GiB together; await earlier calls",
    )
}

/// A copy of what a store has kept, of which the engine makes a second one. No call of the user's is in its way.
pub fn copy_stored(bytes: &Uint8Array) -> Result<Vec<u8>, JsValue> {
    match has_room(bytes.length() as usize / 2, MOST_RECEIVED) {
        true => Ok(bytes.to_vec()),
        false => Err("what it keeps has no room beside what the clients of this process or page keep".into()),
    }
}

/// A copy of bytes of JavaScript.
pub fn copy(bytes: &Uint8Array) -> Result<Vec<u8>, Error> {
    check(bytes.length() as usize)?;
    Ok(bytes.to_vec())
}
