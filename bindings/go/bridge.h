/* C asks for function pointers; Go has exported functions. `user` is a number of Go's, never a pointer. */
#ifndef VRAMAUTO_GO_BRIDGE_H
#define VRAMAUTO_GO_BRIDGE_H

#include <vramauto/vramauto.h>

vramauto_status vramauto_go_context_new(vramauto_context_options options, uintptr_t user, int log, int progress, vramauto_context** out,
                                        vramauto_error* err);

#endif
