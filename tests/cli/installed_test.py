"""--engine-version auto: the vLLM of this command's surroundings, found by its package's metadata.

  installed_test.py VRAMAUTO
"""
import os
import unittest

from command import Folders, plan, run


class Installed(Folders):
    def installed(self, environment, version):
        """A virtual environment with the package's metadata and its command, and nothing else."""
        packages = self.path(environment, "lib", "python3.12", "site-packages", f"vllm-{version}.dist-info")
        os.makedirs(packages)
        with open(os.path.join(packages, "METADATA"), "w") as f:
            f.write(f"Metadata-Version: 2.4\nName: vllm\nVersion: {version}\n\nA description.\n")
        os.makedirs(self.path(environment, "bin"))
        with open(self.path(environment, "bin", "vllm"), "w") as f:
            f.write("#!python\n")
        return self.path(environment)

    def text(self, **env):
        nothing = {"VIRTUAL_ENV": "", "CONDA_PREFIX": "", "PATH": ""}
        done = run("plan", self.model(), "--gpu", "L4", "--engine-version", "auto", env={**nothing, **env})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_active_environment_names_the_release(self):
        self.assertIn("vLLM 0.27.1 (installed here)", self.text(VIRTUAL_ENV=self.installed("venv", "0.27.1")))

    def test_the_command_in_path_names_the_release(self):
        self.assertIn("vLLM 0.19.1 (installed here)", self.text(PATH=os.path.join(self.installed("tool", "0.19.1"), "bin")))

    def test_a_number_is_not_looked_up(self):
        os.environ["VIRTUAL_ENV"] = self.installed("venv", "0.27.1")
        self.addCleanup(os.environ.pop, "VIRTUAL_ENV")
        answer, _ = plan(self.model(), "--gpu", "L4", "--engine-version", "0.25")
        self.assertEqual((answer["engine"]["version"], answer["engine"]["installed"]), ("0.25.1", None))
        answer, _ = plan(self.model(), "--gpu", "L4")
        self.assertEqual((answer["engine"]["version"], answer["engine"]["installed"]), ("0.33.0", None))
        answer, _ = plan(self.model(), "--gpu", "L4", "--engine-version", "auto")
        self.assertEqual(answer["engine"]["version"], "0.27.1")
        self.assertEqual(answer["engine"]["installed"],
                         self.path("venv", "lib", "python3.12", "site-packages", "vllm-0.27.1.dist-info", "METADATA"))


if __name__ == "__main__":
    unittest.main()
