/* The layout of every public struct, frozen: a row changes only when the ABI breaks; new members add rows at a struct's end. */
#include <stddef.h>
#include <stdio.h>
#include "vramauto/vramauto.h"

#define AT(type, member, offset) \
  { #type "." #member, offsetof(type, member), offset }
#define SIZE(type, size) \
  { "sizeof " #type, sizeof(type), size }

static const struct {
  const char* what;
  size_t found, frozen;
} rows[] = {
    SIZE(vramauto_error, 512),
    AT(vramauto_error, struct_size, 0),
    AT(vramauto_error, status, 4),
    AT(vramauto_error, offset, 8),
    AT(vramauto_error, where, 16),
    AT(vramauto_error, message, 256),
    SIZE(vramauto_context_options, 32),
    AT(vramauto_context_options, struct_size, 0),
    AT(vramauto_context_options, flags, 4),
    AT(vramauto_context_options, log, 8),
    AT(vramauto_context_options, user, 16),
    AT(vramauto_context_options, log_level, 24),
    AT(vramauto_context_options, reserved, 28),
    SIZE(vramauto_device_info, 72),
    AT(vramauto_device_info, struct_size, 0),
    AT(vramauto_device_info, index, 4),
    AT(vramauto_device_info, total_bytes, 8),
    AT(vramauto_device_info, free_bytes, 16),
    AT(vramauto_device_info, compute_major, 24),
    AT(vramauto_device_info, compute_minor, 28),
    AT(vramauto_device_info, flags, 32),
    AT(vramauto_device_info, reserved, 36),
    AT(vramauto_device_info, name, 40),
    AT(vramauto_device_info, uuid, 48),
    AT(vramauto_device_info, pci_bus_id, 56),
    AT(vramauto_device_info, source, 64),
    SIZE(vramauto_model_info, 64),
    AT(vramauto_model_info, struct_size, 0),
    AT(vramauto_model_info, source, 4),
    AT(vramauto_model_info, tensor_count, 8),
    AT(vramauto_model_info, parameters, 16),
    AT(vramauto_model_info, stored_bytes, 24),
    AT(vramauto_model_info, id, 32),
    AT(vramauto_model_info, path, 40),
    AT(vramauto_model_info, architecture, 48),
    AT(vramauto_model_info, model_type, 56),
    SIZE(vramauto_tensor_info, 96),
    AT(vramauto_tensor_info, struct_size, 0),
    AT(vramauto_tensor_info, dtype, 4),
    AT(vramauto_tensor_info, bytes, 8),
    AT(vramauto_tensor_info, shape, 16),
    AT(vramauto_tensor_info, rank, 80),
    AT(vramauto_tensor_info, name_len, 84),
    AT(vramauto_tensor_info, name, 88),
    SIZE(vramauto_option_info, 48),
    AT(vramauto_option_info, struct_size, 0),
    AT(vramauto_option_info, type, 4),
    AT(vramauto_option_info, name, 8),
    AT(vramauto_option_info, short_name, 16),
    AT(vramauto_option_info, choices, 24),
    AT(vramauto_option_info, default_text, 32),
    AT(vramauto_option_info, help, 40),
    SIZE(vramauto_estimate_info, 80),
    AT(vramauto_estimate_info, struct_size, 0),
    AT(vramauto_estimate_info, ranks, 4),
    AT(vramauto_estimate_info, components, 8),
    AT(vramauto_estimate_info, cache_groups, 16),
    AT(vramauto_estimate_info, notes, 24),
    AT(vramauto_estimate_info, parameters, 32),
    AT(vramauto_estimate_info, peak_bytes, 40),
    AT(vramauto_estimate_info, estimator, 48),
    AT(vramauto_estimate_info, plugin, 56),
    AT(vramauto_estimate_info, engine, 64),
    AT(vramauto_estimate_info, engine_version, 72),
    SIZE(vramauto_component, 56),
    AT(vramauto_component, struct_size, 0),
    AT(vramauto_component, rank, 4),
    AT(vramauto_component, kind, 8),
    AT(vramauto_component, flags, 12),
    AT(vramauto_component, bytes, 16),
    AT(vramauto_component, low_bytes, 24),
    AT(vramauto_component, high_bytes, 32),
    AT(vramauto_component, name, 40),
    AT(vramauto_component, source, 48),
    SIZE(vramauto_cache_group, 48),
    AT(vramauto_cache_group, struct_size, 0),
    AT(vramauto_cache_group, rank, 4),
    AT(vramauto_cache_group, layers, 8),
    AT(vramauto_cache_group, block_tokens, 12),
    AT(vramauto_cache_group, block_bytes, 16),
    AT(vramauto_cache_group, window_tokens, 24),
    AT(vramauto_cache_group, sequence_bytes, 32),
    AT(vramauto_cache_group, kind, 40),
    SIZE(vramauto_plan_info, 120),
    AT(vramauto_plan_info, struct_size, 0),
    AT(vramauto_plan_info, fits, 4),
    AT(vramauto_plan_info, gpu_memory_utilization, 8),
    AT(vramauto_plan_info, utilization_min, 16),
    AT(vramauto_plan_info, utilization_max, 24),
    AT(vramauto_plan_info, strategy, 32),
    AT(vramauto_plan_info, tensor_parallel_size, 36),
    AT(vramauto_plan_info, pipeline_parallel_size, 40),
    AT(vramauto_plan_info, data_parallel_size, 44),
    AT(vramauto_plan_info, max_model_len, 48),
    AT(vramauto_plan_info, max_model_len_limit, 56),
    AT(vramauto_plan_info, max_num_seqs, 64),
    AT(vramauto_plan_info, kv_cache_bytes, 72),
    AT(vramauto_plan_info, kv_cache_tokens, 80),
    AT(vramauto_plan_info, headroom_bytes, 88),
    AT(vramauto_plan_info, max_concurrency, 96),
    AT(vramauto_plan_info, margin, 104),
    AT(vramauto_plan_info, reserved, 108),
    AT(vramauto_plan_info, reason, 112),
};

int main(void) {
  size_t i;
  int wrong = 0;
  for (i = 0; i < sizeof rows / sizeof *rows; ++i) {
    if (rows[i].found == rows[i].frozen) continue;
    fprintf(stderr, "%s is %zu, frozen at %zu\n", rows[i].what, rows[i].found, rows[i].frozen);
    wrong = 1;
  }
  return wrong;
}
