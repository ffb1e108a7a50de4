#include "model/hub_store.hpp"

#include <algorithm>
#include <cstring>

#include "support/file.hpp"

namespace vramauto::model {

namespace {

// A file: these 16 bytes, a checksum of what follows, then of every file its name, whether it is here, its size and what is held.
constexpr std::string_view kMagic = "vramauto hub 1\r\n";
constexpr std::uint64_t kLargest = std::uint64_t{1} << 30;
constexpr std::size_t kPrefix = kMagic.size() + 8;

std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = bytes.size();
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const auto count = std::min<std::size_t>(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), count);
    sum = (sum ^ word) * 0x9E3779B97F4A7C15;  // 2^64 / the golden ratio
    sum ^= sum >> 32;
    bytes.remove_prefix(count);
  }
  return sum;
}

void put(std::string& to, std::uint64_t number) { to.append(reinterpret_cast<const char*>(&number), sizeof number); }
void put(std::string& to, std::string_view text) {
  put(to, text.size());
  to.append(text);
}

// Takes from the front; after the first thing that is not there everything is empty.
struct Taker {
  std::string_view rest;
  bool good = true;

  std::string_view bytes(std::uint64_t count) {
    good = good && count <= rest.size();
    if (!good) return {};
    const auto out = rest.substr(0, count);
    rest.remove_prefix(count);
    return out;
  }
  std::uint64_t number() {
    std::uint64_t out = 0;
    const auto raw = bytes(sizeof out);
    if (good) std::memcpy(&out, raw.data(), sizeof out);
    return out;
  }
};

std::string encoded(const std::vector<HubFile>& files) {
  std::string out(kMagic);
  put(out, 0);
  for (const auto& file : files) {
    put(out, file.name);
    put(out, std::uint64_t{file.here});
    put(out, file.size);
    put(out, file.held);
  }
  const auto sum = checksum(std::string_view(out).substr(kPrefix));
  std::memcpy(out.data() + kMagic.size(), &sum, sizeof sum);
  return out;
}

std::optional<std::vector<HubFile>> decoded(std::string_view text) {
  Taker from{text};
  const auto magic = from.bytes(kMagic.size());
  const auto sum = from.number();
  if (!from.good || magic != kMagic || sum != checksum(from.rest)) return std::nullopt;
  std::vector<HubFile> out;
  while (from.good && !from.rest.empty()) {
    HubFile file;
    file.name = from.bytes(from.number());
    file.here = from.number() != 0;
    file.size = from.number();
    file.held = from.bytes(from.number());
    out.push_back(std::move(file));
  }
  if (!from.good) return std::nullopt;
  return out;
}

std::string path_of(const std::string& store, const HubId& id, std::string revision) {
  std::replace(revision.begin(), revision.end(), '/', '%');  // no revision has a percent sign
  return fmt::format("{}/{}@{}", store, folder_name(id.id), revision);
}

std::string revision_of(const HubId& id) { return id.revision.empty() ? "main" : id.revision; }

}  // namespace

bool is_commit(std::string_view text) {
  return text.size() == 40 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string store_directory(std::string_view endpoint) {
  auto root = environment("XDG_CACHE_HOME");
  if (root.empty() || root.front() != '/') {  // relative ones are to be ignored: XDG Base Directory Specification 0.8
    root = environment("HOME");
    if (root.empty()) return {};
    root += "/.cache";
  }
  // What came unencrypted, from whomever, must not answer for the same host asked safely: another scheme is part of the name.
  const auto host = endpoint.find("://") + 3;
  std::string folder(endpoint.substr(text::lower(endpoint.substr(0, host)) == "https://" ? host : 0));
  std::replace(folder.begin(), folder.end(), '/', '%');
  return fmt::format("{}/vramauto/{}", root, folder);
}

std::optional<Snapshot> load(const std::string& store, const HubId& id) {
  Snapshot out;
  out.commit = revision_of(id);
  if (!is_commit(out.commit)) {  // of a branch or tag only the commit is kept under its name
    const auto commit = file::read(path_of(store, id, out.commit), 64);
    if (!commit || !is_commit(*commit)) return std::nullopt;
    out.commit = *commit;
  }
  const auto text = file::read(path_of(store, id, out.commit), kLargest);
  if (!text) return std::nullopt;
  auto files = decoded(*text);
  if (!files) return std::nullopt;
  out.files = std::move(*files);
  return out;
}

Result<void> save(const std::string& store, const HubId& id, const Snapshot& snapshot, Bytes most) {
  const auto path = path_of(store, id, snapshot.commit);
  TRY(file::replace(path, encoded(snapshot.files)));
  if (revision_of(id) != snapshot.commit) TRY(file::replace(path_of(store, id, revision_of(id)), snapshot.commit));
  return file::trim(store, most, std::string_view(path).substr(store.size() + 1));
}

}  // namespace vramauto::model
