//! Says whether a model fits on GPUs and with which settings: plan MODEL "GPUs" [option=value ...]

use std::process::ExitCode;

use vramauto::{Context, Error, Fits, Options};

fn run(id: &str, gpus: &str, options: &[String]) -> Result<(), Error> {
    let context = Context::new(Options::default())?;
    let devices = context.parse_devices(gpus)?;
    let model = context.open_model(id)?;
    let mut workload = context.new_workload()?;
    for option in options {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        workload.set(name, value)?;
    }
    let plan = context.plan(Some(&devices), &model, Some(&workload))?;
    let info = plan.info();
    println!("fits: {}, utilization {:.4}: {}", info.fits == Fits::YES, info.gpu_memory_utilization, info.reason);
    println!("vllm {}", plan.arguments().join(" "));
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [id, gpus, options @ ..] => run(id, gpus, options),
        _ => {
            eprintln!("usage: plan MODEL \"GPUs\" [option=value ...]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vramauto: {error}");
            ExitCode::FAILURE
        }
    }
}
