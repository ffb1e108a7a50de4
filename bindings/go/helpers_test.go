package vramauto

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// noEnv keeps answers the same on every machine.
var noEnv = Options{NoEnv: true}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newTestContext(t testing.TB, options Options) *Context {
	t.Helper()
	ctx := must(New(&options))
	t.Cleanup(func() { ctx.Close() })
	return ctx
}

// asked is a question that tests can repeat: Qwen3-8B on one RTX 4090.
type asked struct {
	ctx   *Context
	gpus  *Devices
	model *Model
}

func ask(t testing.TB, options Options) asked {
	ctx := newTestContext(t, options)
	return asked{ctx, must(ctx.ParseDevices("RTX 4090")), must(ctx.OpenModel(context.Background(), "Qwen/Qwen3-8B"))}
}

func (a asked) plan(t testing.TB) *Plan {
	t.Helper()
	plan, err := a.ctx.Plan(a.gpus, a.model, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const llama = `{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128,
"num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "max_position_embeddings": 512,
"tie_word_embeddings": true, "torch_dtype": "bfloat16"}`

// modelFolder holds a configuration and one tensor.
func modelFolder(t testing.TB) string {
	folder := t.TempDir()
	header := `{"model.norm.weight":{"dtype":"BF16","shape":[2,32],"data_offsets":[0,128]}}`
	tensors := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	tensors = append(append(tensors, header...), make([]byte, 128)...)
	for name, bytes := range map[string][]byte{"config.json": []byte(llama), "model.safetensors": tensors} {
		if err := os.WriteFile(filepath.Join(folder, name), bytes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
