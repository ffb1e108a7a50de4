#!/usr/bin/env python3
"""The manual page and bash's completion, from what the command says of itself and the library's tables.

  manual.py VRAMAUTO SOURCE_DIR MANUAL.gz COMPLETION
"""
import dataclasses
import gzip
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TABLE = "Engine and workload"  # the group of the options that are the library's


@dataclasses.dataclass
class Option:
    names: list
    value: str     # what follows it, "" for a switch
    help: str
    choices: list  # what may follow it, [] when that is open


@dataclasses.dataclass
class Command:
    name: str
    about: str
    positionals: list  # of (name, help)
    options: list      # its own
    has_table: bool    # and those of the table


def ask(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def groups(text):
    """Sections of a help text by title: entries of [left, right]. A left side too long for its column has its right below it."""
    found, entries = {}, None
    for line in text.splitlines():
        if re.fullmatch(r"\S.*:", line):
            entries = found.setdefault(line[:-1], [])
        elif line.strip() and not line.startswith("  "):
            entries = None
        elif entries is not None and re.match(r"  \S", line):
            left, _, right = line.strip().partition("  ")
            if not right and " REQUIRED " in left:  # the column is full
                left, _, right = left.partition(" REQUIRED ")
            entries.append([left, right.strip()])
        elif entries and line.strip():
            entries[-1][1] = f"{entries[-1][1]} {line.strip()}".strip()
    return found


def read_option(left, right):
    """"-h,--help", "--gpu NAME Excludes: --gpu-memory", "--model-path MODEL REQUIRED"."""
    words = left.partition(" Excludes:")[0].replace(" REQUIRED", "")
    names, _, value = words.partition(" ")
    choices = value.split("|") if "|" in value else []
    return Option([re.sub(r"\{.*?\}", "", name) for name in names.split(",")], value, right, choices)


def read_command(binary, name, about):
    text = groups(ask(binary, name, "--help"))
    positionals = [(re.sub(r" (TEXT|REQUIRED|\.\.\.)\b|\[|\]", "", left), right) for left, right in text.get("Positionals", [])]
    own = [read_option(*entry) for title, entries in text.items() if title not in (TABLE, "Positionals", "Examples") for entry in entries]
    return Command(name, about, positionals, [o for o in own if o.names[0].startswith("-")], TABLE in text)


def read_table(binary):
    out = []
    for row in json.loads(ask(binary, "options", "--json"))["options"]:
        value = {"switch": "", "integer": "N", "bytes": "SIZE", "choice": row["choices"], "words": "VALUE ..."}.get(row["type"], "VALUE")
        default = f" [{row['default']}]" if row["default"] else ""
        names = ["--" + row["name"]] + (["-" + row["short_name"]] if row["short_name"] else [])
        out.append(Option(names, value, row["help"] + default, [choice for choice in row["choices"].split("|") if choice]))
    return out


def read_gpus(source):
    """Names as people write them, without their vendors', and aliases, which `vramauto gpus` does not list."""
    rows = re.findall(r'^    \{"([^"]+)", "([^"]*)", \d', (source / "src/detect/catalogue_table.cpp").read_text(encoding="utf-8"), flags=re.M)
    names = [re.sub(r"^(NVIDIA|AMD|Intel) (GeForce |Instinct |Radeon )?", "", name) for name, _ in rows]
    names += [name for _, aliases in rows for name in aliases.split("|") if name]
    return sorted(set(names))


# ---- roff ----

def roff(text):
    """Text for troff: nothing in it is a request, a hyphen is a minus as in a program's options."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return "\\&" + text if text.startswith(".") else text


def roff_option(option):
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in option.names)
    value = f" \\fI{roff(option.value).replace('|', '|' + chr(92) + ':')}\\fR" if option.value else ""
    return f".TP\n{names}{value}\n{roff(option.help)}"


def roff_command(command):
    positionals = "".join(f" \\fI{roff(name)}\\fR" for name, _ in command.positionals)
    lines = [f".SS \\fBvramauto {roff(command.name)}\\fR{positionals}", roff(command.about)]
    lines += [f".TP\n\\fI{roff(name)}\\fR\n{roff(text)}" for name, text in command.positionals]
    lines += [roff_option(option) for option in command.options]
    if command.has_table:
        lines.append('.PP\nAnd the options of\n.BR "ENGINE AND WORKLOAD" .')
    return "\n".join(lines)


def roff_synopsis(commands):
    lines = []
    for command in commands:
        words = "".join(f" \\fI{roff(name)}\\fR" for name, _ in command.positionals)
        lines.append(f"\\fBvramauto {roff(command.name)}\\fR{words} [\\fIoptions\\fR]")
    return "\n.br\n".join(lines)


def manual(version, commands, table, examples):
    text = "\n".join(f".PP\n.nf\n{roff(line)}\n.fi\n{roff(about)}".rstrip() for line, about in examples)
    fields = {"VERSION": version, "SYNOPSIS": roff_synopsis(commands), "COMMANDS": "\n".join(map(roff_command, commands)),
              "OPTIONS": "\n".join(map(roff_option, table)), "EXAMPLES": text}
    return fill("vramauto.1.in", fields)


# ---- bash ----

def values(options):
    """Cases of options that take a value: its choices, files, or nothing to offer."""
    cases = {}
    for option in options:
        if not option.value or option.names[0] == "--gpu":
            continue
        files = re.search("FILE|FOLDER|DIR|ADAPTER", option.value)
        offer = "return 2" if files else "return 3" if option.value == "MODEL" else "printf '%s\\n' " + " ".join(option.choices) if option.choices else ":"
        cases.setdefault(offer, []).extend(option.names)
    return "\n".join(f"    {'|'.join(dict.fromkeys(names))}) {offer} ;;" for offer, names in cases.items())


def completion(version, commands, table, gpus, models):
    listed = [name for option in table for name in option.names + ([] if option.value else ["--no-" + option.names[0][2:]])]
    own = {c.name: [n for o in c.options for n in o.names] + (listed if c.has_table else []) for c in commands}
    fields = {"VERSION": version, "GPUS": "\n".join(gpus), "MODELS": "\n".join(models),
              "VALUES": values([option for command in commands for option in command.options] + table),
              "COMMANDS": "\n".join(f"    {name}) printf '%s\\n' {' '.join(words)} ;;" for name, words in own.items()),
              "NAMES": "|".join(own), "WORDS": " ".join(own),
              "WITH_MODEL": " ".join(c.name for c in commands if any(name == "MODEL" for name, _ in c.positionals))}
    return fill("vramauto.bash.in", fields)


def fill(template, fields):
    return re.sub(r"@([A-Z_]+)@", lambda name: fields[name[1]], (HERE / template).read_text(encoding="utf-8"))


def main():
    binary, source, manual_path, completion_path = sys.argv[1:]
    source = pathlib.Path(source)
    about = ask(binary, "--help")
    commands = [read_command(binary, name, text) for name, text in groups(about)["Subcommands"]]
    examples = [(line, what.strip()) for line, _, what in
                (text.strip().partition("  ") for text in re.findall(r"^  vramauto .*", about, flags=re.M))]
    version, table = ask(binary, "--version").split()[1], read_table(binary)
    page = manual(version, commands, table, examples).encode("utf-8")
    pathlib.Path(manual_path).write_bytes(gzip.compress(page, 9, mtime=0))
    models = sorted(ask(binary, "models").splitlines())
    pathlib.Path(completion_path).write_text(completion(version, commands, table, read_gpus(source), models), encoding="utf-8")


if __name__ == "__main__":
    main()
