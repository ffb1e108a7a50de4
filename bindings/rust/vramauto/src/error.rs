use std::fmt;

use vramauto_sys as sys;

use crate::codes::Status;
use crate::text;

/// What the library says of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub status: Status,
    /// File, estimator or option; may be empty.
    pub place: String,
    /// One sentence.
    pub message: String,
    /// Byte in the file that `place` names.
    pub offset: Option<u64>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for Error {}

impl Error {
    pub(crate) fn new(status: Status, place: &str, message: String) -> Self {
        Self { status, place: place.to_string(), message, offset: None }
    }
}

/// The library is missing or too old.
pub(crate) fn library(why: String) -> Error {
    Error::new(Status::UNSUPPORTED, "libvramauto", why)
}

pub(crate) fn ready() -> Result<(), Error> {
    sys::ready().map_err(library)
}

/// Makes a call that tells its failures.
pub(crate) fn checked(call: impl FnOnce(*mut sys::vramauto_error) -> sys::vramauto_status) -> Result<(), Error> {
    let mut told = sys::vramauto_error::default();
    let status = call(&mut told);
    if status == sys::VRAMAUTO_OK {
        return Ok(());
    }
    // SAFETY: the library ended both texts.
    let (place, message) = unsafe { (text::owned(told.r#where.as_ptr()), text::owned(told.message.as_ptr())) };
    Err(Error { status: Status(status), place, message, offset: known(told.offset) })
}

pub(crate) fn known(number: u64) -> Option<u64> {
    (number != sys::VRAMAUTO_UNKNOWN).then_some(number)
}
