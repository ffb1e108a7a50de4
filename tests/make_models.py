#!/usr/bin/env python3
"""Writes model folders with true configuration, index and safetensors headers, and data that takes no room on disk.

  make_models.py DIRECTORY                 two folders in it: 8b (Llama-like, 291 tensors in 4 files) and big (163 files with
                                           92,000 tensors, as mixtures of many experts have)
  make_models.py DIRECTORY --big           the big one, DIRECTORY itself
  make_models.py DIRECTORY --hidden 512 --layers 4 --heads 8 --kv 2 --vocab 32000 --intermediate 1024 --shards 2
                                           one of that shape, DIRECTORY itself; what is not given is as in 8b
  make_models.py DIRECTORY --gguf llama    the same in GGUF: m.gguf of mixed types, as Q4_K_M files are; qwen3moe: with 128 experts;
                                           --shards: split
"""
import argparse
import json
import pathlib
import struct
import sys


def dense_tensors(a):
    head = a.hidden // a.heads
    yield "model.embed_tokens.weight", (a.vocab, a.hidden)
    for i in range(a.layers):
        p = f"model.layers.{i}."
        yield p + "input_layernorm.weight", (a.hidden,)
        yield p + "mlp.down_proj.weight", (a.hidden, a.intermediate)
        yield p + "mlp.gate_proj.weight", (a.intermediate, a.hidden)
        yield p + "mlp.up_proj.weight", (a.intermediate, a.hidden)
        yield p + "post_attention_layernorm.weight", (a.hidden,)
        yield p + "self_attn.k_proj.weight", (a.kv * head, a.hidden)
        yield p + "self_attn.o_proj.weight", (a.hidden, a.heads * head)
        yield p + "self_attn.q_proj.weight", (a.heads * head, a.hidden)
        yield p + "self_attn.v_proj.weight", (a.kv * head, a.hidden)
    yield "model.norm.weight", (a.hidden,)
    yield "lm_head.weight", (a.vocab, a.hidden)


def expert_tensors(count, layers=61, hidden=7168, width=2048):
    """`count` tensors of blocks with as many experts as it takes."""
    left = count
    expert = 0
    while True:
        for layer in range(layers):
            for part, shape in (("down_proj", (hidden, width)), ("gate_proj", (width, hidden)), ("up_proj", (width, hidden))):
                for suffix, of in (("weight", shape), ("weight_scale_inv", tuple(-(-n // 128) for n in shape))):
                    if left == 0:
                        return
                    left -= 1
                    yield f"model.layers.{layer}.mlp.experts.{expert}.{part}.{suffix}", of
        expert += 1


def split(tensors, shards):
    """Runs of about equal length, in order."""
    size, rest = divmod(len(tensors), shards)
    start = 0
    for i in range(shards):
        end = start + size + (i < rest)
        yield tensors[start:end]
        start = end


def write_shard(path, tensors):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    # safetensors writes the widest types first, and by name within a type.
    for name, shape in sorted(tensors, key=lambda tensor: (not tensor[0].endswith("scale_inv"), tensor[0])):
        scale = name.endswith("scale_inv")
        bytes_ = 4 if scale else 2
        for n in shape:
            bytes_ *= n
        header[name] = {"dtype": "F32" if scale else "BF16", "shape": list(shape), "data_offsets": [at, at + bytes_]}
        at += bytes_
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)
    return at


# ggml's numbers of types, and elements and bytes of a block.
GGML = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144), "Q6_K": (14, 256, 210)}


def gguf_tensors(a):
    """Name, type and shape, outermost first, as llama.cpp writes Q4_K_M: V, down and head wider, vectors in float32."""
    head = a.hidden // a.heads
    yield "token_embd.weight", "Q4_K", (a.vocab, a.hidden)
    for i in range(a.layers):
        p = f"blk.{i}."
        yield p + "attn_norm.weight", "F32", (a.hidden,)
        yield p + "attn_q.weight", "Q4_K", (a.heads * head, a.hidden)
        yield p + "attn_k.weight", "Q4_K", (a.kv * head, a.hidden)
        yield p + "attn_v.weight", "Q6_K", (a.kv * head, a.hidden)
        yield p + "attn_output.weight", "Q4_K", (a.hidden, a.heads * head)
        yield p + "ffn_norm.weight", "F32", (a.hidden,)
        if a.gguf == "qwen3moe":
            yield p + "attn_q_norm.weight", "F32", (head,)
            yield p + "attn_k_norm.weight", "F32", (head,)
            yield p + "ffn_gate_inp.weight", "F32", (EXPERTS, a.hidden)
            yield p + "ffn_gate_exps.weight", "Q4_K", (EXPERTS, a.intermediate, a.hidden)
            yield p + "ffn_up_exps.weight", "Q4_K", (EXPERTS, a.intermediate, a.hidden)
            yield p + "ffn_down_exps.weight", "Q6_K", (EXPERTS, a.hidden, a.intermediate)
        else:
            yield p + "ffn_gate.weight", "Q4_K", (a.intermediate, a.hidden)
            yield p + "ffn_up.weight", "Q4_K", (a.intermediate, a.hidden)
            yield p + "ffn_down.weight", "Q6_K", (a.hidden, a.intermediate)
    yield "output_norm.weight", "F32", (a.hidden,)
    yield "output.weight", "Q6_K", (a.vocab, a.hidden)


EXPERTS = 128


def gguf_text(text):
    return struct.pack("<Q", len(text)) + text.encode()


def gguf_value(key, value):
    if isinstance(value, str):
        return gguf_text(key) + struct.pack("<I", 8) + gguf_text(value)
    if isinstance(value, float):
        return gguf_text(key) + struct.pack("<If", 6, value)
    if isinstance(value, list):
        return gguf_text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(gguf_text, value))
    return gguf_text(key) + struct.pack("<II", 4, value)


def gguf_values(a):
    values = {
        "general.architecture": a.gguf, "general.name": "made", f"{a.gguf}.block_count": a.layers,
        f"{a.gguf}.context_length": a.length, f"{a.gguf}.embedding_length": a.hidden,
        f"{a.gguf}.feed_forward_length": a.intermediate, f"{a.gguf}.attention.head_count": a.heads,
        f"{a.gguf}.attention.head_count_kv": a.kv, f"{a.gguf}.attention.key_length": a.hidden // a.heads,
        f"{a.gguf}.rope.freq_base": 500000.0, "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [f"token{i}" for i in range(a.vocab)],
    }
    if a.gguf == "qwen3moe":
        values |= {f"{a.gguf}.expert_count": EXPERTS, f"{a.gguf}.expert_used_count": 8,
                   f"{a.gguf}.expert_feed_forward_length": a.intermediate}
    return values


def write_gguf(path, values, tensors):
    infos, at, align = b"", 0, 32
    for name, type_, shape in tensors:
        number, elements, size = GGML[type_]
        infos += gguf_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), number, at)
        bytes_ = size
        for n in shape:
            bytes_ *= n
        at += bytes_ // elements + -(bytes_ // elements) % align
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    head += b"".join(gguf_value(*pair) for pair in values.items()) + infos
    head += b"\0" * (-len(head) % align)
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + at)
    return at


def write_gguf_model(directory, a):
    directory.mkdir(parents=True, exist_ok=True)
    tensors, shards = list(gguf_tensors(a)), a.shards or 1
    values = gguf_values(a)
    total = 0
    for i, part in enumerate(split(tensors, shards)):
        name = "m.gguf" if shards == 1 else f"m-{i + 1:05}-of-{shards:05}.gguf"
        if shards > 1:
            values |= {"split.no": i, "split.count": shards}
        total += write_gguf(directory / name, values, part)
        values = {}  # the first file says it all
    print(f"{directory}: {len(tensors)} tensors in {shards} files, {total} bytes")


def config_of(a):
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": a.hidden, "num_hidden_layers": a.layers,
        "num_attention_heads": a.heads, "num_key_value_heads": a.kv, "vocab_size": a.vocab, "intermediate_size": a.intermediate,
        "max_position_embeddings": a.length, "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "hidden_act": "silu",
        "tie_word_embeddings": False, "torch_dtype": "bfloat16", "bos_token_id": 1, "eos_token_id": 2,
    }


def write_model(directory, a):
    directory.mkdir(parents=True, exist_ok=True)
    tensors = list(expert_tensors(a.tensors)) if a.big else list(dense_tensors(a))
    shards = a.shards or (163 if a.big else 4)
    weight_map, total = {}, 0
    for i, part in enumerate(split(tensors, shards), 1):
        name = "model.safetensors" if shards == 1 else f"model-{i:05}-of-{shards:05}.safetensors"
        total += write_shard(directory / name, part)
        weight_map |= {tensor: name for tensor, _ in part}
    (directory / "config.json").write_text(json.dumps(config_of(a), indent=2))
    if shards > 1:
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (directory / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    print(f"{directory}: {len(tensors)} tensors in {shards} files, {total} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    for name, default in (("hidden", 4096), ("layers", 32), ("heads", 32), ("kv", 8), ("vocab", 128256), ("intermediate", 14336),
                          ("length", 131072)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--shards", type=int)
    parser.add_argument("--tensors", type=int, default=92000, help="with --big")
    parser.add_argument("--big", action="store_true")
    parser.add_argument("--gguf", choices=("llama", "qwen3moe"))
    a = parser.parse_args()
    if a.gguf:
        write_gguf_model(a.directory, a)
        return
    if len(sys.argv) > 2:
        write_model(a.directory, a)
        return
    write_model(a.directory / "8b", a)
    a.big = True
    write_model(a.directory / "big", a)


if __name__ == "__main__":
    main()
