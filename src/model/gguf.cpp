#include "model/gguf.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "model/name_table.hpp"
#include "support/dtype.hpp"

namespace vramauto::model {

namespace {

constexpr std::uint64_t kMaxHeader = std::uint64_t{256} << 20, kMaxTensors = 1 << 20, kMaxValues = 1 << 16;
constexpr std::uint64_t kMaxText = 4096, kMaxName = 512, kMaxKept = 8192, kMaxKey = 65535;
constexpr std::uint32_t kMaxDepth = 4, kMaxDimensions = 4, kText = 8, kArray = 9;
constexpr std::uint32_t kWidths[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};  // bytes by type of a value
constexpr std::uint64_t kLeastValue = 13, kLeastTensor = 24;                  // bytes that one takes in the file

// Reads a file from front to back. After the first thing that is wrong everything reads as 0.
class Cursor {
 public:
  explicit Cursor(const file::Reader& file) : file_(file) {}

  bool ok() const { return error_.status == VRAMAUTO_OK; }
  std::uint64_t at() const { return at_; }
  std::uint64_t left() const { return file_.size() - at_; }
  Error& error() { return error_; }

  // Only the first is kept.
  [[gnu::noinline]] void fail(vramauto_status status, std::string words) {
    if (ok()) error_ = {status, file_.path(), std::move(words), at_};
  }

  bool has(std::uint64_t bytes) {
    if (ok() && bytes > left()) fail(VRAMAUTO_E_FORMAT, fmt::format("{} bytes are announced, the file has {} more", bytes, left()));
    if (at_ > kMaxHeader)
      fail(VRAMAUTO_E_LIMIT, fmt::format("the header is longer than the {} bytes that are read at most", kMaxHeader));
    return ok();
  }
  void skip(std::uint64_t bytes) {
    if (has(bytes)) at_ += bytes;
  }
  void take(void* to, std::size_t bytes) {
    if (!has(bytes)) return;
    if (at_ < begin_ || at_ + bytes > begin_ + held_) fill(bytes);
    if (!ok()) return;
    std::memcpy(to, buffer_.data() + (at_ - begin_), bytes);
    at_ += bytes;
  }
  std::uint64_t number(std::size_t bytes) {
    unsigned char raw[8] = {};
    take(raw, bytes);
    std::uint64_t out = 0;
    for (std::size_t i = 8; i-- > 0;) out = out << 8 | raw[i];
    return out;
  }
  std::uint32_t word() { return static_cast<std::uint32_t>(number(4)); }
  std::string text(std::uint64_t length) {
    std::string out;
    if (!has(length)) return out;
    out.resize(length);
    take(out.data(), length);
    return out;
  }

 private:
  void fill(std::size_t least) {
    begin_ = at_;
    const auto here = file_.at_hand() - std::min(file_.at_hand(), at_);
    held_ = std::max(least, static_cast<std::size_t>(std::min<std::uint64_t>(here, kBuffer)));
    if (buffer_.size() < held_) buffer_.resize(held_);
    if (auto read = file_.read_at(begin_, buffer_.data(), held_); !read) error_ = std::move(read.error());
  }

  static constexpr std::size_t kBuffer = 64 << 10;
  const file::Reader& file_;
  std::uint64_t at_ = 0, begin_ = 0;
  std::size_t held_ = 0;
  std::vector<char> buffer_;
  Error error_{VRAMAUTO_OK, {}, {}, VRAMAUTO_UNKNOWN};
};

// A number of one of the file's types. Floats go to `real`.
void read_number(Cursor& file, GgufValue& out) {
  constexpr std::uint32_t kFloat = 6, kDouble = 12, kSigned = 1 << 1 | 1 << 3 | 1 << 5;
  const auto width = kWidths[out.type];
  const auto raw = file.number(width);
  if (out.type == kFloat)
    out.real = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
  else if (out.type == kDouble)
    out.real = std::bit_cast<double>(raw);
  else if (kSigned >> out.type & 1)
    out.integer = static_cast<std::int64_t>(raw << (64 - 8 * width)) >> (64 - 8 * width);
  else
    out.integer = static_cast<std::int64_t>(std::min<std::uint64_t>(raw, out.type == 11 ? raw : INT64_MAX));
}

void read_array(Cursor& file, GgufValue& out, std::uint32_t depth);

void read_value(Cursor& file, GgufValue& out, std::uint32_t depth) {
  if (out.type == kArray) return read_array(file, out, depth);
  if (out.type == kText) {
    const auto length = file.number(8);
    if (length > kMaxText || depth) return file.skip(length);
    out.text = file.text(length);
  } else if (out.type < std::size(kWidths)) {
    read_number(file, out);
  } else {
    file.fail(VRAMAUTO_E_FORMAT, fmt::format("value of type {}, which is not known", out.type));
  }
}

// What an array keeps of its elements: their number, and the largest integer of a short one.
void read_array(Cursor& file, GgufValue& out, std::uint32_t depth) {
  if (depth == kMaxDepth) return file.fail(VRAMAUTO_E_LIMIT, fmt::format("arrays of arrays, {} deep", kMaxDepth));
  GgufValue element;
  element.type = file.word();
  const auto length = file.number(8);
  if (!file.ok()) return;
  if (element.type >= std::size(kWidths))
    return file.fail(VRAMAUTO_E_FORMAT, fmt::format("array of type {}, which is not known", element.type));
  const std::uint64_t least = element.type == kText ? 8 : element.type == kArray ? 12 : kWidths[element.type];
  if (length > file.left() / least)
    return file.fail(VRAMAUTO_E_FORMAT, fmt::format("array of {} elements of at least {} bytes, the file has {} more bytes", length,
                                                    least, file.left()));
  const auto type = element.type;
  out.is_array = true;
  out.length = length;
  out.type = type;
  if (kWidths[type] && length > kMaxKept) return file.skip(length * least);
  for (std::uint64_t i = 0; i < length && file.ok(); ++i) {
    element.type = type;
    read_value(file, element, depth + 1);
    out.integer = i == 0 ? element.integer : std::max(out.integer, element.integer);
  }
}

class Reader {
 public:
  explicit Reader(const file::Reader& file) : file_size_(file.size()), file_(file) {}

  Result<Gguf> read() {
    std::uint64_t tensors = 0, values = 0;
    header(tensors, values);
    for (std::uint64_t i = 0; i < values && file_.ok(); ++i) value();
    check_keys();
    for (std::uint64_t i = 0; i < tensors && file_.ok(); ++i) tensor();
    keep_names();
    if (!file_.ok()) return Unexpected{std::move(file_.error())};
    return std::move(out_);
  }

 private:
  void header(std::uint64_t& tensors, std::uint64_t& values) {
    char magic[4] = {};
    file_.take(magic, sizeof magic);
    if (file_.ok() && std::string_view(magic, sizeof magic) != "GGUF")
      file_.fail(VRAMAUTO_E_FORMAT, fmt::format("begins with {}, expected GGUF", text::shown({magic, sizeof magic})));
    const auto version = file_.word();
    if (file_.ok() && version != 2 && version != 3)
      file_.fail(VRAMAUTO_E_UNSUPPORTED, fmt::format("GGUF version {}, expected 2 or 3{}", version,
                                                     version && !(version & 0xFFFFFF) ? " (the file is big-endian)" : ""));
    tensors = file_.number(8);
    values = file_.number(8);
    check_count("tensors", tensors, kLeastTensor, kMaxTensors);
    check_count("values", values, kLeastValue, kMaxValues);
  }

  void check_count(std::string_view what, std::uint64_t count, std::uint64_t least, std::uint64_t most) {
    if (count > file_.left() / least)
      file_.fail(VRAMAUTO_E_FORMAT, fmt::format("{} {} are announced, the file has {} more bytes", count, what, file_.left()));
    if (count > most) file_.fail(VRAMAUTO_E_LIMIT, fmt::format("{} {}, at most {} are read", count, what, most));
  }

  void value() {
    GgufValue value;
    const auto length = file_.number(8);
    if (length > kMaxKey)
      return file_.fail(VRAMAUTO_E_FORMAT, fmt::format("key of {} bytes, expected at most {}", length, kMaxKey));
    value.key = file_.text(length);
    value.type = file_.word();
    read_value(file_, value, 0);
    if (file_.ok()) out_.values.push_back(std::move(value));
  }

  void check_keys() {
    std::vector<std::string> keys;
    for (const auto& value : out_.values) keys.push_back(value.key);
    std::sort(keys.begin(), keys.end());
    if (const auto twice = std::adjacent_find(keys.begin(), keys.end()); twice != keys.end())
      file_.fail(VRAMAUTO_E_FORMAT, fmt::format("key {} is there twice", text::shown(*twice)));
    const auto* alignment = out_.find("general.alignment");
    if (!alignment) return;
    alignment_ = out_.number("general.alignment");
    if (!std::has_single_bit(alignment_) || alignment_ > kMaxHeader)
      file_.fail(VRAMAUTO_E_FORMAT, fmt::format("general.alignment is {}, expected a power of two", alignment->integer));
  }

  void tensor() {
    const auto length = file_.number(8);
    if (file_.ok() && (length == 0 || length > kMaxName))
      return file_.fail(VRAMAUTO_E_FORMAT, fmt::format("tensor name of {} bytes, expected 1 to {}", length, kMaxName));
    name_ = names_.size();
    names_ += file_.text(length);
    Tensor tensor;
    const auto elements = shape(tensor);
    const auto type = file_.word();
    if (!file_.ok()) return;
    tensor.dtype = dtype_from_ggml(type);
    const auto block = block_of(tensor.dtype);
    if (block.elements == 0) return bad_tensor(fmt::format("is of type {}, which is not known", type));
    const auto row = tensor.rank ? tensor.shape[tensor.rank - 1] : 1;
    if (row % block.elements != 0)
      return bad_tensor(fmt::format("has rows of {} elements, expected whole blocks of {}", row, block.elements));
    tensor.bytes = saturating_mul(elements / block.elements, block.bytes);
    place(tensor.bytes);
    if (!file_.ok()) return;
    out_.shard.elements = saturating_add(out_.shard.elements, elements);
    out_.shard.bytes = saturating_add(out_.shard.bytes, tensor.bytes);
    out_.shard.tensors.push_back(tensor);
    ends_.push_back(names_.size());
  }

  // Elements of the tensor. The file names the innermost dimension first.
  std::uint64_t shape(Tensor& tensor) {
    tensor.rank = file_.word();
    if (tensor.rank > kMaxDimensions) {
      bad_tensor(fmt::format("has {} dimensions, expected at most {}", tensor.rank, kMaxDimensions));
      return 0;
    }
    std::uint64_t elements = 1;
    for (auto i = tensor.rank; i-- > 0;) elements = saturating_mul(elements, tensor.shape[i] = file_.number(8));
    if (elements == UINT64_MAX) bad_tensor("has more than 2^64 elements");
    return elements;
  }

  void bad_tensor(std::string_view what) {
    file_.fail(VRAMAUTO_E_FORMAT, fmt::format("{} {}", text::shown(std::string_view(names_).substr(name_)), what));
  }

  // Data lies in the order of the infos, each padded to the alignment.
  void place(Bytes bytes) {
    const auto offset = file_.number(8);
    if (!file_.ok()) return;
    if (offset != next_) return bad_tensor(fmt::format("has its data at {}, expected it at {}", offset, next_));
    if (bytes > file_size_ || offset > file_size_ - bytes)
      return bad_tensor(fmt::format("has {} bytes of data at {}, beyond the file's {} bytes", bytes, offset, file_size_));
    end_ = offset + bytes;
    next_ = round_up(end_, alignment_);
  }

  // The names' places in memory are known once all are there; where the data begins, too.
  void keep_names() {
    if (!file_.ok()) return;
    auto& shard = out_.shard;
    if (!shard.tensors.empty() && end_ > file_size_ - std::min(file_size_, round_up(file_.at(), alignment_)))
      return file_.fail(VRAMAUTO_E_FORMAT, fmt::format("the data has {} bytes, beyond the file's {} bytes", end_, file_size_));
    shard.file_bytes = file_size_;
    out_.header_bytes = file_.at();
    shard.names = std::make_unique_for_overwrite<char[]>(names_.size());
    std::copy(names_.begin(), names_.end(), shard.names.get());
    NameTable table(shard.tensors);
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      const auto begin = i ? ends_[i - 1] : 0;
      shard.tensors[i].name = {shard.names.get() + begin, ends_[i] - begin};
      if (table.add(static_cast<std::uint32_t>(i)) != NameTable::kNone)
        return file_.fail(VRAMAUTO_E_FORMAT, fmt::format("{} is there twice", text::shown(shard.tensors[i].name)));
    }
  }

  std::uint64_t file_size_, alignment_ = 32, next_ = 0, end_ = 0;
  Cursor file_;
  std::string names_;
  std::size_t name_ = 0;           // where that of the tensor at hand begins
  std::vector<std::size_t> ends_;  // of the names
  Gguf out_;
};

}  // namespace

const GgufValue* Gguf::find(std::string_view key) const {
  for (const auto& value : values)
    if (value.key == key) return &value;
  return nullptr;
}

std::string_view Gguf::text(std::string_view key) const {
  const auto* value = find(key);
  return value && value->is_text() ? std::string_view(value->text) : std::string_view();
}

std::uint64_t Gguf::number(std::string_view key) const {
  const auto* value = find(key);
  return value && value->is_integer() && value->integer > 0 ? static_cast<std::uint64_t>(value->integer) : 0;
}

Result<Gguf> read_gguf(const file::Reader& file) { return Reader(file).read(); }

}  // namespace vramauto::model
