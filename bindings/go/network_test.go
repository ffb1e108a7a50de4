package vramauto

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// silentHub takes requests and never answers; started hears of the first.
func silentHub(t *testing.T) (started chan struct{}) {
	started = make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		select {
		case started <- struct{}{}:
		default:
		}
		<-request.Context().Done()
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"HF_ENDPOINT": server.URL, "HF_HOME": t.TempDir(), "HF_HUB_CACHE": t.TempDir(), "HF_HUB_OFFLINE": "0",
		"TRANSFORMERS_OFFLINE": "0", "http_proxy": "", "no_proxy": "127.0.0.1"} {
		t.Setenv(name, value)
	}
	return started
}

func networkContext(t *testing.T, options Options) *Context {
	t.Helper()
	ctx, err := New(&options)
	skipWithoutCurl(t, err)
	t.Cleanup(func() { ctx.Close() })
	return ctx
}

func skipWithoutCurl(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrUnsupported) {
		t.Skip("skipped: no transfers here: ", err)
	}
}

func TestCancelledByItsContext(t *testing.T) {
	started := silentHub(t)
	ctx := networkContext(t, Options{Network: true})
	call, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-started
		cancel()
	}()
	_, err := ctx.OpenModel(call, "nobody/nothing")
	skipWithoutCurl(t, err)
	if !errors.Is(err, ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestCancelledByProgress(t *testing.T) {
	silentHub(t)
	ctx := networkContext(t, Options{Network: true, Refresh: true, Progress: func(done, total uint64) error { return io.EOF }})
	for name, call := range map[string]context.Context{"without": context.Background(), "with": cancellable(t)} {
		_, err := ctx.OpenModel(call, "nobody/nothing")
		skipWithoutCurl(t, err)
		if !errors.Is(err, ErrCancelled) || !errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
			t.Errorf("%s a context that can be cancelled: %v", name, err)
		}
	}
}

func cancellable(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return ctx
}

func TestPanicInProgress(t *testing.T) {
	silentHub(t)
	ctx := networkContext(t, Options{Network: true, Progress: func(uint64, uint64) error { panic("of progress") }})
	_, err := ctx.OpenModel(context.Background(), "nobody/nothing")
	skipWithoutCurl(t, err)
	var panicked *CallbackPanic
	if !errors.As(err, &panicked) || panicked.Value != "of progress" {
		t.Errorf("a panic in progress gives %v", err)
	}
}
