//! Threads, order of drops, callbacks, processes, signals.

mod common;

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use common::{ask, no_env, Asked, ModelFolder};
use vramauto::*;

extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(code: i32) -> !;
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn siginterrupt(number: i32, interrupts: i32) -> i32;
    fn setitimer(which: i32, every: *const [i64; 4], before: *mut [i64; 4]) -> i32;
}

#[test]
fn handles_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<Context>();
    check::<Devices>();
    check::<Model>();
    check::<Workload>();
    check::<Estimate<'_>>();
    check::<Plan>();
    check::<Error>();
}

#[test]
fn drops_in_any_order() {
    let Asked { context, gpus, model } = ask(no_env());
    let plan = context.plan(Some(&gpus), &model, None).unwrap();
    let before = plan.json();
    drop(context);
    drop(model);
    drop(gpus);
    assert_eq!(plan.json(), before);
}

fn many_threads(asked: &Asked) {
    let expected = asked.plan().json();
    let folder = ModelFolder::new();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(asked.plan().json(), expected);
                    asked.context.open_model(folder.name()).unwrap();
                }
            });
        }
    });
}

#[test]
fn callers_on_many_threads() {
    many_threads(&ask(no_env()));
}

static SIGNALS: AtomicU32 = AtomicU32::new(0);
extern "C" fn count(_: i32) {
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn signals_do_not_disturb() {
    const SIGALRM: i32 = 14;
    let every_ms = [0i64, 1000, 0, 1000];
    let never = [0i64; 4];
    // SAFETY: the handler only counts. System calls are interrupted, not restarted.
    unsafe {
        signal(SIGALRM, count);
        siginterrupt(SIGALRM, 1);
        setitimer(0, &every_ms, std::ptr::null_mut());
    }
    let asked = ask(no_env());
    while SIGNALS.load(Ordering::Relaxed) < 20 {
        many_threads(&asked);
    }
    // SAFETY: as before.
    unsafe { setitimer(0, &never, std::ptr::null_mut()) };
}

fn warned(context: &Context) -> Result<Plan, Error> {
    let model = context.open_model("Qwen/Qwen3-8B")?;
    let mut workload = context.new_workload()?;
    workload.set("engine-version", "9.9")?;
    context.plan(None, &model, Some(&workload))
}

#[test]
fn log() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let log: Log =
        Box::new(move |level, source, message| sink.lock().unwrap().push(format!("{level:?} {source} {message}")));
    let context = Context::new(Options { log: Some(log), ..no_env() }).unwrap();
    warned(&context).unwrap();
    drop(context);
    let lines = Arc::try_unwrap(lines).expect("the context dropped its callbacks").into_inner().unwrap();
    assert!(lines.iter().any(|line| line.starts_with("WARN ") && line.contains("9.9")), "{lines:?}");

    let log: Log = Box::new(|_, _, message| panic!("below the level: {message}"));
    let context = Context::new(Options { log: Some(log), log_level: Some(Level::ERROR), ..no_env() }).unwrap();
    warned(&context).unwrap();
}

#[test]
fn a_panic_in_a_callback_goes_on_in_the_caller() {
    let log: Log = Box::new(|_, _, _| panic!("of the log"));
    let context = Context::new(Options { log: Some(log), ..no_env() }).unwrap();
    let payload = catch_unwind(AssertUnwindSafe(|| warned(&context))).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"of the log"));
    context.open_model("Qwen/Qwen3-8B").unwrap(); // and the context works on
}

#[test]
fn fork_after_use() {
    let asked = ask(no_env());
    let expected = asked.plan().json();
    // SAFETY: the child plans and ends.
    unsafe {
        let child = fork();
        assert!(child >= 0);
        if child == 0 {
            let same = catch_unwind(AssertUnwindSafe(|| asked.plan().json() == expected));
            _exit(if let Ok(true) = same { 0 } else { 1 });
        }
        let mut status = -1;
        while waitpid(child, &mut status, 0) != child {} // signals interrupt it
        assert_eq!(status, 0, "the child's answer is the parent's");
    }
    assert_eq!(asked.plan().json(), expected);
}

#[test]
fn exit_with_open_handles_and_callers() {
    if std::env::var_os("VRAMAUTO_TEST_CHILD").is_some() {
        let asked: &'static Asked = Box::leak(Box::new(ask(no_env())));
        let (ready, wait) = std::sync::mpsc::channel();
        for _ in 0..4 {
            let ready = ready.clone();
            std::thread::spawn(move || loop {
                asked.plan();
                let _ = ready.send(());
            });
        }
        wait.iter().take(16).for_each(drop);
        std::process::exit(0);
    }
    for _ in 0..4 {
        let done = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "exit_with_open_handles_and_callers"])
            .env("VRAMAUTO_TEST_CHILD", "1")
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}
