package vramauto

import "testing"

// BenchmarkPlan is a plan call with the model open, its numbers, and its end: what golden's `cost` does in C.
func BenchmarkPlan(b *testing.B) {
	a := ask(b, noEnv)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		plan, err := a.ctx.Plan(a.gpus, a.model, nil)
		if err != nil {
			b.Fatal(err)
		}
		if info, err := plan.Info(); err != nil || info.Fits != DoesFit {
			b.Fatal(info, err)
		}
		plan.Close()
	}
}
