package vramauto

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

func TestClosed(t *testing.T) {
	a := ask(t, noEnv)
	plan, workload := a.plan(t), must(a.ctx.NewWorkload())
	estimate := must(a.ctx.Estimate(a.gpus, a.model, workload))
	for _, close := range []func() error{plan.Close, plan.Close, workload.Close, estimate.Close, a.gpus.Close} {
		if err := close(); err != nil {
			t.Error(err)
		}
	}
	closed := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := plan.JSON()
	closed("plan", err)
	_, err = estimate.Components()
	closed("estimate", err)
	closed("workload", workload.Set("max-model-len", "1"))
	_, err = a.gpus.List()
	closed("devices", err)
	_, err = a.ctx.Plan(a.gpus, a.model, nil)
	closed("a plan from closed devices", err)
	_, err = a.ctx.Plan(nil, a.model, workload)
	closed("a plan from a closed workload", err)
	a.model.Close()
	_, err = a.model.Info()
	closed("model", err)
	a.ctx.Close()
	_, err = a.ctx.ParseDevices("24GiB")
	closed("context", err)
	_, err = (&Plan{}).Info()
	closed("a plan that was never made", err)
}

func TestAnyOrder(t *testing.T) {
	a := ask(t, noEnv)
	plan := a.plan(t)
	want := string(must(plan.JSON()))
	a.ctx.Close()
	a.model.Close()
	a.gpus.Close()
	if got := string(must(plan.JSON())); got != want {
		t.Errorf("after its parts were closed a plan says\n%s", got)
	}
	plan.Close()
}

func TestNoModel(t *testing.T) {
	ctx := newTestContext(t, noEnv)
	if _, err := ctx.Plan(nil, nil, nil); !errors.Is(err, ErrArgument) {
		t.Error(err)
	}
}

// Callers on many goroutines, with a collector that never rests: its signals interrupt calls of C, its finalizers free plans.
func TestManyGoroutines(t *testing.T) {
	a := ask(t, noEnv)
	want := string(must(a.plan(t).JSON()))
	folder := modelFolder(t)
	var stop atomic.Bool
	collector := make(chan int)
	go func() {
		rounds := 0
		for ; !stop.Load(); rounds++ {
			runtime.GC()
		}
		collector <- rounds
	}()
	var callers sync.WaitGroup
	for i := 0; i < 16; i++ {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for k := 0; k < 20; k++ {
				plan, err := a.ctx.Plan(a.gpus, a.model, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := plan.JSON(); err != nil || string(got) != want {
					t.Errorf("%v: %s", err, got)
				}
				model, err := a.ctx.OpenModel(context.Background(), folder)
				if err != nil {
					t.Error(err)
					return
				}
				if k%2 == 0 { // the others are left to finalizers
					plan.Close()
					model.Close()
				}
			}
		}()
	}
	callers.Wait()
	stop.Store(true)
	if rounds := <-collector; rounds == 0 {
		t.Error("no garbage was collected")
	}
}

func TestCloseWhileInUse(t *testing.T) {
	a := ask(t, noEnv)
	for round := 0; round < 50; round++ {
		plan, workload := a.plan(t), must(a.ctx.NewWorkload())
		var callers sync.WaitGroup
		for i := 0; i < 4; i++ {
			callers.Add(1)
			go func() {
				defer callers.Done()
				_, json := plan.JSON()
				made, calculated := a.ctx.Plan(a.gpus, a.model, workload)
				for _, err := range []error{json, calculated, workload.Set("max-model-len", "8192")} {
					if err != nil && !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
				}
				if calculated == nil {
					made.Close()
				}
			}()
		}
		plan.Close()
		workload.Close()
		callers.Wait()
	}
}

func warnsOf(t *testing.T, ctx *Context) (*Plan, error) {
	workload := must(ctx.NewWorkload())
	defer workload.Close()
	if err := workload.Set("engine-version", "9.9"); err != nil {
		t.Fatal(err)
	}
	model := must(ctx.OpenModel(context.Background(), "Qwen/Qwen3-8B"))
	defer model.Close()
	return ctx.Plan(nil, model, workload)
}

func TestLog(t *testing.T) {
	var lines []string
	ctx := newTestContext(t, Options{NoEnv: true, Log: func(level Level, source, message string) {
		lines = append(lines, fmt.Sprint(level == LogWarn, source != "", message))
	}})
	must(warnsOf(t, ctx)).Close()
	if len(lines) == 0 {
		t.Error("no warning was logged")
	}
	silent := newTestContext(t, Options{NoEnv: true, LogLevel: LogError, Log: func(Level, string, string) { t.Error("below the level") }})
	must(warnsOf(t, silent)).Close()
}

func TestPanicInLog(t *testing.T) {
	ctx := newTestContext(t, Options{NoEnv: true, Log: func(Level, string, string) { panic(os.ErrDeadlineExceeded) }})
	_, err := warnsOf(t, ctx)
	var panicked *CallbackPanic
	if !errors.As(err, &panicked) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a panic in the log gives %v", err)
	}
	model := must(ctx.OpenModel(context.Background(), "Qwen/Qwen3-8B")) // and the context works on
	model.Close()
}

// TestChildren: processes made after the library was used, and one that exits with open handles and callers inside C.
func TestChildren(t *testing.T) {
	if os.Getenv("VRAMAUTO_TEST_CHILD") != "" {
		child(t)
	}
	a := ask(t, noEnv)
	a.plan(t).Close()
	for i := 0; i < 4; i++ {
		command := exec.Command(os.Args[0], "-test.run=^TestChildren$")
		command.Env = append(os.Environ(), "VRAMAUTO_TEST_CHILD=1")
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

func child(t *testing.T) {
	a := ask(t, noEnv)
	started := make(chan bool)
	for i := 0; i < 4; i++ {
		go func() {
			for k := 0; ; k++ {
				a.plan(t)
				if k == 3 {
					started <- true
				}
			}
		}()
	}
	for i := 0; i < 4; i++ {
		<-started
	}
	os.Exit(0)
}

func TestCancelledBefore(t *testing.T) {
	ctx := newTestContext(t, noEnv)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ctx.OpenModel(cancelled, "Qwen/Qwen3-8B"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
