package vramauto

import "testing"

// BenchmarkPlan is what a plan costs with the model open: its calculation, its numbers, its end.
func BenchmarkPlan(b *testing.B) {
	a := ask(b, noEnv)
	workload := must(a.ctx.NewWorkload())
	defer workload.Close()
	if err := workload.Set("max-model-len", "16384"); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		plan, err := a.ctx.Plan(a.gpus, a.model, workload)
		if err != nil {
			b.Fatal(err)
		}
		if info, err := plan.Info(); err != nil || info.Fits != DoesFit {
			b.Fatal(info, err)
		}
		plan.Close()
	}
}
