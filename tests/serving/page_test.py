#!/usr/bin/env python3
"""The page in a real Chromium, served by the service.

  page_test.py SERVICE [TEST…]     VRAMAUTO_SCREENS: a folder into which screenshots are put, too
"""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

import browser
from browser import until

SERVICE = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
SCREENS = os.environ.get("VRAMAUTO_SCREENS")

FITS = {"model": "Qwen/Qwen3-8B", "gpu": ["1x NVIDIA GeForce RTX 4090"], "max-model-len": "16384", "tensor-parallel-size": "1"}
LACKS = {**FITS, "model": "Qwen/Qwen3-32B"}
EIGHT = {"model": "Qwen/Qwen3-32B", "gpu": ["8x H100 80GB"], "tensor-parallel-size": "8"}
UNEVEN = {"model": "Qwen/Qwen3-32B", "gpu": ["1x RTX 4090", "2x RTX 5090", "1x RTX 3090"], "tensor-parallel-size": "2"}
HOSTILE = '<img src=x onerror="window.hacked=1">'

# What keyboards reach: of a group of radio buttons one, of closed details nothing.
FOCUSABLE = """
  const seen = (e) => e.checkVisibility({checkVisibilityCSS: true}) || e.type === 'radio';
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter((e) => seen(e) && !e.disabled && !(e.type === 'radio' && !e.checked) && !(e.closest('details:not([open])') && e.tagName !== 'SUMMARY'))
    .map((e) => e.id || e.getAttribute('aria-label') || e.textContent || e.value)"""
FOCUSED = """
  const e = document.activeElement, ring = e.type === 'radio' ? e.nextElementSibling : e, style = getComputedStyle(ring);
  return [e === document.body ? '' : e.id || e.getAttribute('aria-label') || e.textContent || e.value, style.outlineStyle, parseFloat(style.outlineWidth)]"""

# Text whose contrast with what is behind it is less than WCAG's AA asks: 4.5, or 3 for large text.
FAINT = """
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const light = (color) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const c = color[i] / 255; return sum + weight * (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); }, 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
  const out = [];
  for (const e of document.querySelectorAll('body *')) {
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!text || !e.checkVisibility() || e.closest('noscript, datalist, .hidden, .skip')) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize), a = light(rgb(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) out.push(`${e.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return out"""


class Service:
    """The program, on a port of its own that it keeps when it is started again."""

    def __init__(self, *options):
        self.port, self.options = 0, options
        self.start()

    def start(self):
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen([SERVICE, "--port", str(self.port), *self.options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            self.stop()
            raise AssertionError(f"the service said: {line!r}")
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}/"

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def plan(self, asked):
        gpus, options = asked["gpu"], {name: value for name, value in asked.items() if name not in ("model", "gpu", "format")}
        body = {"model": asked["model"], "gpus": gpus, "options": options, **({"format": asked["format"]} if "format" in asked else {})}
        request = urllib.request.Request(self.url + "api/v1/plan", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def address(asked):
    return "#" + urllib.parse.urlencode(asked, doseq=True)


def gib(count):
    return f"{count / 2**30:.2f}"


def ratio(number):
    """Two digits, or up to four where there are more."""
    return re.sub(r"(\.\d\d\d*?)0+$", r"\1", f"{number:.4f}")


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="vramauto-page-")
        cls.addClassCleanup(folder.cleanup)
        cls.service = Service()
        cls.addClassCleanup(lambda: cls.service.stop())
        cls.browser = browser.Browser(folder.name)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.may_fail = False  # requests: the console then tells their status
        self.browser.screen(1280, 900)
        self.browser.log()
        self.addCleanup(self.check_console)

    def check_console(self):
        said = [entry["message"] for entry in self.browser.log()
                if not (self.may_fail and entry["source"] == "network" and "/api/v1/" in entry["message"])]
        self.assertEqual(said, [])

    def show(self, asked, title=None):
        self.browser.open(self.service.url + (address(asked) if asked else ""))
        if title:
            self.see(title)
        else:
            until(lambda: self.title() not in ("", "Asking …"), "an answer")

    def text(self, selector):
        return self.browser.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def title(self):
        return self.text("#verdict-title")

    def see(self, title):
        until(lambda: title in self.title(), f"{title!r} as the verdict")

    def tiles(self):
        return self.browser.run("return Object.fromEntries([...document.querySelectorAll('#tiles div')].map((e) => [e.children[0].textContent, e.children[1].textContent]))")

    def follow(self, name, value):
        until(lambda: self.tiles().get(name) == value, f"{name} {value}")

    def focus(self, wanted):
        """By the keyboard: Tab until it is there."""
        self.browser.run("document.activeElement.blur(); scrollTo(0, 0)")
        for _ in range(60):
            self.browser.press("Tab")
            if self.browser.run(FOCUSED)[0] == wanted:
                return
        self.fail(f"Tab does not reach {wanted}")

    def screenshot(self, name):
        if SCREENS:
            os.makedirs(SCREENS, exist_ok=True)
            self.browser.screenshot(f"{SCREENS}/{name}.png")

    def assert_no_scrolling(self, about):
        self.assertLessEqual(*self.browser.run("return [document.documentElement.scrollWidth, innerWidth]"), about)

    # What it shows

    def test_first_visit_answers(self):
        self.show(None)
        self.assertIn("Fits", self.title())
        self.assertIn("model=", self.browser.run("return location.hash"))

    def test_numbers_are_the_services(self):
        for asked in (FITS, EIGHT, {**FITS, "kv-cache-dtype": "fp8", "sequences": "4"}):
            with self.subTest(**asked):
                plan = self.service.plan(asked)
                self.show(asked, "Fits")
                result, rank = plan["result"], plan["ranks"][plan["placement"]["binding_rank"]]
                self.assertEqual(self.tiles(), {
                    "gpu-memory-utilization": ratio(result["gpu_memory_utilization"]), "max-model-len": f"{result['max_model_len']:,}",
                    "tokens in the cache": f"{plan['kv_cache']['tokens']:,}", "sequences at once": f"{plan['kv_cache']['max_concurrency']:.2f}"})
                words = [f"{name}={value}" for name, value in plan["vllm_env"].items()] + ["vllm", *plan["vllm_args"]]
                self.assertEqual(shlex.split(self.text("#command")), words)
                self.assertEqual(self.rows()["weights"][0], gib(rank["weights_bytes"]))
                self.assertEqual(self.rows()["KV cache"], [gib(rank[key]) for key in ("kv_cache_bytes", "kv_cache_low_bytes", "kv_cache_high_bytes")])
                self.assertEqual(self.text("#strategies [aria-current] strong"), result["strategy"])

    def rows(self):
        return self.browser.run("""return Object.fromEntries([...document.querySelectorAll('#kinds tbody tr')].map((row) =>
          [row.cells[0].textContent, [...row.cells].slice(1).map((cell) => cell.textContent)]))""")

    def test_bars_are_to_scale(self):
        plan = self.service.plan(EIGHT)
        self.show(EIGHT, "Fits")
        bars = self.browser.run("""return [...document.querySelectorAll('#cards .bar')].map((bar) => {
          const width = (e) => e?.getBoundingClientRect().width ?? 0;
          return {label: bar.getAttribute('aria-label'), frame: width(bar.querySelector('.frame')), weights: width(bar.querySelector('.weights'))}; })""")
        self.assertEqual(len(bars), 8)
        for bar, rank in zip(bars, plan["ranks"]):
            total = plan["devices"][rank["device"]]["total_bytes"]
            self.assertAlmostEqual(bar["weights"] / bar["frame"], rank["weights_bytes"] / total, delta=0.01)
            self.assertIn(f"weights {gib(rank['weights_bytes'])}", bar["label"])

    def test_formats(self):
        for name in ("env", "yaml", "docker", "kubernetes", "ray"):
            asked = {**FITS, "format": name}
            self.show(asked, "Fits")
            self.assertEqual(self.text("#command"), self.service.plan(asked)["formatted"])
        self.show({**LACKS, "format": "yaml"}, "Does not fit")
        self.assertTrue(self.browser.run("return document.querySelector('#copy').disabled"))

    def test_words_are_quoted_for_a_shell(self):
        said = '{"method": "ngram", "note": "it\'s $HOME"}'
        plan = self.service.plan({**FITS, "served-model-name": said})
        self.assertIn(said, plan["vllm_args"])
        self.show({**FITS, "served-model-name": said}, "Fits")
        self.assertEqual(shlex.split(self.text("#command")), ["vllm", *plan["vllm_args"]])

    def test_unknown_size(self):
        self.show({**FITS, "gpu": [f"1x {HOSTILE}"]}, "not known")
        self.assertIn(HOSTILE, self.text("#cards"))
        self.assertEqual(self.browser.run("return [document.images.length, window.hacked ?? null]"), [0, None])

    # What does not fit, and what is refused

    def test_lack_is_named_and_alternatives_apply(self):
        plan = self.service.plan(LACKS)
        self.show(LACKS, "Does not fit")
        self.assertEqual(self.text("#reason"), plan["result"]["reason"])
        self.assertTrue(self.browser.run("return Boolean(document.querySelector('#cards .beyond'))"))
        self.assertEqual(len(plan["result"]["alternatives"]), self.browser.run("return document.querySelectorAll('.choices button').length"))
        self.focus(self.text(".choices button"))
        self.browser.press("Enter")
        self.see("Fits")
        self.assertEqual(self.browser.run("return document.activeElement.id"), "verdict-title")
        self.assertIn("tensor-parallel-size=4", self.browser.run("return location.hash"))

    def test_alternative_with_chosen_gpus_applies(self):
        self.show(UNEVEN, "Does not fit")
        self.assertIn("CUDA_VISIBLE_DEVICES", self.text(".choices button"))
        self.browser.run("document.querySelector('.choices button').click()")
        self.see("Fits")

    def test_refusal_is_at_its_field(self):
        self.may_fail = True
        for changed, field in (({"tensor-parallel-size": "4"}, "#tensor"), ({"kv-cache-dtype": "fp7"}, "#kv-dtype"), ({"max-model-len": "many"}, "#length"),
                               ({"free": "much"}, "#free"), ({"model": "nobody/nothing-like-it"}, "#model")):
            with self.subTest(**changed):
                self.show({**FITS, **changed}, "No plan")
                self.assertTrue(self.browser.run("""const field = document.querySelector(arguments[0]).closest('[data-where]');
                  return field.querySelector('.error').checkVisibility() && Boolean(field.querySelector('[aria-invalid=true][aria-describedby~=refusal]'))""", field))
                self.assert_no_scrolling(field)

    def test_missing_gpus_are_offered(self):
        self.may_fail = True
        self.show({**FITS, "tensor-parallel-size": "4"}, "No plan")
        self.screenshot("refused")
        self.browser.run("document.querySelector('.remedy').click()")
        self.see("Fits")
        self.assertEqual(self.browser.run("return document.querySelectorAll('.error').length"), 0)

    def test_hostile_model_stays_text(self):
        self.may_fail = True
        self.show({**FITS, "model": HOSTILE}, "No plan")
        self.assertEqual(self.browser.run("return [document.images.length, window.hacked ?? null, document.querySelector('#model').value]"), [0, None, HOSTILE])

    # How it is used

    def test_tab_reaches_everything(self):
        self.show(LACKS, "Does not fit")
        for opened in (False, True):
            self.browser.run("for (const e of document.querySelectorAll('details')) e.open = arguments[0]", opened)
            wanted = self.browser.run(FOCUSABLE)
            self.browser.run("document.activeElement.blur(); scrollTo(0, 0)")
            reached = []
            for _ in range(len(wanted) + 5):
                self.browser.press("Tab")
                name, style, width = self.browser.run(FOCUSED)
                if name in reached or not name:
                    break
                self.assertTrue(style != "none" and width >= 2, f"{name} does not show that it has the focus")
                reached.append(name)
            self.assertEqual(set(wanted) - set(reached), set())

    def test_sliders_by_keyboard(self):
        self.show(FITS, "Fits")
        self.focus("length-slider")
        self.browser.press("Left", "Left")
        self.follow("max-model-len", "12,288")
        self.assertEqual(self.browser.run("return document.querySelector('#length').value"), "12288")
        self.assertEqual(self.browser.run("return document.querySelector('#length-slider').getAttribute('aria-valuetext')"), "12,288 tokens")
        self.browser.press("Home")
        self.follow("max-model-len", "256")
        self.browser.press("End")
        self.follow("max-model-len", "40,960")
        self.focus("sequences-slider")
        self.browser.press("Right", "Right", "Right")
        until(lambda: "sequences=4" in self.browser.run("return location.hash"), "4 sequences")
        plan = self.service.plan({**FITS, "max-model-len": "40960", "sequences": "4"})
        self.follow("tokens in the cache", f"{plan['kv_cache']['tokens']:,}")

    def test_typed_length(self):
        self.show(FITS, "Fits")
        self.focus("length")
        self.browser.run("document.querySelector('#length').select()")
        self.browser.press("8", "k", "Enter")
        self.follow("max-model-len", "8,000")

    def test_any_option_can_be_added(self):
        self.show(FITS, "Fits")
        self.browser.run("document.querySelector('#more').open = true")
        self.focus("add-option")
        self.browser.press(*"block-size", "Tab", "Enter")
        self.assertEqual(self.browser.run(FOCUSED)[0], "option-block-size")
        self.browser.press(*"32", "Enter")
        until(lambda: "--block-size 32" in self.text("#command"), "the option in the command")
        self.assertIn("block-size=32", self.browser.run("return location.hash"))

    def test_radio_buttons_by_keyboard(self):
        self.show({**EIGHT, "tensor-parallel-size": "4"}, "Fits")
        self.focus("4")
        self.browser.press("Right")
        until(lambda: self.browser.run("return document.querySelectorAll('#cards .bar[role=img]').length") == 8, "8 cards in use")

    def test_back_undoes_a_run_of_changes(self):
        self.show(FITS, "Fits")
        self.focus("length-slider")
        self.browser.press(*["Left"] * 5)
        self.follow("max-model-len", "7,168")
        self.focus("sequences-slider")
        self.browser.press("Right")
        until(lambda: "sequences=2" in self.browser.run("return location.hash"), "2 sequences")
        self.browser.call("POST", "/back", {})
        until(lambda: "sequences" not in self.browser.run("return location.hash"), "one sequence again")
        self.assertEqual(self.browser.run("return document.querySelector('#sequences').value"), "")
        self.browser.call("POST", "/back", {})
        self.follow("max-model-len", "16,384")

    def test_newest_question_wins(self):
        self.show(FITS, "Fits")
        most = self.browser.run("""
          const own = window.fetch; window.flying = 0; window.most = 0; window.asked = 0;
          window.fetch = async (...all) => {
            window.most = Math.max(window.most, ++window.flying); ++window.asked;
            try { return await own(...all); } finally { --window.flying; } };
          const slider = document.querySelector('#length-slider');
          for (let i = 0; i < 600; ++i) { slider.value = i % 20; slider.dispatchEvent(new Event('input', {bubbles: true})); }""")
        self.follow("max-model-len", "7,168")
        until(lambda: self.browser.run("return window.flying") == 0, "the last answer")
        most, asked = self.browser.run("return [window.most, window.asked]")
        self.assertEqual(most, 1)
        self.assertLess(asked, 20)
        until(lambda: "max-model-len=7168" in self.browser.run("return location.hash"), "the last length in the address")

    def test_spoken_once_a_slider_rests(self):
        self.show(FITS, "Fits")
        until(lambda: self.text("#said"), "the first answer, spoken")
        self.browser.run("""window.spoken = []; new MutationObserver(() => window.spoken.push(document.querySelector('#said').textContent))
          .observe(document.querySelector('#said'), {childList: true, characterData: true, subtree: true})""")
        self.browser.run("""const slider = document.querySelector('#length-slider');
          for (let i = 20; i > 10; --i) { slider.value = i; slider.dispatchEvent(new Event('input', {bubbles: true})); }""")
        self.follow("max-model-len", "1,792")
        until(lambda: self.browser.run("return window.spoken.length"), "an answer, spoken")
        self.assertLessEqual(self.browser.run("return window.spoken.length"), 2)
        self.assertIn("Fits", self.text("#said"))
        self.assertEqual(self.browser.run("return document.querySelector('#said').getAttribute('role')"), "status")

    def test_service_gone_and_back(self):
        self.may_fail = True
        self.show(FITS, "Fits")
        self.service.stop()
        self.addCleanup(lambda: self.service.process.poll() is None or self.service.start())
        self.browser.run("const s = document.querySelector('#length-slider'); s.value = 10; s.dispatchEvent(new Event('input', {bubbles: true}))")
        until(lambda: "does not answer" in self.text("#banner"), "that the service is gone")
        self.assertEqual(self.tiles()["max-model-len"], "16,384")
        self.service.start()
        self.follow("max-model-len", "1,536")
        self.assertFalse(self.browser.run("return document.querySelector('#banner').checkVisibility()"))

    def test_token_is_asked_for(self):
        self.may_fail = True
        service = Service("--token", "a-token-of-the-test")
        self.addCleanup(service.stop)
        self.browser.open(service.url + address(FITS))
        until(lambda: self.browser.run("return document.activeElement?.id === 'token'"), "that the token is asked for")
        self.browser.press(*"a-token-of-the-test", "Enter")
        self.see("Fits")

    # How it looks

    def test_every_screen(self):
        states = {"fits": (FITS, "Fits"), "lacks": (LACKS, "Does not fit"), "eight": (EIGHT, "Fits"), "uneven": (UNEVEN, "Does not fit")}
        for name, (asked, title) in states.items():
            for width in (320, 768, 1280):
                for dark in (False, True):
                    label = f"{name}-{width}-{'dark' if dark else 'light'}"
                    with self.subTest(label):
                        self.browser.screen(width, 800, dark)
                        self.show(asked, title)
                        self.assert_no_scrolling(label)
                        self.assertEqual(self.browser.run(FAINT), [])
                        self.screenshot(label)

    def test_theme_is_kept(self):
        background = "return getComputedStyle(document.body).backgroundColor"
        self.show(FITS, "Fits")
        light = self.browser.run(background)
        self.browser.run("const s = document.querySelector('#theme'); s.value = 'dark'; s.dispatchEvent(new Event('change', {bubbles: true}))")
        self.assertNotEqual(self.browser.run(background), light)
        self.show(FITS, "Fits")
        self.assertNotEqual(self.browser.run(background), light)
        self.browser.run("localStorage.clear()")

    def test_headers_allow_no_inline_code(self):
        with urllib.request.urlopen(self.service.url, timeout=60) as answer:
            self.assertIn("default-src 'self'", answer.headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", answer.headers["Content-Security-Policy"])


if __name__ == "__main__":
    if why := browser.missing() or (None if os.access(SERVICE, os.X_OK) else "the service was not built"):
        print(f"skipped: {why}")
        sys.exit(77)
    unittest.main()
