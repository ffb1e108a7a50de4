"""A model read from a hub on this machine, with a progress function."""
import ctypes
import os
import pathlib
import sys
import unittest
from unittest import mock

from support import ROOT, Folder
import vramauto

sys.path.append(str(ROOT / "tests" / "hub"))
from server import Hub  # noqa: E402

NAME = "org/small"


def has_curl():
    for name in ("libcurl.so.4", "libcurl-gnutls.so.4"):
        try:
            return bool(ctypes.CDLL(name))
        except OSError:
            continue
    return False


class Network(Folder):
    def setUp(self):
        super().setUp()
        if not has_curl():
            self.skipTest("skipped: libcurl is not installed")
        self.hub = Hub({NAME: pathlib.Path(self.safetensors())})
        self.addCleanup(self.hub.stop)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING", "XDG_")) and "proxy" not in k.lower()}
        environment = {**kept, "HOME": str(self.folder / "home"), "HF_ENDPOINT": self.hub.url}
        self.enterContext_(mock.patch.dict(os.environ, environment, clear=True))

    def enterContext_(self, manager):
        """unittest has this of its own from 3.11 on."""
        manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)

    def opened(self, **options):
        return vramauto.Context(flags=vramauto.ContextFlag.NETWORK, **options).open(NAME)

    def test_the_model_and_what_was_told_of_its_transfer(self):
        told = []
        model = self.opened(progress=lambda done, total: told.append((done, total)))
        self.assertEqual((model.info.source, model.info.tensor_count), (vramauto.ModelSource.HUB, 2))
        self.assertTrue(all(isinstance(done, int) and (total is None or total >= done) for done, total in told))
        self.assertTrue(told)

    def test_without_the_flag_nothing_is_asked(self):
        with self.assertRaises(vramauto.Error):
            vramauto.Context().plan(NAME, "24GiB")
        self.assertEqual(self.hub.requests, [])

    def test_cancelled(self):
        with self.assertRaises(vramauto.CancelledError):
            self.opened(progress=lambda *_: True)

    def test_what_progress_raises_is_raised(self):
        for error in (ZeroDivisionError("mine"), KeyboardInterrupt()):
            def progress(*_):
                raise error

            with self.assertRaises(type(error)) as caught:
                self.opened(progress=progress)
            self.assertIs(caught.exception, error)
            self.assertIsInstance(error.__cause__, vramauto.CancelledError)


if __name__ == "__main__":
    unittest.main()
