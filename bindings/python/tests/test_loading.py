"""Which library is taken, and what is said of one that cannot be."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from support import LIBRARY, PACKAGE, Folder, program
import vramauto

IMPORT = "import vramauto; print(vramauto.version(), len(vramauto.default_context().plugins))"


class Loading(Folder):
    def refused(self, path, *words):
        """The import of a library at this path fails with these words in its one last line."""
        done = program(IMPORT, VRAMAUTO_LIBRARY=str(path))
        self.assertEqual(done.returncode, 1, done)
        last = done.stderr.strip().splitlines()[-1]
        self.assertTrue(last.startswith("ImportError: "), done.stderr)
        for word in words:
            self.assertIn(word, last)

    def compiled(self, source):
        compiler = shutil.which("cc")
        if not compiler:
            self.skipTest("skipped: there is no cc to make an older library with")
        path = self.folder / "libvramauto.so.0"
        subprocess.run([compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", path], input=source, text=True, check=True)
        return path

    def copied(self, *, package=None):
        path = (package or self.folder) / "libvramauto.so.0"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(LIBRARY, path)
        return path

    def test_the_named_one(self):
        done = program(IMPORT)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.split()[0], vramauto.version())

    def test_a_relative_path_finds_its_plugins(self):
        relative = os.path.relpath(LIBRARY, "/")
        self.assertEqual(program(IMPORT, VRAMAUTO_LIBRARY=relative).stdout, program(IMPORT).stdout)

    def test_missing(self):
        self.refused(self.folder / "nothing.so", "nothing.so", "no such file", "libvramauto.so.0")

    def test_a_folder(self):
        self.refused(self.folder, "no such file")

    def test_not_a_library(self):
        path = self.folder / "text.so"
        path.write_text("no library at all")
        self.refused(path, "text.so", "another machine")

    def test_of_another_machine(self):
        path = self.copied()
        data = bytearray(path.read_bytes())
        data[18:20] = (8).to_bytes(2, sys.byteorder)  # MIPS
        path.write_bytes(data)
        self.refused(path, "another machine", "8)")

    def test_too_old(self):
        path = self.compiled("unsigned vramauto_version(void) { return 999; }")
        self.refused(path, str(path), "is vramauto 0.0.999", f"expected {vramauto.__version__} or newer")

    def test_not_ours(self):
        self.refused(self.compiled("int other(void) { return 1; }"), "vramauto_version", vramauto.__version__)

    def test_without_a_function_that_is_needed(self):
        path = self.compiled("unsigned vramauto_version(void) { return 4000000000u; }")
        self.refused(path, "vramauto_gpu_memory_gib", vramauto.__version__)

    def test_nowhere(self):
        package = self.folder / "vramauto"
        shutil.copytree(PACKAGE / "vramauto", package, ignore=shutil.ignore_patterns("lib", "bin", "__pycache__"))
        done = program(IMPORT, PYTHONPATH=str(self.folder), VRAMAUTO_LIBRARY=None, LD_LIBRARY_PATH=None)
        if done.returncode == 0:
            self.skipTest("skipped: libvramauto is installed on this system")
        self.assertIn("VRAMAUTO_LIBRARY", done.stderr)
        self.assertIn(str(package / "lib" / "libvramauto.so.0"), done.stderr)

    def test_the_packages_own(self):
        package = self.folder / "vramauto"
        shutil.copytree(PACKAGE / "vramauto", package, ignore=shutil.ignore_patterns("lib", "bin", "__pycache__"))
        own = self.copied(package=package / "lib")
        text = "import vramauto; print([line for line in open('/proc/self/maps') if 'libvramauto' in line][0].split()[-1])"
        done = program(text, PYTHONPATH=str(self.folder), VRAMAUTO_LIBRARY=None)
        self.assertEqual((done.stdout.strip(), done.stderr), (str(own), ""))

    def test_without_its_plugins(self):
        """Only what is built in is there; a model that needs a plugin is an error that says so."""
        path = self.copied()
        done = program("import vramauto\nprint([p.path for p in vramauto.default_context().plugins])\n"
                       "try: vramauto.plan('deepseek-ai/DeepSeek-V3.1', '8x H200', tensor_parallel_size=8)\n"
                       "except vramauto.Error as error: print(error.status_name, error)", VRAMAUTO_LIBRARY=str(path))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        plugins, *error = done.stdout.splitlines()
        self.assertEqual(set(eval(plugins)), {""})
        if not list(pathlib.Path(LIBRARY).parent.glob("vramauto/plugins-v1/*.so")):
            self.skipTest("skipped: our plugins are built into this library")
        self.assertEqual(error[0].split()[0], "VRAMAUTO_E_NO_ESTIMATOR")

    def test_the_command_says_that_it_is_not_there(self):
        done = program("import sys, vramauto.__main__ as m; sys.argv = ['vramauto']; m.COMMAND = m.COMMAND / 'nothing'; m.main()")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the command comes with the installed package", done.stderr)


if __name__ == "__main__":
    unittest.main()
