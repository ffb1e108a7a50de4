//! The C ABI of libvramauto, as vramauto.h declares it: names, values, structs and functions. The crate `vramauto` is safe.
//!
//! `ready()` first: it says whether the library is there and recent enough. With the feature `dlopen` it also loads it; until it has
//! been `Ok`, functions of the library panic.
#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_void};

mod functions;
#[cfg(feature = "dlopen")]
mod loading;
mod values;

pub use functions::*;
#[cfg(feature = "dlopen")]
pub use loading::load;
pub use values::*;

pub type vramauto_status = i32;
pub type vramauto_level = i32;
pub type vramauto_dtype = u32;
pub type vramauto_kind = u32;

pub type vramauto_log_fn = Option<
    unsafe extern "C" fn(user: *mut c_void, level: vramauto_level, source: *const c_char, message: *const c_char),
>;
pub type vramauto_progress_fn = Option<unsafe extern "C" fn(user: *mut c_void, done: u64, total: u64) -> i32>;

/// Handles, of which only pointers exist.
macro_rules! handles {
    ($($name:ident)*) => { $(
        #[repr(C)]
        #[derive(Debug)]
        pub struct $name { _opaque: [u8; 0] }
    )* };
}
handles! { vramauto_context vramauto_devices vramauto_model vramauto_workload vramauto_estimate vramauto_plan }

/// Structs, whose default is that of VRAMAUTO_INIT: zero, and their size.
macro_rules! structs {
    ($(pub struct $name:ident { $(pub $field:ident: $type:ty,)* })*) => { $(
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $name { $(pub $field: $type,)* }
        impl Default for $name {
            fn default() -> Self {
                // SAFETY: numbers, arrays of them, pointers and optional functions may all be zero.
                let mut zero: Self = unsafe { std::mem::zeroed() };
                zero.struct_size = std::mem::size_of::<Self>() as u32;
                zero
            }
        }
    )* };
}

structs! {
    pub struct vramauto_error {
        pub struct_size: u32,
        pub status: vramauto_status,
        pub offset: u64,
        pub r#where: [c_char; 240],
        pub message: [c_char; 256],
    }
    pub struct vramauto_context_options {
        pub struct_size: u32,
        pub flags: u32,
        pub log: vramauto_log_fn,
        pub user: *mut c_void,
        pub log_level: vramauto_level,
        pub plugin_timeout_ms: u32,
        pub plugins: *const c_char,
        pub progress: vramauto_progress_fn,
    }
    pub struct vramauto_plugin_info {
        pub struct_size: u32,
        pub status: vramauto_status,
        pub id: *const c_char,
        pub version: *const c_char,
        pub path: *const c_char,
        pub message: *const c_char,
    }
    pub struct vramauto_device_info {
        pub struct_size: u32,
        pub index: u32,
        pub total_bytes: u64,
        pub free_bytes: u64,
        pub compute_major: u32,
        pub compute_minor: u32,
        pub flags: u32,
        pub reserved: u32,
        pub name: *const c_char,
        pub uuid: *const c_char,
        pub pci_bus_id: *const c_char,
        pub source: *const c_char,
    }
    pub struct vramauto_model_info {
        pub struct_size: u32,
        pub source: u32,
        pub tensor_count: u64,
        pub parameters: u64,
        pub stored_bytes: u64,
        pub id: *const c_char,
        pub path: *const c_char,
        pub architecture: *const c_char,
        pub model_type: *const c_char,
    }
    pub struct vramauto_tensor_info {
        pub struct_size: u32,
        pub dtype: vramauto_dtype,
        pub bytes: u64,
        pub shape: [u64; 8],
        pub rank: u32,
        pub name_len: u32,
        pub name: *const c_char,
    }
    pub struct vramauto_option_info {
        pub struct_size: u32,
        pub r#type: u32,
        pub name: *const c_char,
        pub short_name: *const c_char,
        pub choices: *const c_char,
        pub default_text: *const c_char,
        pub help: *const c_char,
    }
    pub struct vramauto_estimate_info {
        pub struct_size: u32,
        pub ranks: u32,
        pub components: u64,
        pub cache_groups: u64,
        pub notes: u64,
        pub parameters: u64,
        pub peak_bytes: u64,
        pub estimator: *const c_char,
        pub plugin: *const c_char,
        pub engine: *const c_char,
        pub engine_version: *const c_char,
    }
    pub struct vramauto_component {
        pub struct_size: u32,
        pub rank: u32,
        pub kind: vramauto_kind,
        pub flags: u32,
        pub bytes: u64,
        pub low_bytes: u64,
        pub high_bytes: u64,
        pub name: *const c_char,
        pub source: *const c_char,
    }
    pub struct vramauto_cache_group {
        pub struct_size: u32,
        pub rank: u32,
        pub layers: u32,
        pub block_tokens: u32,
        pub block_bytes: u64,
        pub window_tokens: u64,
        pub sequence_bytes: u64,
        pub kind: *const c_char,
    }
    pub struct vramauto_plan_info {
        pub struct_size: u32,
        pub fits: u32,
        pub gpu_memory_utilization: f64,
        pub utilization_min: f64,
        pub utilization_max: f64,
        pub strategy: u32,
        pub tensor_parallel_size: u32,
        pub pipeline_parallel_size: u32,
        pub data_parallel_size: u32,
        pub max_model_len: u64,
        pub max_model_len_limit: u64,
        pub max_num_seqs: u64,
        pub kv_cache_bytes: u64,
        pub kv_cache_tokens: u64,
        pub headroom_bytes: u64,
        pub max_concurrency: f64,
        pub margin: u32,
        pub certainty: u32,
        pub reason: *const c_char,
        pub uncertainty_bytes: u64,
        pub least_certain: *const c_char,
    }
}

/// "0.1.0" for 1000.
pub fn dotted(number: u32) -> String {
    format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000)
}

/// Err says why not: the library is missing, or older than the header these declarations are of.
pub fn ready() -> Result<(), String> {
    #[cfg(feature = "dlopen")]
    loading::by_its_name()?;
    // SAFETY: takes nothing, and the library is there.
    recent_enough(unsafe { vramauto_version() })
}

fn recent_enough(found: u32) -> Result<(), String> {
    if found >= VRAMAUTO_VERSION_NUMBER {
        return Ok(());
    }
    Err(format!("is version {}, this crate needs {}", dotted(found), dotted(VRAMAUTO_VERSION_NUMBER)))
}
