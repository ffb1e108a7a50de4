#!/usr/bin/env python3
"""A Deployment and a Service, against Kubernetes' own schema and against what the kubelet makes of them.

  kubernetes_test.py VRAMAUTO
"""
import re
import unittest

from case import BROKEN_LINES, FormatCase, HOSTILE, INVISIBLE, LONE, QWEN, devices, environment, formatted, skip

try:
    import yaml
    import kubernetes_validate
except ImportError as missing:
    skip(f"{missing.name} is not installed (PyPI: kubernetes-validate, which needs PyYAML)")


def expanded(text):
    """As the kubelet reads commands, arguments and values (k8s.io/kubernetes, third_party/forked/golang/expansion), no variable being set."""
    return re.sub(r"\$(\$|\([^)]*\))", lambda found: "$" if found[1] == "$" else found[0], text)


class Kubernetes(FormatCase):
    def read(self, *words, schema=True):
        documents = list(yaml.safe_load_all(self.text("kubernetes", *words)))
        self.assertEqual([d["kind"] for d in documents], ["Deployment", "Service"])
        for document in documents if schema else ():
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
        deployment, service = documents
        template = deployment["spec"]["template"]
        self.assertEqual(service["spec"]["selector"], template["metadata"]["labels"])
        self.assertEqual(deployment["spec"]["selector"]["matchLabels"], template["metadata"]["labels"])
        for name in (deployment["metadata"]["name"], service["metadata"]["name"]):
            self.assertRegex(name, r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")
        return template["spec"], service

    def container(self, *words, schema=True):
        pod, _ = self.read(*words, schema=schema)
        (container,) = pod["containers"]
        self.assertEqual({m["name"] for m in container["volumeMounts"]}, {v["name"] for v in pod["volumes"]})
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertEqual(container[probe]["httpGet"]["path"], "/health")
            self.assertEqual(container[probe]["httpGet"]["port"], container["ports"][0]["name"])
        return container

    def gpus(self, container):
        resources = container["resources"]
        self.assertEqual(resources["limits"], resources["requests"])
        return resources["limits"]

    def paths(self, container):
        return [mount["mountPath"] for mount in container["volumeMounts"]]

    def test_a_model_of_the_hub(self):
        container = self.container(*QWEN)
        self.assertEqual(container["image"], "vllm/vllm-openai:v0.33.0")
        self.assertEqual(container["command"] + container["args"], ["vllm", *self.words(*QWEN)[0]])
        self.assertEqual(self.gpus(container), {"nvidia.com/gpu": 1})
        self.assertEqual(self.paths(container), ["/root/.cache"])
        (token,) = [e for e in container["env"] if e["name"] == "HF_TOKEN"]
        self.assertTrue(token["valueFrom"]["secretKeyRef"]["optional"])

    def test_a_token_that_is_given_is_the_token(self):
        container = self.container(*QWEN, "--env", "HF_TOKEN=mine")
        self.assertEqual(container["env"], [{"name": "HF_TOKEN", "value": "mine"}])

    def test_several_ranks_share_memory(self):
        for more, ranks in ((("-tp", "2"), 2), (("-tp", "2", "-pp", "2"), 4), (("-dp", "2"), 2)):
            words = ("Qwen/Qwen3-8B", "--gpu", "8x H100", *more)
            pod, _ = self.read(*words)
            self.assertEqual(self.gpus(pod["containers"][0]), {"nvidia.com/gpu": ranks})
            self.assertIn("/dev/shm", self.paths(pod["containers"][0]))
            self.assertIn({"name": "shm", "emptyDir": {"medium": "Memory"}}, pod["volumes"])

    def test_a_service_s_variables_are_not_taken_for_the_engine_s(self):
        pod, _ = self.read(*QWEN)
        self.assertIs(pod["enableServiceLinks"], False)

    def test_memory_that_processes_share(self):
        for words, shared in (((), False), (("--mm-processor-cache-type", "lru"), False), (("--mm-processor-cache-type", "shm"), True)):
            pod, _ = self.read(*QWEN, *words)
            self.assertEqual("/dev/shm" in self.paths(pod["containers"][0]), shared, words)

    def test_ports(self):
        pod, service = self.read(*QWEN, "--port", "9000", "--host", "127.0.0.1")
        self.assertEqual(pod["containers"][0]["ports"], [{"name": "http", "containerPort": 9000}])
        self.assertEqual(service["spec"]["ports"], [{"name": "http", "port": 9000, "targetPort": "http"}])
        self.assertNotIn("--host", pod["containers"][0]["args"])
        for port in ("0", "65536", "x", "80 80"):
            self.assertEqual(formatted("kubernetes", *QWEN, "--port", port).returncode, 1, port)

    def test_files_are_claims_mounted_where_they_are(self):
        folder = self.folder("model")
        pod, _ = self.read(folder, "--gpu", "H100", "--chat-template", "/templates/x.jinja", "--tokenizer", "/templates")
        container = pod["containers"][0]
        self.assertEqual(self.paths(container), [folder, "/templates", "/root/.cache"])
        self.assertEqual([v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"][:2]], ["model-files", "model-files-2"])
        self.assertTrue(container["volumeMounts"][0]["readOnly"])
        self.assertNotIn("HF_TOKEN", [e["name"] for e in container.get("env", [])])

    def test_names_of_models_become_names_of_resources(self):
        for name in ("A_B.c", "7b", "-", "模型", "x" * 200, "a--", "Ünïcode"):
            self.read(self.folder(name), "--gpu", "H100")

    def test_values_stay_texts_and_are_not_expanded(self):
        for value in HOSTILE + BROKEN_LINES + INVISIBLE:
            container = self.container(*QWEN, "--tokenizer=" + value, *environment(A=value), schema=value in BROKEN_LINES)
            words = [expanded(word) for word in container["args"]]
            self.assertIn("--tokenizer=" + value if value.startswith("-") else value, words)
            self.assertIn({"name": "A", "value": value}, [{**e, "value": expanded(e.get("value", ""))} for e in container["env"]])

    def test_gpus_that_cannot_be_told_apart(self):
        file = self.path("gpus.json")
        for gpus, words, fine in (
            ([{}, {}, {}], ("-tp", "2"), True),                                       # any two
            ([{"total_bytes": 24 << 30}, {}], ("-tp", "1"), False),                   # one of two kinds
            ([{"free_bytes": 70 << 30}, {}], ("-tp", "1"), False),                    # one is in use
            ([{"total_bytes": 79 << 30}, {}], ("-tp", "2"), True),                    # all there are
        ):
            with open(file, "w", encoding="utf-8") as out:
                out.write(devices(*gpus))
            done = formatted("kubernetes", "Qwen/Qwen3-8B", "--devices", file, "--max-model-len", "32768", *words)
            self.assertEqual(done.returncode, 0 if fine else 1, (gpus, done.stderr))
            if not fine:
                self.assertEqual(done.stdout, "")
                self.assertIn("cannot be told which", done.stderr)

    def test_slices(self):
        file = self.path("gpus.json")
        with open(file, "w", encoding="utf-8") as out:
            out.write(devices(*[{"name": "NVIDIA H100 80GB HBM3 MIG 3g.40gb", "mig": True, "total_bytes": 39 << 30, "uuid": f"MIG-{i}"} for i in range(2)]))
        container = self.container("Qwen/Qwen3-0.6B", "--devices", file)
        self.assertEqual(self.gpus(container), {"nvidia.com/mig-3g.40gb": 1})

    def test_what_is_no_text_is_refused(self):
        done = formatted("kubernetes", *QWEN, *environment(A=LONE))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("UTF-8", done.stderr)


if __name__ == "__main__":
    unittest.main()
