package models_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	stored "github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

// imposter is a fake model that says to be another.
type imposter struct {
	*fakemodel.Model
	id lm.ModelID
}

func (m imposter) ID() lm.ModelID { return m.id }

// TestGPU writes and reads archives in the class of a GPU that LMZ_TEST_GPU names.
func TestGPU(t *testing.T) {
	class := os.Getenv("LMZ_TEST_GPU")
	if class == "" {
		t.Skip("no GPU: make gpu GPU=vulkan sets one up in software, make test-gpu takes it")
	}
	store := models.NewStore(models.Options{Path: []string{"embedded/nano-q8_0.gguf"}})
	defer store.Close()
	m, err := store.Open(context.Background(), "nano-q8_0", class)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.ID().Class; got != class {
		t.Fatalf("the class is %s", got)
	}
	text := goldenText(t, "lm")[:1200]
	opts := []stream.WriterOption{stream.WithMethod(codec.LM), stream.WithChunkSize(200), stream.WithWorkers(1)}
	archive := archivetest.Compress(t, m, text, opts...)

	r, err := stream.NewReader(bytes.NewReader(archive), store.Model, stream.WithWorkers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, text) || r.Header().Model.Class != class {
		t.Fatalf("%d bytes of class %s, %v", len(got), r.Header().Model.Class, err)
	}

	t.Run("golden", func(t *testing.T) { wantGoldenGPU(t, r, store, archive, text) })
	t.Run("damage", func(t *testing.T) {
		for at := 10; at < len(archive); at += len(archive) / 4 {
			damaged := bytes.Clone(archive)
			damaged[at] ^= 0x41
			for _, bytes := range [][]byte{damaged, archive[:at]} {
				wantNothingWrong(t, r, bytes, text)
			}
		}
	})
	t.Run("other classes", func(t *testing.T) {
		for _, other := range []string{"vulkan-llvmpipe-L3", "vulkan-another-L7", "cuda-another-L7", "vulkan-llvmpipe-L100000", "vulkan-../x-L7", "avx2"} {
			id := m.ID()
			id.Class = other
			named := archivetest.Compress(t, imposter{fakemodel.New(fakemodel.Options{}), id}, text[:200], opts...)
			err := r.Reset(bytes.NewReader(named))
			if err == nil {
				_, err = io.ReadAll(r)
			}
			var refused *llama.ClassError
			if !errors.As(err, &refused) || refused.Class != other || refused.Loaded != class {
				t.Errorf("%s: %v", other, err)
			}
		}
	})
}

// wantNothingWrong reads an archive that is damaged: what comes of it is the beginning of the text.
func wantNothingWrong(t *testing.T, r *stream.Reader, archive, text []byte) {
	t.Helper()
	var got []byte
	err := r.Reset(bytes.NewReader(archive))
	if err == nil {
		got, err = io.ReadAll(r)
	}
	if !bytes.HasPrefix(text, got) || err == nil && len(got) < len(text) {
		t.Errorf("%d bytes that are no beginning of the text, or too few: %v", len(got), err)
	}
}

// wantGoldenGPU reads the stored archive of Mesa's lavapipe, which is written the same again where
// its compiler makes the same of this CPU as of the one that wrote it; elsewhere it is refused.
func wantGoldenGPU(t *testing.T, r *stream.Reader, store *models.Store, archive, text []byte) {
	const file, class = "testdata/gpu/nano-lm-vulkan-llvmpipe-L7.lmz", "vulkan-llvmpipe-L7"
	header := r.Header()
	if header.Model.Class != class {
		t.Skipf("this is class %s, the archive is of class %s", header.Model.Class, class)
	}
	golden, err := os.ReadFile(file)
	if err != nil && !stored.Updating() {
		t.Fatal(err)
	}
	err = r.Reset(bytes.NewReader(golden))
	var got []byte
	if err == nil {
		got, err = io.ReadAll(r)
	}
	var mismatch *stream.ModelMismatchError
	switch {
	case stored.Updating():
		stored.Stored(t, file, archive)
	case errors.As(err, &mismatch):
		if mismatch.WantProbe == header.Probe || mismatch.GotProbe != header.Probe || len(got) > 0 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		t.Skipf("other bits: %v", err)
	case err != nil || !bytes.Equal(got, text):
		t.Errorf("%d bytes, %v", len(got), err)
	default:
		stored.Stored(t, file, archive)
	}
}
