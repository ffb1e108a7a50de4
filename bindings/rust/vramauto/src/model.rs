use vramauto_sys as sys;

use crate::codes::{DType, Source, Status};
use crate::context::Context;
use crate::error::{known, Error};
use crate::handle::Owned;
use crate::text;

/// What is known of a model; texts are empty where nothing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    pub source: Source,
    pub tensor_count: Option<u64>,
    pub parameters: Option<u64>,
    pub stored_bytes: Option<u64>,
    pub id: String,
    pub path: String,
    pub architecture: String,
    pub model_type: String,
}

/// As the header of a file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    pub dtype: DType,
    pub bytes: u64,
    /// Outermost first.
    pub shape: Vec<u64>,
}

/// A configuration and the headers of tensors.
#[derive(Debug)]
pub struct Model(Owned<sys::vramauto_model>);

impl Context {
    /// A directory, config.json, .safetensors, its .index.json, or a Hugging Face id.
    pub fn open_model(&self, path_or_id: &str) -> Result<Model, Error> {
        let name = text::c_string("model", path_or_id)?;
        // SAFETY: the context and the name are alive.
        self.make(|ctx, out, err| unsafe { sys::vramauto_model_open(ctx, name.as_ptr(), out, err) }).map(Model)
    }
}

impl Model {
    pub(crate) fn get(&self) -> *const sys::vramauto_model {
        self.0.get()
    }

    pub fn info(&self) -> ModelInfo {
        let mut info = sys::vramauto_model_info::default();
        // SAFETY: the texts live as long as the handle.
        unsafe {
            let status = sys::vramauto_model_get(self.get(), &mut info);
            assert_eq!(status, sys::VRAMAUTO_OK, "a model has its facts");
            ModelInfo {
                source: Source(info.source),
                tensor_count: known(info.tensor_count),
                parameters: known(info.parameters),
                stored_bytes: known(info.stored_bytes),
                id: text::owned(info.id),
                path: text::owned(info.path),
                architecture: text::owned(info.architecture),
                model_type: text::owned(info.model_type),
            }
        }
    }

    /// Number `i` of `info().tensor_count`.
    pub fn tensor(&self, i: u64) -> Result<Tensor, Error> {
        let mut info = sys::vramauto_tensor_info::default();
        // SAFETY: the handle is alive.
        let status = unsafe { sys::vramauto_model_tensor(self.get(), i, &mut info) };
        if status != sys::VRAMAUTO_OK {
            return Err(Error::new(Status(status), "tensor", format!("there is no number {i}")));
        }
        // SAFETY: the name has that length and lives as long as the handle.
        let name = unsafe { std::slice::from_raw_parts(info.name.cast::<u8>(), info.name_len as usize) };
        Ok(Tensor {
            name: String::from_utf8_lossy(name).into_owned(),
            dtype: DType(info.dtype),
            bytes: info.bytes,
            shape: info.shape.iter().copied().take(info.rank as usize).collect(),
        })
    }

    /// All of them; none where only a configuration is known.
    pub fn tensors(&self) -> impl Iterator<Item = Tensor> + '_ {
        (0..self.info().tensor_count.unwrap_or(0)).map_while(|i| self.tensor(i).ok())
    }
}
