#!/usr/bin/env python3
"""Many requests over many connections: every answer is right, and the service's memory stays. Says how fast it was, demands nothing.

  load_test.py VRAMAUTO_SERVE VRAMAUTO LOAD
"""
import re
import subprocess
import unittest

from service import LOAD, SANITIZED, Case

CONNECTIONS, REQUESTS = 64, 6000
GROWTH = 24  # MiB: an allocator's arenas fill differently as threads come and go; 6000 answers of 7 KiB are 41 MiB


class Load(Case):
    def test_answers_and_memory(self):
        service = self.start()
        done = subprocess.run([LOAD, str(service.port), str(service.pid), str(CONNECTIONS), str(REQUESTS)], capture_output=True, text=True)
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stderr)
        before, after = map(float, re.search(r"([\d.]+) MiB before, ([\d.]+) MiB after", done.stdout).groups())
        if SANITIZED:
            print("skipped: how memory grows, since a sanitizer keeps what was freed")
        else:
            self.assertLess(after - before, GROWTH)


if __name__ == "__main__":
    unittest.main()
