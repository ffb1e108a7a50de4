#include "support/dtype.hpp"

#include <doctest/doctest.h>

using namespace vramauto;

TEST_CASE("dtype: every type of safetensors has a width") {
  for (const auto* name : {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "I64", "I32", "I16", "I8", "U64",
                           "U32", "U16", "U8", "BOOL", "C64"}) {
    CAPTURE(name);
    CHECK(bits_of(dtype_from_safetensors(name)) > 0);
  }
  CHECK(bits_of(dtype_from_safetensors("C64")) == 64);
  CHECK(bits_of(dtype_from_safetensors("F4")) == 4);
  CHECK(dtype_from_safetensors("F7") == 0);
}

TEST_CASE("dtype: torch's names go both ways, with and without its prefix") {
  CHECK(dtype_from_torch("torch.bfloat16") == VRAMAUTO_BF16);
  CHECK(dtype_from_torch("half") == VRAMAUTO_F16);
  CHECK(torch_name(VRAMAUTO_F16) == "float16");
  CHECK(dtype_from_torch("float7") == 0);
}

TEST_CASE("dtype: half bytes are rounded up to whole ones") {
  CHECK(bytes_of(4, 3) == 2);
  CHECK(bytes_of(16, 3) == 6);
}
