//! Ownership of the library's handles.

use std::ptr::NonNull;

use vramauto_sys as sys;

use crate::error::{checked, Error};

pub(crate) trait Handle {
    /// # Safety
    /// Made by the library, and not freed before.
    unsafe fn free(raw: *mut Self);
}

macro_rules! handles {
    ($($name:ident freed by $free:ident,)*) => { $(
        impl Handle for sys::$name {
            unsafe fn free(raw: *mut Self) {
                sys::$free(raw)
            }
        }
    )* };
}
handles! {
    vramauto_context freed by vramauto_context_free,
    vramauto_devices freed by vramauto_devices_free,
    vramauto_model freed by vramauto_model_free,
    vramauto_workload freed by vramauto_workload_free,
    vramauto_estimate freed by vramauto_estimate_free,
    vramauto_plan freed by vramauto_plan_free,
}

#[derive(Debug)]
pub(crate) struct Owned<T: Handle>(NonNull<T>);

// SAFETY: the library keeps nothing per thread; a const handle may be used by many threads at once, a mutable one by one (`&mut`).
unsafe impl<T: Handle> Send for Owned<T> {}
unsafe impl<T: Handle> Sync for Owned<T> {}

impl<T: Handle> Owned<T> {
    /// Takes what a call made.
    pub(crate) fn made(
        call: impl FnOnce(*mut *mut T, *mut sys::vramauto_error) -> sys::vramauto_status,
    ) -> Result<Self, Error> {
        let mut out = std::ptr::null_mut();
        checked(|err| call(&mut out, err))?;
        Ok(Self(NonNull::new(out).expect("a call that succeeds makes a handle")))
    }

    pub(crate) fn get(&self) -> *const T {
        self.0.as_ptr()
    }

    pub(crate) fn get_mut(&mut self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T: Handle> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { T::free(self.0.as_ptr()) }
    }
}
