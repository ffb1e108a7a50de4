//! Codes of the library: numbers with named values. A newer library may have some that have no name here.

use std::fmt;

use vramauto_sys as sys;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident($number:ty) { $($value:ident = $code:expr,)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $number);

        #[allow(missing_docs)]
        impl $name { $(pub const $value: Self = Self($code);)* }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $(Self::$value => f.write_str(stringify!($value)),)*
                    Self(other) => write!(f, concat!(stringify!($name), "({})"), other),
                }
            }
        }
    )* };
}

codes! {
    /// What kind of error it is. At most -10000: an estimator's own.
    Status(i32) {
        OK = sys::VRAMAUTO_OK,
        ARGUMENT = sys::VRAMAUTO_E_ARGUMENT,
        MEMORY = sys::VRAMAUTO_E_MEMORY,
        UNSUPPORTED = sys::VRAMAUTO_E_UNSUPPORTED,
        NOT_FOUND = sys::VRAMAUTO_E_NOT_FOUND,
        IO = sys::VRAMAUTO_E_IO,
        TIMEOUT = sys::VRAMAUTO_E_TIMEOUT,
        CANCELLED = sys::VRAMAUTO_E_CANCELLED,
        INTERNAL = sys::VRAMAUTO_E_INTERNAL,
        NO_DRIVER = sys::VRAMAUTO_E_NO_DRIVER,
        DRIVER = sys::VRAMAUTO_E_DRIVER,
        FORMAT = sys::VRAMAUTO_E_FORMAT,
        LIMIT = sys::VRAMAUTO_E_LIMIT,
        NO_ESTIMATOR = sys::VRAMAUTO_E_NO_ESTIMATOR,
        PLUGIN = sys::VRAMAUTO_E_PLUGIN,
    }
    /// Of a message; smaller ones are more severe.
    Level(i32) {
        ERROR = sys::VRAMAUTO_LOG_ERROR,
        WARN = sys::VRAMAUTO_LOG_WARN,
        INFO = sys::VRAMAUTO_LOG_INFO,
        DEBUG = sys::VRAMAUTO_LOG_DEBUG,
    }
    /// Type of a tensor's numbers; 100 and up are ggml's, plus 100.
    DType(u32) {
        UNKNOWN = 0,
        F64 = sys::VRAMAUTO_F64,
        F32 = sys::VRAMAUTO_F32,
        F16 = sys::VRAMAUTO_F16,
        BF16 = sys::VRAMAUTO_BF16,
        F8_E4M3 = sys::VRAMAUTO_F8_E4M3,
        F8_E5M2 = sys::VRAMAUTO_F8_E5M2,
        F8_E8M0 = sys::VRAMAUTO_F8_E8M0,
        F4 = sys::VRAMAUTO_F4,
        I64 = sys::VRAMAUTO_I64,
        I32 = sys::VRAMAUTO_I32,
        I16 = sys::VRAMAUTO_I16,
        I8 = sys::VRAMAUTO_I8,
        U8 = sys::VRAMAUTO_U8,
        BOOL = sys::VRAMAUTO_BOOL,
    }
    /// What memory is for; 0x40000000 and up are an estimator's own.
    Kind(u32) {
        OTHER = sys::VRAMAUTO_KIND_OTHER,
        WEIGHTS = sys::VRAMAUTO_KIND_WEIGHTS,
        KV_CACHE = sys::VRAMAUTO_KIND_KV_CACHE,
        STATE = sys::VRAMAUTO_KIND_STATE,
        ACTIVATIONS = sys::VRAMAUTO_KIND_ACTIVATIONS,
        GRAPHS = sys::VRAMAUTO_KIND_GRAPHS,
        COMMUNICATION = sys::VRAMAUTO_KIND_COMMUNICATION,
        RUNTIME = sys::VRAMAUTO_KIND_RUNTIME,
    }
    /// Where a model was read from.
    Source(u32) {
        FILES = 1,
        CONFIG = 2,
        CATALOGUE = 3,
        NAME = 4,
        CACHE = 5,
        HUB = 6,
    }
    /// How the text of an option is read.
    OptionType(u32) {
        SWITCH = 1,
        INTEGER = 2,
        NUMBER = 3,
        BYTES = 4,
        CHOICE = 5,
        TEXT = 6,
        JSON = 7,
        WORDS = 8,
    }
    /// Whether a model does. NO is an answer, not an error; UNKNOWN: the GPU's size is not known.
    Fits(u32) {
        NO = 0,
        YES = 1,
        UNKNOWN = 2,
    }
    /// By which the utilization was chosen.
    Strategy(u32) {
        NONE = sys::VRAMAUTO_STRATEGY_NONE,
        GIVEN = sys::VRAMAUTO_STRATEGY_GIVEN,
        CONSERVATIVE = sys::VRAMAUTO_STRATEGY_CONSERVATIVE,
        STANDARD = sys::VRAMAUTO_STRATEGY_STANDARD,
        AGGRESSIVE = sys::VRAMAUTO_STRATEGY_AGGRESSIVE,
        MINIMAL = sys::VRAMAUTO_STRATEGY_MINIMAL,
        MAXIMAL = sys::VRAMAUTO_STRATEGY_MAXIMAL,
    }
    /// How much stays free.
    Margin(u32) {
        NONE = sys::VRAMAUTO_MARGIN_NONE,
        THIN = sys::VRAMAUTO_MARGIN_THIN,
        COMFORTABLE = sys::VRAMAUTO_MARGIN_COMFORTABLE,
    }
    /// How much is known of the memory left for the KV cache.
    Certainty(u32) {
        NONE = sys::VRAMAUTO_CERTAINTY_NONE,
        GUESS = sys::VRAMAUTO_CERTAINTY_GUESS,
        WITHIN = sys::VRAMAUTO_CERTAINTY_WITHIN,
        EXACT = sys::VRAMAUTO_CERTAINTY_EXACT,
    }
}
