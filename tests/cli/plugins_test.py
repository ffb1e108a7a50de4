"""vramauto plugins: what is in use, what was refused and why."""
import json
import os
import unittest

from command import Folders, run


class Plugins(Folders):
    def listed(self, path):
        done = run("plugins", "--json", env={"VRAMAUTO_PLUGIN_PATH": path})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["plugins"]

    def test_built_in_estimators_are_listed(self):
        first = self.listed("")[0]
        self.assertEqual((first["id"], first["path"], first["status"]), ("org.vramauto.builtin", None, "VRAMAUTO_OK"))
        self.assertIn("decoder", first["message"])

    def test_a_refused_file_is_listed_with_its_path_and_the_reason(self):
        folder = os.path.realpath(self.folder_with("plugins", vramauto_text__so=b"no ELF at all"))
        found = self.listed(folder)[1]
        self.assertEqual(found, {"id": None, "version": None, "path": f"{folder}/vramauto_text.so", "status": "VRAMAUTO_E_PLUGIN",
                                 "message": "is not an ELF file"})

    def test_relative_and_empty_entries_of_the_path_are_refused(self):
        reasons = [p["message"] for p in self.listed("plugins:") if p["status"] != "VRAMAUTO_OK"]
        self.assertEqual(reasons, ["an entry of VRAMAUTO_PLUGIN_PATH is a relative path, expected an absolute one",
                                   "an entry of VRAMAUTO_PLUGIN_PATH is empty, expected the absolute path of a folder or file"])

    def test_odd_bytes_in_a_path_leave_the_list_readable(self):
        found = self.listed('/no"where\\\n')[1]
        self.assertEqual(found["path"], '/no"where\\?')

    def test_for_people_each_has_its_state_and_reason(self):
        text = run("plugins", env={"VRAMAUTO_PLUGIN_PATH": "/nowhere"}).stdout
        self.assertIn("in use   org.vramauto.builtin 0.1.0\n         estimators: ", text)
        self.assertIn("refused  /nowhere\n         No such file or directory\n", text)

    def test_a_refused_plugin_does_not_stop_a_plan(self):
        folder = self.folder_with("plugins", vramauto_text__so=b"no ELF at all")
        done = run("plan", self.model(), "--gpu-memory", "80GiB", env={"VRAMAUTO_PLUGIN_PATH": folder})
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
