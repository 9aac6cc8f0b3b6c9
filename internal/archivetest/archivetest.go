// Package archivetest makes the archives that tests read.
package archivetest

import (
	"bytes"
	"testing"

	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// Compress is the archive of a content; m may be nil.
func Compress(t testing.TB, m lm.Model, content []byte, opts ...stream.WriterOption) []byte {
	t.Helper()
	var archive bytes.Buffer
	w, err := stream.NewWriter(&archive, m, opts...)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}
