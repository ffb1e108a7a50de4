#include "model/transfer.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

using namespace vramauto::model;

namespace {

// What is said of an address where nobody listens.
std::string refusal(bool proxies) {
  Access access;
  access.origin = "http://127.0.0.1:1";
  access.proxies = proxies;
  const auto session = Session::open(access);
  if (!session) return {};
  Transfer transfer;
  transfer.url = access.origin + "/x";
  transfer.until = 100;
  const auto done = (*session)->run({&transfer, 1});
  REQUIRE(!done);
  return done.error().message;
}

}  // namespace

TEST_CASE("transfer: proxies of the environment are taken only where that may be asked") {
  setenv("http_proxy", "http://127.0.0.1:2", 1);
  unsetenv("no_proxy");
  unsetenv("NO_PROXY");
  const auto with = refusal(true), without = refusal(false);
  unsetenv("http_proxy");
  if (with.empty()) {
    MESSAGE("skipped: libcurl is not here");
    return;
  }
  CHECK(with.find("port 2") != std::string::npos);
  CHECK(without.find("port 1") != std::string::npos);
}

TEST_CASE("transfer: what a caller's progress throws leaves nothing behind") {
  Access access;
  access.origin = "http://127.0.0.1:1";
  access.proxies = false;
  int calls = 0;
  access.user = &calls;
  access.progress = [](void* user, std::uint64_t, std::uint64_t) -> std::int32_t {
    if (++*static_cast<int*>(user) == 1) throw 1;
    return 0;
  };
  const auto session = Session::open(access);
  if (!session) {
    MESSAGE("skipped: libcurl is not here");
    return;
  }
  Transfer transfer;
  transfer.url = access.origin + "/x";
  transfer.until = 100;
  CHECK_THROWS_AS((void)(*session)->run({&transfer, 1}), int);
  const auto done = (*session)->run({&transfer, 1});  // a former transfer would still write into what is gone
  REQUIRE(!done);
  CHECK(done.error().message.find("cannot be reached") != std::string::npos);
}
