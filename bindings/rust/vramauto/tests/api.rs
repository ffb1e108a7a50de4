//! Everything the library tells, and bad input.

mod common;

use std::time::Duration;

use common::{ask, no_env, ModelFolder};
use vramauto::*;

#[test]
fn version_and_build() {
    assert_eq!(version().unwrap(), vramauto_sys::dotted(vramauto_sys::VRAMAUTO_VERSION_NUMBER));
    assert!(build_info().unwrap().starts_with("{\"version_number\": "));
}

#[test]
fn one_number() {
    assert_eq!(model_size_gib("x/y-13B").unwrap(), 26.0);
    let share = gpu_memory_utilization("x/y-13B", 0, 0).unwrap();
    assert!(share > 0.0 && share <= 1.0);
    assert!(gpu_memory_gib().unwrap() >= 0.0);
}

#[test]
fn options_are_listed() {
    let options = workload_options().unwrap();
    let policy = options.iter().find(|option| option.name == "policy").unwrap();
    assert_eq!((policy.option_type, policy.choices.as_str()), (OptionType::CHOICE, "balanced|minimal|maximal"));
    assert!(!policy.help.is_empty() && !policy.default_text.is_empty());
    assert!(options.iter().any(|option| option.name == "tensor-parallel-size" && option.short_name == "tp"));
}

#[test]
fn what_is_built_in_is_listed_and_can_be_used() {
    let context = Context::new(no_env()).unwrap();
    let (models, gpus) = (catalogue_models().unwrap(), catalogue_gpus().unwrap());
    assert!(models.iter().any(|id| id == "Qwen/Qwen3-8B") && models.len() > 100 && gpus.len() > 100);
    for name in gpus {
        assert_eq!(context.parse_devices(&name).unwrap().list()[0].name, name);
    }
}

#[test]
fn devices() {
    let context = Context::new(no_env()).unwrap();
    let two = context.parse_devices("2x RTX 4090").unwrap();
    let list = two.list();
    assert_eq!((list.len(), list[1].index, list[1].compute_capability), (2, 1, (8, 9)));
    assert!(list[1].name.contains("4090") && list[1].total_bytes > Some(20 << 30) && list[1].free_bytes.is_none());
    assert!(list[1].total_from_catalogue && !list[1].mig && !list[1].unified_memory);
    assert_eq!(context.parse_devices(&two.json()).unwrap().json(), two.json());
    assert!(context.parse_devices("256x H100 80GB").unwrap().json().len() > 16384, "longer than one buffer");
    if let Err(e) = context.detect_devices(Detect::default()) {
        assert!(e.status == Status::NO_DRIVER || e.status == Status::NOT_FOUND, "{e:?}");
    }
}

#[test]
fn model_and_tensors() {
    let context = Context::new(no_env()).unwrap();
    let folder = ModelFolder::new();
    let model = context.open_model(folder.name()).unwrap();
    let info = model.info();
    assert_eq!((info.source, info.tensor_count, info.parameters), (Source::FILES, Some(1), Some(64)));
    assert_eq!((info.path.as_str(), info.model_type.as_str()), (folder.name(), "llama"));
    let tensor = model.tensor(0).unwrap();
    assert_eq!((tensor.name.as_str(), tensor.dtype, tensor.bytes), ("model.norm.weight", DType::BF16, 128));
    assert_eq!(tensor.shape, [2, 32]);
    assert_eq!(model.tensors().collect::<Vec<_>>(), [tensor]);
    assert_eq!(model.tensor(1).unwrap_err().status, Status::ARGUMENT);
    let known = context.open_model("Qwen/Qwen3-8B").unwrap().info();
    assert_eq!((known.source, known.tensor_count), (Source::CATALOGUE, None));

    std::fs::write(folder.path().join("config.json"), "{\"a\": ").unwrap();
    let broken = context.open_model(folder.name()).unwrap_err();
    assert!(
        broken.status == Status::FORMAT && broken.offset.is_some() && broken.place.ends_with("config.json"),
        "{broken:?}"
    );
}

#[test]
fn estimate() {
    let asked = ask(no_env());
    let estimate = asked.context.estimate(Some(&asked.gpus), &asked.model, None).unwrap();
    let info = estimate.info();
    assert_eq!((info.ranks, info.estimator.as_str(), info.engine.as_str()), (1, "decoder", "vllm"));
    assert_eq!(info.parameters, Some(8190735360));
    let components = estimate.components();
    let weights: u64 = components.iter().filter(|c| c.kind == Kind::WEIGHTS).map(|c| c.bytes).sum();
    assert!(weights > 15 << 30 && weights < 16 << 30, "{weights}");
    assert!(components.iter().all(|c| !c.name.is_empty() && c.low_bytes <= c.bytes && c.bytes <= c.high_bytes));
    let group = &estimate.cache_groups()[0];
    assert_eq!((group.layers, group.block_tokens, group.kind.as_str(), group.window_tokens), (36, 16, "full", None));
    assert!(estimate.json().starts_with('{'));
    assert!(estimate.notes().iter().all(|note| !note.is_empty()));
}

#[test]
fn plan() {
    let asked = ask(no_env());
    let mut workload = asked.context.new_workload().unwrap();
    for (name, value) in [("max-model-len", "16384"), ("engine-version", "9.9"), ("policy", "maximal")] {
        workload.set(name, value).unwrap();
    }
    workload.set("env", "VLLM_USE_V2_MODEL_RUNNER=0").unwrap();
    workload.reset("policy").unwrap();
    let plan = asked.context.plan(Some(&asked.gpus), &asked.model, Some(&workload)).unwrap();
    let info = plan.info();
    assert_eq!((info.fits, info.strategy, info.max_model_len), (Fits::YES, Strategy::STANDARD, Some(16384)));
    assert!(info.utilization_min <= info.gpu_memory_utilization && info.gpu_memory_utilization <= info.utilization_max);
    assert_eq!(plan.arguments()[..2], ["serve", "Qwen/Qwen3-8B"]);
    assert_eq!(plan.environment(), ["VLLM_USE_V2_MODEL_RUNNER=0"]);
    let warnings = plan.warnings();
    assert!(!warnings.is_empty() && !warnings[0].code.is_empty() && warnings[0].message.contains("9.9"));
    assert_eq!(plan.estimate().unwrap().info().ranks, 1);
    workload.set("method", "rule").unwrap();
    let rule = asked.context.plan(Some(&asked.gpus), &asked.model, Some(&workload)).unwrap();
    assert!(rule.estimate().is_none(), "the rule of thumb has no estimate");
}

#[test]
fn attach() {
    let asked = ask(no_env());
    let mut workload = asked.context.new_workload().unwrap();
    let draft = asked.context.open_model("Qwen/Qwen3-0.6B").unwrap();
    workload.attach("speculative", &draft).unwrap();
    workload.set("speculative-config", r#"{"num_speculative_tokens": 3}"#).unwrap();
    drop(draft); // the workload keeps it alive
    let plan = asked.context.plan(Some(&asked.gpus), &asked.model, Some(&workload)).unwrap();
    assert!(plan.info().kv_cache_tokens < asked.plan().info().kv_cache_tokens);
    for role in ["pilot", "lora", "a\0b"] {
        assert_eq!(workload.attach(role, &asked.model).unwrap_err().status, Status::ARGUMENT, "{role:?}");
    }
}

#[test]
fn plugins() {
    let context = Context::new(no_env()).unwrap();
    let all = context.plugins();
    assert!(all.iter().all(|plugin| plugin.status == Status::OK), "{all:?}");
    let alone = Context::new(Options { no_plugins: true, ..no_env() }).unwrap();
    assert!(alone.plugins().len() < all.len());
    let options = Options {
        plugins: vec!["/does/not/exist.so".into()],
        plugin_timeout: Some(Duration::from_secs(1)),
        ..no_env()
    };
    let missing = Context::new(options).unwrap().plugins();
    let refused = missing.iter().find(|plugin| plugin.path == "/does/not/exist.so").unwrap();
    assert!(refused.status != Status::OK && !refused.message.is_empty());
}

#[test]
fn bad_text() {
    let context = Context::new(no_env()).unwrap();
    let mut workload = context.new_workload().unwrap();
    let nul = "a\0b";
    let plugins = |path: &str| Context::new(Options { plugins: vec![path.into()], ..no_env() }).map(|_| ());
    for given in [
        model_size_gib(nul).map(|_| ()),
        context.parse_devices(nul).map(|_| ()),
        context.open_model(nul).map(|_| ()),
        workload.set(nul, "1"),
        workload.set("env", nul),
        workload.reset(nul),
        plugins(nul),
        plugins("/a:/b"),
    ] {
        assert_eq!(given.as_ref().unwrap_err().status, Status::ARGUMENT, "{given:?}");
    }
    for timeout in [Duration::ZERO, Duration::from_micros(1), Duration::from_secs(1 << 40)] {
        let given = Context::new(Options { plugin_timeout: Some(timeout), ..no_env() });
        assert_eq!(given.unwrap_err().status, Status::ARGUMENT, "{timeout:?}");
    }
}

#[test]
fn errors_are_errors() {
    let context = Context::new(no_env()).unwrap();
    let error: Box<dyn std::error::Error + Send + Sync> = Box::new(context.open_model("/does/not/exist").unwrap_err());
    assert_eq!(error.to_string(), "/does/not/exist: does not exist");
    assert_eq!(format!("{:?} {:?}", Status::NOT_FOUND, Status(-12345)), "NOT_FOUND Status(-12345)");
}
