#!/usr/bin/env python3
"""What vramauto-sys declares by hand against vramauto.h: every struct's fields, their order and types, every named value, every
function and callback. A field that was forgotten fails.

  rust_header.py
"""
import pathlib
import re
import sys

import header

ROOT = pathlib.Path(__file__).resolve().parents[2]
CRATE = ROOT / "bindings/rust/vramauto-sys/src"
RUST = {"char": "c_char", "double": "f64", "int32_t": "i32", "uint32_t": "u32", "uint64_t": "u64", "size_t": "usize", "void": "c_void"}


def rust_type(type_):
    """const is of what the innermost pointer points to."""
    text = RUST.get(type_.name, type_.name)
    for star in range(type_.pointer):
        text = ("*const " if type_.const and star == 0 else "*mut ") + text
    return f"[{text}; {type_.array}]" if type_.array else text


def rust_name(name):
    return f"r#{name}" if name in ("type", "where") else name


def signature(function):
    arguments = ", ".join(f"{rust_name(name)}: {rust_type(type_)}" for name, type_ in function.parameters)
    returns = rust_type(function.returns)
    return f"({arguments})" + ("" if returns == "c_void" else f" -> {returns}")


def one_line(text):
    """As if rustfmt had all the room there is."""
    text = re.sub(r"\s+", " ", re.sub(r"//[^\n]*", "", text))
    return re.sub(r",? ?([)>])", r"\1", re.sub(r"([(<]) ", r"\1", text))


def expected(model):
    """What Rust must say, by what it says it about."""
    out = {f"struct {s.name}": [(rust_name(f.name), rust_type(f.type)) for f in s.fields] for s in model.structs.values()}
    out.update({f"fn {f.name}": signature(f) for f in model.functions.values()})
    out.update({f"type {c.name}": f'Option<unsafe extern "C" fn{signature(c)}>' for c in model.callbacks.values()})
    out.update({f"type {alias}": RUST[scalar] for alias, scalar in model.aliases.items()})
    out.update({f"const {name}": value for name, value in {**model.values(), **model.constants}.items()})
    out["handles"] = model.opaque
    return out


def found(text):
    """What Rust says."""
    out = {}
    for name, body in re.findall(r"pub struct (vramauto_\w+) \{ (.*?) ?\}", text):
        out[f"struct {name}"] = re.findall(r"pub ((?:r#)?\w+): (.+?)(?:, (?=pub )|,?$)", body)
    for name, rest in re.findall(r" fn (vramauto_\w+)(\(.*?\)(?: -> [^;{]+)?);", text):
        out[f"fn {name}"] = rest
    for name, rest in re.findall(r"pub type (vramauto_\w+) = ([^;]+(?:;\s*\d+\])?[^;]*);", text):
        out[f"type {name}"] = rest
    for name, value in re.findall(r"pub const (VRAMAUTO_\w+): \w+ = (-?\w+(?:::MAX)?);", text):
        out[f"const {name}"] = 2**64 - 1 if value == "u64::MAX" else int(value, 0)
    out["handles"] = re.search(r"handles! \{ (.*?) \}", text)[1].split()
    return out


def main():
    want = expected(header.parse([ROOT / "include/vramauto/vramauto.h"]))
    have = found(one_line("".join((CRATE / name).read_text(encoding="utf-8") for name in ("lib.rs", "functions.rs", "values.rs"))))
    wrong = [f"{what}: {have.get(what, 'nothing')}\n  expected {want.get(what, 'nothing')}"
             for what in sorted(want.keys() | have.keys()) if want.get(what) != have.get(what)]
    print("\n".join(wrong + [f"{len(want)} declarations compared, {len(wrong)} differ"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
