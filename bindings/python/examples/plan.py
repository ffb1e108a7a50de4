#!/usr/bin/env python3
"""Plans a model and prints the command that starts it.

  plan.py MODEL [GPUS] [option=value ...]     plan.py Qwen/Qwen3-8B "2x RTX 4090" max-model-len=32k tensor-parallel-size=2
"""
import shlex
import sys

import vramauto


def main(model: str, gpus: str = "", *options: str) -> int:
    devices = gpus or vramauto.detect()
    try:
        plan = vramauto.plan(model, devices, **dict(option.split("=", 1) for option in options))
    except vramauto.Error as error:
        print(f"{error} ({error.status_name})", file=sys.stderr)
        return 1
    info = plan.info
    for warning in plan.warnings:
        print(f"warning: {warning.message}", file=sys.stderr)
    print(f"{'does not fit' if info.fits is False else 'fits' if info.fits else 'not known'}: {info.reason}")
    for part in plan.estimate.components if plan.estimate else ():
        print(f"  rank {part.rank}  {part.bytes / 2**30 if part.bytes is not None else float('nan'):8.3f} GiB  {part.name}")
    print(shlex.join(["vllm", *plan.arguments]))
    return 3 if info.fits is False else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
