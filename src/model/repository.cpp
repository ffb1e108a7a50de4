#include "model/repository.hpp"

#include <algorithm>

#include "model/gguf.hpp"
#include "model/safetensors.hpp"
#include "support/order.hpp"

namespace vramauto::model {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// Most headers are shorter (huggingface_hub 1.1, hf_api.py, parse_safetensors_file_metadata, reads as much first).
constexpr std::uint64_t kFirstOfSafetensors = 100'000;
constexpr std::uint64_t kFirstOfGguf = kMiB, kMoreOfGguf = 8 * kMiB, kMostOfGguf = 264 * kMiB;  // a reader refuses more than 256
constexpr std::uint64_t kMaxText = 64 * kMiB, kMaxIndex = 256 * kMiB;
constexpr std::size_t kMostFiles = 100'000;

bool is_safetensors(std::string_view name) { return name.ends_with(".safetensors"); }
bool is_gguf(std::string_view name) { return name.ends_with(".gguf"); }

// Files of the folder itself, with names that any system could have.
bool is_plain(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7F; });
}

std::vector<std::string> names_of(const Snapshot& snapshot) {
  std::vector<std::string> out;
  for (const auto& file : snapshot.files) out.push_back(file.name);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Snapshot sorted(Snapshot snapshot) {
  sort_stably(snapshot.files, [](const auto& a, const auto& b) { return a.name < b.name; });
  return snapshot;
}

}  // namespace

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string listing_url(const std::string& endpoint, const HubId& id) {
  return fmt::format("{}/api/models/{}/revision/{}?blobs=true", endpoint, id.id,
                     url_encoded(id.revision.empty() ? "main" : std::string_view(id.revision)));
}

Result<Snapshot> read_listing(std::string_view where, std::string_view text) {
  const auto document = TRY(json::parse(where, text));
  const auto* commit = document.at("/sha");
  const auto* siblings = document.at("/siblings");
  if (!commit || !is_commit(commit->text) || !siblings || !siblings->is(json::Type::array))
    return fail(VRAMAUTO_E_FORMAT, where, "is no list of a model's files, expected sha and siblings: is HF_ENDPOINT a hub?");
  if (siblings->items.size() > kMostFiles)
    return fail(VRAMAUTO_E_LIMIT, where, "has {} files, at most {} are read", siblings->items.size(), kMostFiles);
  Snapshot out;
  out.commit = commit->text;
  for (const auto& one : siblings->items) {
    const auto* name = one.find("rfilename");
    const auto* large = one.at("/lfs/size");
    const auto* size = large ? large : one.find("size");
    if (!name || !is_plain(name->text)) continue;
    HubFile file;
    file.name = name->text;
    if (size && size->is(json::Type::integer) && size->integer >= 0) file.size = static_cast<Bytes>(size->integer);
    file.here = file.size == 0;
    out.files.push_back(std::move(file));
  }
  return out;
}

Repository::Repository(const std::string& endpoint, const HubId& id, Snapshot snapshot, Session* session)
    : Folder(fmt::format("{}/{}/resolve/{}", endpoint, id.id, snapshot.commit), {}),
      snapshot_(sorted(std::move(snapshot))),
      session_(session) {
  names_ = names_of(snapshot_);
}

const HubFile* Repository::find(std::string_view name) const {
  const auto& files = snapshot_.files;
  const auto found =
      std::lower_bound(files.begin(), files.end(), name, [](const auto& file, auto wanted) { return file.name < wanted; });
  return found != files.end() && found->name == name ? &*found : nullptr;
}

Result<file::Reader> Repository::open(std::string_view name) const {
  const auto* found = find(name);
  if (!found || !found->here) return fail(VRAMAUTO_E_NOT_FOUND, file(name), "was not read from the hub");
  return file::Reader::held(file(name), found->held, found->size);
}

Bytes Repository::size(std::string_view name) const {
  const auto* found = find(name);
  return !found || found->size == VRAMAUTO_UNKNOWN ? 0 : found->size;
}

// The first request for a file, unless it is here.
Result<void> Repository::want(std::vector<Transfer>& round, std::size_t index) const {
  const auto& wanted = snapshot_.files[index];
  Transfer out;
  out.url = fmt::format("{}/{}", path_, url_encoded(wanted.name));
  out.size = wanted.size;
  out.tag = index;
  out.whole = !is_safetensors(wanted.name) && !is_gguf(wanted.name);
  out.until = is_gguf(wanted.name) ? kFirstOfGguf : kFirstOfSafetensors;
  if (out.whole) {
    out.until = wanted.name.ends_with(".index.json") ? kMaxIndex : kMaxText;
    if (out.size != VRAMAUTO_UNKNOWN && out.size > out.until)
      return fail(VRAMAUTO_E_LIMIT, out.url, "has {} bytes, at most {} are read", out.size, out.until);
    out.until = std::min(out.until, out.size);
  }
  round.push_back(std::move(out));
  return {};
}

// Whether enough is here: all of a text, the header of weights. Else the transfer asks for more.
bool Repository::settle(Transfer& transfer) {
  auto& file = snapshot_.files[transfer.tag];
  auto& body = transfer.body;
  if (is_safetensors(file.name)) {
    const auto header = safetensors_header(body, transfer.size);
    transfer.until = header;
    if (header > body.size()) return false;
    if (header != 0) body.resize(header);
  } else if (is_gguf(file.name)) {
    const auto read = read_gguf(file::Reader::held(file.name, body, transfer.size));
    transfer.until = std::min({transfer.size, std::max<std::uint64_t>(kMoreOfGguf, body.size() * 4), kMostOfGguf});
    if (!read && read.error().status == VRAMAUTO_E_IO && body.size() < transfer.until) return false;
    if (read) body.resize(std::min(body.size(), read->header_bytes));
  }
  file.size = transfer.size;
  file.held = std::move(body);
  file.here = true;
  return true;
}

Result<void> Repository::fetch(std::span<const std::string> wanted) {
  std::vector<Transfer> round;
  for (const auto& name : wanted)
    if (const auto* found = find(name); found && !found->here)
      TRY(want(round, static_cast<std::size_t>(found - snapshot_.files.data())));
  if (round.empty()) return {};
  if (!session_) return fail(VRAMAUTO_E_NOT_FOUND, path_, "is not all in the cache");
  while (!round.empty()) {
    TRY(session_->run(round));
    std::erase_if(round, [&](auto& transfer) { return settle(transfer); });
  }
  return {};
}

}  // namespace vramauto::model
