#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "estimator/search.hpp"
#include "temporary.hpp"

using namespace vramauto::estimator;

namespace {

std::vector<Found> found_in(const std::string& options, std::vector<uid_t> owners = {geteuid()}) {
  return search({.options = options, .environment = {}, .library = {}, .owners = std::move(owners)});
}

std::string refusal(const std::string& options) {
  const auto found = found_in(options);
  REQUIRE(found.size() == 1);
  return found[0].refused;
}

// The folder itself, without links on the way to it.
std::string real(const Temporary& folder) { return std::filesystem::canonical(folder.path()); }

}  // namespace

TEST_CASE("search: files named vramauto_*.so of a folder are found by name, others are not looked at") {
  const Temporary folder;
  for (const auto* name : {"vramauto_b.so", "vramauto_a.so", "README.md", "libother.so", "vramauto_.so", "vramauto_c.so.1"})
    folder.write(name, "");
  const auto found = found_in(folder.path());
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == real(folder) + "/vramauto_a.so");
  CHECK(found[1].path == real(folder) + "/vramauto_b.so");
  CHECK(found[0].refused == "");
}

TEST_CASE("search: the caller's list comes before the environment, and that before the library's folder") {
  const Temporary folder;
  folder.write("options/vramauto_z.so", "");
  folder.write("environment/vramauto_y.so", "");
  folder.write("lib/vramauto/plugins-v1/vramauto_x.so", "");
  folder.write("lib/libvramauto.so.0", "");
  const auto found = search({folder / "options", folder / "environment", folder / "lib/libvramauto.so.0", {geteuid()}});
  REQUIRE(found.size() == 3);
  CHECK(found[0].path == real(folder) + "/options/vramauto_z.so");
  CHECK(found[1].path == real(folder) + "/environment/vramauto_y.so");
  CHECK(found[2].path == real(folder) + "/lib/vramauto/plugins-v1/vramauto_x.so");
}

TEST_CASE("search: without a plugin folder beside the library nothing is found and nothing refused") {
  const Temporary folder;
  folder.write("lib/libvramauto.so.0", "");
  CHECK(search({{}, {}, folder / "lib/libvramauto.so.0", {geteuid()}}).empty());
}

TEST_CASE("search: a library loaded by a relative path has no folder that can be trusted") {
  const auto found = search({{}, {}, "./libvramauto.so.0", {geteuid()}});
  REQUIRE(found.size() == 1);
  CHECK(found[0].refused == "the library was loaded by a relative path: plugins beside it are not searched for");
}

TEST_CASE("search: a single file can be named") {
  const Temporary folder;
  const auto file = folder.write("vramauto_one.so", "");
  folder.write("vramauto_two.so", "");
  const auto found = found_in(file);
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == real(folder) + "/vramauto_one.so");
}

TEST_CASE("search: a named file of another name is refused") {
  const Temporary folder;
  CHECK(refusal(folder.write("plugin.so", "")) == "the name is not vramauto_*.so");
}

TEST_CASE("search: a relative entry is refused, those beside it are not") {
  const Temporary folder;
  folder.write("vramauto_one.so", "");
  const auto found = found_in("plugins:" + folder.path());
  REQUIRE(found.size() == 2);
  CHECK(found[0].refused == "an entry of the caller's list is a relative path, expected an absolute one");
  CHECK(found[1].refused == "");
}

TEST_CASE("search: an empty entry is refused, the current directory is never meant") {
  const Temporary folder;
  for (const auto& list : {":" + folder.path(), folder.path() + ":", folder.path() + "::" + folder.path()}) {
    CAPTURE(list);
    CHECK(refusal(list) == "an entry of the caller's list is empty, expected the absolute path of a folder or file");
  }
}

TEST_CASE("search: an entry that does not exist is refused with the system's words") {
  CHECK(refusal("/nowhere/at/all") == "No such file or directory");
}

TEST_CASE("search: a world-writable file is refused") {
  const Temporary folder;
  const auto file = folder.write("vramauto_one.so", "");
  chmod(file.c_str(), 0646);
  CHECK(refusal(folder.path()) == "the file is world-writable (mode 646)");
}

TEST_CASE("search: a world-writable folder is refused as a whole, also with the sticky bit and for a single file") {
  const Temporary folder;
  const auto file = folder.write("vramauto_one.so", "");
  chmod(folder.path().c_str(), 01777);
  CHECK(refusal(folder.path()) == "the folder is world-writable (mode 1777)");
  CHECK(refusal(file) == "its folder " + real(folder) + " is world-writable (mode 1777)");
}

TEST_CASE("search: what a group may write, as after umask 002, is used") {
  const Temporary folder;
  chmod(folder.write("vramauto_one.so", "").c_str(), 0775);
  chmod(folder.path().c_str(), 0775);
  CHECK(refusal(folder.path()) == "");
}

TEST_CASE("search: a link out of the folder is refused, one inside it is followed") {
  const Temporary folder, other;
  other.write("vramauto_far.so", "");
  folder.write("vramauto_near.so", "");
  std::filesystem::create_symlink(other / "vramauto_far.so", folder / "vramauto_far.so");
  std::filesystem::create_symlink("vramauto_near.so", folder / "vramauto_also.so");
  const auto found = found_in(folder.path());
  REQUIRE(found.size() == 2);  // the near one once
  CHECK(found[0].refused == "");
  CHECK(found[0].path == real(folder) + "/vramauto_near.so");
  CHECK(found[1].refused == "is a link out of its folder, to " + real(other) + "/vramauto_far.so");
}

TEST_CASE("search: a link that leads nowhere and a folder with a plugin's name are refused") {
  const Temporary folder;
  std::filesystem::create_directory(folder / "vramauto_folder.so");
  std::filesystem::create_symlink("gone", folder / "vramauto_gone.so");
  const auto found = found_in(folder.path());
  REQUIRE(found.size() == 2);
  CHECK(found[0].refused == "is not a regular file");
  CHECK(found[1].refused == "No such file or directory");
}

TEST_CASE("search: a FIFO with a plugin's name is refused without waiting for a writer") {
  const Temporary folder;
  REQUIRE(mkfifo((folder / "vramauto_fifo.so").c_str(), 0600) == 0);
  CHECK(refusal(folder.path()) == "is not a regular file");
}

TEST_CASE("search: files of a stranger are refused, those of the library's owner are used") {
  const Temporary folder;
  const auto file = folder.write("vramauto_one.so", "");
  constexpr uid_t stranger = 54321, us = 12345;
  if (geteuid() == 0) {
    REQUIRE(chown(file.c_str(), stranger, 0) == 0);
    CHECK(found_in(folder.path(), {us}).at(0).refused ==
          "the file belongs to user 54321, expected root, the user of this process or the owner of the library");
    CHECK(found_in(folder.path(), {us, stranger}).at(0).refused == "");
  } else {
    CHECK(found_in(folder.path(), {us}).at(0).refused.starts_with("the folder belongs to user"));
    CHECK(found_in(folder.path(), {us, geteuid()}).at(0).refused == "");
  }
}

TEST_CASE("search: a stranger's folder is refused even if the file in it is ours") {
  if (geteuid() != 0) return;  // only root can give a folder away
  const Temporary folder;
  folder.write("vramauto_one.so", "");
  REQUIRE(chown(folder.path().c_str(), 54321, 0) == 0);
  CHECK(refusal(folder.path()) ==
        "the folder belongs to user 54321, expected root, the user of this process or the owner of the library");
}

TEST_CASE("search: no more than 256 files and 64 entries are looked at") {
  const Temporary folder;
  for (int i = 0; i < 300; ++i) folder.write("vramauto_" + std::to_string(i) + ".so", "");
  auto found = found_in(folder.path());
  CHECK(found.size() == 257);
  CHECK(found.back().refused == "there are more than 256 plugins");
  std::string list = "/nowhere";
  for (int i = 0; i < 1000; ++i) list += ":/nowhere";
  found = found_in(list);
  CHECK(found.size() == 65);
  CHECK(found.back().refused == "the caller's list has more than 64 entries");
}
