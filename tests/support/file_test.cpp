#include "support/file.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "temporary.hpp"

using namespace vramauto;

TEST_CASE("file: a text within the cap is read whole, one beyond it refused") {
  const Temporary folder;
  folder.write("a", "0123456789");
  CHECK(*file::read(folder / "a", 10) == "0123456789");
  const auto error = file::read(folder / "a", 9).error();
  CHECK(error.status == VRAMAUTO_E_LIMIT);
  CHECK(error.message == "has 10 bytes, at most 9 are read");
}

TEST_CASE("file: an empty file is an empty text") {
  const Temporary folder;
  folder.write("a", "");
  CHECK(file::read(folder / "a", 10)->empty());
}

TEST_CASE("file: files of unknown size are read up to the cap") {
  CHECK(file::read("/proc/self/status", 1 << 20)->find("Name:") != std::string::npos);
  CHECK(file::read("/proc/self/status", 10).error().status == VRAMAUTO_E_LIMIT);
}

TEST_CASE("file: what is not a regular file is named and refused without waiting") {
  const Temporary folder;
  REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(file::read(folder / "fifo", 10).error().message == "is a FIFO, expected a regular file");
  CHECK(file::read(folder.path(), 10).error().message == "is a directory, expected a regular file");
  CHECK(file::read("/dev/null", 10).error().message == "is a device, expected a regular file");
  CHECK(file::read(folder / "fifo", 10).error().status == VRAMAUTO_E_IO);
}

TEST_CASE("file: a missing file does not exist") {
  const auto error = file::read("/nowhere/at/all", 10).error();
  CHECK(error.status == VRAMAUTO_E_NOT_FOUND);
  CHECK(error.where == "/nowhere/at/all");
  CHECK(error.message == "does not exist");
}

TEST_CASE("file: a path with a NUL inside is refused, not cut") {
  CHECK(file::read(std::string("/dev/null\0x", 11), 10).error().status == VRAMAUTO_E_ARGUMENT);
}

TEST_CASE("file: reading beyond the end is an error at the byte where it ends") {
  const Temporary folder;
  folder.write("a", "0123");
  const auto reader = file::Reader::open(folder / "a");
  char to[8];
  const auto error = reader->read_at(2, to, 8).error();
  CHECK(error.offset == 4);
  CHECK(error.message == "ends here, expected 6 more bytes");
}

TEST_CASE("file: a listing has regular files only, sorted, links followed") {
  const Temporary folder;
  folder.write("b", "12");
  folder.write("a", "1");
  std::filesystem::create_directory(folder / "d");
  std::filesystem::create_symlink("b", folder / "link");
  const auto entries = file::list(folder.path());
  REQUIRE(entries->size() == 3);
  CHECK((*entries)[0].name == "a");
  CHECK((*entries)[2].name == "link");
  CHECK((*entries)[2].bytes == 2);
  CHECK(*file::names(folder.path()) == std::vector<std::string>{"a", "b", "d", "link"});
}

TEST_CASE("file: of a file elsewhere the first bytes are read, and no more") {
  const std::string first = "0123456789";
  const auto reader = file::Reader::held("http://hub/a", first, 1000);
  char got[4] = {};
  CHECK(reader.size() == 1000);
  CHECK(reader.at_hand() == 10);
  REQUIRE(reader.read_at(6, got, 4));
  CHECK(std::string_view(got, 4) == "6789");
  const auto beyond = reader.read_at(7, got, 4);
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().status == VRAMAUTO_E_IO);
  CHECK(beyond.error().message == "only the first 10 bytes are here, expected 4 from here");
  CHECK_FALSE(reader.read_at(UINT64_MAX, got, 1));
}

TEST_CASE("file: a file is replaced at once, with the directories it stands in") {
  const Temporary folder;
  const auto path = folder / "a/b/c";
  REQUIRE(file::replace(path, "one"));
  REQUIRE(file::replace(path, "two"));
  CHECK(*file::read(path, 10) == "two");
  CHECK(file::names(folder / "a/b")->size() == 1);
  const auto inside_a_file = file::replace(path + "/d", "x");
  REQUIRE_FALSE(inside_a_file);
  CHECK(*file::read(path, 10) == "two");
}
