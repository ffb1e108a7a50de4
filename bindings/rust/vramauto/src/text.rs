//! Text to and from C.

use std::ffi::{CStr, CString};
use std::os::raw::c_char;

use crate::codes::Status;
use crate::error::Error;

pub(crate) fn c_string(place: &str, text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|nul| {
        Error::new(Status::ARGUMENT, place, format!("has a NUL byte at {}, expected text without", nul.nul_position()))
    })
}

/// A copy of the library's text, which is UTF-8 but where a file's name is not.
///
/// # Safety
/// A C string.
pub(crate) unsafe fn owned(text: *const c_char) -> String {
    CStr::from_ptr(text).to_string_lossy().into_owned()
}

/// Every text of a list that ends with NULL.
///
/// # Safety
/// `nth` gives C strings.
pub(crate) unsafe fn listed(nth: impl Fn(usize) -> *const c_char) -> Vec<String> {
    (0..).map(nth).take_while(|text| !text.is_null()).map(|text| owned(text)).collect()
}

const USUAL: usize = 16384;

/// What C writes as snprintf does: as much as there is room for, and the length it needs.
pub(crate) fn written(write: impl Fn(*mut c_char, usize) -> usize) -> String {
    let mut bytes = Vec::<u8>::with_capacity(USUAL);
    loop {
        let need = write(bytes.as_mut_ptr().cast(), bytes.capacity());
        if need < bytes.capacity() {
            // SAFETY: so many bytes were written, and a NUL.
            unsafe { bytes.set_len(need) };
            return String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        }
        bytes = Vec::with_capacity(need + 1);
    }
}
