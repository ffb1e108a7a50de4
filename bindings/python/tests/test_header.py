"""The package against the public header: a field, function or value that was forgotten fails here."""
import ctypes
import dataclasses
import re
import unittest

from support import ROOT
import vramauto
from vramauto import _abi, values
from vramauto._calls import LogLevel

import header

HEADER = ROOT / "include" / "vramauto" / "vramauto.h"
MODEL = header.parse([HEADER])
SCALARS = {"char": ctypes.c_char, "int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64,
           "size_t": ctypes.c_size_t, "double": ctypes.c_double, "void": None}
CALLBACKS = {"vramauto_log_fn": _abi.LogFunction, "vramauto_progress_fn": _abi.ProgressFunction}
ENUMS = {  # of the names that begin so
    "VRAMAUTO_LOG_": LogLevel, "VRAMAUTO_KIND_": vramauto.Kind, "VRAMAUTO_CONTEXT_": vramauto.ContextFlag,
    "VRAMAUTO_DETECT_": vramauto.DetectFlag, "VRAMAUTO_STRATEGY_": vramauto.Strategy, "VRAMAUTO_MARGIN_": vramauto.Margin,
    "VRAMAUTO_CERTAINTY_": vramauto.Certainty, "VRAMAUTO_E_": vramauto.Status, "VRAMAUTO_OK": vramauto.Status,
    "VRAMAUTO_": vramauto.Dtype,
}
NOT_IN_ROWS = {"struct_size", "reserved", "rank of TensorInfo", "name_len of TensorInfo"}


def class_name(c_name, ending=""):
    """vramauto_plan_info -> PlanInfo."""
    return "".join(word.capitalize() for word in c_name.removeprefix("vramauto_").split("_")) + ending


def ctype(type_):
    """How ctypes writes a type of the header."""
    name = MODEL.aliases.get(type_.name, type_.name)
    if name in CALLBACKS:
        one = CALLBACKS[name]
    elif name in MODEL.opaque:
        one = getattr(_abi, class_name(name, "Pointer"))
        return ctypes.POINTER(one) if type_.pointer == 2 else one
    elif name in MODEL.structs:
        one = getattr(_abi, class_name(name))
    else:
        one = SCALARS[name]
    for _ in range(type_.pointer):
        one = {ctypes.c_char: ctypes.c_char_p, None: ctypes.c_void_p}.get(one) or ctypes.POINTER(one)
    return one * type_.array if type_.array else one


def expected_field(struct, field):
    """The name of a tensor is not read up to its NUL, but by its length."""
    by_length = any(other.name == f"{field.name}_len" for other in struct.fields)
    return ctypes.c_void_p if by_length else ctype(field.type)


class Header(unittest.TestCase):
    def test_structs_have_the_headers_fields_in_their_order_and_types(self):
        self.assertTrue(MODEL.structs)
        for name, struct in MODEL.structs.items():
            with self.subTest(name):
                ours = getattr(_abi, class_name(name))
                self.assertEqual([(field, type_) for field, type_, *_ in ours._fields_],
                                 [(field.name, expected_field(struct, field)) for field in struct.fields])
                self.assertEqual(ctypes.sizeof(ours), struct.size)
                self.assertEqual([getattr(ours, field.name).offset for field in struct.fields], [f.offset for f in struct.fields])
                self.assertEqual(ours().struct_size, struct.size)

    def test_no_struct_of_ours_is_unknown_to_the_header(self):
        ours = {cls.__name__ for cls in _abi.Struct.__subclasses__()}
        self.assertEqual(ours, {class_name(name) for name in MODEL.structs})

    def test_rows_have_every_field_of_their_struct(self):
        for cls in (getattr(values, name) for name in dir(values) if dataclasses.is_dataclass(getattr(values, name))):
            struct = getattr(_abi, cls.__name__, None)
            if struct is None:
                continue
            with self.subTest(cls.__name__):
                wanted = {name for name, *_ in struct._fields_} - {w.split()[0] for w in NOT_IN_ROWS if w.split()[-1] in (w, cls.__name__)}
                self.assertEqual({field.name for field in dataclasses.fields(cls)}, wanted)

    def test_functions_have_the_headers_types(self):
        self.assertEqual(list(_abi.FUNCTIONS), list(MODEL.functions))
        for name, function in MODEL.functions.items():
            with self.subTest(name):
                result, *parameters = _abi.FUNCTIONS[name]
                if name.endswith("_free") or name == "vramauto_plan_estimate":  # addresses: what we own is not made or freed twice
                    parameters = [ctype(type_) if p is ctypes.c_void_p else p for p, (_, type_) in zip(parameters, function.parameters)]
                    result = ctype(function.returns) if result is ctypes.c_void_p else result
                self.assertEqual([result, *parameters], [ctype(function.returns), *(ctype(t) for _, t in function.parameters)])

    def test_callbacks_have_the_headers_types(self):
        self.assertEqual(set(CALLBACKS), set(MODEL.callbacks))
        for name, callback in MODEL.callbacks.items():
            self.assertEqual((CALLBACKS[name]._restype_, CALLBACKS[name]._argtypes_),
                             (ctype(callback.returns), tuple(ctype(type_) for _, type_ in callback.parameters)))

    def test_every_named_value_has_its_member(self):
        seen = {cls: {} for cls in ENUMS.values()}
        for name, value in MODEL.values().items():
            prefix = max((p for p in ENUMS if name.startswith(p)), key=len)
            seen[ENUMS[prefix]][name.removeprefix(prefix if prefix.endswith("_") else "VRAMAUTO_")] = value
        for cls, members in seen.items():
            self.assertEqual({name: int(member) for name, member in cls.__members__.items()}, members, cls.__name__)

    def test_values_that_only_comments_name_are_as_many(self):
        text = HEADER.read_text()
        for cls, comment in ((vramauto.ModelSource, r"source;\s*/\* (1 files.*?) \*/"), (vramauto.OptionType, r"/\* (1 switch.*?) \*/"),
                             (vramauto.DeviceFlag, r"/\* (1 unified memory.*?) \*/")):
            numbers = [int(number) for number in re.findall(r"(?:^|, )(\d+) ", re.search(comment, text)[1])]
            self.assertEqual([int(member) for member in cls.__members__.values()], numbers, cls.__name__)

    def test_constants(self):
        for name, value in MODEL.constants.items():
            self.assertEqual(getattr(_abi, name.removeprefix("VRAMAUTO_")), value, name)

    def test_every_status_has_an_exception(self):
        ours = {int(cls.status) for cls in vramauto.Error.__subclasses__()}
        self.assertEqual(ours, {int(status) for status in vramauto.Status} - {0})

    def test_the_version_is_one_number(self):
        stated = re.search(r"VRAMAUTO_VERSION_NUMBER \d+ /\*.* ([0-9.]+) \*/", HEADER.read_text())[1]  # what a wheel is named by
        self.assertEqual(vramauto.__version__, stated)


if __name__ == "__main__":
    unittest.main()
