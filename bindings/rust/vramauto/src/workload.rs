use vramauto_sys as sys;

use crate::codes::OptionType;
use crate::context::Context;
use crate::error::{checked, ready, Error};
use crate::handle::Owned;
use crate::model::Model;
use crate::text;

/// An option that a workload can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadOption {
    pub option_type: OptionType,
    pub name: String,
    pub short_name: String,
    pub choices: String,
    pub default_text: String,
    pub help: String,
}

/// Every option there is.
pub fn workload_options() -> Result<Vec<WorkloadOption>, Error> {
    ready()?;
    // SAFETY: the texts are constants of the library.
    Ok(unsafe {
        (0..sys::vramauto_option_count())
            .map(|i| {
                let mut info = sys::vramauto_option_info::default();
                let status = sys::vramauto_option_get(i, &mut info);
                assert_eq!(status, sys::VRAMAUTO_OK, "option {i} is there");
                WorkloadOption {
                    option_type: OptionType(info.r#type),
                    name: text::owned(info.name),
                    short_name: text::owned(info.short_name),
                    choices: text::owned(info.choices),
                    default_text: text::owned(info.default_text),
                    help: text::owned(info.help),
                }
            })
            .collect()
    })
}

/// What the engine is asked to do: options whose names are the engine's own flags without the dashes.
#[derive(Debug)]
pub struct Workload(Owned<sys::vramauto_workload>);

impl Context {
    /// Every option has its default.
    pub fn new_workload(&self) -> Result<Workload, Error> {
        // SAFETY: the context is alive.
        self.make(|ctx, out, err| unsafe { sys::vramauto_workload_new(ctx, out, err) }).map(Workload)
    }
}

impl Workload {
    pub(crate) fn get(&self) -> *const sys::vramauto_workload {
        self.0.get()
    }

    /// Numbers as the engine reads them: "32k" is 32,000, "32K" is 32,768; bytes also as "24GiB".
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let value = text::c_string(name, value)?;
        self.set_text(name, value.as_ptr())
    }

    /// Back to the default.
    pub fn reset(&mut self, name: &str) -> Result<(), Error> {
        self.set_text(name, std::ptr::null())
    }

    /// A second model, which the workload keeps alive: role "speculative", a draft model, of which the last counts, or "lora", an
    /// adapter, which may be repeated.
    pub fn attach(&mut self, role: &str, model: &Model) -> Result<(), Error> {
        let role = text::c_string("role", role)?;
        let workload = self.0.get_mut();
        // SAFETY: handles and role are alive.
        checked(|err| unsafe { sys::vramauto_workload_attach(workload, role.as_ptr(), model.get(), err) })
    }

    fn set_text(&mut self, name: &str, value: *const std::os::raw::c_char) -> Result<(), Error> {
        let name = text::c_string("option", name)?;
        let workload = self.0.get_mut();
        // SAFETY: handle, name and value are alive.
        checked(|err| unsafe { sys::vramauto_workload_set(workload, name.as_ptr(), value, err) })
    }
}
