use vramauto_sys as sys;

use crate::error::{ready, Error};
use crate::text;

/// Hugging Face ids of the well-known models that are built in: they open without files.
pub fn catalogue_models() -> Result<Vec<String>, Error> {
    ready()?;
    // SAFETY: the texts are constants of the library.
    Ok(unsafe { text::listed(|i| sys::vramauto_catalogue_model(i)) })
}

/// GPUs that are built in, by names that `Context::parse_devices` takes.
pub fn catalogue_gpus() -> Result<Vec<String>, Error> {
    ready()?;
    // SAFETY: the texts are constants of the library.
    Ok(unsafe { text::listed(|i| sys::vramauto_catalogue_gpu(i)) })
}
