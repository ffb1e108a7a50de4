// The host's other half: every answer is checked before it is copied, so that an engine may multiply without looking again.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "estimator/call.hpp"
#include "support/checked.hpp"
#include "support/dtype.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

constexpr std::uint32_t kWidest = 1u << 24;          // any width or head count of a model; the widest known is below 2^20
constexpr std::uint64_t kMostElements = 1ull << 53;  // of a whole model
constexpr std::uint32_t kGuess = 8;                  // vramauto_traits.flags
constexpr std::size_t kLongestName = 512, kLongestNote = 1024;

// An answer's struct, cut to what is known here. What lies beyond must be zero: nothing that was meant may be lost.
template <class Struct>
std::optional<Struct> read(vramauto_call* call, const Struct* given, std::string_view what) {
  if (call->broken) return std::nullopt;
  if (!call->blueprint) return call->reject(fmt::format("{} while matching, expected only questions", what)), std::nullopt;
  if (!given) return call->reject(fmt::format("{} got NULL", what)), std::nullopt;
  std::uint32_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < sizeof(Struct) || size > 4096)
    return call->reject(fmt::format("{}: struct_size is {}, expected {}", what, size, sizeof(Struct))), std::nullopt;
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  if (std::any_of(bytes + sizeof(Struct), bytes + size, [](unsigned char byte) { return byte != 0; }))
    return call->reject(fmt::format("{}: sets a member that this library does not know", what)), std::nullopt;
  if (++call->answers > kMaxAnswers) return call->reject(fmt::format("more than {} answers", kMaxAnswers)), std::nullopt;
  return *given;
}

bool after_traits(vramauto_call* call, std::string_view what) {
  if (!call->has_traits) call->reject(fmt::format("{} before set_traits", what));
  return call->has_traits;
}

std::optional<std::string> name_of(const char* text, std::size_t longest) {
  if (!text) return std::nullopt;
  const auto length = strnlen(text, longest + 1);
  if (length == 0 || length > longest || !text::is_utf8({text, length})) return std::nullopt;
  return std::string(text, length);
}

// Layers a range covers, or nothing when it leaves the model.
std::optional<std::uint64_t> layers_in(const vramauto_call* call, const vramauto_layers& range, bool ends) {
  const std::uint64_t count = range.count ? range.count : 1, run = range.run ? range.run : 1,
                      stride = range.stride ? range.stride : run;
  if (range.first < 0)
    return ends && range.first >= VRAMAUTO_LAYER_OUTPUT && count == 1 ? std::optional<std::uint64_t>(1) : std::nullopt;
  const auto& traits = call->blueprint->traits;
  const std::uint64_t all = std::uint64_t{traits.layers} + traits.draft_layers;
  if (stride < run || count > all) return std::nullopt;
  const auto last = static_cast<std::uint64_t>(range.first) + (count - 1) / run * stride + (count - 1) % run;
  return last < all ? std::optional<std::uint64_t>(count) : std::nullopt;
}

std::string shown(const vramauto_layers& range) {
  return fmt::format("{{first {}, count {}, stride {}, run {}}}", range.first, range.count, range.stride, range.run);
}

bool known_dtype(vramauto_dtype dtype) { return dtype == 0 || bits_of(dtype) != 0 || dtype >= 100; }

// What the estimator does not say for itself stays as the part has it.
vramauto_traits completed(vramauto_traits own, const vramauto_traits& part) {
  const auto fill = [](auto& value, auto otherwise) {
    if (value == 0) value = otherwise;
  };
  fill(own.task, part.task);
  fill(own.layers, part.layers);
  fill(own.draft_layers, part.draft_layers);
  fill(own.hidden, part.hidden);
  fill(own.vocab, part.vocab);
  fill(own.max_model_len, part.max_model_len);
  fill(own.dtype, part.dtype);
  fill(own.flags, part.flags);
  return own;
}

vramauto_status set_traits(vramauto_call* call, const vramauto_traits* given) {
  const auto traits = read(call, given, "set_traits");
  if (!traits) return VRAMAUTO_E_PLUGIN;
  if (call->has_traits && !call->lent_traits) return call->reject("set_traits twice");
  const auto t = call->lent_traits ? completed(*traits, call->blueprint->traits) : *traits;
  if (t.task < 1 || t.task > 3) return call->reject(fmt::format("task is {}, expected 1 to 3", t.task));
  if (t.layers == 0 || t.layers > kMaxLayers || t.draft_layers > kMaxLayers)
    return call->reject(fmt::format("layers are {} and {}, expected 1 to {}", t.layers, t.draft_layers, kMaxLayers));
  if (t.hidden == 0 || t.hidden > kWidest || t.vocab > (1u << 28))
    return call->reject(fmt::format("hidden is {} and vocab {}, expected positive sizes of a model", t.hidden, t.vocab));
  if (t.max_model_len == 0 || t.max_model_len > (1ull << 40))
    return call->reject(fmt::format("max_model_len is {}", t.max_model_len));
  if (!known_dtype(t.dtype) || t.flags > 15) return call->reject(fmt::format("dtype is {} and flags {}", t.dtype, t.flags));
  const auto& lent = call->blueprint->traits;
  if (call->lent_traits && (t.layers != lent.layers || t.draft_layers < lent.draft_layers))
    return call->reject(fmt::format("layers are {} and {}, but the part that was delegated has {} and {}", t.layers, t.draft_layers,
                                    lent.layers, lent.draft_layers));
  call->blueprint->traits = t;
  call->blueprint->guess = call->blueprint->guess || (t.flags & kGuess);
  call->has_traits = true;
  call->lent_traits = false;
  return VRAMAUTO_OK;
}

const char* fault_of(const vramauto_weights& w) {
  if (w.rows == 0 || w.cols == 0 || w.copies == 0) return "rows, cols or copies are 0";
  if (w.role > VRAMAUTO_ROLE_LATENT_UP) return "role is unknown";
  if (!known_dtype(w.dtype)) return "dtype is unknown";
  if (w.split > VRAMAUTO_SPLIT_EXPERTS || w.inner > VRAMAUTO_SPLIT_EXPERTS || w.uneven > VRAMAUTO_UNEVEN_PAD)
    return "split is unknown";
  if (w.split == VRAMAUTO_SPLIT_UNITS && (w.units == 0 || w.rows % w.units != 0)) return "rows are not a multiple of units";
  if (w.flags & ~std::uint32_t{VRAMAUTO_DRAFT | VRAMAUTO_TIED | VRAMAUTO_NOT_STORED | VRAMAUTO_BIAS | VRAMAUTO_BORROWED})
    return "flags are not those of weights";
  return nullptr;
}

vramauto_status add_weights(vramauto_call* call, const vramauto_weights* given) {
  const auto weights = read(call, given, "add_weights");
  if (!weights || (weights->layers.first >= 0 && !after_traits(call, "add_weights"))) return VRAMAUTO_E_PLUGIN;
  auto name = name_of(weights->name, kLongestName);
  if (!name) return call->reject(fmt::format("add_weights: the name is not UTF-8 text of 1 to {} bytes", kLongestName));
  if (const auto* fault = fault_of(*weights)) return call->reject(fmt::format("add_weights {}: {}", text::shown(*name), fault));
  const auto layers = layers_in(call, weights->layers, true);
  if (!layers)
    return call->reject(fmt::format("add_weights {}: layers {} leave the model", text::shown(*name), shown(weights->layers)));
  const auto elements = checked_product(weights->rows, weights->cols, weights->copies, *layers);
  const auto sum = elements ? checked_add(call->elements, *elements) : std::nullopt;
  if (!sum || *sum > kMostElements)
    return call->reject(fmt::format("add_weights {}: more elements than any model has", text::shown(*name)));
  call->elements = *sum;
  Weights kept{};
  static_cast<vramauto_weights&>(kept) = *weights;
  kept.name = nullptr;
  kept.pattern = std::move(*name);
  call->blueprint->weights.push_back(std::move(kept));
  return VRAMAUTO_OK;
}

const char* fault_of(const vramauto_cache& c) {
  if (c.kind < VRAMAUTO_CACHE_FULL || c.kind > VRAMAUTO_CACHE_STATE) return "kind is unknown";
  if (c.kind != VRAMAUTO_CACHE_STATE && c.kind != VRAMAUTO_CACHE_INDEXER && (c.heads == 0 || c.k_dim == 0))
    return "heads or k_dim are 0";
  if (c.heads > kWidest || c.k_dim > kWidest || c.v_dim > kWidest || c.entry_bytes > kWidest) return "a width is beyond any model";
  if ((c.kind == VRAMAUTO_CACHE_SLIDING || c.kind == VRAMAUTO_CACHE_CHUNKED) && c.window == 0) return "window is 0";
  if (c.kind == VRAMAUTO_CACHE_STATE && (c.state < VRAMAUTO_STATE_MAMBA1 || c.state > VRAMAUTO_STATE_CONV))
    return "state is unknown";
  if (!known_dtype(c.conv_dtype) || !known_dtype(c.state_dtype)) return "dtype is unknown";
  if (c.flags & ~std::uint32_t{VRAMAUTO_DRAFT | VRAMAUTO_BORROWED | VRAMAUTO_SPARSE}) return "flags are not those of a cache";
  return nullptr;
}

vramauto_status add_cache(vramauto_call* call, const vramauto_cache* given) {
  const auto cache = read(call, given, "add_cache");
  if (!cache || !after_traits(call, "add_cache")) return VRAMAUTO_E_PLUGIN;
  if (const auto* fault = fault_of(*cache)) return call->reject(fmt::format("add_cache: {}", fault));
  if (!layers_in(call, cache->layers, false))
    return call->reject(fmt::format("add_cache: layers {} leave the model", shown(cache->layers)));
  if (cache->flags & VRAMAUTO_BORROWED && cache->owner >= call->blueprint->traits.layers)
    return call->reject(fmt::format("add_cache: owner {} is not a layer", cache->owner));
  call->blueprint->caches.push_back(*cache);
  return VRAMAUTO_OK;
}

vramauto_status add_forward(vramauto_call* call, const vramauto_forward* given) {
  const auto forward = read(call, given, "add_forward");
  if (!forward || !after_traits(call, "add_forward")) return VRAMAUTO_E_PLUGIN;
  const auto& f = *forward;
  if (!layers_in(call, f.layers, false))
    return call->reject(fmt::format("add_forward: layers {} leave the model", shown(f.layers)));
  const auto widest = std::max({f.query, f.key_value, f.attention_out, f.kv_heads, f.latent_up, f.index_top_k, f.intermediate,
                                f.experts, f.experts_per_token, f.expert_intermediate, f.per_layer_input});
  if (widest > (1u << 28)) return call->reject(fmt::format("add_forward: a width is {}, beyond any model", widest));
  if (f.experts_per_token > f.experts) return call->reject("add_forward: more experts per token than experts");
  call->blueprint->forwards.push_back(f);
  return VRAMAUTO_OK;
}

vramauto_status add_encoder(vramauto_call* call, const vramauto_encoder* given) {
  const auto encoder = read(call, given, "add_encoder");
  if (!encoder) return VRAMAUTO_E_PLUGIN;
  auto modality = name_of(encoder->modality, 64), name = name_of(encoder->name, kLongestName);
  if (!modality || !name) return call->reject("add_encoder: modality and name must be UTF-8 text");
  if (encoder->hidden > kWidest || encoder->intermediate > kWidest || encoder->output > kWidest || encoder->layers > kMaxLayers ||
      encoder->patches_per_item > (1ull << 40) || encoder->input_elements > (1ull << 40))
    return call->reject(fmt::format("add_encoder {}: a size is beyond any model", text::shown(*name)));
  if (call->blueprint->encoders.size() >= 64) return call->reject("more than 64 encoders");
  Encoder kept{};
  static_cast<vramauto_encoder&>(kept) = *encoder;
  kept.modality = kept.name = nullptr;
  kept.modality_text = std::move(*modality);
  kept.name_text = std::move(*name);
  call->blueprint->encoders.push_back(std::move(kept));
  return VRAMAUTO_OK;
}

vramauto_status add_note(vramauto_call* call, const char* text, std::size_t length) {
  if (call->broken) return VRAMAUTO_E_PLUGIN;
  if (!call->blueprint || !text) return call->reject("add_note without a description or text");
  if (++call->answers > kMaxAnswers) return call->reject(fmt::format("more than {} answers", kMaxAnswers));
  call->blueprint->notes.push_back(text::shown({text, length}, kLongestNote));
  return VRAMAUTO_OK;
}

}  // namespace

void fill_answers(vramauto_host& host) {
  host.set_traits = Door<set_traits>::open;
  host.add_weights = Door<add_weights>::open;
  host.add_cache = Door<add_cache>::open;
  host.add_forward = Door<add_forward>::open;
  host.add_encoder = Door<add_encoder>::open;
  host.add_note = Door<add_note>::open;
}

}  // namespace vramauto::estimator
