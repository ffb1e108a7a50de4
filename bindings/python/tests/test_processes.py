"""Many threads, forks, and the end of the interpreter."""
import multiprocessing
import os
import signal
import threading
import unittest
import warnings

from support import Folder, program
import vramauto

THREADS, ROUNDS = 16, 40


def in_threads(work, count=THREADS):
    """Runs work(i) on many threads at once; raises what any of them raised."""
    raised, barrier = [], threading.Barrier(count)

    def run(i):
        try:
            barrier.wait()
            work(i)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


class Threads(Folder):
    def setUp(self):
        super().setUp()
        self.said = []
        self.context = vramauto.Context(log=lambda *message: self.said.append(message))
        self.model_ = self.context.open(self.model())
        self.gpus = self.context.parse("24GiB")
        self.work = self.context.workload(max_model_len=1024)

    def test_on_shared_handles(self):
        expected = self.context.plan(self.model_, self.gpus, self.work).json_text()
        plan = self.context.plan(self.model_, self.gpus, self.work)

        def work(i):
            for _ in range(ROUNDS):
                own = self.context.plan(self.model_, self.gpus, self.work)
                self.assertEqual((own.json_text(), plan.json_text()), (expected, expected))
                self.assertEqual(own.arguments, plan.arguments)
                self.assertEqual(own.estimate.components, plan.estimate.components)

        in_threads(work)

    def test_each_with_questions_of_its_own(self):
        def work(i):
            for n in range(ROUNDS // 4):
                length = 100 * (i + 1) + n
                self.assertEqual(self.context.plan(self.model_, self.gpus, self.work, max_model_len=length).info.max_model_len, length)

        in_threads(work)

    def test_log_functions_run_on_the_callers_threads(self):
        seen = set()
        context = vramauto.Context(log=lambda *_: seen.add(threading.get_ident()))
        callers = set()

        def work(i):
            callers.add(threading.get_ident())
            for _ in range(4):
                context.plan(self.model_, self.gpus, engine_version="9.9")

        in_threads(work)
        self.assertEqual(seen, callers)

    def test_closed_while_in_use(self):
        """Whoever comes too late gets an exception; whoever is inside ends in peace."""
        for _ in range(10):
            context = vramauto.Context()
            model, gpus, work = context.open(self.model_.info.path), context.parse("24GiB"), context.workload(max_model_len=512)
            plan = context.plan(model, gpus, work)
            handles = [context, model, gpus, work, plan]
            late = []

            def use(i):
                if i < len(handles):
                    handles[i].close()
                try:
                    while True:
                        context.plan(model, gpus, work).json_text()
                        plan.json_text()
                except vramauto.ClosedError as error:
                    late.append(error)

            in_threads(use)
            self.assertEqual(len(late), THREADS)

    def test_among_signals(self):
        rung = []
        before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        expected = self.context.plan(self.model_, self.gpus, self.work).json_text()
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        try:
            while len(rung) < 50:
                model = self.context.open(self.model_.info.path)
                self.assertEqual(self.context.plan(model, self.gpus, self.work).json_text(), expected)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def test_the_default_context_is_made_once(self):
        vramauto.context._default = None
        made = []
        in_threads(lambda i: made.append(vramauto.default_context()))
        self.assertEqual(len(set(map(id, made))), 1)

    def test_a_closed_default_context_is_made_anew(self):
        vramauto.default_context().close()
        self.assertFalse(vramauto.default_context().closed)


@unittest.skipUnless(hasattr(os, "fork"), "skipped: this system has no fork")
class Forks(Folder):
    def setUp(self):
        super().setUp()
        self.path = self.model()
        self.context = vramauto.Context(log=lambda *_: None)
        self.plan = self.context.plan(self.path, "24GiB")

    def test_handles_go_on_in_the_child(self):
        expected = self.plan.json_text()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads that other tests have ended
            child = os.fork()
        if child == 0:
            same = False
            try:
                same = (self.plan.json_text() == expected and vramauto.plan(self.path, "24GiB").json_text() == expected
                        and self.context.plan(self.path, "24GiB", engine_version="9.9").warnings != ())
                self.plan.close()
                self.context.close()
            finally:
                os._exit(0 if same else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.plan.json_text(), expected)

    def test_while_other_threads_are_in_calls(self):
        done = program(BUSY_FORK, self.path)
        self.assertEqual((done.returncode, done.stdout.split(), done.stderr), (0, ["0"] * 10, ""))

    def test_multiprocessing(self):
        pool = self.folder / "pool.py"
        pool.write_text(POOL)
        for method in multiprocessing.get_all_start_methods():
            with self.subTest(method):
                done = program(pool, method, self.path)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(done.stdout, "True\n")


BUSY_FORK = """
import os, sys, threading, warnings, vramauto
warnings.simplefilter("ignore", DeprecationWarning)
said, stop = [], threading.Event()
context = vramauto.Context(log=lambda *message: said.append(message))
model = context.open(sys.argv[1])
def work():
    while not stop.is_set():
        context.plan(model, "24GiB", engine_version="9.9")
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        stop.set()
        assert vramauto.Context().plan(sys.argv[1], "24GiB").info.fits
        sys.exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
stop.set()
"""

POOL = """
import multiprocessing, sys, warnings, vramauto
warnings.simplefilter("ignore", DeprecationWarning)
def answer(model):
    return vramauto.plan(model, "24GiB").json_text()
if __name__ == "__main__":
    expected = answer(sys.argv[2])
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(pool.map(answer, [sys.argv[2]] * 8) == [expected] * 8)
"""

OPEN_AT_THE_END = """
import sys, vramauto
context = vramauto.Context(log=lambda *_: None)
model = context.open(sys.argv[1])
plan = context.plan(model, "24GiB")
estimate, cycle = plan.estimate, [plan]
cycle.append(cycle)
sys.modules["kept"] = plan
"""

THREADS_AT_THE_END = """
import sys, threading, time, vramauto
context = vramauto.Context(log=lambda *_: None, progress=lambda *_: None)
model = context.open(sys.argv[1])
started = threading.Barrier(5)
def work():
    started.wait()
    while True:
        context.plan(model, "24GiB", engine_version="9.9").json_text()
for _ in range(4): threading.Thread(target=work, daemon=True).start()
started.wait()
time.sleep(0.02)
"""

RAISES_AT_THE_END = """
import atexit, sys, vramauto
context = vramauto.Context(log=lambda *_: None)
atexit.register(lambda: print(context.plan(sys.argv[1], "24GiB").info.fits))
class Late:
    def __del__(self): print(plan.info.fits)
plan = context.plan(sys.argv[1], "24GiB")
late = Late()
"""


class Ends(Folder):
    def ended(self, text, rounds=1):
        for _ in range(rounds):
            done = program(text, self.model(f"model{_}"))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_with_open_handles(self):
        self.ended(OPEN_AT_THE_END)

    def test_with_threads_in_calls_that_log(self):
        self.ended(THREADS_AT_THE_END, rounds=10)

    def test_calls_while_it_ends(self):
        self.assertEqual(self.ended(RAISES_AT_THE_END)[0], "True")


if __name__ == "__main__":
    unittest.main()
