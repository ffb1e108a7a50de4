"""Every family on a checkpoint with the names and shapes of its kind: all that is described is there, and all that is there is described."""
import json
import math
import struct
import unittest

from command import Folders, plan

H, V, L = 256, 1024, 4  # hidden size, vocabulary, layers


def attention(p, heads=4, kv=2, dim=64, o="o_proj"):
    yield from ((p + "q_proj.weight", (heads * dim, H)), (p + "k_proj.weight", (kv * dim, H)), (p + "v_proj.weight", (kv * dim, H)),
                (p + f"{o}.weight", (H, heads * dim)))


def ends(embed="model.embed_tokens", norm="model.norm", head="lm_head"):
    yield from ((embed + ".weight", (V, H)), (norm + ".weight", (H,)), (head + ".weight", (V, H)))


def mixtral():
    yield from ends()
    for i in range(L):
        p = f"model.layers.{i}."
        yield from ((p + "input_layernorm.weight", (H,)), (p + "post_attention_layernorm.weight", (H,)))
        yield from attention(p + "self_attn.")
        yield p + "block_sparse_moe.gate.weight", (8, H)
        for e in range(8):
            for part, shape in (("w1", (512, H)), ("w2", (H, 512)), ("w3", (512, H))):
                yield f"{p}block_sparse_moe.experts.{e}.{part}.weight", shape


def deepseek():
    yield from ends()
    for i in range(L):
        p = f"model.layers.{i}."
        yield from ((p + "input_layernorm.weight", (H,)), (p + "post_attention_layernorm.weight", (H,)))
        for part, shape in (("q_a_proj", (96, H)), ("q_a_layernorm", (96,)), ("q_b_proj", (4 * 96, 96)), ("kv_a_proj_with_mqa", (160, H)),
                            ("kv_a_layernorm", (128,)), ("kv_b_proj", (4 * 128, 128)), ("o_proj", (H, 4 * 64))):
            yield f"{p}self_attn.{part}.weight", shape
        if i == 0:
            width = {"mlp.": 512}
        else:
            width = {f"mlp.experts.{e}.": 128 for e in range(8)} | {"mlp.shared_experts.": 128}
            yield from ((p + "mlp.gate.weight", (8, H)), (p + "mlp.gate.e_score_correction_bias", (8,)))
        for name, w in width.items():
            yield from ((f"{p}{name}gate_proj.weight", (w, H)), (f"{p}{name}up_proj.weight", (w, H)), (f"{p}{name}down_proj.weight", (H, w)))


def mamba():
    yield from (("backbone.embeddings.weight", (V, H)), ("backbone.norm_f.weight", (H,)))
    inner, state, rank = 512, 16, 16
    for i in range(L):
        p = f"backbone.layers.{i}."
        yield p + "norm.weight", (H,)
        yield from ((p + "mixer.in_proj.weight", (2 * inner, H)), (p + "mixer.conv1d.weight", (inner, 1, 4)), (p + "mixer.conv1d.bias", (inner,)),
                    (p + "mixer.x_proj.weight", (rank + 2 * state, inner)), (p + "mixer.dt_proj.weight", (inner, rank)),
                    (p + "mixer.dt_proj.bias", (inner,)), (p + "mixer.A_log", (inner, state)), (p + "mixer.D", (inner,)),
                    (p + "mixer.out_proj.weight", (H, inner)))


def bert():
    for name, rows in (("word_embeddings", V), ("position_embeddings", 512), ("token_type_embeddings", 2)):
        yield f"embeddings.{name}.weight", (rows, H)
    norms = ["embeddings.LayerNorm"]
    for i in range(L):
        p = f"encoder.layer.{i}."
        norms += [p + "attention.output.LayerNorm", p + "output.LayerNorm"]
        for part, shape in (("attention.self.query", (H, H)), ("attention.self.key", (H, H)), ("attention.self.value", (H, H)),
                            ("attention.output.dense", (H, H)), ("intermediate.dense", (1024, H)), ("output.dense", (H, 1024))):
            yield from ((f"{p}{part}.weight", shape), (f"{p}{part}.bias", shape[:1]))
    for norm in norms:
        yield from ((norm + ".weight", (H,)), (norm + ".bias", (H,)))


def whisper():
    yield from (("model.decoder.embed_tokens.weight", (V, H)), ("model.decoder.embed_positions.weight", (448, H)),
                ("model.encoder.embed_positions.weight", (1500, H)), ("model.encoder.conv1.weight", (H, 80, 3)), ("model.encoder.conv1.bias", (H,)),
                ("model.encoder.conv2.weight", (H, H, 3)), ("model.encoder.conv2.bias", (H,)))
    norms = ["model.encoder.layer_norm", "model.decoder.layer_norm"]
    for side, kinds in (("encoder", ["self_attn"]), ("decoder", ["self_attn", "encoder_attn"])):
        for i in range(L):
            p = f"model.{side}.layers.{i}."
            norms += [p + "final_layer_norm"] + [f"{p}{kind}_layer_norm" for kind in kinds]
            for kind in kinds:
                for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    yield f"{p}{kind}.{part}.weight", (H, H)
                    if part != "k_proj":
                        yield f"{p}{kind}.{part}.bias", (H,)
            yield from ((p + "fc1.weight", (1024, H)), (p + "fc1.bias", (1024,)), (p + "fc2.weight", (H, 1024)), (p + "fc2.bias", (H,)))
    for norm in norms:
        yield from ((norm + ".weight", (H,)), (norm + ".bias", (H,)))


def qwen2_vl():
    yield from ends()
    for i in range(L):
        p = f"model.layers.{i}."
        yield from ((p + "input_layernorm.weight", (H,)), (p + "post_attention_layernorm.weight", (H,)))
        yield from attention(p + "self_attn.")
        for part, rows in (("q", 256), ("k", 128), ("v", 128)):
            yield f"{p}self_attn.{part}_proj.bias", (rows,)
        yield from ((p + "mlp.gate_proj.weight", (512, H)), (p + "mlp.up_proj.weight", (512, H)), (p + "mlp.down_proj.weight", (H, 512)))
    yield "visual.patch_embed.proj.weight", (128, 3, 2, 14, 14)
    for i in range(2):
        p = f"visual.blocks.{i}."
        for part, shape in (("attn.qkv", (384, 128)), ("attn.proj", (128, 128)), ("mlp.fc1", (512, 128)), ("mlp.fc2", (128, 512)),
                            ("norm1", (128,)), ("norm2", (128,))):
            yield from ((f"{p}{part}.weight", shape), (f"{p}{part}.bias", shape[:1]))
    for part, shape in (("ln_q", (128,)), ("mlp.0", (512, 512)), ("mlp.2", (H, 512))):
        yield from ((f"visual.merger.{part}.weight", shape), (f"visual.merger.{part}.bias", shape[:1]))


TEXT = {"hidden_size": H, "vocab_size": V, "num_hidden_layers": L, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 512,
        "max_position_embeddings": 4096, "torch_dtype": "bfloat16", "tie_word_embeddings": False}
FAMILIES = {  # estimator: configuration, tensors
    "moe": (TEXT | {"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 2}, mixtral),
    "mla": (TEXT | {"architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "q_lora_rank": 96, "kv_lora_rank": 128,
                    "qk_nope_head_dim": 64, "qk_rope_head_dim": 32, "v_head_dim": 64, "n_routed_experts": 8, "n_shared_experts": 1,
                    "moe_intermediate_size": 128, "first_k_dense_replace": 1, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1,
                    "num_key_value_heads": 4, "num_nextn_predict_layers": 0, "topk_method": "noaux_tc"}, deepseek),
    "hybrid": ({"architectures": ["MambaForCausalLM"], "model_type": "mamba", "hidden_size": H, "vocab_size": V, "num_hidden_layers": L,
                "state_size": 16, "expand": 2, "intermediate_size": 512, "conv_kernel": 4, "time_step_rank": 16, "use_conv_bias": True,
                "use_bias": False, "torch_dtype": "bfloat16", "tie_word_embeddings": True}, mamba),
    "pooling": ({"architectures": ["BertModel"], "model_type": "bert", "hidden_size": H, "vocab_size": V, "num_hidden_layers": L,
                 "num_attention_heads": 4, "intermediate_size": 1024, "max_position_embeddings": 512, "type_vocab_size": 2,
                 "torch_dtype": "bfloat16"}, bert),
    "encdec": ({"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "d_model": H, "vocab_size": V,
                "encoder_layers": L, "decoder_layers": L, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 1024,
                "decoder_ffn_dim": 1024, "num_mel_bins": 80, "max_source_positions": 1500, "max_target_positions": 448,
                "torch_dtype": "bfloat16"}, whisper),
    "vision": (TEXT | {"architectures": ["Qwen2VLForConditionalGeneration"], "model_type": "qwen2_vl",
                       "rope_scaling": {"type": "mrope", "mrope_section": [8, 12, 12]},
                       "vision_config": {"depth": 2, "embed_dim": 128, "hidden_size": H, "num_heads": 4, "mlp_ratio": 4, "patch_size": 14,
                                         "spatial_merge_size": 2, "temporal_patch_size": 2, "in_channels": 3}}, qwen2_vl),
}


def safetensors(tensors):
    """A file's bytes: true header, and zeros."""
    header, at = {}, 0
    for name, shape in tensors:
        size = 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


class Families(Folders):
    def differences(self, family, tensors):
        config, _ = FAMILIES[family]
        folder = self.folder_with(family, config__json=json.dumps(config).encode(), model__safetensors=safetensors(tensors))
        answer, _ = plan(folder, "--gpu-memory", "24GiB")
        self.assertEqual(answer["model"]["estimator"], family)
        return [w["message"] for w in answer["warnings"] if w["code"] == "tensors_differ"]

    def test_each_describes_what_its_checkpoints_hold(self):
        for family, (_, tensors) in FAMILIES.items():
            with self.subTest(family):
                self.assertEqual(self.differences(family, tensors()), [])

    def test_each_notices_a_tensor_that_it_does_not_know(self):
        for family, (_, tensors) in FAMILIES.items():
            with self.subTest(family):
                extra = self.differences(family, [*tensors(), ("something.else.weight", (4096, 4096))])
                self.assertEqual(len(extra), 1)
                self.assertIn("something.else", extra[0])


if __name__ == "__main__":
    unittest.main()
