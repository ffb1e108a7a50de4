//! Transfers that are cancelled, from a hub that takes requests and never answers.

use std::net::TcpListener;
use std::ops::ControlFlow;
use std::panic::{catch_unwind, AssertUnwindSafe};

use vramauto::*;

/// Its connections stay open, and unanswered, as long as it lives.
fn silent_hub() -> TcpListener {
    let hub = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = std::env::temp_dir().join(format!("vramauto-rust-no-cache-{}", std::process::id()));
    std::env::set_var("HF_ENDPOINT", format!("http://{}", hub.local_addr().unwrap()));
    std::env::set_var("HF_HOME", &nowhere);
    std::env::set_var("no_proxy", "127.0.0.1");
    for name in ["HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"] {
        std::env::remove_var(name);
    }
    hub
}

fn open(progress: Progress) -> Result<(), Error> {
    let context = Context::new(Options { network: true, progress: Some(progress), ..Options::default() })?;
    context.open_model("nobody/nothing").map(drop)
}

#[test]
fn progress_cancels() {
    let _hub = silent_hub(); // one test, as the environment belongs to the process
    let cancelled = open(Box::new(|_, _| ControlFlow::Break(()))).unwrap_err();
    if cancelled.status == Status::UNSUPPORTED {
        return println!("skipped: {cancelled}");
    }
    assert_eq!(cancelled.status, Status::CANCELLED, "{cancelled}");
    let payload = catch_unwind(AssertUnwindSafe(|| open(Box::new(|_, _| panic!("of progress"))))).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"of progress"));
}
