use vramauto_sys as sys;

use crate::context::Context;
use crate::error::{known, Error};
use crate::handle::Owned;
use crate::text;

/// How GPUs are detected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detect {
    /// Ask the CUDA driver in this process: exact totals, but later forks lose CUDA.
    pub cuda: bool,
}

/// One GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// In the order the engine will see them.
    pub index: u32,
    /// As cudaMemGetInfo counts them.
    pub total_bytes: Option<u64>,
    pub free_bytes: Option<u64>,
    pub compute_capability: (u32, u32),
    pub unified_memory: bool,
    pub mig: bool,
    pub total_from_catalogue: bool,
    pub name: String,
    pub uuid: String,
    pub pci_bus_id: String,
    pub source: String,
}

/// A snapshot of GPUs.
#[derive(Debug)]
pub struct Devices(Owned<sys::vramauto_devices>);

impl Context {
    /// The GPUs of this machine.
    pub fn detect_devices(&self, how: Detect) -> Result<Devices, Error> {
        let flags = if how.cuda { sys::VRAMAUTO_DETECT_CUDA } else { 0 };
        // SAFETY: the context is alive.
        self.make(|ctx, out, err| unsafe { sys::vramauto_devices_detect(ctx, flags, out, err) }).map(Devices)
    }

    /// GPUs from text: "2x RTX 4090", "H100 80GB", "24GiB", or what [`Devices::json`] wrote.
    pub fn parse_devices(&self, text: &str) -> Result<Devices, Error> {
        let text = text::c_string("devices", text)?;
        // SAFETY: the context and the text are alive.
        self.make(|ctx, out, err| unsafe { sys::vramauto_devices_parse(ctx, text.as_ptr(), out, err) }).map(Devices)
    }
}

impl Devices {
    pub(crate) fn get(&self) -> *const sys::vramauto_devices {
        self.0.get()
    }

    pub fn list(&self) -> Vec<Device> {
        // SAFETY: the handle is alive.
        (0..unsafe { sys::vramauto_devices_count(self.get()) }).map(|i| self.nth(i)).collect()
    }

    fn nth(&self, i: usize) -> Device {
        let mut info = sys::vramauto_device_info::default();
        // SAFETY: the texts live as long as the handle.
        unsafe {
            let status = sys::vramauto_devices_get(self.get(), i, &mut info);
            assert_eq!(status, sys::VRAMAUTO_OK, "device {i} is there");
            Device {
                index: info.index,
                total_bytes: known(info.total_bytes),
                free_bytes: known(info.free_bytes),
                compute_capability: (info.compute_major, info.compute_minor),
                unified_memory: info.flags & 1 != 0,
                mig: info.flags & 2 != 0,
                total_from_catalogue: info.flags & 4 != 0,
                name: text::owned(info.name),
                uuid: text::owned(info.uuid),
                pci_bus_id: text::owned(info.pci_bus_id),
                source: text::owned(info.source),
            }
        }
    }

    /// What [`Context::parse_devices`] reads, on a machine without these GPUs too.
    pub fn json(&self) -> String {
        // SAFETY: the handle is alive, the buffer has the size that is told.
        text::written(|buf, size| unsafe { sys::vramauto_devices_json(self.get(), buf, size) })
    }
}
