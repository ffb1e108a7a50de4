use vramauto_sys as sys;

use crate::codes::{Certainty, Fits, Margin, Strategy};
use crate::context::Context;
use crate::devices::Devices;
use crate::error::{known, Error};
use crate::estimate::Estimate;
use crate::handle::Owned;
use crate::model::Model;
use crate::text;
use crate::workload::Workload;

/// A plan in numbers; utilizations of 0.0 are not known.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanInfo {
    pub fits: Fits,
    pub gpu_memory_utilization: f64,
    /// It starts from here
    pub utilization_min: f64,
    /// to here.
    pub utilization_max: f64,
    pub strategy: Strategy,
    pub tensor_parallel_size: u32,
    pub pipeline_parallel_size: u32,
    pub data_parallel_size: u32,
    pub max_model_len: Option<u64>,
    pub max_model_len_limit: Option<u64>,
    pub max_num_seqs: Option<u64>,
    pub kv_cache_bytes: Option<u64>,
    pub kv_cache_tokens: Option<u64>,
    /// Of the fullest rank, after start.
    pub headroom_bytes: Option<u64>,
    pub max_concurrency: f64,
    pub margin: Margin,
    pub certainty: Certainty,
    pub reason: String,
    /// The cache of the fullest rank may be off by so much either way.
    pub uncertainty_bytes: Option<u64>,
    /// The component that adds most to it; empty when exact.
    pub least_certain: String,
}

/// About a plan: the code is stable, the message is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub code: String,
    pub message: String,
}

/// Settings, and whether they fit.
#[derive(Debug)]
pub struct Plan(Owned<sys::vramauto_plan>);

impl Context {
    /// Devices `None`: a GPU of unknown size. Workload `None`: every default.
    pub fn plan(&self, devices: Option<&Devices>, model: &Model, workload: Option<&Workload>) -> Result<Plan, Error> {
        let devices = devices.map_or(std::ptr::null(), Devices::get);
        let workload = workload.map_or(std::ptr::null(), Workload::get);
        // SAFETY: all handles are alive, or NULL where that is allowed.
        self.make(|ctx, out, err| unsafe {
            sys::vramauto_plan_calculate(ctx, devices, model.get(), workload, out, err)
        })
        .map(Plan)
    }
}

impl Plan {
    fn get(&self) -> *const sys::vramauto_plan {
        self.0.get()
    }

    pub fn info(&self) -> PlanInfo {
        let mut info = sys::vramauto_plan_info::default();
        // SAFETY: the texts live as long as the handle.
        unsafe {
            let status = sys::vramauto_plan_get(self.get(), &mut info);
            assert_eq!(status, sys::VRAMAUTO_OK, "a plan has its numbers");
            PlanInfo {
                fits: Fits(info.fits),
                gpu_memory_utilization: info.gpu_memory_utilization,
                utilization_min: info.utilization_min,
                utilization_max: info.utilization_max,
                strategy: Strategy(info.strategy),
                tensor_parallel_size: info.tensor_parallel_size,
                pipeline_parallel_size: info.pipeline_parallel_size,
                data_parallel_size: info.data_parallel_size,
                max_model_len: known(info.max_model_len),
                max_model_len_limit: known(info.max_model_len_limit),
                max_num_seqs: known(info.max_num_seqs),
                kv_cache_bytes: known(info.kv_cache_bytes),
                kv_cache_tokens: known(info.kv_cache_tokens),
                headroom_bytes: known(info.headroom_bytes),
                max_concurrency: info.max_concurrency,
                margin: Margin(info.margin),
                certainty: Certainty(info.certainty),
                reason: text::owned(info.reason),
                uncertainty_bytes: known(info.uncertainty_bytes),
                least_certain: text::owned(info.least_certain),
            }
        }
    }

    /// That the plan was made from; `None` for a plan by the rule of thumb.
    pub fn estimate(&self) -> Option<Estimate<'_>> {
        // SAFETY: the plan is alive, and its estimate as long as the plan.
        Estimate::of_plan(unsafe { sys::vramauto_plan_estimate(self.get()) })
    }

    /// Of the engine's command: all it needs.
    pub fn arguments(&self) -> Vec<String> {
        // SAFETY: the texts live as long as the handle.
        unsafe { text::listed(|i| sys::vramauto_plan_argument(self.get(), i)) }
    }

    /// Of the engine, that the plan needs: "NAME=VALUE".
    pub fn environment(&self) -> Vec<String> {
        // SAFETY: the texts live as long as the handle.
        unsafe { text::listed(|i| sys::vramauto_plan_environment(self.get(), i)) }
    }

    pub fn warnings(&self) -> Vec<Warning> {
        let nth = |i| {
            let mut code = std::ptr::null();
            // SAFETY: the texts live as long as the handle.
            unsafe {
                let message = sys::vramauto_plan_warning(self.get(), i, &mut code);
                (!message.is_null()).then(|| Warning { code: text::owned(code), message: text::owned(message) })
            }
        };
        (0..).map_while(nth).collect()
    }

    /// For people.
    pub fn text(&self) -> String {
        // SAFETY: the handle is alive, the buffer has the size that is told.
        text::written(|buf, size| unsafe { sys::vramauto_plan_text(self.get(), buf, size) })
    }

    /// The whole plan: schema vramauto.plan/1.
    pub fn json(&self) -> String {
        // SAFETY: the handle is alive, the buffer has the size that is told.
        text::written(|buf, size| unsafe { sys::vramauto_plan_json(self.get(), buf, size) })
    }
}
