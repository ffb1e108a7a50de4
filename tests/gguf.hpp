// GGUF files, byte by byte, with data that takes no room.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

#include "temporary.hpp"

struct GgufFile {
  std::string values, infos;
  std::uint64_t value_count = 0, tensor_count = 0, data = 0;
  std::uint32_t version = 3;

  static std::string raw(std::uint64_t number, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
    return out;
  }
  static std::string text(std::string_view text) { return raw(text.size(), 8).append(text); }

  GgufFile& bare(std::string_view key, std::uint32_t type, std::string_view bytes) {
    values.append(text(key)).append(raw(type, 4)).append(bytes);
    ++value_count;
    return *this;
  }
  GgufFile& value(std::string_view key, std::uint32_t number) { return bare(key, 4, raw(number, 4)); }
  GgufFile& words(std::string_view key, std::string_view word) { return bare(key, 8, text(word)); }
  GgufFile& real(std::string_view key, float number) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    return bare(key, 6, raw(bits, 4));
  }
  GgufFile& array(std::string_view key, std::uint32_t type, std::uint64_t length, std::string_view bytes) {
    return bare(key, 9, raw(type, 4).append(raw(length, 8)).append(bytes));
  }

  // Innermost dimension first, as in the file; `bytes` of one, padded to 32.
  GgufFile& tensor(std::string_view name, std::uint32_t type, std::initializer_list<std::uint64_t> shape, std::uint64_t bytes) {
    infos.append(text(name)).append(raw(shape.size(), 4));
    for (const auto size : shape) infos.append(raw(size, 8));
    infos.append(raw(type, 4)).append(raw(data, 8));
    data += (bytes + 31) / 32 * 32;
    ++tensor_count;
    return *this;
  }

  std::string header() const {
    auto out = "GGUF" + raw(version, 4) + raw(tensor_count, 8) + raw(value_count, 8);
    out.append(values).append(infos);
    return out.append((32 - out.size() % 32) % 32, '\0');
  }
  std::string write(const Temporary& folder, std::string_view name = "m.gguf") const {
    const auto head = header();
    const auto path = folder.write(name, head);
    std::filesystem::resize_file(path, head.size() + data);
    return path;
  }
};

// A small Llama of one layer in Q4_K, V and head in Q6_K.
inline GgufFile small_llama_values() {
  GgufFile out;
  out.words("general.architecture", "llama").value("llama.block_count", 1).value("llama.context_length", 4096);
  out.value("llama.embedding_length", 512).value("llama.feed_forward_length", 1024).value("llama.attention.head_count", 4);
  out.value("llama.attention.head_count_kv", 2).real("llama.rope.freq_base", 10000.0f).value("llama.rope.dimension_count", 128);
  out.array("tokenizer.ggml.tokens", 8, 2, GgufFile::text("a") + GgufFile::text("bc"));
  return out;
}
inline GgufFile small_llama() {
  constexpr std::uint32_t kF32 = 0, kQ4K = 12, kQ6K = 14;
  auto out = small_llama_values();
  out.tensor("token_embd.weight", kQ4K, {512, 1000}, 1000 * 288);
  out.tensor("blk.0.attn_norm.weight", kF32, {512}, 2048);
  out.tensor("blk.0.attn_q.weight", kQ4K, {512, 512}, 512 * 288).tensor("blk.0.attn_k.weight", kQ4K, {512, 256}, 256 * 288);
  out.tensor("blk.0.attn_v.weight", kQ6K, {512, 256}, 256 * 420).tensor("blk.0.attn_output.weight", kQ4K, {512, 512}, 512 * 288);
  out.tensor("blk.0.ffn_norm.weight", kF32, {512}, 2048);
  out.tensor("blk.0.ffn_gate.weight", kQ4K, {512, 1024}, 1024 * 288).tensor("blk.0.ffn_up.weight", kQ4K, {512, 1024}, 1024 * 288);
  out.tensor("blk.0.ffn_down.weight", kQ6K, {1024, 512}, 512 * 840);
  out.tensor("output_norm.weight", kF32, {512}, 2048);
  return out.tensor("output.weight", kQ6K, {512, 1000}, 1000 * 420);
}
