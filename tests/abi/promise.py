#!/usr/bin/env python3
"""What the headers of the baseline promise, today's headers keep: structs only grow at the end, functions and callbacks stay as they
are, a value is never renumbered, nothing goes. What is new stands in the changelog.

  promise.py
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bindings"))
import header  # noqa: E402

CHANGELOG = header.INCLUDE / "vramauto/CHANGELOG.md"
BASELINE = [HERE / "baseline" / name for name in header.HEADERS]


def places(struct):
    """Where each member lies and what it is. A member kept in reserve may get a name of its own."""
    return [("" if f.name == "reserved" else f.name, f.type.c, f.offset, f.size) for f in struct.fields]


def broken_struct(name, old, new):
    if new is None:
        return [f"struct {name} is gone"]
    return [f"{name}.{was.name}: it was {was.type.c} at byte {was.offset}, now there is {is_.type.c} {is_.name} at byte {is_.offset}"
            for was, is_, a, b in zip(old.fields, new.fields, places(old), places(new))
            if a != b and not (a[0] == "" and a[1:] == b[1:])] + \
           [f"{name}.{was.name} is gone" for was in old.fields[len(new.fields):]]


def broken(old, new):
    """Each promise of `old` that `new` breaks, as a line."""
    lines = []
    for name, struct in old.structs.items():
        lines += broken_struct(name, struct, new.structs.get(name))
    for kind, was, is_ in (("function", old.functions, new.functions), ("callback", old.callbacks, new.callbacks)):
        for name, one in was.items():
            if name not in is_:
                lines.append(f"{kind} {name} is gone")
            elif header.same_call(one) != header.same_call(is_[name]):
                lines.append(f"{kind} {name} was {header.same_call(one)}, now it is {header.same_call(is_[name])}")
    for kind, was, is_ in (("value", old.values(), new.values()), ("type", old.aliases, new.aliases)):
        lines += [f"{kind} {name} was {one}, now it is {is_.get(name)}" for name, one in was.items() if is_.get(name) != one]
    return lines


def unmentioned(old, new):
    """What was added since the baseline and the changelog of the ABI does not name, as lines. A prefix and a star name several."""
    added = [name for kind in ("functions", "structs", "aliases") for name in getattr(new, kind) if name not in getattr(old, kind)]
    added += [name for name in new.values() if name not in old.values()]
    added += [f.name for name, struct in new.structs.items() if name in old.structs for f in struct.fields[len(old.structs[name].fields):]]
    text = CHANGELOG.read_text(encoding="utf-8")
    stars = [name[:-1] for name in re.findall(r"\w+\*", text)]
    return [f"{name} was added, {CHANGELOG.name} does not name it"
            for name in added if not re.search(rf"\b{name}\b", text) and not name.startswith(tuple(stars))]


def main():
    old, new = header.parse(BASELINE), header.parse()
    lines = broken(old, new) + unmentioned(old, new)
    kept = len(old.structs) + len(old.functions) + len(old.callbacks) + len(old.values())
    print("\n".join(lines + [f"{kept} promises of the baseline compared, {len(lines)} complaints"]))
    return 1 if lines or not kept else 0


if __name__ == "__main__":
    sys.exit(main())
