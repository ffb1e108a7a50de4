package vramauto

/*
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"errors"
	"fmt"
)

// Status says what kind of error it is: errors.Is(err, vramauto.ErrNotFound).
type Status int32

// The statuses of vramauto.h. At most -10000: an estimator's own.
const (
	ErrArgument    Status = C.VRAMAUTO_E_ARGUMENT
	ErrMemory      Status = C.VRAMAUTO_E_MEMORY
	ErrUnsupported Status = C.VRAMAUTO_E_UNSUPPORTED
	ErrNotFound    Status = C.VRAMAUTO_E_NOT_FOUND
	ErrIO          Status = C.VRAMAUTO_E_IO
	ErrTimeout     Status = C.VRAMAUTO_E_TIMEOUT
	ErrCancelled   Status = C.VRAMAUTO_E_CANCELLED
	ErrInternal    Status = C.VRAMAUTO_E_INTERNAL
	ErrNoDriver    Status = C.VRAMAUTO_E_NO_DRIVER
	ErrDriver      Status = C.VRAMAUTO_E_DRIVER
	ErrFormat      Status = C.VRAMAUTO_E_FORMAT
	ErrLimit       Status = C.VRAMAUTO_E_LIMIT
	ErrNoEstimator Status = C.VRAMAUTO_E_NO_ESTIMATOR
	ErrPlugin      Status = C.VRAMAUTO_E_PLUGIN
)

// String is the status as C spells it, such as "VRAMAUTO_E_FORMAT".
func (s Status) String() string { return C.GoString(C.vramauto_status_name(C.vramauto_status(s))) }

func (s Status) Error() string { return s.String() }

// ErrClosed is what a method of something closed returns, and any call that is given it.
var ErrClosed = errors.New("vramauto: used after Close")

// Error is what the library says of a failure: errors.As(err, &e) with e a *vramauto.Error.
type Error struct {
	Status  Status
	Where   string // file, estimator or option
	Message string // one sentence
	Offset  uint64 // byte in the file that Where names, or Unknown
	cause   error
}

func (e *Error) Error() string {
	if e.Where == "" {
		return "vramauto: " + e.Message
	}
	return "vramauto: " + e.Where + ": " + e.Message
}

// Is holds for the error's status.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap is the error that ended the call, where one did: of its context.Context, or what Progress returned.
func (e *Error) Unwrap() error { return e.cause }

func newCError() *C.vramauto_error {
	return &C.vramauto_error{struct_size: C.sizeof_vramauto_error}
}

func failure(status C.vramauto_status, err *C.vramauto_error) error {
	if status == C.VRAMAUTO_OK {
		return nil
	}
	return &Error{Status: Status(status), Where: C.GoString(&err.where[0]), Message: C.GoString(&err.message[0]), Offset: uint64(err.offset)}
}

// outOfRange is for calls that have no error to tell more.
func outOfRange(what string, status C.vramauto_status) error {
	if status == C.VRAMAUTO_OK {
		return nil
	}
	return &Error{Status: Status(status), Where: what, Message: fmt.Sprintf("is refused: %v", Status(status)), Offset: Unknown}
}
