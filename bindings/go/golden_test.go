package vramauto

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGolden holds every answer against what the C ABI gave to the same case: the same bytes.
func TestGolden(t *testing.T) {
	folder := os.Getenv("VRAMAUTO_GOLDEN")
	if folder == "" {
		t.Skip("VRAMAUTO_GOLDEN, the folder with the answers of C, is not set: ctest does")
	}
	cases, err := os.ReadFile("../../tests/bindings/golden.tsv")
	if err != nil {
		t.Fatal(err)
	}
	ctx := newTestContext(t, noEnv)
	for _, line := range strings.Split(strings.TrimSuffix(string(cases), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		t.Run(fields[0], func(t *testing.T) {
			got, err := answer(ctx, fields[2], fields[3], fields[4:])
			if status := statusOf(err); status != fields[1] {
				t.Errorf("%s, expected %s", status, fields[1])
			}
			for ending, text := range got {
				want, err := os.ReadFile(filepath.Join(folder, fields[0]+ending))
				if err != nil {
					t.Fatal(err)
				}
				if text != string(want) {
					t.Errorf("%s is\n%s\nexpected\n%s", ending, text, want)
				}
			}
		})
	}
}

func statusOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Status.String()
	}
	return "VRAMAUTO_OK"
}

// answer has what `golden` writes, by the ending of the file.
func answer(ctx *Context, gpus, id string, options []string) (map[string]string, error) {
	plan, err := planOf(ctx, gpus, id, options)
	var e *Error
	if errors.As(err, &e) {
		return map[string]string{".error": fmt.Sprintf("%d\n%d\n%s\n%s\n", int32(e.Status), e.Offset, e.Where, e.Message)}, err
	}
	defer plan.Close()
	return map[string]string{".json": string(must(plan.JSON())), ".txt": must(plan.Text())}, nil
}

func planOf(ctx *Context, gpus, id string, options []string) (*Plan, error) {
	var devices *Devices
	var err error
	if gpus != "" {
		if devices, err = ctx.ParseDevices(gpus); err != nil {
			return nil, err
		}
		defer devices.Close()
	}
	model, err := ctx.OpenModel(context.Background(), id)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	workload, err := ctx.NewWorkload()
	if err != nil {
		return nil, err
	}
	defer workload.Close()
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		if err := workload.Set(name, value); err != nil {
			return nil, err
		}
	}
	return ctx.Plan(devices, model, workload)
}
