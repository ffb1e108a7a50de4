//! Callbacks of a context. A panic must not unwind C: it is kept, and goes on in a caller when the call returns.

use std::any::Any;
use std::ops::ControlFlow;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::codes::Level;
use crate::context::{Log, Progress};
use crate::error::known;
use crate::text;

pub(crate) struct Callbacks {
    pub(crate) log: Option<Log>,
    pub(crate) progress: Option<Progress>,
    panicked: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Callbacks {
    pub(crate) fn new(log: Option<Log>, progress: Option<Progress>) -> Arc<Self> {
        Arc::new(Self { log, progress, panicked: AtomicBool::new(false), panic: Mutex::new(None) })
    }

    /// What C calls back with.
    pub(crate) fn user(self: &Arc<Self>) -> *mut c_void {
        Arc::as_ptr(self) as *mut c_void
    }

    fn guarded<T>(&self, otherwise: T, run: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
            if let Ok(mut kept) = self.panic.lock() {
                kept.get_or_insert(payload);
                self.panicked.store(true, Ordering::Release);
            }
            otherwise
        })
    }

    /// Goes on with a panic that was kept during a call.
    pub(crate) fn resume(&self) {
        if !self.panicked.load(Ordering::Acquire) {
            return;
        }
        let kept = self.panic.lock().ok().and_then(|mut kept| {
            self.panicked.store(false, Ordering::Release);
            kept.take()
        });
        if let Some(payload) = kept {
            resume_unwind(payload);
        }
    }
}

/// # Safety
/// `user` is the context's `Callbacks`, the texts are C strings.
pub(crate) unsafe extern "C" fn log(user: *mut c_void, level: i32, source: *const c_char, message: *const c_char) {
    let callbacks = &*user.cast::<Callbacks>();
    callbacks.guarded((), || {
        if let Some(log) = &callbacks.log {
            log(Level(level), &text::owned(source), &text::owned(message));
        }
    })
}

/// # Safety
/// `user` is the context's `Callbacks`.
pub(crate) unsafe extern "C" fn progress(user: *mut c_void, done: u64, total: u64) -> i32 {
    let callbacks = &*user.cast::<Callbacks>();
    let goes_on = callbacks.guarded(ControlFlow::Break(()), || match &callbacks.progress {
        Some(progress) => progress(done, known(total)),
        None => ControlFlow::Continue(()),
    });
    i32::from(goes_on.is_break())
}
