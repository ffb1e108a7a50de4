#include <algorithm>
#include <filesystem>

#include <elf.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "estimator/models.hpp"
#include "estimator/registry.hpp"
#include "support/file.hpp"

using namespace vramauto;
using estimator::PluginRecord;
using estimator::Registry;
using estimator::RegistryOptions;

namespace {

std::string hostile(std::string_view name) { return fmt::format("{}/vramauto_{}.so", HOSTILE_FOLDER, name); }

RegistryOptions options_for(std::string plugins, std::uint32_t timeout_ms = 2000) {
  RegistryOptions options;
  options.search = true;
  options.plugins = std::move(plugins);
  options.timeout_ms = timeout_ms;
  return options;
}

// What became of the last plugin found: the built-in ones come first.
PluginRecord record_of(const std::string& path) {
  const Registry registry(options_for(path));
  REQUIRE(registry.plugins().size() >= 2);
  return registry.plugins().back();
}

std::string refusal(const std::string& path) {
  const auto record = record_of(path);
  CHECK(record.status == VRAMAUTO_E_PLUGIN);
  return record.message;
}

// The example's object with one byte changed, or cut short.
std::string changed_example(const Temporary& folder, std::size_t at, char byte, std::size_t size = SIZE_MAX) {
  auto content = file::read(EXAMPLE_C, 1 << 24);
  REQUIRE(content);
  (*content)[at] = byte;
  return folder.write("vramauto_changed.so", content->substr(0, size));
}

// What the plugin's estimator of this name says of the model that it takes for its own.
Error failure_of(std::string_view name, std::uint32_t timeout_ms = 2000) {
  const Registry registry(options_for(hostile(name), timeout_ms));
  CHECK(registry.plugins().back().status == VRAMAUTO_OK);
  const auto answer = registry.describe(model_of(config_of(name)));
  REQUIRE_FALSE(answer);
  return answer.error();
}

}  // namespace

TEST_CASE("load: the example is accepted and describes its model") {
  const Registry registry(options_for(EXAMPLE_C));
  const auto& record = registry.plugins().back();
  CHECK(record.status == VRAMAUTO_OK);
  CHECK(record.id == "org.vramauto.example_c");
  CHECK(record.message == "estimators: example_c");
  const auto blueprint = registry.describe(model_of(config_of("LlamaForCausalLM", "example_c")));
  REQUIRE(blueprint);
  CHECK(blueprint->plugin == "org.vramauto.example_c");
  CHECK(blueprint->weights.size() == 12);
}

TEST_CASE("load: without a search only what is built in is there") {
  const Registry registry({});
  REQUIRE_FALSE(registry.plugins().empty());
  for (const auto& record : registry.plugins()) CHECK(record.path == "");
}

TEST_CASE("load: what is no ELF file is refused before the loader sees it") {
  const Temporary folder;
  CHECK(refusal(folder.write("vramauto_text.so", std::string(4096, 'x'))) == "is not an ELF file");
  CHECK(refusal(folder.write("vramauto_empty.so", "")) == "is not an ELF file");
  CHECK(refusal(folder.write("vramauto_short.so", "\177ELF")) == "is not an ELF file");
}

TEST_CASE("load: an object for another machine, class or byte order is refused") {
  const Temporary folder;
  CHECK(refusal(changed_example(folder, offsetof(Elf64_Ehdr, e_machine), 8)).starts_with("is for another machine"));
  CHECK(refusal(changed_example(folder, EI_CLASS, ELFCLASS32)).starts_with("is for another machine"));
  CHECK(refusal(changed_example(folder, EI_DATA, ELFDATA2MSB)).starts_with("is for another machine"));
}

TEST_CASE("load: an object file that is not shared is refused") {
  const Temporary folder;
  CHECK(refusal(changed_example(folder, offsetof(Elf64_Ehdr, e_type), ET_REL)) == "is ELF type 1, expected a shared object");
}

TEST_CASE("load: an object that was cut short at any length is refused, not mapped") {
  const Temporary folder;
  const auto size = std::filesystem::file_size(EXAMPLE_C);
  for (const auto length : {std::size_t{64}, std::size_t{100}, std::size_t{1000}, static_cast<std::size_t>(size / 4)}) {
    CAPTURE(length);
    CHECK(refusal(changed_example(folder, 0, '\177', length)).starts_with("is cut short"));
  }
}

TEST_CASE("load: an object without the entry is refused") {
  CHECK(refusal(hostile("no_symbol")) == "does not export vramauto_plugin_v1");
}

TEST_CASE("load: an object for another ABI is refused by its number") {
  CHECK(refusal(hostile("other_abi")) == "does not export vramauto_plugin_v1; it exports vramauto_plugin_v2, made for another ABI");
}

TEST_CASE("load: an object that needs what is not there is refused with the loader's words") {
  CHECK(refusal(hostile("unresolved")).find("nobody_has_this_function") != std::string::npos);
}

TEST_CASE("load: a wrong descriptor is refused with what was found and expected") {
  const std::pair<const char*, const char*> cases[] = {
      {"null_descriptor", "the plugin says that this library is too old for it (version number 1000)"},
      {"unaligned", "the descriptor is not aligned"},
      {"short_struct", "the descriptor: struct_size is 16, expected 40 to 4096"},
      {"huge_struct", "the descriptor: struct_size is 4294967295, expected 40 to 4096"},
      {"null_id", "id is NULL, expected [a-z0-9._-]{1,63}"},
      {"bad_id", "id is \"Bad Id\", expected [a-z0-9._-]{1,63}"},
      {"null_version", "version is NULL and license \"Apache-2.0\", expected UTF-8 text of 1 to 63 bytes"},
      {"no_estimators", "estimator_count is 0, expected 1 to 64"},
      {"too_many_estimators", "estimator_count is 4294967295, expected 1 to 64"},
      {"null_estimators", "estimators is NULL"},
      {"null_estimator", "estimator 0 is NULL or not aligned"},
      {"short_estimator", "estimator 0: struct_size is 16, expected 32 to 4096"},
      {"bad_flags", "estimator 0: flags are 0x1, expected 0"},
      {"bad_estimator_id", "estimator 0: id is \"an/estimator\", expected [a-z0-9_-]{1,31}"},
      {"null_match", "estimator 0: match or describe is NULL"},
      {"null_describe", "estimator 0: match or describe is NULL"},
      {"same_twice", "two estimators have the id \"same_twice\""},
      {"taken_estimator", "its estimator decoder is also one of org.vramauto.builtin, which was found before"},
      {"throws_in_entry", "the entry threw an exception"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.first);
    CHECK(refusal(hostile(one.first)) == one.second);
  }
  CHECK(refusal(hostile("long_id")).starts_with("id is \"a-plugin-whose-name"));
}

TEST_CASE("load: of two plugins with the same id the first counts") {
  CHECK(refusal(hostile("good") + ":" + hostile("taken_plugin")) == "a plugin good was found before");
}

TEST_CASE("load: all hostile plugins together stop neither each other nor the good ones") {
  const Registry registry(options_for(std::string(EXAMPLE_C) + ":" + HOSTILE_FOLDER));
  std::size_t used = 0, refused = 0;
  for (const auto& record : registry.plugins()) ++(record.status == VRAMAUTO_OK ? used : refused);
  CHECK(used >= 13);
  CHECK(refused >= 22);
  CHECK(registry.describe(model_of(config_of("LlamaForCausalLM", "example_c"))));
  const auto plain = registry.describe(model_of(config_of("LlamaForCausalLM")));
  REQUIRE(plain);
  CHECK(plain->estimator == "decoder");
}

TEST_CASE("load: whoever misses an estimator hears that plugins were refused") {
  const Registry registry(options_for("/nowhere"));
  const auto answer = registry.describe(model_of(config_of("NobodyKnows")));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find("; plugins were refused (1), see vramauto plugins") != std::string::npos);
}

TEST_CASE("load: two registries at once may use the same plugin") {
  const Registry first(options_for(EXAMPLE_C));
  { const Registry second(options_for(EXAMPLE_C)); }
  CHECK(first.describe(model_of(config_of("LlamaForCausalLM", "example_c"))));
}

TEST_CASE("plugins: products that overflow are refused and are the result") {
  const auto error = failure_of("bad_numbers");
  CHECK(error.status == VRAMAUTO_E_PLUGIN);
  CHECK(error.where == "hostile.bad_numbers");
  CHECK(error.message == "estimator bad_numbers: add_weights layers.*.w: more elements than any model has");
}

TEST_CASE("plugins: endless answers end at 65,536") {
  CHECK(failure_of("endless_answers").message == "estimator endless_answers: more than 65536 answers");
}

TEST_CASE("plugins: an endless loop that polls ends at the deadline") {
  const auto error = failure_of("polls", 20);
  CHECK(error.status == VRAMAUTO_E_TIMEOUT);
  CHECK(error.message == "estimator polls took longer than the 20 ms it may");
}

TEST_CASE("plugins: an answer after the deadline does not count") {
  CHECK(failure_of("ignores_stop", 20).status == VRAMAUTO_E_TIMEOUT);
}

TEST_CASE("plugins: endless questions end at the deadline without polling") {
  CHECK(failure_of("endless_questions", 20).status == VRAMAUTO_E_TIMEOUT);
}

TEST_CASE("plugins: exceptions from describe are the result") {
  CHECK(failure_of("throws_in_describe").message == "estimator throws_in_describe: describe threw an exception");
}

TEST_CASE("plugins: one whose match throws or answers is left out, and the notes say so") {
  const Registry registry(options_for(hostile("throws_in_match") + ":" + hostile("adds_in_match")));
  const auto blueprint = registry.describe(model_of(config_of("LlamaForCausalLM")));
  REQUIRE(blueprint);
  const auto& notes = blueprint->notes;
  CHECK(std::find(notes.begin(), notes.end(), "estimator throws_in_match is left out: match threw an exception") != notes.end());
  const auto error = failure_of("adds_in_match");
  CHECK(error.status == VRAMAUTO_E_NO_ESTIMATOR);
  CHECK(error.message.find("estimator adds_in_match is left out: match: set_traits while matching") != std::string::npos);
}

TEST_CASE("plugins: a failure is the result in the estimator's own words") {
  const auto error = failure_of("fails");
  CHECK(error.status == VRAMAUTO_E_FORMAT);
  CHECK(error.message == "the experts are missing");
}

TEST_CASE("plugins: success without an answer is refused") {
  CHECK(failure_of("mute").message == "estimator mute described no traits or no weights");
}

TEST_CASE("plugins: a status above 0 is refused") {
  CHECK(failure_of("positive_status").message == "estimator positive_status returned 7, expected 0 or a negative status");
}
