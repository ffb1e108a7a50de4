use std::marker::PhantomData;

use vramauto_sys as sys;

use crate::codes::Kind;
use crate::context::Context;
use crate::devices::Devices;
use crate::error::{known, Error};
use crate::handle::Owned;
use crate::model::Model;
use crate::plan::Plan;
use crate::text;
use crate::workload::Workload;

/// An estimate as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EstimateInfo {
    pub ranks: u32,
    pub parameters: Option<u64>,
    /// Of the fullest rank, without the KV cache.
    pub peak_bytes: u64,
    pub estimator: String,
    pub plugin: String,
    pub engine: String,
    pub engine_version: String,
}

/// One named amount of memory on one rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    pub rank: u32,
    pub kind: Kind,
    /// Of the engine's budget.
    pub outside_budget: bool,
    /// Best value and bounds; all equal when exact.
    pub bytes: u64,
    pub low_bytes: u64,
    pub high_bytes: u64,
    pub name: String,
    pub source: String,
}

/// One group of layers as the engine allocates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheGroup {
    pub rank: u32,
    pub layers: u32,
    pub block_tokens: u32,
    /// All its layers, one block.
    pub block_bytes: u64,
    /// Kept per sequence; `None`: the whole context.
    pub window_tokens: Option<u64>,
    /// Of state that does not grow with length.
    pub sequence_bytes: u64,
    /// "full", "sliding", ...
    pub kind: String,
}

/// Bytes per rank and the geometry of the cache: its own, or a plan's.
#[derive(Debug)]
pub struct Estimate<'plan> {
    raw: *const sys::vramauto_estimate,
    _owned: Option<Owned<sys::vramauto_estimate>>,
    _plan: PhantomData<&'plan Plan>,
}

// SAFETY: a const handle may be used by many threads at once.
unsafe impl Send for Estimate<'_> {}
unsafe impl Sync for Estimate<'_> {}

impl Context {
    /// Devices `None`: a GPU of unknown size. Workload `None`: every default.
    pub fn estimate(
        &self,
        devices: Option<&Devices>,
        model: &Model,
        workload: Option<&Workload>,
    ) -> Result<Estimate<'static>, Error> {
        let devices = devices.map_or(std::ptr::null(), Devices::get);
        let workload = workload.map_or(std::ptr::null(), Workload::get);
        // SAFETY: all handles are alive, or NULL where that is allowed.
        let owned = self.make(|ctx, out, err| unsafe {
            sys::vramauto_estimate_run(ctx, devices, model.get(), workload, out, err)
        })?;
        Ok(Estimate { raw: owned.get(), _owned: Some(owned), _plan: PhantomData })
    }
}

impl<'plan> Estimate<'plan> {
    pub(crate) fn of_plan(raw: *const sys::vramauto_estimate) -> Option<Self> {
        (!raw.is_null()).then_some(Self { raw, _owned: None, _plan: PhantomData })
    }

    fn c_info(&self) -> sys::vramauto_estimate_info {
        let mut info = sys::vramauto_estimate_info::default();
        // SAFETY: the handle is alive.
        let status = unsafe { sys::vramauto_estimate_get(self.raw, &mut info) };
        assert_eq!(status, sys::VRAMAUTO_OK, "an estimate has its facts");
        info
    }

    pub fn info(&self) -> EstimateInfo {
        let info = self.c_info();
        // SAFETY: the texts live as long as the handle.
        unsafe {
            EstimateInfo {
                ranks: info.ranks,
                parameters: known(info.parameters),
                peak_bytes: info.peak_bytes,
                estimator: text::owned(info.estimator),
                plugin: text::owned(info.plugin),
                engine: text::owned(info.engine),
                engine_version: text::owned(info.engine_version),
            }
        }
    }

    /// Of all ranks.
    pub fn components(&self) -> Vec<Component> {
        (0..self.c_info().components).map(|i| self.component(i)).collect()
    }

    fn component(&self, i: u64) -> Component {
        let mut found = sys::vramauto_component::default();
        // SAFETY: the texts live as long as the handle.
        unsafe {
            let status = sys::vramauto_estimate_component(self.raw, i, &mut found);
            assert_eq!(status, sys::VRAMAUTO_OK, "component {i} is there");
            Component {
                rank: found.rank,
                kind: Kind(found.kind),
                outside_budget: found.flags & 1 != 0,
                bytes: found.bytes,
                low_bytes: found.low_bytes,
                high_bytes: found.high_bytes,
                name: text::owned(found.name),
                source: text::owned(found.source),
            }
        }
    }

    pub fn cache_groups(&self) -> Vec<CacheGroup> {
        (0..self.c_info().cache_groups).map(|i| self.cache_group(i)).collect()
    }

    fn cache_group(&self, i: u64) -> CacheGroup {
        let mut found = sys::vramauto_cache_group::default();
        // SAFETY: the text lives as long as the handle.
        unsafe {
            let status = sys::vramauto_estimate_cache_group(self.raw, i, &mut found);
            assert_eq!(status, sys::VRAMAUTO_OK, "cache group {i} is there");
            CacheGroup {
                rank: found.rank,
                layers: found.layers,
                block_tokens: found.block_tokens,
                block_bytes: found.block_bytes,
                window_tokens: known(found.window_tokens),
                sequence_bytes: found.sequence_bytes,
                kind: text::owned(found.kind),
            }
        }
    }

    /// Of the estimator and of the engine.
    pub fn notes(&self) -> Vec<String> {
        // SAFETY: the texts live as long as the handle.
        unsafe { text::listed(|i| sys::vramauto_estimate_note(self.raw, i as u64)) }
    }

    pub fn json(&self) -> String {
        // SAFETY: the handle is alive, the buffer has the size that is told.
        text::written(|buf, size| unsafe { sys::vramauto_estimate_json(self.raw, buf, size) })
    }
}
