#include "model/safetensors.hpp"

#include <algorithm>
#include <cstring>

#include "model/name_table.hpp"
#include "support/dtype.hpp"
#include "support/file.hpp"

namespace vramauto::model {

namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000;  // safetensors 0.6, tensor.rs, MAX_HEADER_SIZE

struct Span {
  std::uint64_t begin, end, offset;
};

// Takes the entries of one header and holds them to the format's rules.
class HeaderReader final : public json::TensorVisitor {
 public:
  HeaderReader(const std::string& path, std::uint64_t header, std::uint64_t data) : path_(path), data_(data) {
    shard_.names = std::make_unique_for_overwrite<char[]>(header);
    next_name_ = shard_.names.get();
    shard_.tensors.reserve(header / 100);  // about what real headers spend on a tensor
    spans_.reserve(header / 100);
  }

  bool tensor(const json::HeaderTensor& entry) override {
    auto taken = take(entry);
    if (!taken) error_ = std::move(taken.error());
    return taken.has_value();
  }

  Result<Shard> finish() {
    if (error_.status != VRAMAUTO_OK) return Unexpected{std::move(error_)};
    TRY(check_names());
    if (!in_order_) TRY(check_spans());
    if (end_ != data_)
      return fail_at(VRAMAUTO_E_FORMAT, path_, kSafetensorsLength,
                     "tensors end at byte {} of the data, but the file has {} bytes of data", end_, data_);
    return std::move(shard_);
  }

 private:
  Result<void> take(const json::HeaderTensor& entry) {
    Tensor tensor;
    tensor.rank = entry.rank;
    tensor.dtype = dtype_from_safetensors(entry.dtype);
    if (tensor.dtype == 0)
      return fail_at(VRAMAUTO_E_FORMAT, path_, entry.offset, "{} has dtype {}, which is not known", text::shown(entry.name),
                     text::shown(entry.dtype));
    std::copy_n(entry.shape, entry.rank, tensor.shape.begin());
    const auto elements = TRY(elements_of(entry));
    tensor.bytes = TRY(bytes_in(entry, bits_of(tensor.dtype), elements));
    TRY(check_place(entry));
    tensor.name = keep(entry.name);
    shard_.elements = saturating_add(shard_.elements, elements);
    shard_.bytes = saturating_add(shard_.bytes, tensor.bytes);
    shard_.tensors.push_back(tensor);
    spans_.push_back({entry.begin, entry.end, entry.offset});
    return {};
  }

  Result<std::uint64_t> elements_of(const json::HeaderTensor& entry) const {
    std::optional<std::uint64_t> elements = 1;
    for (std::uint32_t i = 0; elements && i < entry.rank; ++i) elements = checked_mul(*elements, entry.shape[i]);
    if (elements) return *elements;
    return fail_at(VRAMAUTO_E_LIMIT, path_, entry.offset, "{} has more than 2^64 elements", text::shown(entry.name));
  }

  Result<Bytes> bytes_in(const json::HeaderTensor& entry, std::uint32_t bits, std::uint64_t elements) const {
    const auto name = [&] { return text::shown(entry.name); };
    const auto all_bits = checked_mul(elements, bits);
    if (!all_bits) return fail_at(VRAMAUTO_E_LIMIT, path_, entry.offset, "{} has more than 2^64 bits", name());
    if (*all_bits % 8 != 0)
      return fail_at(VRAMAUTO_E_FORMAT, path_, entry.offset, "{} has {} bits, expected whole bytes", name(), *all_bits);
    if (entry.begin > entry.end)
      return fail_at(VRAMAUTO_E_FORMAT, path_, entry.offset, "data_offsets of {} begin at {} and end at {}", name(), entry.begin,
                     entry.end);
    if (entry.end - entry.begin != *all_bits / 8)
      return fail_at(VRAMAUTO_E_FORMAT, path_, entry.offset, "{} has {} bytes of data, its dtype and shape need {}", name(),
                     entry.end - entry.begin, *all_bits / 8);
    return *all_bits / 8;
  }

  Result<void> check_place(const json::HeaderTensor& entry) {
    if (entry.end > data_)
      return fail_at(VRAMAUTO_E_FORMAT, path_, entry.offset, "data of {} ends at byte {}, beyond the file's {} bytes of data",
                     text::shown(entry.name), entry.end, data_);
    in_order_ = in_order_ && entry.begin == end_;
    end_ = std::max(end_, entry.end);
    return {};
  }

  std::string_view keep(std::string_view name) {
    std::copy(name.begin(), name.end(), next_name_);
    const std::string_view kept(next_name_, name.size());
    next_name_ += name.size();
    names_rise_ = names_rise_ && (shard_.tensors.empty() || shard_.tensors.back().name < kept);
    return kept;
  }

  // Most files are sorted by name, and then no name is there twice.
  Result<void> check_names() const {
    if (names_rise_) return {};
    NameTable table(shard_.tensors);
    for (std::uint32_t i = 0; i < shard_.tensors.size(); ++i)
      if (table.add(i) != NameTable::kNone)
        return fail_at(VRAMAUTO_E_FORMAT, path_, spans_[i].offset, "{} is there twice", text::shown(shard_.tensors[i].name));
    return {};
  }

  Result<void> check_spans() {
    std::sort(spans_.begin(), spans_.end(),
              [](const Span& a, const Span& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
    std::uint64_t end = 0;
    for (const auto& span : spans_) {
      if (span.begin < end)
        return fail_at(VRAMAUTO_E_FORMAT, path_, span.offset, "data from byte {} overlaps that before it, which ends at {}",
                       span.begin, end);
      if (span.begin > end)
        return fail_at(VRAMAUTO_E_FORMAT, path_, span.offset, "data begins at byte {}, leaving a hole from {}", span.begin, end);
      end = span.end;
    }
    return {};
  }

  const std::string& path_;
  std::uint64_t data_, end_ = 0;
  bool in_order_ = true, names_rise_ = true;
  char* next_name_ = nullptr;
  std::vector<Span> spans_;
  Shard shard_;
  Error error_{VRAMAUTO_OK, {}, {}, VRAMAUTO_UNKNOWN};
};

// 8 bytes, little endian.
std::uint64_t length_in(const char* raw) {
  std::uint64_t length = 0;
  for (std::size_t i = kSafetensorsLength; i-- > 0;) length = length << 8 | static_cast<unsigned char>(raw[i]);
  return length;
}

// Length of the header, checked against the file.
Result<std::uint64_t> header_length(const std::string& path, const file::Reader& file) {
  char raw[kSafetensorsLength] = {};
  if (file.size() < kSafetensorsLength)
    return fail_at(VRAMAUTO_E_FORMAT, path, 0, "has {} bytes, expected at least the 8 of a safetensors header length", file.size());
  TRY(file.read_at(0, raw, kSafetensorsLength));
  const auto length = length_in(raw);
  if (length > file.size() - kSafetensorsLength)
    return fail_at(VRAMAUTO_E_FORMAT, path, 0, "header length {} exceeds the file's {} bytes", length, file.size());
  if (length > kMaxHeader)
    return fail_at(VRAMAUTO_E_LIMIT, path, 0, "header length {} is above the format's limit of {}", length, kMaxHeader);
  return length;
}

}  // namespace

std::uint64_t safetensors_header(std::string_view first, std::uint64_t file_bytes) {
  if (first.size() < kSafetensorsLength || file_bytes < kSafetensorsLength) return 0;
  const auto length = length_in(first.data());
  return length > kMaxHeader || length > file_bytes - kSafetensorsLength ? 0 : kSafetensorsLength + length;
}

Result<Shard> read_safetensors(const file::Reader& file, json::Scanner& scanner) {
  const auto& path = file.path();
  const auto length = TRY(header_length(path, file));
  auto* header = scanner.buffer(length);
  TRY(file.read_at(kSafetensorsLength, header, length));
  if (length == 0 || *header != '{')
    return fail_at(VRAMAUTO_E_FORMAT, path, kSafetensorsLength, "header begins with {}, expected {{",
                   length == 0 ? "nothing" : text::shown({header, 1}));
  HeaderReader reader(path, length, file.size() - kSafetensorsLength - length);
  TRY(scanner.tensors(path, kSafetensorsLength, reader));
  auto shard = TRY(reader.finish());
  shard.file_bytes = file.size();
  return shard;
}

}  // namespace vramauto::model
