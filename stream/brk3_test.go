package stream

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// A primer larger than a chunk whose last line end lies more than a chunk in front of its end.
func TestBrkLongPrimerLine(t *testing.T) {
	in := []byte(strings.Repeat("x", 9000) + "\n" + strings.Repeat("y", 3000))
	for _, f := range []string{"Write", "ReadFrom", "small writes"} {
		t.Run(f, func(t *testing.T) {
			defer func() {
				if e := recover(); e != nil {
					t.Errorf("panic: %v", e)
				}
			}()
			var b bytes.Buffer
			z, _ := NewWriter(&b, nil, WithLevel(1), WithChunkSize(100), WithPrimer(10000))
			var err error
			switch f {
			case "Write":
				_, err = z.Write(in)
			case "ReadFrom":
				_, err = z.ReadFrom(bytes.NewReader(in))
			default:
				for i := range in {
					if _, err = z.Write(in[i : i+1]); err != nil {
						break
					}
				}
			}
			if err := z.Close(); err != nil {
				t.Error("Close", err)
			}
			r, _ := NewReader(&b, nil)
			got, rerr := io.ReadAll(r)
			t.Log(err, rerr, bytes.Equal(got, in), len(got))
		})
	}
}
