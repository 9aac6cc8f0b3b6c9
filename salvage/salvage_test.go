package salvage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// torture makes tests try many times as much as they do otherwise (make torture).
var torture = os.Getenv("LMZ_TORTURE") != ""

// letters is a model that does better than zstd on modelText.
var letters = fakemodel.New(fakemodel.Options{Pieces: [][]byte{nil, {'a'}, {'b'}, {'c'}, {'d'}, {'e'}, {'f'}, {'g'}, {'\n'}}})

func models(context.Context, lm.ModelID) (lm.Model, error) { return letters, nil }

var logExcerpt, modelText = damagetest.LogExcerpt, damagetest.ModelText

// compress writes a frame, with zstd if no option says otherwise.
func compress(t testing.TB, m lm.Model, data []byte, opts ...stream.WriterOption) []byte {
	t.Helper()
	method := codec.Zstd
	if m != nil {
		method = codec.LM
	}
	return archivetest.Compress(t, m, data, slices.Concat([]stream.WriterOption{stream.WithMethod(method)}, opts)...)
}

func decompress(archive []byte, opts ...stream.ReaderOption) ([]byte, error) {
	r, err := stream.NewReader(bytes.NewReader(archive), models, opts...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// mix are options for several chunks out of little input, which level 1 codes fast.
func mix(primer, chunk int, opts ...stream.WriterOption) []stream.WriterOption {
	return slices.Concat([]stream.WriterOption{stream.WithMethod(codec.Mix), stream.WithLevel(1), stream.WithPrimer(primer), stream.WithChunkSize(chunk)}, opts)
}

// primed are such options of which one chunk is a primer of some size.
func primed(opts ...stream.WriterOption) []stream.WriterOption { return mix(4000, 2000, opts...) }

func framesOf(t testing.TB, archive []byte) []format.Frame {
	t.Helper()
	frames, err := format.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

func differsAt(a, b []byte) int {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return i
}

// one decodes with few goroutines.
var one = []stream.ReaderOption{stream.WithWorkers(1), stream.WithLanes(1)}

func recoverAll(archive []byte) (*Recovery, error) {
	return Recover(context.Background(), bytes.NewReader(archive), int64(len(archive)), Options{Models: models, Reader: one})
}

func verifyAll(archive []byte) error {
	return Verify(context.Background(), bytes.NewReader(archive), int64(len(archive)), Options{Models: models, Reader: one})
}

// recovered gives what Recover makes of an archive, and what that holds; it must be the text that
// was decoded meanwhile.
func recovered(t testing.TB, archive []byte) (x *Recovery, out, content []byte) {
	t.Helper()
	var text bytes.Buffer
	x, err := Recover(context.Background(), bytes.NewReader(archive), int64(len(archive)), Options{Models: models, Reader: one, Text: &text})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if n, err := x.WriteTo(&b); err != nil || n != x.Size() {
		t.Fatalf("%d bytes of %d: %v", n, x.Size(), err)
	}
	if b.Len() == 0 {
		return x, nil, nil
	}
	content, err = decompress(b.Bytes(), one...)
	if err != nil || x.Undecoded == nil && !bytes.Equal(content, text.Bytes()) {
		t.Fatalf("what was recovered gives %d bytes, %v; the text has %d and differs at %d", len(content), err, text.Len(), differsAt(content, text.Bytes()))
	}
	if err := verifyAll(b.Bytes()); err != nil && x.Undecoded == nil {
		t.Fatalf("what was recovered is not good: %v", err)
	}
	return x, b.Bytes(), content
}

// subject is an archive that is damaged in every way.
type subject struct{ *damagetest.Subject }

func subjects(t testing.TB) (list []subject) {
	log := logExcerpt(t, 3000)
	long := logExcerpt(t, 130000)
	plain := mix(800, 400)
	fallbacks, err := damagetest.Take(compress(t, nil, log, plain...))
	if err != nil {
		t.Fatal(err)
	}
	failed := codec.Mix
	for i := range fallbacks[0].Records {
		fallbacks[0].Records[i].Failed = &failed
	}
	fallbacks[0].Protect()
	add := func(name string, archive, content []byte, page, slow int) {
		s, err := damagetest.New(name, archive, content, page, slow)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, subject{s})
	}
	add("mix", compress(t, nil, log, plain...), log, 0, 4)
	led, err := damagetest.Led(compress(t, nil, log, plain...), log, 300)
	if err != nil {
		t.Fatal(err)
	}
	add("lead", led, log[300:], 0, 4)
	add("lm", compress(t, letters, modelText(1200), stream.WithChunkSize(100)), modelText(1200), 0, 1)
	add("zstd", compress(t, nil, log, stream.WithChunkSize(300)), log, 0, 1)
	add("raw", compress(t, nil, log[:900], stream.WithMethod(codec.Raw), stream.WithChunkSize(100)), log[:900], 0, 1)
	add("fallbacks", damagetest.Build(fallbacks...), log, 0, 4)
	add("frames", slices.Concat(compress(t, nil, log, plain...), compress(t, letters, modelText(300)), compress(t, nil, nil),
		compress(t, nil, log[:500], stream.WithChunkSize(200))), slices.Concat(log, modelText(300), log[:500]), 0, 4)
	add("large, level 1", compress(t, nil, long, mix(16<<10, 16<<10)...), long, 4<<10, 800)
	add("large, level 3", compress(t, nil, long, mix(16<<10, 16<<10, stream.WithLevel(3))...), long, 4<<10, 4000)
	return list
}

var errDisk = errors.New("disk failed")
