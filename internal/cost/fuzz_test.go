package cost

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// FuzzWalk: of any bytes, Walk gives what a stream.Reader does, with a cost for each.
func FuzzWalk(f *testing.F) {
	m := fakemodel.New(fakemodel.Options{})
	text := log(f, 3000)
	f.Add(archivetest.Compress(f, nil, text, stream.WithLevel(1)))
	f.Add(archivetest.Compress(f, nil, text, stream.WithLevel(3), stream.WithChunkSize(700), stream.WithPrimer(800)))
	f.Add(archivetest.Compress(f, m, text[:600], stream.WithMethod(codec.LM), stream.WithChunkSize(300)))
	f.Add(archivetest.Compress(f, nil, text, stream.WithMethod(codec.Zstd)))
	find := func(context.Context, lm.ModelID) (lm.Model, error) { return m, nil }
	f.Fuzz(func(t *testing.T, archive []byte) {
		const memory = 64 << 20
		var l ledger
		_, err := Walk(t.Context(), bytes.NewReader(archive), Options{Models: find, Memory: memory}, l.visitor())
		var want []byte
		r, wrong := stream.NewReader(bytes.NewReader(archive), find, stream.WithMemoryLimit(memory), stream.WithWorkers(1), stream.WithLanes(1))
		if wrong == nil {
			want, wrong = io.ReadAll(r)
			r.Close()
		}
		if (err == nil) != (wrong == nil) {
			t.Fatalf("%v, a reader says %v", err, wrong)
		}
		if !bytes.HasPrefix(l.text, want) || len(l.costs) != len(l.text) || err == nil && len(want) != len(l.text) {
			t.Fatalf("%d bytes with %d costs, a reader gives %d", len(l.text), len(l.costs), len(want))
		}
		if err == nil && l.worst > 9 {
			t.Fatalf("costs are off by %.2f bytes", l.worst)
		}
	})
}
