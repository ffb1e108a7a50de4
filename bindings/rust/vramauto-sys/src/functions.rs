//! The functions of the library: linked, or with the feature `dlopen` called through pointers that `loading` finds.

use std::os::raw::c_char;

use crate::*;

macro_rules! functions {
    ($(fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        #[cfg(not(feature = "dlopen"))]
        extern "C" {
            $(pub fn $name($($arg: $type),*) $(-> $result)?;)*
        }

        #[cfg(feature = "dlopen")]
        pub(crate) struct Functions {
            $($name: unsafe extern "C" fn($($arg: $type),*) $(-> $result)?,)*
        }

        #[cfg(feature = "dlopen")]
        impl Functions {
            /// # Safety
            /// `find` gives the address of the function of that name.
            pub(crate) unsafe fn found<E>(find: impl Fn(&str) -> Result<*mut std::ffi::c_void, E>) -> Result<Self, E> {
                Ok(Self { $($name: std::mem::transmute::<*mut std::ffi::c_void, unsafe extern "C" fn($($arg: $type),*) $(-> $result)?>(find(stringify!($name))?),)* })
            }
        }

        $(
            /// # Safety
            /// As vramauto.h says.
            #[cfg(feature = "dlopen")]
            pub unsafe fn $name($($arg: $type),*) $(-> $result)? {
                (loading::functions().$name)($($arg),*)
            }
        )*
    };
}

functions! {
    fn vramauto_gpu_memory_gib() -> f64;
    fn vramauto_model_size_gib(model: *const c_char) -> f64;
    fn vramauto_gpu_memory_utilization(model: *const c_char, max_model_len: u64, tensor_parallel_size: u32) -> f64;
    fn vramauto_version() -> u32;
    fn vramauto_build_info() -> *const c_char;
    fn vramauto_status_name(status: vramauto_status) -> *const c_char;
    fn vramauto_context_new(options: *const vramauto_context_options, out: *mut *mut vramauto_context, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_context_free(ctx: *mut vramauto_context);
    fn vramauto_plugin_count(ctx: *const vramauto_context) -> usize;
    fn vramauto_plugin_get(ctx: *const vramauto_context, i: usize, out: *mut vramauto_plugin_info) -> vramauto_status;
    fn vramauto_devices_detect(ctx: *const vramauto_context, flags: u32, out: *mut *mut vramauto_devices, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_devices_parse(ctx: *const vramauto_context, text: *const c_char, out: *mut *mut vramauto_devices, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_devices_count(devices: *const vramauto_devices) -> usize;
    fn vramauto_devices_get(devices: *const vramauto_devices, i: usize, out: *mut vramauto_device_info) -> vramauto_status;
    fn vramauto_devices_json(devices: *const vramauto_devices, buf: *mut c_char, cap: usize) -> usize;
    fn vramauto_devices_free(devices: *mut vramauto_devices);
    fn vramauto_model_open(ctx: *const vramauto_context, path_or_id: *const c_char, out: *mut *mut vramauto_model, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_model_get(model: *const vramauto_model, out: *mut vramauto_model_info) -> vramauto_status;
    fn vramauto_model_tensor(model: *const vramauto_model, i: u64, out: *mut vramauto_tensor_info) -> vramauto_status;
    fn vramauto_model_free(model: *mut vramauto_model);
    fn vramauto_catalogue_model(i: usize) -> *const c_char;
    fn vramauto_catalogue_gpu(i: usize) -> *const c_char;
    fn vramauto_option_count() -> usize;
    fn vramauto_option_get(i: usize, out: *mut vramauto_option_info) -> vramauto_status;
    fn vramauto_workload_new(ctx: *const vramauto_context, out: *mut *mut vramauto_workload, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_workload_set(workload: *mut vramauto_workload, name: *const c_char, value: *const c_char, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_workload_attach(workload: *mut vramauto_workload, role: *const c_char, model: *const vramauto_model, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_workload_free(workload: *mut vramauto_workload);
    fn vramauto_estimate_run(ctx: *const vramauto_context, devices: *const vramauto_devices, model: *const vramauto_model, workload: *const vramauto_workload, out: *mut *mut vramauto_estimate, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_estimate_get(estimate: *const vramauto_estimate, out: *mut vramauto_estimate_info) -> vramauto_status;
    fn vramauto_estimate_component(estimate: *const vramauto_estimate, i: u64, out: *mut vramauto_component) -> vramauto_status;
    fn vramauto_estimate_cache_group(estimate: *const vramauto_estimate, i: u64, out: *mut vramauto_cache_group) -> vramauto_status;
    fn vramauto_estimate_note(estimate: *const vramauto_estimate, i: u64) -> *const c_char;
    fn vramauto_estimate_json(estimate: *const vramauto_estimate, buf: *mut c_char, cap: usize) -> usize;
    fn vramauto_estimate_free(estimate: *mut vramauto_estimate);
    fn vramauto_plan_calculate(ctx: *const vramauto_context, devices: *const vramauto_devices, model: *const vramauto_model, workload: *const vramauto_workload, out: *mut *mut vramauto_plan, err: *mut vramauto_error) -> vramauto_status;
    fn vramauto_plan_get(plan: *const vramauto_plan, out: *mut vramauto_plan_info) -> vramauto_status;
    fn vramauto_plan_estimate(plan: *const vramauto_plan) -> *const vramauto_estimate;
    fn vramauto_plan_argument(plan: *const vramauto_plan, i: usize) -> *const c_char;
    fn vramauto_plan_environment(plan: *const vramauto_plan, i: usize) -> *const c_char;
    fn vramauto_plan_warning(plan: *const vramauto_plan, i: usize, code: *mut *const c_char) -> *const c_char;
    fn vramauto_plan_text(plan: *const vramauto_plan, buf: *mut c_char, cap: usize) -> usize;
    fn vramauto_plan_json(plan: *const vramauto_plan, buf: *mut c_char, cap: usize) -> usize;
    fn vramauto_plan_free(plan: *mut vramauto_plan);
}
