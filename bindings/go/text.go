package vramauto

/*
#include <stdlib.h>
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// cString copies text for C, which wants UTF-8 without NUL bytes. The caller frees it.
func cString(where, text string) (*C.char, error) {
	if at := strings.IndexByte(text, 0); at >= 0 {
		return nil, &Error{Status: ErrArgument, Where: where, Offset: Unknown, Message: fmt.Sprintf("has a NUL byte at %d", at)}
	}
	if !utf8.ValidString(text) {
		return nil, &Error{Status: ErrArgument, Where: where, Offset: Unknown, Message: fmt.Sprintf("is %q, expected UTF-8", text)}
	}
	return C.CString(text), nil
}

// usualText holds most answers, so that they are written once.
const usualText = 16384

// written is what C writes as snprintf does: as much as there is room for, and the length it needs.
func written(write func(buf *C.char, size C.size_t) C.size_t) []byte {
	buf := make([]byte, usualText)
	for {
		need := int(write((*C.char)(unsafe.Pointer(&buf[0])), C.size_t(len(buf))))
		if need < len(buf) {
			return buf[:need:need]
		}
		buf = make([]byte, need+1)
	}
}
