// Plan says whether a model fits on GPUs and with which settings: plan MODEL "GPUs" [option=value ...]
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"vramauto.org/vramauto"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, `usage: plan MODEL "GPUs" [option=value ...]`)
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(id, gpus string, options []string) error {
	ctx, err := vramauto.New(nil)
	if err != nil {
		return err
	}
	defer ctx.Close()
	devices, err := ctx.ParseDevices(gpus)
	if err != nil {
		return err
	}
	defer devices.Close()
	model, err := ctx.OpenModel(context.Background(), id)
	if err != nil {
		return err
	}
	defer model.Close()
	workload, err := ctx.NewWorkload()
	if err != nil {
		return err
	}
	defer workload.Close()
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		if err := workload.Set(name, value); err != nil {
			return err
		}
	}
	plan, err := ctx.Plan(devices, model, workload)
	if err != nil {
		return err
	}
	defer plan.Close()
	info, err := plan.Info()
	if err != nil {
		return err
	}
	arguments, err := plan.Arguments()
	if err != nil {
		return err
	}
	fmt.Printf("fits: %v, utilization %.4f: %s\n", info.Fits == vramauto.DoesFit, info.GPUMemoryUtilization, info.Reason)
	fmt.Println("vllm", strings.Join(arguments, " "))
	return nil
}
