#!/usr/bin/env python3
"""The OpenAPI document: valid by its own standard, and true of the answers.

  openapi_test.py VRAMAUTO_SERVE VRAMAUTO LOAD
"""
import sys
import unittest

from service import ENGINE, Case

try:
    import openapi_spec_validator
except ImportError:
    openapi_spec_validator = None
try:
    import jsonschema
except ImportError:
    jsonschema = None


class Document(Case):
    def setUp(self):
        super().setUp()
        self.service = self.start("--gpu", "RTX 4090", "--engine-command", f"'{sys.executable}' '{ENGINE}' serve")
        self.document = self.service.get("/openapi.json").json

    @unittest.skipUnless(openapi_spec_validator, "skipped: the Python package openapi-spec-validator is not installed")
    def test_it_is_one(self):
        openapi_spec_validator.validate(self.document)

    def test_every_path_is_there(self):
        for path, methods in self.document["paths"].items():
            for method in methods:
                self.assertNotIn(self.service.ask(method.upper(), path, *(["{}"] if method == "post" else [])).status, (404, 405), path)
            for method in {"get", "post"} - set(methods):
                self.assertEqual(self.service.ask(method.upper(), path, *(["{}"] if method == "post" else [])).status, 405, path)

    def test_every_route_is_described(self):
        text = self.service.get("/metrics").body.decode() + self.service.get("/metrics").body.decode()
        routes = {line.split('route="')[1].split('"')[0] for line in text.splitlines() if 'route="/' in line}
        self.assertLessEqual({route for route in routes if route.startswith("/api/")}, set(self.document["paths"]))

    def schema_of(self, method, path, status):
        responses = self.document["paths"][path][method]["responses"]
        response = responses.get(str(status)) or responses["default"]
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        return response["content"]["application/json"]["schema"]

    def check(self, method, path, body=None):
        answer = self.service.ask(method.upper(), path, body)
        schema = {**self.schema_of(method, path, answer.status), "components": self.document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json)
        return answer

    @unittest.skipUnless(jsonschema, "skipped: the Python package jsonschema is not installed")
    def test_answers_are_as_it_says(self):
        plan = {"model": "Qwen/Qwen3-8B", "gpus": "RTX 4090"}
        load = {"model_path": "Qwen/Qwen3-8B", "max_model_len": 4096, "options": {"port": 0}}
        for method, path, body, status in (
                ("get", "/api/v1/devices", None, 200), ("get", "/api/v1/options", None, 200), ("get", "/api/v1/models", None, 200),
                ("get", "/api/v1/gpus", None, 200), ("get", "/healthz", None, 200), ("get", "/api/v1/inference/status", None, 200),
                ("post", "/api/v1/plan", plan, 200), ("post", "/api/v1/plan", {}, 400), ("post", "/api/v1/plan", {"model": "a/b"}, 404),
                ("post", "/api/v1/inference/load", {**load, "model_path": "Qwen/Qwen3-32B"}, 422), ("post", "/api/v1/inference/load", load, 202),
                ("post", "/api/v1/inference/load", load, 409), ("get", "/api/v1/inference/status", None, 200),
                ("post", "/api/v1/inference/unload", {}, 200)):
            with self.subTest(method=method, path=path, status=status):
                self.assertEqual(self.check(method, path, body).status, status)
        self.service.until_state("idle")
        self.check("get", "/api/v1/inference/status")

    @unittest.skipUnless(jsonschema, "skipped: the Python package jsonschema is not installed")
    def test_what_it_refuses_is_refused(self):
        schemas = self.document["components"]["schemas"]
        for name, path, bodies in (
                ("PlanRequest", "/api/v1/plan", ({}, {"model": 1}, {"model": "Qwen/Qwen3-8B", "x": 1}, {"model": "Qwen/Qwen3-8B", "gpus": 1},
                                                 {"model": "Qwen/Qwen3-8B", "options": {"seed": []}}, {"model": "Qwen/Qwen3-8B", "format": "xml"})),
                ("LoadRequest", "/api/v1/inference/load", ({}, {"model_path": "Qwen/Qwen3-8B", "gpu_memory_utilization": 2},
                                                           {"model_path": "Qwen/Qwen3-8B", "max_model_len": "4k"}, {"model_path": "Qwen/Qwen3-8B", "force": 1}))):
            validator = jsonschema.Draft202012Validator({**schemas[name], "components": self.document["components"]})
            for body in bodies:
                self.assertFalse(validator.is_valid(body), body)
                self.assertEqual(self.service.post(path, body).status, 400, body)


if __name__ == "__main__":
    unittest.main()
