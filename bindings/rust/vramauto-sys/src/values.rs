//! Values that vramauto.h names, of the types that its structs have.

pub const VRAMAUTO_VERSION_NUMBER: u32 = 1000;
pub const VRAMAUTO_UNKNOWN: u64 = u64::MAX;
pub const VRAMAUTO_MAX_RANK: usize = 8;

pub const VRAMAUTO_OK: i32 = 0;
pub const VRAMAUTO_E_ARGUMENT: i32 = -1;
pub const VRAMAUTO_E_MEMORY: i32 = -2;
pub const VRAMAUTO_E_UNSUPPORTED: i32 = -3;
pub const VRAMAUTO_E_NOT_FOUND: i32 = -4;
pub const VRAMAUTO_E_IO: i32 = -5;
pub const VRAMAUTO_E_TIMEOUT: i32 = -6;
pub const VRAMAUTO_E_CANCELLED: i32 = -7;
pub const VRAMAUTO_E_INTERNAL: i32 = -8;
pub const VRAMAUTO_E_NO_DRIVER: i32 = -100;
pub const VRAMAUTO_E_DRIVER: i32 = -101;
pub const VRAMAUTO_E_FORMAT: i32 = -200;
pub const VRAMAUTO_E_LIMIT: i32 = -201;
pub const VRAMAUTO_E_NO_ESTIMATOR: i32 = -300;
pub const VRAMAUTO_E_PLUGIN: i32 = -301;

pub const VRAMAUTO_LOG_ERROR: i32 = 1;
pub const VRAMAUTO_LOG_WARN: i32 = 2;
pub const VRAMAUTO_LOG_INFO: i32 = 3;
pub const VRAMAUTO_LOG_DEBUG: i32 = 4;

pub const VRAMAUTO_F64: u32 = 1;
pub const VRAMAUTO_F32: u32 = 2;
pub const VRAMAUTO_F16: u32 = 3;
pub const VRAMAUTO_BF16: u32 = 4;
pub const VRAMAUTO_F8_E4M3: u32 = 5;
pub const VRAMAUTO_F8_E5M2: u32 = 6;
pub const VRAMAUTO_F8_E8M0: u32 = 7;
pub const VRAMAUTO_F4: u32 = 10;
pub const VRAMAUTO_I64: u32 = 20;
pub const VRAMAUTO_I32: u32 = 21;
pub const VRAMAUTO_I16: u32 = 22;
pub const VRAMAUTO_I8: u32 = 23;
pub const VRAMAUTO_U8: u32 = 24;
pub const VRAMAUTO_BOOL: u32 = 25;

pub const VRAMAUTO_KIND_OTHER: u32 = 0;
pub const VRAMAUTO_KIND_WEIGHTS: u32 = 1;
pub const VRAMAUTO_KIND_KV_CACHE: u32 = 2;
pub const VRAMAUTO_KIND_STATE: u32 = 3;
pub const VRAMAUTO_KIND_ACTIVATIONS: u32 = 4;
pub const VRAMAUTO_KIND_GRAPHS: u32 = 5;
pub const VRAMAUTO_KIND_COMMUNICATION: u32 = 6;
pub const VRAMAUTO_KIND_RUNTIME: u32 = 7;

pub const VRAMAUTO_CONTEXT_NO_PLUGINS: u32 = 1;
pub const VRAMAUTO_CONTEXT_NO_ENV: u32 = 2;
pub const VRAMAUTO_CONTEXT_NETWORK: u32 = 4;
pub const VRAMAUTO_CONTEXT_REFRESH: u32 = 8;

pub const VRAMAUTO_DETECT_CUDA: u32 = 1;

pub const VRAMAUTO_STRATEGY_NONE: u32 = 0;
pub const VRAMAUTO_STRATEGY_GIVEN: u32 = 1;
pub const VRAMAUTO_STRATEGY_CONSERVATIVE: u32 = 2;
pub const VRAMAUTO_STRATEGY_STANDARD: u32 = 3;
pub const VRAMAUTO_STRATEGY_AGGRESSIVE: u32 = 4;
pub const VRAMAUTO_STRATEGY_MINIMAL: u32 = 5;
pub const VRAMAUTO_STRATEGY_MAXIMAL: u32 = 6;

pub const VRAMAUTO_MARGIN_NONE: u32 = 0;
pub const VRAMAUTO_MARGIN_THIN: u32 = 1;
pub const VRAMAUTO_MARGIN_COMFORTABLE: u32 = 2;

pub const VRAMAUTO_CERTAINTY_NONE: u32 = 0;
pub const VRAMAUTO_CERTAINTY_GUESS: u32 = 1;
pub const VRAMAUTO_CERTAINTY_WITHIN: u32 = 2;
pub const VRAMAUTO_CERTAINTY_EXACT: u32 = 3;
