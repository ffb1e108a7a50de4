#include "model/inventory.hpp"

#include <mutex>
#include <new>

#include "model/name_table.hpp"
#include "model/parallel.hpp"

namespace vramauto::model {

namespace {

// A thread costs about 30 us to start; eight shards are read in about that.
constexpr std::size_t kFewShards = 8;
constexpr std::size_t kMostThreads = 8;

std::size_t threads_for(std::size_t shards) {
  if (shards <= kFewShards) return 1;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, kMostThreads);
}

Result<Shard> read_shard(const Folder& folder, const std::string& name, json::Scanner& scanner) {
  const auto file = TRY(folder.open(name));
  return read_safetensors(file, scanner);
}

}  // namespace

struct Inventory::Storage {
  std::vector<Tensor> one;  // of one shard, moved here
  Tensor* many = nullptr;   // of many, joined
  std::size_t count = 0;
  std::vector<std::unique_ptr<char[]>> names;
  std::once_flag once;
  std::unique_ptr<NameTable> table;

  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  ~Storage() {
    if (many) std::allocator<Tensor>().deallocate(many, count);
  }
};

Result<std::vector<Shard>> read_shards(const Folder& folder, const std::vector<std::string>& files) {
  std::vector<Result<Shard>> read(files.size());
  for_each_index(files.size(), threads_for(files.size()), [&] {
    return [&, scanner = std::make_unique<json::Scanner>()](std::size_t i) { read[i] = read_shard(folder, files[i], *scanner); };
  });
  std::vector<Shard> out;
  out.reserve(read.size());
  for (auto& shard : read) {
    if (!shard) return Unexpected{std::move(shard.error())};
    out.push_back(std::move(*shard));
  }
  return out;
}

Inventory InventoryBuilder::join(std::vector<Shard> shards) {
  Inventory out;
  out.storage_ = std::make_shared<Inventory::Storage>();
  auto& storage = *out.storage_;
  std::vector<std::size_t> first;
  std::size_t count = 0;
  for (auto& shard : shards) {
    first.push_back(count);
    count += shard.tensors.size();
    storage.names.push_back(std::move(shard.names));
    out.elements_ = saturating_add(out.elements_, shard.elements);
    out.bytes_ = saturating_add(out.bytes_, shard.bytes);
  }
  if (count == 0) return Inventory();
  if (shards.size() == 1) {
    storage.one = std::move(shards.front().tensors);
    out.tensors_ = storage.one;
    return out;
  }
  storage.many = std::allocator<Tensor>().allocate(count);
  storage.count = count;
  for_each_index(shards.size(), threads_for(shards.size()), [&] {
    return [&](std::size_t i) {
      std::uninitialized_copy(shards[i].tensors.begin(), shards[i].tensors.end(), storage.many + first[i]);
    };
  });
  out.tensors_ = {storage.many, count};
  return out;
}

const Tensor* Inventory::find(std::string_view name) const {
  if (!storage_) return nullptr;
  std::call_once(storage_->once, [&] {
    storage_->table = std::make_unique<NameTable>(tensors_);
    for (std::uint32_t i = 0; i < tensors_.size(); ++i) storage_->table->add(i);
  });
  const auto index = storage_->table->find(name);
  return index == NameTable::kNone ? nullptr : &tensors_[index];
}

}  // namespace vramauto::model
