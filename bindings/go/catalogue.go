package vramauto

/*
#include <vramauto/vramauto.h>
*/
import "C"

// CatalogueModels lists the Hugging Face ids of the well-known models that are built in: they open without files.
func CatalogueModels() ([]string, error) {
	return listed(func(i C.size_t) *C.char { return C.vramauto_catalogue_model(i) })
}

// CatalogueGPUs lists the GPUs that are built in, by names that ParseDevices takes.
func CatalogueGPUs() ([]string, error) {
	return listed(func(i C.size_t) *C.char { return C.vramauto_catalogue_gpu(i) })
}

func listed(nth func(C.size_t) *C.char) (out []string, err error) {
	if err := recentEnough(); err != nil {
		return nil, err
	}
	for text := nth(0); text != nil; text = nth(C.size_t(len(out))) {
		out = append(out, C.GoString(text))
	}
	return out, nil
}
