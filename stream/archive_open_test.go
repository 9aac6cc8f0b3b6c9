package stream

import (
	"bytes"
	"errors"
	"testing"
)

// A size that the source has not is told, without looking for zeros at its end.
func TestOpenSize(t *testing.T) {
	archive := compress(t, nil, []byte("a line\n"))
	for _, size := range []int64{-1, -1 << 62} {
		if _, err := Open(bytes.NewReader(archive), size, nil); err == nil {
			t.Errorf("%d bytes: no error", size)
		}
	}
	for _, size := range []int64{1, 1 << 30, 1 << 62} {
		if _, err := Open(bytes.NewReader(archive), int64(len(archive))+size, nil); !errors.Is(err, ErrTruncated) {
			t.Errorf("%d bytes more: %v", size, err)
		}
	}
}
