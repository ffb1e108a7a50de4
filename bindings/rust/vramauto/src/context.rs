use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use vramauto_sys as sys;

use crate::callbacks::{self, Callbacks};
use crate::codes::{Level, Status};
use crate::error::{ready, Error};
use crate::handle::{Handle, Owned};
use crate::text;

/// Is told a level, a source and a message.
pub type Log = Box<dyn Fn(Level, &str, &str) + Send + Sync>;

/// Is told bytes done, and to come where that is known; `Break` cancels.
pub type Progress = Box<dyn Fn(u64, Option<u64>) -> ControlFlow<()> + Send + Sync>;

/// Options of a [`Context`]. Callbacks run inside calls of the context, on several threads at once, and must not use it.
#[derive(Default)]
pub struct Options {
    /// Built-in estimators only.
    pub no_plugins: bool,
    /// Ignore environment variables.
    pub no_env: bool,
    /// A model that is not here may be read from the hub.
    pub network: bool,
    /// With `network`: ask the hub before the cache and the catalogue.
    pub refresh: bool,
    pub log: Option<Log>,
    /// `WARN` by default.
    pub log_level: Option<Level>,
    /// Of network transfers.
    pub progress: Option<Progress>,
    /// Absolute folders and files, taken first.
    pub plugins: Vec<String>,
    /// For one estimator to describe a model.
    pub plugin_timeout: Option<Duration>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("flags", &self.flags()).field("plugins", &self.plugins).finish_non_exhaustive()
    }
}

impl Options {
    fn flags(&self) -> u32 {
        [
            (self.no_plugins, sys::VRAMAUTO_CONTEXT_NO_PLUGINS),
            (self.no_env, sys::VRAMAUTO_CONTEXT_NO_ENV),
            (self.network, sys::VRAMAUTO_CONTEXT_NETWORK),
            (self.refresh, sys::VRAMAUTO_CONTEXT_REFRESH),
        ]
        .iter()
        .filter(|(set, _)| *set)
        .fold(0, |flags, (_, bit)| flags | bit)
    }

    fn timeout_ms(&self) -> Result<u32, Error> {
        let timeout = match self.plugin_timeout {
            Some(timeout) => timeout,
            None => return Ok(0),
        };
        u32::try_from(timeout.as_millis()).ok().filter(|ms| *ms > 0).ok_or_else(|| {
            Error::new(Status::ARGUMENT, "plugin_timeout", format!("is {timeout:?}, expected 1 ms to 49 days"))
        })
    }

    fn plugin_paths(&self) -> Result<Option<std::ffi::CString>, Error> {
        if let Some(path) = self.plugins.iter().find(|path| path.contains(':')) {
            let why = format!("{path:?} has a colon, which separates paths");
            return Err(Error::new(Status::ARGUMENT, "plugins", why));
        }
        let joined = self.plugins.join(":");
        (!joined.is_empty()).then(|| text::c_string("plugins", &joined)).transpose()
    }
}

/// Holds the log and the estimators.
pub struct Context {
    handle: Owned<sys::vramauto_context>, // dropped before its callbacks
    callbacks: Arc<Callbacks>,
}

/// An estimator's file that was found, or what is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// `OK`: in use.
    pub status: Status,
    /// Empty when not known.
    pub id: String,
    pub version: String,
    /// Empty when built in.
    pub path: String,
    /// Its estimators, or why it was refused.
    pub message: String,
}

impl Context {
    /// Refuses a library that is missing, or older than this crate needs.
    pub fn new(options: Options) -> Result<Self, Error> {
        ready()?;
        let plugins = options.plugin_paths()?;
        let mut c_options = sys::vramauto_context_options {
            flags: options.flags(),
            log_level: options.log_level.map_or(0, |level| level.0),
            plugin_timeout_ms: options.timeout_ms()?,
            plugins: plugins.as_ref().map_or(std::ptr::null(), |paths| paths.as_ptr()),
            ..Default::default()
        };
        let callbacks = Callbacks::new(options.log, options.progress);
        c_options.user = callbacks.user();
        c_options.log = callbacks.log.as_ref().map(|_| callbacks::log as _);
        c_options.progress = callbacks.progress.as_ref().map(|_| callbacks::progress as _);
        // SAFETY: options and paths live through the call, callbacks longer than the context.
        let made = Owned::made(|out, err| unsafe { sys::vramauto_context_new(&c_options, out, err) });
        callbacks.resume();
        Ok(Self { handle: made?, callbacks })
    }

    pub(crate) fn get(&self) -> *const sys::vramauto_context {
        self.handle.get()
    }

    /// A call that may run callbacks.
    pub(crate) fn make<T: Handle>(
        &self,
        call: impl FnOnce(*const sys::vramauto_context, *mut *mut T, *mut sys::vramauto_error) -> sys::vramauto_status,
    ) -> Result<Owned<T>, Error> {
        let made = Owned::made(|out, err| call(self.get(), out, err));
        self.callbacks.resume();
        made
    }

    /// What was found, in the order it was searched for, also what was refused and why.
    pub fn plugins(&self) -> Vec<Plugin> {
        // SAFETY: the texts live as long as the context.
        unsafe {
            (0..sys::vramauto_plugin_count(self.get()))
                .map(|i| {
                    let mut info = sys::vramauto_plugin_info::default();
                    let status = sys::vramauto_plugin_get(self.get(), i, &mut info);
                    assert_eq!(status, sys::VRAMAUTO_OK, "plugin {i} is there");
                    Plugin {
                        status: Status(info.status),
                        id: text::owned(info.id),
                        version: text::owned(info.version),
                        path: text::owned(info.path),
                        message: text::owned(info.message),
                    }
                })
                .collect()
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}
