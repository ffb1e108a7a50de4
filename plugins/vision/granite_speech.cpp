// Granite Speech: a Conformer with a CTC head, a Q-Former, then Granite. Sources: vLLM 0.33 and 0.19.1, models/granite_speech.py,
// granite_speech_plus.py, blip2.py.
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

struct Conformer {
  std::uint64_t width = 0, inputs = 160, outputs = 42, multiple = 4, expansion = 2, kernel = 15, positions = 512, head = 128;
  std::uint32_t layers = 0, heads = 0;
  std::uint64_t query = 0, query_inner = 0, query_in = 0, queries = 3, text = 0, window = 15;
  std::uint32_t query_layers = 2, query_heads = 16, cross_every = 1;
};

Answer<Conformer> read(const Description& model) {
  const std::string at = "/encoder_config", of_query = "/projector_config";
  Conformer s;
  s.width = VRAMAUTO_TAKE(model.positive("hidden_dim", kWidest, 1024, at));
  s.inputs = VRAMAUTO_TAKE(model.positive("input_dim", kWidest, 160, at));
  s.outputs = VRAMAUTO_TAKE(model.positive("output_dim", kWidest, 42, at));
  s.layers = VRAMAUTO_TAKE(narrow_positive(model, "num_layers", kMostLayers, 10, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_heads", kMostHeads, 8, at));
  s.head = VRAMAUTO_TAKE(model.positive("dim_head", kWidest, 128, at));
  s.multiple = VRAMAUTO_TAKE(model.positive("feedforward_mult", 64, 4, at));
  s.expansion = VRAMAUTO_TAKE(model.positive("conv_expansion_factor", 64, 2, at));
  s.kernel = VRAMAUTO_TAKE(model.positive("conv_kernel_size", kMostEdge, 15, at));
  s.positions = VRAMAUTO_TAKE(model.positive("max_pos_emb", kWidest, 512, at));
  s.query = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 1024, of_query));
  s.query_inner = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 4096, of_query));
  s.query_in = VRAMAUTO_TAKE(model.positive("encoder_hidden_size", kWidest, s.width, of_query));
  s.query_layers = VRAMAUTO_TAKE(narrow_positive(model, "num_hidden_layers", kMostLayers, 2, of_query));
  s.cross_every = VRAMAUTO_TAKE(narrow_positive(model, "cross_attention_frequency", kMostLayers, 1, of_query));
  s.window = VRAMAUTO_TAKE(model.positive("window_size", kMostEdge, 15));
  s.queries = std::max<std::uint64_t>(1, s.window / VRAMAUTO_TAKE(model.positive("downsample_rate", kMostEdge, 5)));
  s.text = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, "/text_config"));
  return {s, VRAMAUTO_OK};
}

void feed_forward(Tower& tower, const Conformer& s, const std::string& at) {
  tower.norm(at + "pre_norm", s.width, true).column(at + "up_proj", s.width * s.multiple, s.width, true);
  tower.row(at + "down_proj", s.width, s.width * s.multiple, true);
}

void conformer_blocks(Tower& tower, const Conformer& s) {
  const auto inner = s.head * s.heads, wide = s.width * s.expansion;
  tower.each(s.layers);
  feed_forward(tower, s, "layers.*.ff1.");
  tower.norm("layers.*.attn.pre_norm", s.width, true).dense("layers.*.attn.to_q", inner, s.width, false);
  tower.dense("layers.*.attn.to_kv", 2 * inner, s.width, false).dense("layers.*.attn.to_out", s.width, inner, true);
  tower.table("layers.*.attn.rel_pos_emb", 2 * s.positions + 1, s.head).norm("layers.*.conv.norm", s.width, true);
  tower.conv("layers.*.conv.up_conv", 2 * wide, s.width, true).conv("layers.*.conv.depth_conv.conv", wide, s.kernel, false);
  tower.norm("layers.*.conv.batch_norm", wide, true).table("layers.*.conv.batch_norm.running_mean", wide, 1);
  tower.table("layers.*.conv.batch_norm.running_var", wide, 1).of(VRAMAUTO_I64);
  tower.table("layers.*.conv.batch_norm.num_batches_tracked", 1, 1).of(0);
  tower.conv("layers.*.conv.down_conv", s.width, wide, true);
  feed_forward(tower, s, "layers.*.ff2.");
  tower.norm("layers.*.post_norm", s.width, true).once();
}

void query_attention(Tower& tower, const std::string& at, std::uint64_t width, std::uint64_t in) {
  tower.dense(at + "attention.query", width, width, true).dense(at + "attention.key", width, in, true);
  tower.dense(at + "attention.value", width, in, true).dense(at + "output.dense", width, width, true);
  tower.norm(at + "output.LayerNorm", width, true);
}

// Blip2QFormerModel: every `cross_every`-th layer looks at the encoder.
void query_former(Tower& tower, const Conformer& s) {
  tower.under("projector.").table("query", s.queries, s.query).norm("qformer.layernorm", s.query, true);
  const std::string at = "qformer.encoder.layer.*.";
  tower.each(s.query_layers);
  query_attention(tower, at + "attention.", s.query, s.query);
  tower.each((s.query_layers + s.cross_every - 1) / s.cross_every);
  query_attention(tower, at + "crossattention.", s.query, s.query_in);
  tower.each(s.query_layers).dense(at + "intermediate_query.dense", s.query_inner, s.query, true);
  tower.dense(at + "output_query.dense", s.query, s.query_inner, true).norm(at + "output_query.LayerNorm", s.query, true).once();
  tower.dense("linear", s.text, s.query, true);
}

// Two seconds of sound are a hundred frames of two bins each: a minute is taken as the longest item.
vramauto_status before(const Description& model) {
  const auto s = VRAMAUTO_READ(read(model));
  const std::uint64_t frames = 3000, windows = (frames + s.window - 1) / s.window;
  Profile audio{.modality = "audio", .tokens = windows * s.queries, .patches = frames, .inputs = frames * s.inputs};
  audio.output = static_cast<std::uint32_t>(s.text);
  const Blocks b{.layers = s.layers, .heads = s.heads, .hidden = s.width, .intermediate = s.width * s.multiple};
  return add_encoder(model, audio, b);
}

vramauto_status after(const Description& model) {
  const auto s = VRAMAUTO_READ(read(model));
  Tower tower(model, "encoder.", 1);
  tower.unquantised().dense("input_linear", s.width, s.inputs, true);
  conformer_blocks(tower, s);
  tower.unquantised(false).column("out", s.outputs, s.width, true).row("out_mid", s.width, s.outputs, true);
  query_former(tower, s);
  return tower.done();
}

constexpr Composite kKinds[] = {
    {.architectures = "GraniteSpeechForConditionalGeneration GraniteSpeechPlusForConditionalGeneration",
     .towers = before,
     .prefix = "language_model.",
     .after = after},
};

}  // namespace

std::span<const Composite> granite_speech_kinds() { return kKinds; }

}  // namespace vramauto::vision
