package vramauto

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestVersion(t *testing.T) {
	if Version() != dotted(needs) {
		t.Errorf("library %s, header %s", Version(), dotted(needs))
	}
	if !json.Valid([]byte(BuildInfo())) {
		t.Errorf("build info is %s", BuildInfo())
	}
	err := atLeast(2003004, 1000)
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "0.1.0") || !strings.Contains(err.Error(), "2.3.4") {
		t.Errorf("too old is told as %v", err)
	}
}

func TestOneNumber(t *testing.T) {
	if size := must(ModelSizeGiB("x/y-13B")); size != 26 {
		t.Errorf("13B are %v GiB", size)
	}
	if share := must(GPUMemoryUtilization("x/y-13B", 0, 0)); share <= 0 || share > 1 {
		t.Errorf("utilization is %v", share)
	}
	if total := must(GPUMemoryGiB()); total < 0 {
		t.Errorf("the first GPU has %v GiB", total)
	}
	if _, err := ModelSizeGiB("a\x00b"); !errors.Is(err, ErrArgument) {
		t.Errorf("NUL: %v", err)
	}
}

func TestOptions(t *testing.T) {
	options := must(WorkloadOptions())
	byName := map[string]Option{}
	for _, option := range options {
		byName[option.Name] = option
	}
	if got := byName["policy"]; got.Type != Choice || got.Choices != "balanced|minimal|maximal" || got.Help == "" || got.Default == "" {
		t.Errorf("policy is %+v", got)
	}
	if got := byName["tensor-parallel-size"]; got.Type != Integer || got.ShortName != "tp" {
		t.Errorf("tensor-parallel-size is %+v", got)
	}
}

func TestCatalogue(t *testing.T) {
	ctx := newTestContext(t, noEnv)
	models, gpus := must(CatalogueModels()), must(CatalogueGPUs())
	if !strings.Contains(strings.Join(models, "\n"), "\nQwen/Qwen3-8B\n") || len(models) < 100 || len(gpus) < 100 {
		t.Errorf("%d models: %v, %d GPUs", len(models), models, len(gpus))
	}
	for _, name := range gpus {
		devices := must(ctx.ParseDevices(name))
		if list := must(devices.List()); len(list) != 1 || list[0].Name != name {
			t.Errorf("%s is %+v", name, list)
		}
		devices.Close()
	}
}

func TestDevices(t *testing.T) {
	ctx := newTestContext(t, noEnv)
	two := must(ctx.ParseDevices("2x RTX 4090"))
	defer two.Close()
	list := must(two.List())
	if len(list) != 2 || list[1].Index != 1 || list[1].ComputeMajor != 8 || list[1].ComputeMinor != 9 || !strings.Contains(list[1].Name, "4090") ||
		list[1].TotalBytes < 20<<30 || list[1].FreeBytes != Unknown || !list[1].TotalFromCatalogue {
		t.Errorf("list is %+v", list)
	}
	again := must(ctx.ParseDevices(string(must(two.JSON()))))
	defer again.Close()
	if a, b := must(two.JSON()), must(again.JSON()); string(a) != string(b) {
		t.Errorf("%s\nread again is\n%s", a, b)
	}
	many := must(ctx.ParseDevices("256x H100 80GB")) // longer than one buffer
	defer many.Close()
	if text := must(many.JSON()); len(text) <= usualText || !json.Valid(text) {
		t.Errorf("%d bytes of JSON", len(text))
	}
	detected, err := ctx.DetectDevices(0)
	if err == nil {
		detected.Close()
	} else if !errors.Is(err, ErrNoDriver) && !errors.Is(err, ErrNotFound) {
		t.Errorf("without a GPU: %v", err)
	}
	if _, err := ctx.DetectDevices(1 << 30); !errors.Is(err, ErrArgument) {
		t.Errorf("an unknown flag: %v", err)
	}
}

func TestModel(t *testing.T) {
	ctx := newTestContext(t, noEnv)
	folder := modelFolder(t)
	model := must(ctx.OpenModel(context.Background(), folder))
	defer model.Close()
	info := must(model.Info())
	if info.Source != FromFiles || info.TensorCount != 1 || info.Parameters != 64 || info.Path != folder || info.ModelType != "llama" ||
		info.Architecture != "LlamaForCausalLM" {
		t.Errorf("info is %+v", info)
	}
	tensor := must(model.Tensor(0))
	if tensor.Name != "model.norm.weight" || tensor.Bytes != 128 || tensor.DType != 4 || len(tensor.Shape) != 2 || tensor.Shape[1] != 32 {
		t.Errorf("tensor is %+v", tensor)
	}
	if _, err := model.Tensor(1); !errors.Is(err, ErrArgument) {
		t.Errorf("past the end: %v", err)
	}
	known := must(ctx.OpenModel(context.Background(), "Qwen/Qwen3-8B"))
	defer known.Close()
	if info := must(known.Info()); info.Source != FromCatalogue || info.TensorCount != Unknown {
		t.Errorf("info is %+v", info)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(`{"a": `), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := ctx.OpenModel(context.Background(), folder)
	var e *Error
	if !errors.As(err, &e) || e.Status != ErrFormat || e.Offset == Unknown || !strings.HasSuffix(e.Where, "config.json") {
		t.Errorf("broken JSON: %+v", err)
	}
}

func TestEstimate(t *testing.T) {
	a := ask(t, noEnv)
	estimate := must(a.ctx.Estimate(a.gpus, a.model, nil))
	defer estimate.Close()
	info := must(estimate.Info())
	if info.Ranks != 1 || info.Estimator != "decoder" || info.Engine != "vllm" || info.PeakBytes == 0 || info.Parameters != 8190735360 {
		t.Errorf("info is %+v", info)
	}
	var weights uint64
	for _, c := range must(estimate.Components()) {
		if c.Kind == KindWeights {
			weights += c.Bytes
		}
		if c.Name == "" || c.Source == "" || c.LowBytes > c.Bytes || c.Bytes > c.HighBytes {
			t.Errorf("component is %+v", c)
		}
	}
	if weights < 15<<30 || weights > 16<<30 {
		t.Errorf("weights are %d", weights)
	}
	groups := must(estimate.CacheGroups())
	if len(groups) == 0 || groups[0].Layers != 36 || groups[0].BlockTokens != 16 || groups[0].Kind != "full" || groups[0].WindowTokens != Unknown {
		t.Errorf("cache groups are %+v", groups)
	}
	if notes := must(estimate.Notes()); uint64(len(notes)) != info.notices {
		t.Errorf("%d notes, expected %d", len(notes), info.notices)
	}
	if text := must(estimate.JSON()); !json.Valid(text) {
		t.Errorf("JSON is %s", text)
	}
}

func TestPlan(t *testing.T) {
	a := ask(t, noEnv)
	workload := must(a.ctx.NewWorkload())
	defer workload.Close()
	for name, value := range map[string]string{"max-model-len": "16384", "engine-version": "9.9", "policy": "maximal",
		"env": "VLLM_USE_V2_MODEL_RUNNER=0"} {
		if err := workload.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := workload.Reset("policy"); err != nil {
		t.Fatal(err)
	}
	plan := must(a.ctx.Plan(a.gpus, a.model, workload))
	defer plan.Close()
	info := must(plan.Info())
	if info.Fits != DoesFit || info.MaxModelLen != 16384 || info.Strategy != StrategyStandard || info.Reason == "" ||
		info.GPUMemoryUtilization < info.UtilizationMin || info.GPUMemoryUtilization > info.UtilizationMax {
		t.Errorf("info is %+v", info)
	}
	if arguments := must(plan.Arguments()); len(arguments) < 2 || arguments[0] != "serve" || arguments[1] != "Qwen/Qwen3-8B" {
		t.Errorf("arguments are %q", arguments)
	}
	if environment := must(plan.Environment()); len(environment) != 1 || environment[0] != "VLLM_USE_V2_MODEL_RUNNER=0" {
		t.Errorf("environment is %q", environment)
	}
	if warnings := must(plan.Warnings()); len(warnings) == 0 || warnings[0].Code == "" || !strings.Contains(warnings[0].Message, "9.9") {
		t.Errorf("warnings are %+v", warnings)
	}
	if text := must(plan.Text()); !strings.Contains(text, "Qwen/Qwen3-8B") {
		t.Errorf("text is %s", text)
	}
	estimate := must(plan.Estimate())
	plan.Close() // the estimate holds the plan
	if info := must(estimate.Info()); info.Ranks != 1 {
		t.Errorf("estimate of a closed plan: %+v", info)
	}
	estimate.Close()
}

func TestPlanByTheRule(t *testing.T) {
	a := ask(t, noEnv)
	workload := must(a.ctx.NewWorkload())
	defer workload.Close()
	if err := workload.Set("method", "rule"); err != nil {
		t.Fatal(err)
	}
	plan := must(a.ctx.Plan(a.gpus, a.model, workload))
	defer plan.Close()
	if _, err := plan.Estimate(); !errors.Is(err, ErrNotFound) {
		t.Errorf("estimate of the rule: %v", err)
	}
}

func TestAttach(t *testing.T) {
	a := ask(t, noEnv)
	alone := must(a.ctx.Plan(a.gpus, a.model, nil))
	defer alone.Close()
	workload := must(a.ctx.NewWorkload())
	defer workload.Close()
	draft := must(a.ctx.OpenModel(context.Background(), "Qwen/Qwen3-0.6B"))
	for _, err := range []error{workload.Attach("speculative", draft), workload.Set("speculative-config", `{"num_speculative_tokens": 3}`)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	draft.Close() // the workload keeps it alive
	plan := must(a.ctx.Plan(a.gpus, a.model, workload))
	defer plan.Close()
	if with, without := must(plan.Info()), must(alone.Info()); with.KVCacheTokens >= without.KVCacheTokens {
		t.Errorf("%d tokens with a draft model, %d without", with.KVCacheTokens, without.KVCacheTokens)
	}
	for what, err := range map[string]error{"an unknown role": workload.Attach("pilot", a.model), "no model": workload.Attach("lora", nil),
		"no adapter": workload.Attach("lora", a.model), "NUL": workload.Attach("a\x00b", a.model)} {
		if !errors.Is(err, ErrArgument) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := workload.Attach("speculative", draft); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed model: %v", err)
	}
}

func TestPlugins(t *testing.T) {
	ctx := newTestContext(t, noEnv)
	for _, plugin := range must(ctx.Plugins()) {
		if plugin.Status != 0 {
			t.Errorf("refused: %+v", plugin)
		}
	}
	alone := newTestContext(t, Options{NoEnv: true, NoPlugins: true})
	if without, with := must(alone.Plugins()), must(ctx.Plugins()); len(without) >= len(with) {
		t.Errorf("%d plugins without plugins, %d with", len(without), len(with))
	}
	missing := newTestContext(t, Options{NoEnv: true, Plugins: []string{"/does/not/exist.so"}, PluginTimeout: time.Second})
	var refused bool
	for _, plugin := range must(missing.Plugins()) {
		refused = refused || (plugin.Path == "/does/not/exist.so" && plugin.Status != 0 && plugin.Message != "")
	}
	if !refused {
		t.Errorf("a plugin that is missing is not told of: %+v", must(missing.Plugins()))
	}
}

func TestBadText(t *testing.T) {
	ctx := newTestContext(t, noEnv)
	workload := must(ctx.NewWorkload())
	defer workload.Close()
	for _, text := range []string{"a\x00b", "\xff\xfe"} {
		_, devices := ctx.ParseDevices(text)
		_, model := ctx.OpenModel(context.Background(), text)
		_, plugins := New(&Options{Plugins: []string{text}})
		for what, err := range map[string]error{"devices": devices, "model": model, "Plugins": plugins,
			"option": workload.Set(text, "1"), "value": workload.Set("env", text)} {
			if !errors.Is(err, ErrArgument) {
				t.Errorf("%s of %q: %v", what, text, err)
			}
		}
	}
	if _, err := New(&Options{Plugins: []string{"/a:/b"}}); !errors.Is(err, ErrArgument) {
		t.Errorf("a colon in a path: %v", err)
	}
	for _, timeout := range []time.Duration{-1, time.Microsecond, 1 << 62} {
		if _, err := New(&Options{PluginTimeout: timeout}); !errors.Is(err, ErrArgument) {
			t.Errorf("a timeout of %v: %v", timeout, err)
		}
	}
}
