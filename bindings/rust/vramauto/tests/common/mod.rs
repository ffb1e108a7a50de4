//! What the tests share.
#![allow(dead_code)] // each test program uses some of it

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use vramauto::{Context, Devices, Model, Options, Plan};

/// The same answers on every machine.
pub fn no_env() -> Options {
    Options { no_env: true, ..Options::default() }
}

/// A question that tests can repeat: Qwen3-8B on one RTX 4090.
pub struct Asked {
    pub context: Context,
    pub gpus: Devices,
    pub model: Model,
}

pub fn ask(options: Options) -> Asked {
    let context = Context::new(options).unwrap();
    let gpus = context.parse_devices("RTX 4090").unwrap();
    let model = context.open_model("Qwen/Qwen3-8B").unwrap();
    Asked { context, gpus, model }
}

impl Asked {
    pub fn plan(&self) -> Plan {
        self.context.plan(Some(&self.gpus), &self.model, None).unwrap()
    }
}

const LLAMA: &str = r#"{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
"intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256,
"max_position_embeddings": 512, "tie_word_embeddings": true, "torch_dtype": "bfloat16"}"#;

/// A folder with a configuration and one tensor, until it is dropped.
pub struct ModelFolder(PathBuf);

impl ModelFolder {
    pub fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("vramauto-rust-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("config.json"), LLAMA).unwrap();
        let header = br#"{"model.norm.weight":{"dtype":"BF16","shape":[2,32],"data_offsets":[0,128]}}"#;
        let mut tensors = (header.len() as u64).to_le_bytes().to_vec();
        tensors.extend_from_slice(header);
        tensors.extend_from_slice(&[0; 128]);
        std::fs::write(folder.join("model.safetensors"), tensors).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for ModelFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
