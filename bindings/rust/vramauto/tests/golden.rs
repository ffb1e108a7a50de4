//! Every answer against what the C ABI gave to the same case: the same bytes.

mod common;

use std::path::{Path, PathBuf};

use vramauto::{Context, Error, Plan, Status};

fn plan_of(context: &Context, gpus: &str, id: &str, options: &[&str]) -> Result<Plan, Error> {
    let devices = if gpus.is_empty() { None } else { Some(context.parse_devices(gpus)?) };
    let model = context.open_model(id)?;
    let mut workload = context.new_workload()?;
    for option in options {
        let (name, value) = option.split_once('=').expect("option=value");
        workload.set(name, value)?;
    }
    context.plan(devices.as_ref(), &model, Some(&workload))
}

/// What `golden` writes, by the ending of the file.
fn answer(given: &Result<Plan, Error>) -> Vec<(&'static str, String)> {
    match given {
        Ok(plan) => vec![("json", plan.json()), ("txt", plan.text())],
        Err(e) => {
            let offset = e.offset.unwrap_or(u64::MAX);
            vec![("error", format!("{}\n{offset}\n{}\n{}\n", e.status.0, e.place, e.message))]
        }
    }
}

#[test]
fn answers_are_those_of_c() {
    let folder = match std::env::var_os("VRAMAUTO_GOLDEN") {
        Some(folder) => PathBuf::from(folder),
        None => return println!("skipped: VRAMAUTO_GOLDEN, the folder with the answers of C, is not set: ctest does"),
    };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/bindings/golden.tsv");
    let context = Context::new(common::no_env()).unwrap();
    let mut compared = 0;
    for line in std::fs::read_to_string(cases).unwrap().lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let given = plan_of(&context, fields[2], fields[3], &fields[4..]);
        let status = given.as_ref().map_or_else(|e| e.status, |_| Status::OK);
        assert!(
            fields[1].trim_start_matches("VRAMAUTO_E_").trim_start_matches("VRAMAUTO_") == format!("{status:?}"),
            "{line}: {status:?}"
        );
        for (ending, text) in answer(&given) {
            let expected = std::fs::read_to_string(folder.join(format!("{}.{ending}", fields[0]))).unwrap();
            assert_eq!(text, expected, "{line}");
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared} answers compared");
}
