#!/usr/bin/env python3
"""What a call costs with the model open, in microseconds of this process: the best of several rounds.

  benchmark.py [MODEL [GPUS]]
"""
import sys
import time
import timeit

import vramauto


def microseconds(call, rounds=7, calls=2000):
    return min(timeit.repeat(call, timer=time.process_time, repeat=rounds, number=calls)) / calls * 1e6


def main(name="Qwen/Qwen3-8B", gpus="RTX 4090"):
    context = vramauto.Context(flags=vramauto.ContextFlag.NO_ENV)
    model, devices, work = context.open(name), context.parse(gpus), context.workload(max_model_len=16384)
    plan = context.plan(model, devices, work)
    for what, call in (("plan", lambda: context.plan(model, devices, work)),
                       ("plan and info", lambda: context.plan(model, devices, work).info),
                       ("plan with options", lambda: context.plan(model, devices, max_model_len=16384)),
                       ("json_text", plan.json_text), ("arguments", lambda: plan.arguments),
                       ("rule of thumb", lambda: vramauto.estimate_model_size_gb(name))):
        print(f"{microseconds(call):9.2f} us  {what}")


if __name__ == "__main__":
    main(*sys.argv[1:])
