"""Bad input: an exception that says what was found, never a crash."""
import contextlib
import io
import os
import pickle
import sys
import unittest
from ctypes import byref

from support import Folder
import vramauto
from vramauto import _abi, _calls
from vramauto._handle import checked
from vramauto._library import lib


class Strings(Folder):
    def setUp(self):
        super().setUp()
        self.context = vramauto.Context(flags=vramauto.ContextFlag.NO_ENV)

    def test_a_null_byte_is_refused_everywhere(self):
        calls = (lambda text: self.context.open(text), lambda text: self.context.parse(text), lambda text: self.context.plan(text),
                 lambda text: self.context.workload(dtype=text), lambda text: self.context.workload(**{text: 1}),
                 lambda text: vramauto.Context(plugins=text), vramauto.estimate_model_size_gb, vramauto.calculate_gpu_memory_utilization)
        for text in ("a\0b", b"a\0b"):
            for call in calls[:4] + calls[5:]:
                with self.subTest(text=text, call=call), self.assertRaisesRegex(ValueError, "embedded null byte at 1"):
                    call(text)
        with self.assertRaisesRegex(ValueError, "embedded null byte"):
            calls[4]("a\0b")

    def test_what_is_not_utf8_goes_there_and_back(self):
        folder = self.model(b"m\xff\xfe")
        for path in (folder, os.fsdecode(folder)):
            model = self.context.open(path)
            self.assertEqual(os.fsencode(model.info.path), folder)
            plan = self.context.plan(model, "24GiB")
            self.assertTrue(plan.text() and plan.json_text() and plan.arguments and plan.estimate.json_text())
            plan.json()

    def test_errors_name_paths_that_are_not_utf8(self):
        with self.assertRaises(vramauto.NotFoundError) as caught:
            self.context.open(b"/does/not/exist/\xff")
        str(caught.exception).encode("utf-8", "surrogateescape")

    def test_surrogates_that_stand_for_no_byte_are_refused(self):
        with self.assertRaises(ValueError):
            self.context.open("\ud800")

    def test_long_and_odd_texts(self):
        for text in ("", " ", "x" * 1000000, "ü" * 100000, "\x7f", "{" * 10000):
            for call in (self.context.open, self.context.parse, lambda t: self.context.workload(dtype=t)):
                with self.subTest(text=text[:10]), self.assertRaises(vramauto.Error) as caught:
                    call(text)
                self.assertLess(len(str(caught.exception)), 600)


class Errors(Folder):
    def setUp(self):
        super().setUp()
        self.context = vramauto.Context(flags=vramauto.ContextFlag.NO_ENV)

    def test_classes(self):
        for call, cls, base in ((lambda: self.context.open("/does/not/exist"), vramauto.NotFoundError, LookupError),
                                (lambda: self.context.parse("{"), vramauto.FormatError, ValueError),
                                (lambda: self.context.workload(no_such=1), vramauto.ArgumentError, ValueError)):
            with self.assertRaises(cls) as caught:
                call()
            self.assertIsInstance(caught.exception, base)
            self.assertIsInstance(caught.exception, vramauto.Error)
            self.assertEqual(caught.exception.status_name, f"VRAMAUTO_E_{caught.exception.status.name}")

    def test_where_and_offset(self):
        folder = self.model()
        with open(os.path.join(folder, "config.json"), "w") as file:
            file.write('{"a": 1,}')
        with self.assertRaises(vramauto.FormatError) as caught:
            self.context.plan(folder)
        self.assertIn("config.json", caught.exception.where)
        self.assertIsInstance(caught.exception.offset, int)
        self.assertTrue(str(caught.exception).startswith(caught.exception.where))

    def test_a_failed_call_gives_no_handle(self):
        with self.assertRaisesRegex(vramauto.ArgumentError, "max-modellen"):
            self.context.plan(self.model(), "24GiB", max_modellen=1)

    def test_an_unknown_status_is_an_error(self):
        error = vramauto.errors.error_of(_abi.Error(status=-12345, offset=_abi.UNKNOWN, where=b"w", message=b"m"))
        self.assertEqual((type(error), error.status, str(error), error.offset), (vramauto.Error, -12345, "w: m", None))
        self.assertEqual(error.status_name, "VRAMAUTO_E_UNKNOWN")

    def test_one_of_the_systems_kinds_has_no_errno(self):
        error = vramauto.TimedOutError("took long", "hub")
        self.assertEqual((error.errno, str(error), error.status), (None, "hub: took long", vramauto.Status.TIMEOUT))

    def test_errors_can_be_pickled(self):
        with self.assertRaises(vramauto.NotFoundError) as caught:
            self.context.open("/does/not/exist")
        again = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((type(again), str(again), again.status), (vramauto.NotFoundError, str(caught.exception), caught.exception.status))

    def test_arguments_of_other_types(self):
        model = self.context.open(self.model())
        for call in (lambda: self.context.plan(5), lambda: self.context.plan(None), lambda: self.context.plan(model, 5),
                     lambda: self.context.plan(model, None, "work"), lambda: self.context.open(None), lambda: self.context.parse(1)):
            with self.assertRaises(TypeError):
                call()

    def test_numbers_that_do_not_fit(self):
        for call in (lambda: vramauto.calculate_gpu_memory_utilization("7B", 2**64), lambda: vramauto.Context(flags=2**32),
                     lambda: vramauto.calculate_gpu_memory_utilization("7B", 1, -1), lambda: self.context.detect(-1)):
            with self.assertRaises(OverflowError):
                call()

    def test_flags_of_a_newer_library_are_refused(self):
        with self.assertRaises(vramauto.UnsupportedError):
            vramauto.Context(flags=1 << 31)


class Closed(Folder):
    def test_every_handle_after_its_close(self):
        context = vramauto.Context()
        gpus, model, work = context.parse("24GiB"), context.open(self.model()), context.workload(max_model_len=1024)
        plan, estimate = context.plan(model, gpus, work), context.estimate(model, gpus, work)
        uses = ((plan, lambda: plan.info), (plan, plan.json_text), (plan, lambda: plan.arguments), (plan, lambda: plan.warnings),
                (plan, lambda: plan.estimate), (estimate, lambda: estimate.info), (estimate, lambda: estimate.notes),
                (gpus, lambda: len(gpus)), (gpus, lambda: gpus[0]), (gpus, gpus.json), (model, lambda: model.info),
                (model, lambda: model.tensors), (work, lambda: context.plan(model, None, work)), (gpus, lambda: context.plan(model, gpus)),
                (model, lambda: context.plan(model)), (context, lambda: context.open("7B")), (context, lambda: context.plugins),
                (context, lambda: context.detect()), (context, lambda: context.workload()), (context, lambda: context.__enter__()))
        order = [plan, estimate, gpus, work, model, context]
        for handle in order:
            handle.close()
            handle.close()
            self.assertTrue(handle.closed)
            for used, use in uses:
                if used is handle:
                    with self.assertRaisesRegex(vramauto.ClosedError, type(handle).__name__):
                        use()

    def test_in_any_order(self):
        context = vramauto.Context()
        model = context.open(self.model())
        plan = context.plan(model, "24GiB")
        before = plan.json_text()
        context.close()
        model.close()
        self.assertEqual(plan.json_text(), before)
        self.assertTrue(plan.estimate.components)

    def test_with(self):
        with vramauto.Context() as context, context.open(self.model()) as model, context.plan(model, "24GiB") as plan:
            self.assertTrue(plan.info.fits)
        self.assertTrue(context.closed and model.closed and plan.closed)

    def test_handles_stay_in_their_process(self):
        context = vramauto.Context()
        for handle in (context, context.parse("24GiB"), context.open(self.model()), context.workload()):
            with self.assertRaisesRegex(TypeError, "cannot be pickled"):
                pickle.dumps(handle)


class Callbacks(Folder):
    def plan(self, log, **more):
        """A plan that has something to say."""
        context = vramauto.Context(flags=vramauto.ContextFlag.NO_ENV, log=log, **more)
        return context.plan("Qwen/Qwen3-8B", "24GiB", engine_version="9.9")

    def test_log(self):
        said = []
        plan = self.plan(lambda *message: said.append(message))
        self.assertTrue(said)
        for level, source, message in said:
            self.assertIsInstance(level, vramauto.LogLevel)
            self.assertTrue(source and message)
        self.assertTrue({w.code for w in plan.warnings} <= {source for _, source, _ in said})

    def test_log_level(self):
        said = []
        self.plan(lambda *message: said.append(message), log_level=vramauto.LogLevel.ERROR)
        self.assertEqual(said, [])

    def test_a_log_that_raises_is_reported_and_the_call_goes_on(self):
        reported, before = [], sys.unraisablehook
        self.addCleanup(setattr, sys, "unraisablehook", before)
        sys.unraisablehook = reported.append
        plan = self.plan(lambda *_: 1 / 0)
        self.assertTrue(plan.info.fits)
        self.assertEqual({type(report.exc_value) for report in reported}, {ZeroDivisionError})

    def test_the_default_report_is_on_stderr(self):
        with contextlib.redirect_stderr(io.StringIO()) as told:
            self.plan(lambda *_: 1 / 0)
        self.assertIn("ZeroDivisionError", told.getvalue())

    def test_what_ends_a_program_is_raised_by_the_call(self):
        for error in (KeyboardInterrupt, SystemExit):
            def log(*_):
                raise error

            with self.assertRaises(error):
                self.plan(log)

    def through_c(self, progress):
        """What a call raises in which C asks this progress function, as during a transfer."""
        calls = _calls.Calls()
        function = _calls.progress_function(progress, calls)
        answers = []

        def transfer(error):
            answers.append(function(None, 10, _abi.UNKNOWN))
            if answers[-1]:
                error._obj.status, error._obj.message = vramauto.Status.CANCELLED, b"cancelled"
            return error._obj.status

        try:
            with calls:
                checked(transfer)
        except BaseException as error:
            return answers, error
        return answers, None

    def test_progress(self):
        told = []
        self.assertEqual(self.through_c(lambda done, total: told.append((done, total))), ([0], None))
        self.assertEqual(told, [(10, None)])

    def test_progress_cancels(self):
        answers, error = self.through_c(lambda *_: True)
        self.assertEqual((answers, type(error)), ([1], vramauto.CancelledError))

    def test_progress_that_raises_cancels_and_the_call_raises_the_same(self):
        raised = OSError("mine")

        def progress(*_):
            raise raised

        answers, error = self.through_c(progress)
        self.assertEqual(answers, [1])
        self.assertIs(error, raised)
        self.assertIsInstance(error.__cause__, vramauto.CancelledError)

    def test_the_library_takes_a_progress_function(self):
        self.assertTrue(vramauto.Context(progress=lambda *_: None).plan(self.model(), "24GiB").info.fits)

    def test_functions_outlive_the_name_of_their_context(self):
        said = []
        model = vramauto.Context(log=lambda *m: said.append(m)).open("Qwen/Qwen3-8B")
        self.assertTrue(vramauto.Context(log=lambda *m: said.append(m)).plan(model, "24GiB", engine_version="9.9").info.fits)
        self.assertTrue(said)


class Structs(unittest.TestCase):
    def test_an_output_of_a_smaller_struct_size_is_not_written_beyond(self):
        info = _abi.OptionInfo()
        info.struct_size = 8
        self.assertEqual(lib.vramauto_option_get(0, byref(info)), 0)
        self.assertIsNone(info.name)


if __name__ == "__main__":
    unittest.main()
