//! Says before a start how an inference engine will use GPU memory: which settings start, what each GPU will hold and why, or that a
//! model does not fit and what would.
//!
//! ```no_run
//! use vramauto::{Context, Options};
//! # fn main() -> Result<(), vramauto::Error> {
//! let context = Context::new(Options::default())?;
//! let gpus = context.parse_devices("RTX 4090")?;
//! let model = context.open_model("Qwen/Qwen3-8B")?;
//! let plan = context.plan(Some(&gpus), &model, None)?;
//! println!("{:.4}", plan.info().gpu_memory_utilization);
//! # Ok(())
//! # }
//! ```
//!
//! It is the C library libvramauto; vramauto.h tells what each field means. Everything may be sent to and shared by threads; what was
//! made from something outlives it. Numbers that are not known are `None`.

mod callbacks;
mod catalogue;
mod codes;
mod context;
mod devices;
mod error;
mod estimate;
mod handle;
mod model;
mod one_number;
mod plan;
mod text;
mod workload;

pub use catalogue::{catalogue_gpus, catalogue_models};
pub use codes::{Certainty, DType, Fits, Kind, Level, Margin, OptionType, Source, Status, Strategy};
pub use context::{Context, Log, Options, Plugin, Progress};
pub use devices::{Detect, Device, Devices};
pub use error::Error;
pub use estimate::{CacheGroup, Component, Estimate, EstimateInfo};
pub use model::{Model, ModelInfo, Tensor};
pub use one_number::{gpu_memory_gib, gpu_memory_utilization, model_size_gib};
pub use plan::{Plan, PlanInfo, Warning};
pub use workload::{workload_options, Workload, WorkloadOption};

use vramauto_sys as sys;

/// Version of the library that runs, such as "0.1.0".
pub fn version() -> Result<String, Error> {
    error::ready()?;
    // SAFETY: takes nothing.
    Ok(sys::dotted(unsafe { sys::vramauto_version() }))
}

/// JSON with the library's compiler, options and dependencies.
pub fn build_info() -> Result<String, Error> {
    error::ready()?;
    // SAFETY: the text is a constant of the library.
    Ok(unsafe { text::owned(sys::vramauto_build_info()) })
}

/// Loads the library from this path; otherwise the dynamic loader looks for it when it is first needed.
#[cfg(feature = "dlopen")]
pub fn load(path: &std::path::Path) -> Result<(), Error> {
    sys::load(path).map_err(error::library)
}
