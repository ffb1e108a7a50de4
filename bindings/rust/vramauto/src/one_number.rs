//! The rule of thumb as one number.

use vramauto_sys as sys;

use crate::error::{ready, Error};
use crate::text;

/// The total of the first GPU; 0.0 without one.
pub fn gpu_memory_gib() -> Result<f64, Error> {
    ready()?;
    // SAFETY: takes nothing.
    Ok(unsafe { sys::vramauto_gpu_memory_gib() })
}

/// The weights: by files, config, name, else 7.0.
pub fn model_size_gib(model: &str) -> Result<f64, Error> {
    ready()?;
    let model = text::c_string("model", model)?;
    // SAFETY: a C string.
    Ok(unsafe { sys::vramauto_model_size_gib(model.as_ptr()) })
}

/// In (0, 1]. `max_model_len` 0: the default; `tensor_parallel_size` 0: 1. Without a GPU 0.90.
pub fn gpu_memory_utilization(model: &str, max_model_len: u64, tensor_parallel_size: u32) -> Result<f64, Error> {
    ready()?;
    let model = text::c_string("model", model)?;
    // SAFETY: a C string.
    Ok(unsafe { sys::vramauto_gpu_memory_utilization(model.as_ptr(), max_model_len, tensor_parallel_size) })
}
