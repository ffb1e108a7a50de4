//! The library loaded at run time, once, for the rest of the process.

use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::functions::Functions;

const SONAME: &str = "libvramauto.so.0";
const RTLD_NOW: c_int = 2; // Linux

#[link(name = "dl")]
extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlerror() -> *mut c_char;
}

static LOADED: AtomicPtr<Functions> = AtomicPtr::new(ptr::null_mut());

/// Loads the library from a path, unless one was loaded before. Err says why not.
pub fn load(path: &Path) -> Result<(), String> {
    if loaded().is_none() {
        let mine = Box::into_raw(Box::new(open(path)?));
        if LOADED.compare_exchange(ptr::null_mut(), mine, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: another thread was first, nobody has seen mine.
            drop(unsafe { Box::from_raw(mine) });
        }
    }
    Ok(())
}

/// Where the dynamic loader finds it: LD_LIBRARY_PATH, the system's folders.
pub(crate) fn by_its_name() -> Result<(), String> {
    load(Path::new(SONAME))
}

pub(crate) fn functions() -> &'static Functions {
    loaded().expect("vramauto_sys::ready() or load() was called, and Ok")
}

fn loaded() -> Option<&'static Functions> {
    // SAFETY: NULL, or functions that are never freed.
    unsafe { LOADED.load(Ordering::Acquire).as_ref() }
}

fn open(path: &Path) -> Result<Functions, String> {
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|_| "the path has a NUL byte".to_string())?;
    // SAFETY: the name is a C string. The library's initialisers do nothing but their own.
    let library = unsafe { dlopen(name.as_ptr(), RTLD_NOW) };
    if library.is_null() {
        return Err(reason());
    }
    // SAFETY: the library stays open, and its functions are those of vramauto.h: the version is looked at first.
    unsafe {
        let version = symbol(library, "vramauto_version")?;
        crate::recent_enough(std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> u32>(version)())?;
        Functions::found(|name| symbol(library, name))
    }
}

fn symbol(library: *mut c_void, name: &str) -> Result<*mut c_void, String> {
    let c_name = CString::new(name).map_err(|_| "a name with a NUL byte".to_string())?;
    // SAFETY: the library is open.
    let found = unsafe { dlsym(library, c_name.as_ptr()) };
    if found.is_null() {
        return Err(reason());
    }
    Ok(found)
}

fn reason() -> String {
    // SAFETY: the text is this thread's, until its next call of the dynamic loader.
    unsafe {
        let text = dlerror();
        if text.is_null() {
            return "the dynamic loader gives no reason".to_string();
        }
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}
