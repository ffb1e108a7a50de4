//! What a plan costs with the model open: its calculation, its numbers, its end. cost PLANS prints microseconds per plan.

use std::time::Instant;

use vramauto::{Context, Error, Fits, Options};

fn main() -> Result<(), Error> {
    let plans: u32 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(20000);
    let context = Context::new(Options { no_env: true, ..Options::default() })?;
    let gpus = context.parse_devices("RTX 4090")?;
    let model = context.open_model("Qwen/Qwen3-8B")?;
    let mut workload = context.new_workload()?;
    workload.set("max-model-len", "16384")?;
    let start = Instant::now();
    for _ in 0..plans {
        let plan = context.plan(Some(&gpus), &model, Some(&workload))?;
        assert_eq!(plan.info().fits, Fits::YES);
    }
    println!("{:.3}", start.elapsed().as_secs_f64() * 1e6 / f64::from(plans));
    Ok(())
}
