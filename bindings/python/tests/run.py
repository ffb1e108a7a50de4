#!/usr/bin/env python3
"""Runs every test here. With --gc the collector runs at nearly every allocation, so that whatever is freed too early is freed."""
import gc
import pathlib
import sys
import unittest

if "--gc" in sys.argv:
    sys.argv.remove("--gc")
    gc.set_threshold(1)
unittest.main(module=None, argv=[sys.argv[0], "discover", "-s", str(pathlib.Path(__file__).parent), *sys.argv[1:]])
