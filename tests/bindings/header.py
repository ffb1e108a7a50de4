#!/usr/bin/env python3
"""The public headers as data: structs, named values, functions, callbacks. What a binding declares is held against this model.

  header.py --json                     the model of both headers
  header.py --check CC [CC_ARGUMENT]   its sizes, offsets, types and values are those of a C compiler

It reads the C that these two headers are written in, not C as such, and stops at a declaration that it does not understand.
"""
import argparse
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import tempfile

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
HEADERS = ("vramauto/vramauto.h", "vramauto/vramauto_plugin.h")
SCALARS = {"char": 1, "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "size_t": 8, "double": 8}
POINTER = 8


@dataclasses.dataclass(frozen=True)
class Type:
    """`name` without const, `pointer` counts its stars, `const` is that of what is pointed to, `array` the elements of one.
    `c` is how C writes it, the array aside."""
    name: str
    pointer: int = 0
    const: bool = False
    array: int = 0
    c: str = ""


@dataclasses.dataclass(frozen=True)
class Field:
    name: str
    type: Type
    offset: int
    size: int


@dataclasses.dataclass(frozen=True)
class Struct:
    name: str
    fields: tuple
    size: int
    align: int


@dataclasses.dataclass(frozen=True)
class Function:
    """A function, a callback type or a member of a table. A parameter is (name, Type)."""
    name: str
    returns: Type
    parameters: tuple


@dataclasses.dataclass
class Header:
    version: int
    constants: dict   # macros with a number
    enums: list       # each a {name: value}, in the order of the header
    aliases: dict     # typedefs of scalars: name -> scalar
    opaque: list      # handles
    structs: dict     # name -> Struct
    callbacks: dict   # function pointer types, and members of tables as "struct.member" -> Function
    functions: dict   # exported -> Function

    def values(self):
        return {name: value for enum in self.enums for name, value in enum.items()}

    def layout(self, type_):
        """(size, alignment) of a type."""
        if type_.pointer or type_.name in self.callbacks:
            one = (POINTER, POINTER)
        elif type_.name in self.structs:
            one = (self.structs[type_.name].size, self.structs[type_.name].align)
        else:
            scalar = self.aliases.get(type_.name, type_.name)
            if scalar not in SCALARS:
                raise SyntaxError(f"a type of unknown size: {type_.name!r}")
            one = (SCALARS[scalar],) * 2
        return one[0] * (type_.array or 1), one[1]


def plain(text):
    """Without comments, preprocessor lines and attributes; the export mark stays, it says which declarations are functions."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
    text = text.replace('extern "C" {', "").replace("VRAMAUTO_CHECK", "")
    return re.sub(r"\s+", " ", text)


def statements(text):
    """Declarations, split at semicolons outside of braces; a brace that closes `extern "C"` is left out."""
    depth, start = 0, 0
    for at, char in enumerate(text):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            return
        if char == ";" and depth == 0:
            if text[start:at].strip():
                yield text[start:at].strip()
            start = at + 1


def parse_type(words):
    """"const char *" -> Type("char", pointer 1, const)."""
    stars = words.count("*")
    names = re.findall(r"\w+", words.split("*")[0])
    const = "const" in names
    names = [n for n in names if n != "const"]
    if len(names) != 1:
        raise SyntaxError(f"not a type of these headers: {words!r}")
    return Type(names[0], stars, const, c=" ".join(words.split()))


def parse_declarator(text, constants):
    """"const char *const *name" or "char where[240]" -> (name, Type)."""
    found = re.fullmatch(r"(.*?[\s*])(\w+)\s*(?:\[(\w+)\])?", text.strip())
    if not found:
        raise SyntaxError(f"not a declaration of these headers: {text!r}")
    array = found[3] and (int(found[3]) if found[3].isdigit() else constants[found[3]])
    return found[2], dataclasses.replace(parse_type(found[1]), array=array or 0)


def parse_function(returns, name, parameters, constants):
    parameters = parameters.strip()
    listed = [] if parameters in ("", "void") else [parse_declarator(p, constants) for p in parameters.split(",")]
    return Function(name, parse_type(returns), tuple(listed))


def parse_enum(body, constants):
    values, following = {}, 0
    for entry in filter(None, (e.strip() for e in body.split(","))):
        name, _, value = (part.strip() for part in entry.partition("="))
        following = constants.get(value, following) if not value else int(value, 0)
        values[name] = following
        following += 1
    return values


def parse_struct(model, name, body):
    fields, at, align = [], 0, 1
    for member in statements(body + ";"):
        function = re.fullmatch(r"(.+?)\(\s*\*\s*(\w+)\s*\)\s*\((.*)\)", member)
        if function:
            key = f"{name}.{function[2]}"
            model.callbacks[key] = parse_function(function[1], function[2], function[3], model.constants)
            declared = [(function[2], Type(key))]
        else:  # "uint32_t a, b", "const char *a, *b", "uint64_t a, b[8]"
            first, *more = member.split(",")
            base = re.match(r"\s*(?:const\s+)?\w+\s", first)[0]
            declared = [parse_declarator(text, model.constants) for text in [first] + [base + m for m in more]]
        for field, type_ in declared:
            size, need = model.layout(type_)
            at += -at % need
            fields.append(Field(field, type_, at, size))
            at, align = at + size, max(align, need)
    return Struct(name, tuple(fields), at + -at % align, align)


def declare(model, statement):
    """Adds what one statement declares."""
    patterns = (
        (r"enum \{(.*)\}", lambda m: model.enums.append(parse_enum(m[1], model.constants))),
        (r"typedef struct (\w+) \{(.*)\} (\w+)", lambda m: model.structs.update({m[3]: parse_struct(model, m[3], m[2])})),
        (r"typedef struct (\w+) (\w+)", lambda m: model.opaque.append(m[2])),
        (r"typedef ([^()]+)\( ?\* ?(\w+) ?\) ?\((.*)\)",
         lambda m: model.callbacks.update({m[2]: parse_function(m[1], m[2], m[3], model.constants)})),
        (r"typedef (\w+) (\w+)", lambda m: model.aliases.update({m[2]: m[1]})),
        (r"VRAMAUTO_API (.*?[ *])(\w+)\((.*)\)", lambda m: model.functions.update({m[2]: parse_function(m[1], m[2], m[3], model.constants)})),
    )
    for pattern, take in patterns:
        found = re.fullmatch(pattern, statement)
        if found:
            return take(found)
    raise SyntaxError(f"not understood: {statement!r}")


def parse(paths=None):
    """The model of the headers, both by default."""
    text = "".join(pathlib.Path(path).read_text(encoding="utf-8") for path in paths or [INCLUDE / h for h in HEADERS])
    numbers = re.findall(r"^#define (VRAMAUTO_\w+) (\d+|UINT64_MAX)\b", text, flags=re.M)
    constants = {name: 2**64 - 1 if value == "UINT64_MAX" else int(value) for name, value in numbers}
    model = Header(constants["VRAMAUTO_VERSION_NUMBER"], constants, [], {}, [], {}, {}, {})
    for statement in statements(plain(text)):
        declare(model, statement)
    model.opaque = [name for name in model.opaque if name not in model.structs]
    return model


def probe(model):
    """A C program that prints what the compiler makes of every struct and name, and pairs of (what, what the model says)."""
    expected, asks = [], []

    def ask(expression, value):
        expected.append((expression, value))
        asks.append(f'  printf("%llu\\n", (unsigned long long)({expression}));')

    for struct in model.structs.values():
        ask(f"sizeof({struct.name})", struct.size)
        for field in struct.fields:
            ask(f"offsetof({struct.name}, {field.name})", field.offset)
            ask(f"sizeof((({struct.name} *)0)->{field.name})", field.size)
    for alias in model.aliases:
        ask(f"sizeof({alias})", model.layout(Type(alias))[0])
        ask(f"({alias})-1 < 0", int(model.aliases[alias].startswith("int")))
    for name, value in {**model.values(), **model.constants}.items():
        ask(name, value % 2**64)
    includes = "".join(f"#include <{header}>\n" for header in ("stdio.h", *HEADERS))
    return f"{includes}{same_types(model)}\nint main(void) {{\n" + "\n".join(asks) + "\n  return 0;\n}\n", expected


def same_types(model):
    """Declarations that a C11 compiler takes only where fields, functions and callbacks have just the types that the model says."""
    lines = []
    for struct in model.structs.values():
        for field in struct.fields:
            method = model.callbacks.get(field.type.name) if "." in field.type.name else None
            type_ = pointer_to(method) if method else field.type.c + (f" (*)[{field.type.array}]" if field.type.array else " *")
            address = "" if method else "&"
            lines.append(f'_Static_assert(_Generic({address}(({struct.name} *)0)->{field.name}, {type_}: 1, default: 0), '
                         f'"{struct.name}.{field.name} is {type_}");')
    for name, callback in model.callbacks.items():
        if "." not in name:
            lines.append(f"typedef {pointer_to(callback, name)};")
    for function in model.functions.values():
        lines.append(f"{function.returns.c} {function.name}({parameters(function)});")
    return "\n".join(lines)


def parameters(function):
    return ", ".join(type_.c for _, type_ in function.parameters) or "void"


def pointer_to(function, name=""):
    return f"{function.returns.c} (*{name})({parameters(function)})"


def same_call(function):
    """What callers of a function rely on, as text: its types, not the names of its parameters."""
    return f"{function.returns.c} ({parameters(function)})"


def check(model, compiler):
    program, expected = probe(model)
    with tempfile.TemporaryDirectory(prefix="vramauto-header-") as folder:
        source, binary = pathlib.Path(folder) / "probe.c", pathlib.Path(folder) / "probe"
        source.write_text(program)
        subprocess.run([*compiler, "-std=c11", "-I", INCLUDE, source, "-o", binary], check=True)
        printed = subprocess.run([binary], capture_output=True, text=True, check=True).stdout.split()
    wrong = [f"{what}: the compiler says {found}, header.py {value}"
             for (what, value), found in zip(expected, printed, strict=True) if int(found) != value]
    print("\n".join(wrong + [f"{len(expected)} sizes, offsets and values compared, {len(wrong)} differ"]))
    return 1 if wrong or not expected else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", nargs="+", metavar="CC")
    arguments = parser.parse_args()
    model = parse()
    if arguments.json:
        print(json.dumps(dataclasses.asdict(model), indent=1))
    return check(model, arguments.check) if arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
