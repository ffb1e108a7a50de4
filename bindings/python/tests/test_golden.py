"""The cases that every binding answers as the C ABI does, byte by byte."""
import pathlib
import unittest

from support import GOLDEN, ROOT
import vramauto

CASES = [line.rstrip("\n").split("\t") for line in (ROOT / "tests/bindings/golden.tsv").read_text(encoding="utf-8").splitlines()
         if not line.startswith("#")]


def options_of(pairs):
    """option=value ..., as keywords: an option that is there twice gets a list."""
    options = {}
    for pair in pairs:
        name, value = pair.split("=", 1)
        options.setdefault(name.replace("-", "_"), []).append(value)
    return options


@unittest.skipUnless(GOLDEN, "skipped: VRAMAUTO_GOLDEN is not set to the folder of C's answers")
class Golden(unittest.TestCase):
    def answer(self, context, gpus, model, pairs):
        """(ending, bytes) as golden.c writes them."""
        try:
            devices = context.parse(gpus) if gpus else None
            opened = context.open(model)
            plan = context.plan(opened, devices, context.workload(**options_of(pairs)))
        except vramauto.Error as error:
            offset = 2**64 - 1 if error.offset is None else error.offset
            return error.status, {"error": f"{int(error.status)}\n{offset}\n{error.where}\n{error.message}\n"}
        return vramauto.Status.OK, {"json": plan.json_text(), "txt": plan.text()}

    def test_every_case(self):
        self.assertGreater(len(CASES), 20)
        with vramauto.Context(flags=vramauto.ContextFlag.NO_ENV) as context:
            for name, status, gpus, model, *pairs in CASES:
                with self.subTest(name):
                    given, texts = self.answer(context, gpus, model, pairs)
                    self.assertEqual(status, "VRAMAUTO_OK" if given == 0 else f"VRAMAUTO_E_{given.name}")
                    for ending, text in texts.items():
                        expected = pathlib.Path(GOLDEN, f"{name}.{ending}").read_bytes()
                        self.assertEqual(text.encode("utf-8", "surrogateescape"), expected)


if __name__ == "__main__":
    unittest.main()
