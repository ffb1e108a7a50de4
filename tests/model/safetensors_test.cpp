#include "model/safetensors.hpp"

#include <cstring>

#include <doctest/doctest.h>

#include "temporary.hpp"

using namespace vramauto;

namespace {

std::string length_of(std::uint64_t length) {
  std::string out(8, '\0');
  for (auto& byte : out) {
    byte = static_cast<char>(length & 0xFF);
    length >>= 8;
  }
  return out;
}

std::string file_of(std::string_view header, std::size_t data) {
  return length_of(header.size()).append(header).append(data, '\0');
}

struct Read {
  Temporary folder;
  Result<model::Shard> shard;
  explicit Read(std::string_view bytes) : shard(read(folder.write("m.safetensors", bytes))) {}
  static Result<model::Shard> read(const std::string& path) {
    json::Scanner scanner;
    const auto file = TRY(file::Reader::open(path));
    return model::read_safetensors(file, scanner);
  }
};

Error refused(std::string_view bytes) {
  const Read read(bytes);
  REQUIRE_FALSE(read.shard);
  CHECK(read.shard.error().where == read.folder / "m.safetensors");
  return read.shard.error();
}

}  // namespace

TEST_CASE("safetensors: names, types, shapes and sizes are those of the header") {
  const Read read(file_of(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},"b":{"dtype":"F32","shape":[],"data_offsets":[12,16]}})",
      16));
  REQUIRE_MESSAGE(read.shard, read.shard.error().message);
  REQUIRE(read.shard->tensors.size() == 2);
  const auto& a = read.shard->tensors[0];
  CHECK(a.name == "a");
  CHECK(a.dtype == VRAMAUTO_BF16);
  CHECK((a.rank == 2 && a.shape[0] == 2 && a.shape[1] == 3));
  CHECK(a.bytes == 12);
  CHECK(read.shard->tensors[1].rank == 0);
  CHECK(read.shard->elements == 7);
  CHECK(read.shard->bytes == 16);
}

TEST_CASE("safetensors: two 4-bit elements share a byte") {
  const Read read(file_of(R"({"a":{"dtype":"F4","shape":[2,4],"data_offsets":[0,4]}})", 4));
  REQUIRE_MESSAGE(read.shard, read.shard.error().message);
  CHECK(read.shard->bytes == 4);
}

TEST_CASE("safetensors: tensors may stand in any order, keys too, and padding may follow") {
  const Read read(
      file_of("{\"b\":{\"shape\":[1],\"data_offsets\":[1,2],\"dtype\":\"U8\"}, \"a\": "
              "{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}   ",
              2));
  CHECK_MESSAGE(read.shard, read.shard.error().message);
}

TEST_CASE("safetensors: escapes in names are undone") {
  const Read read(file_of(R"({"a\u0062\"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1));
  REQUIRE(read.shard);
  CHECK(read.shard->tensors[0].name == "ab\"");
}

TEST_CASE("safetensors: a header longer than the file is refused with its offset") {
  const auto error = refused(length_of(1ull << 33).append("{}"));
  CHECK(error.status == VRAMAUTO_E_FORMAT);
  CHECK(error.message == "header length 8589934592 exceeds the file's 10 bytes");
  CHECK(error.offset == 0);
}

TEST_CASE("safetensors: the longest length there can be is refused") {
  CHECK(refused(length_of(UINT64_MAX).append("{}")).message == "header length 18446744073709551615 exceeds the file's 10 bytes");
}

TEST_CASE("safetensors: a header above 100 MB is refused before it is read") {
  const Temporary folder;
  const auto path = folder.write("m.safetensors", length_of(100'000'001).append("{"));
  std::filesystem::resize_file(path, 200'000'000);
  const auto error = Read::read(path).error();
  CHECK(error.status == VRAMAUTO_E_LIMIT);
  CHECK(error.message == "header length 100000001 is above the format's limit of 100000000");
}

TEST_CASE("safetensors: a file too short for a length is refused") {
  CHECK(refused("1234567").message == "has 7 bytes, expected at least the 8 of a safetensors header length");
  CHECK(refused("").status == VRAMAUTO_E_FORMAT);
}

TEST_CASE("safetensors: a header that does not begin with { is refused") {
  CHECK(refused(file_of("[]", 0)).message == "header begins with [, expected {");
  CHECK(refused(file_of(" {}", 0)).offset == 8);
  CHECK(refused(file_of("", 0)).message == "header begins with nothing, expected {");
}

TEST_CASE("safetensors: a header cut short is refused") {
  CHECK(refused(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_off)", 1)).status == VRAMAUTO_E_FORMAT);
  CHECK(refused(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})", 1)).status == VRAMAUTO_E_FORMAT);
}

TEST_CASE("safetensors: data beyond the file is refused, at the tensor's name") {
  const auto error = refused(file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 3));
  CHECK(error.message == "data of a ends at byte 4, beyond the file's 3 bytes of data");
  CHECK(error.offset == 9);
}

TEST_CASE("safetensors: data that nobody owns is refused") {
  CHECK(refused(file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 5)).message ==
        "tensors end at byte 4 of the data, but the file has 5 bytes of data");
  const auto hole = refused(
      file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})", 3));
  CHECK(hole.message == "data begins at byte 2, leaving a hole from 1");
}

TEST_CASE("safetensors: overlapping data is refused") {
  const auto error = refused(
      file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3));
  CHECK(error.status == VRAMAUTO_E_FORMAT);
  CHECK(error.message == "data from byte 1 overlaps that before it, which ends at 2");
}

TEST_CASE("safetensors: offsets that are negative, reversed, not two or no numbers are refused") {
  const auto with = [](std::string_view offsets) {
    return refused(file_of(std::string(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":)").append(offsets).append("}}"), 1));
  };
  CHECK(with("[-1,0]").message == "data_offsets of a is -1, expected whole numbers");
  CHECK(with("[-1,0]").offset == 8 + 46 + 1);
  CHECK(with("[1,0]").message == "data_offsets of a begin at 1 and end at 0");
  CHECK(with("[0]").message == "data_offsets of a are not two numbers");
  CHECK(with("[0,1,2]").status == VRAMAUTO_E_LIMIT);
  CHECK(with("[0,1.5]").message == "data_offsets of a is 1.5, expected whole numbers");
  CHECK(with("[0,\"1\"]").status == VRAMAUTO_E_FORMAT);
  CHECK(with("[0,99999999999999999999]").status == VRAMAUTO_E_FORMAT);
  CHECK(with("7").message == "data_offsets of a is 7, expected an array");
}

TEST_CASE("safetensors: a span that is not what type and shape need is refused") {
  CHECK(refused(file_of(R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,3]}})", 3)).message ==
        "a has 3 bytes of data, its dtype and shape need 4");
}

TEST_CASE("safetensors: a shape beyond 64 bits is refused") {
  CHECK(refused(file_of(R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0)).message ==
        "a has more than 2^64 elements");
  CHECK(refused(file_of(R"({"a":{"dtype":"F64","shape":[9223372036854775808],"data_offsets":[0,0]}})", 0)).message ==
        "a has more than 2^64 bits");
}

TEST_CASE("safetensors: more than eight dimensions are refused") {
  CHECK(refused(file_of(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1)).message ==
        "shape of a has more than 8 numbers");
}

TEST_CASE("safetensors: an unknown type is named") {
  CHECK(refused(file_of(R"({"a":{"dtype":"F7","shape":[1],"data_offsets":[0,1]}})", 1)).message ==
        "a has dtype F7, which is not known");
}

TEST_CASE("safetensors: a name given twice is refused where it is given again") {
  const auto error = refused(
      file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2));
  CHECK(error.message == "a is there twice");
  CHECK(error.offset == 8 + 53);
}

TEST_CASE("safetensors: what an entry lacks or has twice is named") {
  CHECK(refused(file_of(R"({"a":{"dtype":"U8","shape":[1]}})", 1)).message == "a has no data_offsets");
  CHECK(refused(file_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1)).message ==
        "dtype of a is given twice");
  CHECK(refused(file_of(R"({"a":7})", 0)).message == "entry of a is 7, expected an object");
}

TEST_CASE("safetensors: names that are not UTF-8 are refused at the byte") {
  const auto error = refused(file_of("{\"a\xff\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1));
  CHECK(error.message == "is not UTF-8");
  CHECK(error.offset == 8 + 3);
}

TEST_CASE("safetensors: a depth bomb is refused") {
  CHECK(refused(file_of(std::string("{\"a\":").append(1'000'000, '['), 0)).status == VRAMAUTO_E_FORMAT);
  CHECK(refused(file_of(std::string("{\"a\":{\"x\":").append(1'000'000, '['), 0)).status == VRAMAUTO_E_FORMAT);
}

TEST_CASE("safetensors: metadata that is no object of strings is refused") {
  CHECK(refused(file_of(R"({"__metadata__":{"format":7}})", 0)).message == "__metadata__ is 7, expected strings only");
}

TEST_CASE("safetensors: a file without tensors is a file without tensors") {
  const Read read(file_of("{}", 0));
  REQUIRE(read.shard);
  CHECK(read.shard->tensors.empty());
}
