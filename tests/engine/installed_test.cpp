// --engine-version auto: the metadata of an installed package, in folders as environments and systems have them.
#include <doctest/doctest.h>

#include <filesystem>

#include "engine/estimate.hpp"
#include "engine/installed.hpp"
#include "example.hpp"
#include "temporary.hpp"

using namespace vramauto;
using engine::find_installed;
using engine::Surroundings;
namespace fs = std::filesystem;

namespace {

struct Machine : Temporary {
  std::string at(std::string_view name) const { return *this / name; }
  // Puts the package into site-packages below `prefix`.
  void install(const std::string& prefix, const std::string& version, const std::string& python = "python3.12",
               const std::string& packages = "site-packages") const {
    write(fmt::format("{}/lib/{}/{}/vllm-{}.dist-info/METADATA", prefix, python, packages, version),
          "Metadata-Version: 2.4\nName: vllm\nVersion: " + version + "\nSummary: an engine\n\nVersion: 9.9.9 of the text\n");
  }
  Surroundings empty() const { return {"", "", "", at("root")}; }
};

}  // namespace

TEST_CASE("installed: the active virtual environment comes first") {
  const Machine machine;
  machine.install("venv", "0.27.1");
  machine.install("conda", "0.19.1");
  machine.install("root/usr/local", "0.11.0", "python3.12", "dist-packages");
  auto here = machine.empty();
  CHECK(find_installed("vllm", here).version == "0.11.0");
  here.conda_prefix = machine.at("conda");
  CHECK(find_installed("vllm", here).version == "0.19.1");
  here.virtual_env = machine.at("venv");
  const auto found = find_installed("vllm", here);
  CHECK(found.version == "0.27.1");
  CHECK(found.where == machine.at("venv/lib/python3.12/site-packages/vllm-0.27.1.dist-info/METADATA"));
  CHECK(found.doubt.empty());
}

TEST_CASE("installed: the command in PATH names its environment, also by a link") {
  const Machine machine;
  machine.install("tools/vllm", "0.25.1");
  machine.write("tools/vllm/bin/vllm", "#!python");
  machine.write("bin/other", "");
  auto here = machine.empty();
  here.path = "relative:" + machine.at("bin") + "::" + machine.at("missing");
  CHECK(find_installed("vllm", here).version.empty());
  fs::create_symlink(machine.at("tools/vllm/bin/vllm"), machine.at("bin/vllm"));
  CHECK(find_installed("vllm", here).version == "0.25.1");
  here.path = machine.at("tools/vllm/bin");
  CHECK(find_installed("vllm", here).version == "0.25.1");
}

TEST_CASE("installed: an environment without the package is passed over") {
  const Machine machine;
  machine.write("venv/lib/python3.12/site-packages/torch-2.9.0.dist-info/METADATA", "Name: torch\nVersion: 2.9.0\n");
  machine.write("venv/lib/python3.12/site-packages/vllm-flash-attn/METADATA", "Name: no\nVersion: 1\n");
  machine.install("root/usr", "0.14.1", "python3", "dist-packages");
  auto here = machine.empty();
  here.virtual_env = machine.at("venv");
  CHECK(find_installed("vllm", here).version == "0.14.1");
}

TEST_CASE("installed: of several Pythons and releases the newest counts") {
  const Machine machine;
  machine.install("venv", "0.9.2", "python3.9");
  machine.install("venv", "0.9.0", "python3.12");
  machine.install("venv", "0.19.1", "python3.12");
  auto here = machine.empty();
  here.virtual_env = machine.at("venv");
  CHECK(find_installed("vllm", here).version == "0.19.1");
}

TEST_CASE("installed: metadata that is broken, endless or no file is passed over, and said") {
  const std::string folder = "venv/lib/python3.12/site-packages/vllm-0.30.0.dist-info/METADATA";
  for (const auto& text : {std::string(), std::string("Name: vllm\n\nVersion: 1.0\n"), "Version: " + std::string(200, '1') + "\n",
                           std::string((1 << 20) + 1, 'x')}) {
    const Machine machine;
    machine.write(folder, text);
    auto here = machine.empty();
    here.virtual_env = machine.at("venv");
    const auto found = find_installed("vllm", here);
    CHECK(found.version.empty());
    CHECK(found.doubt.find("METADATA") != std::string::npos);
  }
  const Machine machine;
  fs::create_directories(machine.at(folder));
  machine.install("conda", "0.20.2");
  auto here = machine.empty();
  here.virtual_env = machine.at("venv");
  here.conda_prefix = machine.at("conda");
  CHECK(find_installed("vllm", here).version == "0.20.2");
  CHECK_FALSE(find_installed("vllm", here).doubt.empty());
}

TEST_CASE("installed: a context that leaves the environment alone asks the system only") {
  const auto here = Surroundings::of_process(false);
  CHECK((here.virtual_env + here.path + here.conda_prefix + here.root).empty());
}

TEST_CASE("installed: auto is what was found, and the answer says where") {
  const auto described = example::llama_8b();
  const model::Model model;
  auto asked = example::workload({{"engine-version", "auto"}});
  engine::Installed installed{"0.19.1rc1.dev71+g0abc", "/venv/METADATA", ""};
  engine::Request request{&model, &described, {}, &asked};
  request.installed = &installed;
  const auto found = engine::estimate(request);
  REQUIRE(found);
  CHECK((*found)->version == "0.19.1");
  CHECK((*found)->installed == "/venv/METADATA");
  REQUIRE((*found)->notes.size() == 1);
  CHECK((*found)->notes[0] == "engine-version auto: vLLM 0.19.1rc1.dev71+g0abc is installed: /venv/METADATA");
  installed = {"", "", "METADATA: is broken"};
  const auto none = engine::estimate(request);
  REQUIRE(none);
  CHECK((*none)->version == "0.33.0");
  REQUIRE((*none)->warnings.size() == 1);
  CHECK((*none)->warnings[0].code == "engine_not_installed");
  CHECK((*none)->warnings[0].message ==
        "engine-version auto: no installed vLLM was found, but METADATA: is broken; priced as 0.33.0, the newest known");
  CHECK((*none)->installed.empty());
  installed = {"0.99.0", "/venv/METADATA", ""};
  const auto newer = engine::estimate(request);
  REQUIRE(newer);
  CHECK_FALSE((*newer)->version_known);
  CHECK((*newer)->warnings[0].message.starts_with("vLLM 0.99.0 is newer than 0.33.0"));
}

TEST_CASE("installed: what is asked for by number, and nothing asked for, is not looked up") {
  const auto described = example::llama_8b();
  const model::Model model;
  const auto asked = example::workload({{"engine-version", "0.18"}});
  const engine::Workload none;
  for (const auto* workload : {&asked, &none}) {
    const auto found = engine::estimate({&model, &described, {}, workload});
    REQUIRE(found);
    CHECK((*found)->version == (workload == &none ? "0.33.0" : "0.18.1"));
    CHECK((*found)->notes.empty());
  }
}
