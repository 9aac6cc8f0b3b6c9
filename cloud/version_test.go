package cloud

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestGoogle reads a version of Google's store, whose answer to another one is ErrChanged.
func TestGoogle(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		match := r.Header.Get("x-goog-if-generation-match") + r.URL.Query().Get("ifGenerationMatch")
		switch generation := r.URL.Query().Get("generation"); {
		case generation != "" && generation != "8":
			w.WriteHeader(http.StatusNotFound)
		case match != "" && match != "8":
			w.WriteHeader(http.StatusPreconditionFailed)
		default:
			w.Header().Set("x-goog-generation", "8")
			w.Write([]byte("x"))
		}
	}))
	defer s.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(s.URL, "http://"))
	ctx := context.Background()
	b, key, err := Open(ctx, "gs://bucket/o")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r, err := b.Range(ctx, Info{Key: key, Version: "8", Size: 1}, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := b.Range(ctx, Info{Key: key, Version: "7", Size: 1}, 0, -1); !errors.Is(err, ErrChanged) {
		t.Errorf("reading another version: %v", err)
	}
}
