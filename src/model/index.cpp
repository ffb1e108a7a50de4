#include "model/index.hpp"

#include <algorithm>

namespace vramauto::model {

namespace {

constexpr std::uint64_t kMaxIndex = std::uint64_t{256} << 20;

class IndexReader final : public json::PairVisitor {
 public:
  explicit IndexReader(const std::string& path) : path_(path) {}

  bool pair(std::string_view name, std::string_view file) override {
    index.names.emplace_back(name);
    // Shards follow each other in most indexes, so this compares with the right one almost always.
    if (index.files.empty() || index.files.back() != file) index.files.emplace_back(file);
    const auto plain = !file.empty() && file != "." && file != ".." && file.find('/') == std::string_view::npos &&
                       file.find('\0') == std::string_view::npos;
    if (!plain) bad_file_ = file.empty() ? "nothing" : text::shown(file);
    return plain;
  }

  Result<Index> finish(Bytes total_size) {
    if (!bad_file_.empty())
      return fail(VRAMAUTO_E_FORMAT, path_, "weight_map names {}, expected a file beside the index", bad_file_);
    std::sort(index.names.begin(), index.names.end());
    std::sort(index.files.begin(), index.files.end());
    index.files.erase(std::unique(index.files.begin(), index.files.end()), index.files.end());
    index.total_size = total_size;
    return std::move(index);
  }

  Index index;

 private:
  const std::string& path_;
  std::string bad_file_;
};

}  // namespace

Result<Index> read_index(const file::Reader& file) {
  const auto& path = file.path();
  if (file.size() > kMaxIndex) return fail(VRAMAUTO_E_LIMIT, path, "has {} bytes, at most {} are read", file.size(), kMaxIndex);
  json::Scanner scanner;
  TRY(file.read_at(0, scanner.buffer(file.size()), file.size()));
  IndexReader reader(path);
  const auto total = TRY(scanner.index(path, reader));
  return reader.finish(total);
}

}  // namespace vramauto::model
